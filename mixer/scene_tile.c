/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_tile.c -- one face's place on a canvas
 */
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/scene_tile.h"
#include "mixer/video_clock.h"

enum {
	GAP    = 2,               /* half of what is between two tiles    */
	BORDER = 4,               /* the speaker's, over the gap and in   */
	BACK   = 0x101216,        /* between tiles                        */
	BARS   = 0x1b1e24,        /* beside a letterboxed picture         */
	SPEAK  = 0x35b36b,
};

void tile_open(struct tile *t, struct face *face)
{
	memset(t, 0, sizeof(*t));
	t->face = mem_ref(face);
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
	mem_deref(t->face);
	memset(t, 0, sizeof(*t));
}

void tile_place(struct tile *t, const struct layout_rect *rect, bool alone)
{
	t->wanted = true;
	if (t->placed && t->alone == alone &&
	    !memcmp(&t->rect, rect, sizeof(*rect)))
		return;
	if (t->rect.w != rect->w || t->rect.h != rect->h || t->alone != alone)
		text_drop(t);
	t->rect = *rect;
	t->alone = alone;
	t->placed = true;
	t->dirty = true;
}

void tile_hide(struct tile *t)
{
	if (!t->placed)
		return;
	text_drop(t);
	vconv_close(&t->conv);
	t->placed = false;
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

/* Where the plate may be: what people share must stay legible, so beside
 * it if there is room */
static unsigned plate_room(const struct tile *t,
			   const struct layout_rect *in,
			   const struct layout_rect *pic, unsigned px)
{
	const unsigned margin = px / 2 + (t->alone ? 8 : 2);
	const bool below = in->h - pic->y - pic->h >= 2 * px + margin;

	if (t->face->slides && !below && pic->x >= 5 * px)
		return pic->x - margin;

	return in->w - 2 * margin;
}

static void draw_plate(struct tile *t, struct vpic *canvas,
		       struct label *label, const struct layout_rect *in,
		       const struct layout_rect *pic)
{
	const unsigned px = t->face->slides ? font_px(in) * 2 / 3 :
		font_px(in);
	const unsigned margin = px / 2 + (t->alone ? 8 : 2);
	const unsigned room = plate_room(t, in, pic, px);

	if (t->plate_w != room)
		vbitmap_close(&t->plate);
	t->plate_w = room;
	if (!t->plate.pic.mem && t->face->clean[0])
		label_plate(label, &t->plate, t->face->clean, px, room);
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
			 const struct layout_rect *in,
			 struct layout_rect *pic)
{
	const AVFrame *f = t->face->frame;
	struct vfit fit;

	vfit_set(&fit, (unsigned)f->width, (unsigned)f->height,
		 (unsigned)f->sample_aspect_ratio.num,
		 (unsigned)f->sample_aspect_ratio.den, in->w, in->h,
		 t->face->slides ? VFIT_WHOLE :
		 t->crop ? VFIT_CROP : VFIT_LETTERBOX);
	if (canvas_draw(canvas, in->x, in->y, f, &fit, &t->conv))
		return false;
	if (t->face->state == FACE_FROZEN) {
		struct layout_rect r = fit.dst;

		r.x += in->x;
		r.y += in->y;
		canvas_grey(canvas, &r);
	}
	draw_bars(canvas, in, &fit.dst);
	*pic = fit.dst;

	return true;
}

static void draw_card(struct tile *t, struct vpic *canvas,
		      struct label *label, const struct layout_rect *in)
{
	const struct face *f = t->face;

	if (!t->card.mem || t->card_state != f->state) {
		vpic_close(&t->card);
		label_card(label, &t->card, in->w, in->h, f->clean,
			   f->state == FACE_BROKEN ?
			   "This picture cannot be shown" : NULL);
		t->card_state = f->state;
	}
	if (t->card.mem)
		canvas_put(canvas, in->x, in->y, &t->card);
	else
		canvas_fill(canvas, in, vcolour_rgb(BARS));
}

/* Has the face changed since it was drawn? */
static bool is_dirty(struct tile *t)
{
	const struct face *f = t->face;

	if (t->renamed != f->renamed)
		text_drop(t);
	t->dirty = t->dirty || t->version != f->version;
	t->renamed = f->renamed;
	t->version = f->version;

	return t->dirty;
}

bool tile_draw(struct tile *t, struct vpic *canvas, struct label *label,
	       uint64_t *label_us)
{
	struct layout_rect in = inner_rect(t), pic;
	const struct face *f = t->face;
	bool picture = f->frame && (f->state == FACE_LIVE ||
				    f->state == FACE_FROZEN);
	uint64_t t0;

	if (!is_dirty(t))
		return false;
	t->dirty = false;

	if (picture)
		picture = draw_picture(t, canvas, &in, &pic);
	t0 = video_cpu_us();
	if (picture) {
		draw_plate(t, canvas, label, &in, &pic);
		if (f->state == FACE_FROZEN)
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
