/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout.c -- where the tiles of a canvas are
 */
#include <stddef.h>
#include <string.h>

#include "mixer/layout_priv.h"

/* in macroblocks */
struct grid {
	unsigned cols, rows, w, h;
};

static unsigned min_u(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* --- tiles of one size ------------------------------------------------ */

/* The nearest to 16:9 in a box; 4 % too wide is no harm */
static void near_16_9(unsigned *w, unsigned *h)
{
	*h = min_u(*h, (*w * 9 + 8) / 16);
	if (*w * 9 * 25 > *h * 16 * 26)
		*w = (*h * 16 + 4) / 9;
}

static void grid_try(struct grid *g, unsigned n, unsigned cols, unsigned mbw,
		     unsigned mbh)
{
	g->cols = cols;
	g->rows = (n + cols - 1) / cols;
	g->w = mbw / cols;
	g->h = mbh / g->rows;
	near_16_9(&g->w, &g->h);
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

/* Tile i of n, in macroblocks; the block is centred in the area, and its
 * last row, unless they are to start at the corner */
static struct layout_rect grid_tile(const struct grid *g, unsigned i,
				    unsigned n, bool start,
				    const struct layout_rect *area)
{
	const unsigned row = i / g->cols, col = i % g->cols;
	const unsigned inrow = min_u(g->cols, n - row * g->cols);
	const unsigned rows = (n + g->cols - 1) / g->cols;
	struct layout_rect r = {
		area->x + col * g->w, area->y + row * g->h, g->w, g->h,
	};

	if (!start) {
		r.x += (area->w - g->cols * g->w) / 2 +
			(g->cols - inrow) * g->w / 2;
		r.y += (area->h - rows * g->h) / 2;
	}

	return r;
}

static struct layout_rect pixels(const struct layout_rect *mb)
{
	return (struct layout_rect){
		mb->x * LAYOUT_MB, mb->y * LAYOUT_MB,
		mb->w * LAYOUT_MB, mb->h * LAYOUT_MB,
	};
}

unsigned layout_grid(struct layout_rect *tilev, unsigned n,
		     unsigned canvas_w, unsigned canvas_h)
{
	const struct layout_rect area = {
		0, 0, canvas_w / LAYOUT_MB, canvas_h / LAYOUT_MB,
	};
	struct grid g;

	n = min_u(n, LAYOUT_MAX);
	if (!n)
		return 0;
	if (n == 1) {
		tilev[0] = (struct layout_rect){0, 0, canvas_w, canvas_h};
		return 1;
	}

	g = grid_best(n, area.w, area.h);
	if (!g.w || !g.h)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		struct layout_rect mb = grid_tile(&g, i, n, false, &area);

		tilev[i] = pixels(&mb);
	}

	return n;
}

/* --- a form on a canvas ----------------------------------------------- */

/* The units of a form: where they begin, and where all of them end [mb] */
struct units {
	unsigned x, y, w, h;
	unsigned cols, rows;      /* how many that is, in thousandths     */
};

static void units_set(struct units *u, const struct layout_form *f,
		      const struct layout_ask *a)
{
	const unsigned mbw = a->width / LAYOUT_MB;
	const unsigned mbh = a->height / LAYOUT_MB;
	unsigned w, h;

	*u = (struct units){0, 0, mbw, mbh, f->cols, f->rows};
	if (f->divide)
		return;
	/* equal ones, whole macroblocks each if there are enough of them */
	w = mbw * LAYOUT_MILLI / f->cols;
	h = mbh * LAYOUT_MILLI / f->rows;
	if (!w || !h)
		return;
	near_16_9(&w, &h);
	u->w = w * f->cols / LAYOUT_MILLI;
	u->h = h * f->rows / LAYOUT_MILLI;
	u->x = (mbw - u->w) / 2;
	u->y = (mbh - u->h) / 2;
}

/* The edge nearest to a position: neighbours have the same one. */
static unsigned edge(unsigned pos, unsigned units, unsigned mb)
{
	return (unsigned)(((uint64_t)pos * mb * 2 + units) /
			  (2 * (uint64_t)units));
}

static struct layout_rect area_of(const struct units *u,
				  const struct layout_item *it)
{
	const unsigned x0 = edge(it->x, u->cols, u->w);
	const unsigned y0 = edge(it->y, u->rows, u->h);
	const unsigned x1 = edge(it->x + it->w, u->cols, u->w);
	const unsigned y1 = edge(it->y + it->h, u->rows, u->h);

	return (struct layout_rect){u->x + x0, u->y + y0, x1 - x0, y1 - y0};
}

static struct layout_cell cell_of(const struct layout_item *it,
				  const struct layout_rect *mb)
{
	return (struct layout_cell){
		.rect = pixels(mb), .role = it->role, .pin = it->pin,
		.z = it->z, .fit = it->fit, .label = it->label,
	};
}

/* Over all of a canvas whose edge is no whole macroblock, too */
static bool covers(const struct layout_form *f, const struct layout_item *it)
{
	return f->divide && !it->x && !it->y && it->w == f->cols &&
		it->h == f->rows;
}

static unsigned place_cell(const struct layout_form *f,
			   const struct layout_item *it,
			   const struct units *u, const struct layout_ask *a,
			   struct layout_cell *cell)
{
	const struct layout_rect mb = area_of(u, it);

	if (!mb.w || !mb.h)
		return 0;
	*cell = cell_of(it, &mb);
	if (covers(f, it))
		cell->rect = (struct layout_rect){0, 0, a->width, a->height};

	return 1;
}

/* As many of n as there are macroblocks for */
static unsigned place_tiles(const struct layout_item *it,
			    const struct units *u, unsigned n,
			    struct layout_cell *cellv)
{
	const struct layout_rect area = area_of(u, it);
	struct grid g = {it->cols, it->rows, 0, 0};

	n = min_u(n, it->count);
	if (it->cols) {
		g.w = area.w / g.cols;
		g.h = area.h / g.rows;
		near_16_9(&g.w, &g.h);
	}
	else {
		g = grid_best(n, area.w, area.h);
		while (n && (!g.w || !g.h))
			g = grid_best(--n, area.w, area.h);
	}
	if (!g.w || !g.h)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		struct layout_rect mb = grid_tile(&g, i, n, it->start, &area);

		cellv[i] = cell_of(it, &mb);
		if (it->lead && !i)
			cellv[i].role = LAYOUT_SPEAKER;
	}

	return n;
}

static unsigned form_place(const struct layout_form *f,
			   const struct layout_ask *a,
			   struct layout_cell *cellv)
{
	unsigned left = a->parties, n = 0;
	struct units u;

	units_set(&u, f, a);
	for (unsigned i = 0; i < f->itemc; i++) {
		const struct layout_item *it = &f->itemv[i];
		unsigned c;

		if (it->role != LAYOUT_SLIDES && !left)
			continue;
		c = it->count ? place_tiles(it, &u, left, &cellv[n]) :
			place_cell(f, it, &u, a, &cellv[n]);
		if (it->role != LAYOUT_SLIDES)
			left -= c;
		n += c;
	}

	return n;
}

/* --- which form ------------------------------------------------------- */

static bool has_form(const struct layout_def *d, unsigned when)
{
	for (unsigned i = 0; i < d->formc; i++) {
		if (d->formv[i].when & when)
			return true;
	}

	return false;
}

/* Of those forms the ones for the most pins, but not for more than so many;
 * none if there is none */
static uint64_t for_pins(const struct layout_def *d, uint64_t mask,
			 unsigned pins)
{
	uint64_t found = 0;
	unsigned most = 0;

	for (unsigned i = 0; i < d->formc; i++) {
		const unsigned n = d->formv[i].pins;

		if (!(mask >> i & 1) || !n || n > pins || n < most)
			continue;
		found = (n > most ? 0 : found) | 1ull << i;
		most = n;
	}

	return found;
}

/* Those forms that are meant for what is asked, of each special case one
 * after the other; those without it where there is none for it */
static uint64_t candidates(const struct layout_def *d, unsigned asked,
			   unsigned pins)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < d->formc; i++)
		all |= 1ull << i;
	for (unsigned flag = LAYOUT_PRESENTATION; flag <= LAYOUT_CROP;
	     flag <<= 1) {
		uint64_t with = 0, meant;

		for (unsigned i = 0; i < d->formc; i++) {
			if (d->formv[i].when & flag)
				with |= 1ull << i;
		}
		with &= all;
		meant = flag == LAYOUT_SPOTLIGHT ? for_pins(d, all, pins) :
			asked & flag ? with : 0;
		if (meant)
			all = meant;
		else if (all & ~with)
			all &= ~with;
	}

	return all;
}

/* The smallest that has room for all, else the largest */
static const struct layout_form *form_for(const struct layout_def *d,
					  const struct layout_ask *a)
{
	const uint64_t mask = candidates(d,
		(a->slides ? LAYOUT_PRESENTATION : 0) |
		(a->height > a->width ? LAYOUT_UPRIGHT : 0) |
		(a->crop ? LAYOUT_CROP : 0), a->pins);
	const struct layout_form *best = NULL;

	for (unsigned i = 0; i < d->formc; i++) {
		const struct layout_form *f = &d->formv[i];
		bool fits = f->people >= a->parties;
		bool was = best && best->people >= a->parties;

		if (!(mask >> i & 1))
			continue;
		if (!best || (fits && !was) ||
		    (fits == was && (f->people < best->people) == fits))
			best = f;
	}

	return best;
}

/* [s] held.  What is drawn by this name: one that is gone is a grid; one
 * that knows no presentation has the forms of the layout of that name. */
static const struct layout_def *def_of(const struct layout *l, bool slides)
{
	const struct layout_def *d = l->def;
	const struct layout *other;

	if (!d)
		d = layout_set_find(l->set, "grid")->def;
	if (slides && !has_form(d, LAYOUT_PRESENTATION)) {
		other = layout_set_find(l->set, "presentation");
		if (other && other->def &&
		    has_form(other->def, LAYOUT_PRESENTATION))
			d = other->def;
	}

	return d;
}

static unsigned alone(const struct layout_ask *a, struct layout_cell *cell,
		      enum layout_role role)
{
	*cell = (struct layout_cell){
		.rect = {0, 0, a->width, a->height}, .role = role,
	};

	return 1;
}

unsigned layout_place(const struct layout *l, const struct layout_ask *ask,
		      struct layout_cell cellv[LAYOUT_CELLS_MAX])
{
	const struct layout_form *f;
	unsigned n = 0;

	if (!ask->parties)
		return ask->slides ? alone(ask, cellv, LAYOUT_SLIDES) : 0;

	pthread_mutex_lock(&l->set->mtx);
	f = form_for(def_of(l, ask->slides), ask);
	if (f)
		n = form_place(f, ask, cellv);
	pthread_mutex_unlock(&l->set->mtx);

	if (!n)
		return alone(ask, cellv, ask->slides ? LAYOUT_SLIDES :
			     LAYOUT_SPEAKER);
	if (n == 1)
		cellv[0].rect = (struct layout_rect){
			0, 0, ask->width, ask->height
		};

	return n;
}

bool layout_overlap(const struct layout_rect *a, const struct layout_rect *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w &&
	       a->y < b->y + b->h && b->y < a->y + a->h;
}
