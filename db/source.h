/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/source.h -- sources that belong to a room and come back with tuttid
 *
 * Writes are committed before they return 0.  Threads: loop.
 */
#ifndef TUTTI_DB_SOURCE_H
#define TUTTI_DB_SOURCE_H

#include "db/db.h"

struct db_source {                /* strings borrowed for the call        */
	uint64_t id, room_id;
	const char *url, *name;
	bool once;
};

/** Sets id. */
int db_source_add(struct db *db, struct db_source *source);
int db_source_del(struct db *db, uint64_t id);

typedef int (db_source_h)(const struct db_source *source, void *arg);
int db_source_apply(struct db *db, db_source_h *h, void *arg);

#endif
