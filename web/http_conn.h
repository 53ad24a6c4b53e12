/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_conn.h -- a connection: bytes in, bytes out, the time given
 *
 *	            head         body          answer
 *	  HEAD ──────────> BODY ──────> WAIT ────────> SEND ──> HEAD or DRAIN
 *	    │                │            └──> STREAM ──────────────> DRAIN
 *	    └──> WS ──> CLOSING ──> DRAIN     └── static files ──> SEND
 *
 * It opens no socket and reads no clock.  Whoever calls it then looks at
 * conn_wants().  The connections own themselves through their table; the
 * loop knows them by id only.
 *
 * Threads: the web thread's.
 */
#ifndef TUTTI_WEB_HTTP_CONN_H
#define TUTTI_WEB_HTTP_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <re.h>

#include "web/http.h"
#include "web/http_frame.h"
#include "web/http_job.h"
#include "web/http_out.h"
#include "web/http_static.h"

enum conn_state {
	CONN_HEAD,                /* waits for a request                  */
	CONN_BODY,
	CONN_WAIT,                /* for the loop's answer                */
	CONN_SEND,
	CONN_STREAM,              /* events                               */
	CONN_WS,
	CONN_CLOSING,             /* WebSocket: close sent                */
	CONN_DRAIN,               /* all sent; the client may finish      */
	CONN_DEAD,
};

enum {
	CONN_AHEAD_MAX  = 16384,  /* pipelined bytes that are read ahead  */
	CONN_DRAIN_MS   = 2000,
	CONN_DRAIN_MAX  = 1 << 20,
	CONN_CLOSE_MS   = 5000,
	CONN_STREAM_MS  = 15000,  /* a comment, so that proxies stay      */
};

enum conn_want {
	WANT_RX  = 1,
	WANT_TX  = 2,
	WANT_END = 4,             /* shut the sending side down           */
	WANT_DIE = 8,
};

struct conn_stats {
	atomic_uint conns, ws;
	atomic_ullong accepted, refused, requests, messages;
	atomic_ullong bytes_in, bytes_out, timeouts, faults;
};

/** What all connections share; constant but for the counters */
struct site {
	const struct statics *statics;
	const char *software, *origins;
	struct web_limits limits;
	struct jobq *jobq;
	struct conn_stats stats;
};

struct conns;

struct conn {
	struct conns *conns;
	struct site *site;
	uint64_t id;
	void *user;               /* the socket                           */
	struct sa peer;
	bool secure;
	enum conn_state state;
	uint64_t deadline, ping_at, pong_due;     /* [ms]; pong_due 0     */
	bool shut;                /* WANT_END is done                     */
	bool rx_off;              /* the socket is not read               */

	char *in;                 /* not looked at yet                    */
	size_t inn, insz, drained;
	struct out out;

	uint32_t serial;
	struct http_head *head;   /* while BODY                           */
	bool keep, is_head, old;

	struct frames frames;     /* WS                                   */
	bool got_close, pong_queued;

	bool is_ws, is_stream;    /* the loop has an object for it        */
	bool told;                /* ... and knows that it is over        */
	struct gauge *gauge;
	size_t counted;           /* of the gauge, in out                 */
};

int conns_alloc(struct conns **connsp, struct site *site);
void conns_free(struct conns *conns);
struct site *conns_site(const struct conns *conns);

/** Counted and limited; NULL: too many. */
struct conn *conn_new(struct conns *conns, const struct sa *peer,
		      bool secure, uint64_t now);
void conn_free(struct conn *conn);
struct conn *conn_find(const struct conns *conns, uint64_t id);
/** Each connection, which the handler may free. */
void conns_each(struct conns *conns, void (*h)(struct conn *, void *),
		void *arg);

void conn_rx(struct conn *conn, const uint8_t *p, size_t len, uint64_t now);
/** When the socket takes bytes; *np of them are to be written. */
void conn_tx(struct conn *conn, uint8_t *buf, size_t size, size_t *np,
	     uint64_t now);
/** From time to time. */
void conn_tick(struct conn *conn, uint64_t now);
unsigned conn_wants(const struct conn *conn);

/** Takes the order; the connection concerned or NULL. */
struct conn *conns_order(struct conns *conns, struct order *order,
			 uint64_t now);

/** Tells the loop, once, that its WebSocket or stream is over. */
void conn_tell(struct conn *conn, uint16_t code);

/* --- between its parts: http_conn.c, http_order.c, http_answer.c and
 * http_conn_ws.c --- */
void conn_answer(struct conn *conn, int status, const char *fields,
		 uint64_t len, uint64_t now);
void conn_problem(struct conn *conn, int status, const char *detail,
		    bool close, uint64_t now);
void conn_static(struct conn *conn, uint64_t now);
void conn_stream(struct conn *conn, uint64_t now);
const char *status_text(int status);

void conn_ws_open(struct conn *conn, uint64_t now);
void conn_ws_rx(struct conn *conn, const uint8_t *p, size_t len,
		uint64_t now);
void conn_ws_close(struct conn *conn, uint16_t code, const char *reason,
		   uint64_t now);
void conn_ws_tick(struct conn *conn, uint64_t now);

#endif
