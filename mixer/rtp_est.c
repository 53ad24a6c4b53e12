/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_est.c -- how much a path carries; see rtp_est.h
 */
#include <math.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_est.h"

enum {
	GROUP_US  = 5000,
	BURST_US  = 5000,         /* arrived together: one group          */
	JUMP_US   = 3000000,      /* a clock was set: begin anew          */
	SLOT_US   = RTP_EST_SLOT_MS * 1000,
	RATE_US   = RTP_EST_SLOTS * SLOT_US,
	DOUBT_US  = 1000000,
	CUT_US    = 200000,       /* between two decreases, and the RTT   */
	PACKET_BITS = 1200 * 8,
};

#define SMOOTHING 0.9
#define GAIN      4.0
#define K_UP      0.0087
#define K_DOWN    0.039
#define BASE_MS   0.001           /* a millisecond: clocks drift apart    */


void rtp_est_init(struct rtp_est *e, uint64_t bps)
{
	memset(e, 0, sizeof(*e));
	e->bps = e->loss_bps = (double)bps;
	e->threshold = 12.5;
}


/* ---- arriving rate --------------------------------------------------- */

static void slots_move(struct rtp_est *e, uint64_t at_us)
{
	const uint64_t slot = at_us / SLOT_US;
	uint64_t i, n;

	if (!e->since_us) {
		e->since_us = at_us;
		e->slot = slot;
	}
	if (slot <= e->slot)
		return;
	n = min(slot - e->slot, (uint64_t)RTP_EST_SLOTS);
	for (i = 1; i <= n; i++)
		e->bytesv[(slot - n + i) % RTP_EST_SLOTS] = 0;
	e->slot = slot;
}


void rtp_est_bytes(struct rtp_est *e, uint64_t at_us, size_t bytes)
{
	slots_move(e, at_us);
	e->bytesv[e->slot % RTP_EST_SLOTS] += (uint32_t)bytes;
}


uint64_t rtp_est_arriving(const struct rtp_est *e, uint64_t at_us)
{
	const uint64_t slot = at_us / SLOT_US;
	uint64_t bytes = 0, span, i;

	if (!e->since_us || at_us <= e->since_us)
		return 0;
	for (i = 0; i < RTP_EST_SLOTS; i++) {
		/* slots that have left the window */
		if (e->slot - i > e->slot ||
		    e->slot - i + RTP_EST_SLOTS <= slot)
			break;
		bytes += e->bytesv[(e->slot - i) % RTP_EST_SLOTS];
	}
	span = min(at_us - e->since_us,
		   (uint64_t)(RATE_US - SLOT_US) + at_us % SLOT_US);

	return bytes * 8 * 1000000 / max(span, (uint64_t)SLOT_US);
}


/* ---- delay ----------------------------------------------------------- */

static double slope(const struct rtp_est *e)
{
	double mx = 0, my = 0, num = 0, den = 0;
	unsigned i;

	for (i = 0; i < e->n; i++) {
		mx += e->xv[i] / e->n;
		my += e->yv[i] / e->n;
	}
	for (i = 0; i < e->n; i++) {
		num += (e->xv[i] - mx) * (e->yv[i] - my);
		den += (e->xv[i] - mx) * (e->xv[i] - mx);
	}

	return den > 0 ? num / den : 0;
}


/* The threshold follows the trend, faster down than up, so that a stream
 * beside one of TCP is not starved; outliers do not move it. */
static void adapt(struct rtp_est *e, double m, uint64_t at_us)
{
	const double a = fabs(m);
	double dt;

	if (!e->threshold_us)
		e->threshold_us = at_us;
	dt = min((double)(at_us - e->threshold_us) / 1000, 100.0);
	e->threshold_us = at_us;
	if (a > e->threshold + 15)
		return;

	e->threshold += (a < e->threshold ? K_DOWN : K_UP) *
		(a - e->threshold) * dt;
	e->threshold = max(6.0, min(600.0, e->threshold));
}


double rtp_est_queue_ms(const struct rtp_est *e)
{
	return e->smooth_ms - e->base_ms;
}


static void detect(struct rtp_est *e, double trend, double dt_ms,
		   uint64_t at_us)
{
	const double m = min(e->deltas, 60u) * trend * GAIN;

	if (m > e->threshold && rtp_est_queue_ms(e) > RTP_EST_QUEUE_MS) {
		e->over_ms += e->overs ? dt_ms : dt_ms / 2;
		++e->overs;
		if (e->over_ms > 10 && e->overs > 1 && trend >= e->trend) {
			e->over_ms = 0;
			e->overs = 0;
			e->use = RTP_EST_OVER;
		}
	}
	else {
		e->over_ms = 0;
		e->overs = 0;
		e->use = m < -e->threshold ? RTP_EST_UNDER : RTP_EST_NORMAL;
	}
	e->trend = trend;
	adapt(e, m, at_us);
}


static void trend_put(struct rtp_est *e, double d_ms, double dt_ms,
		      uint64_t at_us)
{
	++e->deltas;
	e->raw_base_ms = min(e->raw_base_ms + BASE_MS * dt_ms, e->sum_ms);
	if (!e->at0)
		e->at0 = at_us;
	e->sum_ms += d_ms;
	e->smooth_ms = SMOOTHING * e->smooth_ms + (1 - SMOOTHING) * e->sum_ms;
	e->base_ms = min(e->base_ms + BASE_MS * dt_ms, e->smooth_ms);

	if (e->n == RTP_EST_TREND) {
		--e->n;
		memmove(e->xv, e->xv + 1, e->n * sizeof(e->xv[0]));
		memmove(e->yv, e->yv + 1, e->n * sizeof(e->yv[0]));
	}
	e->xv[e->n] = (double)(at_us - e->at0) / 1000;
	e->yv[e->n] = e->smooth_ms;
	++e->n;
	detect(e, e->n == RTP_EST_TREND ? slope(e) : e->trend, dt_ms, at_us);
}


static void delay_reset(struct rtp_est *e)
{
	e->cur.on = e->prev.on = false;
	e->n = e->deltas = 0;
	e->sum_ms = e->smooth_ms = e->base_ms = e->trend = 0;
	e->raw_base_ms = 0;
	e->at0 = 0;
	e->use = RTP_EST_NORMAL;
}


static void group_done(struct rtp_est *e)
{
	const struct rtp_est_group *c = &e->cur, *p = &e->prev;
	int64_t ds, da;

	if (p->on) {
		ds = (int64_t)(c->last - p->last);
		da = (int64_t)(c->at - p->at);
		if (ds < 0 || da < 0 || ds > JUMP_US || da > JUMP_US) {
			delay_reset(e);
			return;
		}
		trend_put(e, (double)(da - ds) / 1000, (double)da / 1000,
			  c->at);
	}
	e->prev = e->cur;
}


void rtp_est_packet(struct rtp_est *e, uint64_t sent_us, uint64_t at_us,
		    size_t bytes)
{
	struct rtp_est_group *c = &e->cur;

	rtp_est_bytes(e, at_us, bytes);
	if (c->on && sent_us < c->first && c->first - sent_us < JUMP_US)
		return;                   /* overtaken: of an old group   */

	if (c->on && (sent_us - c->first <= GROUP_US ||
		      (at_us - c->at <= BURST_US &&
		       sent_us - c->last > at_us - c->at))) {
		c->last = max(c->last, sent_us);
		c->at   = max(c->at, at_us);
		return;
	}
	if (c->on)
		group_done(e);
	*c = (struct rtp_est_group){
		.on = true, .first = sent_us, .last = sent_us, .at = at_us };
}


/* ---- rate ------------------------------------------------------------ */

static void clamp(double *bps)
{
	*bps = max((double)RTP_EST_MIN_BPS,
		   min((double)RTP_EST_MAX_BPS, *bps));
}


static void decrease(struct rtp_est *e, double arriving, uint64_t at_us)
{
	const double was = e->limit_bps;

	e->cut_us = at_us;
	if (arriving <= 0)
		return;
	++e->cuts;

	/* all of the little that is sent arrives, but for what the path loses
	 * anyway: what it carries is not known, only that it is less than
	 * thought */
	if (e->bound && e->sent_bps > 0 && e->sent_bps < 0.7 * e->bps &&
	    arriving > 0.9 * (1 - e->own_loss) * e->sent_bps) {
		e->bps = max(0.85 * e->bps, arriving);
		return;
	}
	if (!e->doubt) {
		e->doubt = true;
		e->was_bound = e->bound;
		e->was_bps  = e->bps;
		e->was_sent = e->sent_bps;
	}
	e->bound = true;

	/* a moving picture of the limit: mean and relative variance */
	if (was <= 0) {
		e->limit_bps = arriving;
		e->limit_var = 0.1;
	}
	else {
		const double d = (arriving - was) / was;

		e->limit_bps = 0.95 * was + 0.05 * arriving;
		e->limit_var = max(0.02, min(0.3, 0.95 * e->limit_var +
					     0.05 * fabs(d)));
		if (fabs(d) > 3 * e->limit_var) {
			e->limit_bps = arriving;
			e->limit_var = 0.1;
		}
	}
	e->bps = min(e->bps, 0.85 * arriving);
}


static void increase(struct rtp_est *e, double arriving, int64_t rtt_us,
		     double dt_s)
{
	const double response = (rtt_us > 0 ? (double)rtt_us / 1e6 : 0.1)
		+ 0.1;
	const double top = 1.5 * arriving + 10000;
	double bps = e->bps;

	if (e->limit_bps > 0 &&
	    arriving > e->limit_bps * (1 + 3 * e->limit_var))
		e->limit_bps = 0;         /* the path has become better   */

	if (!e->bound && e->sent_bps > 0)
		bps = max(bps, arriving);
	/* what is not tried is not known; a sender has probes for that */
	if (e->sent_bps > 0 && e->sent_bps < 0.85 * bps) {
		e->bps = bps;
		return;
	}
	if (e->limit_bps > 0)
		bps += max(4000.0, PACKET_BITS / response) * dt_s;
	else
		bps *= 1 + 0.08 * dt_s;

	/* what nobody tries nobody knows; but nothing is taken back */
	if (bps > top)
		bps = max(e->bps, top);
	e->bps = bps;
}


/* A sender's: it knows what it sends */
static void acquit(struct rtp_est *e, uint64_t at_us)
{
	if (!e->doubt || at_us - e->cut_us < CUT_US)
		return;
	if (e->sent_bps < 0.8 * e->was_sent || at_us - e->cut_us > DOUBT_US) {
		e->doubt = false;
		return;
	}
	if (e->sum_ms - e->raw_base_ms > RTP_EST_QUEUE_MS)
		return;

	e->doubt = false;
	e->bound = e->was_bound;
	e->bps   = max(e->bps, e->was_bps);
	e->limit_bps = 0;
}


void rtp_est_step(struct rtp_est *e, int64_t rtt_us, uint64_t at_us)
{
	const double arriving = (double)rtp_est_arriving(e, at_us);
	const uint64_t rtt = rtt_us > 0 ? (uint64_t)rtt_us : 100000;
	double dt_s;

	if (!e->step_us || at_us < e->step_us)
		e->step_us = at_us;
	dt_s = min((double)(at_us - e->step_us) / 1e6, 1.0);
	e->step_us = at_us;

	if (e->sent_bps > 0)
		acquit(e, at_us);
	if (e->use == RTP_EST_OVER) {
		if (at_us - e->cut_us >= min(CUT_US + rtt, 1000000ull))
			decrease(e, arriving, at_us);
		e->use = RTP_EST_NORMAL;
	}
	else if (e->use == RTP_EST_NORMAL && at_us - e->cut_us >= CUT_US) {
		increase(e, arriving, rtt_us, dt_s);
	}
	clamp(&e->bps);
}


void rtp_est_probed(struct rtp_est *e, double bps)
{
	if (bps <= e->bps)
		return;

	e->bps = bps;
	if (bps > e->limit_bps * (1 + 3 * e->limit_var))
		e->limit_bps = 0;
	clamp(&e->bps);
}


void rtp_est_cut(struct rtp_est *e, double bps, uint64_t at_us)
{
	e->bound = true;
	e->doubt = false;
	e->cut_us = at_us;
	++e->cuts;
	e->bps = min(e->bps, bps);
	clamp(&e->bps);
}


void rtp_est_loss(struct rtp_est *e, double loss, uint64_t at_us)
{
	const double dt_s = e->loss_us && at_us > e->loss_us ?
		min((double)(at_us - e->loss_us) / 1e6, 1.0) : 0;

	e->loss_us = at_us;
	if (loss > 0.1) {
		if (at_us - e->loss_cut_us < 500000)
			return;
		e->loss_cut_us = at_us;
		e->loss_bps = min(e->loss_bps, e->bps) * (1 - 0.5 * loss);
	}
	else if (loss < 0.02) {
		e->loss_bps *= 1 + 0.08 * dt_s;
	}
	clamp(&e->loss_bps);
}


uint64_t rtp_est_bps(const struct rtp_est *e)
{
	return (uint64_t)min(e->bps, e->loss_bps);
}
