/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_loop.h -- what http.c, http_req.c and http_ws.c share
 *
 * The requests and WebSockets of the loop are found by connection id and
 * request number.  They outlive the web if their owners let them.
 *
 * Threads: loop.
 */
#ifndef TUTTI_WEB_HTTP_LOOP_H
#define TUTTI_WEB_HTTP_LOOP_H

#include "web/http.h"
#include "web/http_job.h"
#include "web/http_lws.h"

struct web_listener {
	struct sa laddr, bound;
	bool secure;
};

struct web {
	struct web_cfg cfg;       /* strings are below                    */
	char *software, *origins;
	struct site site;
	struct statics *statics;
	struct jobq *jobq;
	struct carrier *carrier;  /* once started                         */
	struct tls_pair *pair;
	struct web_listener listenv[CARRIER_LISTEN_MAX];
	unsigned listenc;
	struct hash *reqs, *wss;  /* by connection                        */
};

/** Gives the order to the thread; NULL (no memory) is fine. */
void web_order(struct web *web, struct order *order);

void web_req_open(struct web *web, struct job *job);  /* takes job        */
void web_req_gone(struct web *web, const struct job *job);
void web_reqs_orphan(struct web *web);

void web_ws_open(struct web *web, struct job *job);   /* takes job        */
void web_ws_msg(struct web *web, const struct job *job);
void web_ws_closed(struct web *web, const struct job *job);
void web_wss_orphan(struct web *web);

#endif
