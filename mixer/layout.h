/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout.h -- where the tiles of a canvas are: pure geometry
 *
 * A layout turns "so many people, and slides or not" into cells with roles;
 * who plays which role is the scene's business.  Each layout has a form for
 * the room and one for a presentation.
 *
 * Tiles sit on the 16-pixel macroblock grid, so that a tile that did not
 * change is a set of whole macroblocks that did not change.  Threads: any.
 */
#ifndef TUTTI_MIXER_LAYOUT_H
#define TUTTI_MIXER_LAYOUT_H

#include <stdbool.h>

enum {
	LAYOUT_MAX = 25,          /* people                               */
	LAYOUT_CELLS_MAX = LAYOUT_MAX + 1,
	LAYOUT_MB = 16,
};

struct layout_rect {
	unsigned x, y, w, h;      /* [px]                                 */
};

enum layout_role {
	LAYOUT_SLIDES,
	LAYOUT_SPEAKER,           /* who speaks, spoke last or is spotlit */
	LAYOUT_PREVIOUS,          /* who did before                       */
	LAYOUT_PARTY,             /* one of those without another role    */
};

struct layout_cell {
	struct layout_rect rect;
	enum layout_role role;
};

/** What there is to be placed */
struct layout_ask {
	unsigned width, height;   /* canvas [px], at least 64             */
	unsigned parties;
	bool slides;              /* somebody shares                      */
	bool spotlight;           /* somebody is to be large in any case  */
	bool crop;                /* pictures are cut to fill their tile  */
};

struct layout;

/** grid, speaker, filmstrip or side-by-side; "" or NULL: grid; NULL when
 *  there is none of that name. */
const struct layout *layout_find(const char *name);
const struct layout *layout_nth(unsigned i);    /* NULL after the last    */
const char *layout_name(const struct layout *l);

/** Cells that do not overlap, those with roles first; how many.  One alone
 *  fills the canvas.  There are never more cells than there is to place. */
unsigned layout_place(const struct layout *l, const struct layout_ask *ask,
		      struct layout_cell cellv[LAYOUT_CELLS_MAX]);

/** A grid of n (at most LAYOUT_MAX) equal tiles, near 16:9, in reading
 *  order, the block and its last row centred.  One tile fills the canvas.
 *  Returns how many were placed. */
unsigned layout_grid(struct layout_rect *tilev, unsigned n,
		     unsigned canvas_w, unsigned canvas_h);

bool layout_overlap(const struct layout_rect *a, const struct layout_rect *b);

#endif
