/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_stage.h -- all who can be seen, whatever the scene
 *
 * A face is what is to be seen of one source now: its newest picture, name
 * and state, taken once a turn and shared by all scenes.  The stage keeps
 * the faces in order of joining, says who plays the leading parts in a
 * scene, has only those decoded that some scene shows, and tells each source
 * how large it is shown.
 *
 *	stage_set, stage_update, (scenes: stage_cast, face_show), stage_done
 *
 * Threads: the tick's, one at a time; while scenes draw nobody changes it.
 */
#ifndef TUTTI_MIXER_VIDEO_STAGE_H
#define TUTTI_MIXER_VIDEO_STAGE_H

#include "base/pins.h"
#include "base/ticket.h"
#include "mixer/video_in.h"
#include "mixer/video_label.h"
#include "mixer/video_phase.h"

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
	unsigned marks;           /* of video_mark.h                      */
	bool strip;               /* in the strip, it has no tile         */
	uint64_t spoke_us;        /* last, 0: never                       */
	uint64_t live_us;         /* since when                           */
	struct phase_wait wait;   /* of its pictures for the turn         */

	bool shown, looked;       /* this turn, the last one              */
	bool awaited;             /* to be shown as soon as there is one  */
	bool placed;              /* scratch of who walks over all        */
	unsigned width, height;   /* [px] of the largest tile, this turn  */
	unsigned told_w, told_h;
	uint64_t told_us;
};

struct stage;

/** What scenes are made of; borrowed until the next stage_set() */
struct stage_view {
	struct face **partyv;     /* in order of joining                  */
	unsigned partyc;
	struct face *slides;      /* that came last of those shared       */
	struct face **phonev;     /* who has no tile because of it, the same */
	unsigned phonec;
};

/** Who is to lead in a scene, as the loop knows it */
struct stage_cue {
	const uint32_t *spokev;   /* legs that spoke, the latest first    */
	unsigned spokec;
	const struct pins *large; /* pinned or in the spotlight           */
	uint32_t notv[2];         /* legs that lead in no case; 0         */
};

enum {
	STAGE_SPOKE = 2,          /* who spoke last, and who before       */
	STAGE_LEADS = PINS_MAX + STAGE_SPOKE,
};

/** Who leads, from turn to turn; begins zeroed.  Legs; nobody is in it
 *  twice: who is to be large in any case, then who spoke last */
struct stage_cast {
	uint32_t leadv[STAGE_LEADS];      /* 0 from leadc on              */
	unsigned leadc;
	unsigned pinc;            /* the first so many are large in any case */
	uint32_t spokev[STAGE_SPOKE];     /* the last ones                */
	uint32_t next;            /* first as soon as it has a picture …  */
	uint64_t next_us;         /* … since when                         */
};

int  stage_alloc(struct stage **sp, unsigned fps);

/** The sources there are, in order of joining.  Phones have tiles where
 *  there is nobody else, and if they are `large`. */
void stage_set(struct stage *s, struct vin *const *vinv, unsigned vinc,
	       const struct pins *large);

/** Pictures due until until_us; speaker: leg that speaks now, 0. */
void stage_update(struct stage *s, uint32_t speaker, uint64_t now_us,
		  uint64_t until_us);
const struct stage_view *stage_view(const struct stage *s);

/** How long pictures of those that are decoded wait; borrowed as above */
unsigned stage_waits(const struct stage *s, const struct phase_wait **wv,
		     unsigned max);

/** Who leads in one scene from now on.  Who has no picture yet because he
 *  was nowhere to be seen is waited for, for a second. */
void stage_cast(struct stage *s, const struct stage_cue *cue,
		struct stage_cast *cast, uint64_t now_us);

/** Of this leg; NULL: 0, or it has no tile */
struct face *stage_face(const struct stage_view *v, uint32_t leg);

/** It has no tile any more. */
static inline bool face_left(const struct face *face)
{
	return face->gone || face->strip;
}

/** A scene shows it, in a tile of this size. */
void face_show(struct face *face, unsigned w, unsigned h);

/** The turn is over: decode what is shown, tell how large.  watched: there
 *  is a scene at all.  Returns when something is left to be told [us],
 *  UINT64_MAX: nothing. */
uint64_t stage_done(struct stage *s, bool watched, uint64_t now_us);

#endif
