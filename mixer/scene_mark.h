/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_mark.h -- what lies over the tiles of a canvas
 *
 *	banner                                 the whole width
 *	phones, +N                 clock lock REC
 *	                holding screen
 *	                               watermark
 *
 * Each mark is blended over what it covers, which is kept: off before tiles
 * are drawn, on afterwards.  Where neither changed the pixels come out as
 * they were, so only a mark that changed is told as drawn anew, and only
 * its own area.
 *
 * Threads: the tick's.
 */
#ifndef TUTTI_MIXER_SCENE_MARK_H
#define TUTTI_MIXER_SCENE_MARK_H

#include "base/look.h"
#include "mixer/scene.h"
#include "mixer/video_mark.h"

struct scene_marks;

/** What is to be seen; borrowed during the call */
struct scene_marks_want {
	const struct look *look;  /* NULL: nothing of it                  */
	const char *clock;        /* "12:34"; NULL: none                  */
	struct mark_image *watermark;     /* NULL: none                   */
	bool recording;
	struct face *const *phonev;       /* who has no tile because of it */
	unsigned phonec;
	unsigned unseen;          /* others without a tile                */
	uint32_t speaker;         /* leg                                  */
};

int  scene_marks_alloc(struct scene_marks **mp, unsigned width,
		       unsigned height, struct label *label);   /* mem_deref */
void scene_marks_set(struct scene_marks *m,
		     const struct scene_marks_want *want);

void scene_marks_off(struct scene_marks *m, struct vpic *canvas);
/** *label_us grows by what text cost. */
void scene_marks_on(struct scene_marks *m, struct vpic *canvas,
		    scene_dirty_h *dirtyh, void *arg, uint64_t *label_us);

#endif
