/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_sync.h -- a sender's clock: RTP timestamps against NTP time
 *
 * From RTCP sender reports (RFC 3550 section 6.4.1).  Audio and video of
 * one party carry the same NTP clock, which is what lip sync hangs on.  A
 * plain value; whoever holds one copies it.
 */
#ifndef TUTTI_MIXER_RTP_SYNC_H
#define TUTTI_MIXER_RTP_SYNC_H

#include <stdbool.h>
#include <stdint.h>

struct rtp_sync {
	bool     valid;
	uint32_t ssrc;
	uint32_t rtp_ts;          /* of the last sender report            */
	uint64_t ntp;             /* 32.32, the sender's clock            */
	uint32_t clock_hz;
};

/** The sender's wall clock [us, its own epoch] for a timestamp; 0 if not
 *  valid.  Wraps of ts within half the range are handled. */
uint64_t rtp_sync_us(const struct rtp_sync *sync, uint32_t ts);

#endif
