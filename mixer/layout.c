/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout.c -- where the tiles of a canvas are
 */
#include <stddef.h>
#include <string.h>

#include "mixer/layout.h"

/* in macroblocks */
struct grid {
	unsigned cols, rows, w, h;
};

static unsigned min_u(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void grid_try(struct grid *g, unsigned n, unsigned cols, unsigned mbw,
		     unsigned mbh)
{
	g->cols = cols;
	g->rows = (n + cols - 1) / cols;
	g->w = mbw / cols;
	g->h = mbh / g->rows;

	/* nearest to 16:9 that fits the cell; 4 % too wide is no harm */
	g->h = min_u(g->h, (g->w * 9 + 8) / 16);
	if (g->w * 9 * 25 > g->h * 16 * 26)
		g->w = (g->h * 16 + 4) / 9;
}

/* The largest tiles; fewer rows unless more make tiles 5 % larger. */
static struct grid grid_best(unsigned n, unsigned mbw, unsigned mbh)
{
	struct grid best = {0, 0, 0, 0};

	for (unsigned cols = n; cols; cols--) {
		struct grid g;

		grid_try(&g, n, cols, mbw, mbh);
		if (g.w * g.h * 20 > best.w * best.h * 21)
			best = g;
	}

	return best;
}

unsigned layout_grid(struct layout_rect *tilev, unsigned n,
		     unsigned canvas_w, unsigned canvas_h)
{
	const unsigned mbw = canvas_w / LAYOUT_MB, mbh = canvas_h / LAYOUT_MB;
	struct grid g;
	unsigned x0, y0;

	n = min_u(n, LAYOUT_MAX);
	if (!n)
		return 0;
	if (n == 1) {
		tilev[0] = (struct layout_rect){0, 0, canvas_w, canvas_h};
		return 1;
	}

	g = grid_best(n, mbw, mbh);
	if (!g.w || !g.h)
		return 0;

	x0 = (mbw - g.cols * g.w) / 2;
	y0 = (mbh - g.rows * g.h) / 2;

	for (unsigned i = 0; i < n; i++) {
		unsigned row = i / g.cols, col = i % g.cols;
		unsigned inrow = min_u(g.cols, n - row * g.cols);
		unsigned shift = (g.cols - inrow) * g.w / 2;

		tilev[i].x = (x0 + shift + col * g.w) * LAYOUT_MB;
		tilev[i].y = (y0 + row * g.h) * LAYOUT_MB;
		tilev[i].w = g.w * LAYOUT_MB;
		tilev[i].h = g.h * LAYOUT_MB;
	}

	return n;
}

/* --- forms ------------------------------------------------------------ */

enum {
	ROW_WIDE = 5, ROW_MAX = 8,        /* small tiles beside each other */
};

typedef unsigned (form_h)(const struct layout_ask *ask,
			  struct layout_cell *cellv);

struct layout {
	const char *name;
	form_h *roomh, *slidesh;
};

/* x, y, w, h in macroblocks */
static void put(struct layout_cell *c, enum layout_role role, unsigned x,
		unsigned y, unsigned w, unsigned h)
{
	c->role = role;
	c->rect = (struct layout_rect){
		x * LAYOUT_MB, y * LAYOUT_MB, w * LAYOUT_MB, h * LAYOUT_MB
	};
}

static unsigned alone(const struct layout_ask *a, struct layout_cell *cellv,
		      enum layout_role role)
{
	cellv[0].role = role;
	cellv[0].rect = (struct layout_rect){0, 0, a->width, a->height};

	return 1;
}

static unsigned tile_h(unsigned w)
{
	return (w * 9 + 8) / 16;
}

/* The first of those beside slides is who speaks */
static enum layout_role small_role(enum layout_role large, unsigned i)
{
	return large == LAYOUT_SLIDES && !i ? LAYOUT_SPEAKER : LAYOUT_PARTY;
}

/* A large one above, n small ones in a row below it */
static unsigned row_below(const struct layout_ask *a,
			  struct layout_cell *cellv, enum layout_role large,
			  unsigned n)
{
	const unsigned mbw = a->width / LAYOUT_MB;
	const unsigned mbh = a->height / LAYOUT_MB;
	unsigned slots, w, h, x;

	n = min_u(n, ROW_MAX);
	slots = n > ROW_WIDE ? ROW_MAX : ROW_WIDE;
	w = mbw / slots;
	h = tile_h(w);
	if (!n || w < 2 || h * 2 > mbh)
		return alone(a, cellv, large);

	put(&cellv[0], large, 0, 0, mbw, mbh - h);
	x = (mbw - n * w) / 2;
	for (unsigned i = 0; i < n; i++)
		put(&cellv[1 + i], small_role(large, i), x + i * w, mbh - h,
		    w, h);

	return 1 + n;
}

/* A large one on the left, small ones of width w in cols columns beside it,
 * from the top; as many of n as there is room for */
static unsigned columns(const struct layout_ask *a, struct layout_cell *cellv,
			enum layout_role large, unsigned n, unsigned cols,
			unsigned w)
{
	const unsigned mbw = a->width / LAYOUT_MB;
	const unsigned mbh = a->height / LAYOUT_MB;
	const unsigned h = tile_h(w), left = mbw - cols * w;
	unsigned rows = h ? mbh / h : 0;

	n = min_u(n, min_u(rows * cols, LAYOUT_MAX));
	if (!n || w < 2)
		return alone(a, cellv, large);

	put(&cellv[0], large, 0, 0, left, mbh);
	for (unsigned i = 0; i < n; i++)
		put(&cellv[1 + i], small_role(large, i), left + i % cols * w,
		    i / cols * h, w, h);

	return 1 + n;
}

/* --- grid --- */

static unsigned film_room(const struct layout_ask *a,
			  struct layout_cell *cellv);

static unsigned grid_room(const struct layout_ask *a,
			  struct layout_cell *cellv)
{
	struct layout_rect rectv[LAYOUT_MAX];
	unsigned n;

	if (a->spotlight)
		return film_room(a, cellv);
	/* as many as a small canvas has macroblocks for */
	n = min_u(a->parties, LAYOUT_MAX);
	while (n && !layout_grid(rectv, n, a->width, a->height))
		n--;
	for (unsigned i = 0; i < n; i++) {
		cellv[i].role = LAYOUT_PARTY;
		cellv[i].rect = rectv[i];
	}

	return n;
}

/* A canvas that stands upright has its small ones below. */
static unsigned grid_slides(const struct layout_ask *a,
			    struct layout_cell *cellv)
{
	const unsigned mbw = a->width / LAYOUT_MB;
	const unsigned mbh = a->height / LAYOUT_MB;
	const unsigned wide = mbw / ROW_WIDE;

	if (a->height > a->width)
		return row_below(a, cellv, LAYOUT_SLIDES, a->parties);
	if (!tile_h(wide) || a->parties <= mbh / tile_h(wide))
		return columns(a, cellv, LAYOUT_SLIDES, a->parties, 1, wide);

	return columns(a, cellv, LAYOUT_SLIDES, a->parties, 2,
		       mbw / ROW_MAX);
}

/* --- speaker --- */

static unsigned speaker_room(const struct layout_ask *a,
			     struct layout_cell *cellv)
{
	return alone(a, cellv, LAYOUT_SPEAKER);
}

static unsigned speaker_slides(const struct layout_ask *a,
			       struct layout_cell *cellv)
{
	const unsigned n = min_u(a->parties, 1);

	if (a->height > a->width)
		return row_below(a, cellv, LAYOUT_SLIDES, n);

	return columns(a, cellv, LAYOUT_SLIDES, n, 1,
		       a->width / LAYOUT_MB / ROW_WIDE);
}

/* --- filmstrip --- */

static unsigned film_room(const struct layout_ask *a,
			  struct layout_cell *cellv)
{
	return row_below(a, cellv, LAYOUT_SPEAKER, a->parties - 1);
}

static unsigned film_slides(const struct layout_ask *a,
			    struct layout_cell *cellv)
{
	return row_below(a, cellv, LAYOUT_SLIDES, a->parties);
}

/* --- side-by-side --- */

static unsigned sides_room(const struct layout_ask *a,
			   struct layout_cell *cellv)
{
	const unsigned mbh = a->height / LAYOUT_MB;
	const unsigned w = a->width / LAYOUT_MB / 2;
	const unsigned h = a->crop ? mbh : min_u(mbh, tile_h(w));

	if (a->parties < 2)
		return alone(a, cellv, LAYOUT_SPEAKER);
	put(&cellv[0], LAYOUT_SPEAKER, 0, (mbh - h) / 2, w, h);
	put(&cellv[1], LAYOUT_PREVIOUS, w, (mbh - h) / 2, w, h);

	return 2;
}

/* Slides on two thirds, two people on the rest */
static unsigned sides_slides(const struct layout_ask *a,
			     struct layout_cell *cellv)
{
	const unsigned n = min_u(a->parties, 2);
	unsigned c;

	if (a->height > a->width)
		c = row_below(a, cellv, LAYOUT_SLIDES, n);
	else
		c = columns(a, cellv, LAYOUT_SLIDES, n, 1,
			    a->width / LAYOUT_MB / 3);
	if (c == 3)
		cellv[2].role = LAYOUT_PREVIOUS;

	return c;
}

/* --- by name --- */

static const struct layout layoutv[] = {
	{"grid",         grid_room,    grid_slides},
	{"speaker",      speaker_room, speaker_slides},
	{"filmstrip",    film_room,    film_slides},
	{"side-by-side", sides_room,   sides_slides},
};
enum { LAYOUTC = sizeof(layoutv) / sizeof(layoutv[0]) };

const struct layout *layout_nth(unsigned i)
{
	return i < LAYOUTC ? &layoutv[i] : NULL;
}

const struct layout *layout_find(const char *name)
{
	if (!name || !*name)
		return &layoutv[0];
	for (unsigned i = 0; i < LAYOUTC; i++) {
		if (!strcmp(layoutv[i].name, name))
			return &layoutv[i];
	}

	return NULL;
}

const char *layout_name(const struct layout *l)
{
	return l ? l->name : "";
}

unsigned layout_place(const struct layout *l, const struct layout_ask *ask,
		      struct layout_cell cellv[LAYOUT_CELLS_MAX])
{
	if (ask->slides)
		return ask->parties ? l->slidesh(ask, cellv) :
			alone(ask, cellv, LAYOUT_SLIDES);

	return ask->parties ? l->roomh(ask, cellv) : 0;
}

bool layout_overlap(const struct layout_rect *a, const struct layout_rect *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w &&
	       a->y < b->y + b->h && b->y < a->y + a->h;
}
