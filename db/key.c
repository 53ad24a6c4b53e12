/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/key.c -- keys of the API, and the secret of join tokens
 */
#include <string.h>
#include <sys/random.h>

#include <re.h>

#include "base/clock.h"
#include "db/key.h"
#include "db/priv.h"


#define COLUMNS "id, account, role, room_id, created_time, used_time"


int db_key_add(struct db *db, struct db_key *key, const char *sha256)
{
	const uint64_t now = clock_wall_us();
	int err;

	if (!db || !key || !sha256 || !key->account[0])
		return EINVAL;

	err = db_must(db,
		"INSERT INTO key (sha256, account, role, room_id,"
		" created_time) VALUES (?, ?, ?, ?, ?)",
		"ssszu", sha256, key->account,
		key->admin ? "admin" : "host", key->room_id, now);
	if (err)
		return err;

	key->id = (uint64_t)sqlite3_last_insert_rowid(db->sq);
	key->created_us = now;
	key->used_us = 0;

	return 0;
}


static int read_row(struct db *db, sqlite3_stmt *st, struct db_key *key)
{
	const char *role;
	int err;

	err = db_step(db, st);
	if (err)
		return err;

	memset(key, 0, sizeof(*key));
	key->id = (uint64_t)sqlite3_column_int64(st, 0);
	str_ncpy(key->account, (const char *)sqlite3_column_text(st, 1),
		 sizeof(key->account));
	role = (const char *)sqlite3_column_text(st, 2);
	key->admin = role && !strcmp(role, "admin");
	key->room_id = (uint64_t)sqlite3_column_int64(st, 3);
	key->created_us = (uint64_t)sqlite3_column_int64(st, 4);
	key->used_us = (uint64_t)sqlite3_column_int64(st, 5);
	sqlite3_reset(st);

	return 0;
}


int db_key_find(struct db *db, const char *sha256, struct db_key *key)
{
	sqlite3_stmt *st;
	int err;

	if (!db || !sha256 || !key)
		return EINVAL;

	err = db_query(db, &st, "SELECT " COLUMNS " FROM key"
		       " WHERE sha256 = ?", "s", sha256);

	return err ? err : read_row(db, st, key);
}


int db_key_get(struct db *db, uint64_t id, struct db_key *key)
{
	sqlite3_stmt *st;
	int err;

	if (!db || !key)
		return EINVAL;

	err = db_query(db, &st, "SELECT " COLUMNS " FROM key WHERE id = ?",
		       "u", id);

	return err ? err : read_row(db, st, key);
}


int db_key_used(struct db *db, const struct db_key *key)
{
	const uint64_t now = clock_wall_us();

	if (!db || !key)
		return EINVAL;
	if (now >= key->used_us &&
	    now - key->used_us < DB_KEY_USED_S * 1000000ull)
		return 0;

	return db_write(db, DB_LATER,
			"UPDATE key SET used_time = ?2 WHERE id = ?1", "uu",
			key->id, now);
}


int db_key_del(struct db *db, uint64_t id)
{
	if (!db)
		return EINVAL;

	return db_must(db, "DELETE FROM key WHERE id = ?", "u", id);
}


int db_key_list(struct db *db, json_t **arrayp)
{
	if (!db || !arrayp)
		return EINVAL;

	return db_query_json(db, arrayp,
		"SELECT k.id AS \"key_id:i\", k.account AS \"account\","
		" k.role AS \"role\", r.name AS \"room\","
		" k.created_time AS \"created_time:t\","
		" k.used_time AS \"used_time:t\" FROM key AS k"
		" LEFT JOIN room AS r ON r.id = k.room_id ORDER BY k.id", "");
}


static int make_secret(struct db *db)
{
	uint8_t raw[32];
	char hex[DB_SHA256_HEX];
	ssize_t n;

	n = getrandom(raw, sizeof(raw), 0);
	if (n != (ssize_t)sizeof(raw))
		return n < 0 ? errno : EIO;

	(void)re_snprintf(hex, sizeof(hex), "%w", raw, sizeof(raw));

	return db_must(db, "INSERT INTO secret (id, token, created_time)"
		       " VALUES (1, ?, ?)", "su", hex, clock_wall_us());
}


static int read_secret(struct db *db, char secret[DB_SHA256_HEX])
{
	sqlite3_stmt *st;
	int err;

	err = db_query(db, &st, "SELECT token FROM secret", "");
	if (!err)
		err = db_step(db, st);
	if (err)
		return err;

	str_ncpy(secret, (const char *)sqlite3_column_text(st, 0),
		 DB_SHA256_HEX);
	sqlite3_reset(st);

	return 0;
}


int db_secret(struct db *db, char secret[DB_SHA256_HEX])
{
	int err;

	if (!db || !secret)
		return EINVAL;

	err = read_secret(db, secret);
	if (err != ENOENT)
		return err;

	err = make_secret(db);

	return err ? err : read_secret(db, secret);
}
