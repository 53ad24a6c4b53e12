/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_tuttid.c -- the server without calls: verbs, control
 * socket, events, helper processes
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "tests/unit/test.h"
#include "tuttid/child.h"
#include "tuttid/control.h"
#include "tuttid/events.h"
#include "tuttid/pin_guard.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/text.h"
#include "tuttid/verbs.h"

/* ---- a server in a directory of its own ---- */

static char dir[64];
static struct config *conf;
static struct server *srv;

static int rm_handler(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;

	return remove(path);
}

static int set(const char *fmt, const char *val)
{
	char line[160], text[160];

	(void)re_snprintf(line, sizeof(line), fmt, val);

	return config_set(conf, line, text, sizeof(text));
}

static int up(void)
{
	char text[256] = "", port[32];
	int err = 0, i;

	log_init("test", LVL_ERROR, false);
	str_ncpy(dir, "/tmp/tutti-test-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return errno;

	/* a port that happens to be free */
	for (i = 0; i < 20; i++) {
		conf = mem_deref(conf);
		text[0] = '\0';
		(void)re_snprintf(port, sizeof(port), "%u",
				  30000 + rand_u16() % 30000);
		err  = config_alloc(&conf);
		err |= set("data_dir %s/data", dir);
		err |= set("control_socket %s/run/sock", dir);
		err |= set("sip_listen udp 127.0.0.1:%s", port);
		(void)re_snprintf(port, sizeof(port), "%u",
				  30000 + rand_u16() % 30000);
		err |= set("web_listen http 127.0.0.1:%s", port);
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
	if (dir[0])
		(void)nftw(dir, rm_handler, 8, FTW_DEPTH | FTW_PHYS);
	dir[0] = '\0';
}

/* ---- one request without a socket ---- */

static json_t *answers;

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

	json_decref(answers);
	answers = json_array();
	(void)req_alloc(&req, json_object_get(msg, "id"), &who, line_handler,
			NULL);
	verbs_dispatch(srv, req, msg);
	json_decref(msg);

	return req;
}

/* The status, 200 when all went well, 0 without an answer */
static int status(const char *text)
{
	json_t *answer;
	uint32_t n = 0;

	mem_deref(ask(text));
	answer = json_array_get(answers, 0);
	if (json_is_true(json_object_get(answer, "ok")))
		return 200;
	(void)json_u32(json_object_get(answer, "error"), "status", &n);

	return (int)n;
}

static json_t *result(void)
{
	return json_object_get(json_array_get(answers, 0), "result");
}

/* ---- cases ---- */

static int test_table(void)
{
	int err = 0;

	if (verbs_missing())
		printf("# \"%s\"\n", verbs_missing());
	TEST_TRUE(!verbs_missing());
 out:
	return err;
}

static int test_arguments(void)
{
	static const struct {
		const char *text;
		int status;
	} v[] = {
		{"{}", 400},
		{"{\"verb\": 1}", 400},
		{"{\"verb\": \"room dance\"}", 404},
		{"{\"verb\": \"room list\"}", 200},
		{"{\"verb\": \"room list\", \"args\": []}", 400},
		{"{\"verb\": \"room list\", \"args\": {\"x\": 1}}", 400},
		{"{\"verb\": \"room create\"}", 400},
		{"{\"verb\": \"room create\", \"args\": {\"room\": 1}}", 400},
		{"{\"verb\": \"room create\", \"args\": {\"room\": \"a b\"}}",
		 400},
		{"{\"verb\": \"room create\", \"args\": {\"room\": "
		 "\"a\\u0007\"}}", 400},
		{"{\"verb\": \"room create\", \"args\": {\"room\": \"a\", "
		 "\"fit\": \"stretch\"}}", 400},
		{"{\"verb\": \"room create\", \"args\": {\"room\": \"a\", "
		 "\"tones\": \"yes\"}}", 400},
		{"{\"verb\": \"room create\", \"args\": {\"room\": \"a\", "
		 "\"linger\": -1}}", 400},
		{"{\"verb\": \"room create\", \"args\": {\"room\": \"a\", "
		 "\"number\": \"3000\"}}", 200},
		{"{\"verb\": \"room create\", \"args\": {\"room\": \"A\"}}",
		 409},
		{"{\"verb\": \"room create\", \"args\": {\"room\": \"b\", "
		 "\"number\": \"3000\"}}", 409},
		{"{\"verb\": \"room show\", \"args\": {\"room\": 3000}}", 200},
		{"{\"verb\": \"room show\", \"args\": {\"room\": \"a\"}}",
		 200},
		{"{\"verb\": \"room show\", \"args\": {\"room\": \"z\"}}",
		 404},
		{"{\"verb\": \"room snapshot\", \"args\": {\"room\": \"a\", "
		 "\"file\": \"/x\"}}", 409},
		{"{\"verb\": \"room end\", \"args\": {\"room\": \"a\"}}", 409},
		{"{\"verb\": \"party mute\", \"args\": {\"party\": 7}}", 404},
		{"{\"verb\": \"party mute\", \"args\": {\"party\": \"7\"}}",
		 400},
		{"{\"verb\": \"call\", \"args\": {\"room\": \"a\", "
		 "\"uri\": \"nonsense\"}}", 400},
		{"{\"verb\": \"source add\", \"args\": {\"room\": \"a\", "
		 "\"url\": \"test:0\"}}", 400},
		{"{\"verb\": \"source add\", \"args\": {\"room\": \"a\", "
		 "\"url\": \"concat:/a|/b\"}}", 400},
		{"{\"verb\": \"source add\", \"args\": {\"room\": \"a\", "
		 "\"url\": \"test:1\"}}", 200},
		{"{\"verb\": \"source remove\", \"args\": {\"source\": 99}}",
		 404},
		{"{\"verb\": \"recording start\", \"args\": "
		 "{\"room\": \"a\"}}", 409},
		{"{\"verb\": \"recording show\", \"args\": "
		 "{\"recording\": 1}}", 404},
		{"{\"verb\": \"meeting show\", \"args\": {\"meeting\": 1}}",
		 404},
		{"{\"verb\": \"event list\", \"args\": {\"limit\": 3}}", 200},
		{"{\"verb\": \"server status\"}", 200},
		{"{\"verb\": \"server stats\"}", 200},
		{"{\"verb\": \"room lock\", \"args\": {\"room\": \"a\"}}",
		 200},
		{"{\"verb\": \"room delete\", \"args\": {\"room\": \"a\"}}",
		 200},
		{"{\"verb\": \"room delete\", \"args\": {\"room\": \"a\"}}",
		 404},
	};
	size_t i;
	int err;

	err = up();
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const int got = status(v[i].text);

		if (got != v[i].status)
			printf("# %s\n", v[i].text);
		TEST_EQ(v[i].status, got);
	}
	TEST_EQ(0, rooms_count(srv->rooms));
 out:
	down();
	return err;
}

static int test_restart(void)
{
	const char *s = "";
	char text[256] = "";
	int err;

	err = up();
	TEST_ERR(err);
	TEST_EQ(200, status("{\"verb\": \"room create\", \"args\": {\"room\":"
			    " \"Alpha\", \"number\": \"12\", \"title\":"
			    " \"Grüße\", \"record\": \"always\"}}"));
	TEST_EQ(200, status("{\"verb\": \"room create\", \"args\": {\"room\":"
			    " \"aleph\"}}"));
	TEST_EQ(200, status("{\"verb\": \"source add\", \"args\": {\"room\":"
			    " \"12\", \"url\": \"test:3\"}}"));
	TEST_EQ(200, status("{\"verb\": \"room set\", \"args\": {\"room\":"
			    " \"12\", \"number\": \"13\"}}"));

	srv = mem_deref(srv);
	err = server_alloc(&srv, conf, text, sizeof(text));
	TEST_ERR(err);
	TEST_EQ(2, rooms_count(srv->rooms));
	TEST_EQ(404, status("{\"verb\": \"room show\", \"args\": {\"room\":"
			    " \"12\"}}"));
	TEST_EQ(200, status("{\"verb\": \"room show\", \"args\": {\"room\":"
			    " \"13\"}}"));
	(void)json_str(result(), "title", &s);
	TEST_STR("Grüße", s);
	TEST_EQ(1, json_array_size(json_object_get(result(), "source")));
	TEST_EQ(200, status("{\"verb\": \"room list\"}"));
	(void)json_str(json_array_get(result(), 0), "room", &s);
	TEST_STR("aleph", s);
 out:
	down();
	return err;
}

static int test_dial(void)
{
	static const struct {
		const char *user;
		bool found, ok, host;
	} v[] = {
		{"100",        true,  true,  false},
		{"OPEN",       true,  true,  false},
		{"o%70en",     false, false, false},
		{"open.room",  true,  false, false},
		{"open.room.1234", true, true, false},
		{"open.room.9999", true, true, true},
		{"200.1234",   true,  true,  false},
		{"200.12345",  true,  false, false},
		{"200.",       true,  false, false},
		{"100.1",      true,  true,  false},
		{"hosted",     true,  true,  false},
		{"hosted.7777", true, true,  true},
		{"hosted.7778", true, false, false},
		{"hosted.",    true,  false, false},
		{"300",        false, false, false},
		{"",           false, false, false},
		{".1234",      false, false, false},
	};
	size_t i;
	int err;

	err = up();
	TEST_ERR(err);
	TEST_EQ(200, status("{\"verb\": \"room create\", \"args\": {\"room\":"
			    " \"open\", \"number\": \"100\"}}"));
	TEST_EQ(200, status("{\"verb\": \"room create\", \"args\": {\"room\":"
			    " \"open.room\", \"number\": \"200\", \"pin\":"
			    " \"1234\", \"host_pin\": \"9999\"}}"));
	/* guests need none here: a wrong one is a guess at the host's */
	TEST_EQ(200, status("{\"verb\": \"room create\", \"args\": {\"room\":"
			    " \"hosted\", \"host_pin\": \"7777\"}}"));

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct room_dial dial;
		struct pl pl;

		pl_set_str(&pl, v[i].user);
		printf("# dial \"%s\"\n", v[i].user);
		TEST_EQ(v[i].found, !rooms_dial(srv->rooms, &pl, &dial));
		if (!v[i].found)
			continue;
		TEST_EQ(v[i].ok, dial.pin_ok);
		TEST_EQ(v[i].host, dial.host);
	}
 out:
	down();
	return err;
}

static int test_guessing(void)
{
	static struct pin_guard guard;
	const uint64_t ms = 1000;
	struct sa a, b, c, d;
	uint64_t now = 5 * 1000000;
	int err, i;

	err  = sa_set_str(&a, "192.0.2.1", 5060);
	err |= sa_set_str(&b, "192.0.2.2", 5060);
	TEST_ERR(err);

	for (i = 0; i < PIN_GUARD_TRIES; i++) {
		TEST_TRUE(pin_guard_ok(&guard, &a, now));
		pin_guard_wrong(&guard, &a, now);
		sa_set_port(&a, 6000 + i);      /* does not help */
	}
	TEST_TRUE(!pin_guard_ok(&guard, &a, now));
	TEST_TRUE(pin_guard_ok(&guard, &b, now));
	now += (PIN_GUARD_MS - 1) * ms;
	TEST_TRUE(!pin_guard_ok(&guard, &a, now));
	now += ms;
	TEST_TRUE(pin_guard_ok(&guard, &a, now));
	pin_guard_wrong(&guard, &a, now);
	TEST_TRUE(pin_guard_ok(&guard, &a, now));

	/* a /64 is one guest, the IPv4 seen by a socket of both are not */
	err  = sa_set_str(&a, "2001:db8::1", 5060);
	err |= sa_set_str(&b, "2001:db8::2", 5060);
	err |= sa_set_str(&c, "::ffff:192.0.2.1", 5060);
	err |= sa_set_str(&d, "::ffff:192.0.2.2", 5060);
	TEST_ERR(err);
	for (i = 0; i < PIN_GUARD_TRIES; i++) {
		pin_guard_wrong(&guard, &a, now);
		pin_guard_wrong(&guard, &c, now);
	}
	TEST_TRUE(!pin_guard_ok(&guard, &b, now));
	TEST_TRUE(!pin_guard_ok(&guard, &c, now));
	TEST_TRUE(pin_guard_ok(&guard, &d, now));
 out:
	return err;
}

static int test_follow(void)
{
	struct req *req = NULL;
	const char *s = "";
	int err;

	err = up();
	TEST_ERR(err);
	TEST_EQ(200, status("{\"verb\": \"room create\", \"args\": {\"room\":"
			    " \"a\"}}"));

	/* 1 is "server started" */
	req = ask("{\"id\": 5, \"verb\": \"event follow\", \"args\":"
		  " {\"since\": 1, \"name\": \"room\"}}");
	TEST_EQ(2, json_array_size(answers));
	TEST_TRUE(json_is_true(json_object_get(json_array_get(answers, 0),
					       "ok")));
	(void)json_str(json_object_get(json_array_get(answers, 1), "event"),
		       "event", &s);
	TEST_STR("room created", s);
	TEST_EQ(1, events_followers(srv->events));

	events_emit(srv->events, EV_ROOM_LOCKED, json_pack("{s:s}", "room",
							   "a"));
	events_emit(srv->events, EV_PARTY_TALKING,
		    json_pack("{s:s}", "room", "a"));
	TEST_EQ(3, json_array_size(answers));

	req_detach(req);
	TEST_EQ(0, events_followers(srv->events));
	events_emit(srv->events, EV_ROOM_UNLOCKED, json_pack("{s:s}", "room",
							     "a"));
	TEST_EQ(3, json_array_size(answers));
 out:
	mem_deref(req);
	down();
	return err;
}

static int test_unanswered(void)
{
	const struct req_who who = {.role = VERB_ADMIN};
	struct req *req = NULL;
	int err;

	json_decref(answers);
	answers = json_array();
	err = req_alloc(&req, NULL, &who, line_handler, NULL);
	TEST_ERR(err);
	req = mem_deref(req);
	TEST_EQ(1, json_array_size(answers));

	err = req_alloc(&req, NULL, &who, line_handler, NULL);
	TEST_ERR(err);
	req_ok(req, NULL);
	req_fail(req, 500, "twice", NULL);
	req = mem_deref(req);
	TEST_EQ(2, json_array_size(answers));
 out:
	mem_deref(req);
	return err;
}

static int test_text(void)
{
	static const struct {
		const char *in, *out;
	} v[] = {
		{"Ann", "Ann"},
		{"  Ann \t Müller\n", "Ann Müller"},
		{"a\x01\x02z", "a z"},
		{"\xe2\x80\xae" "evil", "evil"},
		{"bad\xff" "byte", "bad\xef\xbf\xbd" "byte"},
		{"over\xc0\xaf", "over\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"", ""},
		{NULL, ""},
	};
	char buf[64];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++)
		TEST_STR(v[i].out, text_tidy(buf, sizeof(buf), v[i].in));

	/* no half character at the end */
	TEST_STR("aa", text_tidy(buf, 4, "aa\xc3\xbc"));
	TEST_STR("a\xc3\xbc", text_tidy(buf, 4, "a\xc3\xbc"));
 out:
	return err;
}

/* ---- the control socket, with a client on the same loop ---- */

struct client {
	int fd;
	char buf[65536];
	size_t len;
	bool closed;
	unsigned lines, want;
	struct tmr tmr;
};

static void client_handler(int flags, void *arg)
{
	struct client *c = arg;
	ssize_t n;

	(void)flags;
	n = read(c->fd, c->buf + c->len, sizeof(c->buf) - 1 - c->len);
	if (n <= 0) {
		c->closed = true;
		re_cancel();
		return;
	}
	for (; n; n--)
		c->lines += c->buf[c->len++] == '\n';
	c->buf[c->len] = '\0';
	if (c->want && c->lines >= c->want)
		re_cancel();
}

static void timeout_handler(void *arg)
{
	(void)arg;
	re_cancel();
}

static int client_run(struct client *c, unsigned want)
{
	c->want = want;
	tmr_start(&c->tmr, 5000, timeout_handler, NULL);
	if (!c->closed)
		(void)re_main(NULL);
	tmr_cancel(&c->tmr);

	return 0;
}

static int client_open(struct client *c)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memset(c, 0, sizeof(*c));
	tmr_init(&c->tmr);
	(void)re_snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/run/sock",
			  dir);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)))
		return errno;

	return fd_listen(c->fd, FD_READ, client_handler, c);
}

static void client_close(struct client *c)
{
	if (c->fd <= 0)
		return;
	tmr_cancel(&c->tmr);
	fd_close(c->fd);
	(void)close(c->fd);
	c->fd = -1;
}

static int say(struct client *c, const char *s)
{
	return write(c->fd, s, strlen(s)) == (ssize_t)strlen(s) ? 0 : EPIPE;
}

static struct client cl;

static int test_socket(void)
{
	struct stat st;
	char path[96];
	int err;

	err = up();
	TEST_ERR(err);
	(void)re_snprintf(path, sizeof(path), "%s/run/sock", dir);
	TEST_EQ(0, stat(path, &st));
	TEST_EQ(0660, st.st_mode & 0777);

	err = client_open(&cl);
	TEST_ERR(err);
	err = say(&cl, "{\"id\": 1, \"verb\": \"room list\"}\n\n"
		  "{\"id\": \"two\", \"verb\": \"room list\"}\n"
		  "{\"id\": 3, \"verb\": \"server check\"}\n");
	TEST_ERR(err);
	(void)client_run(&cl, 3);
	TEST_EQ(3, cl.lines);
	TEST_TRUE(strstr(cl.buf, "\"id\":1"));
	TEST_TRUE(strstr(cl.buf, "\"id\":\"two\""));
	TEST_TRUE(strstr(cl.buf, "\"id\":3"));

	/* what is no JSON ends it */
	err = say(&cl, "hello\n");
	TEST_ERR(err);
	(void)client_run(&cl, 0);
	TEST_TRUE(cl.closed);
	TEST_TRUE(strstr(cl.buf, "\"status\":400"));
	client_close(&cl);
	TEST_EQ(0, control_clients(srv->control));
 out:
	client_close(&cl);
	down();
	return err;
}

/* Without a descriptor for him a client waits, and the loop does not spin. */
static int test_no_fds(void)
{
	struct rlimit was, none;
	clock_t cpu;
	int err;

	err = up();
	TEST_ERR(err);
	TEST_EQ(0, getrlimit(RLIMIT_NOFILE, &was));
	err = client_open(&cl);
	TEST_ERR(err);
	err = say(&cl, "{\"verb\": \"room list\"}\n");
	TEST_ERR(err);

	none = was;
	none.rlim_cur = 3;
	TEST_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	cpu = clock();
	tmr_start(&cl.tmr, 400, timeout_handler, NULL);
	(void)re_main(NULL);
	cpu = clock() - cpu;
	TEST_EQ(0, setrlimit(RLIMIT_NOFILE, &was));
	TEST_TRUE(cpu < CLOCKS_PER_SEC / 10);
	TEST_EQ(0, cl.lines);

	(void)client_run(&cl, 1);
	TEST_EQ(1, cl.lines);
 out:
	client_close(&cl);
	down();
	return err;
}

static int test_long_line(void)
{
	char *line = NULL;
	size_t sent = 0;
	int err;

	err = up();
	TEST_ERR(err);
	err = client_open(&cl);
	TEST_ERR(err);
	(void)fcntl(cl.fd, F_SETFL, O_NONBLOCK);

	line = malloc(CONTROL_LINE_MAX);
	TEST_TRUE(line);
	memset(line, ' ', CONTROL_LINE_MAX);
	while (sent < CONTROL_LINE_MAX) {
		ssize_t n = write(cl.fd, line, CONTROL_LINE_MAX - sent);

		if (n > 0)
			sent += n;
		else {
			(void)client_run(&cl, 1);
			break;
		}
	}
	(void)client_run(&cl, 0);
	TEST_TRUE(cl.closed);
	TEST_TRUE(strstr(cl.buf, "Line too long"));
 out:
	free(line);
	client_close(&cl);
	down();
	return err;
}

static int test_stale_socket(void)
{
	struct control *ctl = NULL;
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char text[256] = "";
	struct server *other = NULL;
	int fd = -1, err;

	err = up();
	TEST_ERR(err);

	/* a second server does not take it away */
	TEST_TRUE(server_alloc(&other, conf, text, sizeof(text)));
	TEST_TRUE(!other);

	/* one that a crash left behind is replaced */
	(void)re_snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/stale",
			  dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	TEST_EQ(0, bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	(void)close(fd);
	err = control_alloc(&ctl, sun.sun_path, NULL, NULL);
	TEST_EQ(EINVAL, err);
	err = control_alloc(&ctl, sun.sun_path,
			    (control_req_h *)verbs_dispatch, NULL);
	TEST_ERR(err);
 out:
	mem_deref(ctl);
	down();
	return err;
}

/* ---- helper processes ---- */

struct seen {
	unsigned lines;
	char last[64];
	int status;
	bool exited;
};

static void seen_line(const char *line, void *arg)
{
	struct seen *seen = arg;

	++seen->lines;
	str_ncpy(seen->last, line, sizeof(seen->last));
}

static void seen_exit(int st, void *arg)
{
	struct seen *seen = arg;

	seen->status = st;
	seen->exited = true;
	re_cancel();
}

static int test_child(void)
{
	static const char *const argv[] = {
		"sh", "-c", "echo one; echo two >&2; ls /proc/self/fd | "
		"wc -l; printf '%s' last; exit 3", NULL};
	struct seen seen = {0, "", 0, false};
	struct child *child = NULL;
	struct tmr tmr;
	int err;

	tmr_init(&tmr);
	err = child_spawn(&child, "/bin/sh", argv, NULL, 0, true, seen_line,
			  seen_exit, &seen);
	TEST_ERR(err);
	tmr_start(&tmr, 5000, timeout_handler, NULL);
	(void)re_main(NULL);
	TEST_TRUE(seen.exited);
	TEST_EQ(4, seen.lines);
	TEST_STR("last", seen.last);
	TEST_TRUE(WIFEXITED(seen.status));
	TEST_EQ(3, WEXITSTATUS(seen.status));
 out:
	tmr_cancel(&tmr);
	mem_deref(child);
	return err;
}

static int test_child_ended(void)
{
	static const char *const argv[] = {"sleep", "60", NULL};
	struct seen seen = {0, "", 0, false};
	struct child *child = NULL;
	struct tmr tmr;
	pid_t pid;
	int err, i;

	tmr_init(&tmr);
	err = child_spawn(&child, "/bin/sleep", argv, NULL, 0, false,
			  seen_line, seen_exit, &seen);
	TEST_ERR(err);
	pid = child_pid(child);
	child = mem_deref(child);
	for (i = 0; i < 50 && !kill(pid, 0); i++) {
		tmr_start(&tmr, 20, timeout_handler, NULL);
		(void)re_main(NULL);
	}
	TEST_TRUE(kill(pid, 0));
	TEST_TRUE(!seen.exited);
 out:
	tmr_cancel(&tmr);
	mem_deref(child);
	return err;
}

static const struct test testv[] = {
	{"every verb has a handler", test_table},
	{"arguments are checked, things found", test_arguments},
	{"rooms and sources come back", test_restart},
	{"what callers dial", test_dial},
	{"who guesses PINs waits", test_guessing},
	{"events are followed and resumed", test_follow},
	{"a request is answered once", test_unanswered},
	{"text of peers is tidied", test_text},
	{"requests over the socket", test_socket},
	{"no descriptor for a client", test_no_fds},
	{"a line too long", test_long_line},
	{"the socket of a crash, and of another", test_stale_socket},
	{"a child's lines and exit", test_child},
	{"a child is ended", test_child_ended},
};

int main(int argc, char **argv)
{
	int ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));

	json_decref(answers);

	return ret;
}
