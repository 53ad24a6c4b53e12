/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/backup.c -- a copy of the catalogue while it is in use
 *
 * A few pages at a time on the loop.  It reads through the connection that
 * writes, so SQLite carries every write into the copy at once and the copy
 * never starts anew.  Waiting for the disk, at the end, is a thread's work.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "db/priv.h"


enum {
	STEP_PAGES = 128,
	STEP_MS    = 2,
	BUSY_TRIES = 5000,
};

/* Locks: [I] set before the thread starts  [t] thread, then loop;
 * the others are the loop's */
struct db_backup {
	struct db *db;
	sqlite3 *dst;
	sqlite3_backup *copy;
	struct tmr tmr;
	char *path, *part;        /* [I] part is renamed to path          */
	unsigned busy;
	bool made;                /* [t] part exists and is ours          */
	bool sealing;             /* the thread runs                      */
	pthread_t tid;
	struct mqueue *mq;        /* [I]                                  */
	uint64_t bytes;           /* [t]                                  */
	int err;                  /* [t]                                  */
	db_backup_h *doneh;
	void *arg;
};


static void backup_destructor(void *arg)
{
	struct db_backup *b = arg;

	tmr_cancel(&b->tmr);
	if (b->sealing)
		(void)pthread_join(b->tid, NULL);
	mem_deref(b->mq);
	if (b->copy)
		sqlite3_backup_finish(b->copy);
	sqlite3_close(b->dst);
	if (b->made)
		(void)unlink(b->part);

	mem_deref(b->part);
	mem_deref(b->path);
	mem_deref(b->db);
}


static void finish(struct db_backup *b, int err, const char *text,
		   uint64_t bytes)
{
	db_backup_h *doneh = b->doneh;

	b->doneh = NULL;
	tmr_cancel(&b->tmr);
	if (b->made)
		(void)unlink(b->part);
	b->made = false;

	if (doneh)
		doneh(err, text, bytes, b->arg);
}


static int sync_path(const char *path, int flags)
{
	const int fd = open(path, flags | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (fsync(fd))
		err = errno;
	close(fd);

	return err;
}


static int sync_folder(const char *path)
{
	char buf[4096];

	str_ncpy(buf, path, sizeof(buf));

	return sync_path(dirname(buf), O_RDONLY | O_DIRECTORY);
}


/* On the thread: a large file takes the disk seconds. */
static void *seal_main(void *arg)
{
	struct db_backup *b = arg;
	struct stat st;
	int err;

	err = sync_path(b->part, O_RDONLY);
	if (!err && stat(b->part, &st))
		err = errno;
	if (!err && rename(b->part, b->path))
		err = errno;
	if (!err) {
		b->made  = false;
		b->bytes = (uint64_t)st.st_size;
		err = sync_folder(b->path);
	}
	b->err = err;
	(void)mqueue_push(b->mq, 0, NULL);

	return NULL;
}


static void sealed_handler(int id, void *data, void *arg)
{
	struct db_backup *b = arg;
	(void)id;
	(void)data;

	(void)pthread_join(b->tid, NULL);
	b->sealing = false;
	finish(b, b->err, b->err ? strerror(b->err) : "",
	       b->err ? 0 : b->bytes);
}


/* The copy is whole: one file without a log beside it, then its name. */
static void seal(struct db_backup *b)
{
	int rc, err;

	rc = sqlite3_backup_finish(b->copy);
	b->copy = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(b->dst, "PRAGMA journal_mode=DELETE", NULL,
				  NULL, NULL);
	if (rc != SQLITE_OK) {
		finish(b, db_errno(rc), sqlite3_errmsg(b->dst), 0);
		return;
	}
	sqlite3_close(b->dst);
	b->dst = NULL;

	err = pthread_create(&b->tid, NULL, seal_main, b);
	if (err)
		finish(b, err, strerror(err), 0);
	else
		b->sealing = true;
}


static void step_timeout(void *arg)
{
	struct db_backup *b = arg;
	const int rc = sqlite3_backup_step(b->copy, STEP_PAGES);

	switch (rc & 0xff) {

	case SQLITE_DONE:
		seal(b);
		return;

	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		if (++b->busy < BUSY_TRIES)
			break;
		finish(b, EBUSY, sqlite3_errstr(rc), 0);
		return;

	case SQLITE_OK:
		break;

	default:
		finish(b, db_errno(rc), sqlite3_errstr(rc), 0);
		return;
	}

	tmr_start(&b->tmr, STEP_MS, step_timeout, b);
}


static int backup_open(struct db_backup *b)
{
	int fd, rc;

	/* ours alone, and no link of somebody else's is followed */
	fd = open(b->part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	b->made = true;

	rc = sqlite3_open_v2(b->part, &b->dst, SQLITE_OPEN_READWRITE |
			     SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(b->dst, "PRAGMA synchronous=OFF", NULL,
				  NULL, NULL);
	if (rc != SQLITE_OK)
		return db_errno(rc);

	b->copy = sqlite3_backup_init(b->dst, "main", b->db->sq, "main");

	return b->copy ? 0 : db_errno(sqlite3_errcode(b->dst));
}


int db_backup_alloc(struct db_backup **bp, struct db *db, const char *path,
		    db_backup_h *doneh, void *arg)
{
	struct db_backup *b;
	int err;

	if (!bp || !db || !path || !doneh)
		return EINVAL;

	err = db_queue_flush(db);
	if (err)
		return err;

	b = mem_zalloc(sizeof(*b), backup_destructor);
	if (!b)
		return ENOMEM;

	b->db = mem_ref(db);
	b->doneh = doneh;
	b->arg = arg;
	tmr_init(&b->tmr);

	err = mqueue_alloc(&b->mq, sealed_handler, b);
	if (!err)
		err = str_dup(&b->path, path);
	if (!err)
		err = re_sdprintf(&b->part, "%s.part%d", path, (int)getpid());
	if (!err)
		err = backup_open(b);
	if (err)
		goto out;

	tmr_start(&b->tmr, 0, step_timeout, b);

 out:
	if (err)
		mem_deref(b);
	else
		*bp = b;

	return err;
}
