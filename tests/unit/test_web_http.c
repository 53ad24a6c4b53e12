/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_web_http.c -- the web server, spoken to over sockets
 *
 * The client is a thread that sends bytes; the web and its handlers
 * (web_fixture.c) are on the loop.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "tests/unit/test.h"
#include "tests/unit/web_fixture.h"
#include "web/http_job.h"

#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: x\r\n" more "\r\n"


static bool wait_for(atomic_uint *valp, unsigned want, unsigned ms)
{
	const uint64_t end = clock_us() + ms * 1000ull;

	while (atomic_load(valp) != want && clock_us() < end)
		usleep(5000);

	return atomic_load(valp) == want;
}


static int get_member(struct answer *an, const char *key, char *buf,
		      size_t size)
{
	json_t *obj = json_loads(an->body ? an->body : "", 0, NULL);
	json_t *val = json_object_get(obj, key);
	char *text = json_is_string(val) ? strdup(json_string_value(val))
		: val ? json_dumps(val, JSON_ENCODE_ANY) : NULL;

	snprintf(buf, size, "%s", text ? text : "(none)");
	free(text);
	json_decref(obj);

	return 0;
}


static int client_requests(struct fix *fix)
{
	struct answer an = {0};
	struct cl cl = {0};
	char buf[256];
	int err = 0;

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ask(&cl, &an, "PATCH /api/ech%6F?a=1%2b&b=x+y HTTP/1.1\r\n"
			"Host: x\r\nUser-Agent: \t t/1 \r\n"
			"Content-Length: 4\r\n\r\nb\xc3\xa9!"));
	TEST_EQ(200, an.status);
	get_member(&an, "method", buf, sizeof(buf));
	TEST_STR("PATCH", buf);
	get_member(&an, "path", buf, sizeof(buf));
	TEST_STR("/api/echo", buf);
	get_member(&an, "query", buf, sizeof(buf));
	TEST_STR("{\"a\": \"1+\", \"b\": \"x y\"}", buf);
	get_member(&an, "body", buf, sizeof(buf));
	TEST_STR("b\xc3\xa9!", buf);
	get_member(&an, "agent", buf, sizeof(buf));
	TEST_STR("t/1", buf);
	TEST_STR("application/json", answer_field(&an, "content-type"));
	TEST_STR("keep-alive", answer_field(&an, "connection"));

	/* the same connection, no body */
	TEST_ERR(cl_ask(&cl, &an, "DELETE /api/echo HTTP/1.1\r\nHost: x\r\n"
			"\r\n"));
	TEST_EQ(200, an.status);
	TEST_ERR(cl_ask(&cl, &an, "HEAD /api/echo HTTP/1.1\r\nHost: x\r\n"
			"\r\n"));
	TEST_EQ(200, an.status);
	TEST_TRUE(atoi(answer_field(&an, "content-length")) > 10);
	TEST_ERR(cl_ask(&cl, &an, GET("/api/problem", "")));
	TEST_EQ(403, an.status);
	TEST_STR("{\"status\":403,\"title\":\"Not so\","
		 "\"detail\":\"room \\\"x\\\" 5%\"}", an.body);
	TEST_STR("application/problem+json",
		 answer_field(&an, "content-type"));
	TEST_ERR(cl_ask(&cl, &an, GET("/api/echo", "Connection: close\r\n")));
	TEST_STR("close", answer_field(&an, "connection"));
	TEST_ERR(cl_ended(&cl, 1000));
	cl_close(&cl);

	TEST_ERR(cl_open(&cl, &fix->addr6));
	TEST_ERR(cl_ask(&cl, &an, "GET /api/echo HTTP/1.0\r\n\r\n"));
	TEST_EQ(200, an.status);
	TEST_ERR(cl_ended(&cl, 1000));

 out:
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_requests(void)
{
	return fix_run(client_requests, NULL);
}


static int client_pipelining(struct fix *fix)
{
	struct answer an = {0};
	struct cl cl = {0};
	char *many = malloc(60 * 100), *p = many;
	char buf[64], want[64];
	int err = 0, i;

	TEST_ERR(cl_open(&cl, &fix->addr));
	for (i = 0; i < 60; i++)
		p += sprintf(p, "POST /api/echo?n=%d HTTP/1.1\r\nHost: x\r\n"
			     "Content-Length: 2\r\n\r\n%02d", i, i);
	TEST_ERR(cl_send(&cl, many, (size_t)(p - many)));
	for (i = 0; i < 60; i++) {
		TEST_ERR(cl_answer(&cl, &an, true));
		TEST_EQ(200, an.status);
		get_member(&an, "body", buf, sizeof(buf));
		sprintf(want, "%02d", i);
		TEST_STR(want, buf);
		answer_reset(&an);
	}

	/* one byte at a time; an empty line before a request */
	for (p = "\r\nPOST /api/echo HTTP/1.1\r\nHost: x\r\n"
	     "Content-Length: 3\r\n\r\nabc"; *p; p++)
		TEST_ERR(cl_send(&cl, p, 1));
	TEST_ERR(cl_answer(&cl, &an, true));
	get_member(&an, "body", buf, sizeof(buf));
	TEST_STR("abc", buf);

 out:
	free(many);
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_pipelining(void)
{
	return fix_run(client_pipelining, NULL);
}


/* What is refused, by what, and the connection ends after it */
static int client_refused(struct fix *fix)
{
	static const struct {
		int status;
		const char *text;
	} v[] = {
		{411, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
		      "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"},
		{411, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: "
		      "5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{413, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
		      "Content-Length: 262145\r\n\r\n"},
		{413, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
		      "Content-Length: 18446744073709551621\r\n\r\nhello"},
		{413, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
		      "Content-Length: 4294967301\r\n\r\nhello"},
		{400, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
		      "Content-Length: -1\r\n\r\nhello"},
		{400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5"
		      "\r\nContent-Length: 6\r\n\r\nhello"},
		{417, "POST /api/echo HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n"
		      "Content-Length: 5\r\n\r\n"},
		{400, "GET /api/echo HTTP/1.1\r\n\r\n"},
		{400, "GET /api/echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
		{400, "GET /api/echo HTTP/1.1\r\nHost: x, y\r\n\r\n"},
		{400, "GET /api/echo HTTP/1.1\r\nHost: x/y\r\n\r\n"},
		{400, "GET /api/echo HTTP/1.1\r\nHost: a@x\r\n\r\n"},
		{400, "GET /api/echo HTTP/1.1\nHost: x\n\n"},
		{400, "GET /api/echo HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"},
		{400, "GET /api/echo HTTP/1.1\r\nHost: x\r\n b: c\r\n\r\n"},
		{400, "GET /api/%zz HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET /api/%00 HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET /api/%2Fx HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET /api/../x HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET /api/%c3%28 HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET api HTTP/1.1\r\nHost: x\r\n\r\n"},
		{505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
		{400, "\x16\x03\x01garbage\r\n\r\n"},
		{400, "PRI\r\n\r\n"},
	};
	struct answer an = {0};
	struct cl cl = {0};
	unsigned before;
	size_t i;
	int err = 0;

	before = atomic_load(&fix->requests);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		TEST_ERR(cl_open(&cl, &fix->addr));
		printf("# case %zu: %d\n", i, v[i].status);
		TEST_ERR(cl_ask(&cl, &an, v[i].text));
		TEST_EQ(v[i].status, an.status);
		TEST_STR("close", answer_field(&an, "connection"));
		TEST_TRUE(strstr(an.body, "\"title\""));
		TEST_ERR(cl_ended(&cl, 4000));
		cl_close(&cl);
	}
	TEST_EQ(before, atomic_load(&fix->requests));

 out:
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_refused(void)
{
	return fix_run(client_refused, NULL);
}


static int client_giants(struct fix *fix)
{
	struct answer an = {0};
	struct cl cl = {0};
	char *big = malloc(400001);
	int err = 0;

	memset(big, 'a', 400000);
	big[400000] = '\0';

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_text(&cl, "GET /"));
	(void)cl_send(&cl, big, 20000);
	TEST_ERR(cl_answer(&cl, &an, true));
	TEST_EQ(414, an.status);
	answer_reset(&an);
	cl_close(&cl);

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_text(&cl, "GET / HTTP/1.1\r\nHost: x\r\nX: "));
	(void)cl_send(&cl, big, 200000);
	TEST_ERR(cl_answer(&cl, &an, true));
	TEST_EQ(431, an.status);
	answer_reset(&an);
	cl_close(&cl);

	/* the largest body, and one byte more that is sent all the same */
	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_text(&cl, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
			 "Content-Length: 262144\r\n\r\n"));
	TEST_ERR(cl_send(&cl, big, 262144));
	TEST_ERR(cl_answer(&cl, &an, true));
	TEST_EQ(200, an.status);
	TEST_TRUE(an.len > 262144);
	TEST_ERR(cl_text(&cl, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
			 "Content-Length: 262145\r\n\r\n"));
	(void)cl_send(&cl, big, 262145);
	answer_reset(&an);
	TEST_ERR(cl_answer(&cl, &an, true));
	TEST_EQ(413, an.status);
	cl_close(&cl);

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_text(&cl, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
			 "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
	answer_reset(&an);
	TEST_ERR(cl_answer(&cl, &an, false));
	TEST_EQ(100, an.status);
	TEST_ERR(cl_text(&cl, "ok"));
	answer_reset(&an);
	TEST_ERR(cl_answer(&cl, &an, true));
	TEST_EQ(200, an.status);

 out:
	free(big);
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_giants(void)
{
	return fix_run(client_giants, NULL);
}


static int client_slow(struct fix *fix)
{
	struct cl idle[300], slow = {0}, body = {0}, cl = {0};
	struct answer an = {0};
	uint64_t t0;
	int err = 0, i;

	memset(idle, 0, sizeof(idle));
	for (i = 0; i < 300; i++)
		TEST_ERR(cl_open(&idle[i], &fix->addr));
	TEST_ERR(cl_open(&slow, &fix->addr));
	TEST_ERR(cl_open(&body, &fix->addr));
	TEST_ERR(cl_text(&slow, "GET /api/echo HTTP/1.1\r\nHo"));
	TEST_ERR(cl_text(&body, "POST /api/echo HTTP/1.1\r\nHost: x\r\n"
			 "Content-Length: 100\r\n\r\n"));

	/* dripping does not help them; the others are served meanwhile */
	t0 = clock_us();
	for (i = 0; i < 10; i++) {
		(void)cl_text(&slow, "s");
		(void)cl_text(&body, "b");
		TEST_ERR(cl_open(&cl, &fix->addr));
		TEST_ERR(cl_ask(&cl, &an, GET("/api/echo", "")));
		TEST_EQ(200, an.status);
		cl_close(&cl);
		usleep(100000);
	}
	TEST_ERR(cl_ended(&slow, 3000));
	TEST_ERR(cl_ended(&body, 3000));
	TEST_TRUE(clock_us() - t0 < 5000000);
	TEST_TRUE(slow.n && strstr(slow.buf, "HTTP/1.1 408"));
	for (i = 0; i < 300; i++) {
		TEST_ERR(cl_ended(&idle[i], 3000));
		TEST_EQ(0, idle[i].n);
	}

 out:
	for (i = 0; i < 300; i++)
		cl_close(&idle[i]);
	answer_reset(&an);
	cl_close(&slow);
	cl_close(&body);
	cl_close(&cl);

	return err;
}


static int test_slow(void)
{
	const struct web_limits lim = {.per_ip = 1000, .idle_ms = 1000};

	return fix_run(client_slow, &lim);
}


static int client_crowd(struct fix *fix)
{
	struct cl v[8];
	struct answer an = {0};
	int err = 0, i, served = 0;

	memset(v, 0, sizeof(v));
	for (i = 0; i < 8; i++) {
		TEST_ERR(cl_open(&v[i], &fix->addr));
		if (!cl_ask(&v[i], &an, GET("/api/echo",
				"X-Forwarded-For: 9.9.9.9\r\n")))
			++served;
	}
	TEST_EQ(5, served);

	/* who leaves makes room */
	cl_close(&v[0]);
	usleep(200000);
	cl_close(&v[7]);
	TEST_ERR(cl_open(&v[7], &fix->addr));
	TEST_ERR(cl_ask(&v[7], &an, GET("/api/echo", "")));
	TEST_EQ(200, an.status);

 out:
	for (i = 0; i < 8; i++)
		cl_close(&v[i]);
	answer_reset(&an);

	return err;
}


static int test_crowd(void)
{
	const struct web_limits lim = {.per_ip = 5, .conns = 20};

	return fix_run(client_crowd, &lim);
}


static int client_stream(struct fix *fix)
{
	struct answer an = {0};
	struct cl cl = {0};
	int err = 0;

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_text(&cl, GET("/api/stream", "")));
	TEST_ERR(cl_answer(&cl, &an, false));
	TEST_EQ(200, an.status);
	TEST_STR("text/event-stream", answer_field(&an, "content-type"));
	TEST_ERR(cl_ended(&cl, 3000));
	TEST_STR("id: 1\ndata: {\"event\":\"tick\"}\n\n"
		 "data: {\"event\":\"tick\"}\n\n"
		 "id: 3\ndata: {\"event\":\"tick\"}\n\n", cl.buf);
	TEST_EQ(0, atomic_load(&fix->gone));
	cl_close(&cl);

	/* the client goes */
	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_text(&cl, GET("/api/stream?open", "")));
	TEST_ERR(cl_need(&cl, 100, 3000));
	cl_close(&cl);
	TEST_TRUE(wait_for(&fix->gone, 1, 3000));

	/* the client does not read */
	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_text(&cl, GET("/api/stream?flood", "")));
	TEST_TRUE(wait_for(&fix->gone, 2, 5000));
	TEST_ERR(cl_ended(&cl, 5000));

 out:
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_stream(void)
{
	return fix_run(client_stream, NULL);
}


static int client_head_stream(struct fix *fix)
{
	struct answer an = {0};
	struct cl cl = {0};
	int err = 0;

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_text(&cl, "HEAD /api/stream?open HTTP/1.1\r\nHost: x\r\n"
			 "\r\n"));
	TEST_ERR(cl_answer(&cl, &an, false));
	TEST_EQ(200, an.status);
	TEST_STR("text/event-stream", answer_field(&an, "content-type"));
	TEST_ERR(cl_ended(&cl, 3000));
	TEST_EQ(0, cl.n);
	TEST_TRUE(wait_for(&fix->gone, 1, 3000));

 out:
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_head_stream(void)
{
	return fix_run(client_head_stream, NULL);
}


/* A handler that does not answer: 504, and what it says then is lost */
static int client_late(struct fix *fix)
{
	static const char *const askv[] = {
		GET("/api/late", ""), GET("/api/late?stream", ""),
		GET("/api/hold", ""),
	};
	struct answer an = {0};
	struct cl cl = {0};
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(askv); i++) {
		TEST_ERR(cl_open(&cl, &fix->addr));
		TEST_ERR(cl_ask(&cl, &an, askv[i]));
		TEST_EQ(504, an.status);
		TEST_STR("application/problem+json",
			 answer_field(&an, "content-type"));
		usleep((FIX_LATE + 300) * 1000);
		TEST_ERR(cl_ended(&cl, 3000));
		TEST_EQ(0, cl.n);
		cl_close(&cl);
	}
	TEST_TRUE(wait_for(&fix->gone, 1, 3000));

	TEST_ERR(cl_open(&cl, &fix->addr));
	TEST_ERR(cl_ask(&cl, &an, GET("/api/late?patient", "")));
	TEST_EQ(200, an.status);

 out:
	answer_reset(&an);
	cl_close(&cl);

	return err;
}


static int test_late(void)
{
	const struct web_limits lim = {.answer_ms = 400};

	return fix_run(client_late, &lim);
}


static void no_job_handler(struct job *job, void *arg)
{
	(void)arg;
	job_free(job);
}


/* A loop that stands still is not buried in messages */
static int test_queue(void)
{
	struct jobq *jobq = NULL;
	struct job *job;
	unsigned i;
	int err = 0, got = 0;

	TEST_ERR(jobq_alloc(&jobq, no_job_handler, NULL));
	for (i = 0; i < JOBS_MAX && !got; i++) {
		job = job_alloc(JOB_WS_MSG, 1, 1);
		job->cost = WEB_WS_MSG_MAX * JOB_TREE;
		got = jobq_push(jobq, job, false);
	}
	TEST_EQ(EAGAIN, got);
	TEST_EQ(JOBS_BYTES_MAX / JOB_TREE / WEB_WS_MSG_MAX + 1, i);
	TEST_ERR(jobq_push(jobq, job_alloc(JOB_WS_CLOSED, 1, 1), true));

 out:
	mem_deref(jobq);

	return err;
}


/* All is dropped in the midst of it: what is open, half asked, held */
static int client_leave(struct fix *fix)
{
	struct cl v[12];
	int err = 0, i;

	memset(v, 0, sizeof(v));
	for (i = 0; i < 12; i++)
		TEST_ERR(cl_open(&v[i], i & 1 ? &fix->addr : &fix->addr6));
	for (i = 0; i < 4; i++)
		TEST_ERR(cl_text(&v[i], GET("/api/hold", "")));
	for (; i < 8; i++)
		TEST_ERR(cl_ws(&v[i], "/ws/echo", NULL));
	for (; i < 10; i++)
		TEST_ERR(cl_text(&v[i], "GET /api/ec"));
	TEST_ERR(cl_text(&v[10], GET("/api/file", "")));
	TEST_TRUE(wait_for(&fix->requests, 5, 3000));
	TEST_TRUE(wait_for(&fix->opened, 4, 3000));
	cl_close(&v[0]);              /* held, and its client is gone */
	cl_close(&v[5]);
	TEST_TRUE(wait_for(&fix->closed, 1, 3000));

 out:
	for (i = 0; i < 12; i++)
		cl_close(&v[i]);

	return err;
}


static int test_leave(void)
{
	return fix_run(client_leave, NULL);
}


static int common_name(struct cl *cl, char *buf, size_t size)
{
	X509 *x = SSL_get1_peer_certificate(cl->ssl);

	if (!x)
		return ENOENT;
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName,
				  buf, (int)size);
	X509_free(x);

	return 0;
}


static int client_tls(struct fix *fix)
{
	struct answer an = {0};
	struct cl cl = {0}, old = {0};
	const unsigned char *alpn;
	char name[64], path[128];
	unsigned n;
	FILE *f;
	int err = 0;

	TEST_ERR(cl_open_tls(&old, &fix->tls, TLS1_3_VERSION));
	TEST_ERR(common_name(&old, name, sizeof(name)));
	TEST_STR("first", name);
	SSL_get0_alpn_selected(old.ssl, &alpn, &n);
	TEST_EQ(8, n);
	TEST_TRUE(!memcmp(alpn, "http/1.1", 8));
	TEST_ERR(cl_ask(&old, &an, GET("/api/echo", "")));
	TEST_TRUE(strstr(an.body, "\"secure\":true"));
	TEST_ERR(cl_ask(&old, &an, GET("/api/file", "")));
	TEST_EQ(FIX_FILE, an.len);
	TEST_EQ(fix_byte(FIX_FILE - 1), (uint8_t)an.body[FIX_FILE - 1]);

	TEST_ERR(cl_open_tls(&cl, &fix->tls, TLS1_2_VERSION));
	TEST_ERR(cl_ws(&cl, "/ws/echo", NULL));
	TEST_ERR(cl_frame(&cl, 0x81, "{\"close\":4410}", 14));
	TEST_EQ(4410, cl_ws_code(&cl));
	cl_close(&cl);
	TEST_TRUE(cl_open_tls(&cl, &fix->tls, TLS1_1_VERSION));
	cl_close(&cl);

	/* plain words to the TLS port: no answer, no harm */
	TEST_ERR(cl_open(&cl, &fix->tls));
	TEST_ERR(cl_text(&cl, GET("/", "")));
	TEST_ERR(cl_ended(&cl, 3000));
	cl_close(&cl);

	TEST_ERR(fix_renew(fix, "second"));
	for (n = 0; n < 100; n++) {   /* the thread gets to it in a moment */
		TEST_ERR(cl_open_tls(&cl, &fix->tls, TLS1_3_VERSION));
		TEST_ERR(common_name(&cl, name, sizeof(name)));
		cl_close(&cl);
		if (!strcmp(name, "second"))
			break;
		usleep(10000);
	}
	TEST_STR("second", name);
	TEST_ERR(cl_ask(&old, &an, GET("/api/echo", "")));
	TEST_EQ(200, an.status);

	/* what cannot be loaded changes nothing */
	snprintf(path, sizeof(path), "%s/key.pem", fix->dir);
	f = fopen(path, "w");
	TEST_TRUE(f && fputs("no key", f) >= 0 && !fclose(f));
	TEST_EQ(EBADMSG, web_tls(fix->web, path, path, name, sizeof(name)));
	TEST_TRUE(strstr(name, "tutti-web-"));

 out:
	answer_reset(&an);
	cl_close(&old);
	cl_close(&cl);

	return err;
}


static int test_tls(void)
{
	return fix_run_tls(client_tls);
}


static int test_start(void)
{
	const struct web_cfg cfg = {.software = "x"};
	struct web *web = NULL;
	char val[64], errbuf[128] = "";
	struct sa sa;
	int err = 0, fd = -1;

	TEST_ERR(web_alloc(&web, &cfg));
	TEST_EQ(EINVAL, web_listen(web, "ftp 127.0.0.1:1"));
	TEST_EQ(EINVAL, web_listen(web, "http nonsense"));
	TEST_EQ(ENOENT, web_listen(web, "https 127.0.0.1:0"));
	TEST_EQ(ENOENT, web_tls(web, "/none/c.pem", "/none/k.pem", errbuf,
				sizeof(errbuf)));
	TEST_TRUE(strstr(errbuf, "/none/c.pem"));

	/* somebody else has the port */
	TEST_ERR(sa_set_str(&sa, "127.0.0.1", 0));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	TEST_TRUE(fd >= 0 && !bind(fd, &sa.u.sa, sa.len) && !listen(fd, 1));
	TEST_EQ(0, getsockname(fd, &sa.u.sa, &sa.len));
	(void)re_snprintf(val, sizeof(val), "http %J", &sa);
	TEST_ERR(web_listen(web, "http 127.0.0.1:0"));
	TEST_ERR(web_listen(web, val));
	TEST_EQ(EADDRINUSE, web_start(web, errbuf, sizeof(errbuf)));
	TEST_TRUE(strstr(errbuf, val + 5));

	/* once it is free, the same web starts, and only once */
	(void)close(fd);
	fd = -1;
	TEST_ERR(web_start(web, errbuf, sizeof(errbuf)));
	TEST_EQ(EINVAL, web_start(web, errbuf, sizeof(errbuf)));
	TEST_EQ(EINVAL, web_listen(web, "http 127.0.0.1:0"));
	TEST_ERR(web_local(web, 1, &sa));
	TEST_TRUE(strstr(val, "127.0.0.1") && sa_port(&sa));

 out:
	if (fd >= 0)
		(void)close(fd);
	mem_deref(web);

	return err;
}


static const struct test testv[] = {
	{"what is started and what is not", test_start},
	{"requests and answers", test_requests},
	{"pipelining", test_pipelining},
	{"malformed requests are refused", test_refused},
	{"giant heads and bodies", test_giants},
	{"slow and idle clients, others served", test_slow},
	{"too many connections of one address", test_crowd},
	{"event streams", test_stream},
	{"HEAD of an event stream", test_head_stream},
	{"a handler that does not answer", test_late},
	{"the queue to the loop is bounded", test_queue},
	{"the end while all is open", test_leave},
	{"TLS and another certificate", test_tls},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
