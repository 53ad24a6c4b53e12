/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_mix.c -- sum, sum less self, limiter; see audio_mix.h
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/audio_mix.h"

enum {
	BLOCK     = 48,           /* 1 ms                                 */
	BLOCKS    = MIX_FRAME / BLOCK,
	HOLD      = 30,           /* blocks: a period of the lowest tones */
};

#define RECOVER 0.004f            /* of what is missing, a block          */


void audio_mix_begin(struct audio_mix *mix, unsigned ch)
{
	mix->ch = ch;
	mix->sources = 0;
	memset(mix->sum, 0, MIX_FRAME * ch * sizeof(*mix->sum));
}


/* Sample i, channel c, of x with ch channels seen as one with outch */
static inline int32_t pick(const int16_t *x, unsigned ch, unsigned outch,
			   unsigned i, unsigned c)
{
	if (ch == outch)
		return x[i * ch + c];
	if (ch == 1)
		return x[i];

	return (x[2 * i] + x[2 * i + 1]) / 2;
}


void audio_mix_add(struct audio_mix *mix, const int16_t *x, unsigned ch)
{
	unsigned i, c;

	++mix->sources;

	if (ch == mix->ch) {
		for (i = 0; i < MIX_FRAME * ch; i++)
			mix->sum[i] += x[i];
		return;
	}

	for (i = 0; i < MIX_FRAME; i++) {
		for (c = 0; c < mix->ch; c++)
			mix->sum[i * mix->ch + c] += pick(x, ch, mix->ch, i,
							  c);
	}
}


/* The gain each block may have at most, then every joint the lower of its
 * two blocks: between joints the gain runs straight. */
static bool gains(struct audio_limiter *lim, const int32_t *v, unsigned ch,
		  float *jointv)
{
	float needv[BLOCKS], gain;
	bool loud = false;
	unsigned b, i;

	for (b = 0; b < BLOCKS; b++) {
		int32_t peak = 1;

		for (i = b * BLOCK * ch; i < (b + 1) * BLOCK * ch; i++) {
			int32_t a = abs(v[i]);

			peak = a > peak ? a : peak;
		}
		needv[b] = peak > MIX_LIMIT ? (float)MIX_LIMIT / (float)peak
					    : 1.0f;
		loud = loud || peak > MIX_LIMIT;
	}

	gain = lim->gain > 0 ? lim->gain : 1.0f;
	if (!loud && gain >= 1.0f)
		return false;

	jointv[0] = gain;
	for (b = 0; b < BLOCKS; b++) {
		float max = needv[b];

		if (b + 1 < BLOCKS && needv[b + 1] < max)
			max = needv[b + 1];

		if (max <= gain) {
			gain = max;
			lim->hold = HOLD;
		}
		else if (lim->hold) {
			--lim->hold;
		}
		else {
			gain += (1.0f - gain) * RECOVER;
			gain = gain > max ? max : gain;
		}
		jointv[b + 1] = gain;
	}

	lim->gain = gain > 0.9995f ? 1.0f : gain;

	return true;
}


/* A peak right after the last tick could not be seen coming; within the
 * first block it is bent, not cut. */
static inline int16_t soft(float f)
{
	const float knee = 32767 - MIX_LIMIT;

	if (f > MIX_LIMIT + 1)
		f = MIX_LIMIT + knee * tanhf((f - MIX_LIMIT) / knee);
	else if (f < -MIX_LIMIT - 1)
		f = -MIX_LIMIT + knee * tanhf((f + MIX_LIMIT) / knee);

	return (int16_t)lrintf(f);
}


static void limit(struct audio_limiter *lim, int16_t *out, const int32_t *v,
		  unsigned ch)
{
	float jointv[BLOCKS + 1];
	unsigned b, i, c;

	if (!gains(lim, v, ch, jointv)) {
		for (i = 0; i < MIX_FRAME * ch; i++)
			out[i] = (int16_t)v[i];
		return;
	}

	for (b = 0; b < BLOCKS; b++) {
		float g = jointv[b], step = (jointv[b + 1] - g) / BLOCK;

		for (i = b * BLOCK; i < (b + 1) * BLOCK; i++, g += step) {
			for (c = 0; c < ch; c++) {
				out[i * ch + c] = soft(
					(float)v[i * ch + c] * g);
			}
		}
	}
}


void audio_mix_out(const struct audio_mix *mix, int16_t *out, unsigned outch,
		   const int16_t *self, unsigned selfch,
		   struct audio_limiter *lim)
{
	int32_t v[MIX_FRAME * 2];
	unsigned i, c, ch = mix->ch;

	for (i = 0; i < MIX_FRAME * ch; i++)
		v[i] = mix->sum[i];

	if (self) {
		for (i = 0; i < MIX_FRAME; i++) {
			for (c = 0; c < ch; c++)
				v[i * ch + c] -= pick(self, selfch, ch, i, c);
		}
	}

	if (outch == 1 && ch == 2) {
		for (i = 0; i < MIX_FRAME; i++)
			v[i] = (v[2 * i] + v[2 * i + 1]) / 2;
	}
	else if (outch == 2 && ch == 1) {
		for (i = MIX_FRAME; i-- > 0;)
			v[2 * i] = v[2 * i + 1] = v[i];
	}

	limit(lim, out, v, outch);
}
