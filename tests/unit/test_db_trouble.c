/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_db_trouble.c -- damaged, read-only, full, locked, killed
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/json.h"
#include "db/event.h"
#include "db/meeting.h"
#include "db/party.h"
#include "db/priv.h"
#include "db/recording.h"
#include "db/room.h"
#include "tests/unit/test_db.h"


enum { PATIENCE_MS = 5000, ACKS = 40 };

#define T0 1763800000000000ULL


struct news {
	bool trouble, mended;
	struct db_state state;
};


static void news_handler(const struct db_state *state, void *arg)
{
	struct news *news = arg;

	news->state = *state;
	if (state->trouble)
		news->trouble = true;
	else
		news->mended = true;
}


static uint64_t big_event(struct db *db)
{
	char text[1001];
	json_t *fields;
	uint64_t number;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fields = json_pack("{s:s,s:s}", "room", "demo", "text", text);
	number = db_event_add(db, EV_ROOM_LOCKED, T0, fields);
	json_decref(fields);

	return number;
}


static int add_room(struct db *db, const char *name)
{
	struct db_room room;
	char errbuf[160] = "";
	int err = 0;

	err = db_room_init(&room, name, errbuf, sizeof(errbuf));
	if (!err)
		err = db_room_add(db, &room, errbuf, sizeof(errbuf));

	return err;
}


/* Everything told while the disk was full is there afterwards, in order;
 * what was asked for was refused, in words. */
static int test_full(void)
{
	struct place place = {0};
	struct news news = {0};
	struct db *db = NULL;
	struct db_party party = {.via = "sip", .uri = "sip:a@b",
				 .join_us = T0};
	uint64_t meeting;
	int i, err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	db_set_handler(db, news_handler, &news);
	TEST_ERR(db_exec(db, "PRAGMA max_page_count=1"));

	for (i = 0; i < 300; i++)
		TEST_EQ(i + 1, big_event(db));
	TEST_ERR(loop_until(&news.trouble, PATIENCE_MS));
	TEST_STR("database or disk is full", news.state.text);
	TEST_EQ(300, news.state.waiting);

	TEST_EQ(ENOSPC, add_room(db, "demo"));
	TEST_TRUE(db_is_trouble(ENOSPC));
	TEST_STR("database or disk is full", db_strerror(db));
	TEST_ERR(db_meeting_start(db, &meeting, 0, "demo", T0));
	party.id = db_party_new_id(db);
	party.meeting = meeting;
	TEST_ERR(db_party_join(db, &party));
	TEST_ERR(db_party_leave(db, party.id, meeting, T0 + 5, "bye"));
	TEST_EQ(301, big_event(db));
	TEST_EQ(0, place_count(&place, "SELECT count(*) FROM event"));

	TEST_ERR(db_exec(db, "PRAGMA max_page_count=100000"));
	TEST_ERR(loop_until(&news.mended, PATIENCE_MS));
	TEST_EQ(0, news.state.waiting);
	TEST_EQ(0, news.state.lost);
	TEST_EQ(301, place_count(&place, "SELECT count(*) FROM event"));
	TEST_EQ(301, place_count(&place, "SELECT max(number) FROM event"));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM party"
			       " WHERE reason = 'bye' AND leave_time > 0"
			       " AND person_id IS NOT NULL"));
	TEST_ERR(add_room(db, "demo"));

 out:
	mem_deref(db);
	place_remove(&place);
	return err;
}


/* The same on a disk that is really full, down to the last byte. */
static int test_full_disk(void)
{
	struct place place = {0};
	struct news news = {0};
	struct db *db = NULL;
	char path[128], filler[4096];
	uint64_t meeting;
	bool mounted = false;
	FILE *f;
	int i, err = 0;

	TEST_ERR(place_make(&place));
	if (mount("tmpfs", place.dir, "tmpfs", 0, "size=1m")) {
		printf("# may not mount: not tried\n");
		goto out;
	}
	mounted = true;
	TEST_ERR(place_open(&db, &place));
	db_set_handler(db, news_handler, &news);
	TEST_ERR(db_meeting_start(db, &meeting, 0, "demo", T0));

	(void)re_snprintf(path, sizeof(path), "%s/filler", place.dir);
	f = fopen(path, "w");
	TEST_TRUE(f);
	memset(filler, 0, sizeof(filler));
	while (fwrite(filler, 1, sizeof(filler), f) == sizeof(filler))
		;
	(void)fclose(f);

	for (i = 0; i < 100; i++)
		TEST_EQ(i + 1, big_event(db));
	TEST_ERR(db_meeting_end(db, meeting, T0 + 1, 1, "empty"));
	TEST_ERR(loop_until(&news.trouble, PATIENCE_MS));
	TEST_EQ(ENOSPC, add_room(db, "demo"));

	TEST_EQ(0, unlink(path));
	TEST_ERR(loop_until(&news.mended, 2 * PATIENCE_MS));
	TEST_EQ(100, place_count(&place, "SELECT count(*) FROM event"));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM meeting"
			       " WHERE reason = 'empty'"));
	TEST_ERR(add_room(db, "demo"));

 out:
	mem_deref(db);
	if (mounted && umount(place.dir))
		printf("# could not unmount %s\n", place.dir);
	place_remove(&place);
	return err;
}


/* What happened goes before what is only nice to know. */
static int test_overflow(void)
{
	struct place place = {0};
	struct db *db = NULL;
	struct db_state state;
	uint64_t meeting;
	int i, err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(db_exec(db, "PRAGMA query_only=ON"));
	TEST_ERR(db_meeting_start(db, &meeting, 0, "demo", T0));
	for (i = 0; i < DB_QUEUE_MAX + 500; i++)
		(void)big_event(db);
	TEST_ERR(db_meeting_end(db, meeting, T0 + 1, 1, "empty"));

	db_state(db, &state);
	TEST_TRUE(state.trouble);
	TEST_TRUE(state.waiting <= DB_QUEUE_MAX);
	TEST_TRUE(db->bytes <= DB_QUEUE_BYTES);
	TEST_TRUE(state.lost > 0);

	TEST_ERR(db_exec(db, "PRAGMA query_only=OFF"));
	TEST_ERR(db_flush(db));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM meeting"
			       " WHERE reason = 'empty'"));
	TEST_EQ(DB_QUEUE_MAX + 500,
		place_count(&place, "SELECT max(number) FROM event"));

 out:
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int test_locked(void)
{
	struct place place = {0};
	struct news news = {0};
	struct db *db = NULL;
	sqlite3 *sq = NULL;
	uint64_t meeting;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	db_set_handler(db, news_handler, &news);
	TEST_EQ(SQLITE_OK, sqlite3_open(place.file, &sq));
	TEST_EQ(SQLITE_OK, sqlite3_exec(sq, "BEGIN IMMEDIATE", NULL, NULL,
					NULL));
	TEST_ERR(db_meeting_start(db, &meeting, 0, "demo", T0));
	TEST_ERR(loop_until(&news.trouble, PATIENCE_MS));
	TEST_EQ(EBUSY, add_room(db, "demo"));

	TEST_EQ(SQLITE_OK, sqlite3_exec(sq, "ROLLBACK", NULL, NULL, NULL));
	TEST_ERR(loop_until(&news.mended, PATIENCE_MS));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM meeting"));

 out:
	sqlite3_close(sq);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int spoil(const struct place *place, long from, size_t n)
{
	FILE *f = fopen(place->file, "r+");
	int err = 0;

	if (!f)
		return errno;
	if (fseek(f, from, SEEK_SET))
		err = errno;
	while (n-- && !err) {
		if (fputc('#', f) == EOF)
			err = EIO;
	}
	if (fclose(f))
		err = errno;

	return err;
}


static int test_damaged(void)
{
	struct place place = {0};
	struct db *db = NULL;
	char errbuf[256] = "";
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(add_room(db, "demo"));
	db = mem_deref(db);

	/* a page of a table, then the head of the file */
	TEST_ERR(spoil(&place, 2 * 4096, 4096));
	TEST_EQ(EBADMSG, db_alloc(&db, place.dir, NULL, errbuf,
				  sizeof(errbuf)));
	TEST_TRUE(strstr(errbuf, place.file) == errbuf);
	TEST_TRUE(strstr(errbuf, "damaged") || strstr(errbuf, "malformed"));

	TEST_ERR(spoil(&place, 0, 100));
	TEST_EQ(EBADMSG, db_alloc(&db, place.dir, NULL, errbuf,
				  sizeof(errbuf)));
	TEST_TRUE(strstr(errbuf, "not a database"));
	TEST_TRUE(!db);

 out:
	mem_deref(db);
	place_remove(&place);
	return err;
}


/* The file is spoiled under a running server and later put right. */
static int test_damaged_live(void)
{
	struct place place = {0};
	struct news news = {0};
	struct db *db = NULL;
	char cmd[256];
	uint64_t meeting;
	json_t *list = NULL;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	db_set_handler(db, news_handler, &news);
	TEST_ERR(db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
	(void)re_snprintf(cmd, sizeof(cmd), "cp %s %s.keep", place.file,
			  place.file);
	TEST_EQ(0, system(cmd));
	TEST_ERR(db_exec(db, "PRAGMA shrink_memory"));
	TEST_ERR(spoil(&place, 0, 40 * 4096));

	TEST_ERR(db_meeting_start(db, &meeting, 0, "demo", T0));
	TEST_TRUE(big_event(db));
	TEST_ERR(loop_until(&news.trouble, PATIENCE_MS));
	TEST_TRUE(db_is_trouble(add_room(db, "demo")));
	(void)db_event_list(db, NULL, &list);
	TEST_ERR(db_meeting_end(db, meeting, T0 + 1, 1, "empty"));

	(void)re_snprintf(cmd, sizeof(cmd), "cat %s.keep > %s", place.file,
			  place.file);
	TEST_EQ(0, system(cmd));
	TEST_ERR(loop_until(&news.mended, 2 * PATIENCE_MS));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM meeting"
			       " WHERE reason = 'empty'"));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM event"));

 out:
	json_decref(list);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int open_as_nobody(const struct place *place, const char *says)
{
	char errbuf[256] = "";
	struct db *db = NULL;
	int status, err = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return errno;

	if (!pid) {
		if (!geteuid() && (setgid(65534) || setuid(65534)))
			_exit(2);
		err = db_alloc(&db, place->dir, NULL, errbuf, sizeof(errbuf));
		if (err && strstr(errbuf, says))
			_exit(0);
		printf("# %d: %s\n", err, errbuf);
		fflush(stdout);
		_exit(1);
	}

	if (waitpid(pid, &status, 0) != pid)
		return errno;

	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : EBADMSG;
}


static int test_read_only(void)
{
	struct place place = {0};
	struct db *db = NULL;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_EQ(0, chmod(place.dir, 0555));
	TEST_ERR(open_as_nobody(&place, "Permission denied"));

	TEST_EQ(0, chmod(place.dir, 0755));
	TEST_ERR(place_open(&db, &place));
	db = mem_deref(db);
	TEST_EQ(0, chmod(place.file, 0444));
	TEST_EQ(0, chmod(place.dir, 0555));
	TEST_ERR(open_as_nobody(&place, "read-only"));

 out:
	(void)chmod(place.dir, 0755);
	mem_deref(db);
	place_remove(&place);
	return err;
}


/* A server that is always in the middle of something. */
static void busy_child(const struct place *place, int fd)
{
	struct db_party party = {.via = "sip", .uri = "sip:a@b"};
	struct db *db = NULL;
	char name[16];
	uint64_t meeting, rec;
	unsigned i;

	if (place_open(&db, place) ||
	    db_meeting_start(db, &meeting, 0, "demo", clock_wall_us()) ||
	    db_recording_start(db, &rec, meeting, "demo", clock_wall_us(),
			       true) ||
	    db_segment_start(db, rec, 1, "1.mkv", clock_wall_us()))
		_exit(1);

	for (i = 0; ; i++) {
		party.id = db_party_new_id(db);
		party.meeting = meeting;
		party.join_us = clock_wall_us();
		(void)db_party_join(db, &party);
		(void)big_event(db);
		(void)re_snprintf(name, sizeof(name), "r%u", i);
		if (add_room(db, name) || write(fd, &i, sizeof(i)) < 0)
			_exit(1);
	}
}


static int test_killed(void)
{
	struct place place = {0};
	struct db_mended mended;
	struct db_room room;
	struct db *db = NULL;
	char errbuf[256], name[16];
	unsigned i, acked = 0;
	pid_t pid = -1;
	FILE *f;
	int fdv[2] = {-1, -1}, err = 0;

	TEST_ERR(place_make(&place));
	TEST_EQ(0, pipe(fdv));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(30);
		busy_child(&place, fdv[1]);
	}
	close(fdv[1]);
	fdv[1] = -1;

	while (read(fdv[0], &i, sizeof(i)) == sizeof(i)) {
		acked = i + 1;
		if (acked == ACKS)
			kill(pid, SIGKILL);
	}
	TEST_TRUE(acked >= ACKS);
	(void)waitpid(pid, NULL, 0);
	pid = -1;

	(void)re_snprintf(errbuf, sizeof(errbuf), "%s/recordings/1.mkv",
			  place.dir);
	f = fopen(errbuf, "w");
	TEST_TRUE(f);
	fputs("picture and sound", f);
	fclose(f);

	TEST_ERR(db_alloc(&db, place.dir, &mended, errbuf, sizeof(errbuf)));
	for (i = 0; i < acked; i++) {
		(void)re_snprintf(name, sizeof(name), "r%u", i);
		TEST_ERR(db_room_find(db, name, &room));
	}
	TEST_EQ(1, mended.meetings);
	TEST_EQ(1, mended.recordings);
	TEST_TRUE(mended.parties >= acked);
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM meeting WHERE"
		" reason = 'server stopped' AND end_time >= start_time"));
	TEST_EQ(0, place_count(&place, "SELECT count(*) FROM party WHERE"
		" leave_time IS NULL OR reason <> 'server stopped'"));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM recording WHERE"
		" state = 'complete' AND bytes = 17 AND duration_ms >= 0"
		" AND stop_time >= start_time"));
	TEST_EQ(0, place_count(&place, "SELECT max(number) - count(*)"
			       " FROM event"));

 out:
	if (pid > 0) {
		kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	if (fdv[0] >= 0)
		close(fdv[0]);
	if (fdv[1] >= 0)
		close(fdv[1]);
	mem_deref(db);
	place_remove(&place);
	return err;
}


struct writer {
	struct tmr tmr;
	struct db *db;
	unsigned n;
	bool done;
	int err;
	uint64_t bytes;
};


static void write_timeout(void *arg)
{
	struct writer *w = arg;

	(void)big_event(w->db);
	(void)db_flush(w->db);
	++w->n;
	tmr_start(&w->tmr, 1, write_timeout, w);
}


static void backup_handler(int err, const char *text, uint64_t bytes,
			   void *arg)
{
	struct writer *w = arg;

	if (err)
		printf("# backup: %s\n", text);
	w->err = err;
	w->bytes = bytes;
	w->done = true;
	tmr_cancel(&w->tmr);
}


static int test_backup(void)
{
	struct place place = {0}, copy = {0};
	struct writer w = {.n = 0};
	struct db_backup *backup = NULL;
	struct db *db = NULL;
	char path[128];
	struct stat st;
	long long n;
	int i, err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_make(&copy));
	TEST_ERR(place_open(&db, &place));
	for (i = 0; i < 3000; i++)
		(void)big_event(db);
	TEST_ERR(db_flush(db));

	w.db = db;
	tmr_start(&w.tmr, 0, write_timeout, &w);
	TEST_ERR(db_backup_alloc(&backup, db, copy.file, backup_handler, &w));
	TEST_EQ(EEXIST, db_backup_alloc(&backup, db, copy.file,
					backup_handler, &w));
	TEST_ERR(loop_until(&w.done, PATIENCE_MS));
	TEST_ERR(w.err);
	TEST_TRUE(w.n > 3);

	/* whole, alone, and as new as the last write */
	TEST_EQ(0, stat(copy.file, &st));
	TEST_EQ(w.bytes, st.st_size);
	(void)re_snprintf(path, sizeof(path), "%s-wal", copy.file);
	TEST_EQ(-1, stat(path, &st));
	(void)re_snprintf(path, sizeof(path), "%s.part%d", copy.file,
			  (int)getpid());
	TEST_EQ(-1, stat(path, &st));
	TEST_EQ(1, place_count(&copy, "SELECT count(*) FROM"
		" pragma_integrity_check WHERE integrity_check = 'ok'"));
	n = place_count(&copy, "SELECT count(*) FROM event");
	TEST_TRUE(n >= 3000 && n <= 3000 + w.n);

	/* and a server starts from it */
	backup = mem_deref(backup);
	db = mem_deref(db);
	TEST_ERR(place_open(&db, &copy));

 out:
	tmr_cancel(&w.tmr);
	mem_deref(backup);
	mem_deref(db);
	place_remove(&place);
	place_remove(&copy);
	return err;
}


static int test_backup_nowhere(void)
{
	struct place place = {0};
	struct db_backup *backup = NULL;
	struct db *db = NULL;
	struct writer w = {.n = 0};
	char path[128];
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_EQ(ENOENT, db_backup_alloc(&backup, db, "/nowhere/at/all",
					backup_handler, &w));

	/* given up half-way nothing stays behind */
	(void)re_snprintf(path, sizeof(path), "%s/b", place.dir);
	TEST_ERR(db_backup_alloc(&backup, db, path, backup_handler, &w));
	backup = mem_deref(backup);
	(void)re_snprintf(path, sizeof(path), "%s/b.part%d", place.dir,
			  (int)getpid());
	TEST_EQ(-1, access(path, F_OK));

 out:
	mem_deref(backup);
	mem_deref(db);
	place_remove(&place);
	return err;
}


struct checked {
	bool done;
	int err;
	json_t *report;
};


static void check_handler(int err, json_t *report, void *arg)
{
	struct checked *checked = arg;

	checked->err = err;
	checked->report = json_incref(report);
	checked->done = true;
}


static int run_check(struct db *db, struct checked *checked)
{
	struct db_check *check = NULL;
	int err = 0;

	json_decref(checked->report);
	memset(checked, 0, sizeof(*checked));
	err = db_check_alloc(&check, db, check_handler, checked);
	if (!err)
		err = loop_until(&checked->done, PATIENCE_MS);
	mem_deref(check);

	return err ? err : checked->err;
}


static int touch(const struct place *place, const char *name)
{
	char path[128];
	FILE *f;

	(void)re_snprintf(path, sizeof(path), "%s/recordings/%s", place->dir,
			  name);
	f = fopen(path, "w");
	if (!f)
		return errno;
	fclose(f);

	return 0;
}


static size_t listed(const struct checked *checked, const char *key)
{
	return json_array_size(json_object_get(checked->report, key));
}


static int test_check(void)
{
	struct place place = {0};
	struct checked checked = {0};
	struct db *db = NULL;
	struct db_check *check = NULL;
	uint64_t rec;
	bool ok;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(db_recording_start(db, &rec, 0, "demo", T0, true));
	TEST_ERR(db_segment_start(db, rec, 1, "1.mkv", T0));
	TEST_ERR(touch(&place, "1.mkv"));
	TEST_ERR(run_check(db, &checked));
	TEST_ERR(json_flag(checked.report, "ok", &ok));
	TEST_TRUE(ok);

	TEST_ERR(touch(&place, "stray.mkv"));
	TEST_ERR(db_segment_start(db, rec, 2, "2.mkv", T0));
	TEST_ERR(place_exec(&place, "INSERT INTO source (room_id, url,"
			    " created_time) VALUES (7, 'test:1', 0)"));
	TEST_ERR(run_check(db, &checked));
	TEST_ERR(json_flag(checked.report, "ok", &ok));
	TEST_TRUE(!ok);
	TEST_EQ(1, listed(&checked, "orphan_files"));
	TEST_EQ(1, listed(&checked, "missing_files"));
	TEST_EQ(1, listed(&checked, "foreign_keys"));
	TEST_EQ(0, listed(&checked, "integrity"));

	/* one that is let go of says nothing */
	checked.done = false;
	TEST_ERR(db_check_alloc(&check, db, check_handler, &checked));
	check = mem_deref(check);
	TEST_EQ(ETIMEDOUT, loop_until(&checked.done, 50));

 out:
	json_decref(checked.report);
	mem_deref(db);
	place_remove(&place);
	return err;
}


const struct test trouble_testv[] = {
	{"a full disk delays, and loses nothing", test_full},
	{"a disk that is full to the last byte", test_full_disk},
	{"the queue is bounded", test_overflow},
	{"somebody else holds the lock", test_locked},
	{"a damaged file is refused in words", test_damaged},
	{"a file damaged while in use", test_damaged_live},
	{"a read-only catalogue is refused in words", test_read_only},
	{"killed while writing", test_killed},
	{"a backup while writing", test_backup},
	{"a backup that cannot be", test_backup_nowhere},
	{"check finds strays and losses", test_check},
};
const size_t trouble_testc = ARRAY_SIZE(trouble_testv);
