/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_web_glue.c -- the server over its own HTTP port: who
 * answers which path, a WebSocket as a seat, start and goodbye
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <re.h>
#include <jansson.h>

#include "base/conf.h"
#include "base/json.h"
#include "tests/fake/room.h"
#include "tests/unit/test.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/server.h"
#include "tuttid/web.h"

/* ---- a client on the same loop ---- */

struct client {
	struct tcp_conn *tc;
	struct mbuf *in;          /* received, from pos on not yet taken  */
	bool estab, closed;
};

static struct client cl;

static void estab_handler(void *arg)
{
	struct client *c = arg;

	c->estab = true;
}

static void recv_handler(struct mbuf *mb, void *arg)
{
	struct client *c = arg;
	const size_t pos = c->in->pos;

	c->in->pos = c->in->end;
	(void)mbuf_write_mem(c->in, mbuf_buf(mb), mbuf_get_left(mb));
	c->in->pos = pos;
}

static void close_handler(int err, void *arg)
{
	struct client *c = arg;

	(void)err;
	c->closed = true;
}

static void client_close(struct client *c)
{
	c->tc = mem_deref(c->tc);
	c->in = mem_deref(c->in);
	memset(c, 0, sizeof(*c));
}

static int client_open(struct client *c)
{
	struct sa sa;
	int err, i;

	client_close(c);
	c->in = mbuf_alloc(65536);
	err  = sa_set_str(&sa, "127.0.0.1", web_port);
	err |= tcp_connect(&c->tc, &sa, estab_handler, recv_handler,
			   close_handler, c);
	for (i = 0; !err && i < 200 && !c->estab && !c->closed; i++)
		run_ms(10);

	return err ? err : c->estab ? 0 : ECONNREFUSED;
}

static int put(struct client *c, const void *p, size_t n)
{
	struct mbuf *mb = mbuf_alloc(n);
	int err;

	err = mbuf_write_mem(mb, p, n);
	mb->pos = 0;
	if (!err)
		err = tcp_send(c->tc, mb);
	mem_deref(mb);

	return err;
}

/* The status of one request; the answer is in cl.in */
static int http(const char *method, const char *path, const char *headers,
		const char *body)
{
	char text[8192];
	struct pl status;
	int i;

	if (client_open(&cl))
		return 0;
	(void)re_snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\n"
			  "Host: 127.0.0.1\r\nConnection: close\r\n"
			  "%sContent-Length: %zu\r\n\r\n%s", method, path,
			  headers, strlen(body), body);
	if (put(&cl, text, strlen(text)))
		return 0;
	for (i = 0; i < 500 && !cl.closed; i++)
		run_ms(10);
	if (re_regex((const char *)cl.in->buf, cl.in->end,
		     "HTTP/1.1 [0-9]+", &status))
		return 0;

	return (int)pl_u32(&status);
}

static bool answered(const char *text)
{
	return memmem(cl.in->buf, cl.in->end, text, strlen(text)) != NULL;
}

static int ws_open(struct client *c, const char *path)
{
	char text[512];
	uint8_t *end;
	int err, i;

	err = client_open(c);
	if (err)
		return err;
	(void)re_snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n"
			  "Host: 127.0.0.1\r\nUpgrade: websocket\r\n"
			  "Connection: Upgrade\r\n"
			  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			  "Sec-WebSocket-Version: 13\r\n"
			  "Sec-WebSocket-Protocol: tutti\r\n\r\n", path);
	err = put(c, text, strlen(text));
	for (i = 0; !err && i < 300 && !c->closed; i++) {
		end = memmem(c->in->buf, c->in->end, "\r\n\r\n", 4);
		if (end) {
			c->in->pos = (size_t)(end + 4 - c->in->buf);
			return strncmp((char *)c->in->buf, "HTTP/1.1 101",
				       12) ? EPROTO : 0;
		}
		run_ms(10);
	}

	return err ? err : ETIMEDOUT;
}

/* Masked with zeros; short ones only */
static int ws_put(struct client *c, uint8_t op, const void *p, size_t n)
{
	uint8_t buf[8 + 1024] = {0x80 | op};
	size_t head = 6;

	if (n > 1024)
		return EMSGSIZE;
	buf[1] = 0x80 | (uint8_t)n;
	if (n > 125) {
		buf[1] = 0x80 | 126;
		buf[2] = (uint8_t)(n >> 8);
		buf[3] = (uint8_t)n;
		head = 8;
	}
	memcpy(buf + head, p, n);

	return put(c, buf, head + n);
}

static int ws_say(struct client *c, const char *text)
{
	return ws_put(c, 1, text, strlen(text));
}

/* The next frame: its opcode, 0 when none came; JSON in *objp */
static int ws_get(struct client *c, json_t **objp, unsigned *codep)
{
	struct mbuf *mb = c->in;
	int i;

	for (i = 0; i < 300; i++) {
		const uint8_t *p = mbuf_buf(mb);
		const size_t left = mbuf_get_left(mb);
		size_t head = 2, n = left > 1 ? p[1] & 0x7f : 0;

		if (left > 3 && n == 126) {
			n = (size_t)p[2] << 8 | p[3];
			head = 4;
		}
		if (left >= head && left >= head + n && left > 1) {
			const int op = p[0] & 0x0f;

			if (op == 1 && objp) {
				json_decref(*objp);
				*objp = json_loadb((const char *)p + head, n,
						   0, NULL);
			}
			if (op == 8 && codep && n >= 2)
				*codep = (unsigned)p[head] << 8 |
					 p[head + 1];
			mbuf_advance(mb, (ssize_t)(head + n));
			return op;
		}
		if (c->closed)
			break;
		run_ms(10);
	}

	return 0;
}

/* ---- cases ---- */

static int test_paths(void)
{
	char offer[64];
	int err;

	err = open_room("");
	TEST_ERR(err);
	TEST_EQ(200, http("GET", "/api/v1/rooms/a/door", "", ""));
	TEST_EQ(401, http("GET", "/api/v1/rooms", "", ""));
	TEST_TRUE(answered("application/problem+json"));
	TEST_EQ(200, http("GET", "/api/v1/openapi.json", "", ""));

	str_ncpy(offer, "Content-Type: application/sdp\r\n", sizeof(offer));
	TEST_EQ(404, http("POST", "/whip/z", offer, "v=0\r\n"));
	TEST_TRUE(answered("application/problem+json"));
	TEST_EQ(400, http("POST", "/whip/a", offer, "v=0\r\n"));
	TEST_EQ(401, http("POST", "/session/a", offer, "v=0\r\n"));
	TEST_EQ(0, list_count(&srv->meetingl));
 out:
	client_close(&cl);
	over();
	return err;
}

static int test_ws(void)
{
	struct party *p;
	json_t *msg = NULL;
	unsigned code = 0;
	uint32_t id = 0;
	int err;

	err = open_room("");
	TEST_ERR(err);
	err = ws_open(&cl, "/ws/a");
	TEST_ERR(err);
	err = ws_say(&cl, "{\"hello\": {\"name\": \"Ann\"}}");
	TEST_ERR(err);
	TEST_EQ(1, ws_get(&cl, &msg, NULL));
	(void)json_u32(json_object_get(msg, "welcome"), "party", &id);
	p = server_party(srv, id);
	TEST_TRUE(p && p->state == PARTY_SEATED);

	err = ws_say(&cl, "{\"id\": 1, \"verb\": \"party list\"}");
	TEST_ERR(err);
	TEST_EQ(1, ws_get(&cl, &msg, NULL));
	TEST_TRUE(json_is_true(json_object_get(msg, "ok")));
	TEST_EQ(1, json_array_size(json_object_get(msg, "result")));

	/* a party is kicked: the event, then the code */
	party_end(p, "kicked", 0);
	TEST_EQ(1, ws_get(&cl, &msg, NULL));
	TEST_TRUE(json_object_get(msg, "event"));
	TEST_EQ(8, ws_get(&cl, NULL, &code));
	TEST_EQ(SEAT_CLOSE_KICKED, code);
	TEST_EQ(0, list_count(&srv->meetingl));
 out:
	json_decref(msg);
	client_close(&cl);
	over();
	return err;
}

/* Closed for good is goodbye, a reload (1001) or a cut is not */
static int test_ends(void)
{
	static const struct {
		uint8_t code[2];
		bool stays;
	} v[] = {
		{{1000 >> 8, 1000 & 0xff}, false},
		{{1001 >> 8, 1001 & 0xff}, true},
		{{0, 0}, true},           /* cut                          */
	};
	json_t *msg = NULL;
	unsigned code = 0;
	size_t i;
	int err;

	err = open_room("");
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		uint32_t id = 0;

		err = ws_open(&cl, "/ws/a");
		TEST_ERR(err);
		err = ws_say(&cl, "{\"hello\": {}}");
		TEST_ERR(err);
		TEST_EQ(1, ws_get(&cl, &msg, NULL));
		(void)json_u32(json_object_get(msg, "welcome"), "party",
			       &id);
		TEST_TRUE(server_party(srv, id));
		if (v[i].code[0]) {
			err = ws_put(&cl, 8, v[i].code, 2);
			TEST_ERR(err);
			run_ms(50);
		}
		client_close(&cl);
		run_ms(50);
		TEST_EQ(v[i].stays, server_party(srv, id) != NULL);
	}

	/* nonsense ends the connection and nothing else */
	err = ws_open(&cl, "/ws/a");
	TEST_ERR(err);
	err = ws_say(&cl, "[1, 2");
	TEST_ERR(err);
	TEST_EQ(8, ws_get(&cl, NULL, &code));
	TEST_EQ(1007, code);
 out:
	json_decref(msg);
	client_close(&cl);
	over();
	return err;
}

static void closed_handler(void *arg)
{
	*(bool *)arg = true;
}

static int test_goodbye(void)
{
	json_t *msg = NULL;
	bool closed = false;
	unsigned code = 0;
	int err, i, op;

	err = open_room("");
	TEST_ERR(err);
	err = ws_open(&cl, "/ws/a");
	TEST_ERR(err);
	err = ws_say(&cl, "{\"hello\": {}}");
	TEST_ERR(err);
	TEST_EQ(1, ws_get(&cl, &msg, NULL));
	server_close(srv, "test", closed_handler, &closed);
	do {
		op = ws_get(&cl, NULL, &code);
	} while (op == 1);
	TEST_EQ(8, op);
	TEST_EQ(SEAT_CLOSE_GOING, code);
	for (i = 0; i < 300 && !closed; i++)
		run_ms(10);
	TEST_TRUE(closed);
 out:
	json_decref(msg);
	client_close(&cl);
	over();
	return err;
}

/* What cannot be served is one clear line, before anything is opened. */
static int test_check(void)
{
	static const struct {
		const char *linev[4];
		const char *want;     /* in the text; NULL: good          */
	} v[] = {
		{{"web_listen http 127.0.0.1:8080"}, NULL},
		{{"web_listen https 127.0.0.1:8443"}, "tls_certificate"},
		{{"web_listen https 127.0.0.1:8443",
		  "tls_certificate /nowhere/cert.pem"}, "tls_key"},
		{{"web_listen https 127.0.0.1:8443",
		  "tls_certificate /nowhere/cert.pem",
		  "tls_key /nowhere/key.pem"}, "/nowhere/"},
		{{"turn_uri http://example.org"}, "turn_uri"},
	};
	struct config *conf = NULL;
	size_t i, j;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		char text[256] = "";
		int got;

		conf = mem_deref(conf);
		err = config_alloc(&conf);
		for (j = 0; j < ARRAY_SIZE(v[i].linev); j++) {
			if (v[i].linev[j])
				err |= config_set(conf, v[i].linev[j], text,
						  sizeof(text));
		}
		TEST_ERR(err);
		got = server_web_check(conf, text, sizeof(text));
		printf("# %s\n", text);
		TEST_EQ(v[i].want != NULL, got != 0);
		if (v[i].want)
			TEST_TRUE(strstr(text, v[i].want));
	}
 out:
	mem_deref(conf);
	return err;
}

static const struct test testv[] = {
	{"who answers which path", test_paths},
	{"a WebSocket is a seat", test_ws},
	{"closed for good, reloaded, cut", test_ends},
	{"the server says goodbye", test_goodbye},
	{"what cannot be served is said", test_check},
};

int main(int argc, char **argv)
{
	int ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));

	room_close();

	return ret;
}
