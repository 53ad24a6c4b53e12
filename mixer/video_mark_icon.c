/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_mark_icon.c -- the icons of marks, each in a square
 *
 * Drawn for the smallest size at which they are seen: few strokes, one
 * bright colour each, so that a rung of 180 lines still shows which it is.
 */
#include <math.h>

#include "mixer/video_mark.h"
#include "mixer/video_mark_icon.h"

/* The unit square at (x, y), s wide; undone with cairo_restore() */
static void unit(cairo_t *cr, double x, double y, double s)
{
	cairo_save(cr);
	cairo_new_path(cr);       /* text leaves a point */
	cairo_translate(cr, x, y);
	cairo_scale(cr, s, s);
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
}

static void rgb(cairo_t *cr, unsigned c)
{
	cairo_set_source_rgb(cr, (c >> 16 & 255) / 255., (c >> 8 & 255) / 255.,
			     (c & 255) / 255.);
}

static void disc(cairo_t *cr, unsigned c)
{
	rgb(cr, c);
	cairo_arc(cr, .5, .5, .5, 0, 2 * M_PI);
	cairo_fill(cr);
}

static void line(cairo_t *cr, double x0, double y0, double x1, double y1,
		 double w)
{
	cairo_set_line_width(cr, w);
	cairo_move_to(cr, x0, y0);
	cairo_line_to(cr, x1, y1);
	cairo_stroke(cr);
}

void icon_mic_off(cairo_t *cr, double x, double y, double s)
{
	unit(cr, x, y, s);
	disc(cr, ICON_RED);
	rgb(cr, ICON_WHITE);
	line(cr, .5, .28, .5, .46, .19);
	cairo_set_line_width(cr, .07);
	cairo_arc(cr, .5, .47, .2, 0, M_PI);
	cairo_stroke(cr);
	line(cr, .5, .67, .5, .78, .07);
	rgb(cr, ICON_RED);
	line(cr, .25, .2, .79, .78, .2);
	rgb(cr, ICON_WHITE);
	line(cr, .24, .22, .76, .78, .08);
	cairo_restore(cr);
}

/* A crown */
void icon_host(cairo_t *cr, double x, double y, double s)
{
	unit(cr, x, y, s);
	disc(cr, ICON_BLUE);
	rgb(cr, ICON_WHITE);
	cairo_move_to(cr, .22, .36);
	cairo_line_to(cr, .37, .48);
	cairo_line_to(cr, .5, .25);
	cairo_line_to(cr, .63, .48);
	cairo_line_to(cr, .78, .36);
	cairo_line_to(cr, .72, .7);
	cairo_line_to(cr, .28, .7);
	cairo_close_path(cr);
	cairo_fill(cr);
	cairo_restore(cr);
}

/* Bars of reception, the last ones missing */
void icon_trouble(cairo_t *cr, double x, double y, double s)
{
	unit(cr, x, y, s);
	disc(cr, ICON_AMBER);
	rgb(cr, 0x1b1e24);
	line(cr, .3, .63, .3, .68, .12);
	line(cr, .5, .48, .5, .68, .12);
	cairo_set_line_width(cr, .05);
	cairo_rectangle(cr, .645, .3, .11, .41);
	cairo_stroke(cr);
	cairo_restore(cr);
}

/* A palm with four fingers and a thumb */
void icon_hand(cairo_t *cr, double x, double y, double s)
{
	static const struct { double x, top; } fingerv[4] = {
		{.36, .34}, {.46, .25}, {.56, .24}, {.66, .32},
	};
	int i;

	unit(cr, x, y, s);
	disc(cr, ICON_AMBER);
	rgb(cr, 0x1b1e24);
	for (i = 0; i < 4; i++)
		line(cr, fingerv[i].x, fingerv[i].top, fingerv[i].x, .58,
		     .075);
	line(cr, .24, .53, .36, .66, .085);
	cairo_move_to(cr, .325, .52);
	cairo_line_to(cr, .695, .52);
	cairo_curve_to(cr, .7, .7, .66, .82, .52, .82);
	cairo_curve_to(cr, .42, .82, .38, .74, .325, .66);
	cairo_close_path(cr);
	cairo_fill(cr);
	cairo_restore(cr);
}

void icon_lock(cairo_t *cr, double x, double y, double s)
{
	unit(cr, x, y, s);
	rgb(cr, ICON_AMBER);
	cairo_set_line_width(cr, .11);
	cairo_arc(cr, .5, .4, .19, M_PI, 2 * M_PI);
	cairo_line_to(cr, .69, .5);
	cairo_move_to(cr, .31, .4);
	cairo_line_to(cr, .31, .5);
	cairo_stroke(cr);
	cairo_rectangle(cr, .2, .48, .6, .42);
	cairo_fill(cr);
	rgb(cr, 0x1b1e24);
	line(cr, .5, .64, .5, .74, .1);
	cairo_restore(cr);
}

/* A receiver, lying slanted */
void icon_phone(cairo_t *cr, double x, double y, double s)
{
	unit(cr, x, y, s);
	cairo_translate(cr, .5, .5);
	cairo_rotate(cr, -M_PI / 4);
	rgb(cr, ICON_WHITE);
	cairo_set_line_width(cr, .15);
	cairo_arc(cr, 0, -.34, .46, .25 * M_PI, .75 * M_PI);
	cairo_stroke(cr);
	line(cr, -.32, -.03, -.32, .08, .24);
	line(cr, .32, -.03, .32, .08, .24);
	cairo_restore(cr);
}
