/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_mix.h -- one 32-bit sum; everyone hears it less himself
 *
 * Nothing is clipped while adding.  What is too loud at the end is turned
 * down by a limiter, one per mix that somebody hears: the gain falls just
 * ahead of a peak (a tick is known as a whole) and recovers slowly.
 *
 * Threads: ticker.
 */
#ifndef TUTTI_MIXER_AUDIO_MIX_H
#define TUTTI_MIXER_AUDIO_MIX_H

#include <stdint.h>

enum {
	MIX_FRAME = 960,
	MIX_LIMIT = 30000,        /* loudest sample that leaves, -0.8 dBFS */
};

struct audio_limiter {
	float gain;               /* at the end of the last tick; 0: 1.0  */
	unsigned hold;            /* blocks before it recovers            */
};

struct audio_mix {
	int32_t sum[MIX_FRAME * 2];
	unsigned ch;
	unsigned sources;
};

void audio_mix_begin(struct audio_mix *mix, unsigned ch);

/** x: MIX_FRAME samples of ch channels, whatever the mix has. */
void audio_mix_add(struct audio_mix *mix, const int16_t *x, unsigned ch);

/** out: the mix with outch channels, less self (NULL: nobody). */
void audio_mix_out(const struct audio_mix *mix, int16_t *out, unsigned outch,
		   const int16_t *self, unsigned selfch,
		   struct audio_limiter *lim);

#endif
