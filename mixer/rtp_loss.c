/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_loss.c -- what losses tell of a path; see rtp_loss.h
 */
#include <math.h>

#include <re.h>

#include "mixer/rtp_est.h"
#include "mixer/rtp_loss.h"

#define MUCH     0.04             /* more than this is congestion …       */
#define LITTLE   0.02             /* … and with less than this it grows   */
#define OWN_MAX  0.40             /* no link that works loses more        */
#define ROOM     0.95             /* of what arrived                      */
#define GROWTH   0.08             /* a second                             */
#define MEMORY   0.8              /* of a report at the next one          */

enum { CUT_US = 300000, JUDGE_US = 800000, JUDGE_MIN = 30,
	CHAIN_US = 20000000 };


static void clamp(double *bps)
{
	*bps = max((double)RTP_EST_MIN_BPS,
		   min((double)RTP_EST_MAX_BPS, *bps));
}


static void cut(struct rtp_loss *l, double bps, uint64_t now)
{
	if (!l->cut_us || now - l->cut_us > CHAIN_US)
		l->first_before = l->bps;
	l->cut_us = now;
	++l->cuts;
	if (l->bps <= 0 || bps < l->bps)
		l->bps = bps;
	clamp(&l->bps);
}


/* The same share is lost of less: then as much less has arrived.  Where a
 * bottleneck is full as much arrives as before. */
static bool its_own(const struct rtp_loss *l, double loss)
{
	return loss <= OWN_MAX && loss > 0.5 * l->cut_loss &&
		1 - loss <= 1.3 * (1 - l->cut_loss);
}


/* sum and sum_lost are since the cut */
static void judge(struct rtp_loss *l, double sent, uint64_t since,
		  uint64_t now)
{
	const double loss = l->sum > 0 ? l->sum_lost / l->sum : 0;

	if (l->judged || since < l->cut_us || sent > 0.85 * l->cut_sent)
		return;
	if (now - l->cut_us < JUDGE_US || l->sum < JUDGE_MIN)
		return;

	l->judged = true;
	if (!its_own(l, loss))
		return;

	l->own = max(l->own, min(loss, OWN_MAX));
	/* those before it were most likely wrong, too */
	l->bps = l->first_before;
}


static void grow(struct rtp_loss *l, double sent, uint64_t now)
{
	const double dt = min((double)(now - l->grow_us) / 1e6, 1.0);
	const double top = 1.5 * sent + 10000;

	if (l->bps <= 0 || l->bps > top)
		return;

	l->bps = min(l->bps * (1 + GROWTH * dt), top);
	clamp(&l->bps);
}


/* How far chance alone may be off */
static double chance(double loss, double n)
{
	loss = max(0.02, min(loss, 0.5));

	return n > 0 ? sqrt(loss * (1 - loss) / n) : 1;
}


/* More than the path's own: certainly in this report, or for a while */
static bool congested(const struct rtp_loss *l, double loss, unsigned n)
{
	const double much = l->much > 0 ? l->much : MUCH;
	const double p = max(l->own, much);

	if (loss - l->own > much + 3 * chance(p, n))
		return true;

	return loss - l->own > much && l->sum > 0 &&
		l->sum_lost / l->sum - l->own > much + 2 * chance(p, l->sum);
}


void rtp_loss_told(struct rtp_loss *l, double loss, unsigned packets,
		   uint64_t sent_bps, uint64_t since, uint64_t now)
{
	const double sent = (double)sent_bps;
	double over;

	if (!(loss >= 0))
		return;
	loss = min(loss, 1.0);
	if (l->grow_us > now || !l->grow_us)
		l->grow_us = now;

	l->last = loss;
	l->told_us = now;
	if (loss < l->own)
		l->own += 0.1 * (loss - l->own);

	if (since >= l->cut_us) {
		l->sum = MEMORY * l->sum + packets;
		l->sum_lost = MEMORY * l->sum_lost + loss * packets;
	}
	if (l->cut_us)
		judge(l, sent, since, now);
	over = loss - l->own;
	/* of what was sent before the last cut nothing new is to be learnt */
	if (since + CUT_US < l->cut_us)
		return;
	if (sent > 0 && congested(l, loss, packets)) {
		if (l->cut_us && now - l->cut_us < CUT_US)
			return;
		if (l->judged || !l->cut_us) {
			l->judged   = false;
			/* by this report alone it may be chance */
			l->cut_loss = l->sum > 0 ?
				min(loss, l->sum_lost / l->sum) : loss;
			l->cut_sent = sent;
			l->before   = l->bps;
		}
		l->sum = l->sum_lost = 0;
		cut(l, ROOM * sent * (1 - loss), now);
	}
	else if (over < LITTLE) {
		grow(l, sent, now);
	}
	l->grow_us = now;
}


bool rtp_loss_doubts(const struct rtp_loss *l)
{
	return l->cut_us && !l->judged;
}


void rtp_loss_cut(struct rtp_loss *l, uint64_t bps, uint64_t now)
{
	l->judged = !rtp_loss_doubts(l);
	cut(l, (double)bps, now);
}


void rtp_loss_doubt(struct rtp_loss *l, double loss, double sent_bps,
		    double before, uint64_t cut_us)
{
	l->judged   = false;
	l->cut_loss = loss;
	l->cut_sent = sent_bps;
	l->before   = before;
	l->first_before = before;
	l->cut_us   = cut_us;
	l->sum = l->sum_lost = 0;
}


void rtp_loss_try(struct rtp_loss *l, uint64_t bps)
{
	if (l->bps <= 0 || l->bps > (double)bps)
		return;

	l->bps = (double)bps;
	clamp(&l->bps);
}
