/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http.h -- HTTP/1.1 and WebSocket beside libre's loop
 *
 * libwebsockets in one thread moves the bytes (sockets, TLS, timers); whole
 * requests come to the loop, answers go back.  Files below the static
 * directory are read into memory at the start (with a gzip twin) and served
 * by the thread alone.  Chunked requests are refused (411), bodies and headers bounded,
 * slow clients cut off.  Errors have the one shape of RFC 9457.
 *
 *	GET /                the page            static
 *	GET /assets/…        its parts           static, immutable
 *	GET /ROOM            the page again      static
 *	/api/… /whip/… /whep/… /session/…        to reqh
 *	/ws/ROOM             WebSocket, subprotocol "tutti", to wsh
 *
 * Threads: everything here is called on the loop, and so are the handlers.
 */
#ifndef TUTTI_WEB_HTTP_H
#define TUTTI_WEB_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include <jansson.h>

#include "base/thread.h"

enum {
	WEB_BODY_MAX    = 262144,    /* of a request [bytes]             */
	WEB_CONNS_MAX   = 2000,
	WEB_PER_IP_MAX  = 200,
	WEB_IDLE_S      = 15,        /* until a request is whole; keep-alive */
	WEB_STALL_S     = 30,        /* a client that takes nothing          */
	WEB_ANSWER_S    = 60,        /* the handler's answer: then 504       */
	WEB_PING_S      = 20,
	WEB_PONG_S      = 15,
	WEB_WS_MSG_MAX   = 65536,    /* of a client [bytes]                  */
	WEB_WS_QUEUE_MAX = 1 << 20,  /* bytes a client has not read: closed  */
};

struct web;
struct web_req;
struct web_ws;

/** A request, whole.  To be answered exactly once, now or later; the
 *  handler owns req and gives it up with the answer. */
typedef void (web_req_h)(struct web_req *req, void *arg);

/** A WebSocket was opened; ws is the handler's until web_ws_close() or
 *  its closeh. */
typedef void (web_ws_h)(struct web_ws *ws, void *arg);

/** What may be set otherwise (by tests) */
struct web_limits {
	uint32_t conns, per_ip;
	uint32_t idle_ms;         /* until a request is whole; keep-alive */
	uint32_t stall_ms;        /* a client that does not read          */
	uint32_t answer_ms;       /* a handler that does not answer       */
	uint32_t ping_ms, pong_ms;        /* of a WebSocket               */
	uint32_t ws_queue;        /* bytes                                */
};

struct web_cfg {
	const char *static_dir;   /* $TUTTI_WEB or PKGDATADIR/web         */
	const char *software;     /* "tutti/0.1.0"                        */
	web_req_h *reqh;
	web_ws_h *wsh;
	void *arg;
	const char *origins;      /* other sites whose pages may open a
	                           * WebSocket, space separated; "*" all  */
	struct web_limits limits; /* 0: the values above                  */
};

int web_alloc(struct web **webp, const struct web_cfg *cfg);

/** "http 127.0.0.1:8080", "https [::]:8443"; before web_start().  ENOENT
 *  https without web_tls(). */
int web_listen(struct web *web, const char *val);

/** PEM files; also later, for new connections (SIGHUP).  errbuf: one line
 *  that names the file. */
int web_tls(struct web *web, const char *certificate, const char *key,
	     char *errbuf, size_t errsz);

/** Binds and starts the thread; EADDRINUSE …, with the address in errbuf.
 *  mem_deref() ends it and joins; requests, streams and WebSockets that
 *  their handlers still hold may be answered and closed afterwards, which
 *  only frees them. */
int web_start(struct web *web, char *errbuf, size_t errsz);

json_t *web_stats(const struct web *web);

/** Where the nth web_listen() really listens (port 0 in tests). */
int web_local(const struct web *web, unsigned n, struct sa *sa);

/* --- a request; strings live as long as it --- */
const char *web_method(const struct web_req *req);   /* "GET"           */
const char *web_path(const struct web_req *req);     /* decoded, no query */
const char *web_query(const struct web_req *req, const char *name);
const json_t *web_query_all(const struct web_req *req); /* {name: text} */
/** "authorization", "content-type", "if-match", "if-none-match", "range",
 *  "origin", "accept", "user-agent", "host", "x-forwarded-for",
 *  "last-event-id"; NULL */
const char *web_header(const struct web_req *req, const char *name);
const struct mbuf *web_body(const struct web_req *req);
const struct sa *web_peer(const struct web_req *req);
bool web_secure(const struct web_req *req);           /* TLS            */

/** The answer may take so long, from now on [ms]; else WEB_ANSWER_S.  What is
 *  answered too late is only freed. */
void web_patience(struct web_req *req, uint32_t ms);

/** headers: "Name: value\r\n" lines or NULL; ctype NULL without a body. */
void web_reply(struct web_req *req, int status, const char *ctype,
		const char *headers, const void *body, size_t len);
void web_reply_json(struct web_req *req, int status, json_t *obj); /* steals */
/** application/problem+json; detail in libre's format or NULL */
void web_problem(struct web_req *req, int status, const char *title,
		  const char *fmt, ...);
/** A file, taken over; with Range, HEAD, ETag and If-None-Match.  name:
 *  for Content-Disposition or NULL. */
void web_reply_file(struct web_req *req, int fd, const char *ctype,
		     const char *name);
/** text/event-stream: the first answer; lines follow until goneh or
 *  web_stream_end().  goneh: the client went or did not read. */
void web_stream(struct web_req *req, void (*goneh)(void *arg), void *arg);
void web_stream_event(struct web_req *req, const char *id,
		       const json_t *data);
/** Bytes of a stream that the client has not read yet. */
size_t web_stream_waiting(const struct web_req *req);
void web_stream_end(struct web_req *req);

/* --- a WebSocket --- */
/** Messages are JSON objects, borrowed; anything else closes (1007).
 *  closeh: called once, ws is invalid when it returns. */
void web_ws_handlers(struct web_ws *ws,
		      void (*msgh)(json_t *msg, void *arg),
		      void (*closeh)(void *arg), void *arg);
const char *web_ws_path(const struct web_ws *ws);    /* "/ws/demo"      */
const char *web_ws_origin(const struct web_ws *ws);  /* or NULL         */
const char *web_ws_host(const struct web_ws *ws);
const struct sa *web_ws_peer(const struct web_ws *ws);
void web_ws_send(struct web_ws *ws, const json_t *msg);  /* borrowed    */
/** In closeh: the client's closing code; 1005 it gave none, 1006 it broke
 *  off. */
uint16_t web_ws_code(const struct web_ws *ws);
size_t web_ws_waiting(const struct web_ws *ws);
void web_ws_close(struct web_ws *ws, uint16_t code, const char *reason);

#endif
