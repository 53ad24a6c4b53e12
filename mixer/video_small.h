/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_small.h -- a canvas in the sizes of its rungs
 *
 * One picture per size, whatever the number of codecs and rates in it, each
 * scaled from the next larger one there is, and only when the canvas has
 * changed since.  A size is forgotten when nobody has wanted it for a while.
 *
 * Threads: the tick's, one at a time; between smalls_make() and the next
 * change of the canvas smalls_get() on any.
 */
#ifndef TUTTI_MIXER_VIDEO_SMALL_H
#define TUTTI_MIXER_VIDEO_SMALL_H

#include <stdint.h>

#include "mixer/video_canvas.h"

enum { SMALLS_MAX = 16 };

struct smalls {
	struct small {
		struct vpic pic;
		bool stale;       /* the canvas is another by now         */
		bool due;         /* to be made                           */
		unsigned idle;    /* turns in which nobody wanted it      */
	} v[SMALLS_MAX];          /* largest first                        */
	unsigned n;
	unsigned scaled;          /* how often it was scaled              */
};

void smalls_close(struct smalls *s);      /* fine on a zeroed one         */

/** The canvas has been drawn on. */
void smalls_stale(struct smalls *s);

/** Wanted in this turn.  ENOSPC: too many sizes. */
int  smalls_want(struct smalls *s, unsigned w, unsigned h);

/** Makes what is wanted. */
void smalls_make(struct smalls *s, const struct vpic *canvas);

/** The canvas itself for its own size.  NULL: it was not wanted. */
const struct vpic *smalls_get(const struct smalls *s,
			      const struct vpic *canvas, unsigned w,
			      unsigned h);

#endif
