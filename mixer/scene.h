/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene.h -- one canvas: which party is where, drawn when it changed
 *
 *	vin_take -> tile (picture, card, frozen) -> canvas -> changed areas
 *
 * Knows neither clock nor encoder: it is given the time, and says by a
 * handler which rectangles it has drawn anew.
 *
 * Threads: the tick's, one at a time; a plain object without a lock.
 */
#ifndef TUTTI_MIXER_SCENE_H
#define TUTTI_MIXER_SCENE_H

#include "mixer/layout.h"
#include "mixer/video_canvas.h"

struct scene;
struct vin;

/** An area of the canvas that was drawn anew */
typedef void (scene_dirty_h)(const struct layout_rect *rect, void *arg);

/** What is to be seen; a copy of the engine's state */
struct scene_want {
	struct vin **vinv;        /* in order of joining; borrowed        */
	unsigned vinc;
	uint32_t speaker;         /* leg, 0: nobody                       */
	bool recording;
	bool crop;
};

int  scene_alloc(struct scene **sp, unsigned width, unsigned height,
		 scene_dirty_h *dirtyh, void *arg);

/** Loads fonts ahead of need; any thread. */
void scene_warm(struct scene *s);

/** Who is shown where; keeps its own references. */
void scene_set(struct scene *s, const struct scene_want *want);

/** Draws what changed: pictures due until until_us. */
void scene_draw(struct scene *s, uint64_t now_us, uint64_t until_us);

/** Every party that sends shows a picture (for a snapshot). */
bool scene_complete(const struct scene *s);
const struct vpic *scene_canvas(const struct scene *s);

/** CPU us spent on scaling and drawing, and on text. */
void scene_cpu(const struct scene *s, uint64_t *scale_us, uint64_t *label_us);

#endif
