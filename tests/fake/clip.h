/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/clip.h -- encoded pictures and sound made up on the spot
 *
 * Units as the engines make them: H.264 baseline of a plain colour that a
 * bar moves across, and Opus stereo of one tone.
 *
 * Threads: one at a time.
 */
#ifndef TUTTI_TESTS_FAKE_CLIP_H
#define TUTTI_TESTS_FAKE_CLIP_H

#include "mixer/unit.h"

struct clip_video;
struct clip_audio;

int clip_video_alloc(struct clip_video **cp, unsigned width, unsigned height,
		     unsigned fps, unsigned key_every);
/** The next picture; NULL: failed. */
struct unit *clip_video_next(struct clip_video *c, uint8_t y, uint8_t u,
			     uint8_t v, uint64_t pts_us);

int clip_audio_alloc(struct clip_audio **cp, double hz);
struct unit *clip_audio_next(struct clip_audio *c, uint64_t pts_us);

#endif
