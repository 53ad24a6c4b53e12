/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_phase.c -- when in a thirtieth of a second to draw
 */
#include <stdlib.h>

#include "mixer/video_phase.h"

enum {
	SMOOTH = 8,               /* pictures                             */
	KNOWN  = 16,              /* … after which it is known            */
};

/* Into 0 … period */
static int32_t wrap(int64_t us, unsigned period)
{
	int64_t r = us % (int64_t)period;

	return (int32_t)(r < 0 ? r + (int64_t)period : r);
}

void phase_seen(struct phase_wait *w, int64_t wait_us, unsigned period)
{
	int32_t half = (int32_t)period / 2, d;

	if (!w->n)
		w->mean_us = wrap(wait_us, period);
	d = wrap(wait_us - w->mean_us + half, period) - half;
	w->mean_us = wrap(w->mean_us + d / SMOOTH, period);
	if (w->n < KNOWN)
		w->n++;
	w->dev_us += (abs(d) - w->dev_us) / SMOOTH;
}

/* How long after it could first be drawn; false: it comes at any time */
static bool steady(const struct phase_wait *w, unsigned period, int32_t *lag)
{
	if (w->n < KNOWN || w->dev_us > (int32_t)period / 6)
		return false;
	*lag = wrap(w->mean_us - PHASE_READY_US - w->dev_us, period);

	return true;
}

/* The longest anybody waits if all come d later */
static int32_t longest(const int32_t *lagv, unsigned n, int32_t d,
		       unsigned period)
{
	int32_t most = 0;

	for (unsigned i = 0; i < n; i++) {
		int32_t lag = wrap((int64_t)lagv[i] + d, period);

		most = lag > most ? lag : most;
	}

	return most;
}

uint32_t phase_best(const struct phase_wait *const *wv, unsigned n,
		    unsigned period)
{
	int32_t lagv[PHASE_MAX], best = 0, least, now;
	unsigned k = 0;

	for (unsigned i = 0; i < n && k < PHASE_MAX; i++)
		k += steady(wv[i], period, &lagv[k]);
	now = least = longest(lagv, k, 0, period);

	/* best is just behind one of them */
	for (unsigned i = 0; i < k; i++) {
		int32_t d = wrap(-(int64_t)lagv[i], period);
		int32_t most = longest(lagv, k, d, period);

		if (most < least) {
			least = most;
			best = d;
		}
	}

	return now - least >= PHASE_GAIN_US ? (uint32_t)best : 0;
}

uint32_t phase_turn(struct phase *p, const struct phase_wait *const *wv,
		    unsigned n, unsigned period, uint64_t now)
{
	uint32_t step;

	if (!p->left_us && now >= p->look_us) {
		p->left_us = phase_best(wv, n, period);
		if (p->left_us)
			p->left_us += PHASE_SLACK_US;
		p->look_us = now + PHASE_LOOK_US;
	}
	step = p->left_us < PHASE_STEP_US ? p->left_us : PHASE_STEP_US;
	p->left_us -= step;
	if (step)
		p->look_us = now + PHASE_LOOK_US; /* after it has settled */

	return step;
}
