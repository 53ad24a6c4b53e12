/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/whip_http.c -- WHIP requests from and to web/http.h
 */
#include <re.h>

#include "web/http.h"
#include "web/whip_priv.h"

void whip_request(struct whip *w, struct web_req *req)
{
	const struct whip_in in = {
		.method   = web_method(req),
		.path     = web_path(req),
		.query    = web_query_all(req),
		.auth     = web_header(req, "authorization"),
		.ctype    = web_header(req, "content-type"),
		.accept   = web_header(req, "accept"),
		.if_match = web_header(req, "if-match"),
		.agent    = web_header(req, "user-agent"),
		.body     = web_body(req),
		.peer     = web_peer(req),
	};
	struct whip_out out = {0};
	char *headers = NULL;

	whip_handle(w, &in, &out);
	if (out.headers) {
		out.headers->pos = 0;
		(void)mbuf_strdup(out.headers, &headers, out.headers->end);
	}
	web_reply(req, out.status, out.ctype, headers,
		  out.body ? mbuf_buf(out.body) : NULL,
		  out.body ? mbuf_get_left(out.body) : 0);
	mem_deref(headers);
	whip_out_reset(&out);
}
