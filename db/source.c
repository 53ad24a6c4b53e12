/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/source.c -- sources that belong to a room and come back with tuttid
 */
#include <re.h>

#include "base/clock.h"
#include "db/priv.h"
#include "db/source.h"


int db_source_add(struct db *db, struct db_source *source)
{
	int err;

	if (!db || !source || !source->url)
		return EINVAL;

	err = db_must(db,
		"INSERT INTO source (room_id, url, name, once, created_time)"
		" VALUES (?, ?, ?, ?, ?)",
		"ustbu", source->room_id, source->url, source->name,
		(int)source->once, clock_wall_us());
	if (!err)
		source->id = (uint64_t)sqlite3_last_insert_rowid(db->sq);

	return err;
}


int db_source_del(struct db *db, uint64_t id)
{
	if (!db)
		return EINVAL;

	return db_must(db, "DELETE FROM source WHERE id = ?", "u", id);
}


int db_source_apply(struct db *db, db_source_h *h, void *arg)
{
	struct db_source source;
	sqlite3_stmt *st;
	int err;

	if (!db || !h)
		return EINVAL;

	err = db_query(db, &st, "SELECT id, room_id, url, name, once"
		       " FROM source ORDER BY id", "");
	if (err)
		return err;

	while (!(err = db_step(db, st))) {
		source.id = (uint64_t)sqlite3_column_int64(st, 0);
		source.room_id = (uint64_t)sqlite3_column_int64(st, 1);
		source.url = (const char *)sqlite3_column_text(st, 2);
		source.name = (const char *)sqlite3_column_text(st, 3);
		source.once = sqlite3_column_int(st, 4);

		err = h(&source, arg);
		if (err) {
			sqlite3_reset(st);
			return err;
		}
	}

	return err == ENOENT ? 0 : err;
}
