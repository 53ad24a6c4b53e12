/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene.h -- one canvas: who is where, drawn when it changed
 *
 *	stage (faces), layout (cells), cast (who is in which cell) ->
 *	  tiles, which glide -> canvas -> changed areas
 *
 * Knows neither clock nor encoder: it is given what there is to be seen,
 * and says by a handler which rectangles it has drawn anew.
 *
 * Threads: the tick's, one at a time; scenes may be drawn side by side.
 */
#ifndef TUTTI_MIXER_SCENE_H
#define TUTTI_MIXER_SCENE_H

#include "mixer/layout.h"
#include "mixer/video_canvas.h"

struct scene;
struct label;
struct look;
struct mark_image;
struct stage_view;
struct stage_cast;

/** An area of the canvas that was drawn anew */
typedef void (scene_dirty_h)(const struct layout_rect *rect, void *arg);

/** What is to be seen; a copy of the engine's state */
struct scene_want {
	const struct stage_view *view;    /* NULL: nobody                 */
	const struct stage_cast *cast;    /* who leads                    */
	const struct layout *layout;
	uint32_t hide;            /* leg that has no tile, 0: none        */
	uint32_t speaker;         /* leg that speaks now: border; 0       */
	bool recording;
	const struct look *look;  /* NULL: nothing of it                  */
	const char *clock;        /* "12:34"; NULL: none                  */
	struct mark_image *watermark;     /* NULL: none                   */
	bool crop;
	bool moves;               /* tiles glide to a new place, not jump */
	uint64_t now_us;
};

/** label is borrowed and may be shared with other scenes. */
int  scene_alloc(struct scene **sp, unsigned width, unsigned height,
		 struct label *label, scene_dirty_h *dirtyh, void *arg);

/** Who is shown where; keeps its own references. */
void scene_set(struct scene *s, const struct scene_want *want);

/** Draws what changed. */
void scene_draw(struct scene *s);

/** Every party that sends shows a picture (for a snapshot). */
bool scene_complete(const struct scene *s);
const struct vpic *scene_canvas(const struct scene *s);

/** CPU us spent on scaling and drawing, and on text. */
void scene_cpu(const struct scene *s, uint64_t *scale_us, uint64_t *label_us);

#endif
