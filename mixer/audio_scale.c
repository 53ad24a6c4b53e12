/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_scale.c -- pitch, overlap-add, concealment; see audio_scale.h
 */
#include <math.h>
#include <string.h>

#include "mixer/audio_scale.h"

enum {
	DECIM = 6,                /* the coarse search runs at 8000 Hz    */
	N_MAX = 2880,
	JOINT = 48,               /* samples over which a step is spread  */
};


static float likeness(const float *x, unsigned win, unsigned lag)
{
	float c = 0, e = 1e-9f;
	unsigned i;

	for (i = 0; i < win; i++) {
		c += x[i] * x[i + lag];
		e += x[i + lag] * x[i + lag];
	}

	/* the energy of the fixed part is the same for every lag */
	return c > 0 ? c * c / e : 0;
}


static unsigned search(const float *x, unsigned win, unsigned min,
		       unsigned max)
{
	float bestv = -1;
	unsigned lag, best = min;

	for (lag = min; lag <= max; lag++) {
		float v = likeness(x, win, lag);

		/* a multiple must be clearly better than the period */
		if (v > bestv * 1.01f) {
			bestv = v;
			best = lag;
		}
	}

	return best;
}


unsigned audio_scale_pitch(const int16_t *x, unsigned n, unsigned ch,
			   unsigned min, unsigned max)
{
	float m[N_MAX], d[N_MAX / DECIM];
	unsigned i, k, lag, lo, hi;

	if (n > N_MAX)
		n = N_MAX;
	if (max + SCALE_LAG_MIN > n || min >= max)
		return min;

	for (i = 0; i < n; i++)
		m[i] = ch == 2 ? 0.5f * (x[2 * i] + x[2 * i + 1]) : x[i];

	for (i = 0; i < n / DECIM; i++) {
		d[i] = 0;
		for (k = 0; k < DECIM; k++)
			d[i] += m[i * DECIM + k];
	}

	lo = min / DECIM;
	hi = max / DECIM;
	lag = search(d, n / DECIM - hi, lo ? lo : 1, hi) * DECIM;

	lo = lag > min + DECIM ? lag - DECIM : min;
	hi = lag + DECIM < max ? lag + DECIM : max;

	return search(m, n - max > 480 ? 480 : n - max, lo, hi);
}


/* out = a fading into b */
static void fade(int16_t *out, const int16_t *a, const int16_t *b,
		 unsigned n, unsigned ch)
{
	unsigned i, c;

	for (i = 0; i < n; i++) {
		int w = (int)((i + 1) * 32768 / (n + 1));

		for (c = 0; c < ch; c++) {
			unsigned k = i * ch + c;

			out[k] = (int16_t)((a[k] * (32768 - w) + b[k] * w)
					   >> 15);
		}
	}
}


void audio_scale_cut(int16_t *x, unsigned n, unsigned ch, unsigned lag)
{
	fade(x, x, x + lag * ch, lag, ch);
	memmove(x + lag * ch, x + 2 * lag * ch,
		(n - 2 * lag) * ch * sizeof(*x));
}


void audio_scale_add(int16_t *x, unsigned n, unsigned ch, unsigned lag)
{
	/* x0 x1 …  ->  x0 (x1 into x0) x1 … */
	memmove(x + 2 * lag * ch, x + lag * ch,
		(n - lag) * ch * sizeof(*x));
	fade(x + lag * ch, x + 2 * lag * ch, x, lag, ch);
}


void audio_conceal_start(struct audio_conceal *c, const int16_t *hist,
			 unsigned ch, unsigned hold, unsigned fade_n)
{
	int16_t rev[(SCALE_LAG_MAX + 480) * 2];
	const int16_t *end = hist + SCALE_HIST * ch;
	unsigned lag, q, i, k;

	/* backwards: what came last is to go on, so compare with that */
	for (i = 0; i < (SCALE_LAG_MAX + 480) * ch; i++)
		rev[i] = end[-1 - (int)i];
	lag = audio_scale_pitch(rev, SCALE_LAG_MAX + 480, ch, SCALE_LAG_MIN,
				SCALE_LAG_MAX);

	/* its end must lead to its beginning again */
	q = lag / 4;
	memcpy(c->period, end - lag * ch, lag * ch * sizeof(*end));
	fade(c->period + (lag - q) * ch, end - q * ch,
	     end - (lag + q) * ch, q, ch);

	for (k = 0; k < ch; k++) {
		const int16_t *l = end - ch + k;

		/* where it would go on, against where the period begins */
		i = lag * ch;
		c->jump[k] = (int)l[0] - l[-(int)i];
	}

	c->lag  = lag;
	c->at   = 0;
	c->hold = hold;
	c->fade = fade_n ? fade_n : 1;
}


bool audio_conceal_make(struct audio_conceal *c, int16_t *out, unsigned n,
			unsigned ch)
{
	unsigned i, k;

	if (!c->lag || c->at >= c->hold + c->fade) {
		memset(out, 0, n * ch * sizeof(*out));
		return false;
	}

	for (i = 0; i < n; i++, c->at++) {
		int g = 32768;

		if (c->at >= c->hold + c->fade)
			g = 0;
		else if (c->at > c->hold)
			g -= (int)((c->at - c->hold) * 32768 / c->fade);

		for (k = 0; k < ch; k++) {
			int v = c->period[c->at % c->lag * ch + k];

			if (c->at < JOINT)
				v += c->jump[k] * (int)(JOINT - c->at) / JOINT;
			v = v > 32767 ? 32767 : v < -32768 ? -32768 : v;
			out[i * ch + k] = (int16_t)((v * g) >> 15);
		}
	}

	return true;
}


void audio_conceal_merge(struct audio_conceal *c, int16_t *x, unsigned n,
			 unsigned ch)
{
	int16_t old[SCALE_MERGE * 2];

	if (!c->lag)
		return;

	if (n > SCALE_MERGE)
		n = SCALE_MERGE;

	(void)audio_conceal_make(c, old, n, ch);
	fade(x, old, x, n, ch);
	c->lag = 0;
}
