/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_tile.c -- one party's place on the canvas
 */
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/scene_tile.h"
#include "mixer/scene.h"
#include "mixer/video_clock.h"

enum {
	GAP    = 2,               /* half of what is between two tiles    */
	BORDER = 4,               /* the speaker's, over the gap and in   */
	BACK   = 0x101216,        /* between tiles                        */
	BARS   = 0x1b1e24,        /* beside a letterboxed picture         */
	SPEAK  = 0x35b36b,
};

void tile_open(struct tile *t, struct vin *vin)
{
	memset(t, 0, sizeof(*t));
	t->vin = vin_ref(vin);
	t->dirty = true;
}

static void text_drop(struct tile *t)
{
	vbitmap_close(&t->plate);
	vbitmap_close(&t->note);
	vpic_close(&t->card);
}

void tile_close(struct tile *t)
{
	text_drop(t);
	vconv_close(&t->conv);
	av_frame_free(&t->frame);
	vin_unref(t->vin);
	memset(t, 0, sizeof(*t));
}

void tile_place(struct tile *t, const struct layout_rect *rect, bool alone)
{
	if (!memcmp(&t->rect, rect, sizeof(*rect)) && t->alone == alone)
		return;
	if (t->rect.w != rect->w || t->rect.h != rect->h || t->alone != alone)
		text_drop(t);
	t->rect = *rect;
	t->alone = alone;
	t->dirty = true;
}

void tile_speak(struct tile *t, bool speaking)
{
	t->dirty = t->dirty || t->speaking != speaking;
	t->speaking = speaking;
}

void tile_crop(struct tile *t, bool crop)
{
	t->dirty = t->dirty || t->crop != crop;
	t->crop = crop;
}

static enum tile_state state_of(const struct tile *t,
				const struct vin_view *v, bool quiet)
{
	if (!v->on)
		return TILE_NONE;
	if (v->broken)
		return TILE_BROKEN;
	if (!t->frame)
		return TILE_NONE;

	return quiet ? TILE_FROZEN : TILE_LIVE;
}

static void state_tell(const struct tile *t)
{
	static const enum video_event evv[] = {
		[TILE_NONE]   = VIDEO_NONE,   [TILE_LIVE]   = VIDEO_LIVE,
		[TILE_FROZEN] = VIDEO_FROZEN, [TILE_BROKEN] = VIDEO_BROKEN,
	};

	vin_tell(t->vin, evv[t->state]);
}

void tile_update(struct tile *t, uint64_t now, uint64_t until)
{
	enum tile_state state;
	struct vin_view v;
	bool quiet;

	vin_take(t->vin, now, until, &v);
	if (strcmp(v.name, t->name)) {
		memcpy(t->name, v.name, sizeof(t->name));
		label_clean(t->clean, sizeof(t->clean), v.name);
		text_drop(t);
		t->dirty = true;
	}
	if (v.forget || !v.on)
		av_frame_free(&t->frame);
	if (v.frame && v.on) {
		av_frame_free(&t->frame);
		t->frame = v.frame;
		v.frame = NULL;
		t->dirty = true;
	}
	av_frame_free(&v.frame);

	quiet = now > v.last_us && now - v.last_us > VIN_FROZEN_US;
	state = state_of(t, &v, quiet);
	t->dirty = t->dirty || t->state != state;
	t->state = state;

	/* a picture that may be about to come is not yet missing */
	if (!v.on || t->frame || v.broken || quiet)
		state_tell(t);
}

/* --- drawing ---------------------------------------------------------- */

static struct layout_rect inner_rect(const struct tile *t)
{
	struct layout_rect r = t->rect;

	if (!t->alone) {
		r.x += GAP;
		r.y += GAP;
		r.w -= 2 * GAP;
		r.h -= 2 * GAP;
	}

	return r;
}

static unsigned font_px(const struct layout_rect *r)
{
	unsigned px = r->h / 18;

	return px < 12 ? 12 : px > 24 ? 24 : px;
}

/* What is left of the box around the picture */
static void draw_bars(struct vpic *canvas, const struct layout_rect *box,
		      const struct layout_rect *pic)
{
	const struct vcolour c = vcolour_rgb(BARS);
	unsigned right = pic->x + pic->w, bottom = pic->y + pic->h;
	const struct layout_rect barv[4] = {
		{box->x, box->y, box->w, pic->y},
		{box->x, box->y + bottom, box->w, box->h - bottom},
		{box->x, box->y + pic->y, pic->x, pic->h},
		{box->x + right, box->y + pic->y, box->w - right, pic->h},
	};

	for (int i = 0; i < 4; i++)
		canvas_fill(canvas, &barv[i], c);
}

static void draw_plate(struct tile *t, struct vpic *canvas,
		       struct label *label, const struct layout_rect *in)
{
	unsigned px = font_px(in), margin = px / 2 + (t->alone ? 8 : 2);

	if (!t->plate.pic.mem && t->clean[0])
		label_plate(label, &t->plate, t->clean, px,
			    in->w - 2 * margin);
	if (t->plate.pic.mem)
		canvas_blend(canvas, in->x + margin, in->y + in->h - margin -
			     t->plate.pic.h, &t->plate);
}

static void draw_note(struct tile *t, struct vpic *canvas,
		      struct label *label, const struct layout_rect *in)
{
	if (!t->note.pic.mem)
		label_plate(label, &t->note, "No picture is coming",
			    font_px(in), in->w - 8);
	if (t->note.pic.mem)
		canvas_blend(canvas, in->x + (in->w - t->note.pic.w) / 2,
			     in->y + (in->h - t->note.pic.h) / 2, &t->note);
}

static bool draw_picture(struct tile *t, struct vpic *canvas,
			 const struct layout_rect *in)
{
	const AVFrame *f = t->frame;
	struct vfit fit;

	vfit_set(&fit, (unsigned)f->width, (unsigned)f->height,
		 (unsigned)f->sample_aspect_ratio.num,
		 (unsigned)f->sample_aspect_ratio.den, in->w, in->h, t->crop);
	if (canvas_draw(canvas, in->x, in->y, f, &fit, &t->conv))
		return false;
	if (t->state == TILE_FROZEN) {
		struct layout_rect r = fit.dst;

		r.x += in->x;
		r.y += in->y;
		canvas_grey(canvas, &r);
	}
	draw_bars(canvas, in, &fit.dst);

	return true;
}

static void draw_card(struct tile *t, struct vpic *canvas,
		      struct label *label, const struct layout_rect *in)
{
	if (!t->card.mem || t->card_state != t->state) {
		vpic_close(&t->card);
		label_card(label, &t->card, in->w, in->h, t->clean,
			   t->state == TILE_BROKEN ?
			   "This picture cannot be shown" : NULL);
		t->card_state = t->state;
	}
	if (t->card.mem)
		canvas_put(canvas, in->x, in->y, &t->card);
	else
		canvas_fill(canvas, in, vcolour_rgb(BARS));
}

bool tile_draw(struct tile *t, struct vpic *canvas, struct label *label,
	       uint64_t *label_us)
{
	struct layout_rect in = inner_rect(t);
	bool picture = t->frame && (t->state == TILE_LIVE ||
				    t->state == TILE_FROZEN);
	uint64_t t0;

	if (!t->dirty)
		return false;
	t->dirty = false;

	if (picture)
		picture = draw_picture(t, canvas, &in);
	t0 = video_cpu_us();
	if (picture) {
		draw_plate(t, canvas, label, &in);
		if (t->state == TILE_FROZEN)
			draw_note(t, canvas, label, &in);
	}
	else {
		draw_card(t, canvas, label, &in);
	}
	*label_us += video_cpu_us() - t0;

	if (!t->alone) {
		canvas_frame(canvas, &t->rect, GAP, vcolour_rgb(BACK));
		if (t->speaking)
			canvas_frame(canvas, &t->rect, BORDER,
				     vcolour_rgb(SPEAK));
	}

	return true;
}
