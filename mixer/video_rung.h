/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_rung.h -- one encode of the canvas, shared by who watches it
 *
 * Holds the encoder, made at the first picture; is given the picture in its
 * size (video_small.h).  Knows which macroblocks changed since
 * the picture it encoded last, and encodes nothing when none did, but now
 * and then, so that the stream does not look dead and its quality settles.
 *
 * Threads: counted atomically.  rung_key() on any; the rest belongs to the
 * scene's tick (one at a time).
 */
#ifndef TUTTI_MIXER_VIDEO_RUNG_H
#define TUTTI_MIXER_VIDEO_RUNG_H

#include <stdatomic.h>

#include <jansson.h>

#include "mixer/layout.h"
#include "mixer/video.h"
#include "mixer/video_canvas.h"

struct rung;

enum { RUNG_KEY_US = 500000 };    /* key frames are merged to one in this */

int rung_alloc(struct rung **rp, uint32_t id, const struct video_rung *desc,
	       unsigned canvas_w, unsigned canvas_h, unsigned canvas_fps);
struct rung *rung_ref(struct rung *r);
void rung_unref(struct rung *r);          /* NULL is fine                 */

uint32_t rung_id(const struct rung *r);
const struct video_rung *rung_desc(const struct rung *r);
void rung_key(struct rung *r);

/** This part of the canvas is drawn anew. */
void rung_mark(struct rung *r, const struct layout_rect *rect);

/** Governor: every divisor-th picture of the canvas, cheaper or not. */
void rung_tune(struct rung *r, unsigned divisor, bool fast);

/** Is it this rung's turn at tick n of the canvas's rate? */
bool rung_due(struct rung *r, uint64_t n);

/** Encodes, unless nothing changed; *unitp NULL then.  The caller unrefs. */
int rung_encode(struct rung *r, const struct vpic *pic,
		uint64_t pts_us, struct unit **unitp);

json_t *rung_stats(const struct rung *r);         /* any thread           */
uint64_t rung_cpu_us(const struct rung *r);       /* any thread           */

#endif
