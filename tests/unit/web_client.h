/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/web_client.h -- a raw client: it sends what it is told to
 *
 * Blocking, with time limits.  Threads: the test's client thread.
 */
#ifndef TUTTI_TESTS_UNIT_WEB_CLIENT_H
#define TUTTI_TESTS_UNIT_WEB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>

struct cl {
	int fd;
	void *ssl, *ctx;
	char *buf;                /* received, not yet taken              */
	size_t n, size;
	bool ended;
};

struct answer {
	int status;
	char *head;               /* in lower case                        */
	char *body;               /* NUL behind it                        */
	size_t len;
};

int  cl_open(struct cl *cl, const struct sa *addr);
int  cl_open_tls(struct cl *cl, const struct sa *addr, int max_version);
void cl_close(struct cl *cl);
int  cl_send(struct cl *cl, const void *p, size_t n);
int  cl_text(struct cl *cl, const char *text);
/** At least n bytes in buf; ENODATA ended before, ETIMEDOUT. */
int  cl_need(struct cl *cl, size_t n, unsigned ms);
void cl_take(struct cl *cl, size_t n);
/** 0 when the server ends the connection within ms (what it still sends is
 *  kept); ETIMEDOUT. */
int  cl_ended(struct cl *cl, unsigned ms);

/** One answer by Content-Length (body: not of a HEAD). */
int  cl_answer(struct cl *cl, struct answer *an, bool body);
void answer_reset(struct answer *an);
/** A field of the answer, "" if there is none; static buffer. */
const char *answer_field(const struct answer *an, const char *name);
/** Sends text, reads the answer. */
int  cl_ask(struct cl *cl, struct answer *an, const char *text);

/* WebSocket */
int  cl_ws(struct cl *cl, const char *path, const char *fields);
int  cl_frame(struct cl *cl, uint8_t first, const void *p, size_t n);
/** The next frame; text NUL terminated, free(). */
int  cl_ws_next(struct cl *cl, uint8_t *firstp, char **textp, size_t *np);
/** The closing code that comes (others are skipped), 0 when none does. */
int  cl_ws_code(struct cl *cl);

#endif
