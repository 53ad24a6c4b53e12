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

enum { TILE_MOVE_US = 250000 };   /* from a place to another              */

struct tile {
	struct face *face;        /* a reference; NULL: no tile           */
	struct layout_cell cell;  /* its place                            */
	struct layout_rect from;  /* where it comes from …                */
	uint64_t move_us;         /* … since when; 0: it stands           */
	struct layout_rect now;   /* where it is                          */
	struct layout_rect drawn; /* w 0: it is not on the canvas         */
	bool alone;               /* no gap around                        */
	bool speaking;
	bool crop;
	bool dirty;               /* draw at the next chance              */

	uint32_t version, renamed;        /* of the face, as drawn        */
	struct vconv conv;
	unsigned marks;           /* the same                             */
	struct vbitmap plate, note, hand;
	unsigned plate_w;         /* what the plate was made to fit into  */
	bool plate_words;         /* it has the name                      */
	struct layout_rect marked;        /* where plate and hand are     */
	struct layout_rect touched;       /* what was drawn anew          */
	unsigned text_w, text_h;  /* inner size that words were made for  */
	struct vpic card;
	enum face_state card_state;
};

void tile_open(struct tile *t, struct face *face);
void tile_close(struct tile *t);          /* fine on a zeroed one         */

/** A new one will grow into this place instead of being there at once. */
void tile_appear(struct tile *t, const struct layout_rect *rect);

/** Its place from now on; now_us 0: at once.  alone: no gap around */
void tile_place(struct tile *t, const struct layout_cell *cell, bool alone,
		uint64_t now_us);
/** Goes on with a move.  Is it elsewhere than it was drawn? */
bool tile_turn(struct tile *t, uint64_t now_us);
void tile_speak(struct tile *t, bool speaking);
void tile_crop(struct tile *t, bool crop);

/** Draws the tile if dirty, and says in t->touched what looks different;
 *  *label_us grows by what text cost. */
bool tile_draw(struct tile *t, struct vpic *canvas, struct label *label,
	       uint64_t *label_us);

#endif
