/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_web_ws.c -- WebSockets over sockets, also hostile ones
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/test.h"
#include "tests/unit/web_fixture.h"


static bool wait_for(atomic_uint *valp, unsigned want, unsigned ms)
{
	const uint64_t end = clock_us() + ms * 1000ull;

	while (atomic_load(valp) != want && clock_us() < end)
		usleep(5000);

	return atomic_load(valp) == want;
}


/* The next text is this one; pings are skipped */
static int expect(struct cl *cl, const char *want)
{
	uint8_t first = 0;
	char *text = NULL;
	size_t n;
	int err;

	do {
		free(text);
		text = NULL;
		err = cl_ws_next(cl, &first, &text, &n);
	} while (!err && first == 0x89);
	if (!err && (first != 0x81 || strcmp(text, want))) {
		printf("# %02x '%s' instead of '%s'\n", first, text, want);
		err = EBADMSG;
	}
	free(text);

	return err;
}


static int client_talk(struct fix *fix)
{
	struct cl cl = {0};
	char *text = NULL, *big = NULL;
	uint8_t first;
	size_t n;
	int err = 0, i;

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ws(&cl, "/ws/demo", "Origin: http://x\r\n"));
	TEST_ERR(cl_frame(&cl, 0x81, "{\"a\":1}", 7));
	TEST_ERR(expect(&cl, "{\"echo\":{\"a\":1}}"));

	/* in fragments, a ping between them */
	TEST_ERR(cl_frame(&cl, 0x01, "{\"a\"", 4));
	TEST_ERR(cl_frame(&cl, 0x89, "hi", 2));
	TEST_ERR(cl_frame(&cl, 0x80, ":2}", 3));
	TEST_ERR(cl_ws_next(&cl, &first, &text, &n));
	TEST_EQ(0x8a, first);
	TEST_STR("hi", text);
	TEST_ERR(expect(&cl, "{\"echo\":{\"a\":2}}"));

	/* many at once, in order; the largest message */
	for (i = 0; i < 200; i++) {
		char msg[32];

		TEST_ERR(cl_frame(&cl, 0x81, msg, (size_t)snprintf(msg,
				sizeof(msg), "{\"n\":%d}", i)));
	}
	for (i = 0; i < 200; i++) {
		char msg[64];

		snprintf(msg, sizeof(msg), "{\"echo\":{\"n\":%d}}", i);
		TEST_ERR(expect(&cl, msg));
	}
	big = malloc(WEB_WS_MSG_MAX);
	memset(big, 'b', WEB_WS_MSG_MAX);
	memcpy(big, "{\"b\":\"", 6);
	memcpy(big + WEB_WS_MSG_MAX - 2, "\"}", 2);
	TEST_ERR(cl_frame(&cl, 0x81, big, WEB_WS_MSG_MAX));
	free(text);
	TEST_ERR(cl_ws_next(&cl, &first, &text, &n));
	TEST_EQ(WEB_WS_MSG_MAX + 9, n);

	/* the client says good-bye */
	TEST_ERR(cl_frame(&cl, 0x88, "\x03\xe8", 2));
	TEST_EQ(1000, cl_ws_code(&cl));
	TEST_ERR(cl_ended(&cl, 1000));
	TEST_TRUE(wait_for(&fix->closed, 1, 3000));
	TEST_EQ(1000, atomic_load(&fix->code));
	cl_close(&cl);

	/* without a code; without a word */
	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ws(&cl, "/ws/demo", NULL));
	TEST_ERR(cl_frame(&cl, 0x88, "", 0));
	TEST_EQ(1000, cl_ws_code(&cl));
	TEST_TRUE(wait_for(&fix->closed, 2, 3000));
	TEST_EQ(1005, atomic_load(&fix->code));
	cl_close(&cl);
	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ws(&cl, "/ws/demo", NULL));
	cl_close(&cl);
	TEST_TRUE(wait_for(&fix->closed, 3, 3000));
	TEST_EQ(1006, atomic_load(&fix->code));

	/* the server does, and then the client answers or does not */
	for (i = 0; i < 2; i++) {
		TEST_ERR(cl_open(&cl, &fix->addr));
		TEST_ERR(cl_ws(&cl, "/ws/demo", NULL));
		TEST_ERR(cl_frame(&cl, 0x81, "{\"close\":4410}", 14));
		if (i)                /* both at once */
			TEST_ERR(cl_frame(&cl, 0x88, "\x03\xe9", 2));
		TEST_EQ(4410, cl_ws_code(&cl));
		if (!i)
			TEST_ERR(cl_frame(&cl, 0x88, "\x11\x3a", 2));
		TEST_ERR(cl_ended(&cl, 1000));
		cl_close(&cl);
	}
	usleep(100000);
	TEST_EQ(3, atomic_load(&fix->closed));

 out:
	free(text);
	free(big);
	cl_close(&cl);

	return err;
}


static int test_talk(void)
{
	return fix_run(client_talk, NULL);
}


static int client_refused(struct fix *fix)
{
	static const struct {
		int status;
		const char *text;
	} v[] = {
#define WS(path, fields) "GET " path " HTTP/1.1\r\nHost: x\r\nUpgrade: "  \
	"websocket\r\nConnection: Upgrade\r\n" fields "\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"
		{403, WS("/ws/a", KEY V13 "Origin: http://evil\r\n")},
		{403, WS("/ws/a", KEY V13 "Origin: null\r\n")},
		{426, WS("/ws/a", KEY "Sec-WebSocket-Version: 8\r\n")},
		{426, WS("/ws/a", KEY)},
		{400, WS("/ws/a", V13)},
		{400, WS("/ws/a", V13 "Sec-WebSocket-Key: short\r\n")},
		{400, WS("/ws/a", KEY V13 "Sec-WebSocket-Protocol: mqtt\r\n")},
		{400, WS("/ws/a", KEY V13 "Content-Length: 3\r\n") "abc"},
		{404, WS("/elsewhere/a", KEY V13)},
		{101, WS("/ws/a", KEY V13 "Origin: http://x:80\r\n")},
		{101, WS("/ws/a", KEY V13 "Origin: https://friend.example"
			 "\r\n")},
		{101, WS("/ws/a", KEY V13)},
	};
	struct answer an = {0};
	struct cl cl = {0};
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		printf("# case %zu: %d\n", i, v[i].status);
		TEST_ERR(cl_open(&cl, &fix->addr));
		TEST_ERR(cl_ask(&cl, &an, v[i].text));
		TEST_EQ(v[i].status, an.status);
		cl_close(&cl);
	}
	TEST_TRUE(wait_for(&fix->opened, 3, 3000));
	TEST_TRUE(wait_for(&fix->closed, 3, 3000));

 out:
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_refused(void)
{
	return fix_run(client_refused, NULL);
}


static int client_hostile(struct fix *fix)
{
	static const struct {
		int code;
		const char *p;
		size_t n;
	} v[] = {
#define BYTES(s) s, sizeof(s) - 1
#define M0 "\0\0\0\0"
		{1002, BYTES("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xfc"
			     "ABCDAAAAAAAAAAAAAAAA")},
		{1009, BYTES("\x81\xff\0\0\0\0\0\x10\0\0" M0 "{\"a\"")},
		{1002, BYTES("\x81\x02{}")},
		{1002, BYTES("\xf1\x82" M0 "{}")},
		{1003, BYTES("\x82\x82" M0 "{}")},
		{1007, BYTES("\x81\x82" M0 "\xc3(")},
		{1007, BYTES("\x81\x82" M0 "[]")},
		{1007, BYTES("\x81\x81" M0 "{")},
		{1007, BYTES("\x81\x80" M0)},
		{1007, BYTES("\x81\x8d" M0 "{\"a\":1,\"a\":2}")},
		{1002, BYTES("\x80\x82" M0 "{}")},
		{1002, BYTES("\x09\x80" M0)},
		{1002, BYTES("\x88\x81" M0 "x")},
	};
	uint8_t *flood = NULL;
	struct cl cl = {0};
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		printf("# case %zu: %d\n", i, v[i].code);
		TEST_ERR(cl_open(&cl, &fix->addr));
		TEST_ERR(cl_ws(&cl, "/ws/a", NULL));
		TEST_ERR(cl_send(&cl, v[i].p, v[i].n));
		TEST_EQ(v[i].code, cl_ws_code(&cl));
		TEST_ERR(cl_ended(&cl, 1000));
		cl_close(&cl);
		TEST_TRUE(wait_for(&fix->closed, (unsigned)i + 1, 3000));
		TEST_EQ(v[i].code, atomic_load(&fix->code));
	}

	/* a megabyte, really sent; then fragments without an end */
	flood = calloc(1, 1 << 20);
	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ws(&cl, "/ws/a", NULL));
	(void)cl_frame(&cl, 0x81, flood, 1 << 20);
	TEST_EQ(1009, cl_ws_code(&cl));
	cl_close(&cl);
	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ws(&cl, "/ws/a", NULL));
	for (i = 0; i < 6000; i += 6) {
		flood[i] = i ? 0x00 : 0x01;
		flood[i + 1] = 0x80;
	}
	for (i = 0; i < 100; i++) {
		if (cl_send(&cl, flood + (i ? 6 : 0), 6000 - (i ? 6 : 0)))
			break;
	}
	TEST_EQ(1009, cl_ws_code(&cl));

	/* 20000 pings are answered, but not by 20000 pongs in a queue */
	cl_close(&cl);
	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ws(&cl, "/ws/a", NULL));
	for (i = 0; i < 120000; i += 6) {
		flood[i] = 0x89;
		flood[i + 1] = 0x80;
	}
	TEST_ERR(cl_send(&cl, flood, 120000));
	TEST_ERR(cl_frame(&cl, 0x81, "{\"close\":4000}", 14));
	TEST_EQ(4000, cl_ws_code(&cl));

 out:
	free(flood);
	cl_close(&cl);

	return err;
}


static int test_hostile(void)
{
	return fix_run(client_hostile, NULL);
}


static int client_silent(struct fix *fix)
{
	struct cl alive = {0}, dead = {0};
	uint8_t first;
	char *text;
	size_t n;
	int err = 0, i;

	TEST_ERR(cl_open(&alive, &fix->addr));
	TEST_ERR(cl_ws(&alive, "/ws/a", NULL));
	TEST_ERR(cl_open(&dead, &fix->addr));
	TEST_ERR(cl_ws(&dead, "/ws/a", NULL));

	/* 3 pings: one answers, the other one is gone after the first */
	for (i = 0; i < 3; i++) {
		TEST_ERR(cl_ws_next(&alive, &first, &text, &n));
		free(text);
		TEST_EQ(0x89, first);
		TEST_ERR(cl_frame(&alive, 0x8a, "", 0));
	}
	TEST_ERR(cl_ended(&dead, 100));
	TEST_TRUE(wait_for(&fix->closed, 1, 1000));
	TEST_EQ(1006, atomic_load(&fix->code));
	TEST_ERR(cl_frame(&alive, 0x81, "{}", 2));
	TEST_ERR(expect(&alive, "{\"echo\":{}}"));

 out:
	cl_close(&alive);
	cl_close(&dead);

	return err;
}


static int test_silent(void)
{
	const struct web_limits lim = {.ping_ms = 300, .pong_ms = 200};

	return fix_run(client_silent, &lim);
}


static int client_flooded(struct fix *fix)
{
	struct cl cl = {0}, other = {0};
	int err = 0, small = 4096;

	TEST_ERR(cl_open(&cl, &fix->addr));
	(void)setsockopt(cl.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	TEST_ERR(cl_ws(&cl, "/ws/a", NULL));
	TEST_ERR(cl_frame(&cl, 0x81, "{\"flood\":true}", 14));
	TEST_TRUE(wait_for(&fix->closed, 1, 8000));
	TEST_EQ(1013, atomic_load(&fix->code));

	/* the others notice nothing */
	TEST_ERR(cl_open(&other, &fix->addr));
	TEST_ERR(cl_ws(&other, "/ws/a", NULL));
	TEST_ERR(cl_frame(&other, 0x81, "{}", 2));
	TEST_ERR(expect(&other, "{\"echo\":{}}"));

 out:
	cl_close(&cl);
	cl_close(&other);

	return err;
}


static int test_flooded(void)
{
	return fix_run(client_flooded, NULL);
}


static const struct test testv[] = {
	{"messages and good-byes", test_talk},
	{"refused upgrades, other sites", test_refused},
	{"hostile frames", test_hostile},
	{"a client that does not answer pings", test_silent},
	{"a client that does not read", test_flooded},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
