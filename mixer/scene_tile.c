/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_tile.c -- one face's place on a canvas
 */
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/scene_tile.h"
#include "mixer/video_clock.h"
#include "mixer/video_mark.h"

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
	vbitmap_close(&t->hand);
	vpic_close(&t->card);
}

void tile_close(struct tile *t)
{
	text_drop(t);
	vconv_close(&t->conv);
	mem_deref(t->face);
	memset(t, 0, sizeof(*t));
}

/* --- where it is ------------------------------------------------------ */

void tile_appear(struct tile *t, const struct layout_rect *r)
{
	t->now = *r;
	if (r->w < 4 * LAYOUT_MB || r->h < 4 * LAYOUT_MB)
		return;
	t->now.x += r->w / 4 & ~1u;
	t->now.y += r->h / 4 & ~1u;
	t->now.w = r->w / 2 & ~1u;
	t->now.h = r->h / 2 & ~1u;
}

static bool same_rect(const struct layout_rect *a, const struct layout_rect *b)
{
	return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

void tile_place(struct tile *t, const struct layout_cell *cell, bool alone,
		uint64_t now_us)
{
	bool moved = !same_rect(&t->cell.rect, &cell->rect);

	t->dirty = t->dirty || moved || t->alone != alone ||
		t->cell.label != cell->label || t->cell.z != cell->z;
	t->cell = *cell;
	t->alone = alone;
	if (!moved)
		return;
	t->move_us = 0;
	if (now_us && t->now.w && !same_rect(&t->now, &cell->rect)) {
		t->from = t->now;
		t->move_us = now_us;
	}
}

/* Even, so that chroma is not split */
static unsigned between(unsigned a, unsigned b, double left)
{
	return (unsigned)(b + ((double)a - b) * left) & ~1u;
}

/* How much of the way is left.  Who becomes smaller hurries at last, all
 * others at first: so that of two who change places one covers what the
 * other leaves, and the ground does not shine through. */
static double way_left(const struct tile *t, uint64_t us)
{
	const struct layout_rect *a = &t->from, *b = &t->cell.rect;
	double done = (double)us / TILE_MOVE_US;

	if (b->w * b->h < a->w * a->h)
		return 1 - done * done;

	return (1 - done) * (1 - done);
}

bool tile_turn(struct tile *t, uint64_t now)
{
	const struct layout_rect *a = &t->from, *b = &t->cell.rect;
	/* the picture after the one in which it was told to */
	uint64_t us = now - t->move_us + TILE_MOVE_US / 8;

	if (!t->move_us || us >= TILE_MOVE_US) {
		/* what was left out on the way */
		t->dirty = t->dirty || t->move_us;
		t->move_us = 0;
		t->now = *b;
	}
	else {
		double left = way_left(t, us);
		unsigned right = between(a->x + a->w, b->x + b->w, left);
		unsigned bottom = between(a->y + a->h, b->y + b->h, left);

		t->now.x = between(a->x, b->x, left);
		t->now.y = between(a->y, b->y, left);
		t->now.w = right - t->now.x;
		t->now.h = bottom - t->now.y;
	}
	if (same_rect(&t->now, &t->drawn))
		return false;
	t->dirty = true;

	return t->drawn.w != 0;
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

/* Without the gap */
static struct layout_rect inner_rect(const struct tile *t,
				     const struct layout_rect *rect)
{
	struct layout_rect r = *rect;

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

static struct layout_rect both(const struct layout_rect *a,
			       const struct layout_rect *b)
{
	const unsigned ar = a->x + a->w, br = b->x + b->w;
	const unsigned ab = a->y + a->h, bb = b->y + b->h;
	struct layout_rect r;

	if (!a->w || !b->w)
		return a->w ? *a : *b;
	r.x = a->x < b->x ? a->x : b->x;
	r.y = a->y < b->y ? a->y : b->y;
	r.w = (ar > br ? ar : br) - r.x;
	r.h = (ab > bb ? ab : bb) - r.y;

	return r;
}

static void blend_mark(struct tile *t, struct vpic *canvas, unsigned x,
		       unsigned y, const struct vbitmap *bm)
{
	struct layout_rect r = {x & ~1u, y & ~1u, bm->pic.w, bm->pic.h};

	canvas_blend(canvas, r.x, r.y, bm);
	t->marked = both(&t->marked, &r);
}

/* Beside the plate, towards the middle */
static void put_hand(struct tile *t, struct vpic *canvas,
		     const struct layout_rect *in, unsigned x, unsigned y)
{
	const struct vpic *p = &t->plate.pic, *h = &t->hand.pic;
	const enum layout_label at = t->cell.label;
	const bool top = at == LAYOUT_TOP || at == LAYOUT_TOP_LEFT ||
		at == LAYOUT_TOP_RIGHT;

	if (!(t->marks & MARK_HAND) || !h->mem || h->w + 8 > in->w ||
	    p->h + h->h + 12 > in->h)
		return;
	if (p->mem)
		y = top ? y + p->h + 4 : y - h->h - 4;
	else if (!top)
		y -= h->h;
	if (x + h->w > in->x + in->w)
		x = in->x + in->w - h->w;
	blend_mark(t, canvas, x, y, &t->hand);
}

/* Corner or edge as the layout says */
static void put_plate(struct tile *t, struct vpic *canvas,
		      const struct layout_rect *in, unsigned margin)
{
	const struct vpic *p = &t->plate.pic;
	const enum layout_label at = t->cell.label;
	unsigned x = in->x + margin, y = in->y + margin;

	memset(&t->marked, 0, sizeof(t->marked));
	if (p->w + 2 * margin > in->w || p->h + 2 * margin > in->h)
		return;
	if (at == LAYOUT_BOTTOM || at == LAYOUT_TOP)
		x = in->x + (in->w - p->w) / 2;
	else if (at == LAYOUT_BOTTOM_RIGHT || at == LAYOUT_TOP_RIGHT)
		x = in->x + in->w - margin - p->w;
	if (at == LAYOUT_BOTTOM_LEFT || at == LAYOUT_BOTTOM ||
	    at == LAYOUT_BOTTOM_RIGHT)
		y = in->y + in->h - margin - p->h;
	if (p->mem)
		blend_mark(t, canvas, x, y, &t->plate);
	put_hand(t, canvas, in, x, y);
}

static void make_plate(struct tile *t, struct label *label,
		       const struct layout_rect *in, unsigned px,
		       unsigned room, bool words)
{
	const unsigned side = in->h / 6;

	if (t->plate_w != room || t->plate_words != words)
		vbitmap_close(&t->plate);
	t->plate_w = room;
	t->plate_words = words;
	if (!t->plate.pic.mem && ((words && t->face->clean[0]) ||
				  (t->marks & MARK_ON_PLATE)))
		mark_plate(label, &t->plate, words ? t->face->clean : "",
			   t->marks, px, room);
	if (!t->hand.pic.mem && (t->marks & MARK_HAND))
		mark_hand(label, &t->hand, side < 24 ? 24 :
			  side > 72 ? 72 : side);
}

/* On the way it keeps the plate it has: making another one for each size
 * would cost more than all the rest. */
static void draw_plate(struct tile *t, struct vpic *canvas,
		       struct label *label, const struct layout_rect *in,
		       const struct layout_rect *pic, bool words)
{
	const unsigned px = t->face->slides ? font_px(in) * 2 / 3 :
		font_px(in);
	const unsigned margin = px / 2 + (t->alone ? 8 : 2);
	const unsigned room = plate_room(t, in, pic, px);

	if (t->cell.label == LAYOUT_NO_LABEL)
		words = false;
	if (!t->move_us)
		make_plate(t, label, in, px, room, words);
	put_plate(t, canvas, in, margin);
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
		 t->crop && !t->face->slides ? VFIT_CROP :
		 t->face->slides || t->move_us ? VFIT_WHOLE : VFIT_LETTERBOX);
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

/* A part of the canvas as a picture */
static struct vpic part_of(const struct vpic *canvas,
			   const struct layout_rect *r)
{
	struct vpic part = *canvas;

	for (int i = 0; i < 3; i++) {
		unsigned sh = i ? 1 : 0;

		part.data[i] += (size_t)(r->y >> sh) *
			(size_t)part.stride[i] + (r->x >> sh);
	}
	part.w = r->w;
	part.h = r->h;

	return part;
}

/* Made for the size it will have, shown smaller or larger on the way */
static void draw_card(struct tile *t, struct vpic *canvas,
		      struct label *label, const struct layout_rect *in)
{
	const struct layout_rect last = inner_rect(t, &t->cell.rect);
	const struct face *f = t->face;

	if (!t->card.mem || t->card_state != f->state) {
		vpic_close(&t->card);
		label_card(label, &t->card, last.w, last.h, f->clean,
			   f->state == FACE_BROKEN ?
			   "This picture cannot be shown" : NULL);
		t->card_state = f->state;
	}
	if (!t->card.mem) {
		canvas_fill(canvas, in, vcolour_rgb(BARS));
	}
	else if (t->card.w == in->w && t->card.h == in->h) {
		canvas_put(canvas, in->x, in->y, &t->card);
	}
	else {
		struct vpic part = part_of(canvas, in);

		vpic_scale(&part, &t->card);
	}
}

/* Words that were made for another size, once it stands */
static void text_fit(struct tile *t)
{
	const struct layout_rect in = inner_rect(t, &t->cell.rect);

	if (t->move_us || (t->text_w == in.w && t->text_h == in.h))
		return;
	if (t->text_w)
		text_drop(t);
	t->text_w = in.w;
	t->text_h = in.h;
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

/* Have its marks changed? */
static bool is_marked(struct tile *t)
{
	if (t->marks == t->face->marks)
		return false;
	vbitmap_close(&t->plate);
	t->marks = t->face->marks;

	return true;
}

bool tile_draw(struct tile *t, struct vpic *canvas, struct label *label,
	       uint64_t *label_us)
{
	struct layout_rect in = inner_rect(t, &t->now), pic = in;
	const struct layout_rect marked = t->marked;
	const struct face *f = t->face;
	bool picture = f->frame && (f->state == FACE_LIVE ||
				    f->state == FACE_FROZEN);
	bool dirty = is_dirty(t), remarked = is_marked(t);
	uint64_t t0;

	if (!dirty && !remarked)
		return false;
	t->dirty = false;
	t->drawn = t->now;
	text_fit(t);

	if (picture)
		picture = draw_picture(t, canvas, &in, &pic);
	t0 = video_cpu_us();
	if (picture) {
		draw_plate(t, canvas, label, &in, &pic, true);
		if (f->state == FACE_FROZEN && !t->move_us)
			draw_note(t, canvas, label, &in);
	}
	else {
		draw_card(t, canvas, label, &in);
		draw_plate(t, canvas, label, &in, &pic, false);
	}
	*label_us += video_cpu_us() - t0;

	if (!t->alone) {
		canvas_frame(canvas, &t->now, GAP, vcolour_rgb(BACK));
		if (t->speaking)
			canvas_frame(canvas, &t->now, BORDER,
				     vcolour_rgb(SPEAK));
	}
	/* nothing else comes out otherwise than it was */
	t->touched = dirty ? t->drawn : both(&marked, &t->marked);

	return t->touched.w != 0;
}
