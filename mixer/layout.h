/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout.h -- where the tiles of a canvas are: pure geometry
 *
 * Tiles sit on the 16-pixel macroblock grid, so that a tile that did not
 * change is a set of whole macroblocks that did not change.  Threads: any.
 */
#ifndef TUTTI_MIXER_LAYOUT_H
#define TUTTI_MIXER_LAYOUT_H

#include <stdbool.h>

enum { LAYOUT_MAX = 25, LAYOUT_MB = 16 };

struct layout_rect {
	unsigned x, y, w, h;      /* [px]                                 */
};

/** A grid of n (at most LAYOUT_MAX) equal tiles, near 16:9, in reading
 *  order, the block and its last row centred.  One tile fills the canvas.
 *  Returns how many were placed. */
unsigned layout_grid(struct layout_rect *tilev, unsigned n,
		     unsigned canvas_w, unsigned canvas_h);

bool layout_overlap(const struct layout_rect *a, const struct layout_rect *b);

#endif
