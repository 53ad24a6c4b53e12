/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/whip_priv.h -- what the files of web/whip*.c share
 *
 *	whip.c        sessions, and what each method does to them
 *	whip_out.c    answers: CORS, problems, headers; small header parsers
 *	whip_http.c   from and to web/http.h
 *
 * Threads: loop.
 */
#ifndef TUTTI_WEB_WHIP_PRIV_H
#define TUTTI_WEB_WHIP_PRIV_H

#include "web/whip.h"

#define WHIP_SDP   "application/sdp"
#define WHIP_FRAG  "application/trickle-ice-sdpfrag"

/** The answer's status, with CORS. */
void whip_out_init(struct whip_out *out, int status);
/** The same with a problem (RFC 9457); detail in libre's format. */
void whip_out_problem(struct whip_out *out, int status,
		      const char *fmt, ...);
/** One more header. */
void whip_out_header(struct whip_out *out, const char *name,
		     const char *fmt, ...);

/** "application/sdp; charset=utf-8" is application/sdp */
bool whip_type_is(const char *ctype, const char *want);
/** Does an Accept header (or none) take it? */
bool whip_accepts(const char *accept, const char *type);
/** If-Match against our tag, written without its quotes. */
bool whip_match(const char *if_match, const char *etag);
/** The token of "Bearer TOKEN", or "". */
const char *whip_token(const char *auth);
/** "/whip/a%20b" without the %: writes a path segment. */
int whip_print_segment(struct re_printf *pf, const char *seg);

#endif
