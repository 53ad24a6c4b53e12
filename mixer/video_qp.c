/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_qp.c -- which QP the next picture gets; see video_qp.h
 *
 * Bits halve with 6 more of QP; they really do with 5 to 7, and the bucket
 * mends the difference.
 */
#include <math.h>
#include <string.h>

#include "mixer/video_qp.h"

/* All in seconds of the rate, or parts of it */
static const double aim     = 0.93;   /* for what the model does not know */
static const double credit  = 0.10;   /* saved bits that may be spent     */
static const double span    = 0.35;   /* ahead: the next get less         */
static const double brim    = 0.50;   /* ahead: the next is left out      */
static const double keymax  = 0.28;   /* of a key frame                   */
static const double peak    = 0.12;   /* of any other                     */
static const double CUT     = 0.10;   /* of the picture: a cut            */
static const double STRANGE = 0.5;    /* what a cut brings is at least …  */

enum {
	USUAL = 30,               /* QP to begin with                     */
	OUT_MAX = 60,             /* left out in a row: then one comes    */
};

static double scale(double qp)
{
	return exp2(qp / 6);
}

void vqp_rate(struct vqp *q, unsigned kbps, unsigned fps)
{
	q->rate = (kbps ? kbps : 1) * 1000.;
	q->mean = q->rate * aim / (fps ? fps : 1);
}

void vqp_init(struct vqp *q, unsigned kbps, unsigned fps)
{
	memset(q, 0, sizeof(*q));
	vqp_rate(q, kbps, fps);
	q->qp = USUAL;
	q->right = 1;
}

static void drain(struct vqp *q, double bits)
{
	q->fill -= bits;
	if (q->fill < -credit * q->rate)
		q->fill = -credit * q->rate;
}

void vqp_pass(struct vqp *q, unsigned pictures)
{
	drain(q, q->mean * pictures);
}

/* The coarsest QP that keeps this picture below so many bits */
static double below(const struct vqp *q, double bits)
{
	return 6 * log2(q->now / (bits > 64 ? bits : 64));
}

static double pick_key(const struct vqp *q)
{
	double room = keymax * q->rate - (q->fill > 0 ? q->fill / 2 : 0);
	double qp;

	if (room < 2 * q->mean)
		room = 2 * q->mean;
	qp = below(q, room);

	/* what stands still shows it until it is drawn again, but no finer
	 * than what follows is */
	return q->knows_inter && qp < q->qp - 2 ? q->qp - 2 : qp;
}

static double pick_next(const struct vqp *q)
{
	double want = q->mean * (1 - q->fill / (span * q->rate));
	double most = peak * q->rate > 3 * q->mean ? peak * q->rate :
		3 * q->mean;
	double old = q->qp, qp, cap;

	if (want < q->mean / 5)
		want = q->mean / 5;
	if (want > q->mean * 1.5)
		want = q->mean * 1.5;
	qp = q->knows_inter ? 6 * log2(q->inter / want) : old;

	/* slowly finer: every step down has the still parts done again */
	if (qp < old - 1)
		qp = old - 1;
	if (qp > old + 4)
		qp = old + 4;
	if (fabs(qp - old) < .8)
		qp = old;

	if (most > brim * q->rate - q->fill)
		most = brim * q->rate - q->fill;
	cap = below(q, most);

	return cap > qp ? cap : qp;
}

int vqp_pick(struct vqp *q, bool key, double fresh, double intra)
{
	double part = fresh > q->fresh ? fresh - q->fresh : 0;
	int most = key || part > CUT ? VQP_MAX_PEAK : VQP_MAX;
	double qp;

	q->intra = intra * q->right;
	if (!key && q->fill > brim * q->rate && q->out < OUT_MAX) {
		q->out++;
		vqp_pass(q, 1);
		return VQP_LEAVE_OUT;
	}
	q->out = 0;
	q->fresh += (fresh - q->fresh) / 16;

	q->now = key ? q->intra : q->inter + part * intra *
		(q->right > STRANGE ? q->right : STRANGE);
	if (q->now < 1)
		q->now = 1;
	qp = key ? pick_key(q) : pick_next(q);
	if (qp < VQP_MIN)
		qp = VQP_MIN;
	if (qp > most)
		qp = most;
	q->used = (int)lrint(qp);

	/* what was drawn coarsely is mended in small steps: at once it
	 * would be as dear as if it were drawn anew */
	if (q->used > q->qp || (!key && part < CUT))
		q->qp = q->used;

	return q->used;
}

static void learn(double *k, double is, double up, double down)
{
	*k += (is - *k) * (is > *k ? up : down);
}

/* What looking at a picture says of its bits is right but for a factor,
 * that of the content: learned from key frames and from cuts. */
static void learn_intra(struct vqp *q, double bits, double expected)
{
	double f = bits / expected;

	f = f < .25 ? .25 : f > 4 ? 4 : f;
	learn(&q->right, q->right * f, 1, .5);
	q->right = q->right < .02 ? .02 : q->right > 50 ? 50 : q->right;
}

void vqp_done(struct vqp *q, bool key, size_t bytes)
{
	double bits = (double)bytes * 8, at0 = bits * scale(q->used);
	double cut = q->now - q->inter;

	if (key) {
		learn_intra(q, at0, q->now);
	}
	else if (!q->knows_inter) {
		q->inter = at0;
		q->knows_inter = true;
	}
	else if (cut < q->inter) {
		learn(&q->inter, at0, .3, .2);
	}
	else if (at0 > q->now) {
		learn_intra(q, at0, q->now);
	}

	q->fill += bits;
	drain(q, q->mean);
}
