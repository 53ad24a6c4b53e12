/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source_pcm.h -- any sound to frames of 20 ms, 48 kHz, stereo
 *
 * Threads: the maker's.
 */
#ifndef TUTTI_SOURCE_SOURCE_PCM_H
#define TUTTI_SOURCE_SOURCE_PCM_H

#include <stdbool.h>
#include <stdint.h>

struct AVPacket;
struct AVStream;
struct source_aenc;
struct source_pcm;

/** SOURCE_AUDIO_FRAME stereo samples; false: stop. */
typedef bool (source_pcm_h)(const int16_t *pcm, uint64_t pts_us, void *arg);

int source_pcm_alloc(struct source_pcm **pcmp, const struct AVStream *st,
		     source_pcm_h *h, void *arg);

/** pts_us: media time of the packet's first sample. */
bool source_pcm_put(struct source_pcm *pcm, const struct AVPacket *pkt,
		    uint64_t pts_us);

/** What is left, then ready for another round. */
bool source_pcm_flush(struct source_pcm *pcm);

/** An encoder for what comes out. */
struct source_aenc *source_pcm_enc(struct source_pcm *pcm);

#endif
