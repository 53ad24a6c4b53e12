/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http.h -- HTTP/1.1 and WebSocket beside libre's loop
 *
 * libwebsockets in one thread that only moves bytes; whole requests come to
 * the loop, answers go back.  Files below the static directory are read
 * into memory at the start (with a gzip twin) and served by the thread
 * alone.  Chunked requests are refused (411), bodies and headers bounded,
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

#include <re.h>
#include <jansson.h>

#include "base/thread.h"

enum {
	WEB_BODY_MAX    = 262144,    /* of a request [bytes]             */
	WEB_CONNS_MAX   = 2000,
	WEB_PER_IP_MAX  = 200,
	WEB_IDLE_S      = 15,        /* until a request is whole; keep-alive */
	WEB_WS_MSG_MAX       = 65536,     /* of a client [bytes]              */
	WEB_WS_QUEUE_MAX     = 1 << 20,   /* bytes a client has not read: closed */
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

struct web_cfg {
	const char *static_dir;   /* $TUTTI_WEB or PKGDATADIR/web         */
	const char *software;     /* "tutti/0.1.0"                        */
	web_req_h *reqh;
	web_ws_h *wsh;
	void *arg;
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
 *  mem_deref() ends it and joins. */
int web_start(struct web *web, char *errbuf, size_t errsz);

json_t *web_stats(const struct web *web);

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
/** Messages are JSON objects; anything else closes (1007).  closeh: called
 *  once, ws is invalid when it returns. */
void web_ws_handlers(struct web_ws *ws,
		      void (*msgh)(json_t *msg, void *arg),
		      void (*closeh)(void *arg), void *arg);
const char *web_ws_path(const struct web_ws *ws);    /* "/ws/demo"      */
const char *web_ws_origin(const struct web_ws *ws);  /* or NULL         */
const char *web_ws_host(const struct web_ws *ws);
const struct sa *web_ws_peer(const struct web_ws *ws);
void web_ws_send(struct web_ws *ws, const json_t *msg);  /* borrowed    */
size_t web_ws_waiting(const struct web_ws *ws);
void web_ws_close(struct web_ws *ws, uint16_t code, const char *reason);

#endif
