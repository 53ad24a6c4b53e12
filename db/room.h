/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/room.h -- rooms: the standing configuration
 *
 * All writes are committed before they return 0.  Threads: loop.
 */
#ifndef TUTTI_DB_ROOM_H
#define TUTTI_DB_ROOM_H

#include "db/db.h"

enum { DB_ROOM_LINGER_DEFAULT = -1 };

struct db_room {
	uint64_t id;
	char name[64];            /* letters, digits, "._-", not only digits;
	                           * unique without regard to case        */
	char number[32];          /* digits, "": none; unique             */
	char title[128];          /* UTF-8                                */
	char pin[32];             /* digits, "": none                     */
	char host_pin[32];        /* digits, "": none; not the pin        */
	char layout[32];
	bool crop;                /* --fit crop                           */
	bool record;              /* --record always                      */
	bool tones;
	int64_t linger_s;         /* DB_ROOM_LINGER_DEFAULT: tutti.conf's */
	uint32_t max_parties;     /* 0: no limit                          */
	bool locked;
	bool wait_host;           /* nobody is seen or heard before one   */
	bool clock;
	char banner[256];         /* UTF-8                                */
	char filter[512];         /* canvas_filter, of libavfilter        */
	uint64_t created_us, changed_us;
};

/** Defaults; EINVAL with errbuf for a bad name. */
int db_room_init(struct db_room *room, const char *name,
		 char *errbuf, size_t errsz);

/** Arguments of `room create` and `room set` into *room, which is only
 *  touched when all are good; EINVAL with one line for people.  changed,
 *  if not NULL, gets "number, pin" (the names of what differs now). */
int db_room_args(struct db_room *room, const json_t *args,
		 char *changed, size_t changedsz, char *errbuf, size_t errsz);

/** Sets id and times.  EEXIST with errbuf: name or number is taken. */
int db_room_add(struct db *db, struct db_room *room,
		char *errbuf, size_t errsz);

/** Everything but id and name anew.  EEXIST as above, ENOENT. */
int db_room_update(struct db *db, struct db_room *room,
		   char *errbuf, size_t errsz);
int db_room_del(struct db *db, uint64_t id);

/** By name or number; ENOENT. */
int db_room_find(struct db *db, const char *name, struct db_room *room);

/** Every room by name; a handler's nonzero stops and is returned. */
typedef int (db_room_h)(const struct db_room *room, void *arg);
int db_room_apply(struct db *db, db_room_h *h, void *arg);

/** The "room" object of base/verb.h, without what is only known live. */
json_t *db_room_json(const struct db_room *room);

#endif
