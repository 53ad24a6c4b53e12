/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rest.c -- REST over a real socket, client and server
 * on one loop
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "db/recording.h"
#include "tests/unit/test.h"
#include "tests/unit/test_srv.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "web/http.h"

enum { ANSWER_MAX = 262144, WAIT_MS = 5000 };

/* ---- a client ---- */

static struct {
	int fd;
	const char *until;        /* enough when this was read; NULL: all */
	char buf[ANSWER_MAX];
	size_t len;
	bool done;
} cl = {.fd = -1};

static void give_up(void *arg)
{
	(void)arg;
	re_cancel();
}

static void read_handler(int flags, void *arg)
{
	ssize_t n;

	(void)flags;
	(void)arg;
	n = recv(cl.fd, cl.buf + cl.len, sizeof(cl.buf) - 1 - cl.len,
		 MSG_DONTWAIT);
	if (n > 0)
		cl.len += (size_t)n;
	cl.buf[cl.len] = '\0';
	if (n <= 0 || (cl.until && strstr(cl.buf, cl.until))) {
		cl.done = true;
		fd_close(cl.fd);
		re_cancel();
	}
}

/* The status, 0 without an answer; the answer stays in cl.buf */
static int http(const char *request, const char *until)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct sa sa;
	struct tmr tmr;
	int status = 0;

	if (web_local(srv->web, 0, &sa))
		return -1;
	sin.sin_port = htons(sa_port(&sa));
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cl.len = 0;
	cl.buf[0] = '\0';
	cl.done = false;
	cl.until = until;
	cl.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (cl.fd < 0 || connect(cl.fd, (struct sockaddr *)&sin, sizeof(sin)))
		return -1;
	if (send(cl.fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return -1;

	tmr_init(&tmr);
	tmr_start(&tmr, WAIT_MS, give_up, NULL);
	if (!fd_listen(cl.fd, FD_READ, read_handler, NULL))
		(void)re_main(NULL);
	tmr_cancel(&tmr);
	if (!cl.done)
		fd_close(cl.fd);
	(void)close(cl.fd);
	cl.fd = -1;
	if (cl.done)
		(void)sscanf(cl.buf, "HTTP/1.1 %d", &status);

	return status;
}

/* Ends what a test began and did not end */
static void run_ms(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, give_up, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

static char admin_key[64], host_key[64];

static int ask(const char *method, const char *path, const char *bearer,
	       const char *more, const char *body)
{
	char text[4096];

	(void)re_snprintf(text, sizeof(text), "%s /api/v1%s HTTP/1.1\r\n"
			  "Host: localhost\r\nConnection: close\r\n"
			  "%s%s%s%s", method, path,
			  bearer ? "Authorization: Bearer " : "",
			  bearer ? bearer : "", bearer ? "\r\n" : "",
			  more ? more : "");
	if (body)
		(void)re_snprintf(text + strlen(text),
				  sizeof(text) - strlen(text),
				  "Content-Type: application/json\r\n"
				  "Content-Length: %zu\r\n\r\n%s",
				  strlen(body), body);
	else
		(void)re_snprintf(text + strlen(text),
				  sizeof(text) - strlen(text), "\r\n");

	return http(text, NULL);
}

static int up(void)
{
	const struct req_who admin = srv_admin();
	const char *s = "";
	int err;

	err = srv_up();
	TEST_ERR(err);
	TEST_EQ(200, srv_ask(&admin, "room create", "{\"room\": \"a\", "
			     "\"pin\": \"1234\"}"));
	TEST_EQ(200, srv_ask(&admin, "room create", "{\"room\": \"b\"}"));
	TEST_EQ(200, srv_ask(&admin, "key create", "{\"account\": \"x\", "
			     "\"role\": \"admin\"}"));
	(void)json_str(srv_result(), "key", &s);
	str_ncpy(admin_key, s, sizeof(admin_key));
	TEST_EQ(200, srv_ask(&admin, "key create", "{\"account\": \"y\", "
			     "\"room\": \"a\"}"));
	(void)json_str(srv_result(), "key", &s);
	str_ncpy(host_key, s, sizeof(host_key));
 out:
	return err;
}

/* ---- cases ---- */

static const char no_key[] = "tutti_0123456789abcdefghijABCDEFGHIJ01";

static int test_rest(void)
{
	const struct {
		const char *method, *path, *bearer, *body;
		int status;
		const char *has;
	} v[] = {
		{"GET", "/openapi.json", NULL, NULL, 200, "\"3.1.0\""},
		{"GET", "/rooms/a/door", NULL, NULL, 200,
		 "\"pin_needed\":true"},
		{"HEAD", "/rooms/a/door", NULL, NULL, 200, "\r\n\r\n"},
		{"GET", "/rooms/z/door", NULL, NULL, 404, "No such room"},
		{"POST", "/rooms/a/door", NULL, "{}", 405, "Allow: GET"},
		{"GET", "/rooms/a/ice", NULL, NULL, 401, "PIN required"},
		{"GET", "/rooms/b/ice", NULL, NULL, 401, "A seat, token"},
		{"GET", "/rooms/b/ice", "1", NULL, 401, "A seat, token"},
		{"GET", "/rooms/a/ice", "1234", NULL, 200, "iceServers"},
		{"GET", "/rooms/b/ice", host_key, NULL, 403, "another room"},
		{"GET", "/nothing", NULL, NULL, 404, "No such resource"},
		{"GET", "/", NULL, NULL, 404, "problem+json"},
		{"PUT", "/rooms", NULL, NULL, 405, "Allow: "},
		{"OPTIONS", "/rooms", NULL, NULL, 204, "Allow: "},
		{"GET", "/rooms", NULL, NULL, 401,
		 "WWW-Authenticate: Bearer"},
		{"GET", "/rooms", no_key, NULL, 401, "invalid_token"},
		{"GET", "/rooms", "1234", NULL, 401, "Not a token or key"},
		{"GET", "/rooms", "pin:a:1234", NULL, 403, "for a host"},
		{"GET", "/parties", "pin:a:1234", NULL, 200, "[]"},
		{"GET", "/parties?room=b", "pin:a:1234", NULL, 403,
		 "Not your room"},
		{"GET", "/rooms", host_key, NULL, 200, "\"room\":\"a\""},
		{"GET", "/rooms/b", host_key, NULL, 403, "Not your room"},
		{"POST", "/rooms", host_key, "{\"room\": \"c\"}", 403,
		 "for an administrator"},
		{"POST", "/rooms", admin_key, "{\"room\": \"c\"}", 201,
		 "Location: /api/v1/rooms/c\r\n"},
		{"POST", "/rooms", admin_key, "{\"room\": \"c\"}", 409,
		 "Already there"},
		{"POST", "/rooms", admin_key, "{\"room\": 3}", 400,
		 "room: "},
		{"POST", "/rooms", admin_key, "{\"rom\": \"c\"}", 400, "rom"},
		{"POST", "/rooms", admin_key, "{\"room\": ", 400, "line 1"},
		{"POST", "/rooms", admin_key, "[]", 400,
		 "Not a JSON object"},
		{"POST", "/rooms", admin_key, "{\"room\":1,\"room\":2}", 400,
		 "duplicate"},
		{"POST", "/rooms/c/tokens", admin_key, "{\"ttl\": 60}", 201,
		 "#token="},
		{"POST", "/keys", admin_key, "{\"account\": \"z\"}", 201,
		 "Location: /api/v1/keys/3"},
		{"DELETE", "/keys/3", admin_key, NULL, 200, "{}"},
		{"DELETE", "/keys/3", admin_key, NULL, 404, "No such key"},
		{"PATCH", "/rooms/c", admin_key, "{\"title\": \"Grüße\"}",
		 200, "Grüße"},
		{"GET", "/events?limit=1", admin_key, NULL, 200,
		 "room changed"},
		{"GET", "/events?limit=many", admin_key, NULL, 400, "limit"},
		{"GET", "/parties/12", admin_key, NULL, 404,
		 "No such party"},
		{"GET", "/rooms/a/snapshot", admin_key, NULL, 409,
		 "No meeting"},
		{"GET", "/recordings/7/file", admin_key, NULL, 404,
		 "No such recording"},
		{"GET", "/recordings/7/file?file=/tmp/x", admin_key, NULL,
		 400, "file"},
		{"GET", "/server/backup", host_key, NULL, 403,
		 "for an administrator"},
		{"GET", "/server/backup", admin_key, NULL, 200,
		 "application/vnd.sqlite3"},
	};
	char text[512];
	size_t i;
	int err;

	err = up();
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const int got = ask(v[i].method, v[i].path, v[i].bearer, NULL,
				    v[i].body);

		if (got != v[i].status || !strstr(cl.buf, v[i].has))
			printf("# %s %s %s\n%s\n", v[i].method, v[i].path,
			       v[i].body ? v[i].body : "", cl.buf);
		TEST_EQ(v[i].status, got);
		TEST_TRUE(strstr(cl.buf, v[i].has));
		if (got >= 400 && strcmp(v[i].method, "HEAD"))
			TEST_TRUE(strstr(cl.buf, "application/problem+json"));
	}
	(void)re_snprintf(text, sizeof(text), "POST /api/v1/rooms HTTP/1.1\r\n"
			  "Host: x\r\nConnection: close\r\n"
			  "Authorization: Bearer %s\r\n"
			  "Content-Type: text/plain\r\n"
			  "Content-Length: 2\r\n\r\n{}", admin_key);
	TEST_EQ(415, http(text, NULL));
	/* nothing of a stranger is parsed */
	TEST_EQ(401, http("POST /api/v1/rooms HTTP/1.1\r\nHost: x\r\n"
			  "Connection: close\r\nContent-Length: 3\r\n\r\n[[[",
			  NULL));
	TEST_EQ(404, http("POST /api/v1/none HTTP/1.1\r\nHost: x\r\n"
			  "Connection: close\r\nContent-Length: 3\r\n\r\n[[[",
			  NULL));
 out:
	srv_down();
	return err;
}

static int write_file(const char *name, const char *text, mode_t mode)
{
	char path[160];
	FILE *f;
	int err = 0;

	(void)re_snprintf(path, sizeof(path), "%s/%s", srv_dir, name);
	f = fopen(path, "w");
	if (!f)
		return errno;
	if (fputs(text, f) < 0)
		err = EIO;
	if (fclose(f))
		err = EIO;

	return chmod(path, mode) ? errno : err;
}

/* How often tutti-remux ran */
static unsigned runs(void)
{
	char path[160];
	struct stat st;

	(void)re_snprintf(path, sizeof(path), "%s/runs", srv_dir);

	return stat(path, &st) ? 0 : (unsigned)st.st_size;
}

/* A recording in whole and in parts: made once, for who may see it */
static int test_export(void)
{
	static const char *range = "Range: bytes=6-10\r\n";
	const uint64_t now = clock_wall_us();
	char script[256];
	struct meeting *m;
	uint64_t id = 0;
	int err;

	err = up();
	TEST_ERR(err);
	TEST_ERR(srv_meet(&m, "a"));
	TEST_ERR(db_recording_start(srv->db, &id, m->id, "a", now, true));
	TEST_ERR(db_segment_start(srv->db, id, 1, "x.mkv", now));
	TEST_ERR(write_file("data/recordings/x.mkv", "Hello World!\n", 0640));
	(void)re_snprintf(script, sizeof(script), "#!/bin/sh\n"
			  "printf x >>%s/runs\ncp \"$2\" \"$1\"\n", srv_dir);
	TEST_ERR(write_file("tutti-remux", script, 0755));

	TEST_EQ(409, ask("GET", "/recordings/1/file", host_key, NULL, NULL));
	TEST_ERR(db_recording_stop(srv->db, id, "complete", now, NULL));
	TEST_EQ(0, runs());
	TEST_EQ(200, ask("GET", "/recordings/1/file", host_key, NULL, NULL));
	TEST_TRUE(strstr(cl.buf, "Content-Type: video/mp4"));
	TEST_TRUE(strstr(cl.buf, "recording-1.mp4"));
	TEST_TRUE(strstr(cl.buf, "\r\n\r\nHello World!\n"));
	TEST_EQ(1, runs());

	TEST_EQ(206, ask("GET", "/recordings/1/file", host_key, range, NULL));
	TEST_TRUE(strstr(cl.buf, "Content-Range: bytes 6-10/13"));
	TEST_TRUE(strstr(cl.buf, "\r\n\r\nWorld"));
	TEST_EQ(206, ask("GET", "/recordings/1/file", admin_key, range,
			 NULL));
	TEST_EQ(1, runs());

	/* that it is there helps nobody who may not see it */
	TEST_EQ(401, ask("GET", "/recordings/1/file", NULL, range, NULL));
	TEST_EQ(403, ask("GET", "/recordings/1/file", "pin:a:1234", range,
			 NULL));
	TEST_EQ(200, ask("DELETE", "/recordings/1", admin_key, NULL, NULL));
	TEST_EQ(404, ask("GET", "/recordings/1/file", admin_key, range,
			 NULL));

	/* one that cannot be made says so, and is not kept */
	TEST_ERR(db_recording_start(srv->db, &id, m->id, "a", now, true));
	TEST_ERR(db_segment_start(srv->db, id, 1, "y.mkv", now));
	TEST_ERR(db_recording_stop(srv->db, id, "complete", now, NULL));
	TEST_ERR(write_file("data/recordings/y.mkv", "?", 0640));
	TEST_ERR(write_file("tutti-remux", "#!/bin/sh\nexit 1\n", 0755));
	TEST_EQ(500, ask("GET", "/recordings/2/file", host_key, NULL, NULL));
	TEST_EQ(500, ask("GET", "/recordings/2/file", host_key, NULL, NULL));
 out:
	srv_down();
	return err;
}

static int test_stream(void)
{
	char text[512];
	int err;

	err = up();
	TEST_ERR(err);

	/* 1 is the start, 2 and 3 the rooms, 4 and 5 the keys */
	(void)re_snprintf(text, sizeof(text), "GET /api/v1/events/follow "
			  "HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 3\r\n"
			  "Authorization: Bearer %s\r\n\r\n", admin_key);
	TEST_EQ(200, http(text, "id: 5\n"));
	TEST_TRUE(strstr(cl.buf, "text/event-stream"));
	TEST_TRUE(strstr(cl.buf, "id: 4\n"));
	TEST_TRUE(!strstr(cl.buf, "id: 3\n"));
	TEST_TRUE(strstr(cl.buf, "\"event\":\"key created\""));

	/* the client has gone: so has the follower */
	for (int i = 0; i < 100 && events_followers(srv->events); i++)
		run_ms(20);
	TEST_EQ(0, events_followers(srv->events));

	/* a host is told of his room only */
	(void)re_snprintf(text, sizeof(text), "GET /api/v1/events/follow"
			  "?since=1 HTTP/1.1\r\nHost: x\r\n"
			  "Authorization: Bearer %s\r\n\r\n", host_key);
	TEST_EQ(200, http(text, "id: 2\n"));
	run_ms(50);
	TEST_TRUE(!strstr(cl.buf, "id: 3\n"));
	TEST_TRUE(!strstr(cl.buf, "key created"));

	/* the server ends while somebody follows */
	(void)re_snprintf(text, sizeof(text), "GET /api/v1/events/follow"
			  "?since=2&room=b HTTP/1.1\r\nHost: x\r\n"
			  "Authorization: Bearer %s\r\n\r\n", admin_key);
	TEST_EQ(200, http(text, "id: 3\n"));
 out:
	srv_down();
	return err;
}

int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"requests and what is answered", test_rest},
		{"a recording, in whole and in parts", test_export},
		{"events as they happen", test_stream},
	};

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
