/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/prep.h -- pictures and sound to send, encoded once
 *
 * Video is a talking head made up here: a still ground with sensor noise,
 * a head that nods and a mouth that moves; with `flash` a patch in the
 * middle is white or black by turns, half a second each (the clock that
 * picture delay is read from).  Audio is clicks (one a second, the clock of
 * sound delay), babble, or a faint hiss.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_LOAD_PREP_H
#define TUTTI_TESTS_LOAD_PREP_H

#include "base/ticket.h"
#include "tests/load/trace.h"

enum prep_sound { SOUND_HISS, SOUND_BABBLE, SOUND_CLICKS };

struct prep_video {
	enum ticket_codec codec;  /* CODEC_H264, CODEC_VP8                */
	unsigned pkt_mode;
	unsigned w, h, fps, kbps;
	unsigned variant;
	bool flash;
	bool still;               /* nothing moves, no noise              */
};

/** From cache/NAME, or made and put there. */
int prep_video(struct trace **tp, const char *cache,
	       const struct prep_video *pv);
int prep_audio(struct trace **tp, const char *cache, enum ticket_codec codec,
	       enum prep_sound sound, unsigned variant);

/** The picture itself, I420, for who wants to draw it again. */
void prep_draw(uint8_t *y, uint8_t *u, uint8_t *v, unsigned frame,
	       const struct prep_video *pv);

/** Sound at 48000 Hz mono, 20 ms of it. */
void prep_sound(int16_t *pcm, unsigned n, enum prep_sound sound,
		unsigned variant);

#endif
