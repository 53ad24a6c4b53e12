/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/room.h -- the rooms: the catalogue's configuration, in memory
 *
 * A room without a meeting is a row and this struct: no process, no timer.
 * They are kept in memory so that calls reach them when the database is in
 * trouble.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_ROOM_H
#define TUTTI_TUTTID_ROOM_H

#include <re.h>

#include "db/room.h"

struct meeting;
struct rooms;
struct server;

struct room {
	struct le le;
	struct le he_name, he_number;
	struct db_room cfg;
	struct meeting *meeting;  /* weak; NULL: idle                     */
};

/** What a caller dialled: "3000", "standup", "3000.1234" (with PIN) */
struct room_dial {
	struct room *room;
	bool pin_given, pin_ok;
	bool host;                /* the host's PIN                       */
};

/** Reads them all from the catalogue. */
int rooms_alloc(struct rooms **roomsp, struct server *srv);
unsigned rooms_count(const struct rooms *rooms);

/** By name (any case) or number. */
struct room *rooms_find(const struct rooms *rooms, const char *s);
struct room *rooms_find_id(const struct rooms *rooms, uint64_t id);

/** A user part of a URI, decoded; ENOENT. */
int rooms_dial(const struct rooms *rooms, const struct pl *user,
	       struct room_dial *dial);

/** Committed when 0; EEXIST, EINVAL … with errbuf for people. */
int room_add(struct room **roomp, struct rooms *rooms, struct db_room *cfg,
	     char *errbuf, size_t errsz);
int room_update(struct room *room, const struct db_room *cfg,
		struct rooms *rooms, char *errbuf, size_t errsz);

/** No meeting may run in it; room is gone when 0. */
int room_del(struct room *room, struct rooms *rooms);

typedef void (room_each_h)(struct room *room, void *arg);
void rooms_apply(const struct rooms *rooms, room_each_h *h, void *arg);

#endif
