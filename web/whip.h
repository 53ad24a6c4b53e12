/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/whip.h -- WHIP, WHEP and the page's session as HTTP resources
 *
 *	POST    /whip/ROOM          offer in, answer out  (RFC 9725)
 *	POST    /whep/ROOM?layout=  the same for watchers (WHEP draft)
 *	POST    /session/ROOM       the page, both ways
 *	PATCH   Location            trickled candidates, ICE restart; for
 *	                            /session also a whole new offer
 *	DELETE  Location            the end
 *
 * Location is /whip/ROOM/SECRET with 128 random bits: who knows it may use
 * it.  The ETag is of the ICE session: another after each ICE restart.
 *
 * This side knows HTTP and peers; whose a session is and who may have one
 * is the handlers' affair: POST -> admith (401, 403, 404 … or an owner) ->
 * offer and answer -> agreedh (the party joins) -> 201.
 *
 * Threads: loop.
 */
#ifndef TUTTI_WEB_WHIP_H
#define TUTTI_WEB_WHIP_H

#include <re.h>
#include <jansson.h>

#include "media/rtc_sdp.h"

enum {
	WHIP_SECRET_LEN   = 32,   /* hex digits                           */
	WHIP_SESSIONS_MAX = 4000,
};

struct whip;
struct whip_sess;                 /* one session: a Location and its peer */
struct peer;
struct ports;
struct turn;
struct web_req;

/** A POST that wants in; borrowed for the call, no string is NULL */
struct whip_ask {
	enum rtc_kind kind;
	const char *room;         /* of the path, decoded                 */
	const char *token;        /* Authorization: Bearer …, or ""       */
	const json_t *query;      /* {name: text}                         */
	const struct sa *peer;
	const char *agent;        /* User-Agent                           */
};

struct whip_h {
	/** May this one in?  0 and *ownerp (not NULL: whose the session will
	 *  be), or an HTTP status (401, 403, 404, 409, 429, 503 …) with a
	 *  sentence in errbuf.  Nothing is to be joined yet. */
	int (*admith)(void **ownerp, const struct whip_ask *ask,
		      char *errbuf, size_t errsz, void *arg);
	/** Agreed, or agreed anew (re-offer, ICE restart): whip_peer() ->
	 *  peer_ticket(), peer_fd().  0, or an HTTP status: the first time
	 *  then the session ends (without closeh), later it stays.  The
	 *  first call hands out sess: the owner's until whip_close() or
	 *  closeh. */
	int (*agreedh)(void *owner, struct whip_sess *sess, bool first,
		       char *errbuf, size_t errsz, void *arg);
	/** The client's DELETE, or an admitted offer that came to nothing
	 *  (sess NULL; agreedh was never called): owner is given up, sess is
	 *  invalid when it returns (whip_close() within does nothing). */
	void (*closeh)(void *owner, struct whip_sess *sess, void *arg);
};

struct whip_cfg {
	struct ports *ports;
	struct sa laddrv[RTC_CANDS_MAX];  /* host candidates; peer_laddrs() */
	unsigned laddrc;
	struct sa public;         /* instead of them, if set              */
	const struct turn *turn;  /* for Link headers; NULL: none         */
	struct whip_h h;
	void *arg;
};

int whip_alloc(struct whip **wp, const struct whip_cfg *cfg);

/** Below /whip/, /whep/ or /session/? */
bool whip_path(const char *path);

/** Answers a request of such a path; takes it over. */
void whip_request(struct whip *w, struct web_req *req);

/** From our side (left, kicked, replaced, meeting over): the Location is
 *  gone, port and keys too.  No closeh.  Good also after the whip. */
void whip_close(struct whip_sess *sess);

struct peer *whip_peer(const struct whip_sess *sess);  /* borrowed        */
enum rtc_kind whip_kind(const struct whip_sess *sess);
unsigned whip_count(const struct whip *w);

/* --- what whip_request() does, without a server --- */

/** A request; strings NULL when there is no such header */
struct whip_in {
	const char *method, *path;        /* path decoded                 */
	const json_t *query;              /* or NULL                      */
	const char *auth, *ctype, *accept, *if_match, *agent;
	const struct mbuf *body;
	const struct sa *peer;
};

/** Its answer; whip_out_reset() when done */
struct whip_out {
	int status;
	const char *ctype;        /* of body; NULL: none                  */
	struct mbuf *body;
	struct mbuf *headers;     /* "Name: value\r\n" lines            */
	char detail[256];         /* status >= 400: of the problem in body */
};

void whip_handle(struct whip *w, const struct whip_in *in,
		 struct whip_out *out);
void whip_out_reset(struct whip_out *out);

#endif
