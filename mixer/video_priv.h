/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_priv.h -- the video engine's inside: video.c, video_tick.c
 *
 * The loop's calls only change lists under mtx, which is held for a few
 * assignments; the tick copies what it needs with references, then works
 * without any lock.
 */
#ifndef TUTTI_MIXER_VIDEO_PRIV_H
#define TUTTI_MIXER_VIDEO_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "mixer/scene.h"
#include "mixer/video.h"
#include "mixer/video_gov.h"
#include "mixer/video_in.h"
#include "mixer/video_pool.h"
#include "mixer/video_rung.h"

enum {
	RUNGS_MAX = 64,
	SHOTS_MAX = 16,
};

struct shot {
	video_shot_h *shoth;
	void *arg;
};

/* What one tick works with; its own references */
struct tick {
	struct vin *vinv[VIDEO_SRCS_MAX];
	unsigned vinc;
	struct rung *rungv[RUNGS_MAX];
	unsigned rungc;
	struct rung *duev[RUNGS_MAX];
	unsigned duec;
	atomic_uint next;         /* of duev to be encoded                */
	uint32_t speaker;
	bool recording, crop, shots;
	uint64_t n, pts_us;
};

/* Locks: [I] set at creation  [L] loop only  [m] mtx  [t] the tick's */
struct video {
	struct video_cfg cfg;     /* [I]                                  */
	struct pool *pool;        /* [I]                                  */
	struct pool_job warm;     /* fonts, once                          */
	struct scene *scene;      /* [t]                                  */
	struct tick tick;         /* [t]                                  */
	uint64_t t0_us, last_n;   /* [t]                                  */
	uint64_t awake_us;        /* [t] since when somebody looks        */
	bool begun;               /* [t]                                  */
	struct gov gov;           /* [t]                                  */

	pthread_mutex_t mtx;
	struct vin *vinv[VIDEO_SRCS_MAX];         /* [m] in order of joining */
	unsigned vinc;
	struct {
		struct rung *rung;
		unsigned watches;
	} rungv[RUNGS_MAX];                       /* [m]                  */
	unsigned rungc;
	uint32_t last_rung;       /* [m]                                  */
	struct shot shotv[SHOTS_MAX];             /* [m]                  */
	unsigned shotc;
	uint32_t speaker;         /* [m]                                  */
	bool recording, crop;     /* [m]                                  */

	atomic_ullong decode_us, encode_us;       /* of those who left    */
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

/* video_tick.c: the pool's clock, and what the scene tells */
uint64_t video_tick(uint64_t now, void *arg);
void video_dirty(const struct layout_rect *rect, void *arg);

#endif
