/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/meeting.c -- meetings: each run of a room
 */
#include <re.h>

#include "db/meeting.h"
#include "db/party.h"
#include "db/priv.h"
#include "db/recording.h"


#define COLUMNS "SELECT id AS \"meeting:i\", room AS \"room\"," \
	" start_time AS \"start_time:t\", end_time AS \"end_time:t\"," \
	" (end_time - start_time) / 1000 AS \"duration_ms:i\"," \
	" peak AS \"peak:i\", reason AS \"reason\" FROM meeting "


int db_meeting_start(struct db *db, uint64_t *idp, uint64_t room_id,
		     const char *room, uint64_t time_us)
{
	int err;

	if (!db || !idp || !room)
		return EINVAL;

	/* the room may be gone by the time a queued row is written */
	err = db_write(db, DB_NOW,
		"INSERT INTO meeting (id, room_id, room, start_time) VALUES"
		" (?1, (SELECT id FROM room WHERE id = ?2), ?3, ?4)",
		"uusu", db->meeting + 1, room_id, room, time_us);
	if (err)
		return err;

	*idp = ++db->meeting;
	db_alive(db, true);

	return 0;
}


int db_meeting_peak(struct db *db, uint64_t id, uint32_t peak)
{
	if (!db)
		return EINVAL;

	return db_write(db, DB_LATER,
		"UPDATE meeting SET peak = max(peak, ?2) WHERE id = ?1",
		"uu", id, (uint64_t)peak);
}


int db_meeting_end(struct db *db, uint64_t id, uint64_t time_us,
		   uint32_t peak, const char *reason)
{
	int err;

	if (!db)
		return EINVAL;

	err = db_write(db, DB_NOW,
		"UPDATE meeting SET end_time = max(start_time, ?2),"
		" peak = max(peak, ?3), reason = ?4"
		" WHERE id = ?1 AND end_time IS NULL",
		"uuus", id, time_us, (uint64_t)peak, reason);
	if (err)
		return err;

	db_alive(db, false);

	return 0;
}


int db_meeting_list(struct db *db, const char *room, uint32_t limit,
		    json_t **arrayp)
{
	if (!db || !arrayp)
		return EINVAL;

	return db_query_json(db, arrayp, COLUMNS
		"WHERE ?1 IS NULL OR room = ?1 COLLATE NOCASE"
		" ORDER BY id DESC LIMIT ?2",
		"si", room, limit ? (int64_t)limit : (int64_t)-1);
}


int db_meeting_show(struct db *db, uint64_t id, json_t **objp)
{
	json_t *obj = NULL, *party = NULL, *recording = NULL;
	int err;

	if (!db || !objp)
		return EINVAL;

	err = db_query_obj(db, &obj, COLUMNS "WHERE id = ?", "u", id);
	if (!err)
		err = db_party_list(db, id, &party);
	if (!err)
		err = db_recording_of_meeting(db, id, &recording);
	if (err)
		goto out;

	if (json_object_set(obj, "party", party) ||
	    json_object_set(obj, "recording", recording))
		err = ENOMEM;

 out:
	json_decref(party);
	json_decref(recording);
	if (err)
		json_decref(obj);
	else
		*objp = obj;

	return err;
}
