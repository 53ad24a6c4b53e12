/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_remb.h -- what a peer may send us: no more than is shown, no
 * more than the path carries (draft-alvestrand-rmcat-remb)
 *
 * The path: rtp_est, fed with abs-send-time where the peer has it, else with
 * loss alone.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_REMB_H
#define TUTTI_MIXER_RTP_REMB_H

#include "mixer/rtp_est.h"

enum {
	RTP_REMB_MS      = 1000,  /* between two, when nothing changes    */
	RTP_REMB_SOON_MS = 200,   /* when it does                         */
};

#define RTP_REMB_START_BPS 4000000ull

struct rtp_remb {
	struct rtp_est est;
	uint64_t need_bps;        /* UINT64_MAX: whatever there is        */
	uint64_t told_bps, told_us;
	bool heard, abs_on;
	uint32_t abs_raw;
	uint64_t abs_us;
	uint64_t step_us;
};

void rtp_remb_init(struct rtp_remb *r);

/** A packet; abs_on: with abs-send-time (24 bits). */
void rtp_remb_got(struct rtp_remb *r, bool abs_on, uint32_t abs_send,
		  size_t bytes, uint64_t now);
void rtp_remb_loss(struct rtp_remb *r, double loss, uint64_t now);
void rtp_remb_need(struct rtp_remb *r, uint64_t bps);

uint64_t rtp_remb_bps(const struct rtp_remb *r);

/** true: it is time to tell the peer rtp_remb_bps(). */
bool rtp_remb_run(struct rtp_remb *r, int64_t rtt_us, uint64_t now);
uint64_t rtp_remb_due(const struct rtp_remb *r);

#endif
