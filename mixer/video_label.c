/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_label.c -- words in the picture, by Pango and Cairo
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>
#include <libyuv.h>

#include "mixer/video_label_priv.h"

/* --- text ------------------------------------------------------------- */

static bool is_unwanted(gunichar c)
{
	return g_unichar_iscntrl(c) ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

/* Reads one character, U+FFFD for a byte that starts none */
static gunichar next_char(const char **sp)
{
	gunichar c = g_utf8_get_char_validated(*sp, -1);

	if (c == (gunichar)-1 || c == (gunichar)-2) {
		++*sp;
		return 0xfffd;
	}
	*sp = g_utf8_next_char(*sp);

	return c;
}

void label_clean(char *buf, size_t size, const char *text)
{
	size_t pos = 0;
	unsigned n = 0, marks = 0;
	bool blank = true;        /* no blank at the start                */

	while (*text && n < LABEL_CHARS_MAX) {
		gunichar c = next_char(&text);
		char tmp[6];
		size_t len;

		if (g_unichar_isspace(c)) {
			if (blank)
				continue;
			blank = true;
			c = ' ';
		}
		else if (is_unwanted(c)) {
			continue;
		}
		else {
			blank = false;
		}

		/* towers of combining marks reach into other tiles */
		marks = g_unichar_ismark(c) ? marks + 1 : 0;
		if (marks > 4)
			continue;

		len = (size_t)g_unichar_to_utf8(c, tmp);
		if (pos + len >= size)
			break;
		memcpy(buf + pos, tmp, len);
		pos += len;
		++n;
	}
	if (pos && buf[pos - 1] == ' ')
		--pos;
	buf[pos] = '\0';
}

void label_initials(char *buf, size_t size, const char *name)
{
	gunichar first = 0, last = 0;
	bool inside = false;
	size_t pos = 0;

	for (const char *p = name; *p;) {
		gunichar c = next_char(&p);

		if (c == '(' || c == '@' || c == '<')
			break;            /* "Ann (Sales)", "ann@host"    */
		if (!g_unichar_isalnum(c)) {
			inside = inside && c != ' ' && c != '-' &&
				c != '.' && c != '_';
			if (first || !g_unichar_isgraph(c) || c < 0x2000)
				continue;
			/* nothing but a symbol so far: better than none */
		}
		if (!inside) {
			if (!first)
				first = c;
			else
				last = c;
		}
		inside = g_unichar_isalnum(c);
	}
	if (!first)
		first = '?';

	/* one character says enough where each is a word */
	if (g_unichar_iswide(first))
		last = 0;

	if (size < 16)
		return;
	pos = (size_t)g_unichar_to_utf8(g_unichar_toupper(first), buf);
	if (last)
		pos += (size_t)g_unichar_to_utf8(g_unichar_toupper(last),
						 buf + pos);
	buf[pos] = '\0';
}

/* --- drawing ---------------------------------------------------------- */

PangoLayout *draw_layout(struct label *l, const char *text,
				unsigned px, PangoWeight weight, int max_w)
{
	PangoFontDescription *fd = pango_font_description_new();
	PangoLayout *lay = pango_layout_new(l->ctx);

	pango_font_description_set_family(fd, "Noto Sans, DejaVu Sans, Sans");
	pango_font_description_set_weight(fd, weight);
	pango_font_description_set_absolute_size(fd, (double)px * PANGO_SCALE);
	pango_layout_set_font_description(lay, fd);
	pango_font_description_free(fd);

	pango_layout_set_text(lay, text, -1);
	pango_layout_set_single_paragraph_mode(lay, TRUE);
	if (max_w > 0) {
		int w, h;

		pango_layout_get_pixel_size(lay, &w, &h);
		if (w > max_w) {
			pango_layout_set_width(lay, max_w * PANGO_SCALE);
			pango_layout_set_ellipsize(lay, PANGO_ELLIPSIZE_END);
		}
	}

	return lay;
}

void draw_rounded(cairo_t *cr, double x, double y, double w, double h,
		    double r)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, x + w - r, y + r, r, -M_PI / 2, 0);
	cairo_arc(cr, x + w - r, y + h - r, r, 0, M_PI / 2);
	cairo_arc(cr, x + r, y + h - r, r, M_PI / 2, M_PI);
	cairo_arc(cr, x + r, y + r, r, M_PI, 1.5 * M_PI);
	cairo_close_path(cr);
}

void draw_rgb(cairo_t *cr, unsigned rgb, double alpha)
{
	cairo_set_source_rgba(cr, (rgb >> 16 & 255) / 255.,
			      (rgb >> 8 & 255) / 255., (rgb & 255) / 255.,
			      alpha);
}

/* Centred on (x, y) */
void draw_text(cairo_t *cr, PangoLayout *lay, double x, double y)
{
	PangoRectangle log;

	pango_layout_get_pixel_extents(lay, NULL, &log);
	cairo_move_to(cr, floor(x - log.x - log.width / 2.),
		      floor(y - log.y - log.height / 2.));
	pango_cairo_show_layout(cr, lay);
}

int draw_open(struct drawing *d, unsigned w, unsigned h)
{
	d->surf = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)w,
					     (int)h);
	d->cr = cairo_create(d->surf);

	return cairo_status(d->cr) ? ENOMEM : 0;
}

void draw_close(struct drawing *d)
{
	cairo_destroy(d->cr);
	cairo_surface_destroy(d->surf);
}

int draw_pic(struct drawing *d, struct vpic *pic, unsigned w, unsigned h)
{
	int err = vpic_init(pic, w, h);

	if (err)
		return err;
	cairo_surface_flush(d->surf);
	ARGBToI420(cairo_image_surface_get_data(d->surf),
		   cairo_image_surface_get_stride(d->surf), pic->data[0],
		   pic->stride[0], pic->data[1], pic->stride[1],
		   pic->data[2], pic->stride[2], (int)w, (int)h);

	return 0;
}

/* Cairo's pixels have alpha multiplied in, libyuv's blender wants it out. */
int draw_bitmap(struct drawing *d, struct vbitmap *bm, unsigned w,
		     unsigned h)
{
	uint8_t *argb = cairo_image_surface_get_data(d->surf);
	int stride = cairo_image_surface_get_stride(d->surf), err;

	memset(bm, 0, sizeof(*bm));
	bm->alpha_stride = (int)((w + 63) & ~63u);
	bm->alpha = calloc((size_t)bm->alpha_stride, h);
	if (!bm->alpha)
		return ENOMEM;

	cairo_surface_flush(d->surf);
	ARGBExtractAlpha(argb, stride, bm->alpha, bm->alpha_stride, (int)w,
			 (int)h);
	ARGBUnattenuate(argb, stride, argb, stride, (int)w, (int)h);
	err = draw_pic(d, &bm->pic, w, h);
	if (err)
		vbitmap_close(bm);

	return err;
}

static int draw_plate(struct label *l, struct vbitmap *bm, const char *text,
		      unsigned font_px, unsigned max_w)
{
	const unsigned pad = font_px * 6 / 10;
	struct drawing d;
	PangoLayout *lay;
	unsigned w, h;
	int tw, th, err;

	if (max_w < 4 * pad)
		return EINVAL;
	lay = draw_layout(l, text, font_px, PANGO_WEIGHT_MEDIUM,
			  (int)(max_w - 2 * pad));
	pango_layout_get_pixel_size(lay, &tw, &th);

	/* fonts differ in height by script; plates must not */
	w = ((unsigned)tw + 2 * pad + 1) & ~1u;
	h = (font_px * 17 / 10 + 1) & ~1u;
	if (w > max_w)
		w = max_w & ~1u;

	err = draw_open(&d, w, h);
	if (!err) {
		draw_rounded(d.cr, 0, 0, w, h, font_px * .4);
		cairo_clip(d.cr);
		draw_rgb(d.cr, 0x0b0d10, .68);
		cairo_paint(d.cr);
		draw_rgb(d.cr, 0xffffff, 1);
		draw_text(d.cr, lay, w / 2., h / 2.);
		err = draw_bitmap(&d, bm, w, h);
	}
	draw_close(&d);
	g_object_unref(lay);

	return err;
}

/* The same name has the same colour in every meeting. */
unsigned draw_colour(const char *name)
{
	static const unsigned colourv[] = {
		0x2f6f9f, 0x7a4fa3, 0x2e7d5b, 0xa8503f, 0x8a6d1f,
		0x3d5fb0, 0x99406f, 0x2a7f86, 0x5f7a2c, 0x6b5b95,
	};
	uint32_t h = 2166136261u;

	while (*name)
		h = (h ^ (uint8_t)*name++) * 16777619u;

	return colourv[(h >> 8) % ARRAY_SIZE(colourv)];
}

static void card_back(cairo_t *cr, unsigned w, unsigned h)
{
	cairo_pattern_t *pat = cairo_pattern_create_linear(0, 0, 0, h);

	cairo_pattern_add_color_stop_rgb(pat, 0, .157, .173, .204);
	cairo_pattern_add_color_stop_rgb(pat, 1, .106, .118, .141);
	cairo_set_source(cr, pat);
	cairo_rectangle(cr, 0, 0, w, h);
	cairo_fill(cr);
	cairo_pattern_destroy(pat);
}

static void card_text(struct label *l, cairo_t *cr, const char *text,
		      unsigned px, unsigned rgb, unsigned w, double y)
{
	PangoLayout *lay = draw_layout(l, text, px, PANGO_WEIGHT_MEDIUM,
				       (int)(w - w / 8));

	draw_rgb(cr, rgb, 1);
	draw_text(cr, lay, w / 2., y);
	g_object_unref(lay);
}

static int draw_card(struct label *l, struct vpic *pic, unsigned w,
		     unsigned h, const char *name, const char *note)
{
	const unsigned m = w * 9 < h * 16 ? w * 9 / 16 : h;
	const double r = m * .21, cy = h / 2. - m * .08;
	PangoLayout *lay;
	struct drawing d;
	char ini[16];
	int err;

	err = draw_open(&d, w, h);
	if (err)
		goto out;
	card_back(d.cr, w, h);

	draw_rgb(d.cr, draw_colour(name), 1);
	cairo_arc(d.cr, w / 2., cy, r, 0, 2 * M_PI);
	cairo_fill(d.cr);

	label_initials(ini, sizeof(ini), name);
	lay = draw_layout(l, ini, (unsigned)(r * .86), PANGO_WEIGHT_MEDIUM, 0);
	draw_rgb(d.cr, 0xffffff, 1);
	draw_text(d.cr, lay, w / 2., cy);
	g_object_unref(lay);

	card_text(l, d.cr, name, m / 14 > 12 ? m / 14 : 12, 0xe8eaed, w,
		  cy + r + m * .11);
	if (note)
		card_text(l, d.cr, note, m / 20 > 10 ? m / 20 : 10, 0x9aa0a6,
			  w, cy + r + m * .21);
	err = draw_pic(&d, pic, w, h);
 out:
	draw_close(&d);

	return err;
}

/* --- one at a time ---------------------------------------------------- */

int label_enter(struct label *l)
{
	pthread_mutex_lock(&l->mtx);
	if (!l->map)
		l->map = pango_cairo_font_map_new();
	if (l->map && !l->ctx)
		l->ctx = pango_font_map_create_context(l->map);

	return l->ctx ? 0 : ENOMEM;
}

int label_leave(struct label *l, int err)
{
	pthread_mutex_unlock(&l->mtx);

	return err;
}

int label_plate(struct label *l, struct vbitmap *bm, const char *text,
		unsigned font_px, unsigned max_w)
{
	int err = label_enter(l);

	return label_leave(l, err ? err : draw_plate(l, bm, text, font_px, max_w));
}

int label_card(struct label *l, struct vpic *pic, unsigned w, unsigned h,
	       const char *name, const char *note)
{
	int err = label_enter(l);

	return label_leave(l, err ? err : draw_card(l, pic, w, h, name, note));
}

int label_warm(struct label *l)
{
	/* Latin, Cyrillic, Greek, Arabic, Hebrew, Devanagari, Thai, Chinese,
	 * Japanese, Korean, a symbol */
	static const char scripts[] =
		"A\xd0\x96\xce\xa9\xd8\xb9\xd7\xa9\xe0\xa4\x85\xe0\xb8\x81"
		"\xe5\xad\x97\xe3\x81\x82\xed\x95\x9c\xf0\x9f\x99\x82";
	struct vbitmap bm = {0};
	int err;

	err = label_plate(l, &bm, scripts, 16, 640);
	vbitmap_close(&bm);

	return err;
}

static void label_destructor(void *data)
{
	struct label *l = data;

	g_clear_object(&l->ctx);
	g_clear_object(&l->map);
	pthread_mutex_destroy(&l->mtx);
}

int label_alloc(struct label **lp)
{
	struct label *l;

	if (!lp)
		return EINVAL;
	l = mem_zalloc(sizeof(*l), label_destructor);
	if (!l)
		return ENOMEM;
	pthread_mutex_init(&l->mtx, NULL);
	*lp = l;

	return 0;
}
