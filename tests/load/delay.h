/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/delay.h -- when a mark went out and when it came back
 *
 * Marks of a kind (clicks; turns to white; turns to black) look alike, so
 * one that comes is taken for the latest that went: good for delays below
 * their distance.  A mark that comes twice (an echo) counts once.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_LOAD_DELAY_H
#define TUTTI_TESTS_LOAD_DELAY_H

#include <stdint.h>

enum { DELAY_SENT_MAX = 64, DELAY_MAX = 16384 };

struct delay {
	uint64_t sentv[DELAY_SENT_MAX];   /* 0: empty or already back     */
	unsigned sentn;
	uint32_t usv[DELAY_MAX];
	unsigned n;
};

void delay_sent(struct delay *d, uint64_t at_us);
void delay_came(struct delay *d, uint64_t at_us, uint64_t max_us);
void delay_clear(struct delay *d);                /* the results          */

/** q 0..1 of both together (b may be NULL), in ms; -1 without any. */
double delay_ms(const struct delay *a, const struct delay *b, double q);

#endif
