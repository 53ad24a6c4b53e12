/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/db.h -- the catalogue: SQLite, data_dir/tutti.db
 *
 * Two ways to write.  What a person asked for and is told "done" (rooms,
 * sources, deletions, the start of a recording by hand) is committed before
 * the call returns, or the call fails.  What merely happened (meetings,
 * parties, events, recordings) always returns at once: it goes through one
 * first-in first-out queue, of which meetings, parties and recordings are
 * committed before the call returns and events and quality within
 * DB_BATCH_MS in one transaction.
 *
 * When the database refuses (disk full, read-only, damaged) the queue is
 * kept and tried again; the handler hears of it.  The queue is bounded by
 * DB_QUEUE_MAX writes and DB_QUEUE_BYTES: past that the oldest events and
 * quality reports are dropped and counted, then whatever is new.  Readers
 * get an errno; db_strerror() says it for people.  tuttid keeps rooms in
 * memory, so calls go on.
 *
 * Reads come after everything written before them.
 *
 * Threads: loop.
 */
#ifndef TUTTI_DB_DB_H
#define TUTTI_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

enum {
	DB_BATCH_MS    = 200,
	DB_QUEUE_MAX   = 20000,
	DB_QUEUE_BYTES = 16 * 1024 * 1024,
	DB_ALIVE_MS    = 10000,   /* while a meeting is open              */
	DB_EVENTS_MAX  = 5000000,
};

struct db;

struct db_state {
	bool trouble;             /* a write was refused, not yet mended  */
	char text[160];           /* why, for people                      */
	size_t waiting;           /* writes in the queue                  */
	uint64_t written, lost;   /* writes since the start               */
	unsigned version;         /* of the schema                        */
};

/** trouble: began (state->text says why) or mended.  Called from the loop,
 *  never from inside a call of ours. */
typedef void (db_trouble_h)(const struct db_state *state, void *arg);

/** What was found open at the start, left by a crash, and closed. */
struct db_mended {
	unsigned meetings, parties, recordings;
};

/**
 * Opens or makes data_dir/tutti.db (data_dir must exist; the caller also
 * makes data_dir/recordings), migrates it to the newest schema and closes
 * what a crash left open.  errbuf gets one line for people; errno: EROFS,
 * EBADMSG damaged, ENOTSUP made by a newer tutti, ENOSPC, EACCES …
 *
 * mem_deref: writes what waits (once) and closes.
 */
int db_alloc(struct db **dbp, const char *data_dir, struct db_mended *mended,
	     char *errbuf, size_t errsz);

void db_set_handler(struct db *db, db_trouble_h *troubleh, void *arg);

/** Events older than so many days are deleted as new ones come, and what
 *  is more than DB_EVENTS_MAX.  0: as long as there is room. */
void db_set_event_days(struct db *db, unsigned days);

/** Everything that waits, now.  The errno of the refusal. */
int db_flush(struct db *db);

void db_state(const struct db *db, struct db_state *state);

/** The last refusal in words: "database or disk is full". */
const char *db_strerror(const struct db *db);

/** ENOSPC, EROFS, EBADMSG, EIO: the database, not the argument. */
bool db_is_trouble(int err);

/*
 * Long work.  Both end by their handler or by mem_deref (the handler then
 * never runs); none blocks the loop.
 */
struct db_backup;
typedef void (db_backup_h)(int err, const char *text, uint64_t bytes,
			   void *arg);

/** A complete copy, one file, renamed to path when it is whole. */
int db_backup_alloc(struct db_backup **bp, struct db *db, const char *path,
		    db_backup_h *doneh, void *arg);

struct db_check;
/** report, borrowed:
 *	{"ok": bool, "schema": 2, "file": "…/tutti.db", "bytes": n,
 *	 "integrity": [text…], "foreign_keys": [text…],
 *	 "orphan_files": [path…], "missing_files": [path…]} */
typedef void (db_check_h)(int err, json_t *report, void *arg);

/** Integrity, foreign keys, files without a row and rows without a file;
 *  on a thread and a connection of its own. */
int db_check_alloc(struct db_check **cp, struct db *db, db_check_h *doneh,
		   void *arg);

#endif
