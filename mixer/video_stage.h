/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_stage.h -- all who can be seen, whatever the scene
 *
 * A face is what is to be seen of one source now: its newest picture, name
 * and state, taken once a turn and shared by all scenes.  The stage keeps
 * the faces in order of joining, knows who plays the leading parts, has
 * only those decoded that some scene shows, and tells each source how large
 * it is shown.
 *
 *	stage_set, stage_update, (scenes: face_show), stage_done
 *
 * Threads: the tick's, one at a time; while scenes draw nobody changes it.
 */
#ifndef TUTTI_MIXER_VIDEO_STAGE_H
#define TUTTI_MIXER_VIDEO_STAGE_H

#include "base/ticket.h"
#include "mixer/video_in.h"
#include "mixer/video_label.h"

enum face_state {
	FACE_NONE,                /* a card; of slides: nothing           */
	FACE_LIVE,
	FACE_FROZEN,              /* the last picture, greyed             */
	FACE_BROKEN,              /* a card that says so                  */
};

/** libre object: a scene keeps those it shows */
struct face {
	struct vin *vin;          /* a reference                          */
	uint32_t id;
	bool slides;
	bool gone;                /* the source has ended                 */
	bool on;                  /* pictures are to be expected          */
	enum face_state state;
	struct AVFrame *frame;    /* shown now, NULL: none                */
	uint32_t version;         /* counts what makes it look different  */
	uint32_t renamed;
	char name[TICKET_NAME_MAX];
	char clean[LABEL_TEXT_MAX];       /* to be written               */
	uint64_t spoke_us;        /* last, 0: never                       */
	uint64_t live_us;         /* since when                           */

	bool shown, looked;       /* this turn, the last one              */
	unsigned width, height;   /* [px] of the largest tile, this turn  */
	unsigned told_w, told_h;
	uint64_t told_us;
};

struct stage;

/** Who leads, as the loop knows it */
struct stage_cue {
	uint32_t speaker;         /* leg that speaks now, 0: nobody       */
	const uint32_t *spokev;   /* legs that spoke, the latest first    */
	unsigned spokec;
	uint32_t spotlight;       /* leg, 0: nobody                       */
};

/** What scenes are made of; borrowed until the next stage_set() */
struct stage_view {
	struct face **partyv;     /* in order of joining                  */
	unsigned partyc;
	struct face *slides;      /* that came last of those shared       */
	struct face *star, *second;
	bool spotlight;           /* the star is large in any case        */
};

int  stage_alloc(struct stage **sp);

/** The sources there are, in order of joining. */
void stage_set(struct stage *s, struct vin *const *vinv, unsigned vinc);

/** Pictures due until until_us, and who leads. */
void stage_update(struct stage *s, const struct stage_cue *cue,
		  uint64_t now_us, uint64_t until_us);
const struct stage_view *stage_view(const struct stage *s);

/** A scene shows it, in a tile of this size. */
void face_show(struct face *face, unsigned w, unsigned h);

/** The turn is over: decode what is shown, tell how large.  watched: there
 *  is a scene at all.  Returns when something is left to be told [us],
 *  UINT64_MAX: nothing. */
uint64_t stage_done(struct stage *s, bool watched, uint64_t now_us);

#endif
