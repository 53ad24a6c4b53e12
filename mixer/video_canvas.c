/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_canvas.c -- drawing on I420 pictures
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>
#include <libyuv.h>

#include "mixer/video_canvas.h"

int vpic_init(struct vpic *pic, unsigned w, unsigned h)
{
	size_t cw = (w + 1) / 2, ch = (h + 1) / 2;
	size_t ys = ((size_t)w + 63) & ~(size_t)63;
	size_t cs = (cw + 63) & ~(size_t)63;

	memset(pic, 0, sizeof(*pic));
	/* 64 spare bytes: SIMD reads past the end of the last line */
	pic->mem = aligned_alloc(64, ys * h + 2 * cs * ch + 64);
	if (!pic->mem)
		return ENOMEM;
	memset(pic->mem, 16, ys * h);
	memset(pic->mem + ys * h, 128, 2 * cs * ch + 64);

	pic->data[0] = pic->mem;
	pic->data[1] = pic->data[0] + ys * h;
	pic->data[2] = pic->data[1] + cs * ch;
	pic->stride[0] = (int)ys;
	pic->stride[1] = pic->stride[2] = (int)cs;
	pic->w = w;
	pic->h = h;

	return 0;
}

void vpic_close(struct vpic *pic)
{
	free(pic->mem);
	memset(pic, 0, sizeof(*pic));
}

static uint8_t *at(const struct vpic *pic, int plane, unsigned x, unsigned y)
{
	if (plane) {
		x /= 2;
		y /= 2;
	}

	return pic->data[plane] + (size_t)y * (size_t)pic->stride[plane] + x;
}

void vpic_copy(struct vpic *dst, const struct vpic *src,
	       const struct layout_rect *r)
{
	for (int i = 0; i < 3; i++) {
		int w = (int)(i ? (r->w + 1) / 2 : r->w);
		int h = (int)(i ? (r->h + 1) / 2 : r->h);

		CopyPlane(at(src, i, r->x, r->y), src->stride[i],
			  at(dst, i, r->x, r->y), dst->stride[i], w, h);
	}
}

void vpic_scale(struct vpic *dst, const struct vpic *src)
{
	I420Scale(src->data[0], src->stride[0], src->data[1], src->stride[1],
		  src->data[2], src->stride[2], (int)src->w, (int)src->h,
		  dst->data[0], dst->stride[0], dst->data[1], dst->stride[1],
		  dst->data[2], dst->stride[2], (int)dst->w, (int)dst->h,
		  kFilterBox);
}

struct vcolour vcolour_rgb(unsigned rgb)
{
	double r = (rgb >> 16 & 255) / 255., g = (rgb >> 8 & 255) / 255.;
	double b = (rgb & 255) / 255.;
	double y = .299 * r + .587 * g + .114 * b;
	struct vcolour c;

	c.y = (uint8_t)lrint(16 + 219 * y);
	c.u = (uint8_t)lrint(128 + 224 * (b - y) / 1.772);
	c.v = (uint8_t)lrint(128 + 224 * (r - y) / 1.402);

	return c;
}

void vbitmap_close(struct vbitmap *bm)
{
	vpic_close(&bm->pic);
	free(bm->alpha);
	memset(bm, 0, sizeof(*bm));
}

/* --- fitting ---------------------------------------------------------- */

/* A ratio with a fast path, at most 5 % above s; s if there is none */
static double exact_ratio(double s)
{
	static const double ratiov[] = {
		2, 1, .75, 2. / 3, .5, .375, 1. / 3, .25, .125
	};

	for (size_t i = 0; i < sizeof(ratiov) / sizeof(ratiov[0]); i++) {
		if (ratiov[i] > s * .999 && ratiov[i] < s * 1.05)
			return ratiov[i];
	}

	return s;
}

/* One dimension: n source pixels at scale s into a box */
static void fit_side(unsigned n, double s, unsigned box, unsigned *srcpos,
		     unsigned *srclen, unsigned *dstpos, unsigned *dstlen)
{
	double want = n * s;
	unsigned len = n, out = (unsigned)(want / 2 + .5) * 2;

	if (out >= box) {
		out = box & ~1u;
		if (want > box + 1.)
			len = (unsigned)lrint(out / s);
	}
	if (len < 2)
		len = n < 2 ? n : 2;
	if (len > n)
		len = n;
	if (out < 2)
		out = 2;

	*srcpos = ((n - len) / 2) & ~1u;
	*srclen = len;
	*dstpos = ((box - out) / 2) & ~1u;
	*dstlen = out;
}

void vfit_set(struct vfit *fit, unsigned src_w, unsigned src_h,
	      unsigned sar_num, unsigned sar_den,
	      unsigned box_w, unsigned box_h, enum vfit_how how)
{
	double sar = 1, sx, sy, s;

	if (sar_num && sar_den)
		sar = (double)sar_num / sar_den;
	if (sar < .25 || sar > 4)
		sar = 1;

	sx = box_w / (src_w * sar);
	sy = box_h / (double)src_h;
	if (how == VFIT_CROP)
		s = sx > sy ? sx : sy;
	else
		s = sx < sy ? sx : sy;
	if (sar == 1 && how != VFIT_WHOLE) {
		double e = exact_ratio(s);

		/* cropping must still fill the box */
		if (how != VFIT_CROP || e >= s)
			s = e;
	}

	fit_side(src_w, s * sar, box_w, &fit->src.x, &fit->src.w,
		 &fit->dst.x, &fit->dst.w);
	fit_side(src_h, s, box_h, &fit->src.y, &fit->src.h,
		 &fit->dst.y, &fit->dst.h);
}

/* --- simple drawing --------------------------------------------------- */

void canvas_fill(struct vpic *canvas, const struct layout_rect *r,
		 struct vcolour c)
{
	if (!r->w || !r->h)
		return;
	I420Rect(canvas->data[0], canvas->stride[0], canvas->data[1],
		 canvas->stride[1], canvas->data[2], canvas->stride[2],
		 (int)r->x, (int)r->y, (int)r->w, (int)r->h, c.y, c.u, c.v);
}

void canvas_frame(struct vpic *canvas, const struct layout_rect *r,
		  unsigned width, struct vcolour c)
{
	const struct layout_rect edgev[4] = {
		{r->x, r->y, r->w, width},
		{r->x, r->y + r->h - width, r->w, width},
		{r->x, r->y + width, width, r->h - 2 * width},
		{r->x + r->w - width, r->y + width, width, r->h - 2 * width},
	};

	if (r->w < 4 * width || r->h < 4 * width)
		return;
	for (int i = 0; i < 4; i++)
		canvas_fill(canvas, &edgev[i], c);
}

/* Colour gone, half as bright: nobody takes it for live. */
void canvas_grey(struct vpic *canvas, const struct layout_rect *r)
{
	for (unsigned y = 0; y < r->h; y++) {
		uint8_t *p = at(canvas, 0, r->x, r->y + y);

		for (unsigned x = 0; x < r->w; x++)
			p[x] = (uint8_t)(16 + (p[x] - 16) * 9 / 16);
	}
	for (int i = 1; i < 3; i++)
		SetPlane(at(canvas, i, r->x, r->y), canvas->stride[i],
			 (int)(r->w + 1) / 2, (int)(r->h + 1) / 2, 128);
}

/* The part of a bitmap that is on the canvas */
static bool clip(const struct vpic *canvas, unsigned x, unsigned y,
		 const struct vpic *pic, unsigned *wp, unsigned *hp)
{
	if (!pic->mem || x >= canvas->w || y >= canvas->h)
		return false;
	*wp = pic->w < canvas->w - x ? pic->w : canvas->w - x;
	*hp = pic->h < canvas->h - y ? pic->h : canvas->h - y;

	return *wp && *hp;
}

void canvas_blend(struct vpic *canvas, unsigned x, unsigned y,
		  const struct vbitmap *bm)
{
	uint8_t *d[3];
	unsigned w, h;

	x &= ~1u;
	y &= ~1u;
	if (!clip(canvas, x, y, &bm->pic, &w, &h))
		return;
	for (int i = 0; i < 3; i++)
		d[i] = at(canvas, i, x, y);

	I420Blend(bm->pic.data[0], bm->pic.stride[0], bm->pic.data[1],
		  bm->pic.stride[1], bm->pic.data[2], bm->pic.stride[2],
		  d[0], canvas->stride[0], d[1], canvas->stride[1],
		  d[2], canvas->stride[2], bm->alpha, bm->alpha_stride,
		  d[0], canvas->stride[0], d[1], canvas->stride[1],
		  d[2], canvas->stride[2], (int)w, (int)h);
}

void canvas_put(struct vpic *canvas, unsigned x, unsigned y,
		const struct vpic *pic)
{
	unsigned w, h;

	if (!clip(canvas, x, y, pic, &w, &h))
		return;
	for (int i = 0; i < 3; i++)
		CopyPlane(pic->data[i], pic->stride[i], at(canvas, i, x, y),
			  canvas->stride[i], (int)(i ? (w + 1) / 2 : w),
			  (int)(i ? (h + 1) / 2 : h));
}

void canvas_get(struct vpic *pic, const struct vpic *canvas, unsigned x,
		unsigned y)
{
	unsigned w, h;

	if (!clip(canvas, x, y, pic, &w, &h))
		return;
	for (int i = 0; i < 3; i++)
		CopyPlane(at(canvas, i, x, y), canvas->stride[i],
			  pic->data[i], pic->stride[i],
			  (int)(i ? (w + 1) / 2 : w),
			  (int)(i ? (h + 1) / 2 : h));
}
