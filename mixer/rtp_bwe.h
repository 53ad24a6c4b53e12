/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_bwe.h -- how much we may send to one peer
 *
 * Numbers every packet of a transport, remembers when it went, and learns
 * from transport-wide feedback when it came; without that from REMB and the
 * loss of receiver reports.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_BWE_H
#define TUTTI_MIXER_RTP_BWE_H

#include "mixer/rtp_est.h"

enum { RTP_BWE_SENT = 2048 };     /* packets whose fate is not yet known  */

struct rtp_bwe;

int  rtp_bwe_alloc(struct rtp_bwe **bp);

/** The number of the next packet, sent now. */
uint16_t rtp_bwe_sent(struct rtp_bwe *b, size_t bytes, uint64_t now);

/** Transport-wide feedback (of rtp_rtcp); EBADMSG. */
int  rtp_bwe_feedback(struct rtp_bwe *b, const uint8_t *fci, size_t n,
		      int64_t rtt_us, uint64_t now);
void rtp_bwe_remb(struct rtp_bwe *b, uint64_t bps);
void rtp_bwe_loss(struct rtp_bwe *b, double loss, uint64_t now);

/** 0: nobody has told anything yet. */
uint64_t rtp_bwe_bps(const struct rtp_bwe *b);

#endif
