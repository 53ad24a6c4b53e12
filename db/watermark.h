/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/watermark.h -- a room's watermark: a PNG, in base64
 *
 * Threads: loop.
 */
#ifndef TUTTI_DB_WATERMARK_H
#define TUTTI_DB_WATERMARK_H

#include "db/db.h"

/** png NULL: none any more.  Committed when 0. */
int db_watermark_set(struct db *db, uint64_t room, const char *png);

/** A copy, to be freed with mem_deref, unless pngp is NULL; ENOENT: the
 *  room has none. */
int db_watermark_get(struct db *db, uint64_t room, char **pngp);

#endif
