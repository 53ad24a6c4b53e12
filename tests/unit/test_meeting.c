/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_meeting.c -- meetings as they begin, end and lose their
 * mixer, with tests/fake/fake_mixer as the mixer
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "db/db.h"
#include "db/meeting.h"
#include "db/recording.h"
#include "media/mixer_client.h"
#include "tests/unit/test.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/recording.h"
#include "tuttid/recording_hash.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

/* ---- a server with a fake mixer, in a directory of its own ---- */

static char dir[64], mixer[128];
static struct config *conf;
static struct server *srv;
static json_t *answers;

static int rm_handler(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;

	return remove(path);
}

static int configure(struct config **confp, const char *sock)
{
	char line[160], text[160];
	int err;

	err = config_alloc(confp);
	(void)re_snprintf(line, sizeof(line), "data_dir %s/data", dir);
	err |= config_set(*confp, line, text, sizeof(text));
	(void)re_snprintf(line, sizeof(line), "control_socket %s/%s", dir,
			  sock);
	err |= config_set(*confp, line, text, sizeof(text));
	(void)re_snprintf(line, sizeof(line), "sip_listen udp 127.0.0.1:%u",
			  30000 + rand_u16() % 30000);
	err |= config_set(*confp, line, text, sizeof(text));
	(void)re_snprintf(line, sizeof(line), "web_listen http 127.0.0.1:%u",
			  30000 + rand_u16() % 30000);
	err |= config_set(*confp, line, text, sizeof(text));
	err |= config_set(*confp, "linger_s 0", text, sizeof(text));

	return err;
}

static int up(void)
{
	char text[256] = "", fake[512], cwd[400];
	int err = 0, i;

	log_init("test", LVL_ERROR, false);
	str_ncpy(dir, "/tmp/tutti-test-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir) || !getcwd(cwd, sizeof(cwd)))
		return errno;
	(void)re_snprintf(mixer, sizeof(mixer), "%s/tutti-mixer", dir);
	(void)re_snprintf(fake, sizeof(fake), "%s/tests/fake/fake_mixer",
			  cwd);
	if (symlink(fake, mixer) || setenv("TUTTI_LIBEXEC", dir, 1))
		return errno;

	/* a port that happens to be free */
	for (i = 0; i < 20; i++) {
		conf = mem_deref(conf);
		text[0] = '\0';
		err = configure(&conf, "sock");
		if (err)
			return err;
		err = server_alloc(&srv, conf, text, sizeof(text));
		if (!strstr(text, "in use"))
			break;
	}
	if (err)
		printf("# %s\n", text);

	return err;
}

static void down(void)
{
	srv  = mem_deref(srv);
	conf = mem_deref(conf);
	mixer_client_reap();
	if (dir[0])
		(void)nftw(dir, rm_handler, 8, FTW_DEPTH | FTW_PHYS);
	dir[0] = '\0';
}

static void pause_handler(void *arg)
{
	(void)arg;
	re_cancel();
}

static void run_ms(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, pause_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

static void line_handler(json_t *line, bool last, void *arg)
{
	(void)last;
	(void)arg;
	(void)json_array_append_new(answers, json_deep_copy(line));
}

static struct req *ask(const char *text)
{
	const struct req_who who = {
		.uid = getuid(), .gid = getgid(), .role = VERB_ADMIN,
	};
	json_t *msg = json_loads(text, 0, NULL);
	struct req *req = NULL;

	if (!answers)
		answers = json_array();
	(void)json_array_clear(answers);
	(void)req_alloc(&req, NULL, &who, line_handler, NULL);
	verbs_dispatch(srv, req, msg);
	json_decref(msg);

	return req;
}

/* The status of the n-th answer: 200, an error's, or 0 without an answer */
static int status(size_t n)
{
	json_t *answer = json_array_get(answers, n);
	uint32_t code = 0;

	if (json_is_true(json_object_get(answer, "ok")))
		return 200;
	(void)json_u32(json_object_get(answer, "error"), "status", &code);

	return (int)code;
}

static int meet(struct meeting **mp)
{
	struct room *room;
	int err;

	mem_deref(ask("{\"verb\": \"room create\", \"args\": {\"room\":"
		      " \"a\"}}"));
	room = rooms_find(srv->rooms, "a");
	if (!room)
		return ENOENT;

	err = meeting_get(mp, srv, room);

	return err ? err : meeting_up(*mp);
}

/* ---- cases ---- */

static int test_linger(void)
{
	struct room *room;
	struct meeting *m;
	struct party *p;
	int err;

	err = up();
	TEST_ERR(err);
	err = meet(&m);
	TEST_ERR(err);
	room = m->room;

	/* everybody has left, and then somebody is called */
	meeting_check(m);
	err = party_alloc(&p, m);
	TEST_ERR(err);
	run_ms(50);
	TEST_TRUE(room->meeting == m);

	party_end(p, "no answer", 408);
	run_ms(50);
	TEST_TRUE(!room->meeting);
 out:
	down();
	return err;
}

static int test_waiting(void)
{
	struct req *snapshot = NULL, *stats = NULL;
	struct meeting *m;
	char text[256];
	int err;

	err = up();
	TEST_ERR(err);
	err = meet(&m);
	TEST_ERR(err);
	run_ms(100);
	TEST_EQ(0, kill(mixer_client_pid(m->mc), SIGSTOP));

	(void)re_snprintf(text, sizeof(text), "{\"verb\": \"room snapshot\","
			  " \"args\": {\"room\": \"a\", \"file\":"
			  " \"%s/s.png\"}}", dir);
	snapshot = mem_deref(ask(text));
	TEST_EQ(0, json_array_size(answers));
	meeting_end(m, "ended by host");
	TEST_EQ(1, json_array_size(answers));
	TEST_EQ(503, status(0));

	err = meet(&m);
	TEST_ERR(err);
	stats = mem_deref(ask("{\"verb\": \"server stats\"}"));
	TEST_EQ(0, json_array_size(answers));
	meeting_end(m, "ended by host");
	TEST_EQ(200, status(0));
 out:
	mem_deref(snapshot);
	mem_deref(stats);
	down();
	return err;
}

static unsigned count_files(void)
{
	struct dirent *de;
	char path[128];
	unsigned n = 0;
	DIR *d;

	(void)re_snprintf(path, sizeof(path), "%s/data/recordings", dir);
	d = opendir(path);
	while (d && (de = readdir(d)))
		n += de->d_name[0] != '.';
	if (d)
		(void)closedir(d);

	return n;
}

/* The mixer dies, and so does every other one, or none can be started; the
 * meeting is over by then and its recording not, or it is not. */
static int no_mixer(bool over, const char *other, const char *want)
{
	char text[128] = "";
	struct meeting *m;
	uint64_t id = 0;
	json_t *obj = NULL;
	const char *state = "";
	int err;

	err = up();
	TEST_ERR(err);
	err = meet(&m);
	TEST_ERR(err);
	err = recording_start(m, true, &id, text, sizeof(text));
	TEST_ERR(err);
	run_ms(100);
	TEST_EQ(0, kill(mixer_client_pid(m->mc), SIGSTOP));
	if (over)
		meeting_end(m, "everybody left");
	TEST_EQ(1, list_count(&srv->meetingl));

	TEST_EQ(0, unlink(mixer));
	if (other)
		TEST_EQ(0, symlink(other, mixer));
	TEST_EQ(0, kill(mixer_client_pid(m->mc), SIGKILL));
	for (unsigned i = 0; i < 100 && list_count(&srv->meetingl); i++)
		run_ms(100);
	TEST_EQ(0, list_count(&srv->meetingl));
	err = db_recording_show(srv->db, id, &obj);
	TEST_ERR(err);
	(void)json_str(obj, "state", &state);
	TEST_STR(want, state);
	/* the segment, not a picture that was never taken */
	TEST_EQ(1, count_files());
 out:
	json_decref(obj);
	down();
	return err;
}

/* What it has is all that there will be. */
static int test_recording_alone(void)
{
	return no_mixer(true, NULL, "complete");
}

static int test_given_up(void)
{
	return no_mixer(false, "/bin/false", "failed");
}

/* It would mend what the first has open. */
static int test_second(void)
{
	struct config *other_conf = NULL;
	struct server *other = NULL;
	char text[256] = "";
	struct meeting *m;
	json_t *obj = NULL;
	int err;

	err = up();
	TEST_ERR(err);
	err = meet(&m);
	TEST_ERR(err);

	err = configure(&other_conf, "other");
	TEST_ERR(err);
	TEST_EQ(EWOULDBLOCK, server_alloc(&other, other_conf, text,
					  sizeof(text)));
	TEST_TRUE(strstr(text, "another tuttid") != NULL);
	err = db_meeting_show(srv->db, m->id, &obj);
	TEST_ERR(err);
	TEST_TRUE(json_is_null(json_object_get(obj, "end_time")));
 out:
	json_decref(obj);
	mem_deref(other);
	mem_deref(other_conf);
	down();
	return err;
}

static int test_full(void)
{
	struct meeting *m;
	struct party *p;
	int err;

	err = up();
	TEST_ERR(err);
	err = meet(&m);
	TEST_ERR(err);
	err = party_alloc(&p, m);
	TEST_ERR(err);
	mem_deref(ask("{\"verb\": \"room set\", \"args\": {\"room\": \"a\","
		      " \"max_parties\": 2}}"));
	TEST_EQ(200, status(0));

	mem_deref(ask("{\"verb\": \"call\", \"args\": {\"room\": \"a\","
		      " \"uri\": \"sip:x@127.0.0.1:9\"}}"));
	TEST_EQ(200, status(0));
	mem_deref(ask("{\"verb\": \"call\", \"args\": {\"room\": \"a\","
		      " \"uri\": \"sip:y@127.0.0.1:9\"}}"));
	TEST_EQ(409, status(0));
	TEST_EQ(2, meeting_count(m, true));
 out:
	down();
	return err;
}

static uint64_t number_at(size_t i)
{
	uint64_t number = 0;

	(void)json_u64(json_object_get(json_array_get(answers, i), "event"),
		       "number", &number);

	return number;
}

static int64_t committed(void)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *sq = NULL;
	char path[128];
	int64_t n = -1;

	(void)re_snprintf(path, sizeof(path), "%s/data/tutti.db", dir);
	if (sqlite3_open_v2(path, &sq, SQLITE_OPEN_READONLY, NULL) ==
	    SQLITE_OK &&
	    sqlite3_prepare_v2(sq, "SELECT max(number) FROM event", -1, &st,
			       NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(sq);

	return n;
}

static void emit(void)
{
	events_emit(srv->events, EV_ROOM_LOCKED,
		    json_pack("{s:s}", "room", "a"));
}

/* Without a hole, however much there is, and while more happens */
static int test_resume(void)
{
	struct req *req = NULL;
	unsigned i;
	int err;

	err = up();
	TEST_ERR(err);
	for (i = 0; i < 11000; i++)
		emit();
	req = ask("{\"verb\": \"event follow\", \"args\": {\"since\": 0}}");
	emit();
	for (i = 0; i < 200 && json_array_size(answers) < 11003; i++)
		run_ms(50);
	emit();
	TEST_EQ(1 + 11003, json_array_size(answers));
	for (i = 1; i < json_array_size(answers); i++) {
		if (number_at(i) != i)
			TEST_EQ(i, number_at(i));
	}
	TEST_EQ(11003, committed());
	req_detach(req);
	TEST_EQ(0, events_followers(srv->events));
 out:
	mem_deref(req);
	down();
	return err;
}

static int make_recording(uint64_t *idp, const char *file, off_t size)
{
	char path[160];
	int fd, err;

	err  = db_recording_start(srv->db, idp, 0, "a", 1, true);
	err |= db_segment_start(srv->db, *idp, 1, file, 1);
	err |= db_segment_end(srv->db, *idp, 1, 2, 1, 1000);
	err |= db_recording_stop(srv->db, *idp, "complete", 2, "");
	if (err || !size)
		return err;

	(void)re_snprintf(path, sizeof(path), "%s/data/recordings/%s", dir,
			  file);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return errno;
	err = ftruncate(fd, size) ? errno : 0;
	(void)close(fd);

	return err;
}

/* Checksums: none stops another, and none keeps the server from going */
static int test_hash(void)
{
	json_t *obj = NULL;
	uint64_t id, start;
	int err, i;

	err = up();
	TEST_ERR(err);
	err = make_recording(&id, "gone.mkv", 0);
	TEST_ERR(err);
	err = make_recording(&id, "small.mkv", 1000);
	TEST_ERR(err);
	recordings_mend(srv);
	for (i = 0; i < 100; i++) {
		run_ms(20);
		obj = (json_decref(obj), NULL);
		err = db_recording_show(srv->db, id, &obj);
		TEST_ERR(err);
		if (json_is_string(json_object_get(obj, "sha256")))
			break;
	}
	TEST_TRUE(i < 100);

	err = make_recording(&id, "huge.mkv", (off_t)1 << 36);
	TEST_ERR(err);
	recording_hash(srv, id);
	run_ms(50);
	start = clock_us();
	srv = mem_deref(srv);
	TEST_TRUE(clock_us() - start < 1000000);
 out:
	json_decref(obj);
	down();
	return err;
}

/* Somebody else holds the database: what waits could not be told. */
static int test_resume_trouble(void)
{
	struct req *req = NULL;
	sqlite3 *sq = NULL;
	char path[128];
	int err;

	err = up();
	TEST_ERR(err);
	(void)re_snprintf(path, sizeof(path), "%s/data/tutti.db", dir);
	TEST_EQ(SQLITE_OK, sqlite3_open(path, &sq));
	TEST_EQ(SQLITE_OK, sqlite3_exec(sq, "BEGIN IMMEDIATE", NULL, NULL,
					NULL));
	emit();
	req = ask("{\"verb\": \"event follow\", \"args\": {\"since\": 0}}");
	TEST_EQ(503, status(json_array_size(answers) - 1));
	TEST_EQ(0, events_followers(srv->events));

	/* from now on is always possible */
	mem_deref(req);
	req = ask("{\"verb\": \"event follow\"}");
	TEST_EQ(1, events_followers(srv->events));
	req_detach(req);
 out:
	sqlite3_close(sq);
	mem_deref(req);
	down();
	return err;
}

static int test_secret(void)
{
	char *text = NULL;
	int err;

	err = up();
	TEST_ERR(err);
	mem_deref(ask("{\"verb\": \"room create\", \"args\": {\"room\":"
		      " \"a\"}}"));
	mem_deref(ask("{\"verb\": \"source add\", \"args\": {\"room\": \"a\","
		      " \"url\": \"rtsp://ann:s3c@ret@cam.example/1?a@b\"}}"));
	TEST_EQ(200, status(0));
	mem_deref(ask("{\"verb\": \"event list\"}"));
	text = json_dumps(answers, 0);
	TEST_TRUE(text && strstr(text, "rtsp://***@cam.example/1?a@b"));
	TEST_TRUE(!strstr(text, "s3c"));
 out:
	free(text);
	down();
	return err;
}

static const struct test testv[] = {
	{"who is called while a meeting lingers stays", test_linger},
	{"who waits for a mixer is answered at its end", test_waiting},
	{"a room that is full calls nobody", test_full},
	{"events are resumed without a hole", test_resume},
	{"checksums wait for nothing, nothing for them", test_hash},
	{"events are not resumed with a hole", test_resume_trouble},
	{"nobody reads a camera's password", test_secret},
	{"a data_dir serves one server", test_second},
	{"a recording alone, and no mixer", test_recording_alone},
	{"a recording whose mixers die", test_given_up},
};

int main(int argc, char **argv)
{
	const char *top = getenv("top_builddir");
	int ret;

	if (top && chdir(top))
		return 99;
	ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	json_decref(answers);

	return ret;
}
