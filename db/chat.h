/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/chat.h -- what was written in meetings
 *
 * Writes never fail but for ENOMEM (see db/db.h).  Threads: loop.
 */
#ifndef TUTTI_DB_CHAT_H
#define TUTTI_DB_CHAT_H

#include "db/db.h"

struct db_chat {                  /* strings borrowed                     */
	uint64_t meeting;
	const char *room;
	uint64_t time_us;
	uint64_t party;           /* 0: the server                        */
	const char *name;         /* of the sender, as shown then         */
	uint64_t to;              /* 0: everybody                         */
	const char *text;
};

/** *idp is new for ever. */
int db_chat_add(struct db *db, uint64_t *idp, const struct db_chat *chat);

struct db_chat_filter {
	uint64_t meeting;
	bool all;                 /* also private ones of others          */
	uint64_t party;           /* whose private ones; 0: none          */
	uint32_t limit;           /* the newest so many; 0: all           */
};

/** The "chat" objects of base/verb.h, oldest first. */
int db_chat_list(struct db *db, const struct db_chat_filter *filter,
		 json_t **arrayp);

#endif
