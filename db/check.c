/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/check.c -- is the catalogue whole, and does it agree with the files?
 *
 * A thread with a read-only connection of its own, so that a check of a
 * large catalogue holds nothing up.  It touches nothing of struct db; the
 * report is handed over when the thread has ended.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <re.h>

#include "db/priv.h"


enum { PROGRESS_OPS = 10000, LIST_MAX = 100 };

/* Locks: [I] set before the thread starts  [t] thread, then loop */
struct db_check {
	struct db *db;            /* [I] loop only                        */
	char *path;               /* [I] of the catalogue                 */
	char *dir;                /* [I] of the recordings                */
	pthread_t tid;            /* [I]                                  */
	bool running;             /* loop                                 */
	atomic_bool stop;
	struct mqueue *mq;        /* [I]                                  */
	sqlite3 *sq;              /* [t]                                  */
	json_t *report;           /* [t]                                  */
	int err;                  /* [t]                                  */
	db_check_h *doneh;        /* [I]                                  */
	void *arg;                /* [I]                                  */
};


static void check_destructor(void *arg)
{
	struct db_check *check = arg;

	atomic_store(&check->stop, true);
	if (check->running)
		pthread_join(check->tid, NULL);

	mem_deref(check->mq);
	json_decref(check->report);
	mem_deref(check->path);
	mem_deref(check->dir);
	mem_deref(check->db);
}


static int progress(void *arg)
{
	const struct db_check *check = arg;

	return atomic_load(&check->stop);
}


/* ---- on the thread ---- */

static void add_text(json_t *array, const char *text)
{
	if (json_array_size(array) < LIST_MAX)
		json_array_append_new(array, json_string(text));
}


static json_t *new_list(struct db_check *check, const char *key)
{
	json_t *array = json_array();

	json_object_set_new(check->report, key, array);

	return array;
}


static void check_integrity(struct db_check *check)
{
	json_t *array = new_list(check, "integrity");
	sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(check->sq, "PRAGMA integrity_check(100)", -1,
				&st, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const char *text;

		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		text = (const char *)sqlite3_column_text(st, 0);
		if (text && strcmp(text, "ok"))
			add_text(array, text);
	}
	sqlite3_finalize(st);

	if (rc != SQLITE_DONE)
		add_text(array, sqlite3_errmsg(check->sq));
}


static void check_foreign_keys(struct db_check *check)
{
	json_t *array = new_list(check, "foreign_keys");
	sqlite3_stmt *st = NULL;
	char buf[128];
	int rc;

	rc = sqlite3_prepare_v2(check->sq, "PRAGMA foreign_key_check", -1,
				&st, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		snprintf(buf, sizeof(buf), "row %lld of %s has no %s",
			 (long long)sqlite3_column_int64(st, 1),
			 (const char *)sqlite3_column_text(st, 0),
			 (const char *)sqlite3_column_text(st, 2));
		add_text(array, buf);
	}
	sqlite3_finalize(st);

	if (rc != SQLITE_DONE)
		add_text(array, sqlite3_errmsg(check->sq));
}


/* Every file the catalogue knows; those not there go into the report. */
static json_t *known_files(struct db_check *check)
{
	json_t *missing = new_list(check, "missing_files");
	json_t *known = json_object();
	sqlite3_stmt *st = NULL;
	char file[4096];
	struct stat sb;
	int rc;

	rc = sqlite3_prepare_v2(check->sq,
		"SELECT path FROM recording_segment UNION"
		" SELECT thumbnail FROM recording"
		" WHERE thumbnail IS NOT NULL ORDER BY 1", -1, &st, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const char *path;

		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		path = (const char *)sqlite3_column_text(st, 0);
		if (!path)
			continue;
		json_object_set_new(known, path, json_true());
		snprintf(file, sizeof(file), "%s/%s", check->dir, path);
		if (stat(file, &sb))
			add_text(missing, path);
	}
	sqlite3_finalize(st);

	return known;
}


static void scan(struct db_check *check, const char *rel, json_t *known,
		 json_t *orphans, unsigned depth)
{
	char dir[4096], path[2048];
	struct dirent *de;
	struct stat sb;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", check->dir, rel);
	d = opendir(dir);
	if (!d)
		return;

	while ((de = readdir(d)) && !atomic_load(&check->stop)) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s%s%s", rel, *rel ? "/" : "",
			 de->d_name);
		if (fstatat(dirfd(d), de->d_name, &sb, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(sb.st_mode) && depth)
			scan(check, path, known, orphans, depth - 1);
		else if (!S_ISDIR(sb.st_mode) &&
			 !json_object_get(known, path))
			add_text(orphans, path);
	}
	closedir(d);
}


static void check_all(struct db_check *check)
{
	static const char *const listv[] = {
		"integrity", "foreign_keys", "orphan_files", "missing_files",
	};
	unsigned version = 0;
	json_t *known;
	bool ok = true;
	size_t i;

	(void)db_version(check->sq, &version);
	json_object_set_new(check->report, "schema", json_integer(version));

	check_integrity(check);
	check_foreign_keys(check);
	known = known_files(check);
	scan(check, "", known, new_list(check, "orphan_files"), 4);
	json_decref(known);

	for (i = 0; i < ARRAY_SIZE(listv); i++)
		ok = ok && !json_array_size(json_object_get(check->report,
							    listv[i]));
	ok = ok && version == db_schema_version();
	json_object_set_new(check->report, "ok", json_boolean(ok));
}


static void *check_main(void *arg)
{
	struct db_check *check = arg;
	struct stat sb;
	int rc;

	json_object_set_new(check->report, "file", json_string(check->path));
	if (!stat(check->path, &sb))
		json_object_set_new(check->report, "bytes",
				    json_integer(sb.st_size));

	rc = sqlite3_open_v2(check->path, &check->sq, SQLITE_OPEN_READONLY |
			     SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(check->sq, DB_BUSY_MS);
		sqlite3_progress_handler(check->sq, PROGRESS_OPS, progress,
					 check);
		check_all(check);
	}
	else {
		check->err = db_errno(rc);
	}
	sqlite3_close(check->sq);

	(void)mqueue_push(check->mq, 0, NULL);

	return NULL;
}


/* ---- on the loop ---- */

static void done_handler(int id, void *data, void *arg)
{
	struct db_check *check = arg;
	(void)id;
	(void)data;

	pthread_join(check->tid, NULL);
	check->running = false;

	check->doneh(check->err, check->report, check->arg);
}


int db_check_alloc(struct db_check **cp, struct db *db, db_check_h *doneh,
		   void *arg)
{
	struct db_check *check;
	int err;

	if (!cp || !db || !doneh)
		return EINVAL;

	(void)db_queue_flush(db);

	check = mem_zalloc(sizeof(*check), check_destructor);
	if (!check)
		return ENOMEM;

	check->db = mem_ref(db);
	check->doneh = doneh;
	check->arg = arg;
	check->report = json_object();
	if (!check->report)
		err = ENOMEM;
	else
		err = str_dup(&check->path, db->path);
	if (!err)
		err = re_sdprintf(&check->dir, "%s/recordings", db->dir);
	if (!err)
		err = mqueue_alloc(&check->mq, done_handler, check);
	if (!err)
		err = pthread_create(&check->tid, NULL, check_main, check);
	if (err)
		goto out;

	check->running = true;

 out:
	if (err)
		mem_deref(check);
	else
		*cp = check;

	return err;
}
