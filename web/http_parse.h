/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_parse.h -- the head of an HTTP/1.1 request, parsed strictly
 *
 * Pure.  Whatever RFC 9112 lets a server refuse is refused: bare line
 * feeds, folded lines, blanks before a colon, two Content-Lengths; so a
 * proxy in front of us cannot read a request otherwise than we do.
 *
 * Threads: any; a head belongs to one.
 */
#ifndef TUTTI_WEB_HTTP_PARSE_H
#define TUTTI_WEB_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

enum {
	HEAD_MAX       = 8192,    /* request line and fields [bytes]      */
	HEAD_URI_MAX   = 4096,
	HEAD_FIELDS    = 64,
	HEAD_PARAMS    = 64,      /* of the query                         */
	HEAD_METHOD    = 16,
};

struct head_field {
	const char *name;         /* lower case                           */
	const char *value;        /* without blanks around                */
};

struct http_head {
	char *buf;                /* what all strings point into          */
	const char *method;
	const char *path;         /* decoded, begins with '/', UTF-8      */
	json_t *query;            /* {name: text}                         */
	struct head_field fieldv[HEAD_FIELDS];
	unsigned fieldc;
	int64_t length;           /* Content-Length; -1 none              */
	bool old;                 /* HTTP/1.0                             */
	bool keep;                /* the connection goes on               */
	bool coded;               /* Transfer-Encoding                    */
	bool expect;              /* 100-continue                         */
	bool upgrade;             /* to a WebSocket                       */
};

/** 0 (*usedp bytes were the head); EAGAIN not whole yet; EBADMSG with
 *  *statusp 400, 414, 417, 431 or 505 and *whyp a word on it. */
int head_parse(struct http_head **headp, size_t *usedp, const char *p,
	       size_t len, int *statusp, const char **whyp);
void head_free(struct http_head *head);               /* NULL is fine    */

/** name in lower case; the first of that name or NULL */
const char *head_field(const struct http_head *head, const char *name);

/** Whether a comma separated list has the token; any case. */
bool head_has_token(const char *list, const char *token);

/** Whether Accept-Encoding takes the coding: named, and not with q=0. */
bool head_accepts(const char *list, const char *coding);

bool utf8_ok(const char *p, size_t len);

/** A Cross-Origin check: whether the Origin "https://a.b:1" is the site of
 *  Host "a.b:1"; default ports may be left out. */
bool head_same_site(const char *origin, const char *host);

#endif
