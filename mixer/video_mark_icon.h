/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_mark_icon.h -- the icons of marks, each in a square
 *
 * Threads: that of the cairo_t.
 */
#ifndef TUTTI_MIXER_VIDEO_MARK_ICON_H
#define TUTTI_MIXER_VIDEO_MARK_ICON_H

#include <cairo.h>

/* (x, y) is the upper left corner, s the side [px] */
void icon_mic_off(cairo_t *cr, double x, double y, double s);
void icon_host(cairo_t *cr, double x, double y, double s);
void icon_trouble(cairo_t *cr, double x, double y, double s);
void icon_hand(cairo_t *cr, double x, double y, double s);
void icon_lock(cairo_t *cr, double x, double y, double s);
void icon_phone(cairo_t *cr, double x, double y, double s);

#endif
