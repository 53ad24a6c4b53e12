/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/web_fixture.h -- a web on the loop, a client in a thread
 *
 * What its handlers do:
 *	ANY  /api/echo      what the handler saw, as JSON
 *	GET  /api/file      a file of FIX_FILE bytes (byte i is i * 7 + i/256)
 *	GET  /api/hold      never answered while the web lives
 *	GET  /api/late      answered after FIX_LATE ms; ?stream: by a stream;
 *	                    ?patient: after a word that it takes long
 *	GET  /api/stream    three events, then the end; ?flood: events until
 *	                    it is gone; ?open: one event, stays open
 *	GET  /api/problem   a problem with an odd detail
 *	     /ws/echo       {"echo": msg}; {"close": N} closes with N;
 *	                    {"flood": true} sends for ever
 */
#ifndef TUTTI_TESTS_UNIT_WEB_FIXTURE_H
#define TUTTI_TESTS_UNIT_WEB_FIXTURE_H

#include <stdatomic.h>
#include "tests/unit/web_client.h"
#include "web/http.h"

enum { FIX_FILE = 3000000, FIX_LATE = 1200 };

struct fix {
	struct web *web;
	struct sa addr, addr6, tls;
	char dir[64];             /* page, certificates                   */
	/* what the handlers saw; read by the client thread */
	atomic_uint requests, opened, closed, code, gone;
};

typedef int (fix_client_h)(struct fix *fix);

/** Runs the client against a web with these limits, to its end. */
int fix_run(fix_client_h *clienth, const struct web_limits *limits);
int fix_run_tls(fix_client_h *clienth);

/** Another certificate of that name, taken by the web.  Any thread. */
int fix_renew(struct fix *fix, const char *name);
uint8_t fix_byte(size_t i);

#endif
