/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_conn_ws.c -- a connection that has become a WebSocket
 *
 * Threads: the web thread's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/http_conn.h"

struct feed {
	struct conn *conn;
	uint64_t now;
};


static bool origin_ok(const struct site *site, const char *origin,
		      const char *host)
{
	const char *p = site->origins;

	if (!origin || head_same_site(origin, host))
		return true;
	while (p && *p) {
		size_t n = strcspn(p, " ");

		if ((n == 1 && *p == '*') ||
		    (n == strlen(origin) && !strncasecmp(p, origin, n)))
			return true;
		p += n + strspn(p + n, " ");
	}

	return false;
}


/* An HTTP status that refuses, 0 fine */
static int refuse(const struct conn *conn, char *accept, const char **whyp)
{
	const struct http_head *head = conn->head;
	const char *version = head_field(head, "sec-websocket-version");
	const char *proto = head_field(head, "sec-websocket-protocol");

	if (strcmp(head->method, "GET")) {
		*whyp = "a WebSocket begins with GET";
		return 400;
	}
	if (!version || strcmp(version, "13")) {
		*whyp = "Sec-WebSocket-Version 13 is spoken here";
		return 426;
	}
	if (frame_accept(accept, head_field(head, "sec-websocket-key"))) {
		*whyp = "malformed Sec-WebSocket-Key";
		return 400;
	}
	if (proto && !head_has_token(proto, "tutti")) {
		*whyp = "the subprotocol is \"tutti\"";
		return 400;
	}
	if (!origin_ok(conn->site, head_field(head, "origin"),
		       head_field(head, "host"))) {
		*whyp = "a page of another site may not do that";
		return 403;
	}

	return 0;
}


static int to_loop(struct conn *conn)
{
	struct job *job = job_alloc(JOB_WS_OPEN, conn->id, conn->serial);

	conn->gauge = gauge_alloc();
	if (!job || !conn->gauge) {
		job_free(job);
		return ENOMEM;
	}
	job->head = conn->head;
	conn->head = NULL;
	job->peer = conn->peer;
	job->secure = conn->secure;
	job->gauge = gauge_ref(conn->gauge);

	return jobq_push(conn->site->jobq, job, false);
}


void conn_ws_open(struct conn *conn, uint64_t now)
{
	char accept[32], buf[512];
	const char *why = NULL;
	int status = refuse(conn, accept, &why), n;

	if (status) {
		head_free(conn->head);
		conn->head = NULL;
		conn_problem(conn, status, why, status != 426, now);
		return;
	}
	n = snprintf(buf, sizeof(buf), "HTTP/1.1 101 Switching Protocols\r\n"
		     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		     "Sec-WebSocket-Accept: %s\r\n%s\r\n", accept,
		     head_field(conn->head, "sec-websocket-protocol") ?
		     "Sec-WebSocket-Protocol: tutti\r\n" : "");
	if (to_loop(conn)) {
		conn_problem(conn, 503, NULL, true, now);
		return;
	}
	conn->is_ws = true;
	atomic_fetch_add(&conn->site->stats.ws, 1);
	conn->state = CONN_WS;
	conn->ping_at = now + conn->site->limits.ping_ms;
	if (out_copy(&conn->out, buf, (size_t)n))
		conn->state = CONN_DEAD;
	out_firm(&conn->out);
}


static void control(struct conn *conn, enum frame_op op, const char *p,
		    size_t len, bool first)
{
	uint8_t buf[FRAME_HEAD_MAX + FRAME_CTRL_MAX];
	size_t n = frame_head(buf, op, len);

	memcpy(buf + n, p, len);
	if (first ? out_first(&conn->out, buf, n + len)
		  : out_copy(&conn->out, buf, n + len))
		conn->state = CONN_DEAD;
}


void conn_ws_close(struct conn *conn, uint16_t code, const char *reason,
		   uint64_t now)
{
	char buf[FRAME_CTRL_MAX];
	size_t n = reason ? strlen(reason) : 0;

	if (n > sizeof(buf) - 2)
		n = sizeof(buf) - 2;
	while (n && !utf8_ok(reason, n))  /* not in the midst of a letter */
		--n;
	if (!frame_code_ok(code))
		code = 1000;
	buf[0] = (char)(code >> 8);
	buf[1] = (char)code;
	if (n)
		memcpy(buf + 2, reason, n);
	conn->state = CONN_CLOSING;
	conn->deadline = now + CONN_CLOSE_MS;
	control(conn, FRAME_CLOSE, buf, n + 2, false);
}


static void on_close(struct conn *conn, uint16_t code, uint64_t now)
{
	conn->got_close = true;
	if (conn->state == CONN_WS)
		conn_ws_close(conn, code == 1005 ? 1000 : code, NULL, now);
	conn_tell(conn, code);
}


static int on_text(struct conn *conn, const char *p, size_t len)
{
	json_error_t je;
	json_t *msg = json_loadb(p, len, JSON_REJECT_DUPLICATES, &je);
	struct job *job;

	if (!json_is_object(msg)) {
		json_decref(msg);
		return 1007;
	}
	atomic_fetch_add(&conn->site->stats.messages, 1);
	job = job_alloc(JOB_WS_MSG, conn->id, conn->serial);
	if (!job) {
		json_decref(msg);
		return 1011;
	}
	job->msg = msg;
	job->cost = len * JOB_TREE;

	return jobq_push(conn->site->jobq, job, false) ? 1013 : 0;
}


static int frame_handler(enum frame_op op, uint16_t code, const char *p,
			 size_t len, void *arg)
{
	struct feed *feed = arg;
	struct conn *conn = feed->conn;

	if (conn->got_close)
		return 0;

	switch (op) {

	case FRAME_TEXT:
		return conn->state == CONN_WS ? on_text(conn, p, len) : 0;

	case FRAME_PING:
		/* one answer to many is enough (RFC 6455 5.5.3) */
		if (conn->state == CONN_WS && !conn->pong_queued) {
			control(conn, FRAME_PONG, p, len, true);
			conn->pong_queued = true;
		}
		return 0;

	case FRAME_PONG:
		conn->pong_due = 0;
		return 0;

	case FRAME_CLOSE:
		on_close(conn, code, feed->now);
		return 0;

	default:
		return 0;
	}
}


void conn_ws_rx(struct conn *conn, const uint8_t *p, size_t len,
		uint64_t now)
{
	struct feed feed = {conn, now};
	int code;

	if (conn->got_close)
		return;
	code = frames_feed(&conn->frames, p, len, frame_handler, &feed);
	if (!code)
		return;

	/* what comes after a broken frame cannot be understood */
	conn->got_close = true;
	conn_tell(conn, (uint16_t)code);
	if (conn->state == CONN_WS)
		conn_ws_close(conn, (uint16_t)code, NULL, now);
}


void conn_ws_tick(struct conn *conn, uint64_t now)
{
	const struct web_limits *lim = &conn->site->limits;

	if (conn->pong_due && now >= conn->pong_due) {
		atomic_fetch_add(&conn->site->stats.timeouts, 1);
		conn->state = CONN_DEAD;
	}
	else if (!conn->pong_due && now >= conn->ping_at) {
		control(conn, FRAME_PING, "", 0, true);
		conn->ping_at = now + lim->ping_ms;
		conn->pong_due = now + lim->pong_ms;
	}
}
