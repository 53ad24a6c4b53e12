/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_web_files.c -- the page, large files, who does not read
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/test.h"
#include "tests/unit/web_fixture.h"
#include "tests/unit/web_gunzip.h"

#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: x\r\n" more "\r\n"


static int client_static(struct fix *fix)
{
	struct answer an = {0};
	struct cl cl = {0};
	char etag[80], buf[300];
	unsigned char text[100000];
	int err = 0;

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ask(&cl, &an, GET("/", "")));
	TEST_EQ(200, an.status);
	TEST_STR("<p>index</p>", an.body);
	TEST_STR("no-cache", answer_field(&an, "cache-control"));
	TEST_TRUE(strstr(answer_field(&an, "content-security-policy"),
			 "default-src 'self'"));
	snprintf(etag, sizeof(etag), "%s", answer_field(&an, "etag"));
	TEST_TRUE(strlen(etag) > 20);
	snprintf(buf, sizeof(buf), "GET /demo HTTP/1.1\r\nHost: x\r\n"
		 "If-None-Match: \"no\", W/%s\r\n\r\n", etag);
	TEST_ERR(cl_ask(&cl, &an, buf));
	TEST_EQ(304, an.status);
	TEST_ERR(cl_ask(&cl, &an, GET("/demo/x", "")));
	TEST_EQ(404, an.status);
	TEST_ERR(cl_ask(&cl, &an, GET("/none.js", "")));
	TEST_EQ(404, an.status);
	TEST_ERR(cl_ask(&cl, &an, GET("/.secret", "")));
	TEST_EQ(404, an.status);
	TEST_ERR(cl_ask(&cl, &an, GET("/my.room", "")));
	TEST_EQ(200, an.status);
	TEST_ERR(cl_ask(&cl, &an, "POST / HTTP/1.1\r\nHost: x\r\n\r\n"));
	TEST_EQ(405, an.status);
	TEST_STR("get, head, options", answer_field(&an, "allow"));
	TEST_ERR(cl_ask(&cl, &an, GET("/ws/demo", "")));
	TEST_EQ(426, an.status);
	TEST_STR("upgrade, keep-alive", answer_field(&an, "connection"));
	TEST_STR("websocket", answer_field(&an, "upgrade"));
	TEST_STR("13", answer_field(&an, "sec-websocket-version"));

	TEST_ERR(cl_ask(&cl, &an, "HEAD /assets/a-1.js HTTP/1.1\r\nHost: x"
			"\r\n\r\n"));
	TEST_STR("100000", answer_field(&an, "content-length"));
	TEST_TRUE(strstr(answer_field(&an, "cache-control"), "immutable"));
	TEST_ERR(cl_ask(&cl, &an, GET("/assets/a-1.js",
				      "Accept-Encoding: br, gzip\r\n")));
	TEST_STR("gzip", answer_field(&an, "content-encoding"));
	TEST_TRUE(an.len < 1000);
	TEST_EQ(100000, web_gunzip(text, sizeof(text), an.body, an.len));
	TEST_EQ('j', text[99999]);
	TEST_ERR(cl_ask(&cl, &an, GET("/assets/a-1.js",
				      "Accept-Encoding: gzip;q=0, br\r\n")));
	TEST_STR("", answer_field(&an, "content-encoding"));
	TEST_EQ(100000, an.len);
	TEST_ERR(cl_ask(&cl, &an, "HEAD /assets/a-1.js HTTP/1.1\r\nHost: x"
			"\r\nRange: bytes=-3\r\n\r\n"));
	TEST_EQ(200, an.status);
	TEST_STR("100000", answer_field(&an, "content-length"));
	TEST_ERR(cl_ask(&cl, &an, GET("/assets/a-1.js",
				      "Range: bytes=-3\r\n")));
	TEST_EQ(206, an.status);
	TEST_STR("jjj", an.body);
	TEST_STR("bytes 99997-99999/100000",
		 answer_field(&an, "content-range"));

 out:
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_static(void)
{
	return fix_run(client_static, NULL);
}


static int client_files(struct fix *fix)
{
	struct answer an = {0};
	struct cl cl = {0};
	char etag[80], buf[300];
	size_t i;
	int err = 0, small = 32768;

	/* a slow reader gets all of it */
	TEST_ERR(cl_open(&cl, &fix->addr));
	(void)setsockopt(cl.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	TEST_ERR(cl_text(&cl, GET("/api/file", "") GET("/api/echo", "")));
	usleep(300000);
	TEST_ERR(cl_answer(&cl, &an, true));
	TEST_EQ(FIX_FILE, an.len);
	for (i = 0; i < an.len; i++) {
		if ((uint8_t)an.body[i] != fix_byte(i))
			TEST_FAIL("byte %zu", i);
	}
	TEST_STR("attachment; filename=\"r__sum__ _1_.mp4\"; "
		 "filename*=utf-8''r%c3%a9sum%c3%a9%20%221%22.mp4",
		 answer_field(&an, "content-disposition"));
	snprintf(etag, sizeof(etag), "%s", answer_field(&an, "etag"));
	answer_reset(&an);
	TEST_ERR(cl_answer(&cl, &an, true));
	TEST_EQ(200, an.status);

	TEST_ERR(cl_ask(&cl, &an, GET("/api/file",
				      "Range: bytes=1000-1003\r\n")));
	TEST_EQ(206, an.status);
	TEST_EQ(4, an.len);
	TEST_EQ(fix_byte(1003), (uint8_t)an.body[3]);
	TEST_ERR(cl_ask(&cl, &an, GET("/api/file",
				      "Range: bytes=3000000-\r\n")));
	TEST_EQ(416, an.status);
	TEST_STR("bytes */3000000", answer_field(&an, "content-range"));
	TEST_ERR(cl_ask(&cl, &an, "HEAD /api/file HTTP/1.1\r\nHost: x\r\n"
			"\r\n"));
	TEST_STR("3000000", answer_field(&an, "content-length"));
	TEST_ERR(cl_ask(&cl, &an, "HEAD /api/file HTTP/1.1\r\nHost: x\r\n"
			"Range: bytes=0-3\r\n\r\n"));
	TEST_EQ(200, an.status);
	snprintf(buf, sizeof(buf), "GET /api/file HTTP/1.1\r\nHost: x\r\n"
		 "If-None-Match: %s\r\n\r\n", etag);
	TEST_ERR(cl_ask(&cl, &an, buf));
	TEST_EQ(304, an.status);

	/* If-Range of another version: the whole */
	TEST_ERR(cl_ask(&cl, &an, GET("/api/file", "Range: bytes=0-3\r\n"
				      "If-Range: \"old\"\r\n")));
	TEST_EQ(200, an.status);
	TEST_EQ(FIX_FILE, an.len);

 out:
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_files(void)
{
	return fix_run(client_files, NULL);
}


static uint64_t cpu_us(void)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_SELF, &ru);

	return (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 +
		(uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
}


/* Who sends more and reads nothing costs nothing, and is cut off */
static int client_stalled(struct fix *fix)
{
	struct cl cl = {0};
	char more[40000];
	uint64_t cpu;
	int err = 0, small = 4096;

	memset(more, 'x', sizeof(more));
	TEST_ERR(cl_open(&cl, &fix->addr));
	(void)setsockopt(cl.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	TEST_ERR(cl_text(&cl, GET("/api/file", "")));
	usleep(200000);
	(void)send(cl.fd, more, sizeof(more), MSG_DONTWAIT | MSG_NOSIGNAL);
	cpu = cpu_us();
	usleep(1000000);
	TEST_TRUE(cpu_us() - cpu < 300000);
	usleep(1200000);
	TEST_ERR(cl_ended(&cl, 3000));
	TEST_TRUE(cl.n < FIX_FILE);

 out:
	cl_close(&cl);

	return err;
}


static int test_stalled(void)
{
	const struct web_limits lim = {.stall_ms = 1500, .idle_ms = 5000};

	return fix_run(client_stalled, &lim);
}


static const struct test testv[] = {
	{"the page's files", test_static},
	{"large files, ranges", test_files},
	{"a client that does not read", test_stalled},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
