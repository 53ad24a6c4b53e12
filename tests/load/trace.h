/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/trace.h -- a prepared stream: RTP payloads with their times
 *
 * Made once (prep.h), kept in the cache directory, mapped read-only and
 * shared by every leg that plays it.  A trace is a loop: after `ticks` of
 * the RTP clock it begins anew, with a key frame.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_LOAD_TRACE_H
#define TUTTI_TESTS_LOAD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TRACE_PAYLOAD_MAX = 1200,
	TRACE_SECONDS     = 10,
	TRACE_MARKS_MAX   = 32,
};

enum { PKT_MARKER = 1, PKT_FIRST = 2, PKT_KEY = 4, PKT_BRIGHT = 8 };

struct trace_pkt {
	uint32_t ts;              /* RTP clock, from the loop's begin     */
	uint32_t off;
	uint16_t len;
	uint8_t  flags;
	uint8_t  pad;
};

struct trace_head {
	char     magic[8];
	uint32_t clock_hz;
	uint32_t ticks;
	uint32_t pktc;
	uint32_t bytes;           /* of payload                           */
	uint32_t markc;
	uint32_t markv[TRACE_MARKS_MAX];  /* clicks: begin at 48000 Hz, as
	                           * the codec's own decoder gives them   */
};

struct trace {
	struct trace_head head;
	const struct trace_pkt *pktv;
	const uint8_t *data;
	void *map;                /* NULL: on the heap                    */
	size_t maplen;
};

int trace_load(struct trace **tp, const char *path);
int trace_save(const struct trace *t, const char *path);

/* making one */
struct trace_maker;
int  trace_maker_alloc(struct trace_maker **mp, uint32_t clock_hz,
		       uint32_t ticks);
int  trace_add(struct trace_maker *m, uint32_t ts, uint8_t flags,
	       const void *hdr, size_t hdrlen, const void *p, size_t n);
void trace_mark(struct trace_maker *m, uint32_t at);
int  trace_finish(struct trace **tp, struct trace_maker *m);

#endif
