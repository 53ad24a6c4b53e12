/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_mark_image.c -- a watermark: a PNG, as a bitmap
 *
 * Comes from outside, so its size is looked at before Cairo allocates for
 * it; whoever can write one may set rooms, and a mixer is in its sandbox.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/look.h"
#include "mixer/video_label_priv.h"
#include "mixer/video_mark.h"

struct mark_image {
	atomic_uint refs;
	struct vbitmap bm;
};

struct reader {
	const uint8_t *p;
	size_t left;
};

static cairo_status_t read_handler(void *arg, unsigned char *buf,
				   unsigned int n)
{
	struct reader *r = arg;

	if (n > r->left)
		return CAIRO_STATUS_READ_ERROR;
	memcpy(buf, r->p, n);
	r->p += n;
	r->left -= n;

	return CAIRO_STATUS_SUCCESS;
}

/* As it is, or smaller so that it fits; even sides */
static int scaled(struct vbitmap *bm, cairo_surface_t *png, unsigned max_w,
		  unsigned max_h)
{
	const double pw = cairo_image_surface_get_width(png);
	const double ph = cairo_image_surface_get_height(png);
	double s = pw > max_w ? max_w / pw : 1;
	struct drawing d;
	unsigned w, h;
	int err;

	if (ph * s > max_h)
		s = max_h / ph;
	w = ((unsigned)(pw * s) + 1) & ~1u;
	h = ((unsigned)(ph * s) + 1) & ~1u;
	w = w < 2 ? 2 : w;
	h = h < 2 ? 2 : h;

	err = draw_open(&d, w, h);
	if (!err) {
		cairo_scale(d.cr, w / pw, h / ph);
		cairo_set_source_surface(d.cr, png, 0, 0);
		cairo_paint(d.cr);
		err = cairo_status(d.cr) ? EBADMSG : draw_bitmap(&d, bm, w, h);
	}
	draw_close(&d);

	return err;
}

int mark_image_read(struct mark_image **imp, const void *png, size_t size,
		    unsigned max_w, unsigned max_h)
{
	struct reader r = {png, size};
	cairo_surface_t *surf;
	struct mark_image *im;
	int err = EBADMSG;

	if (!imp || look_image_check(png, size))
		return EBADMSG;

	im = calloc(1, sizeof(*im));
	if (!im)
		return ENOMEM;
	atomic_init(&im->refs, 1);

	surf = cairo_image_surface_create_from_png_stream(read_handler, &r);
	if (!cairo_surface_status(surf))
		err = scaled(&im->bm, surf, max_w, max_h);
	cairo_surface_destroy(surf);
	if (err) {
		free(im);
		return err;
	}
	*imp = im;

	return 0;
}

struct mark_image *mark_image_ref(struct mark_image *im)
{
	if (im)
		atomic_fetch_add(&im->refs, 1);

	return im;
}

void mark_image_unref(struct mark_image *im)
{
	if (!im || atomic_fetch_sub(&im->refs, 1) != 1)
		return;
	vbitmap_close(&im->bm);
	free(im);
}

const struct vbitmap *mark_image_bitmap(const struct mark_image *im)
{
	return &im->bm;
}
