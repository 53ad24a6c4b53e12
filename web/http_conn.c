/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_conn.c -- a connection's life; see http_conn.h
 */
#include <stdlib.h>
#include <string.h>

#include "web/http_conn.h"

enum { SLOT_BITS = 16 };

struct conns {
	struct site *site;
	struct conn **slotv;      /* limits.conns of them                 */
	unsigned next;
	uint64_t made;
};


static bool is_dynamic(const char *path)
{
	static const char *const prefixv[] = {
		"/api/", "/whip/", "/whep/", "/session/",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixv); i++) {
		if (!strncmp(path, prefixv[i], strlen(prefixv[i])))
			return true;
	}

	return false;
}


int conns_alloc(struct conns **connsp, struct site *site)
{
	struct conns *conns = calloc(1, sizeof(*conns));

	if (!conns)
		return ENOMEM;
	conns->site = site;
	conns->slotv = calloc(site->limits.conns, sizeof(*conns->slotv));
	if (!conns->slotv) {
		free(conns);
		return ENOMEM;
	}
	*connsp = conns;

	return 0;
}


void conns_free(struct conns *conns)
{
	unsigned i;

	if (!conns)
		return;
	for (i = 0; i < conns->site->limits.conns; i++) {
		if (conns->slotv[i])
			conn_free(conns->slotv[i]);
	}
	free(conns->slotv);
	free(conns);
}


struct site *conns_site(const struct conns *conns)
{
	return conns->site;
}


struct conn *conn_find(const struct conns *conns, uint64_t id)
{
	const unsigned slot = (unsigned)(id & ((1u << SLOT_BITS) - 1));
	struct conn *conn;

	if (slot >= conns->site->limits.conns)
		return NULL;
	conn = conns->slotv[slot];

	return conn && conn->id == id ? conn : NULL;
}


void conns_each(struct conns *conns, void (*h)(struct conn *, void *),
		void *arg)
{
	unsigned i;

	for (i = 0; i < conns->site->limits.conns; i++) {
		if (conns->slotv[i])
			h(conns->slotv[i], arg);
	}
}


/* Whoever has one address of a /64 has them all */
static bool same_host(const struct sa *a, const struct sa *b)
{
	if (sa_af(a) == AF_INET6 && sa_af(b) == AF_INET6)
		return !memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, 8);

	return sa_cmp(a, b, SA_ADDR);
}


/* A free slot; *samep how many come from there already */
static int find_slot(struct conns *conns, const struct sa *peer,
		     unsigned *samep)
{
	const unsigned n = conns->site->limits.conns;
	unsigned i;
	int slot = -1;

	*samep = 0;
	for (i = 0; i < n; i++) {
		const unsigned k = (conns->next + i) % n;

		if (!conns->slotv[k])
			slot = slot < 0 ? (int)k : slot;
		else if (same_host(&conns->slotv[k]->peer, peer))
			++*samep;
	}
	if (slot >= 0)
		conns->next = (unsigned)slot + 1;

	return slot;
}


struct conn *conn_new(struct conns *conns, const struct sa *peer,
		      bool secure, uint64_t now)
{
	struct site *site = conns->site;
	struct conn *conn = NULL;
	unsigned same;
	int slot = find_slot(conns, peer, &same);

	if (slot >= 0 && same < site->limits.per_ip)
		conn = calloc(1, sizeof(*conn));
	if (!conn) {
		atomic_fetch_add(&site->stats.refused, 1);
		return NULL;
	}
	conn->conns = conns;
	conn->site = site;
	conn->id = ++conns->made << SLOT_BITS | (unsigned)slot;
	conn->peer = *peer;
	conn->secure = secure;
	conn->deadline = now + site->limits.idle_ms;
	conn->frames.max = WEB_WS_MSG_MAX;
	out_init(&conn->out);
	conns->slotv[slot] = conn;
	atomic_fetch_add(&site->stats.accepted, 1);
	atomic_fetch_add(&site->stats.conns, 1);

	return conn;
}


void conn_tell(struct conn *conn, uint16_t code)
{
	struct job *job;

	if (conn->told || (!conn->is_ws && !conn->is_stream))
		return;

	conn->told = true;
	job = job_alloc(conn->is_ws ? JOB_WS_CLOSED : JOB_GONE, conn->id,
			conn->serial);
	if (job) {
		job->code = code;
		(void)jobq_push(conn->site->jobq, job, true);
	}
}


void conn_free(struct conn *conn)
{
	struct conns *conns = conn->conns;

	conn_tell(conn, 1006);
	conns->slotv[conn->id & ((1u << SLOT_BITS) - 1)] = NULL;
	atomic_fetch_sub(&conn->site->stats.conns, 1);
	if (conn->is_ws)
		atomic_fetch_sub(&conn->site->stats.ws, 1);
	head_free(conn->head);
	frames_reset(&conn->frames);
	out_reset(&conn->out);
	gauge_free(conn->gauge);
	free(conn->in);
	free(conn);
}


static void consume(struct conn *conn, size_t n)
{
	if (!n)
		return;
	conn->inn -= n;
	memmove(conn->in, conn->in + n, conn->inn);
	if (!conn->inn) {
		/* hundreds of idle clients need no buffer */
		free(conn->in);
		conn->in = NULL;
		conn->insz = 0;
	}
}


static int keep_input(struct conn *conn, const uint8_t *p, size_t len)
{
	if (conn->inn + len > conn->insz) {
		size_t size = conn->insz ? conn->insz : 2048;
		char *in;

		while (size < conn->inn + len)
			size *= 2;
		in = realloc(conn->in, size);
		if (!in)
			return ENOMEM;
		conn->in = in;
		conn->insz = size;
	}
	memcpy(conn->in + conn->inn, p, len);
	conn->inn += len;

	return 0;
}


static void to_loop(struct conn *conn, struct mbuf *body, uint64_t now)
{
	struct job *job = job_alloc(JOB_REQUEST, conn->id, conn->serial);

	if (!job) {
		mem_deref(body);
		conn_problem(conn, 503, NULL, false, now);
		return;
	}
	job->head = conn->head;
	conn->head = NULL;
	job->body = body;
	job->cost = body ? body->end : 0;
	job->peer = conn->peer;
	job->secure = conn->secure;
	conn->state = CONN_WAIT;
	conn->deadline = now + conn->site->limits.answer_ms;
	if (jobq_push(conn->site->jobq, job, false))
		conn_problem(conn, 503, "too many requests wait already",
			       false, now);
}


/* The request is whole */
static void dispatch(struct conn *conn, size_t len, uint64_t now)
{
	struct mbuf *body = NULL;
	int err = 0;

	if (!is_dynamic(conn->head->path)) {
		consume(conn, len);
		if (!strncmp(conn->head->path, "/ws/", 4))
			conn_problem(conn, 426, "this is a WebSocket",
				       false, now);
		else
			conn_static(conn, now);
		head_free(conn->head);
		conn->head = NULL;
		return;
	}
	if (len) {
		body = mbuf_alloc(len);
		err = body ? mbuf_write_mem(body, (uint8_t *)conn->in, len)
			   : ENOMEM;
		consume(conn, len);
	}
	if (err) {
		mem_deref(body);
		conn_problem(conn, 503, NULL, true, now);
		return;
	}
	if (body)
		mbuf_set_pos(body, 0);
	to_loop(conn, body, now);
}


/* A head is there: is the rest welcome? */
static void begin(struct conn *conn, uint64_t now)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct http_head *head = conn->head;

	atomic_fetch_add(&conn->site->stats.requests, 1);
	++conn->serial;
	conn->keep = head->keep;
	conn->is_head = !strcmp(head->method, "HEAD");
	conn->state = CONN_BODY;

	if (head->coded) {
		conn_problem(conn, 411, "send a Content-Length instead of "
			       "a Transfer-Encoding", true, now);
	}
	else if (head->length > WEB_BODY_MAX) {
		conn_problem(conn, 413, "at most 256 KiB", true, now);
	}
	else if (head->upgrade && !strncmp(head->path, "/ws/", 4)) {
		if (head->length > 0)
			conn_problem(conn, 400, "a body is not expected",
				       true, now);
		else
			conn_ws_open(conn, now);
	}
	else if (head->expect && head->length > 0 &&
		 conn->inn < (size_t)head->length &&
		 out_copy(&conn->out, go_on, sizeof(go_on) - 1)) {
		conn->state = CONN_DEAD;
	}
}


static bool step_head(struct conn *conn, uint64_t now)
{
	const char *why = NULL;
	size_t used = 0;
	int status = 400;
	int err = head_parse(&conn->head, &used, conn->in, conn->inn,
			     &status, &why);

	if (err == EAGAIN)
		return false;
	if (err) {
		conn->is_head = false;
		conn_problem(conn, status, why, true, now);
		return false;
	}
	consume(conn, used);
	begin(conn, now);

	return true;
}


static bool step_body(struct conn *conn, uint64_t now)
{
	const size_t need = conn->head->length > 0 ?
			    (size_t)conn->head->length : 0;

	if (conn->inn < need)
		return false;
	dispatch(conn, need, now);

	return true;
}


/* As many requests as are there, until one has to wait */
static void step(struct conn *conn, uint64_t now)
{
	bool more = true;

	while (more) {
		if (conn->state == CONN_HEAD && conn->inn)
			more = step_head(conn, now);
		else if (conn->state == CONN_BODY)
			more = step_body(conn, now);
		else
			more = false;
	}
	if (conn->state == CONN_WS && conn->inn) {
		char *in = conn->in;
		size_t n = conn->inn;

		conn->in = NULL;
		conn->inn = conn->insz = 0;
		conn_ws_rx(conn, (uint8_t *)in, n, now);
		free(in);
	}
}


void conn_rx(struct conn *conn, const uint8_t *p, size_t len, uint64_t now)
{
	atomic_fetch_add(&conn->site->stats.bytes_in, len);

	switch (conn->state) {

	case CONN_WS:
	case CONN_CLOSING:
		conn_ws_rx(conn, p, len, now);
		break;

	case CONN_DRAIN:
		conn->drained += len;
		if (conn->drained > CONN_DRAIN_MAX)
			conn->state = CONN_DEAD;
		break;

	case CONN_DEAD:
		break;

	default:
		/* the clock of a request begins with its first byte */
		if (conn->state == CONN_HEAD && !conn->inn)
			conn->deadline = now + conn->site->limits.idle_ms;
		if (keep_input(conn, p, len))
			conn->state = CONN_DEAD;
		else
			step(conn, now);
		break;
	}
}


/* All is sent */
static void sent(struct conn *conn, uint64_t now)
{
	if (conn->state == CONN_SEND && conn->keep) {
		conn->state = CONN_HEAD;
		conn->deadline = now + conn->site->limits.idle_ms;
		step(conn, now);
	}
	else if (conn->state == CONN_SEND ||
		 (conn->state == CONN_STREAM && conn->told) ||
		 (conn->state == CONN_CLOSING && conn->got_close)) {
		conn->state = CONN_DRAIN;
		conn->deadline = now + CONN_DRAIN_MS;
		if (conn->inn)
			consume(conn, conn->inn);
	}
}


static void uncount(struct conn *conn, size_t n)
{
	if (!conn->gauge)
		return;
	n = conn->out.head && n < conn->counted ? n : conn->counted;
	conn->counted -= n;
	atomic_fetch_sub(&conn->gauge->bytes, n);
}


void conn_tx(struct conn *conn, uint8_t *buf, size_t size, size_t *np,
	     uint64_t now)
{
	*np = 0;
	if (conn->state == CONN_DEAD)
		return;
	if (out_empty(&conn->out)) {
		sent(conn, now);
		return;
	}
	if (out_fill(&conn->out, buf, size, np)) {
		/* rather a broken connection than a wrong file */
		atomic_fetch_add(&conn->site->stats.faults, 1);
		conn->state = CONN_DEAD;
		return;
	}
	conn->pong_queued = false;
	uncount(conn, *np);
	atomic_fetch_add(&conn->site->stats.bytes_out, *np);
	if (conn->state == CONN_SEND || conn->state == CONN_STREAM)
		conn->deadline = now + conn->site->limits.stall_ms;
}


static void tick_stream(struct conn *conn, uint64_t now)
{
	static const char comment[] = ":\n\n";

	if (!out_empty(&conn->out)) {
		if (now >= conn->deadline)
			conn->state = CONN_DEAD;
		return;
	}
	conn->deadline = now + conn->site->limits.stall_ms;
	if (now >= conn->ping_at) {
		conn->ping_at = now + CONN_STREAM_MS;
		if (out_copy(&conn->out, comment, sizeof(comment) - 1))
			conn->state = CONN_DEAD;
	}
}


void conn_tick(struct conn *conn, uint64_t now)
{
	switch (conn->state) {

	case CONN_HEAD:
	case CONN_BODY:
		if (now < conn->deadline)
			break;
		if (!conn->inn && conn->state == CONN_HEAD) {
			conn->state = CONN_DEAD;   /* only idle */
			break;
		}
		atomic_fetch_add(&conn->site->stats.timeouts, 1);
		conn->is_head = false;
		conn_problem(conn, 408, NULL, true, now);
		break;

	case CONN_STREAM:
		tick_stream(conn, now);
		break;

	case CONN_WS:
		conn_ws_tick(conn, now);
		break;

	case CONN_SEND:
	case CONN_CLOSING:
	case CONN_DRAIN:
		if (now < conn->deadline)
			break;
		if (conn->state == CONN_SEND)
			atomic_fetch_add(&conn->site->stats.timeouts, 1);
		conn->state = CONN_DEAD;
		break;

	case CONN_WAIT:
		if (now < conn->deadline)
			break;
		atomic_fetch_add(&conn->site->stats.timeouts, 1);
		conn_problem(conn, 504, "no answer in time", true, now);
		break;

	case CONN_DEAD:
		break;
	}
}


unsigned conn_wants(const struct conn *conn)
{
	unsigned wants = 0;

	if (conn->state == CONN_DEAD)
		return WANT_DIE;
	if (conn->state == CONN_HEAD || conn->state == CONN_BODY ||
	    conn->state >= CONN_WS || conn->inn < CONN_AHEAD_MAX)
		wants |= WANT_RX;
	if (!out_empty(&conn->out) || conn->state == CONN_SEND ||
	    (conn->state == CONN_STREAM && conn->told) ||
	    (conn->state == CONN_CLOSING && conn->got_close))
		wants |= WANT_TX;
	if (conn->state == CONN_DRAIN && !conn->shut)
		wants |= WANT_END;

	return wants;
}
