/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_web_parse.c -- heads, ranges, origins, frames, pieces
 */
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/test.h"
#include "web/http_conn.h"
#include "web/http_frame.h"
#include "web/http_out.h"
#include "web/http_parse.h"
#include "web/http_range.h"


static int test_ranges(void)
{
	static const struct {
		const char *range;
		int status;
		uint64_t start, len;
	} v[] = {
		{NULL, 200, 0, 1000},
		{"bytes=0-0", 206, 0, 1},
		{"bytes=10-19", 206, 10, 10},
		{"bytes=10-", 206, 10, 990},
		{"bytes=-10", 206, 990, 10},
		{"bytes=-5000", 206, 0, 1000},
		{"Bytes= 990-5000 ", 206, 990, 10},
		{"bytes=999-999", 206, 999, 1},
		{"bytes=1000-", 416, 0, 0},
		{"bytes=-0", 416, 0, 0},
		{"bytes=18446744073709551615-18446744073709551616", 416, 0, 0},
		{"bytes=0-18446744073709551616", 206, 0, 1000},
		{"bytes=5-4", 200, 0, 1000},
		{"bytes=0-1,5-6", 200, 0, 1000},
		{"bytes=-", 200, 0, 1000},
		{"bytes=a-b", 200, 0, 1000},
		{"bytes=1", 200, 0, 1000},
		{"bytes=", 200, 0, 1000},
		{"lines=0-1", 200, 0, 1000},
	};
	uint64_t start, len;
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		printf("# %s\n", v[i].range ? v[i].range : "none");
		TEST_EQ(v[i].status, range_parse(&start, &len, v[i].range,
						 1000));
		if (v[i].status != 416) {
			TEST_EQ(v[i].start, start);
			TEST_EQ(v[i].len, len);
		}
	}
	TEST_EQ(416, range_parse(&start, &len, "bytes=0-", 0));
	TEST_EQ(416, range_parse(&start, &len, "bytes=-1", 0));
	TEST_TRUE(etag_matches("*", "\"a\""));
	TEST_TRUE(etag_matches("\"b\", W/\"a\"", "\"a\""));
	TEST_TRUE(!etag_matches("\"ab\"", "\"a\""));
	TEST_TRUE(!etag_matches("a", "\"a\""));
	TEST_TRUE(!etag_matches("\"a", "\"a\""));
	TEST_TRUE(!etag_matches("", "\"a\""));

 out:
	return err;
}


static int test_origins(void)
{
	int err = 0;

	TEST_TRUE(head_same_site("http://a:8080", "a:8080"));
	TEST_TRUE(head_same_site("https://A.example", "a.example"));
	TEST_TRUE(head_same_site("https://a", "a:443"));
	TEST_TRUE(head_same_site("http://[::1]:8080", "[::1]:8080"));
	TEST_TRUE(head_same_site("http://[::1]", "[::1]"));
	TEST_TRUE(!head_same_site("http://a:8080", "a"));
	TEST_TRUE(!head_same_site("http://a", "a:443"));
	TEST_TRUE(!head_same_site("http://a.evil", "a"));
	TEST_TRUE(!head_same_site("http://evil", "a"));
	TEST_TRUE(!head_same_site("null", "null"));
	TEST_TRUE(!head_same_site("http://", ""));
	TEST_TRUE(!head_same_site("http://a", NULL));
	TEST_TRUE(head_has_token("keep-alive, Upgrade", "upgrade"));
	TEST_TRUE(head_has_token("br, gzip;q=1", "gzip"));
	TEST_TRUE(!head_has_token("upgraded", "upgrade"));
	TEST_TRUE(!head_has_token("", "x"));
	TEST_TRUE(head_accepts("br, GZIP ; q=0.001", "gzip"));
	TEST_TRUE(head_accepts("gzip", "gzip"));
	TEST_TRUE(head_accepts("gzip;q=1, br", "gzip"));
	TEST_TRUE(!head_accepts("gzip;q=0", "gzip"));
	TEST_TRUE(!head_accepts("br, gzip; q=0.000, x", "gzip"));
	TEST_TRUE(!head_accepts("xgzip, gzipx", "gzip"));
	TEST_TRUE(!head_accepts(NULL, "gzip"));

 out:
	return err;
}


static int test_utf8(void)
{
	int err = 0;

	TEST_TRUE(utf8_ok("", 0));
	TEST_TRUE(utf8_ok("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	TEST_TRUE(!utf8_ok("\xc3", 1));
	TEST_TRUE(!utf8_ok("\xc3(", 2));
	TEST_TRUE(!utf8_ok("\xc0\x80", 2));          /* overlong */
	TEST_TRUE(!utf8_ok("\xe0\x80\x80", 3));
	TEST_TRUE(!utf8_ok("\xed\xa0\x80", 3));      /* surrogate */
	TEST_TRUE(!utf8_ok("\xf4\x90\x80\x80", 4));
	TEST_TRUE(!utf8_ok("\xff", 1));

 out:
	return err;
}


/* Every prefix of a good head asks for more */
static int test_prefixes(void)
{
	static const char text[] = "POST /a%20b?x=1&y HTTP/1.1\r\n"
		"Host: h\r\nContent-Length: 12\r\nConnection: close\r\n\r\n";
	struct http_head *head = NULL;
	const size_t n = sizeof(text) - 1;
	const char *why;
	size_t i, used;
	int err = 0, status;

	for (i = 0; i < n; i++)
		TEST_EQ(EAGAIN, head_parse(&head, &used, text, i, &status,
					   &why));
	TEST_ERR(head_parse(&head, &used, text, n, &status, &why));
	TEST_EQ(n, used);
	TEST_STR("/a b", head->path);
	TEST_STR("POST", head->method);
	TEST_EQ(12, head->length);
	TEST_TRUE(!head->keep && !head->coded && !head->upgrade);
	TEST_STR("", json_string_value(json_object_get(head->query, "y")));

 out:
	head_free(head);

	return err;
}


struct seen {
	char text[256];
	size_t len;
	unsigned texts, pings, closes;
	uint16_t code;
};

static int frame_handler(enum frame_op op, uint16_t code, const char *p,
			 size_t len, void *arg)
{
	struct seen *seen = arg;

	if (op == FRAME_PING)
		++seen->pings;
	if (op == FRAME_CLOSE) {
		++seen->closes;
		seen->code = code;
	}
	if (op == FRAME_TEXT) {
		++seen->texts;
		seen->len = len;
		snprintf(seen->text, sizeof(seen->text), "%.*s", (int)len, p);
	}

	return 0;
}


static int feed(struct seen *seen, const char *p, size_t n, size_t step)
{
	struct frames fr = {.max = 1000};
	size_t i;
	int code = 0;

	memset(seen, 0, sizeof(*seen));
	for (i = 0; i < n && !code; i += step)
		code = frames_feed(&fr, (const uint8_t *)p + i,
				   n - i < step ? n - i : step, frame_handler,
				   seen);
	frames_reset(&fr);

	return code;
}

#define FEED(s, step) feed(&seen, s, sizeof(s) - 1, step)
#define M0 "\0\0\0\0"

static int test_frames(void)
{
	struct seen seen;
	size_t step;
	int err = 0;

	for (step = 1; step < 20; step++) {
		TEST_EQ(0, FEED("\x01\x83" M0 "hel" "\x89\x81" M0 "p"
				"\x80\x82" "\1\1\1\1" "mn"
				"\x88\x83" M0 "\x03\xe8x", step));
		TEST_STR("hello", seen.text);
		TEST_EQ(1, seen.pings);
		TEST_EQ(1000, seen.code);
	}
	TEST_EQ(0, FEED("\x81\x80" M0, 3));
	TEST_EQ(1, seen.texts);
	TEST_EQ(0, FEED("\x88\x80" M0, 3));
	TEST_EQ(1005, seen.code);

	TEST_EQ(1002, FEED("\x81\x05hello", 9));             /* unmasked */
	TEST_EQ(1002, FEED("\xc1\x80" M0, 9));               /* RSV1     */
	TEST_EQ(1002, FEED("\x80\x80" M0, 9));         /* nothing to go on */
	TEST_EQ(1002, FEED("\x01\x81" M0 "a" "\x81\x81" M0 "b", 99));
	TEST_EQ(1002, FEED("\x83\x80" M0, 9));               /* unknown  */
	TEST_EQ(1002, FEED("\x09\x80" M0, 9));   /* a ping in fragments  */
	TEST_EQ(1002, FEED("\x89\xfe\x00\x7e" M0, 9));       /* 126 bytes */
	TEST_EQ(1002, FEED("\x81\xfe\x00\x05" M0, 9));  /* not the shortest */
	TEST_EQ(1002, FEED("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xfc"
			   "ABCD" "AAAA", 99));              /* 2^64 - 4 */
	TEST_EQ(1009, FEED("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
			   M0, 99));
	TEST_EQ(1009, FEED("\x81\xfe\x03\xe9" M0, 99));      /* max + 1  */
	TEST_EQ(1003, FEED("\x82\x80" M0, 9));               /* binary   */
	TEST_EQ(1007, FEED("\x81\x82" M0 "\xc3(", 9));
	TEST_EQ(1002, FEED("\x88\x81" M0 "x", 9));
	TEST_EQ(1002, FEED("\x88\x82" M0 "\x03\xed", 9));    /* 1005     */
	TEST_EQ(1007, FEED("\x88\x84" M0 "\x03\xe8\xc3(", 9));

 out:
	return err;
}


static int test_fragments(void)
{
	struct frames fr = {.max = 1000};
	struct seen seen = {.texts = 0};
	uint8_t part[] = {0x01, 0x80, 0, 0, 0, 0};
	int err = 0, code = 0;
	unsigned n;

	/* empty fragments are no way to keep us busy for ever */
	for (n = 0; n < 2000 && !code; n++) {
		code = frames_feed(&fr, part, sizeof(part), frame_handler,
				   &seen);
		part[0] = 0x00;
	}
	TEST_EQ(1009, code);
	TEST_EQ(FRAME_PARTS_MAX + 1, n);

 out:
	frames_reset(&fr);

	return err;
}


static int test_pieces(void)
{
	struct out out;
	uint8_t buf[64];
	char path[] = "/tmp/tutti-out-XXXXXX";
	size_t n;
	int err = 0, fd = mkstemp(path);

	out_init(&out);
	TEST_TRUE(fd >= 0);
	(void)unlink(path);
	TEST_EQ(4, write(fd, "file", 4));

	TEST_ERR(out_copy(&out, "first", 5));
	out_firm(&out);
	TEST_ERR(out_const(&out, "second", 6));
	TEST_ERR(out_first(&out, "(ctl)", 5));
	TEST_ERR(out_fd(&out, dup(fd), 1, 2));
	TEST_ERR(out_fill(&out, buf, 12, &n));
	TEST_TRUE(n == 12 && !memcmp(buf, "first(ctl)se", 12));
	TEST_ERR(out_first(&out, "!", 1));    /* not inside of "second" */
	TEST_ERR(out_fill(&out, buf, sizeof(buf), &n));
	TEST_TRUE(n == 7 && !memcmp(buf, "cond!il", 7));
	TEST_TRUE(out_empty(&out));
	TEST_EQ(0, out.bytes);

	TEST_ERR(out_copy(&out, "begun", 5));
	TEST_ERR(out_fill(&out, buf, 1, &n));
	TEST_ERR(out_copy(&out, "not", 3));
	out_cut(&out);
	TEST_EQ(4, out.bytes);
	TEST_ERR(out_copy(&out, "!", 1));
	TEST_ERR(out_fill(&out, buf, sizeof(buf), &n));
	TEST_TRUE(n == 5 && !memcmp(buf, "egun!", 5));

	/* a file that has become shorter */
	TEST_ERR(out_fd(&out, dup(fd), 0, 100));
	TEST_EQ(EIO, out_fill(&out, buf, sizeof(buf), &n));

 out:
	out_reset(&out);
	if (fd >= 0)
		(void)close(fd);

	return err;
}


/* Connection and Upgrade may be several fields */
static int test_lists(void)
{
	static const struct {
		const char *text;
		bool keep, upgrade;
	} v[] = {
		{"GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\n"
		 "Connection: close\r\n\r\n", false, false},
		{"GET / HTTP/1.0\r\nConnection: x\r\n"
		 "Connection: keep-alive\r\n\r\n", true, false},
		{"GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n",
		 false, false},
		{"GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n"
		 "Connection: Upgrade\r\nUpgrade: h2c\r\n"
		 "Upgrade: websocket\r\n\r\n", true, true},
	};
	struct http_head *head = NULL;
	const char *why;
	size_t i, used;
	int err = 0, status;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		TEST_ERR(head_parse(&head, &used, v[i].text,
				    strlen(v[i].text), &status, &why));
		TEST_EQ(v[i].keep, head->keep);
		TEST_EQ(v[i].upgrade, head->upgrade);
		head_free(head);
		head = NULL;
	}

 out:
	head_free(head);

	return err;
}


/* Two of each IPv4 address and of each IPv6 /64 */
static int test_crowd(void)
{
	static const struct {
		const char *addr;
		bool in;
	} v[] = {
		{"192.0.2.1", true}, {"192.0.2.1", true},
		{"192.0.2.1", false}, {"192.0.2.2", true},
		{"2001:db8:0:1::1", true}, {"2001:db8:0:1::2", true},
		{"2001:db8:0:1:ffff::3", false}, {"2001:db8:0:2::1", true},
	};
	struct site site = {.limits = {.conns = 16, .per_ip = 2}};
	struct conns *conns = NULL;
	struct sa sa;
	size_t i;
	int err = 0;

	TEST_ERR(conns_alloc(&conns, &site));
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		TEST_ERR(sa_set_str(&sa, v[i].addr, 1));
		TEST_EQ(v[i].in, conn_new(conns, &sa, false, 0) != NULL);
	}

 out:
	conns_free(conns);

	return err;
}


static const struct test testv[] = {
	{"ranges and entity tags", test_ranges},
	{"origins and tokens", test_origins},
	{"UTF-8", test_utf8},
	{"a head in pieces", test_prefixes},
	{"frames, good and bad", test_frames},
	{"a flood of fragments", test_fragments},
	{"pieces of an answer", test_pieces},
	{"lists in several fields", test_lists},
	{"one address, one network", test_crowd},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
