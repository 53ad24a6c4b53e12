/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_priv.h -- the video engine's inside: video.c, video_watch.c,
 * video_view.c (the loop's), video_tick.c, video_scenes.c (the tick's)
 *
 * The loop's calls only change lists under mtx, which is held for a few
 * assignments; the tick copies what it needs with references, then works
 * without any lock.
 */
#ifndef TUTTI_MIXER_VIDEO_PRIV_H
#define TUTTI_MIXER_VIDEO_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/look.h"
#include "mixer/scene.h"
#include "mixer/video.h"
#include "mixer/video_filter.h"
#include "mixer/video_gov.h"
#include "mixer/video_in.h"
#include "mixer/video_mark.h"
#include "mixer/video_pool.h"
#include "mixer/video_rung.h"
#include "mixer/video_small.h"
#include "mixer/video_stage.h"

enum {
	RUNGS_MAX = 64,
	SHOTS_MAX = 16,
	FILTER_TEXT_MAX = 160,
	SCENES_MAX = VIDEO_VIEWS_MAX + 1, /* the room's first             */
	SPOKE_MAX = 8,            /* who led, remembered                  */
};

struct shot {
	video_shot_h *shoth;
	void *arg;
};

/* Which scene: equal keys are one.  All zero: the room's. */
struct vkey {
	char layout[TICKET_LAYOUT_MAX];   /* "": the room's               */
	uint32_t hide;            /* leg that is not in it, 0             */
	struct pins pins;         /* legs that are large                  */
	uint32_t own;             /* leg that is not large in it, 0       */
};

/* A scene that is watched, made and ended by the tick */
struct vscene {
	struct video *v;
	struct vkey key;
	struct stage_cast cast;
	struct scene *scene;      /* NULL: this slot is free              */
	struct smalls smalls;     /* of its canvas, for its rungs         */
	struct vfilter *filter;   /* of the room; NULL: none              */
	char graph[LOOK_FILTER_MAX];      /* what it was made of          */
	const struct vpic *filtered;      /* NULL: the canvas as it is    */
	uint64_t since_us;
	bool used;                /* this turn                            */
};

/* A rung in this turn */
struct trung {
	struct rung *rung;
	struct vkey key;
	struct vscene *vs;
};

/* What one tick works with; its own references */
struct tick {
	struct vin *vinv[VIDEO_SRCS_MAX];
	unsigned vinc;
	struct trung rungv[RUNGS_MAX];
	unsigned rungc;
	struct trung *duev[RUNGS_MAX];
	unsigned duec;
	struct vscene *drawv[SCENES_MAX];
	unsigned drawc;
	atomic_uint next;         /* of drawv, then of duev               */
	const struct layout *layout;      /* the room's                   */
	struct pins spotlights;
	uint32_t speaker;
	uint32_t spokev[SPOKE_MAX];
	unsigned spokec;
	bool recording, crop, shots;
	struct look look;
	char clock[8];            /* "": none                             */
	struct mark_image *watermark;
	uint64_t n, pts_us;
};

/* Locks: [I] set at creation  [L] loop only  [m] mtx  [t] the tick's */
struct video {
	struct video_cfg cfg;     /* [I]                                  */
	struct pool *pool;        /* [I]                                  */
	struct pool_job warm;     /* fonts, once                          */
	struct label *label;      /* [I]                                  */
	struct stage *stage;      /* [t]                                  */
	struct vscene scenev[SCENES_MAX]; /* [t]                          */
	struct tick tick;         /* [t]                                  */
	uint64_t t0_us, last_n;   /* [t]                                  */
	uint64_t awake_us;        /* [t] since when somebody looks        */
	bool begun;               /* [t]                                  */
	bool gathering;           /* [t] packets wait for the turn before
	                           * the next tick                        */
	uint64_t decoded_us, dec_us;      /* [t] in all; a tick's, at most */
	struct gov gov;           /* [t]                                  */
	struct phase phase;       /* [t]                                  */

	pthread_mutex_t mtx;
	struct vin *vinv[VIDEO_SRCS_MAX];         /* [m] in order of joining */
	unsigned vinc;
	struct {
		struct rung *rung;
		struct vkey key;
		unsigned watches;
	} rungv[RUNGS_MAX];                       /* [m]                  */
	unsigned rungc;
	struct list watchl;       /* [L] video_watch                      */
	bool scarce;              /* [L] one of them has less than it wished */
	uint64_t now_us;          /* [L] of the last video_turn()         */
	uint64_t stay_us;         /* [L] when somebody stays no longer, 0 */
	struct layout_set *layouts;       /* [I]                          */
	const struct layout *layout;      /* [m] the room's               */
	struct pins spotlights;   /* [m]                                  */
	uint32_t lead;            /* [m] leg that is large for the others */
	uint32_t spokev[SPOKE_MAX];       /* [m] the latest first         */
	unsigned spokec;          /* [m]                                  */
	uint32_t last_rung;       /* [m]                                  */
	struct shot shotv[SHOTS_MAX];             /* [m]                  */
	unsigned shotc;
	uint32_t speaker;         /* [m]                                  */
	bool recording, crop;     /* [m]                                  */
	struct look look;         /* [m]                                  */
	char filter_text[FILTER_TEXT_MAX];        /* [m] what was wrong   */
	struct mark_image *watermark;             /* [m]                  */

	/* of those that ended */
	atomic_ullong decode_us, encode_us, scale_us, label_us;
	atomic_uint scenes;
	atomic_ullong ticks, late;
	atomic_uint step;
};

static inline void video_lock(const struct video *v)
{
	pthread_mutex_lock(&((struct video *)v)->mtx);
}

static inline void video_unlock(const struct video *v)
{
	pthread_mutex_unlock(&((struct video *)v)->mtx);
}

/* video_tick.c: the pool's clock */
uint64_t video_tick(uint64_t now, void *arg);

/* video_filtered.c, the tick's: after a scene was drawn; what is sent of it */
void vscene_filter(struct vscene *vs);
void vscene_filter_end(struct vscene *vs);
const struct vpic *vscene_canvas(const struct vscene *vs);

/* video_scenes.c, the tick's: who watches what, scenes made and ended;
 * which are to be drawn; all at once on several workers */
void scenes_set(struct video *v, uint64_t now);
void scenes_draw(struct video *v);
void scenes_end(struct video *v);         /* all                          */
struct vscene *scenes_room(struct video *v);      /* NULL: not watched    */

/* video_view.c; [m] held for all that take v */
bool vkey_equal(const struct vkey *a, const struct vkey *b);
bool vkey_is_room(const struct vkey *key);
/* The next best, with fewer wishes; false: it is the room's already */
bool vkey_less(struct vkey *key);
/* The scene for this view as things are now; stays: he led, and is shown
 * what is made for him alone still */
void vkey_want(const struct video *v, const struct video_view *view,
	       bool stays, struct vkey *key);
/* Who is large for all who wish nothing else, as far as the loop knows */
uint32_t video_lead(const struct video *v);

/* video_watch.c: something that views depend on has changed */
void watches_settle(struct video *v) ON(loop);

#endif
