/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/priv.h -- inside of the catalogue, for db/ and its tests
 *
 * Formats of values, one letter each:
 *	i  int64_t              u  uint64_t
 *	z  uint64_t, 0 is NULL  b  bool (int)
 *	s  const char *, NULL is NULL
 *	t  const char *, NULL is ''
 *	e  const char *, NULL and '' are NULL
 * SQL texts are static: statements are kept by their address.
 */
#ifndef TUTTI_DB_PRIV_H
#define TUTTI_DB_PRIV_H

#include <stdarg.h>
#include <sqlite3.h>

#include <re.h>

#include "db/db.h"

enum { DB_BUSY_MS = 250 };

struct db {
	sqlite3 *sq;
	char *dir, *path;
	struct list stmtl;
	struct list jobl;         /* first in, first out                  */
	size_t bytes;             /* of jobs                              */
	struct tmr tmr_flush;     /* batch, or the next try               */
	struct tmr tmr_news;
	struct tmr tmr_alive;
	struct db_state state;
	bool told;                /* the handler knows of the trouble     */
	bool reopen;              /* before the next try                  */
	int full;                 /* PRAGMA synchronous: 1 full, 0 normal */
	unsigned retry_ms;
	char text[160];           /* db_strerror                          */
	db_trouble_h *troubleh;
	void *arg;

	/* numbers given so far */
	uint64_t meeting, party, recording, event, chat;
	uint64_t event_keep;      /* the newest so many                   */
	unsigned event_days;      /* 0: any age                           */
	unsigned open;            /* meetings                             */
};

enum db_how {
	DB_LATER,                 /* in the next batch, may be dropped    */
	DB_HOLD,                  /* with the write that follows          */
	DB_NOW,                   /* committed on return unless trouble   */
	DB_SURE,                  /* the same, and on the disk            */
};

/* sql.c: statements */
int  db_errno(int rc);
int  db_note(struct db *db, int rc);     /* keep the text; db_errno(rc)  */
int  db_stmt(struct db *db, sqlite3_stmt **stp, const char *sql);
void db_stmt_flush(struct db *db);
int  db_bind_va(sqlite3_stmt *st, const char *fmt, va_list ap);
int  db_exec(struct db *db, const char *sql);
int  db_sync_full(struct db *db, bool full);

/** Ready for db_step; sqlite3_reset() when done. */
int db_query(struct db *db, sqlite3_stmt **stp, const char *sql,
	     const char *fmt, ...);
int db_step(struct db *db, sqlite3_stmt *st);       /* 0, ENOENT, errno  */

/** Commits or fails.  EEXIST: a constraint; ENOENT: no row changed. */
int db_must(struct db *db, const char *sql, const char *fmt, ...);

/** Rows as objects, columns named "x:t": t i integer, s text, t time,
 *  b boolean, j JSON.  NULL becomes null. */
json_t *db_row_json(sqlite3_stmt *st);
int db_query_json(struct db *db, json_t **arrayp, const char *sql,
		  const char *fmt, ...);
int db_query_obj(struct db *db, json_t **objp, const char *sql,
		 const char *fmt, ...);

/* queue.c: what waits */
int  db_write(struct db *db, enum db_how how, const char *sql,
	      const char *fmt, ...);
int  db_queue_flush(struct db *db);
void db_queue_end(struct db *db);

/* db.c */
int  db_open(struct db *db, int flags, char *errbuf, size_t errsz);
void db_alive(struct db *db, bool on);

/* migrate.c */
struct db_schema {
	unsigned version;
	const char *sql;
};
extern const struct db_schema db_schemav[];      /* built from schema/   */
extern const size_t db_schemac;
unsigned db_schema_version(void);
int db_version(sqlite3 *sq, unsigned *versionp);
int db_migrate(sqlite3 *sq, char *errbuf, size_t errsz);

/* mend.c */
int db_mend(struct db *db, struct db_mended *mended);

#endif
