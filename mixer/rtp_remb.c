/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_remb.c -- what a peer may send us; see rtp_remb.h
 */
#include <string.h>

#include <re.h>

#include "mixer/rtp_remb.h"

enum { STEP_US = 50000 };         /* between two looks at the estimate    */


void rtp_remb_init(struct rtp_remb *r)
{
	memset(r, 0, sizeof(*r));
	rtp_est_init(&r->est, RTP_REMB_START_BPS);
	r->need_bps = UINT64_MAX;
}


/* 6.18 fixed point seconds, unwrapped [us] */
static uint64_t abs_us(struct rtp_remb *r, uint32_t abs_send)
{
	int32_t d = (int32_t)((abs_send - r->abs_raw) << 8) >> 8;

	if (!r->abs_on) {
		r->abs_on = true;
		r->abs_us = 64000000;
		d = 0;
	}
	r->abs_raw = abs_send;
	r->abs_us += (uint64_t)(((int64_t)d * 1000000) >> 18);

	return r->abs_us;
}


void rtp_remb_got(struct rtp_remb *r, bool abs_on, uint32_t abs_send,
		  size_t bytes, uint64_t now)
{
	r->heard = true;
	if (abs_on)
		rtp_est_packet(&r->est, abs_us(r, abs_send), now, bytes);
	else
		rtp_est_bytes(&r->est, now, bytes);
}


void rtp_remb_loss(struct rtp_remb *r, double loss, uint64_t now)
{
	rtp_est_loss(&r->est, loss, now);
}


void rtp_remb_need(struct rtp_remb *r, uint64_t bps)
{
	r->need_bps = bps;
}


uint64_t rtp_remb_bps(const struct rtp_remb *r)
{
	return min(r->need_bps, rtp_est_bps(&r->est));
}


static bool changed(const struct rtp_remb *r)
{
	const uint64_t bps = rtp_remb_bps(r);

	return bps < r->told_bps - r->told_bps / 32 ||
		bps > r->told_bps + r->told_bps / 4;
}


bool rtp_remb_run(struct rtp_remb *r, int64_t rtt_us, uint64_t now)
{
	const uint64_t since = now - r->told_us;

	if (!r->heard)
		return false;
	if (now >= r->step_us + STEP_US) {
		r->step_us = now;
		rtp_est_step(&r->est, rtt_us, now);
	}
	if (r->told_us && since < RTP_REMB_MS * 1000u &&
	    (since < RTP_REMB_SOON_MS * 1000u || !changed(r)))
		return false;

	r->told_us  = now;
	r->told_bps = rtp_remb_bps(r);

	return true;
}


uint64_t rtp_remb_due(const struct rtp_remb *r)
{
	return r->heard ? r->step_us + STEP_US : UINT64_MAX;
}
