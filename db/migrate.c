/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/migrate.c -- from any older schema to the newest, by user_version
 *
 * Each step of schema/ runs in a transaction together with its version
 * number: a crash leaves the one before or the one after, whole.
 */
#include <errno.h>

#include <re.h>

#include "base/log.h"
#include "db/priv.h"


unsigned db_schema_version(void)
{
	return db_schemav[db_schemac - 1].version;
}


int db_version(sqlite3 *sq, unsigned *versionp)
{
	sqlite3_stmt *st;
	int rc;

	rc = sqlite3_prepare_v2(sq, "PRAGMA user_version", -1, &st, NULL);
	if (rc != SQLITE_OK)
		return db_errno(rc);

	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*versionp = (unsigned)sqlite3_column_int(st, 0);
	sqlite3_finalize(st);

	return rc == SQLITE_ROW ? 0 : db_errno(rc);
}


static int one_step(sqlite3 *sq, const struct db_schema *schema,
		    char *errbuf, size_t errsz)
{
	char pragma[48];
	int rc;

	(void)re_snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%u",
			  schema->version);

	rc = sqlite3_exec(sq, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sq, schema->sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sq, pragma, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sq, "COMMIT", NULL, NULL, NULL);

	if (rc != SQLITE_OK) {
		(void)re_snprintf(errbuf, errsz,
				  "%s: cannot migrate to version %u: %s",
				  sqlite3_db_filename(sq, "main"),
				  schema->version, sqlite3_errmsg(sq));
		if (!sqlite3_get_autocommit(sq))
			sqlite3_exec(sq, "ROLLBACK", NULL, NULL, NULL);
	}

	return db_errno(rc);
}


int db_migrate(sqlite3 *sq, char *errbuf, size_t errsz)
{
	unsigned version = 0;
	size_t i;
	int err;

	err = db_version(sq, &version);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "%s: %s",
				  sqlite3_db_filename(sq, "main"),
				  sqlite3_errmsg(sq));
		return err;
	}

	if (version > db_schema_version()) {
		(void)re_snprintf(errbuf, errsz, "%s: schema version %u was "
				  "made by a newer tutti; this one knows %u",
				  sqlite3_db_filename(sq, "main"), version,
				  db_schema_version());
		return ENOTSUP;
	}

	for (i = 0; i < db_schemac && !err; i++) {
		if (db_schemav[i].version <= version)
			continue;

		err = one_step(sq, &db_schemav[i], errbuf, errsz);
		if (!err && version)
			info("catalogue migrated version=%u",
			     db_schemav[i].version);
	}

	return err;
}
