/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_label.h -- words in the picture, in every script
 *
 * Name plates, cards for parties without a picture, notes.  Text comes from
 * strangers: invalid UTF-8 becomes U+FFFD, control and direction-override
 * characters go, length is bounded, what is too wide is ellipsized.
 *
 * Rendering costs a millisecond and more, so the caller keeps what it gets.
 *
 * Nothing is opened before the first text: fontconfig takes its time, and a
 * thread of Pango's should be born behind the sandbox, which leaves fonts
 * readable.  label_warm() does it ahead of need.
 *
 * Threads: any; calls wait for each other.
 */
#ifndef TUTTI_MIXER_VIDEO_LABEL_H
#define TUTTI_MIXER_VIDEO_LABEL_H

#include <stddef.h>
#include <stdint.h>

#include "mixer/video_canvas.h"

enum { LABEL_TEXT_MAX = 512, LABEL_CHARS_MAX = 80 };

struct label;

int  label_alloc(struct label **lp);        /* mem_deref                  */
int  label_warm(struct label *l);           /* fonts of the usual scripts */

/** Clean, bounded, always valid UTF-8; buf of LABEL_TEXT_MAX. */
void label_clean(char *buf, size_t size, const char *text);

/** "Ann Bee" → "AB"; buf holds 16 bytes. */
void label_initials(char *buf, size_t size, const char *name);

/** White on a dark rounded plate, at most max_w wide. */
int label_plate(struct label *l, struct vbitmap *bm, const char *text,
		unsigned font_px, unsigned max_w);

/** A whole tile: initials in a circle, the name, a note (or NULL). */
int label_card(struct label *l, struct vpic *pic, unsigned w, unsigned h,
	       const char *name, const char *note);

#endif
