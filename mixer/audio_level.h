/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_level.h -- how loud a party is, and whether it talks
 *
 * The noise floor follows pauses at once and rises slowly, never above
 * LEVEL_FLOOR_MAX, so a steady loud sound counts as talking.
 *
 * Threads: ticker; a plain value.
 */
#ifndef TUTTI_MIXER_AUDIO_LEVEL_H
#define TUTTI_MIXER_AUDIO_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#define LEVEL_SILENCE   (-127.0f)   /* [dBFS]                             */
#define LEVEL_FLOOR_MAX (-45.0f)
#define LEVEL_GATE      (-62.0f)    /* quieter is not mixed               */

struct audio_level {
	float db;                 /* of the last tick                     */
	float floor_db;
	unsigned on, off;         /* ticks with and without voice         */
	unsigned open;            /* ticks until the gate closes          */
	bool talking;
};

void audio_level_init(struct audio_level *l);

/** One tick; x NULL: silence.  True when `talking` changed. */
bool audio_level_run(struct audio_level *l, const int16_t *x, unsigned n);

#endif
