/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/record_mkv.h -- units into one Matroska file, nothing encoded anew
 *
 * H.264 (Annex B units become length-prefixed, SPS and PPS go into the
 * header) and Opus.  The header is written with the first key frame, whose
 * time is 0; clusters last at most MKV_CLUSTER_MS and are handed to the
 * kernel as they end.  A pause leaves no hole: the timeline goes on with
 * the first key frame after it.
 *
 * Threads: one at a time (the writer); owns the descriptor.
 */
#ifndef TUTTI_MIXER_RECORD_MKV_H
#define TUTTI_MIXER_RECORD_MKV_H

#include "mixer/unit.h"

enum { MKV_CLUSTER_MS = 800 };

struct mkv;

/** Takes over fd, also when it fails. */
int mkv_alloc(struct mkv **mkvp, int fd, unsigned width, unsigned height,
	      unsigned fps);

/** An error is final: nothing is written after it, but do call close. */
int mkv_write(struct mkv *mkv, const struct unit *unit);
void mkv_pause(struct mkv *mkv, bool on);

/** Index and duration; the descriptor is closed.  Then mem_deref. */
int mkv_close(struct mkv *mkv);

uint64_t mkv_duration_ms(const struct mkv *mkv);
uint64_t mkv_bytes(const struct mkv *mkv);

#endif
