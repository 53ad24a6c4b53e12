/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_nack.h -- what is missing of one received stream, and when to
 * ask for it
 *
 * A hole is asked for when it is older than RTP_NACK_REORDER_MS or three
 * packets have overtaken it, again after each round trip, and given up when
 * the reassembly no longer waits for it.  A hole larger than the list is
 * nothing to repair: the decoder asks for a key frame.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_NACK_H
#define TUTTI_MIXER_RTP_NACK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RTP_NACK_MAX        = 256,    /* numbers missing at a time         */
	RTP_NACK_ONCE       = 64,     /* asked for in one message          */
	RTP_NACK_REORDER_MS = 10,
	RTP_NACK_OVERTAKEN  = 3,
	RTP_NACK_TRIES      = 12,
	RTP_NACK_REPEAT_MS  = 20,     /* shortest …                        */
	RTP_NACK_RTT_MS     = 60,     /* … and when no report told         */
	RTP_NACK_KEEP_MS    = 250,    /* longest wait worth while          */
};

struct rtp_nack_hole {
	uint64_t seq, since_us, asked_us;
	uint8_t tries;
};

/** All zero to begin with */
struct rtp_nack {
	bool on;
	uint64_t high;                /* highest number that came          */
	struct rtp_nack_hole v[RTP_NACK_MAX];     /* in order              */
	unsigned n;
	int64_t rtt_us;               /* from asking to coming, 0: not known */
	uint64_t asked, repaired, given_up;       /* numbers               */
	uint64_t messages;
};

void rtp_nack_reset(struct rtp_nack *k);

/** A packet came.  true: it was missing. */
bool rtp_nack_got(struct rtp_nack *k, uint64_t seq, uint64_t now);

/** Is this one missing?  (16 bits of its number; *seqp the whole) */
bool rtp_nack_missing(const struct rtp_nack *k, uint16_t seq, uint64_t *seqp);

/** rtt_us: of the reports, negative: not known, then our own measure.
 *  The numbers whose time has come, at most RTP_NACK_ONCE, in order. */
unsigned rtp_nack_ask(struct rtp_nack *k, int64_t rtt_us, uint16_t *seqv,
		      uint64_t now);
uint64_t rtp_nack_due(const struct rtp_nack *k, int64_t rtt_us);

/** How long reassembly should wait for a packet asked for [ms]. */
unsigned rtp_nack_wait_ms(int64_t rtt_us);

#endif
