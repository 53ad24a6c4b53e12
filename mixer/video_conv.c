/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_conv.c -- a decoded frame into the canvas
 *
 * I420 is scaled straight into the canvas, by libyuv, or in exact thirds by
 * ourselves; another matrix or range is put right there, on the few pixels that are shown.  Other pixel
 * formats take the detour over swscale.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <libavutil/frame.h>
#include <libswscale/swscale.h>
#include <libyuv.h>

#include "mixer/video_canvas.h"
#include "mixer/video_third.h"

enum { MATRIX_601, MATRIX_709, MATRIX_2020 };

void vconv_close(struct vconv *conv)
{
	sws_freeContext(conv->sws);
	vpic_close(&conv->tmp);
	memset(conv, 0, sizeof(*conv));
}

static bool is_full(const AVFrame *f)
{
	return f->color_range == AVCOL_RANGE_JPEG ||
	       f->format == AV_PIX_FMT_YUVJ420P ||
	       f->format == AV_PIX_FMT_YUVJ422P ||
	       f->format == AV_PIX_FMT_YUVJ444P;
}

static int matrix_of(const AVFrame *f)
{
	switch (f->colorspace) {
	case AVCOL_SPC_BT709:      return MATRIX_709;
	case AVCOL_SPC_BT2020_NCL: return MATRIX_2020;
	default:                   return MATRIX_601;
	}
}

/* YCbCr (of matrix and range) -> RGB -> YCbCr 601 limited, as one matrix */
static void matrix_make(struct vconv *conv, int matrix, bool full)
{
	static const double kv[][2] = {
		{.299, .114}, {.2126, .0722}, {.2627, .0593},
	};
	const double kr = kv[matrix][0], kb = kv[matrix][1];
	const double kg = 1 - kr - kb;
	const double ys = full ? 1 / 255. : 1 / 219.;
	const double cs = full ? 1 / 255. : 1 / 224.;
	const double dec[3][3] = {
		{ys, 0, 2 * (1 - kr) * cs},
		{ys, -2 * kb * (1 - kb) / kg * cs,
		 -2 * kr * (1 - kr) / kg * cs},
		{ys, 2 * (1 - kb) * cs, 0},
	};
	const double enc[3][3] = {
		{.299 * 219, .587 * 219, .114 * 219},
		{-.299 / 1.772 * 224, -.587 / 1.772 * 224, 112},
		{112, -.587 / 1.402 * 224, -.114 / 1.402 * 224},
	};

	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 3; j++) {
			double m = 0;

			for (int k = 0; k < 3; k++)
				m += enc[i][k] * dec[k][j];
			conv->mat[i][j] = (int)lrint(m * 16384);
		}
		conv->off[i] = (i ? 128 : 16) * 16384 + 8192;
	}
	if (!full)
		conv->off[0] -= 16 * conv->mat[0][0];
}

static inline uint8_t clip8(int v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Luma first: it needs the chroma as it was. */
static void matrix_apply(const struct vconv *conv, struct vpic *c,
			 unsigned x0, unsigned y0, unsigned w, unsigned h)
{
	const int (*m)[3] = conv->mat;

	for (unsigned y = 0; y < h; y++) {
		size_t cy = (y0 + y) / 2;
		uint8_t *p = c->data[0] + (size_t)(y0 + y) *
			(size_t)c->stride[0] + x0;
		const uint8_t *u = c->data[1] + cy * (size_t)c->stride[1] +
			x0 / 2;
		const uint8_t *v = c->data[2] + cy * (size_t)c->stride[2] +
			x0 / 2;

		for (unsigned x = 0; x < w; x++) {
			int t = m[0][0] * p[x] + m[0][1] * (u[x / 2] - 128) +
				m[0][2] * (v[x / 2] - 128) + conv->off[0];
			p[x] = clip8(t >> 14);
		}
	}
	for (unsigned y = 0; y < h / 2; y++) {
		size_t cy = y0 / 2 + y;
		uint8_t *u = c->data[1] + cy * (size_t)c->stride[1] + x0 / 2;
		uint8_t *v = c->data[2] + cy * (size_t)c->stride[2] + x0 / 2;

		for (unsigned x = 0; x < w / 2; x++) {
			int a = u[x] - 128, b = v[x] - 128;

			u[x] = clip8((m[1][1] * a + m[1][2] * b +
				      conv->off[1]) >> 14);
			v[x] = clip8((m[2][1] * a + m[2][2] * b +
				      conv->off[2]) >> 14);
		}
	}
}

/* Any format to I420 of the same size, range and matrix */
static int to_i420(struct vconv *conv, const AVFrame *f)
{
	unsigned w = (unsigned)f->width, h = (unsigned)f->height;
	const int *coef = sws_getCoefficients(SWS_CS_ITU601);
	int full = is_full(f), err;

	if (!conv->sws || conv->fmt != f->format || conv->w != w ||
	    conv->h != h) {
		sws_freeContext(conv->sws);
		vpic_close(&conv->tmp);
		conv->sws = sws_getContext(f->width, f->height, f->format,
					   f->width, f->height,
					   AV_PIX_FMT_YUV420P, SWS_BILINEAR,
					   NULL, NULL, NULL);
		if (!conv->sws)
			return ENOTSUP;
		sws_setColorspaceDetails(conv->sws, coef, full, coef, full,
					 0, 1 << 16, 1 << 16);
		err = vpic_init(&conv->tmp, w, h);
		if (err)
			return err;
		conv->fmt = f->format;
		conv->w = w;
		conv->h = h;
	}
	if (sws_scale(conv->sws, (const uint8_t *const *)f->data,
		      f->linesize, 0, f->height, conv->tmp.data,
		      conv->tmp.stride) < 0)
		return EBADMSG;

	return 0;
}

/* Exact thirds by ourselves; chroma planes must be exact, too. */
static bool scale_third(const uint8_t *src[3], const int sst[3],
			uint8_t *dst[3], const int dst_st[3],
			const struct layout_rect *s,
			const struct layout_rect *d)
{
	bool two = s->w * 2 == d->w * 3 && s->h * 2 == d->h * 3 &&
		d->w % 4 == 0 && d->h % 4 == 0;
	bool one = s->w == d->w * 3 && s->h == d->h * 3;

	if (!two && !one)
		return false;
	for (int i = 0; i < 3; i++) {
		unsigned w = i ? d->w / 2 : d->w, h = i ? d->h / 2 : d->h;

		(two ? third_two : third_one)(dst[i], dst_st[i], src[i],
					      sst[i], w, h);
	}

	return true;
}

static void scale(const uint8_t *src[3], const int sst[3], uint8_t *dst[3],
		  const int dst_st[3], const struct layout_rect *s,
		  const struct layout_rect *d)
{
	if (scale_third(src, sst, dst, dst_st, s, d))
		return;
	I420Scale(src[0], sst[0], src[1], sst[1], src[2], sst[2], (int)s->w,
		  (int)s->h, dst[0], dst_st[0], dst[1], dst_st[1], dst[2],
		  dst_st[2], (int)d->w, (int)d->h, kFilterBox);
}

int canvas_draw(struct vpic *canvas, unsigned x, unsigned y,
		const AVFrame *f, const struct vfit *fit, struct vconv *conv)
{
	const struct layout_rect *s = &fit->src, *d = &fit->dst;
	const uint8_t *src[3] = {f->data[0], f->data[1], f->data[2]};
	int sst[3] = {f->linesize[0], f->linesize[1], f->linesize[2]};
	uint8_t *dst[3];
	int key, err;

	if (f->format != AV_PIX_FMT_YUV420P &&
	    f->format != AV_PIX_FMT_YUVJ420P) {
		err = to_i420(conv, f);
		if (err)
			return err;
		for (int i = 0; i < 3; i++) {
			src[i] = conv->tmp.data[i];
			sst[i] = conv->tmp.stride[i];
		}
	}

	x += d->x;
	y += d->y;
	for (int i = 0; i < 3; i++) {
		unsigned sh = i ? 1 : 0;

		src[i] += (ptrdiff_t)(s->y >> sh) * sst[i] + (s->x >> sh);
		dst[i] = canvas->data[i] + (size_t)(y >> sh) *
			(size_t)canvas->stride[i] + (x >> sh);
	}
	scale(src, sst, dst, canvas->stride, s, d);

	key = matrix_of(f) * 2 + is_full(f);
	if (key) {
		if (conv->key != key)
			matrix_make(conv, matrix_of(f), is_full(f));
		conv->key = key;
		matrix_apply(conv, canvas, x, y, d->w, d->h);
	}

	return 0;
}
