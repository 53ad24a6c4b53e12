/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout.c -- where the tiles of a canvas are
 */
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

bool layout_overlap(const struct layout_rect *a, const struct layout_rect *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w &&
	       a->y < b->y + b->h && b->y < a->y + a->h;
}
