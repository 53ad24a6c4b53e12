/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/watermark.c -- a room's watermark: a PNG, in base64
 */
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "db/priv.h"
#include "db/watermark.h"


int db_watermark_set(struct db *db, uint64_t room, const char *png)
{
	int err;

	if (!db || !room)
		return EINVAL;

	if (!png) {
		err = db_must(db, "DELETE FROM watermark WHERE room_id = ?",
			      "u", room);
		return err == ENOENT ? 0 : err;
	}

	return db_must(db, "INSERT INTO watermark"
		       " (room_id, png, changed_time) VALUES (?, ?, ?)"
		       " ON CONFLICT (room_id) DO UPDATE SET"
		       " png = excluded.png,"
		       " changed_time = excluded.changed_time",
		       "usu", room, png, clock_wall_us());
}


int db_watermark_get(struct db *db, uint64_t room, char **pngp)
{
	const char *text;
	sqlite3_stmt *st;
	int err;

	if (!db)
		return EINVAL;

	err = db_query(db, &st, "SELECT png FROM watermark"
		       " WHERE room_id = ?", "u", room);
	if (!err)
		err = db_step(db, st);
	if (err)
		return err;

	text = (const char *)sqlite3_column_text(st, 0);
	if (!text)
		err = ENOENT;
	else if (pngp)
		err = str_dup(pngp, text);
	sqlite3_reset(st);

	return err;
}
