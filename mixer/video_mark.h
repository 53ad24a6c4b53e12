/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_mark.h -- marks: small drawings that say how things are
 *
 * Bitmaps only; the caller keeps them, and says where they go: those of a
 * party scene_tile.c, those of the room scene_mark.c.
 *
 * Threads: any; calls wait for each other as those of video_label.h.
 */
#ifndef TUTTI_MIXER_VIDEO_MARK_H
#define TUTTI_MIXER_VIDEO_MARK_H

#include <stdbool.h>

#include "base/ticket.h"
#include "mixer/video_label.h"

/** Of a party; from its ticket but for MARK_TROUBLE */
enum {
	MARK_HOST    = 1 << 0,
	MARK_MIC_OFF = 1 << 1,
	MARK_TROUBLE = 1 << 2,    /* its connection is bad                */
	MARK_HAND    = 1 << 3,
	MARK_PHONE   = 1 << 4,    /* no picture can come                  */

	MARK_ON_PLATE = MARK_HOST | MARK_MIC_OFF | MARK_TROUBLE,
};

/** Their colours */
enum {
	ICON_RED = 0xe5282d, ICON_AMBER = 0xf5a623, ICON_GREEN = 0x35b36b,
	ICON_BLUE = 0x3b82f6, ICON_WHITE = 0xffffff,
};

unsigned marks_of(const struct ticket *t);

/** label_plate() with the marks before the text; text may be empty if there
 *  are marks. */
int mark_plate(struct label *l, struct vbitmap *bm, const char *text,
	       unsigned marks, unsigned font_px, unsigned max_w);
int mark_hand(struct label *l, struct vbitmap *bm, unsigned side);

/* Of the room, in its upper right corner; all of the same height for px */
int mark_rec(struct label *l, struct vbitmap *bm, unsigned px);
int mark_lock(struct label *l, struct vbitmap *bm, unsigned px);
int mark_text(struct label *l, struct vbitmap *bm, const char *text,
	      unsigned px);

/** A line of text as wide as the canvas */
int mark_banner(struct label *l, struct vbitmap *bm, const char *text,
		unsigned px, unsigned width);

/** Two lines in the middle of a dark box */
int mark_hold(struct label *l, struct vbitmap *bm, const char *title,
	      const char *text, unsigned px, unsigned max_w);

/** Who is on the phone, and how many more there are than can be seen */
enum { STRIP_MAX = 4 };
struct mark_strip {
	struct {
		char name[LABEL_TEXT_MAX];
		unsigned marks;
		bool speaks;
	} phonev[STRIP_MAX];
	unsigned phonec;
	unsigned more;
};
int mark_strip(struct label *l, struct vbitmap *bm,
	       const struct mark_strip *strip, unsigned px);

/** A watermark: counted, so that scenes may keep it.  EBADMSG: not a PNG,
 *  or too large. */
struct mark_image;
int  mark_image_read(struct mark_image **imp, const void *png, size_t size,
		     unsigned max_w, unsigned max_h);
struct mark_image *mark_image_ref(struct mark_image *im);     /* or NULL  */
void mark_image_unref(struct mark_image *im);                 /* or NULL  */
const struct vbitmap *mark_image_bitmap(const struct mark_image *im);

#endif
