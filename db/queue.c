/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/queue.c -- what waits to be written, in order
 *
 * Every write but db_must() is a job in one list.  A flush runs the jobs
 * from the head in one transaction of at most FLUSH_JOBS; they leave the
 * list only after COMMIT.  A refusal rolls back and leaves all of them; a
 * job that breaks a constraint would stop the rest for ever, so it alone is
 * dropped and counted.
 */
#include <string.h>

#include <re.h>

#include "base/log.h"
#include "db/priv.h"


enum {
	FLUSH_JOBS   = 500,
	RETRY_MIN_MS = 500,
	RETRY_MAX_MS = 8000,
	REST_MS      = 5,         /* between transactions of a long queue */
	VALUES_MAX   = 16,
};

struct val {
	char *s;                  /* text, or NULL                        */
	int64_t i;
	char type;                /* 'i', 's' or 0 for NULL               */
};

struct job {
	struct le le;
	const char *sql;
	size_t bytes;
	enum db_how how;
	bool bad;
	unsigned n;
	struct val valv[];
};


static void flush_timeout(void *arg);


static void job_destructor(void *arg)
{
	struct job *job = arg;
	unsigned i;

	list_unlink(&job->le);
	for (i = 0; i < job->n; i++)
		mem_deref(job->valv[i].s);
}


static int val_set(struct val *val, char type, va_list *ap)
{
	const char *s;

	switch (type) {

	case 'i':
		val->type = 'i';
		val->i = va_arg(*ap, int64_t);
		return 0;
	case 'b':
		val->type = 'i';
		val->i = !!va_arg(*ap, int);
		return 0;
	case 'u':
	case 'z':
		val->i = (int64_t)va_arg(*ap, uint64_t);
		val->type = type == 'z' && !val->i ? 0 : 'i';
		return 0;
	default:
		s = va_arg(*ap, const char *);
		if (!s && type == 't')
			s = "";
		if (!s || (type == 'e' && !*s))
			return 0;
		val->type = 's';
		return str_dup(&val->s, s);
	}
}


static int job_alloc(struct job **jobp, enum db_how how, const char *sql,
		     const char *fmt, va_list *ap)
{
	const size_t n = strlen(fmt);
	struct job *job;
	int err = 0;

	if (n > VALUES_MAX)
		return EINVAL;

	job = mem_zalloc(sizeof(*job) + n * sizeof(job->valv[0]),
			 job_destructor);
	if (!job)
		return ENOMEM;

	job->sql = sql;
	job->how = how;
	job->bytes = sizeof(*job) + n * sizeof(job->valv[0]);

	for (job->n = 0; job->n < n && !err; job->n++) {
		struct val *val = &job->valv[job->n];

		err = val_set(val, fmt[job->n], ap);
		job->bytes += val->s ? strlen(val->s) + 1 : 0;
	}

	if (err)
		mem_deref(job);
	else
		*jobp = job;

	return err;
}


static void job_drop(struct db *db, struct job *job)
{
	db->bytes -= job->bytes;
	--db->state.waiting;
	mem_deref(job);
}


static int job_run(struct db *db, const struct job *job)
{
	sqlite3_stmt *st;
	unsigned i;
	int err;

	err = db_stmt(db, &st, job->sql);
	if (err)
		return err;

	for (i = 0; i < job->n; i++) {
		const struct val *val = &job->valv[i];
		const int col = (int)i + 1;

		if (val->type == 'i')
			sqlite3_bind_int64(st, col, val->i);
		else if (val->type == 's')
			sqlite3_bind_text(st, col, val->s, -1,
					  SQLITE_STATIC);
		else
			sqlite3_bind_null(st, col);
	}

	err = db_step(db, st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);

	return err == ENOENT ? 0 : err;
}


static bool job_is_bad(int err)
{
	return err == EEXIST || err == EOVERFLOW || err == EINVAL;
}


/* Runs up to FLUSH_JOBS inside a transaction; *np how many were run. */
static int run_jobs(struct db *db, unsigned *np)
{
	struct le *le;
	unsigned n = 0;
	int err;

	for (le = db->jobl.head; le && n < FLUSH_JOBS; le = le->next, n++) {
		struct job *job = le->data;

		job->bad = false;
		err = job_run(db, job);
		if (!err)
			continue;
		if (!job_is_bad(err))
			return err;

		warning("catalogue dropped a row: %s", db->text);
		job->bad = true;
	}

	*np = n;

	return 0;
}


static bool want_full(const struct db *db)
{
	const struct le *le;
	unsigned n = 0;

	for (le = db->jobl.head; le && n < FLUSH_JOBS; le = le->next, n++) {
		const struct job *job = le->data;

		if (job->how == DB_SURE)
			return true;
	}

	return false;
}


static int flush_some(struct db *db)
{
	unsigned n = 0;
	int err;

	err = db_sync_full(db, want_full(db));
	if (!err)
		err = db_exec(db, "BEGIN IMMEDIATE");
	if (err)
		return err;

	err = run_jobs(db, &n);
	if (!err)
		err = db_exec(db, "COMMIT");
	if (err) {
		if (db->sq && !sqlite3_get_autocommit(db->sq))
			sqlite3_exec(db->sq, "ROLLBACK", NULL, NULL, NULL);
		return err;
	}

	while (n--) {
		struct job *job = list_ledata(db->jobl.head);

		if (job->bad)
			++db->state.lost;
		else
			++db->state.written;
		job_drop(db, job);
	}

	return 0;
}


/* Told from the loop: a handler that writes must not find us half-way. */
static void news_timeout(void *arg)
{
	struct db *db = arg;
	struct db_state state;

	if (db->told == db->state.trouble)
		return;

	db->told = db->state.trouble;
	db_state(db, &state);
	if (db->troubleh) {
		/* he says it, as an event */
		db->troubleh(&state, db->arg);
		return;
	}
	if (db->told)
		warning("catalogue trouble text=\"%s\" waiting=%zu",
			state.text, state.waiting);
	else
		info("catalogue mended written=%llu lost=%llu",
		     (unsigned long long)state.written,
		     (unsigned long long)state.lost);
}


static void refused(struct db *db, int err)
{
	str_ncpy(db->state.text, db->text, sizeof(db->state.text));
	db->state.trouble = true;

	/* what a busy or full database needs is time; after the others the
	 * connection itself may be what is broken */
	db->reopen = db->reopen || (err != EBUSY && err != ENOSPC &&
				    err != ENOMEM);

	db->retry_ms = db->retry_ms ? min(2 * db->retry_ms, RETRY_MAX_MS)
				    : RETRY_MIN_MS;
	tmr_start(&db->tmr_flush, db->retry_ms, flush_timeout, db);
	tmr_start(&db->tmr_news, 0, news_timeout, db);
}


static void mended(struct db *db)
{
	db->retry_ms = 0;
	if (!db->state.trouble)
		return;

	db->state.trouble = false;
	tmr_start(&db->tmr_news, 0, news_timeout, db);
}


static int try_reopen(struct db *db)
{
	char errbuf[160];
	int err;

	if (!db->reopen)
		return 0;

	err = db_open(db, SQLITE_OPEN_READWRITE, errbuf, sizeof(errbuf));
	if (err) {
		str_ncpy(db->text, errbuf, sizeof(db->text));
		return err;
	}
	db->reopen = false;

	return 0;
}


/* One transaction, then the loop gets its turn. */
static void flush_timeout(void *arg)
{
	struct db *db = arg;
	int err;

	if (list_isempty(&db->jobl)) {
		mended(db);
		return;
	}

	err = try_reopen(db);
	if (!err)
		err = flush_some(db);
	if (err)
		refused(db, err);
	else if (list_isempty(&db->jobl))
		mended(db);
	else
		tmr_start(&db->tmr_flush, REST_MS, flush_timeout, db);
}


int db_queue_flush(struct db *db)
{
	int err;

	err = try_reopen(db);
	if (err && list_isempty(&db->jobl))
		return err;

	while (!err && !list_isempty(&db->jobl))
		err = flush_some(db);

	if (err) {
		refused(db, err);
		return err;
	}

	tmr_cancel(&db->tmr_flush);
	mended(db);

	return 0;
}


/* The oldest that may be dropped; NULL when all must stay. */
static struct job *droppable(const struct db *db)
{
	struct le *le;

	for (le = db->jobl.head; le; le = le->next) {
		struct job *job = le->data;

		if (job->how == DB_LATER)
			return job;
	}

	return NULL;
}


static bool make_room(struct db *db, const struct job *next)
{
	while (db->state.waiting >= DB_QUEUE_MAX ||
	       db->bytes + next->bytes > DB_QUEUE_BYTES) {

		struct job *job = droppable(db);

		if (!job)
			return false;
		++db->state.lost;
		job_drop(db, job);
	}

	return true;
}


int db_write(struct db *db, enum db_how how, const char *sql,
	     const char *fmt, ...)
{
	struct job *job;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = job_alloc(&job, how, sql, fmt, &ap);
	va_end(ap);
	if (err)
		return err;

	if (!make_room(db, job)) {
		++db->state.lost;
		mem_deref(job);
		return 0;
	}

	list_append(&db->jobl, &job->le, job);
	db->bytes += job->bytes;
	++db->state.waiting;

	if (db->state.trouble)
		return 0;          /* the timer tries again */

	if (how == DB_NOW || how == DB_SURE)
		(void)db_queue_flush(db);
	else if (!tmr_isrunning(&db->tmr_flush))
		tmr_start(&db->tmr_flush, DB_BATCH_MS, flush_timeout, db);

	return 0;
}


void db_queue_end(struct db *db)
{
	if (db->sq && !list_isempty(&db->jobl) && db_queue_flush(db))
		error("catalogue lost %zu rows: %s", db->state.waiting,
		      db->text);

	tmr_cancel(&db->tmr_flush);
	tmr_cancel(&db->tmr_news);
	list_flush(&db->jobl);
}
