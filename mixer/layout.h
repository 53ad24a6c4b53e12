/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout.h -- where the tiles of a canvas are: pure geometry
 *
 * A layout turns "so many people, and slides or not" into cells with roles;
 * who plays which role is the scene's business.  Layouts are data
 * (base/layout_file.h); a set holds those there are by name.
 *
 * Tiles sit on the 16-pixel macroblock grid, so that a tile that did not
 * change is a set of whole macroblocks that did not change.
 *
 * Threads: any.  A set may be changed on one thread while others place: a
 * struct layout lives as long as its set and stands for a name, whatever
 * is drawn by that name later.
 */
#ifndef TUTTI_MIXER_LAYOUT_H
#define TUTTI_MIXER_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/layout_list.h"

enum {
	LAYOUT_MB = 16,
	LAYOUT_SET_NAMES = 256,   /* in a set's life                      */
};

struct layout_rect {
	unsigned x, y, w, h;      /* [px]                                 */
};

struct layout_cell {
	struct layout_rect rect;
	enum layout_role role;
	unsigned pin;             /* LAYOUT_PINNED: which, 1 …            */
	unsigned z;               /* higher ones lie over lower ones      */
	enum layout_fit fit;
	enum layout_label label;
};

/** What there is to be placed */
struct layout_ask {
	unsigned width, height;   /* canvas [px], at least 64             */
	unsigned parties;
	bool slides;              /* somebody shares                      */
	unsigned pins;            /* how many are large in any case       */
	bool crop;                /* pictures are cut to fill their tile  */
};

struct layout_set;
struct layout;

/** A set with the grid; ends with mem_deref. */
int layout_set_alloc(struct layout_set **setp);

/** From now on there are these layouts and no others.  A name that is gone
 *  is drawn as the grid.  After an error all is as it was; errbuf as of
 *  layout_list_read(). */
int layout_set_use(struct layout_set *set, const struct layout_text *textv,
		   size_t textc, char *errbuf, size_t errsz);

/** By name; "" or NULL: the grid; NULL when there is none of that name. */
const struct layout *layout_find(const struct layout_set *set,
				 const char *name);
/** In their order; NULL after the last */
const struct layout *layout_nth(const struct layout_set *set, unsigned i);
const char *layout_name(const struct layout *l);

/** Cells, in the order in which people take them; how many.  Two overlap
 *  only with different z.  One alone fills the canvas.  There are never
 *  more cells than there is to place. */
unsigned layout_place(const struct layout *l, const struct layout_ask *ask,
		      struct layout_cell cellv[LAYOUT_CELLS_MAX]);

/** A grid of n (at most LAYOUT_MAX) equal tiles, near 16:9, in reading
 *  order, the block and its last row centred.  One tile fills the canvas.
 *  Returns how many were placed. */
unsigned layout_grid(struct layout_rect *tilev, unsigned n,
		     unsigned canvas_w, unsigned canvas_h);

bool layout_overlap(const struct layout_rect *a, const struct layout_rect *b);

#endif
