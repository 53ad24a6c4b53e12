/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_tile.h -- one face's place on a canvas
 *
 * Threads: the tick's.
 */
#ifndef TUTTI_MIXER_SCENE_TILE_H
#define TUTTI_MIXER_SCENE_TILE_H

#include "mixer/layout.h"
#include "mixer/video_canvas.h"
#include "mixer/video_label.h"
#include "mixer/video_stage.h"

struct tile {
	struct face *face;        /* a reference; NULL: no tile           */
	bool wanted;              /* it has a cell, this turn …           */
	bool placed;              /* … or had one in the last             */
	struct layout_rect rect;  /* on the canvas                        */
	bool alone;               /* no gap around                        */
	bool speaking;
	bool crop;
	bool dirty;               /* draw at the next chance              */

	uint32_t version, renamed;        /* of the face, as drawn        */
	struct vconv conv;
	struct vbitmap plate, note;
	unsigned plate_w;         /* what the plate was made to fit into  */
	struct vpic card;         /* of the inner size                    */
	enum face_state card_state;
};

void tile_open(struct tile *t, struct face *face);
void tile_close(struct tile *t);          /* fine on a zeroed one         */
void tile_place(struct tile *t, const struct layout_rect *rect, bool alone);
void tile_hide(struct tile *t);           /* no cell: keeps next to nothing */
void tile_speak(struct tile *t, bool speaking);
void tile_crop(struct tile *t, bool crop);

/** Draws the tile if dirty; *label_us grows by what text cost. */
bool tile_draw(struct tile *t, struct vpic *canvas, struct label *label,
	       uint64_t *label_us);

#endif
