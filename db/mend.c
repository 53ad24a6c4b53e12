/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/mend.c -- closing at the start what a crash left open
 *
 * A meeting ends when the server was last seen alive (DB_ALIVE_MS), a
 * recording when its file was last written.
 */
#include <string.h>
#include <sys/stat.h>

#include <re.h>

#include "db/priv.h"


#define REASON "'server stopped'"


static int mend_meetings(struct db *db, struct db_mended *mended)
{
	int err;

	err = db_exec(db,
		"UPDATE meeting SET reason = " REASON ", end_time ="
		" max(start_time,"
		" coalesce((SELECT alive_time FROM server), 0),"
		" coalesce((SELECT max(time) FROM event"
		"  WHERE meeting_id = meeting.id), 0),"
		" coalesce((SELECT max(join_time) FROM party"
		"  WHERE meeting_id = meeting.id), 0),"
		" coalesce((SELECT max(leave_time) FROM party"
		"  WHERE meeting_id = meeting.id), 0))"
		" WHERE end_time IS NULL");
	if (err)
		return err;
	mended->meetings = (unsigned)sqlite3_changes(db->sq);

	err = db_exec(db,
		"UPDATE party SET reason = " REASON ", leave_time ="
		" max(join_time, (SELECT end_time FROM meeting"
		"  WHERE id = meeting_id))"
		" WHERE leave_time IS NULL");
	if (!err)
		mended->parties = (unsigned)sqlite3_changes(db->sq);

	return err;
}


/* What the file itself tells; one that is gone counts nothing. */
static int mend_segment(struct db *db, sqlite3_stmt *open)
{
	static const char *sql =
		"UPDATE recording_segment SET bytes = ?3,"
		" stop_time = max(start_time, ?4),"
		" duration_ms = CASE WHEN (SELECT state FROM recording"
		"  WHERE id = ?1) = 'paused' OR ?3 = 0 THEN duration_ms"
		"  ELSE max(duration_ms, (?4 - start_time) / 1000) END"
		" WHERE recording_id = ?1 AND segment = ?2";
	const char *path = (const char *)sqlite3_column_text(open, 2);
	char file[1024];
	int64_t bytes = 0, time_us = 0;
	sqlite3_stmt *st;
	struct stat sb;
	int err;

	if (re_snprintf(file, sizeof(file), "%s/recordings/%s", db->dir,
			path) > 0 && !stat(file, &sb)) {
		bytes = sb.st_size;
		time_us = (int64_t)sb.st_mtim.tv_sec * 1000000 +
			sb.st_mtim.tv_nsec / 1000;
	}

	err = db_stmt(db, &st, sql);
	if (err)
		return err;

	sqlite3_bind_int64(st, 1, sqlite3_column_int64(open, 0));
	sqlite3_bind_int64(st, 2, sqlite3_column_int64(open, 1));
	sqlite3_bind_int64(st, 3, bytes);
	sqlite3_bind_int64(st, 4, time_us);
	err = db_step(db, st);

	return err == ENOENT ? 0 : err;
}


static int mend_segments(struct db *db)
{
	sqlite3_stmt *st;
	int err;

	err = db_stmt(db, &st, "SELECT recording_id, segment, path"
		      " FROM recording_segment WHERE stop_time IS NULL");
	while (!err) {
		err = db_step(db, st);
		if (!err)
			err = mend_segment(db, st);
	}

	return err == ENOENT ? 0 : err;
}


static int mend_recordings(struct db *db, struct db_mended *mended)
{
	int err = mend_segments(db);

	if (!err)
		err = db_exec(db,
			"UPDATE recording SET reason = " REASON ","
			" (duration_ms, bytes, stop_time) = (SELECT"
			"  coalesce(sum(duration_ms), 0),"
			"  coalesce(sum(bytes), 0),"
			"  max(recording.start_time,"
			"   coalesce(max(s.stop_time), 0))"
			"  FROM recording_segment AS s"
			"  WHERE recording_id = recording.id)"
			" WHERE stop_time IS NULL");
	if (err)
		return err;
	mended->recordings = (unsigned)sqlite3_changes(db->sq);

	return db_exec(db,
		"UPDATE recording SET state = iif(bytes > 0, 'complete',"
		" 'failed') WHERE state IN ('recording', 'paused')");
}


int db_mend(struct db *db, struct db_mended *mended)
{
	int err;

	memset(mended, 0, sizeof(*mended));

	err = db_exec(db, "BEGIN IMMEDIATE");
	if (err)
		return err;

	err = mend_meetings(db, mended);
	if (!err)
		err = mend_recordings(db, mended);
	if (!err)
		err = db_exec(db, "COMMIT");
	if (err && !sqlite3_get_autocommit(db->sq))
		sqlite3_exec(db->sq, "ROLLBACK", NULL, NULL, NULL);

	return err;
}
