/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/recording.c -- recordings and their segments
 */
#include <string.h>

#include <re.h>

#include "db/priv.h"
#include "db/recording.h"


#define COLUMNS "SELECT id AS \"recording:i\", room AS \"room\"," \
	" meeting_id AS \"meeting:i\", state AS \"state\"," \
	" start_time AS \"start_time:t\", stop_time AS \"stop_time:t\"," \
	" duration_ms AS \"duration_ms:i\", bytes AS \"bytes:i\"," \
	" sha256 AS \"sha256\", thumbnail AS \"thumbnail\"," \
	" reason AS \"reason\", (SELECT count(*) FROM recording_segment" \
	" WHERE recording_id = id) AS \"segments:i\" FROM recording "

#define INSERT "INSERT INTO recording (id, meeting_id, room, state," \
	" start_time) VALUES (?1, (SELECT id FROM meeting WHERE id = ?2)," \
	" ?3, 'recording', ?4)"


int db_recording_start(struct db *db, uint64_t *idp, uint64_t meeting,
		       const char *room, uint64_t time_us, bool by_hand)
{
	int err;

	if (!db || !idp || !room)
		return EINVAL;

	err = by_hand ? db_must(db, INSERT, "uusu", db->recording + 1,
				meeting, room, time_us)
		      : db_write(db, DB_SURE, INSERT, "uusu",
				 db->recording + 1, meeting, room, time_us);
	if (err)
		return err;

	*idp = ++db->recording;

	return 0;
}


int db_recording_state(struct db *db, uint64_t id, const char *state)
{
	if (!db || !state)
		return EINVAL;

	return db_write(db, DB_NOW,
		"UPDATE recording SET state = ?2 WHERE id = ?1"
		" AND state IN ('recording', 'paused')",
		"us", id, state);
}


int db_recording_stop(struct db *db, uint64_t id, const char *state,
		      uint64_t time_us, const char *reason)
{
	int err;

	if (!db || !state)
		return EINVAL;

	err = db_write(db, DB_HOLD,
		"UPDATE recording_segment SET stop_time = max(start_time, ?2)"
		" WHERE recording_id = ?1 AND stop_time IS NULL",
		"uu", id, time_us);
	if (err)
		return err;

	return db_write(db, DB_SURE,
		"UPDATE recording SET state = ?2,"
		" stop_time = max(start_time, ?3), reason = ?4,"
		" duration_ms = coalesce((SELECT sum(duration_ms) FROM"
		"  recording_segment WHERE recording_id = ?1), 0),"
		" bytes = coalesce((SELECT sum(bytes) FROM"
		"  recording_segment WHERE recording_id = ?1), 0)"
		" WHERE id = ?1 AND stop_time IS NULL",
		"usus", id, state, time_us, reason);
}


int db_recording_thumbnail(struct db *db, uint64_t id, const char *path)
{
	if (!db)
		return EINVAL;

	return db_write(db, DB_NOW,
		"UPDATE recording SET thumbnail = ?2 WHERE id = ?1",
		"us", id, path);
}


int db_segment_hash(struct db *db, uint64_t id, uint32_t segment,
		    const char *sha256)
{
	if (!db || !sha256)
		return EINVAL;

	return db_write(db, DB_NOW,
		"UPDATE recording_segment SET sha256 = ?3"
		" WHERE recording_id = ?1 AND segment = ?2",
		"uus", id, (uint64_t)segment, sha256);
}


int db_recording_hash(struct db *db, uint64_t id, const char *sha256)
{
	if (!db || !sha256)
		return EINVAL;

	return db_write(db, DB_SURE,
		"UPDATE recording SET sha256 = ?2 WHERE id = ?1",
		"us", id, sha256);
}


int db_segment_start(struct db *db, uint64_t id, uint32_t segment,
		     const char *path, uint64_t time_us)
{
	if (!db || !path || !segment)
		return EINVAL;

	return db_write(db, DB_SURE,
		"INSERT INTO recording_segment (recording_id, segment, path,"
		" start_time) VALUES (?, ?, ?, ?)",
		"uusu", id, (uint64_t)segment, path, time_us);
}


int db_segment_progress(struct db *db, uint64_t id, uint32_t segment,
			uint64_t duration_ms, uint64_t bytes)
{
	if (!db)
		return EINVAL;

	return db_write(db, DB_LATER,
		"UPDATE recording_segment SET duration_ms = ?3, bytes = ?4"
		" WHERE recording_id = ?1 AND segment = ?2"
		" AND stop_time IS NULL",
		"uuuu", id, (uint64_t)segment, duration_ms, bytes);
}


/* The totals follow when the recording had stopped before its file did. */
int db_segment_end(struct db *db, uint64_t id, uint32_t segment,
		   uint64_t time_us, uint64_t duration_ms, uint64_t bytes)
{
	int err;

	if (!db)
		return EINVAL;

	err = db_write(db, DB_HOLD,
		"UPDATE recording_segment SET stop_time ="
		" max(start_time, coalesce(stop_time, ?3)),"
		" duration_ms = ?4, bytes = ?5"
		" WHERE recording_id = ?1 AND segment = ?2",
		"uuuuu", id, (uint64_t)segment, time_us, duration_ms, bytes);
	if (err)
		return err;

	return db_write(db, DB_SURE,
		"UPDATE recording SET (duration_ms, bytes) ="
		" (SELECT sum(duration_ms), sum(bytes) FROM recording_segment"
		"  WHERE recording_id = ?1)"
		" WHERE id = ?1", "u", id);
}


int db_recording_del(struct db *db, uint64_t id)
{
	sqlite3_stmt *st;
	bool runs;
	int err;

	if (!db)
		return EINVAL;

	err = db_query(db, &st, "SELECT stop_time IS NULL FROM recording"
		       " WHERE id = ?", "u", id);
	if (!err)
		err = db_step(db, st);
	if (err)
		return err;

	runs = sqlite3_column_int(st, 0);
	sqlite3_reset(st);
	if (runs)
		return EBUSY;

	return db_must(db, "DELETE FROM recording WHERE id = ?", "u", id);
}


int db_recording_list(struct db *db, const char *room, uint32_t limit,
		      json_t **arrayp)
{
	if (!db || !arrayp)
		return EINVAL;

	return db_query_json(db, arrayp, COLUMNS
		"WHERE ?1 IS NULL OR room = ?1 COLLATE NOCASE"
		" ORDER BY id DESC LIMIT ?2",
		"si", room, limit ? (int64_t)limit : (int64_t)-1);
}


int db_recording_of_meeting(struct db *db, uint64_t meeting,
			    json_t **arrayp)
{
	if (!db || !arrayp)
		return EINVAL;

	return db_query_json(db, arrayp, COLUMNS
			     "WHERE meeting_id = ? ORDER BY id",
			     "u", meeting);
}


int db_recording_show(struct db *db, uint64_t id, json_t **objp)
{
	json_t *obj = NULL, *segment = NULL;
	int err;

	if (!db || !objp)
		return EINVAL;

	err = db_query_obj(db, &obj, COLUMNS "WHERE id = ?", "u", id);
	if (err)
		return err;

	err = db_query_json(db, &segment,
		"SELECT segment AS \"segment:i\", path AS \"path\","
		" start_time AS \"start_time:t\","
		" stop_time AS \"stop_time:t\","
		" duration_ms AS \"duration_ms:i\", bytes AS \"bytes:i\","
		" sha256 AS \"sha256\" FROM recording_segment"
		" WHERE recording_id = ? ORDER BY segment", "u", id);
	if (!err && json_object_set_new(obj, "segment", segment))
		err = ENOMEM;

	if (err)
		json_decref(obj);
	else
		*objp = obj;

	return err;
}


int db_recording_unhashed(struct db *db, uint64_t after, uint64_t *idp)
{
	sqlite3_stmt *st;
	int err;

	if (!db || !idp)
		return EINVAL;

	err = db_query(db, &st,
		"SELECT id FROM recording WHERE stop_time IS NOT NULL"
		" AND sha256 IS NULL AND state = 'complete' AND bytes > 0"
		" AND id > ? ORDER BY id LIMIT 1", "u", after);
	if (!err)
		err = db_step(db, st);
	if (err)
		return err;

	*idp = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);

	return 0;
}
