/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/party.h -- parties: who was in a meeting, and the people they are
 *
 * A party keeps its id when it moves to another room; each stay in a
 * meeting is a row.  Writes never fail but for ENOMEM.  Threads: loop.
 */
#ifndef TUTTI_DB_PARTY_H
#define TUTTI_DB_PARTY_H

#include "db/db.h"

struct db_party {                 /* strings borrowed; NULL is ""         */
	uint64_t id, meeting;
	uint64_t join_us;
	const char *name, *uri;
	const char *via;          /* "sip", "web", "whip", "whep",
	                           * "source"                             */
	const char *user_agent;
	const char *audio, *video;    /* "opus/48000/2"; NULL: none       */
};

/** Never given before, also across restarts. */
uint64_t db_party_new_id(struct db *db);

/** The person behind the URI is noted too (not for sources). */
int db_party_join(struct db *db, const struct db_party *party);

/** What is NULL stays. */
int db_party_change(struct db *db, uint64_t id, uint64_t meeting,
		    const char *name, const char *audio, const char *video);

/** Borrowed; the last one wins. */
int db_party_quality(struct db *db, uint64_t id, uint64_t meeting,
		     const json_t *quality);
int db_party_leave(struct db *db, uint64_t id, uint64_t meeting,
		   uint64_t time_us, const char *reason);

/** All stays in a meeting, in order of joining. */
int db_party_list(struct db *db, uint64_t meeting, json_t **arrayp);

/** The last stay of a party that may be gone; ENOENT. */
int db_party_show(struct db *db, uint64_t id, json_t **objp);

#endif
