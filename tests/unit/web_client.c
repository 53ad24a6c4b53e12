/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/web_client.c -- a raw HTTP and WebSocket client
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "tests/unit/web_client.h"

enum { WAIT_MS = 8000 };


int cl_open(struct cl *cl, const struct sa *addr)
{
	memset(cl, 0, sizeof(*cl));
	cl->fd = socket(sa_af(addr), SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (cl->fd < 0)
		return errno;
	if (connect(cl->fd, &addr->u.sa, addr->len))
		return errno;

	return 0;
}


int cl_open_tls(struct cl *cl, const struct sa *addr, int max_version)
{
	static const unsigned char alpn[] = "\x02h2\x08http/1.1";
	int err = cl_open(cl, addr);

	if (err)
		return err;
	cl->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(cl->ctx, 0);
	SSL_CTX_set_max_proto_version(cl->ctx, max_version);
	cl->ssl = SSL_new(cl->ctx);
	SSL_set_alpn_protos(cl->ssl, alpn, sizeof(alpn) - 1);
	SSL_set_fd(cl->ssl, cl->fd);

	return SSL_connect(cl->ssl) == 1 ? 0 : EPROTO;
}


void cl_close(struct cl *cl)
{
	SSL_free(cl->ssl);
	SSL_CTX_free(cl->ctx);
	if (cl->fd > 0)
		(void)close(cl->fd);
	free(cl->buf);
	memset(cl, 0, sizeof(*cl));
}


int cl_send(struct cl *cl, const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		ssize_t k = cl->ssl ? SSL_write(cl->ssl, s, (int)n)
			: send(cl->fd, s, n, MSG_NOSIGNAL);

		if (k <= 0)
			return cl->ssl ? EPIPE : errno;
		s += k;
		n -= (size_t)k;
	}

	return 0;
}


int cl_text(struct cl *cl, const char *text)
{
	return cl_send(cl, text, strlen(text));
}


/* Some bytes, or the end */
static int fetch(struct cl *cl, unsigned ms)
{
	struct pollfd pfd = {.fd = cl->fd, .events = POLLIN};
	char tmp[16384];
	ssize_t k;

	if (cl->ended)
		return ENODATA;
	if (!(cl->ssl && SSL_pending(cl->ssl)) &&
	    poll(&pfd, 1, (int)ms) <= 0)
		return ETIMEDOUT;
	k = cl->ssl ? SSL_read(cl->ssl, tmp, sizeof(tmp))
		    : recv(cl->fd, tmp, sizeof(tmp), 0);
	if (k <= 0) {
		cl->ended = true;
		return ENODATA;
	}
	if (cl->n + (size_t)k + 1 > cl->size) {
		cl->size = (cl->n + (size_t)k + 1) * 2;
		cl->buf = realloc(cl->buf, cl->size);
	}
	memcpy(cl->buf + cl->n, tmp, (size_t)k);
	cl->n += (size_t)k;
	cl->buf[cl->n] = '\0';

	return 0;
}


int cl_need(struct cl *cl, size_t n, unsigned ms)
{
	const uint64_t end = clock_us() + ms * 1000ull;
	int err = 0;

	while (!err && cl->n < n) {
		const uint64_t now = clock_us();

		err = now >= end ? ETIMEDOUT
			: fetch(cl, (unsigned)((end - now) / 1000) + 1);
	}

	return err;
}


void cl_take(struct cl *cl, size_t n)
{
	cl->n -= n;
	memmove(cl->buf, cl->buf + n, cl->n + 1);
}


int cl_ended(struct cl *cl, unsigned ms)
{
	int err = cl_need(cl, SIZE_MAX, ms);

	return err == ENODATA ? 0 : err;
}


int cl_answer(struct cl *cl, struct answer *an, bool body)
{
	char *end;
	size_t n;
	int err;

	memset(an, 0, sizeof(*an));
	while (!cl->n || !(end = strstr(cl->buf, "\r\n\r\n"))) {
		err = cl_need(cl, cl->n + 1, WAIT_MS);
		if (err)
			return err;
	}
	n = (size_t)(end - cl->buf) + 2;
	an->head = strndup(cl->buf, n);
	cl_take(cl, n + 2);
	if (sscanf(an->head, "HTTP/1.1 %d", &an->status) != 1)
		return EBADMSG;
	for (end = an->head; *end; end++)
		*end = (char)tolower((unsigned char)*end);
	if (!body || an->status == 304 || an->status < 200)
		return 0;
	an->len = strtoul(answer_field(an, "content-length"), NULL, 10);
	err = cl_need(cl, an->len, WAIT_MS);
	if (err)
		return err;
	an->body = calloc(1, an->len + 1);
	if (an->len) {
		memcpy(an->body, cl->buf, an->len);
		cl_take(cl, an->len);
	}

	return 0;
}


void answer_reset(struct answer *an)
{
	free(an->head);
	free(an->body);
	memset(an, 0, sizeof(*an));
}


const char *answer_field(const struct answer *an, const char *name)
{
	static char buf[1024];
	char key[64];
	const char *p;

	snprintf(key, sizeof(key), "\r\n%s: ", name);
	p = an->head ? strstr(an->head, key) : NULL;
	snprintf(buf, sizeof(buf), "%.*s",
		 p ? (int)strcspn(p + strlen(key), "\r") : 0,
		 p ? p + strlen(key) : "");

	return buf;
}


int cl_ask(struct cl *cl, struct answer *an, const char *text)
{
	int err = cl_text(cl, text);

	answer_reset(an);

	return err ? err : cl_answer(cl, an, strncmp(text, "HEAD", 4));
}


int cl_ws(struct cl *cl, const char *path, const char *fields)
{
	struct answer an = {0};
	char buf[1024];
	int err;

	snprintf(buf, sizeof(buf), "GET %s HTTP/1.1\r\nHost: x\r\n"
		 "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
		 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		 "Sec-WebSocket-Version: 13\r\n"
		 "Sec-WebSocket-Protocol: tutti\r\n%s\r\n", path,
		 fields ? fields : "");
	err = cl_ask(cl, &an, buf);
	if (!err && an.status != 101)
		err = EACCES;
	if (!err && (strcmp(answer_field(&an, "sec-websocket-accept"),
			    "s3pplmbitxaq9kygzzhzrbk+xoo=") ||
		     !strstr(an.head, "\r\nsec-websocket-protocol: tutti\r")))
		err = EPROTO;
	answer_reset(&an);

	return err;
}


int cl_frame(struct cl *cl, uint8_t first, const void *p, size_t n)
{
	uint8_t *buf = malloc(n + 14);
	size_t k = 2, i;
	int err;

	buf[0] = first;
	if (n < 126) {
		buf[1] = (uint8_t)(0x80 | n);
	}
	else if (n < 65536) {
		buf[1] = 0x80 | 126;
		buf[k++] = (uint8_t)(n >> 8);
		buf[k++] = (uint8_t)n;
	}
	else {
		buf[1] = 0x80 | 127;
		for (i = 0; i < 8; i++)
			buf[k++] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
	}
	memcpy(buf + k, "\x11\x22\x33\x44", 4);
	for (i = 0; i < n; i++)
		buf[k + 4 + i] = ((const uint8_t *)p)[i] ^ buf[k + (i & 3)];
	err = cl_send(cl, buf, k + 4 + n);
	free(buf);

	return err;
}


int cl_ws_next(struct cl *cl, uint8_t *firstp, char **textp, size_t *np)
{
	size_t k = 2, n, i;
	int err = cl_need(cl, 2, WAIT_MS);

	if (err)
		return err;
	n = (uint8_t)cl->buf[1];
	if (n & 0x80)
		return EPROTO;            /* a server does not mask */
	if (n >= 126) {
		k = n == 126 ? 4 : 10;
		err = cl_need(cl, k, WAIT_MS);
		if (err)
			return err;
		for (n = 0, i = 2; i < k; i++)
			n = n << 8 | (uint8_t)cl->buf[i];
	}
	err = cl_need(cl, k + n, WAIT_MS);
	if (err)
		return err;
	*firstp = (uint8_t)cl->buf[0];
	*textp = calloc(1, n + 1);
	memcpy(*textp, cl->buf + k, n);
	*np = n;
	cl_take(cl, k + n);

	return 0;
}


int cl_ws_code(struct cl *cl)
{
	uint8_t first;
	char *text;
	size_t n;

	while (!cl_ws_next(cl, &first, &text, &n)) {
		int code = n < 2 ? 1005
			: (uint8_t)text[0] << 8 | (uint8_t)text[1];

		free(text);
		if (first == 0x88)
			return code;
	}

	return 0;
}
