/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_canvas.h -- pixels: I420 pictures, and drawing on them
 *
 * Everything is BT.601 limited range.  Rectangles drawn on have even
 * coordinates.  Owner: whoever holds the picture; one thread at a time.
 */
#ifndef TUTTI_MIXER_VIDEO_CANVAS_H
#define TUTTI_MIXER_VIDEO_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/layout.h"

struct AVFrame;
struct SwsContext;

/** An I420 picture of its own memory */
struct vpic {
	uint8_t *data[3];
	int      stride[3];
	unsigned w, h;
	uint8_t *mem;
};

int  vpic_init(struct vpic *pic, unsigned w, unsigned h);
void vpic_close(struct vpic *pic);          /* fine on a zeroed one       */
void vpic_copy(struct vpic *dst, const struct vpic *src,
	       const struct layout_rect *r);  /* same place in both       */
void vpic_scale(struct vpic *dst, const struct vpic *src);   /* the whole */

struct vcolour { uint8_t y, u, v; };
struct vcolour vcolour_rgb(unsigned rgb);   /* 0xrrggbb                   */

/** A drawing with an alpha plane, blended onto a canvas */
struct vbitmap {
	struct vpic pic;
	uint8_t *alpha;
	int alpha_stride;
};
void vbitmap_close(struct vbitmap *bm);

/** How a source of a size goes into a box: the window of the source that is
 *  shown, and where it is drawn, relative to the box. */
struct vfit {
	struct layout_rect src, dst;
};

enum vfit_how {
	VFIT_LETTERBOX,           /* a few pixels may be cut off          */
	VFIT_CROP,                /* fill the box                         */
	VFIT_WHOLE,               /* letterbox, not a pixel cut off       */
};

/** Never stretches.  An exact ratio that is a little (up to 5 %) larger is
 *  taken instead and what is too much cut off at the edges: copying 1:1 or
 *  halving costs a fraction of scaling. */
void vfit_set(struct vfit *fit, unsigned src_w, unsigned src_h,
	      unsigned sar_num, unsigned sar_den,
	      unsigned box_w, unsigned box_h, enum vfit_how how);

/** Turns what a decoder gives (any format, range, matrix) into pixels of
 *  the canvas; keeps tables between calls. */
struct vconv {
	struct SwsContext *sws;
	struct vpic tmp;
	int fmt;
	unsigned w, h;
	int key;                  /* what mat is for                      */
	int mat[3][3], off[3];    /* 14 bits of fraction                  */
};
void vconv_close(struct vconv *conv);
int  canvas_draw(struct vpic *canvas, unsigned x, unsigned y,
		 const struct AVFrame *frame, const struct vfit *fit,
		 struct vconv *conv);

void canvas_fill(struct vpic *canvas, const struct layout_rect *r,
		 struct vcolour c);
void canvas_frame(struct vpic *canvas, const struct layout_rect *r,
		  unsigned width, struct vcolour c);      /* inside of r  */
void canvas_grey(struct vpic *canvas, const struct layout_rect *r);
void canvas_blend(struct vpic *canvas, unsigned x, unsigned y,
		  const struct vbitmap *bm);
void canvas_put(struct vpic *canvas, unsigned x, unsigned y,
		const struct vpic *pic);
void canvas_get(struct vpic *pic, const struct vpic *canvas, unsigned x,
		unsigned y);            /* what is there, of pic's size   */

#endif
