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
	struct label *label;
	scene_dirty_h *dirtyh;
	void *arg;

	struct tile tilev[LAYOUT_MAX];
	unsigned tilec;
	uint32_t speaker;
	bool relayout;            /* places changed: clear the background */

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
	vbitmap_close(&s->rec);
	vpic_close(&s->under);
	vpic_close(&s->canvas);
	mem_deref(s->label);
}

int scene_alloc(struct scene **sp, unsigned width, unsigned height,
		scene_dirty_h *dirtyh, void *arg)
{
	struct scene *s;
	int err;

	if (!sp || width < 64 || height < 64 || width % 2 || height % 2)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), scene_destructor);
	if (!s)
		return ENOMEM;
	s->dirtyh = dirtyh;
	s->arg = arg;
	s->relayout = true;
	err = vpic_init(&s->canvas, width, height);
	if (!err)
		err = vpic_init(&s->under, width, height);
	if (!err)
		err = label_alloc(&s->label);
	if (err) {
		mem_deref(s);
		return err;
	}
	*sp = s;

	return 0;
}

void scene_warm(struct scene *s)
{
	label_warm(s->label);
}

/* --- who is shown ----------------------------------------------------- */

static int tile_find(const struct scene *s, const struct vin *vin)
{
	for (unsigned i = 0; i < s->tilec; i++) {
		if (s->tilev[i].vin == vin)
			return (int)i;
	}

	return -1;
}

static bool wanted(const struct scene_want *w, const struct vin *vin)
{
	for (unsigned i = 0; i < w->vinc; i++) {
		if (w->vinv[i] == vin)
			return true;
	}

	return false;
}

static void remove_gone(struct scene *s, const struct scene_want *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->tilec; i++) {
		if (!wanted(w, s->tilev[i].vin)) {
			vin_look(s->tilev[i].vin, false);
			tile_close(&s->tilev[i]);
			s->relayout = true;
			continue;
		}
		if (n != i)
			s->tilev[n] = s->tilev[i];
		n++;
	}
	memset(&s->tilev[n], 0, sizeof(s->tilev[0]) * (LAYOUT_MAX - n));
	s->tilec = n;
}

/* In order of joining; room for LAYOUT_MAX, who came first stays */
static void add_new(struct scene *s, const struct scene_want *w)
{
	for (unsigned i = 0; i < w->vinc && s->tilec < LAYOUT_MAX; i++) {
		if (tile_find(s, w->vinv[i]) >= 0)
			continue;
		tile_open(&s->tilev[s->tilec++], w->vinv[i]);
		vin_look(w->vinv[i], true);
		s->relayout = true;
	}
}

static void replace(struct scene *s, struct tile *t, struct vin *vin)
{
	vin_look(t->vin, false);
	tile_close(t);
	tile_open(t, vin);
	vin_look(vin, true);
	s->relayout = true;
}

/* Somebody without a tile speaks: who has been silent longest gives way. */
static void show_speaker(struct scene *s, const struct scene_want *w)
{
	struct tile *oldest = &s->tilev[0];
	struct vin *vin = NULL;

	for (unsigned i = 0; i < w->vinc; i++) {
		if (vin_id(w->vinv[i]) == w->speaker)
			vin = w->vinv[i];
	}
	if (!vin || tile_find(s, vin) >= 0)
		return;
	/* of equals the last: who came first stays longest */
	for (unsigned i = 0; i < s->tilec; i++) {
		if (s->tilev[i].spoke_us <= oldest->spoke_us)
			oldest = &s->tilev[i];
	}
	replace(s, oldest, vin);
}

/* A card that never spoke gives way to a picture. */
static void show_picture(struct scene *s, const struct scene_want *w)
{
	struct tile *card = NULL;

	for (unsigned i = 0; i < s->tilec; i++) {
		if (!s->tilev[i].spoke_us && !vin_on(s->tilev[i].vin))
			card = &s->tilev[i];
	}
	for (unsigned i = 0; card && i < w->vinc; i++) {
		if (!vin_on(w->vinv[i]) || tile_find(s, w->vinv[i]) >= 0)
			continue;
		replace(s, card, w->vinv[i]);
		return;
	}
}

void scene_set(struct scene *s, const struct scene_want *w)
{
	struct layout_rect rectv[LAYOUT_MAX];

	remove_gone(s, w);
	add_new(s, w);
	if (s->tilec == LAYOUT_MAX && w->vinc > s->tilec) {
		show_picture(s, w);
		show_speaker(s, w);
	}
	s->speaker = w->speaker;
	s->recording = w->recording;

	layout_grid(rectv, s->tilec, s->canvas.w, s->canvas.h);
	for (unsigned i = 0; i < s->tilec; i++) {
		struct tile *t = &s->tilev[i];

		if (s->relayout) {
			tile_place(t, &rectv[i], s->tilec == 1);
			t->dirty = true;
		}
		tile_crop(t, w->crop);
		tile_speak(t, w->speaker == vin_id(t->vin));
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

void scene_draw(struct scene *s, uint64_t now, uint64_t until)
{
	uint64_t t0 = video_cpu_us(), label_us = 0, us;

	for (unsigned i = 0; i < s->tilec; i++) {
		struct tile *t = &s->tilev[i];

		tile_update(t, now, until);
		if (t->speaking)
			t->spoke_us = now;
	}

	rec_off(s);
	clear_background(s);
	for (unsigned i = 0; i < s->tilec; i++) {
		struct tile *t = &s->tilev[i];

		if (tile_draw(t, &s->canvas, s->label, &label_us))
			s->dirtyh(&t->rect, s->arg);
	}
	rec_on(s);

	us = video_cpu_us() - t0;
	atomic_fetch_add(&s->label_us, label_us);
	atomic_fetch_add(&s->scale_us, us > label_us ? us - label_us : 0);
}

bool scene_complete(const struct scene *s)
{
	for (unsigned i = 0; i < s->tilec; i++) {
		const struct tile *t = &s->tilev[i];

		if (!t->frame && t->state != TILE_BROKEN && vin_sends(t->vin))
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
