/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/db.c -- opening, closing and the state of the catalogue
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/priv.h"


enum { LOOK_OVER_MAX = 32 * 1024 * 1024 };   /* bytes, on a busy loop */


static void db_close(struct db *db)
{
	db_stmt_flush(db);
	if (db->sq)
		sqlite3_close_v2(db->sq);  /* a backup may read on */
	db->sq = NULL;
	db->full = -1;
}


static void db_destructor(void *arg)
{
	struct db *db = arg;

	db_queue_end(db);
	tmr_cancel(&db->tmr_alive);
	db_close(db);
	mem_deref(db->path);
	mem_deref(db->dir);
}


static int say(char *errbuf, size_t errsz, const struct db *db, int err,
	       const char *text)
{
	(void)re_snprintf(errbuf, errsz, "%s: %s", db->path, text);

	return err;
}


static int say_rc(char *errbuf, size_t errsz, const struct db *db,
		  sqlite3 *sq, int rc)
{
	const char *text = sq ? sqlite3_errmsg(sq) : sqlite3_errstr(rc);
	int err = db_errno(rc);

	/* SQLite's "unable to open" hides why */
	if ((rc & 0xff) == SQLITE_CANTOPEN && sq && sqlite3_system_errno(sq)) {
		err = sqlite3_system_errno(sq);
		if (access(db->dir, W_OK | X_OK))
			err = errno;
		text = strerror(err);
	}

	return say(errbuf, errsz, db, err, text);
}


static const char *const pragmav[] = {
	"PRAGMA journal_mode=WAL",
	"PRAGMA synchronous=NORMAL",
	"PRAGMA foreign_keys=ON",
	"PRAGMA journal_size_limit=16777216",
};


static int set_up(sqlite3 *sq)
{
	size_t i;
	int rc = sqlite3_busy_timeout(sq, DB_BUSY_MS);

	for (i = 0; i < ARRAY_SIZE(pragmav) && rc == SQLITE_OK; i++)
		rc = sqlite3_exec(sq, pragmav[i], NULL, NULL, NULL);

	return rc;
}


static int first_column(void *arg, int n, char **valv, char **namev)
{
	char *buf = arg;
	(void)namev;

	if (n > 0 && valv[0] && !*buf)
		str_ncpy(buf, valv[0], 120);

	return 0;
}


/* Read through within a moment, or before there are calls? */
static bool has_time(const struct db *db, int flags)
{
	struct stat st;

	return flags & SQLITE_OPEN_CREATE || stat(db->path, &st) ||
		st.st_size <= LOOK_OVER_MAX;
}


/* A damaged file is found now, not in the middle of a meeting. */
static int look_over(struct db *db, sqlite3 *sq, char *errbuf, size_t errsz)
{
	char text[120] = "";
	int rc;

	rc = sqlite3_exec(sq, "PRAGMA quick_check(1)", first_column, text,
			  NULL);
	if (rc != SQLITE_OK)
		return say_rc(errbuf, errsz, db, sq, rc);

	if (strcmp(text, "ok")) {
		(void)re_snprintf(errbuf, errsz, "%s: damaged: %s", db->path,
				  text);
		return EBADMSG;
	}

	return 0;
}


/** Opens beside what is open and takes its place when all is well. */
int db_open(struct db *db, int flags, char *errbuf, size_t errsz)
{
	sqlite3 *sq = NULL;
	int rc, err;

	rc = sqlite3_open_v2(db->path, &sq,
			     flags | SQLITE_OPEN_NOMUTEX |
			     SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK && sqlite3_db_readonly(sq, "main") == 1) {
		err = say(errbuf, errsz, db, EROFS,
			  "the catalogue is read-only");
		goto out;
	}
	if (rc == SQLITE_OK)
		rc = set_up(sq);
	if (rc != SQLITE_OK) {
		err = say_rc(errbuf, errsz, db, sq, rc);
		goto out;
	}

	err = has_time(db, flags) ? look_over(db, sq, errbuf, errsz) : 0;
	if (!err)
		err = db_migrate(sq, errbuf, errsz);
	if (err)
		goto out;

	db_close(db);
	db->sq = sq;
	db->full = 0;
	db->state.version = db_schema_version();

 out:
	if (err)
		sqlite3_close(sq);

	return err;
}


/* The highest number each table ever gave, deleted rows included.  Parties
 * that never got in have no row, but events speak of them. */
static int read_numbers(struct db *db)
{
	static const char *sql =
		"SELECT coalesce((SELECT seq FROM sqlite_sequence"
		"  WHERE name = 'meeting'), 0),"
		" max(coalesce((SELECT max(id) FROM party), 0),"
		"  coalesce((SELECT max(party_id) FROM (SELECT party_id FROM"
		"  event ORDER BY number DESC LIMIT 10000)), 0)),"
		" coalesce((SELECT seq FROM sqlite_sequence"
		"  WHERE name = 'recording'), 0),"
		" coalesce((SELECT max(number) FROM event), 0),"
		" coalesce((SELECT seq FROM sqlite_sequence"
		"  WHERE name = 'chat'), 0)";
	sqlite3_stmt *st;
	int err;

	err = db_query(db, &st, sql, "");
	if (!err)
		err = db_step(db, st);
	if (err)
		return err;

	db->meeting   = (uint64_t)sqlite3_column_int64(st, 0);
	db->party     = (uint64_t)sqlite3_column_int64(st, 1);
	db->recording = (uint64_t)sqlite3_column_int64(st, 2);
	db->event     = (uint64_t)sqlite3_column_int64(st, 3);
	db->chat      = (uint64_t)sqlite3_column_int64(st, 4);
	sqlite3_reset(st);

	return 0;
}


int db_alloc(struct db **dbp, const char *data_dir, struct db_mended *mended,
	     char *errbuf, size_t errsz)
{
	struct db_mended unused;
	struct db *db;
	int err;

	if (!dbp || !data_dir || !errbuf || !errsz)
		return EINVAL;

	errbuf[0] = '\0';
	db = mem_zalloc(sizeof(*db), db_destructor);
	if (!db)
		return ENOMEM;

	db->event_keep = DB_EVENTS_MAX;
	tmr_init(&db->tmr_flush);
	tmr_init(&db->tmr_news);
	tmr_init(&db->tmr_alive);

	err = str_dup(&db->dir, data_dir);
	if (!err)
		err = re_sdprintf(&db->path, "%s/tutti.db", data_dir);
	if (err)
		goto out;

	err = db_open(db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		      errbuf, errsz);
	if (err)
		goto out;

	err = db_mend(db, mended ? mended : &unused);
	if (!err)
		err = read_numbers(db);
	if (err)
		say(errbuf, errsz, db, err, db->text);

 out:
	if (err)
		mem_deref(db);
	else
		*dbp = db;

	return err;
}


void db_set_handler(struct db *db, db_trouble_h *troubleh, void *arg)
{
	if (!db)
		return;

	db->troubleh = troubleh;
	db->arg = arg;
}


void db_set_event_days(struct db *db, unsigned days)
{
	if (db)
		db->event_days = days;
}


int db_flush(struct db *db)
{
	return db ? db_queue_flush(db) : EINVAL;
}


void db_state(const struct db *db, struct db_state *state)
{
	if (!state)
		return;

	memset(state, 0, sizeof(*state));
	if (db)
		*state = db->state;
}


const char *db_strerror(const struct db *db)
{
	return db ? db->text : "";
}


bool db_is_trouble(int err)
{
	return err == ENOSPC || err == EROFS || err == EBADMSG ||
	       err == EIO || err == EBUSY || err == EACCES;
}


static void alive_timeout(void *arg)
{
	struct db *db = arg;

	(void)db_write(db, DB_LATER,
		       "INSERT INTO server (id, alive_time) VALUES (1, ?1)"
		       " ON CONFLICT (id) DO UPDATE SET alive_time = ?1",
		       "u", clock_wall_us());
	tmr_start(&db->tmr_alive, DB_ALIVE_MS, alive_timeout, db);
}


/* Idle, a server needs no pulse: nothing is open that it could date. */
void db_alive(struct db *db, bool on)
{
	if (on && !db->open++)
		alive_timeout(db);
	else if (!on && db->open && !--db->open)
		tmr_cancel(&db->tmr_alive);
}
