/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_cast.h -- who plays which cell of a layout
 *
 * Parts with a name are given out first.  Who is pinned (or in the
 * spotlight) as number N has the cell `pin N`; speaker and previous are the
 * first two who lead and have no such cell: those pinned, in their order,
 * then who spoke last.  All others have a place in an order in which nobody
 * moves without need:
 *
 *	1. Who speaks, mutes, or switches his camera keeps his place.
 *	2. Who comes takes the first empty place.
 *	3. Who leaves leaves his place empty.  If the layout has fewer
 *	   places then, those beyond its end take the empty ones before it,
 *	   who spoke last first; of equals who has a picture, then who came
 *	   first.  Nobody else moves.
 *	4. Who becomes large and who was change places; of two of the same
 *	   size, speaker and previous, each keeps his side unless both
 *	   are pinned, who stand as they were.
 *	5. With fewer places than people, who leads (is pinned, speaks, or
 *	   did before) and is not seen takes the place of who has been
 *	   silent longest; who has a picture that of a card that never
 *	   spoke.
 *	6. When nobody is large any more all are where they were before.
 *
 * Threads: the tick's.
 */
#ifndef TUTTI_MIXER_SCENE_CAST_H
#define TUTTI_MIXER_SCENE_CAST_H

#include "mixer/layout.h"
#include "mixer/video_stage.h"

/** An order; holes are NULL, faces are references */
struct places {
	struct face *facev[LAYOUT_MAX];
};

struct cast {
	struct places home;       /* all, when nobody is large            */
	struct places strip;      /* those beside who is                  */
	bool leads;               /* the strip is in use                  */
	struct face *seatv[2];    /* of equals, whose is which; references */
	struct face *rolev[LAYOUT_CELLS_MAX];     /* with a part; references */
	unsigned rolec;
};

/** Who there is for the parts */
struct cast_ask {
	const struct stage_view *view;    /* NULL: nobody                 */
	struct face *leadv[STAGE_LEADS];  /* who is to be large …        */
	unsigned leadc;
	unsigned pinc;            /* … the first so many in any case      */
	uint32_t speaker, hide;   /* legs, 0                              */
	const struct layout_cell *cellv;
	unsigned cellc;
};

/** How many there are to be placed */
unsigned cast_count(const struct cast_ask *ask);

/** Who is in which cell; NULL: it stays empty.  Borrowed until next time. */
void cast_set(struct cast *c, const struct cast_ask *ask,
	      struct face *facev[LAYOUT_CELLS_MAX]);
void cast_close(struct cast *c);          /* fine on a zeroed one         */

#endif
