/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/impair.h -- what a bad network does to one direction
 *
 * Says of every packet whether and when it arrives; knows no socket and no
 * clock, and with the same seed, sizes and times says the same again.
 *
 *	loss=PERCENT     each packet by itself
 *	dup=PERCENT      comes twice
 *	delay=MS         of every packet
 *	jitter=MS        0 to so much more, in order all the same
 *	reorder=PERCENT  held up by GAP_MS more, and overtaken
 *	rate=KBIT        a bottleneck, 0: none, before the delay
 *	queue=MS         that it holds; what comes then is lost
 *	head=BYTES       more than its own a packet takes of the bottleneck
 *	                 (28: IPv4 and UDP)
 */
#ifndef TUTTI_TESTS_LOAD_IMPAIR_H
#define TUTTI_TESTS_LOAD_IMPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMPAIR_GAP_MS = 30, IMPAIR_QUEUE_MS = 200 };

struct impair {
	double loss, dup, reorder;        /* percent                      */
	unsigned delay, jitter, queue;    /* ms                           */
	unsigned rate;                    /* kbit/s                       */
	unsigned head;                    /* bytes                        */
	uint64_t rnd;
	uint64_t last;                    /* due of the last in order     */
	uint64_t free;                    /* when the bottleneck is idle  */
	/* counted */
	uint64_t packets, bytes, lost, full, doubled, reordered;
};

void impair_init(struct impair *im, uint64_t seed);

/** "loss=10,delay=50": changes what is named.  EINVAL with the word in
 *  *badp and nothing changed. */
int  impair_set(struct impair *im, const char *words, const char **badp);

/** How often it arrives (0, 1, 2) and when [us]. */
unsigned impair_packet(struct impair *im, size_t n, uint64_t now,
		       uint64_t duev[2]);

#endif
