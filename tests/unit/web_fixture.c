/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/web_fixture.c -- a web on the loop, a client in a thread
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/thread.h"
#include "tests/unit/web_fixture.h"

struct run {
	struct fix fix;
	fix_client_h *clienth;
	struct mqueue *mq;
	pthread_t tid;
	int err;
	struct list sockl;        /* the WebSockets, until they close     */
	struct web_req *held[64]; /* requests that wait, streams          */
	unsigned heldc;
	struct web_req *late;
	struct tmr late_tmr;
	bool renewing;
	pthread_mutex_t mtx;
	pthread_cond_t cond;
};

struct sock {
	struct le le;
	struct web_ws *ws;        /* NULL: closed                         */
	struct run *run;
	bool flood;
	struct tmr tmr;
};

static struct run *cur;


uint8_t fix_byte(size_t i)
{
	return (uint8_t)(i * 7 + i / 256);
}


static int write_file(const char *dir, const char *name, const void *p,
		      size_t n)
{
	char path[256];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		return errno;
	ok = fwrite(p, 1, n, f) == n;

	return fclose(f) || !ok ? EIO : 0;
}


static void reply_echo(struct web_req *req)
{
	const struct mbuf *body = web_body(req);
	json_t *obj = json_pack("{s:s, s:s, s:O, s:s%, s:b, s:s*}",
		"method", web_method(req), "path", web_path(req),
		"query", (json_t *)web_query_all(req),
		"body", body ? (char *)body->buf : "",
		body ? body->end : (size_t)0, "secure", web_secure(req),
		"agent", web_header(req, "user-agent"));

	if (obj)
		web_reply_json(req, 200, obj);
	else
		web_reply(req, 200, "application/octet-stream", NULL,
			  body->buf, body->end);
}


static void reply_file(struct run *run, struct web_req *req)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/file.bin", run->fix.dir);
	web_reply_file(req, open(path, O_RDONLY), "video/mp4",
		       "r\xc3\xa9sum\xc3\xa9 \"1\".mp4");
}


static void gone_handler(void *arg)
{
	on_loop();
	atomic_fetch_add(&((struct run *)arg)->fix.gone, 1);
}


static void start_stream(struct run *run, struct web_req *req)
{
	const bool flood = web_query(req, "flood");
	json_t *obj = json_pack("{s:s}", "event", "tick");
	unsigned i;

	web_stream(req, gone_handler, run);
	if (flood) {
		char big[1000];

		memset(big, 'x', sizeof(big));
		json_object_set_new(obj, "big",
				    json_stringn(big, sizeof(big)));
		for (i = 0; i < 20000; i++)
			web_stream_event(req, "1", obj);
	}
	else if (web_query(req, "open")) {
		web_stream_event(req, "1", obj);
	}
	else {
		web_stream_event(req, "1", obj);
		web_stream_event(req, NULL, obj);
		web_stream_event(req, "3", obj);
		web_stream_end(req);
	}
	json_decref(obj);
}


static void late_handler(void *arg)
{
	struct run *run = arg;

	on_loop();
	if (web_query(run->late, "stream"))
		web_stream(run->late, gone_handler, run);
	else
		web_reply(run->late, 200, NULL, NULL, NULL, 0);
	run->late = NULL;
}


static void start_late(struct run *run, struct web_req *req)
{
	if (web_query(req, "patient"))
		web_patience(req, 10000);
	run->late = req;
	tmr_start(&run->late_tmr, FIX_LATE, late_handler, run);
}


static void req_handler(struct web_req *req, void *arg)
{
	struct run *run = arg;
	const char *path = web_path(req);

	on_loop();
	atomic_fetch_add(&run->fix.requests, 1);
	if (!strcmp(path, "/api/file"))
		reply_file(run, req);
	else if (!strcmp(path, "/api/hold") && run->heldc < 64)
		run->held[run->heldc++] = req;
	else if (!strcmp(path, "/api/late") && !run->late)
		start_late(run, req);
	else if (!strcmp(path, "/api/stream"))
		start_stream(run, req);
	else if (!strcmp(path, "/api/problem"))
		web_problem(req, 403, "Not so", "room \"%s\" %d%%", "x", 5);
	else
		reply_echo(req);
}


static void flood_handler(void *arg)
{
	struct sock *sock = arg;
	char big[1000];
	unsigned i;
	json_t *obj;

	on_loop();
	memset(big, 'y', sizeof(big));
	obj = json_pack("{s:s%}", "big", big, sizeof(big));
	for (i = 0; i < 500 && sock->ws; i++)
		web_ws_send(sock->ws, obj);
	json_decref(obj);
	tmr_start(&sock->tmr, 10, flood_handler, sock);
}


static void msg_handler(json_t *msg, void *arg)
{
	struct sock *sock = arg;
	json_t *code = json_object_get(msg, "close"), *obj;

	on_loop();
	if (code) {
		web_ws_close(sock->ws, (uint16_t)json_integer_value(code),
			     "as you wish");
		sock->ws = NULL;
		mem_deref(sock);
	}
	else if (json_object_get(msg, "flood")) {
		flood_handler(sock);
	}
	else {
		obj = json_pack("{s:O}", "echo", msg);
		web_ws_send(sock->ws, obj);
		json_decref(obj);
	}
}


static void close_handler(void *arg)
{
	struct sock *sock = arg;

	on_loop();
	atomic_store(&sock->run->fix.code, web_ws_code(sock->ws));
	atomic_fetch_add(&sock->run->fix.closed, 1);
	sock->ws = NULL;
	mem_deref(sock);
}


static void sock_destructor(void *arg)
{
	struct sock *sock = arg;

	tmr_cancel(&sock->tmr);
	list_unlink(&sock->le);
	web_ws_close(sock->ws, 1001, NULL);
}


static void ws_handler(struct web_ws *ws, void *arg)
{
	struct run *run = arg;
	struct sock *sock;

	on_loop();
	atomic_fetch_add(&run->fix.opened, 1);
	sock = mem_zalloc(sizeof(*sock), sock_destructor);
	sock->ws = ws;
	sock->run = run;
	tmr_init(&sock->tmr);
	list_append(&run->sockl, &sock->le, sock);
	web_ws_handlers(ws, msg_handler, close_handler, sock);
}


static int make_cert(const char *dir, const char *name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *dn = X509_get_subject_name(x);
	char path[256];
	FILE *f;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(dn, "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, dn);
	X509_set_pubkey(x, key);
	X509_sign(x, key, EVP_sha256());

	snprintf(path, sizeof(path), "%s/cert.pem", dir);
	f = fopen(path, "w");
	PEM_write_X509(f, x);
	fclose(f);
	snprintf(path, sizeof(path), "%s/key.pem", dir);
	f = fopen(path, "w");
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(key);

	return 0;
}


static int use_cert(struct run *run)
{
	char cert[256], key[256], errbuf[256];

	snprintf(cert, sizeof(cert), "%s/cert.pem", run->fix.dir);
	snprintf(key, sizeof(key), "%s/key.pem", run->fix.dir);

	return web_tls(run->fix.web, cert, key, errbuf, sizeof(errbuf));
}


int fix_renew(struct fix *fix, const char *name)
{
	struct run *run = cur;
	int err = make_cert(fix->dir, name);

	if (err)
		return err;
	pthread_mutex_lock(&run->mtx);
	run->renewing = true;
	err = mqueue_push(run->mq, 1, NULL);
	while (!err && run->renewing)
		pthread_cond_wait(&run->cond, &run->mtx);
	pthread_mutex_unlock(&run->mtx);

	return err;
}


static void mq_handler(int id, void *data, void *arg)
{
	struct run *run = arg;

	(void)data;
	on_loop();
	if (id == 0) {
		re_cancel();
		return;
	}
	pthread_mutex_lock(&run->mtx);
	(void)use_cert(run);
	run->renewing = false;
	pthread_cond_signal(&run->cond);
	pthread_mutex_unlock(&run->mtx);
}


static void *client_main(void *arg)
{
	struct run *run = arg;

	run->err = run->clienth(&run->fix);
	(void)mqueue_push(run->mq, 0, NULL);

	return NULL;
}


static int make_page(struct run *run)
{
	char path[128], *js = malloc(100000);
	uint8_t *file = malloc(FIX_FILE);
	size_t i;
	int err;

	strcpy(run->fix.dir, "/tmp/tutti-web-XXXXXX");
	if (!mkdtemp(run->fix.dir))
		return errno;
	snprintf(path, sizeof(path), "%s/page", run->fix.dir);
	err = mkdir(path, 0700) ? errno : 0;
	snprintf(path, sizeof(path), "%s/page/assets", run->fix.dir);
	err |= mkdir(path, 0700) ? errno : 0;
	memset(js, 'j', 100000);
	for (i = 0; i < FIX_FILE; i++)
		file[i] = fix_byte(i);
	err |= write_file(run->fix.dir, "page/index.html", "<p>index</p>", 12);
	err |= write_file(run->fix.dir, "page/.secret", "x", 1);
	err |= write_file(run->fix.dir, "page/assets/a-1.js", js, 100000);
	err |= write_file(run->fix.dir, "file.bin", file, FIX_FILE);
	free(js);
	free(file);

	return err;
}


static void remove_page(const struct run *run)
{
	static const char *const namev[] = {
		"page/index.html", "page/.secret", "page/assets/a-1.js",
		"file.bin", "cert.pem", "key.pem",
	};
	char path[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(namev); i++) {
		snprintf(path, sizeof(path), "%s/%s", run->fix.dir, namev[i]);
		(void)unlink(path);
	}
	snprintf(path, sizeof(path), "%s/page/assets", run->fix.dir);
	(void)rmdir(path);
	snprintf(path, sizeof(path), "%s/page", run->fix.dir);
	(void)rmdir(path);
	(void)rmdir(run->fix.dir);
}


static int start(struct run *run, const struct web_limits *limits, bool tls)
{
	char page[128], errbuf[256] = "";
	struct web_cfg cfg = {
		.static_dir = page, .software = "tutti/test",
		.reqh = req_handler, .wsh = ws_handler, .arg = run,
		.origins = "https://friend.example",
	};
	int err;

	if (limits)
		cfg.limits = *limits;
	snprintf(page, sizeof(page), "%s/page", run->fix.dir);
	err = web_alloc(&run->fix.web, &cfg);
	if (err)
		return err;
	err = web_listen(run->fix.web, "http 127.0.0.1:0");
	err |= web_listen(run->fix.web, "http [::1]:0");
	if (tls) {
		err |= make_cert(run->fix.dir, "first") | use_cert(run) |
			web_listen(run->fix.web, "https 127.0.0.1:0");
	}
	if (!err)
		err = web_start(run->fix.web, errbuf, sizeof(errbuf));
	if (err)
		re_printf("# %s: %m\n", errbuf, err);
	else
		err = web_local(run->fix.web, 0, &run->fix.addr) |
			web_local(run->fix.web, 1, &run->fix.addr6) |
			(tls ? web_local(run->fix.web, 2, &run->fix.tls) : 0);

	return err;
}


static int run_it(fix_client_h *clienth, const struct web_limits *limits,
		  bool tls)
{
	struct run *run = calloc(1, sizeof(*run));
	unsigned i;
	int err;

	on_loop();
	cur = run;
	run->clienth = clienth;
	pthread_mutex_init(&run->mtx, NULL);
	pthread_cond_init(&run->cond, NULL);
	err = make_page(run) | mqueue_alloc(&run->mq, mq_handler, run);
	if (!err)
		err = start(run, limits, tls);
	if (!err)
		err = pthread_create(&run->tid, NULL, client_main, run);
	if (!err) {
		(void)re_main(NULL);
		(void)pthread_join(run->tid, NULL);
		err = run->err;
	}

	/* half of what is open goes before the web, half after it */
	if (run->sockl.head)
		mem_deref(run->sockl.head->data);
	run->fix.web = mem_deref(run->fix.web);
	list_flush(&run->sockl);
	for (i = 0; i < run->heldc; i++)
		web_reply(run->held[i], 200, NULL, NULL, NULL, 0);
	mem_deref(run->mq);
	remove_page(run);
	pthread_mutex_destroy(&run->mtx);
	pthread_cond_destroy(&run->cond);
	free(run);

	return err;
}


int fix_run(fix_client_h *clienth, const struct web_limits *limits)
{
	return run_it(clienth, limits, false);
}


int fix_run_tls(fix_client_h *clienth)
{
	return run_it(clienth, NULL, true);
}
