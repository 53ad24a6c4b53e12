/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/key.h -- keys of the API, and the secret of join tokens
 *
 * A key is known by its SHA-256 alone.  Making and withdrawing are
 * committed before they return 0.  Threads: loop.
 */
#ifndef TUTTI_DB_KEY_H
#define TUTTI_DB_KEY_H

#include "db/db.h"

enum {
	DB_SHA256_HEX  = 65,      /* with the final NUL                   */
	DB_ACCOUNT_MAX = 64,
	DB_KEY_USED_S  = 60,      /* used_time is not kept more exactly   */
};

struct db_key {
	uint64_t id;
	char account[DB_ACCOUNT_MAX];
	bool admin;
	uint64_t room_id;         /* 0: all rooms                         */
	uint64_t created_us, used_us;
};

/** Sets id and created_us; sha256 in lower-case hex. */
int db_key_add(struct db *db, struct db_key *key, const char *sha256);

/** ENOENT: there is no such key. */
int db_key_find(struct db *db, const char *sha256, struct db_key *key);
int db_key_get(struct db *db, uint64_t id, struct db_key *key);

/** It was used just now; written once in DB_KEY_USED_S. */
int db_key_used(struct db *db, const struct db_key *key);

/** ENOENT. */
int db_key_del(struct db *db, uint64_t id);

/** The "key" objects of base/verb.h, by id. */
int db_key_list(struct db *db, json_t **arrayp);

/** The server's 32 bytes in hex, made at the first call. */
int db_secret(struct db *db, char secret[DB_SHA256_HEX]);

#endif
