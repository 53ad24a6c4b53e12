/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_level.c -- levels and voice activity; see audio_level.h
 */
#include <math.h>

#include "mixer/audio_level.h"

#define MARGIN_DB  8.0f           /* voice above the floor                */
#define RISE_DB    0.02f          /* of the floor, a tick                 */

enum {
	TALK_ON   = 3,            /* ticks of voice                       */
	TALK_OFF  = 25,           /* ticks without                        */
	GATE_HOLD = 25,
};


void audio_level_init(struct audio_level *l)
{
	*l = (struct audio_level){
		.db = LEVEL_SILENCE, .floor_db = LEVEL_GATE,
	};
}


static float measure(const int16_t *x, unsigned n)
{
	double sum = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		sum += (double)(x[i] * x[i]);

	sum /= (double)n * 32768.0 * 32768.0;

	return sum > 0 ? (float)(10 * log10(sum)) : LEVEL_SILENCE;
}


bool audio_level_run(struct audio_level *l, const int16_t *x, unsigned n)
{
	bool was = l->talking;

	l->db = x && n ? measure(x, n) : LEVEL_SILENCE;

	if (l->db > LEVEL_GATE)
		l->open = GATE_HOLD;
	else if (l->open)
		--l->open;

	if (l->db < l->floor_db)
		l->floor_db = l->db > LEVEL_GATE ? l->db : LEVEL_GATE;
	else if (l->floor_db < LEVEL_FLOOR_MAX)
		l->floor_db += RISE_DB;

	if (l->db > l->floor_db + MARGIN_DB) {
		l->off = 0;
		if (l->on < TALK_ON)
			++l->on;
		if (l->on >= TALK_ON)
			l->talking = true;
	}
	else {
		/* a short break between words does not start over */
		if (l->on && !(l->off & 1))
			--l->on;
		if (++l->off >= TALK_OFF)
			l->talking = false;
	}

	return was != l->talking;
}
