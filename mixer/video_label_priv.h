/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_label_priv.h -- how video_label.c and video_mark*.c draw
 *
 * Threads: between label_enter() and label_leave().
 */
#ifndef TUTTI_MIXER_VIDEO_LABEL_PRIV_H
#define TUTTI_MIXER_VIDEO_LABEL_PRIV_H

#include <pthread.h>
#include <pango/pangocairo.h>

#include "mixer/video_label.h"

/* A font map of our own: Pango's default one belongs to a thread, and
 * scenes are drawn now on this worker, now on that. */
struct label {
	pthread_mutex_t mtx;
	PangoFontMap *map;        /* [m] both                             */
	PangoContext *ctx;
};

struct drawing {
	cairo_surface_t *surf;
	cairo_t *cr;
};

int  label_enter(struct label *l);
int  label_leave(struct label *l, int err);       /* err                  */

int  draw_open(struct drawing *d, unsigned w, unsigned h);
void draw_close(struct drawing *d);
int  draw_pic(struct drawing *d, struct vpic *pic, unsigned w, unsigned h);
int  draw_bitmap(struct drawing *d, struct vbitmap *bm, unsigned w,
		 unsigned h);

/** max_w 0: as wide as it is; else ellipsized */
PangoLayout *draw_layout(struct label *l, const char *text, unsigned px,
			 PangoWeight weight, int max_w);
void draw_text(cairo_t *cr, PangoLayout *lay, double x, double y);
                                  /* centred on (x, y)                    */
void draw_rounded(cairo_t *cr, double x, double y, double w, double h,
		  double r);
void draw_rgb(cairo_t *cr, unsigned rgb, double alpha);
unsigned draw_colour(const char *name);   /* of a name                    */

#endif
