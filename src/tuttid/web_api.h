/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/web_api.h -- /api/v1: requests to verbs, answers to HTTP
 *
 *	web_req -> api_route() -> auth_check() -> req -> verbs_dispatch()
 *	req's lines -> JSON, problem+json, a file, or server-sent events
 *
 * What a verb writes to a file is the answer's body: an unnamed file in
 * data_dir, sent with Range.  A recording that was exported stays there for
 * WEB_EXPORT_MS after its last use, so that a player may jump about in it.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_WEB_API_H
#define TUTTI_TUTTID_WEB_API_H

struct server;
struct web_req;

enum {
	WEB_EXPORT_MS   = 300000,
	WEB_EXPORTS_MAX = 4,      /* kept, and being made at a time       */
	WEB_STREAMS_MAX = 64,     /* followers by server-sent events      */
};

/** A request below /api/; answered now or later. */
void web_api_request(struct server *srv, struct web_req *wreq);

#endif
