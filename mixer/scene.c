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
#include "mixer/scene_tile.h"
#include "mixer/video_clock.h"

enum { BACKGROUND = 0x101216 };

struct scene {
	struct vpic canvas;
	struct label *label;      /* [I] borrowed                         */
	scene_dirty_h *dirtyh;
	void *arg;

	/* Who may be shown, in order of joining */
	struct tile tilev[LAYOUT_MAX];
	unsigned tilec;
	struct tile slides;
	/* The same people in the order of strips, where only two change
	 * places when another one is large */
	const struct face *orderv[LAYOUT_MAX];
	const struct face *star;  /* as ordered; not a reference          */
	struct face *lead, *second;       /* of this turn                 */
	uint32_t hide;
	const struct face *seatv[2];      /* of equals, whose is which    */

	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	unsigned cellc;
	bool relayout;            /* cells changed: clear the background  */

	bool recording, rec_shown;
	struct vbitmap rec;       /* the mark …                           */
	struct layout_rect rec_rect;
	struct vpic under;        /* … and the canvas without it          */

	atomic_ullong scale_us, label_us;
};

static void scene_destructor(void *data)
{
	struct scene *s = data;

	for (unsigned i = 0; i < s->tilec; i++)
		tile_close(&s->tilev[i]);
	tile_close(&s->slides);
	vbitmap_close(&s->rec);
	vpic_close(&s->under);
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
	s->relayout = true;
	err = vpic_init(&s->canvas, width, height);
	if (!err)
		err = vpic_init(&s->under, width, height);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

/* --- who may be shown ------------------------------------------------- */

static struct tile *tile_find(struct scene *s, const struct face *face)
{
	for (unsigned i = 0; i < s->tilec; i++) {
		if (s->tilev[i].face == face)
			return &s->tilev[i];
	}

	return NULL;
}

static int order_find(const struct scene *s, const struct face *face)
{
	for (unsigned i = 0; i < s->tilec; i++) {
		if (s->orderv[i] == face)
			return (int)i;
	}

	return -1;
}

static void order_leave(struct scene *s, const struct face *face)
{
	int i = order_find(s, face);

	if (i < 0)
		return;
	memmove(&s->orderv[i], &s->orderv[i + 1],
		sizeof(s->orderv[0]) * (s->tilec - 1 - (unsigned)i));
}

static void remove_gone(struct scene *s, bool all)
{
	for (unsigned i = 0; i < s->tilec;) {
		struct tile *t = &s->tilev[i];

		if (!t->face->gone && !all) {
			i++;
			continue;
		}
		order_leave(s, t->face);
		tile_close(t);
		--s->tilec;
		memmove(t, t + 1, sizeof(*t) * (s->tilec - i));
		memset(&s->tilev[s->tilec], 0, sizeof(*t));
	}
}

/* In order of joining; room for LAYOUT_MAX, who came first stays */
static void add_new(struct scene *s, const struct stage_view *v)
{
	for (unsigned i = 0; i < v->partyc && s->tilec < LAYOUT_MAX; i++) {
		struct face *f = v->partyv[i];

		if (f->id == s->hide || tile_find(s, f))
			continue;
		s->orderv[s->tilec] = f;
		tile_open(&s->tilev[s->tilec++], f);
	}
}

static void replace(struct scene *s, struct tile *t, struct face *face)
{
	int i = order_find(s, t->face);

	if (i >= 0)
		s->orderv[i] = face;
	tile_close(t);
	tile_open(t, face);
}

/* Does a give way sooner than b?  Who has been silent longest, of those a
 * card, of equals the last: who came first stays longest. */
static bool sooner(const struct face *a, const struct face *b)
{
	if (a->spoke_us != b->spoke_us)
		return a->spoke_us < b->spoke_us;

	return b->on || !a->on;
}

/* Somebody without a tile is to be seen. */
static void show(struct scene *s, struct face *face)
{
	struct tile *oldest = NULL;

	if (!face || face->id == s->hide || tile_find(s, face))
		return;
	for (unsigned i = 0; i < s->tilec; i++) {
		struct tile *t = &s->tilev[i];

		if (t->face == s->lead || t->face == s->second)
			continue;
		if (!oldest || sooner(t->face, oldest->face))
			oldest = t;
	}
	if (oldest)
		replace(s, oldest, face);
}

/* A card that never spoke gives way to a picture. */
static void show_picture(struct scene *s, const struct stage_view *v)
{
	struct tile *card = NULL;

	for (unsigned i = 0; i < s->tilec; i++) {
		const struct face *f = s->tilev[i].face;

		if (!f->spoke_us && !f->on && f != s->lead && f != s->second)
			card = &s->tilev[i];
	}
	for (unsigned i = 0; card && i < v->partyc; i++) {
		struct face *f = v->partyv[i];

		if (!f->on || f->id == s->hide || tile_find(s, f))
			continue;
		replace(s, card, f);
		return;
	}
}

static void cast_set(struct scene *s, const struct scene_want *w)
{
	const struct stage_view *v = w->view;

	remove_gone(s, !v);
	if (!v)
		return;
	add_new(s, v);
	show_picture(s, v);
	for (unsigned i = 0; i < v->partyc; i++) {
		if (v->partyv[i]->id == w->speaker)
			show(s, v->partyv[i]);
	}
	show(s, s->lead);
	show(s, s->second);
}

static void slides_set(struct scene *s, struct face *face)
{
	if (s->slides.face == face)
		return;
	tile_close(&s->slides);
	if (face)
		tile_open(&s->slides, face);
}

/* --- who is where ----------------------------------------------------- */

static void order_swap(struct scene *s, int a, int b)
{
	const struct face *f = s->orderv[a];

	s->orderv[a] = s->orderv[b];
	s->orderv[b] = f;
}

/* Where in the strip somebody is, the large one left out */
static unsigned strip_rank(const struct scene *s, int i)
{
	int star = order_find(s, s->star);

	return (unsigned)(star >= 0 && star < i ? i - 1 : i);
}

/* Who was large takes the place of who is now.  In a strip too short for
 * all he takes that of who has been silent longest instead. */
static void order_set(struct scene *s, const struct face *star,
		      unsigned visible)
{
	int was = order_find(s, s->star), now = order_find(s, star), out = -1;

	if (s->star == star)
		return;
	s->star = now < 0 ? NULL : star;
	if (was < 0 || now < 0)
		return;
	order_swap(s, was, now);
	if (strip_rank(s, now) < visible)
		return;
	for (int i = 0; i < (int)s->tilec; i++) {
		const struct face *f = s->orderv[i];

		if (f == star || strip_rank(s, i) >= visible)
			continue;
		if (out < 0 || sooner(f, s->orderv[out]))
			out = i;
	}
	if (out >= 0)
		order_swap(s, out, now);
}

/* Two equals keep their sides, whoever of them speaks. */
static void seats_set(struct scene *s, const struct face *star,
		      const struct face *second)
{
	if ((s->seatv[1] == star && s->seatv[0] != star) ||
	    (s->seatv[0] == second && s->seatv[1] != second)) {
		s->seatv[0] = second;
		s->seatv[1] = star;
	}
	else {
		s->seatv[0] = star;
		s->seatv[1] = second;
	}
}

static bool has_role(const struct layout_cell *cellv, unsigned n,
		     enum layout_role role)
{
	for (unsigned i = 0; i < n; i++) {
		if (cellv[i].role == role)
			return true;
	}

	return false;
}

/* The next one without a role, in the order of this form */
static const struct face *next_party(const struct scene *s, unsigned *posp,
				     bool leads)
{
	while (*posp < s->tilec) {
		unsigned i = (*posp)++;

		if (!leads)
			return s->tilev[i].face;
		if (s->orderv[i] != s->star)
			return s->orderv[i];
	}

	return NULL;
}

static void cell_fill(struct scene *s, const struct layout_cell *cell,
		      const struct face *face)
{
	struct tile *t = face && face == s->slides.face ? &s->slides :
		tile_find(s, face);

	if (!t)
		return;
	tile_place(t, &cell->rect, s->cellc == 1);
	face_show(t->face, cell->rect.w, cell->rect.h);
}

static void cells_fill(struct scene *s)
{
	bool leads = has_role(s->cellv, s->cellc, LAYOUT_SPEAKER);
	bool pair = has_role(s->cellv, s->cellc, LAYOUT_PREVIOUS);
	unsigned pos = 0;

	for (unsigned i = 0; i < s->cellc; i++) {
		const struct layout_cell *c = &s->cellv[i];
		const struct face *f = NULL;

		switch (c->role) {
		case LAYOUT_SLIDES:
			f = s->slides.face;
			break;
		case LAYOUT_SPEAKER:
			f = pair ? s->seatv[0] : s->star;
			break;
		case LAYOUT_PREVIOUS:
			f = s->seatv[1];
			break;
		case LAYOUT_PINNED:
		case LAYOUT_PARTY:
			f = next_party(s, &pos, leads);
			break;
		}
		cell_fill(s, c, f);
	}
}

static void cells_set(struct scene *s, const struct scene_want *w)
{
	const struct layout_ask ask = {
		.width = s->canvas.w, .height = s->canvas.h,
		.parties = s->tilec, .slides = s->slides.face != NULL,
		.spotlight = w->cast && w->cast->pinned, .crop = w->crop,
	};
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	unsigned n;

	memset(cellv, 0, sizeof(cellv));
	n = w->view ? layout_place(w->layout, &ask, cellv) : 0;
	if (n != s->cellc || memcmp(cellv, s->cellv, sizeof(cellv)))
		s->relayout = true;
	memcpy(s->cellv, cellv, sizeof(cellv));
	s->cellc = n;
}

void scene_set(struct scene *s, const struct scene_want *w)
{
	const struct stage_view *v = w->view;
	unsigned visible = 0;

	s->lead = v ? stage_face(v, w->cast->star) : NULL;
	s->second = v ? stage_face(v, w->cast->second) : NULL;
	s->hide = w->hide;
	cast_set(s, w);
	slides_set(s, v ? v->slides : NULL);
	cells_set(s, w);
	for (unsigned i = 0; i < s->cellc; i++)
		visible += s->cellv[i].role == LAYOUT_PARTY;
	order_set(s, s->lead, visible);
	seats_set(s, s->lead, s->second);
	s->recording = w->recording;

	for (unsigned i = 0; i < s->tilec; i++)
		s->tilev[i].wanted = false;
	s->slides.wanted = false;
	cells_fill(s);

	for (unsigned i = 0; i <= s->tilec; i++) {
		struct tile *t = i < s->tilec ? &s->tilev[i] : &s->slides;

		if (!t->wanted) {
			tile_hide(t);
			continue;
		}
		t->dirty = t->dirty || s->relayout;
		tile_crop(t, w->crop);
		tile_speak(t, !t->face->slides && w->speaker == t->face->id);
	}
}

/* --- drawing ---------------------------------------------------------- */

/* The mark lies over tiles: take it off, draw, keep what is under it, put
 * it on.  Where nothing was drawn the pixels come out as they were. */
static void rec_off(struct scene *s)
{
	if (s->rec_shown)
		vpic_copy(&s->canvas, &s->under, &s->rec_rect);
}

static bool rec_ready(struct scene *s)
{
	const unsigned w = s->canvas.w, h = s->canvas.h;

	if (s->rec.pic.mem)
		return true;
	if (label_rec(s->label, &s->rec, h / 36 > 12 ? h / 36 : 12))
		return false;
	if (s->rec.pic.w + 16 > w)
		return false;
	s->rec_rect = (struct layout_rect){
		w - s->rec.pic.w - 16, 16, s->rec.pic.w, s->rec.pic.h
	};

	return true;
}

static void rec_on(struct scene *s)
{
	bool show = s->recording && rec_ready(s) && s->rec_rect.w;

	if (show) {
		vpic_copy(&s->under, &s->canvas, &s->rec_rect);
		canvas_blend(&s->canvas, s->rec_rect.x, s->rec_rect.y,
			     &s->rec);
	}
	if (show != s->rec_shown)
		s->dirtyh(&s->rec_rect, s->arg);
	s->rec_shown = show;
}

static void clear_background(struct scene *s)
{
	const struct layout_rect all = {0, 0, s->canvas.w, s->canvas.h};

	if (!s->relayout)
		return;
	s->relayout = false;
	canvas_fill(&s->canvas, &all, vcolour_rgb(BACKGROUND));
	s->dirtyh(&all, s->arg);
}

/* All tiles with a cell, i < tilec + 1; NULL for those without */
static struct tile *placed(const struct scene *s, unsigned i)
{
	const struct tile *t = i < s->tilec ? &s->tilev[i] : &s->slides;

	return t->placed ? (struct tile *)t : NULL;
}

void scene_draw(struct scene *s)
{
	uint64_t t0 = video_cpu_us(), label_us = 0, us;

	rec_off(s);
	clear_background(s);
	for (unsigned i = 0; i <= s->tilec; i++) {
		struct tile *t = placed(s, i);

		if (t && tile_draw(t, &s->canvas, s->label, &label_us))
			s->dirtyh(&t->rect, s->arg);
	}
	rec_on(s);

	us = video_cpu_us() - t0;
	atomic_fetch_add(&s->label_us, label_us);
	atomic_fetch_add(&s->scale_us, us > label_us ? us - label_us : 0);
}

bool scene_complete(const struct scene *s)
{
	for (unsigned i = 0; i <= s->tilec; i++) {
		const struct tile *t = placed(s, i);

		if (t && !t->face->frame && t->face->state != FACE_BROKEN &&
		    vin_sends(t->face->vin))
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
