/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene.c -- one canvas
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/scene.h"
#include "mixer/scene_cast.h"
#include "mixer/scene_mark.h"
#include "mixer/scene_tile.h"
#include "mixer/video_clock.h"

enum {
	BACKGROUND = 0x101216,
	DAMAGE_MAX = 2 * LAYOUT_CELLS_MAX,
};

struct scene {
	struct vpic canvas;
	struct label *label;      /* [I] borrowed                         */
	scene_dirty_h *dirtyh;
	void *arg;

	struct cast cast;         /* who is where                         */
	struct tile tilev[LAYOUT_CELLS_MAX];      /* free: without a face */
	/* where something was that is no more, since it was drawn */
	struct layout_rect damagev[DAMAGE_MAX];
	unsigned damagec;
	bool damaged;             /* all of it                            */
	bool begun;               /* something was drawn                  */

	struct scene_marks *marks;

	atomic_ullong scale_us, label_us;
};

static void scene_destructor(void *data)
{
	struct scene *s = data;

	for (unsigned i = 0; i < LAYOUT_CELLS_MAX; i++)
		tile_close(&s->tilev[i]);
	cast_close(&s->cast);
	mem_deref(s->marks);
	vpic_close(&s->canvas);
}

int scene_alloc(struct scene **sp, unsigned width, unsigned height,
		struct label *label, scene_dirty_h *dirtyh, void *arg)
{
	struct scene *s;
	int err;

	if (!sp || !label || width < 64 || height < 64 || width % 2 ||
	    height % 2)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), scene_destructor);
	if (!s)
		return ENOMEM;
	s->label = label;
	s->dirtyh = dirtyh;
	s->arg = arg;
	s->damaged = true;
	err = vpic_init(&s->canvas, width, height);
	if (!err)
		err = scene_marks_alloc(&s->marks, width, height, label);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

/* --- who is where ----------------------------------------------------- */

static void damage(struct scene *s, const struct layout_rect *r)
{
	if (!r->w)
		return;
	if (s->damagec < DAMAGE_MAX)
		s->damagev[s->damagec++] = *r;
	else
		s->damaged = true;
}

static struct tile *tile_of(struct scene *s, const struct face *face)
{
	for (unsigned i = 0; i < LAYOUT_CELLS_MAX; i++) {
		if (s->tilev[i].face == face)
			return &s->tilev[i];
	}

	return NULL;
}

/* Those without a cell go; what is left of them is to be cleared. */
static void tiles_close(struct scene *s, struct face *const *facev, unsigned n)
{
	for (unsigned i = 0; i < LAYOUT_CELLS_MAX; i++) {
		struct tile *t = &s->tilev[i];
		unsigned k;

		for (k = 0; k < n && facev[k] != t->face; k++)
			;
		if (!t->face || k < n)
			continue;
		damage(s, &t->drawn);
		tile_close(t);
	}
}

/* Where somebody else just was he is at once; anywhere else he grows. */
static bool was_tile(const struct scene *s, const struct layout_rect *r)
{
	for (unsigned i = 0; i < s->damagec; i++) {
		if (!memcmp(&s->damagev[i], r, sizeof(*r)))
			return true;
	}

	return false;
}

static void tile_fill(struct scene *s, const struct layout_cell *cell,
		      struct face *face, const struct scene_want *w)
{
	const bool moves = s->begun && w->moves;
	struct tile *t = tile_of(s, face);

	if (!t) {
		t = tile_of(s, NULL);
		if (!t)
			return;
		tile_open(t, face);
		if (moves && !was_tile(s, &cell->rect))
			tile_appear(t, &cell->rect);
	}
	tile_place(t, cell, cell->rect.w == s->canvas.w &&
		   cell->rect.h == s->canvas.h,
		   moves ? w->now_us : 0);
	tile_crop(t, cell->fit == LAYOUT_FIT_ROOM ? w->crop :
		  cell->fit == LAYOUT_FIT_CROP);
	tile_speak(t, !face->slides && w->speaker == face->id);
	face_show(face, cell->rect.w, cell->rect.h);
}

/* Whoever has no tile is counted. */
static void marks_set(struct scene *s, const struct scene_want *w,
		      struct face *const *facev, unsigned n, unsigned parties)
{
	const struct stage_view *v = w->view;
	struct scene_marks_want want = {
		.look = w->look, .clock = w->clock,
		.watermark = w->watermark, .recording = w->recording,
		.speaker = w->speaker,
	};
	unsigned seen = 0;

	for (unsigned i = 0; i < n; i++)
		seen += facev[i] && !facev[i]->slides;
	if (v) {
		want.phonev = v->phonev;
		want.phonec = v->phonec;
		want.unseen = parties > seen ? parties - seen : 0;
	}
	scene_marks_set(s->marks, &want);
}

static void leads_of(struct cast_ask *who, const struct stage_view *v,
		     const struct stage_cast *cast)
{
	for (unsigned i = 0; i < cast->leadc; i++)
		who->leadv[i] = stage_face(v, cast->leadv[i]);
	who->leadc = cast->leadc;
	who->pinc = cast->pinc;
}

void scene_set(struct scene *s, const struct scene_want *w)
{
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	struct face *facev[LAYOUT_CELLS_MAX];
	const struct stage_view *v = w->view;
	struct cast_ask who = {
		.view = v, .speaker = w->speaker, .hide = w->hide,
		.cellv = cellv,
	};
	const struct layout_ask ask = {
		.width = s->canvas.w, .height = s->canvas.h,
		.parties = cast_count(&who), .slides = v && v->slides,
		.pins = v ? w->cast->pinc : 0, .crop = w->crop,
	};

	if (v) {
		leads_of(&who, v, w->cast);
		who.cellc = layout_place(w->layout, &ask, cellv);
	}
	cast_set(&s->cast, &who, facev);
	marks_set(s, w, facev, who.cellc, ask.parties);

	tiles_close(s, facev, who.cellc);
	for (unsigned i = 0; i < who.cellc; i++) {
		if (facev[i])
			tile_fill(s, &cellv[i], facev[i], w);
	}
	for (unsigned i = 0; i < LAYOUT_CELLS_MAX; i++) {
		struct tile *t = &s->tilev[i];

		if (t->face && tile_turn(t, w->now_us))
			damage(s, &t->drawn);
	}
}

/* --- drawing ---------------------------------------------------------- */

/* What was there goes; tiles that stand in it are drawn again. */
static void clear_damage(struct scene *s)
{
	const struct layout_rect all = {0, 0, s->canvas.w, s->canvas.h};

	if (s->damaged) {
		s->damagev[0] = all;
		s->damagec = 1;
	}
	for (unsigned i = 0; i < s->damagec; i++) {
		const struct layout_rect *r = &s->damagev[i];

		canvas_fill(&s->canvas, r, vcolour_rgb(BACKGROUND));
		s->dirtyh(r, s->arg);
		for (unsigned k = 0; k < LAYOUT_CELLS_MAX; k++) {
			struct tile *t = &s->tilev[k];

			if (t->face && layout_overlap(&t->now, r))
				t->dirty = true;
		}
	}
	s->damaged = false;
	s->damagec = 0;
}

/* Does a lie under b?  What moves lies over what stands, and of what moves
 * the one that becomes larger. */
static bool under(const struct tile *a, const struct tile *b)
{
	if (a->cell.z != b->cell.z)
		return a->cell.z < b->cell.z;
	if (!a->move_us != !b->move_us)
		return !a->move_us;

	return a->cell.rect.w * a->cell.rect.h <
		b->cell.rect.w * b->cell.rect.h;
}

/* From the lowest to the highest */
static unsigned tiles_sort(struct scene *s, struct tile **tilev)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LAYOUT_CELLS_MAX; i++) {
		struct tile *t = &s->tilev[i];
		unsigned k;

		if (!t->face)
			continue;
		for (k = n++; k && under(t, tilev[k - 1]); k--)
			tilev[k] = tilev[k - 1];
		tilev[k] = t;
	}

	return n;
}

/* What lies over a tile that was drawn must be drawn again. */
static void tiles_draw(struct scene *s, uint64_t *label_us)
{
	struct tile *tilev[LAYOUT_CELLS_MAX];
	unsigned n = tiles_sort(s, tilev);

	for (unsigned i = 0; i < n; i++) {
		struct tile *t = tilev[i];

		if (!tile_draw(t, &s->canvas, s->label, label_us))
			continue;
		s->dirtyh(&t->touched, s->arg);
		for (unsigned k = i + 1; k < n; k++) {
			if (layout_overlap(&t->drawn, &tilev[k]->now))
				tilev[k]->dirty = true;
		}
	}
}

void scene_draw(struct scene *s)
{
	uint64_t t0 = video_cpu_us(), label_us = 0, us;

	scene_marks_off(s->marks, &s->canvas);
	clear_damage(s);
	tiles_draw(s, &label_us);
	scene_marks_on(s->marks, &s->canvas, s->dirtyh, s->arg, &label_us);
	s->begun = true;

	us = video_cpu_us() - t0;
	atomic_fetch_add(&s->label_us, label_us);
	atomic_fetch_add(&s->scale_us, us > label_us ? us - label_us : 0);
}

bool scene_complete(const struct scene *s)
{
	for (unsigned i = 0; i < LAYOUT_CELLS_MAX; i++) {
		const struct tile *t = &s->tilev[i];

		if (t->face && !t->face->frame &&
		    t->face->state != FACE_BROKEN && vin_sends(t->face->vin))
			return false;
	}

	return true;
}

const struct vpic *scene_canvas(const struct scene *s)
{
	return &s->canvas;
}

void scene_cpu(const struct scene *s, uint64_t *scale_us, uint64_t *label_us)
{
	struct scene *w = (struct scene *)s;

	*scale_us = atomic_load(&w->scale_us);
	*label_us = atomic_load(&w->label_us);
}
