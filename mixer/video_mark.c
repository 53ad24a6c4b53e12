/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_mark.c -- marks: small drawings that say how things are
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "mixer/video_label_priv.h"
#include "mixer/video_mark.h"
#include "mixer/video_mark_icon.h"

enum {
	PLATE = 0x0b0d10,
	TEXT_NAME_W = 9,          /* of a name in the strip [font sizes]  */
};
#define PLATE_ALPHA .68

typedef void (icon_h)(cairo_t *cr, double x, double y, double s);

unsigned marks_of(const struct ticket *t)
{
	return (t->host ? MARK_HOST : 0u) |
	       (t->muted || t->mic_off ? MARK_MIC_OFF : 0u) |
	       (t->hand ? MARK_HAND : 0u) |
	       (t->video.on ? 0u : MARK_PHONE);
}

static unsigned even(double v)
{
	return ((unsigned)ceil(v) + 1) & ~1u;
}

static unsigned row_height(unsigned px)
{
	return even(px * 1.7);
}

static void back(struct drawing *d, unsigned w, unsigned h, double r)
{
	draw_rounded(d->cr, 0, 0, w, h, r);
	draw_rgb(d->cr, PLATE, PLATE_ALPHA);
	cairo_fill(d->cr);
}

/* --- of a party ------------------------------------------------------- */

static unsigned count(unsigned marks)
{
	return !!(marks & MARK_HOST) + !!(marks & MARK_MIC_OFF) +
	       !!(marks & MARK_TROUBLE);
}

/* In a row from x on; where it ends */
static double draw_marks(cairo_t *cr, unsigned marks, double x, double y,
			 double s)
{
	static const struct {
		unsigned mark;
		icon_h *icon;
	} markv[] = {
		{MARK_HOST, icon_host}, {MARK_MIC_OFF, icon_mic_off},
		{MARK_TROUBLE, icon_trouble},
	};

	for (size_t i = 0; i < ARRAY_SIZE(markv); i++) {
		if (!(marks & markv[i].mark))
			continue;
		markv[i].icon(cr, x, y, s);
		x += s;
	}

	return x;
}

static int plate(struct label *l, struct vbitmap *bm, const char *text,
		 unsigned marks, unsigned px, unsigned max_w)
{
	const unsigned h = row_height(px), pad = px * 6 / 10;
	const unsigned icons = count(marks) * h;
	const double s = h * .92, top = h * .04;
	struct drawing d;
	PangoLayout *lay = NULL;
	unsigned w = icons;
	int tw = 0, th = 0, err;

	if (max_w < h)
		return EINVAL;
	if (*text && max_w > icons + 3 * pad) {
		lay = draw_layout(l, text, px, PANGO_WEIGHT_MEDIUM,
				  (int)(max_w - icons - 2 * pad));
		pango_layout_get_pixel_size(lay, &tw, &th);
		w += (unsigned)tw + 2 * pad;
	}
	w = even(w > max_w ? max_w : w);

	err = draw_open(&d, w, h);
	if (!err) {
		back(&d, w, h, icons ? h / 2. : px * .4);
		draw_marks(d.cr, marks, top, top, s);
		if (lay) {
			draw_rgb(d.cr, 0xffffff, 1);
			draw_text(d.cr, lay, icons + (w - icons) / 2., h / 2.);
		}
		err = draw_bitmap(&d, bm, w, h);
	}
	draw_close(&d);
	if (lay)
		g_object_unref(lay);

	return err;
}

int mark_plate(struct label *l, struct vbitmap *bm, const char *text,
	       unsigned marks, unsigned font_px, unsigned max_w)
{
	int err;

	marks &= MARK_ON_PLATE;
	if (!marks)
		return label_plate(l, bm, text, font_px, max_w);
	err = label_enter(l);

	return label_leave(l, err ? err : plate(l, bm, text, marks, font_px,
						max_w));
}

static int icon_only(struct vbitmap *bm, icon_h *icon, unsigned side,
		     bool plated)
{
	const double in = plated ? side * .16 : 0;
	struct drawing d;
	int err;

	side = even(side);
	err = draw_open(&d, side, side);
	if (!err) {
		if (plated)
			back(&d, side, side, side * .24);
		icon(d.cr, in, in, side - 2 * in);
		err = draw_bitmap(&d, bm, side, side);
	}
	draw_close(&d);

	return err;
}

int mark_hand(struct label *l, struct vbitmap *bm, unsigned side)
{
	int err = label_enter(l);

	return label_leave(l, err ? err : icon_only(bm, icon_hand, side,
						    false));
}

int mark_lock(struct label *l, struct vbitmap *bm, unsigned px)
{
	int err = label_enter(l);

	return label_leave(l, err ? err : icon_only(bm, icon_lock,
						    row_height(px), true));
}

/* --- lines of text ---------------------------------------------------- */

static int pill(struct label *l, struct vbitmap *bm, const char *text,
		unsigned px, bool dot)
{
	const unsigned h = row_height(px), pad = px * 6 / 10;
	PangoLayout *lay = draw_layout(l, text, px * 9 / 10,
				       PANGO_WEIGHT_BOLD, 0);
	const unsigned left = dot ? px * 16 / 10 : pad;
	struct drawing d;
	unsigned w;
	int tw, th, err;

	pango_layout_get_pixel_size(lay, &tw, &th);
	w = even(left + (unsigned)tw + (dot ? px / 2 : pad));

	err = draw_open(&d, w, h);
	if (!err) {
		back(&d, w, h, px * .4);
		if (dot) {
			draw_rgb(d.cr, ICON_RED, 1);
			cairo_arc(d.cr, px * .9, h / 2., px * .38, 0,
				  2 * M_PI);
			cairo_fill(d.cr);
		}
		draw_rgb(d.cr, 0xffffff, 1);
		draw_text(d.cr, lay, left + tw / 2., h / 2.);
		err = draw_bitmap(&d, bm, w, h);
	}
	draw_close(&d);
	g_object_unref(lay);

	return err;
}

int mark_rec(struct label *l, struct vbitmap *bm, unsigned px)
{
	int err = label_enter(l);

	return label_leave(l, err ? err : pill(l, bm, "REC", px, true));
}

int mark_text(struct label *l, struct vbitmap *bm, const char *text,
	      unsigned px)
{
	int err = label_enter(l);

	return label_leave(l, err ? err : pill(l, bm, text, px, false));
}

static int banner(struct label *l, struct vbitmap *bm, const char *text,
		  unsigned px, unsigned width)
{
	const unsigned h = row_height(px);
	PangoLayout *lay = draw_layout(l, text, px, PANGO_WEIGHT_MEDIUM,
				       (int)(width - 2 * px));
	struct drawing d;
	int err;

	err = draw_open(&d, width, h);
	if (!err) {
		draw_rgb(d.cr, PLATE, .78);
		cairo_paint(d.cr);
		draw_rgb(d.cr, 0xffffff, 1);
		draw_text(d.cr, lay, width / 2., h / 2.);
		err = draw_bitmap(&d, bm, width, h);
	}
	draw_close(&d);
	g_object_unref(lay);

	return err;
}

int mark_banner(struct label *l, struct vbitmap *bm, const char *text,
		unsigned px, unsigned width)
{
	int err = label_enter(l);

	if (width < 4 * px)
		return label_leave(l, EINVAL);

	return label_leave(l, err ? err : banner(l, bm, text, px, width));
}

static int hold(struct label *l, struct vbitmap *bm, const char *title,
		const char *text, unsigned px, unsigned max_w)
{
	const int room = (int)(max_w - 4 * px);
	PangoLayout *big = draw_layout(l, title, px * 3 / 2,
				       PANGO_WEIGHT_MEDIUM, room);
	PangoLayout *small = draw_layout(l, text, px, PANGO_WEIGHT_NORMAL,
					 room);
	const unsigned h = even(px * 5.6);
	struct drawing d;
	int bw, sw, th, err;
	unsigned w;

	pango_layout_get_pixel_size(big, &bw, &th);
	pango_layout_get_pixel_size(small, &sw, &th);
	w = even((bw > sw ? bw : sw) + 4. * px);
	if (w > max_w)
		w = max_w & ~1u;

	err = draw_open(&d, w, h);
	if (!err) {
		draw_rounded(d.cr, 0, 0, w, h, px * .8);
		draw_rgb(d.cr, 0x1b1e24, .88);
		cairo_fill(d.cr);
		draw_rgb(d.cr, 0xffffff, 1);
		draw_text(d.cr, big, w / 2., px * 1.9);
		draw_rgb(d.cr, 0xc3c7cf, 1);
		draw_text(d.cr, small, w / 2., px * 3.9);
		err = draw_bitmap(&d, bm, w, h);
	}
	draw_close(&d);
	g_object_unref(big);
	g_object_unref(small);

	return err;
}

int mark_hold(struct label *l, struct vbitmap *bm, const char *title,
	      const char *text, unsigned px, unsigned max_w)
{
	int err = label_enter(l);

	if (max_w < 8 * px)
		return label_leave(l, EINVAL);

	return label_leave(l, err ? err : hold(l, bm, title, text, px,
					       max_w));
}

/* --- the strip -------------------------------------------------------- */

struct chip {
	PangoLayout *lay;
	double x, w;
};

static double chip_measure(struct label *l, struct chip *c, double x,
			   const char *text, unsigned px, double icons)
{
	int tw, th;

	c->lay = draw_layout(l, text, px, PANGO_WEIGHT_MEDIUM,
			     (int)px * TEXT_NAME_W);
	pango_layout_get_pixel_size(c->lay, &tw, &th);
	c->x = x;
	c->w = icons + tw + px * 1.2;

	return x + c->w + px * .4;
}

static double chip_icons(const struct mark_strip *st, unsigned i, unsigned px)
{
	const unsigned m = st->phonev[i].marks;

	return px * 1.7 * (1 + count(m & MARK_ON_PLATE) + !!(m & MARK_HAND));
}

static void chip_draw(cairo_t *cr, const struct chip *c, double h, double r,
		      double icons)
{
	draw_rounded(cr, c->x, 0, c->w, h, r);
	draw_rgb(cr, PLATE, PLATE_ALPHA);
	cairo_fill(cr);
	draw_rgb(cr, 0xffffff, 1);
	draw_text(cr, c->lay, c->x + icons + (c->w - icons) / 2, h / 2);
}

static void phone_draw(cairo_t *cr, const struct chip *c,
		       const struct mark_strip *st, unsigned i, unsigned px)
{
	const double h = row_height(px), r = h / 2, s = px * 1.5;
	const double top = (h - s) / 2;
	double x = c->x + px * .3;

	chip_draw(cr, c, h, r, chip_icons(st, i, px));
	icon_phone(cr, x, top, s);
	x += px * 1.7;
	if (st->phonev[i].marks & MARK_HAND) {
		icon_hand(cr, x, top, s);
		x += px * 1.7;
	}
	(void)draw_marks(cr, st->phonev[i].marks, x, top, s);
	if (!st->phonev[i].speaks)
		return;
	draw_rounded(cr, c->x + 1.5, 1.5, c->w - 3, h - 3, r - 1.5);
	draw_rgb(cr, ICON_GREEN, 1);
	cairo_set_line_width(cr, 3);
	cairo_stroke(cr);
}

static int strip_draw(struct label *l, struct vbitmap *bm,
		      const struct mark_strip *st, unsigned px)
{
	struct chip chipv[STRIP_MAX + 1];
	const unsigned h = row_height(px);
	unsigned n = 0, w;
	struct drawing d;
	char more[16];
	double x = 0;
	int err;

	for (; n < st->phonec && n < STRIP_MAX; n++)
		x = chip_measure(l, &chipv[n], x, st->phonev[n].name, px,
				 chip_icons(st, n, px));
	if (st->more) {
		(void)re_snprintf(more, sizeof(more), "+%u", st->more);
		x = chip_measure(l, &chipv[n++], x, more, px, 0);
	}
	w = even(x);

	err = draw_open(&d, w, h);
	if (!err) {
		for (unsigned i = 0; i < n; i++) {
			if (i < st->phonec)
				phone_draw(d.cr, &chipv[i], st, i, px);
			else
				chip_draw(d.cr, &chipv[i], h, h / 2., 0);
		}
		err = draw_bitmap(&d, bm, w, h);
	}
	draw_close(&d);
	for (unsigned i = 0; i < n; i++)
		g_object_unref(chipv[i].lay);

	return err;
}

int mark_strip(struct label *l, struct vbitmap *bm,
	       const struct mark_strip *strip, unsigned px)
{
	int err;

	if (!strip->phonec && !strip->more)
		return EINVAL;
	err = label_enter(l);

	return label_leave(l, err ? err : strip_draw(l, bm, strip, px));
}
