/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_lws.h -- the web thread: libwebsockets under the connections
 *
 * lws accepts nothing and parses nothing here: it polls, speaks TLS and
 * keeps the clock, for sockets it was handed ("raw" role).  Its HTTP role
 * of 4.1 polls in a circle while a client that does not read sends one more
 * byte, ends a body twice when requests are pipelined and cannot say 414 or
 * 431.
 *
 * Threads: everything on the loop but carrier_wake() (any).
 */
#ifndef TUTTI_WEB_HTTP_LWS_H
#define TUTTI_WEB_HTTP_LWS_H

#include <stdbool.h>
#include <re.h>

#include "web/http_conn.h"
#include "web/http_tls.h"

enum { CARRIER_LISTEN_MAX = 16 };

struct carrier;

/** tls: for the secure listeners, borrowed, or NULL. */
int carrier_alloc(struct carrier **cp, struct site *site,
		  const struct tls_pair *tls);

/** Binds; EADDRINUSE …  v6only: IPv4 has a listener of its own. */
int carrier_listen(struct carrier *c, const struct sa *laddr, bool secure,
		   bool v6only, struct sa *boundp);
int carrier_start(struct carrier *c);
/** The only one that may be called while the thread runs. */
void carrier_wake(struct carrier *c);

/** Joins the thread, if there is one (an ORDER_QUIT has been given), and
 *  frees. */
void carrier_free(struct carrier *c);

#endif
