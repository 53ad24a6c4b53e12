/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_tile.h -- one party's place on the canvas
 *
 * Threads: the tick's.
 */
#ifndef TUTTI_MIXER_SCENE_TILE_H
#define TUTTI_MIXER_SCENE_TILE_H

#include "base/ticket.h"
#include "mixer/layout.h"
#include "mixer/video_canvas.h"
#include "mixer/video_in.h"
#include "mixer/video_label.h"

enum tile_state {
	TILE_NONE,                /* a card                               */
	TILE_LIVE,
	TILE_FROZEN,              /* the last picture, greyed             */
	TILE_BROKEN,              /* a card that says so                  */
};

struct tile {
	struct vin *vin;          /* a reference                          */
	struct layout_rect rect;  /* on the canvas                        */
	bool alone;               /* no gap around                        */
	bool speaking;
	bool crop;
	enum tile_state state;
	bool dirty;               /* draw at the next chance              */
	uint64_t spoke_us;        /* last, for who gives way              */

	char name[TICKET_NAME_MAX];
	char clean[LABEL_TEXT_MAX];
	struct AVFrame *frame;    /* shown now                            */
	struct vconv conv;
	struct vbitmap plate, note;
	struct vpic card;         /* of the inner size                    */
	enum tile_state card_state;
};

void tile_open(struct tile *t, struct vin *vin);
void tile_close(struct tile *t);
void tile_place(struct tile *t, const struct layout_rect *rect, bool alone);
void tile_speak(struct tile *t, bool speaking);
void tile_crop(struct tile *t, bool crop);

/** News from the party; events go out by vin_event. */
void tile_update(struct tile *t, uint64_t now, uint64_t until);

/** Draws the tile if dirty; *label_us grows by what text cost. */
bool tile_draw(struct tile *t, struct vpic *canvas, struct label *label,
	       uint64_t *label_us);

#endif
