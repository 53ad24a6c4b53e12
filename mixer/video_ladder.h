/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_ladder.h -- which rung of the ladder a leg is sent
 *
 * Pure: a ticket, a canvas and a bit rate in, a rung out.  Legs that
 * negotiated nearly the same come to equal rungs, so they share an encode:
 * sizes are the ladder's, bit rates the ladder's or, where b= or a level is
 * lower, one of a few steps below it.  Never above what the peer said.
 *
 * Threads: any.
 */
#ifndef TUTTI_MIXER_VIDEO_LADDER_H
#define TUTTI_MIXER_VIDEO_LADDER_H

#include "base/ladder.h"
#include "mixer/video.h"

/** The best rung that the ticket can take (codec, level, max-fs, b=), that
 *  is not above max_height [px] and max_fps (0: any), and that needs no
 *  more than kbps [kbit/s of picture] (0: no limit).  A ticket too narrow
 *  for every size of the ladder gets an eighth of the canvas.
 *  ENOTSUP: no codec of ours; EAGAIN: not even the lowest fits in kbps. */
int video_ladder_pick(const struct video_ladder *l,
		      const struct ticket_media *m, unsigned canvas_w,
		      unsigned canvas_h, unsigned canvas_fps,
		      unsigned max_height, unsigned max_fps, uint32_t kbps,
		      struct video_rung *rung);

/** The same encode? */
bool video_rung_same(const struct video_rung *a, const struct video_rung *b);

#endif
