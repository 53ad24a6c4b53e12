/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/meeting.h -- meetings: each run of a room
 *
 * Writes never fail but for ENOMEM (see db/db.h).  Threads: loop.
 */
#ifndef TUTTI_DB_MEETING_H
#define TUTTI_DB_MEETING_H

#include "db/db.h"

/** *idp is new for ever. */
int db_meeting_start(struct db *db, uint64_t *idp, uint64_t room_id,
		     const char *room, uint64_t time_us);
int db_meeting_peak(struct db *db, uint64_t id, uint32_t peak);
int db_meeting_end(struct db *db, uint64_t id, uint64_t time_us,
		   uint32_t peak, const char *reason);

/** Newest first, room NULL: all, limit 0: all. */
int db_meeting_list(struct db *db, const char *room, uint32_t limit,
		    json_t **arrayp);

/** With "party" and "recording" arrays; ENOENT. */
int db_meeting_show(struct db *db, uint64_t id, json_t **objp);

#endif
