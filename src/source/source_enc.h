/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source_enc.h -- pictures and sound to units
 *
 * Threads: the maker's.
 */
#ifndef TUTTI_SOURCE_SOURCE_ENC_H
#define TUTTI_SOURCE_SOURCE_ENC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/unit.h"

enum { SOURCE_AUDIO_HZ = 48000, SOURCE_AUDIO_FRAME = 960 };

struct AVFrame;
struct source_venc;
struct source_aenc;

int source_venc_alloc(struct source_venc **encp, unsigned width,
		      unsigned height, unsigned fps, unsigned kbps);

/** frame: I420 of the encoder's size. */
int source_venc_put(struct unit **unitp, struct source_venc *enc,
		    const struct AVFrame *frame, uint64_t pts_us, bool key);

/** An encoded picture (Annex B) as a unit. */
int source_video_unit(struct unit **unitp, const uint8_t *data, size_t len,
		      bool key, uint64_t pts_us);

int source_aenc_alloc(struct source_aenc **encp);

/** SOURCE_AUDIO_FRAME samples, stereo interleaved. */
int source_aenc_put(struct unit **unitp, struct source_aenc *enc,
		    const int16_t *pcm, uint64_t pts_us);

/** An Opus packet as a unit. */
int source_audio_unit(struct unit **unitp, const uint8_t *data, size_t len,
		      uint64_t pts_us);

#endif
