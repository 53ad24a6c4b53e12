/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_scale.h -- longer, shorter or missing sound, without clicks
 *
 * Works on s16, interleaved, at 48000 Hz; counts are samples a channel.
 * Speech repeats itself every pitch period: taking one away or playing one
 * twice, overlapped and added, is hardly heard; repeating the last one,
 * fading, is what a lost packet is replaced with.
 *
 * Threads: any, no state but the caller's.
 */
#ifndef TUTTI_MIXER_AUDIO_SCALE_H
#define TUTTI_MIXER_AUDIO_SCALE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SCALE_LAG_MIN = 120,      /* 2.5 ms                               */
	SCALE_LAG_MAX = 720,      /* 15 ms                                */
	SCALE_HIST    = 1920,     /* samples before, for concealment      */
	SCALE_MERGE   = 240,      /* 5 ms: from concealment back to sound */
};

/** The lag in min..max at which x[0..n) resembles itself most; n must be
 *  at least max + SCALE_LAG_MIN. */
unsigned audio_scale_pitch(const int16_t *x, unsigned n, unsigned ch,
			   unsigned min, unsigned max);

/** Removes lag samples from the front part of x[0..n); n >= 2 lag. */
void audio_scale_cut(int16_t *x, unsigned n, unsigned ch, unsigned lag);

/** Inserts lag samples, n >= 2 lag; room for n + lag. */
void audio_scale_add(int16_t *x, unsigned n, unsigned ch, unsigned lag);

/** One concealment, from the loss until sound comes again */
struct audio_conceal {
	int16_t period[SCALE_LAG_MAX * 2];
	unsigned lag;             /* 0: not concealing                    */
	unsigned at;              /* samples made so far                  */
	unsigned hold, fade;      /* full for so long, then fading        */
	int jump[2];              /* step at the joint, smoothed away     */
};

/** hist: the last SCALE_HIST samples played.  fade in samples. */
void audio_conceal_start(struct audio_conceal *c, const int16_t *hist,
			 unsigned ch, unsigned hold, unsigned fade);
/** False when all of it is silence. */
bool audio_conceal_make(struct audio_conceal *c, int16_t *out, unsigned n,
			unsigned ch);
/** Fades from the concealment into x[0..n) and ends it. */
void audio_conceal_merge(struct audio_conceal *c, int16_t *x, unsigned n,
			 unsigned ch);

#endif
