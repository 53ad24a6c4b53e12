/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_out.h -- what a connection still has to send
 *
 * Pieces of memory, of constant memory (static files) and of files, taken
 * in portions.  Threads: the web thread's.
 */
#ifndef TUTTI_WEB_HTTP_OUT_H
#define TUTTI_WEB_HTTP_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct piece;

struct out {
	struct piece *head, **tail;
	size_t bytes;             /* in memory of our own                 */
};

void out_init(struct out *out);
void out_reset(struct out *out);                      /* drops all        */
void out_cut(struct out *out);           /* drops what has not begun   */
bool out_empty(const struct out *out);

/* What is given is taken over, also when ENOMEM is returned. */
int out_mem(struct out *out, char *p, size_t len);    /* free()d          */
int out_copy(struct out *out, const void *p, size_t len);
int out_const(struct out *out, const void *p, size_t len); /* must stay   */
int out_fd(struct out *out, int fd, uint64_t off, uint64_t len);

/** What is there now must come before any out_first(). */
void out_firm(struct out *out);
/** Goes before everything that has not begun: a control frame.  So a frame
 *  has to be one piece. */
int out_first(struct out *out, const void *p, size_t len);

/** Fills buf; *np 0: nothing is left.  EIO a file could not be read, or
 *  has become shorter. */
int out_fill(struct out *out, uint8_t *buf, size_t size, size_t *np);

#endif
