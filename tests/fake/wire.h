/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/wire.h -- a wire with a clock of its own, as bad as asked
 *
 * Datagrams put in at one end come out of the handler later: delayed,
 * jittered, reordered, lost, doubled or changed, by a seeded generator, so
 * that every run of a test is the same.  Nothing happens by itself: the
 * test moves the clock with wire_run().
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FAKE_WIRE_H
#define TUTTI_TESTS_FAKE_WIRE_H

#include <sys/uio.h>
#include <re.h>

struct wire;

/** All rates per mille */
struct wire_cfg {
	uint64_t seed;
	uint32_t delay_us;        /* always                               */
	uint32_t jitter_us;       /* 0..jitter on top; order is kept …    */
	unsigned reorder;         /* … but for so many, which overtake    */
	unsigned loss;
	unsigned burst;           /* lost in a row once one is, 0 or 1: one */
	unsigned dup;
	unsigned corrupt;         /* one bit of it changes                */
	unsigned kbps;            /* a bottleneck before the delay, 0: none; */
	unsigned queue_ms;        /* … what it holds, the rest is lost    */
	unsigned head;            /* bytes of a datagram on the path more */
};

/** p borrowed; tag is what wire_put was given (a port, a direction) */
typedef void (wire_h)(unsigned tag, const struct sa *src, const uint8_t *p,
		      size_t n, uint64_t now, void *arg);

int  wire_alloc(struct wire **wp, const struct wire_cfg *cfg, wire_h *wireh,
		void *arg);
void wire_set(struct wire *w, const struct wire_cfg *cfg);

void wire_put(struct wire *w, unsigned tag, const struct sa *src,
	      const struct iovec *iov, unsigned iovc, uint64_t now);

/** Deliver everything due up to now, in order of time.  Handlers may put. */
void wire_run(struct wire *w, uint64_t now);
uint64_t wire_due(const struct wire *w);      /* UINT64_MAX: empty         */

uint64_t wire_lost(const struct wire *w);     /* datagrams, since the start */
uint64_t wire_passed(const struct wire *w);
uint64_t wire_full(const struct wire *w);     /* of the lost: no room      */

/** The generator, for tests that need chance: 64 random bits. */
uint64_t wire_rand(uint64_t *state);

#endif
