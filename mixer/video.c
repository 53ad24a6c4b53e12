/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video.c -- the video engine: ties sources, scene and rungs to the
 * pool's clock
 *
 * The loop's calls only change lists under mtx, which is held for a few
 * assignments; the tick copies what it needs with references, then works
 * without any lock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <libavutil/frame.h>
#include <libavutil/log.h>

#include <re.h>

#include "base/clock.h"
#include "base/log.h"
#include "mixer/scene.h"
#include "mixer/video.h"
#include "mixer/video_gov.h"
#include "mixer/video_in.h"
#include "mixer/video_pool.h"
#include "mixer/video_rung.h"

enum {
	RUNGS_MAX = 64,
	SHOTS_MAX = 16,
	SHOT_WAIT_US = 1000000,   /* for pictures when nobody watched     */
	SHOT_MIN_US  = 250000,    /* for packets to show who sends        */
	GOV_START_US = 1500000,   /* fonts, encoders, everybody's first
	                           * key frame: says nothing yet          */
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

struct video_src {
	struct video *v;          /* [I] strong                           */
	struct vin *vin;          /* [I]                                  */
};

struct video_watch {
	struct video *v;          /* [I] strong                           */
	struct rung *rung;        /* [I]                                  */
};

static void lock(const struct video *v)
{
	pthread_mutex_lock(&((struct video *)v)->mtx);
}

static void unlock(const struct video *v)
{
	pthread_mutex_unlock(&((struct video *)v)->mtx);
}

/* --- the tick --------------------------------------------------------- */

static void dirty_handler(const struct layout_rect *rect, void *arg)
{
	struct tick *t = &((struct video *)arg)->tick;

	for (unsigned i = 0; i < t->rungc; i++)
		rung_mark(t->rungv[i], rect);
}

static void tick_open(struct video *v, struct tick *t)
{
	lock(v);
	t->vinc = v->vinc;
	for (unsigned i = 0; i < v->vinc; i++)
		t->vinv[i] = vin_ref(v->vinv[i]);
	t->rungc = v->rungc;
	for (unsigned i = 0; i < v->rungc; i++)
		t->rungv[i] = rung_ref(v->rungv[i].rung);
	t->speaker = v->speaker;
	t->recording = v->recording;
	t->crop = v->crop;
	t->shots = v->shotc > 0;
	unlock(v);
	t->duec = 0;
	atomic_store(&t->next, 0);
}

static void tick_close(struct tick *t)
{
	for (unsigned i = 0; i < t->vinc; i++)
		vin_unref(t->vinv[i]);
	for (unsigned i = 0; i < t->rungc; i++)
		rung_unref(t->rungv[i]);
	t->vinc = t->rungc = t->duec = 0;
}

/* On several workers at a time: each takes the next rung. */
static void encode_part(void *arg)
{
	struct video *v = arg;
	struct tick *t = &v->tick;
	unsigned i;

	while ((i = atomic_fetch_add(&t->next, 1)) < t->duec) {
		struct unit *unit = NULL;
		int err = rung_encode(t->duev[i], scene_canvas(v->scene),
				      t->pts_us, &unit);

		if (err)
			debug("rung %u encoding failed: %m",
			      rung_id(t->duev[i]), err);
		if (!unit)
			continue;
		if (v->cfg.outh)
			v->cfg.outh(unit, v->cfg.arg);
		unit_unref(unit);
	}
}

static void encode_all(struct video *v)
{
	struct tick *t = &v->tick;

	for (unsigned i = 0; i < t->rungc; i++) {
		rung_tune(t->rungv[i], gov_divisor(&v->gov),
			  gov_fast(&v->gov));
		if (rung_due(t->rungv[i], t->n))
			t->duev[t->duec++] = t->rungv[i];
	}
	if (t->duec > 1)
		pool_spread(v->pool, t->duec - 1, encode_part, v);
	else
		encode_part(v);
}

static AVFrame *canvas_copy(const struct vpic *pic)
{
	AVFrame *f = av_frame_alloc();

	if (!f)
		return NULL;
	f->format = AV_PIX_FMT_YUV420P;
	f->width = (int)pic->w;
	f->height = (int)pic->h;
	f->color_range = AVCOL_RANGE_MPEG;
	f->colorspace = AVCOL_SPC_SMPTE170M;
	if (av_frame_get_buffer(f, 0) < 0) {
		av_frame_free(&f);
		return NULL;
	}
	for (int i = 0; i < 3; i++) {
		size_t w = i ? pic->w / 2 : pic->w, h = i ? pic->h / 2 : pic->h;

		for (size_t y = 0; y < h; y++)
			memcpy(f->data[i] + y * (size_t)f->linesize[i],
			       pic->data[i] + y * (size_t)pic->stride[i], w);
	}

	return f;
}

/* Just woken up, pictures are still to come. */
static bool shots_ready(const struct video *v, uint64_t now)
{
	uint64_t waited = now - v->awake_us;

	if (waited >= SHOT_WAIT_US || !v->tick.vinc)
		return true;

	return waited >= SHOT_MIN_US && scene_complete(v->scene);
}

static void shots_serve(struct video *v, uint64_t now)
{
	struct shot readyv[SHOTS_MAX];
	unsigned n;

	if (!shots_ready(v, now))
		return;
	lock(v);
	n = v->shotc;
	memcpy(readyv, v->shotv, sizeof(readyv[0]) * n);
	v->shotc = 0;
	unlock(v);

	for (unsigned i = 0; i < n; i++) {
		AVFrame *f = canvas_copy(scene_canvas(v->scene));

		readyv[i].shoth(f ? 0 : ENOMEM, f, readyv[i].arg);
	}
}

/* When tick n is, on the absolute grid */
static uint64_t tick_us(const struct video *v, uint64_t n)
{
	return v->t0_us + n * 1000000 / v->cfg.fps;
}

/* The next turn after n at the governor's rate */
static uint64_t next_us(const struct video *v, uint64_t n)
{
	unsigned div = gov_divisor(&v->gov);

	return tick_us(v, n - n % div + div);
}

static void governed(struct video *v, uint64_t start, uint64_t due)
{
	struct tick *t = &v->tick;
	uint64_t end = clock_us(), next = next_us(v, t->n);
	bool late = end > next || start > due + 1000000 / v->cfg.fps;

	if (start - v->awake_us < GOV_START_US)
		return;
	if (late)
		atomic_fetch_add(&v->late, 1);
	if (!gov_tick(&v->gov, end, end - start, next - tick_us(v, t->n),
		      late))
		return;
	atomic_store(&v->step, v->gov.step);
	if (v->cfg.eventh)
		v->cfg.eventh(VIDEO_LOAD, v->gov.step, v->cfg.arg);
}

static void tick_run(struct video *v, uint64_t now)
{
	struct tick *t = &v->tick;
	const struct scene_want want = {
		.vinv = t->vinv, .vinc = t->vinc, .speaker = t->speaker,
		.recording = t->recording, .crop = t->crop,
	};

	scene_set(v->scene, &want);
	scene_draw(v->scene, now, t->pts_us + 500000 / v->cfg.fps);
	encode_all(v);
	if (t->shots)
		shots_serve(v, now);
	atomic_fetch_add(&v->ticks, 1);
}

/* Nobody looks any more: no decoding, no pictures kept. */
static void fall_idle(struct video *v)
{
	const struct scene_want nobody = {0};

	scene_set(v->scene, &nobody);
	v->begun = false;
}

static uint64_t clock_handler(uint64_t now, void *arg)
{
	struct video *v = arg;
	struct tick *t = &v->tick;
	uint64_t due;

	on_worker();
	if (!v->t0_us)
		v->t0_us = now;
	t->n = ((now - v->t0_us) * v->cfg.fps + v->cfg.fps) / 1000000;
	if (v->begun && t->n <= v->last_n)
		return next_us(v, v->last_n);
	t->pts_us = tick_us(v, t->n);

	tick_open(v, t);
	if (!t->rungc && !t->shots) {
		tick_close(t);
		fall_idle(v);
		return UINT64_MAX;
	}
	if (!v->begun) {
		gov_init(&v->gov, now);
		v->awake_us = now;
	}
	due = v->begun ? next_us(v, v->last_n) : now;
	tick_run(v, now);
	tick_close(t);
	if (pool_workers(v->pool))
		governed(v, now, due);
	v->begun = true;
	v->last_n = t->n;

	return next_us(v, t->n);
}

/* --- the engine ------------------------------------------------------- */

static void shots_cancel(struct video *v)
{
	for (unsigned i = 0; i < v->shotc; i++)
		v->shotv[i].shoth(ECANCELED, NULL, v->shotv[i].arg);
	v->shotc = 0;
}

static void warm_job(void *arg, uint64_t now)
{
	struct video *v = arg;

	(void)now;
	on_worker();
	scene_warm(v->scene);
}

static void warm_idle(void *arg)
{
	(void)arg;
}

static void video_destructor(void *data)
{
	struct video *v = data;

	if (v->pool)
		pool_stop(v->pool);
	shots_cancel(v);
	mem_deref(v->scene);      /* its parties have jobs in the pool    */
	mem_deref(v->pool);
	pthread_mutex_destroy(&v->mtx);
}

int video_alloc(struct video **vp, const struct video_cfg *cfg)
{
	struct video *v;
	int err;

	if (!vp || !cfg)
		return EINVAL;
	v = mem_zalloc(sizeof(*v), video_destructor);
	if (!v)
		return ENOMEM;
	pthread_mutex_init(&v->mtx, NULL);
	v->cfg = *cfg;
	v->cfg.width = cfg->width ? cfg->width : 1280;
	v->cfg.height = cfg->height ? cfg->height : 720;
	v->cfg.fps = cfg->fps ? cfg->fps : 30;
	v->crop = cfg->crop;
	gov_init(&v->gov, 0);
	av_log_set_level(AV_LOG_FATAL);   /* peers could fill the log     */

	err = pool_alloc(&v->pool, cfg->workers, clock_handler, v);
	if (!err)
		err = scene_alloc(&v->scene, v->cfg.width, v->cfg.height,
				  dirty_handler, v);
	if (err) {
		mem_deref(v);
		return err;
	}
	pool_job_init(v->pool, &v->warm, warm_job, warm_idle, v);
	pool_job_leave(v->pool, &v->warm);        /* weighs nothing       */
	*vp = v;

	return 0;
}

int video_start(struct video *v)
{
	int err;

	if (!v)
		return EINVAL;
	err = pool_start(v->pool);
	if (!err && pool_workers(v->pool))
		pool_kick(v->pool, &v->warm);

	return err;
}

void video_stop(struct video *v)
{
	if (v)
		pool_stop(v->pool);
}

void video_run(struct video *v, uint64_t now_us)
{
	pool_run(v->pool, now_us);
}

void video_speaker(struct video *v, uint32_t leg)
{
	lock(v);
	v->speaker = leg;
	unlock(v);
}

void video_recording(struct video *v, bool on)
{
	lock(v);
	v->recording = on;
	unlock(v);
}

void video_fit(struct video *v, bool crop)
{
	lock(v);
	v->crop = crop;
	unlock(v);
}

int video_shot(struct video *v, video_shot_h *shoth, void *arg)
{
	int err = 0;

	if (!v || !shoth)
		return EINVAL;
	lock(v);
	if (v->shotc < SHOTS_MAX)
		v->shotv[v->shotc++] = (struct shot){shoth, arg};
	else
		err = EAGAIN;
	unlock(v);
	if (!err)
		pool_clock(v->pool, 0);

	return err;
}

/* --- sources ---------------------------------------------------------- */

static void src_destructor(void *data)
{
	struct video_src *src = data;
	struct video *v = src->v;
	unsigned n = 0;

	if (src->vin) {
		vin_close(src->vin);
		lock(v);
		for (unsigned i = 0; i < v->vinc; i++) {
			if (v->vinv[i] != src->vin)
				v->vinv[n++] = v->vinv[i];
		}
		v->vinc = n;
		unlock(v);
		atomic_fetch_add(&v->decode_us, vin_cpu_us(src->vin));
		vin_unref(src->vin);
	}
	mem_deref(v);
}

int video_src_alloc(struct video_src **srcp, struct video *v,
		    const struct ticket *t)
{
	struct video_src *src;
	int err;

	if (!srcp || !v || !t)
		return EINVAL;
	src = mem_zalloc(sizeof(*src), src_destructor);
	if (!src)
		return ENOMEM;
	src->v = mem_ref(v);
	err = vin_alloc(&src->vin, v->pool, t, v->cfg.eventh, v->cfg.arg);
	if (err)
		goto out;

	lock(v);
	if (v->vinc < VIDEO_SRCS_MAX)
		v->vinv[v->vinc++] = src->vin;
	else
		err = ENOSPC;
	unlock(v);
 out:
	if (err)
		mem_deref(src);
	else
		*srcp = src;

	return err;
}

int video_src_set(struct video_src *src, const struct ticket *t)
{
	if (!src || !t)
		return EINVAL;
	vin_set(src->vin, t);

	return 0;
}

void video_src_put(struct video_src *src, struct pkt *pkt)
{
	if (src && pkt)
		vin_put(src->vin, pkt);
	else
		pkt_put(pkt);
}

void video_src_sync(struct video_src *src, const struct rtp_sync *sync)
{
	if (src && sync)
		vin_sync(src->vin, sync);
}

void video_src_lipsync(struct video_src *src, video_offset_h *offseth,
		       video_hold_h *holdh, void *arg)
{
	if (src)
		vin_lipsync(src->vin, offseth, holdh, arg);
}

json_t *video_src_stats(const struct video_src *src)
{
	return src ? vin_stats(src->vin) : NULL;
}

/* --- watches ---------------------------------------------------------- */

static void watch_destructor(void *data)
{
	struct video_watch *w = data;
	struct video *v = w->v;
	struct rung *gone = NULL;

	lock(v);
	for (unsigned i = 0; i < v->rungc && w->rung; i++) {
		if (v->rungv[i].rung != w->rung || --v->rungv[i].watches)
			continue;
		gone = w->rung;
		v->rungv[i] = v->rungv[--v->rungc];
		break;
	}
	unlock(v);
	if (gone) {
		debug("rung %u ended", rung_id(gone));
		atomic_fetch_add(&v->encode_us, rung_cpu_us(gone));
		rung_unref(gone);         /* the list's                   */
	}
	rung_unref(w->rung);
	pool_clock(v->pool, 0);           /* it may be time to fall idle  */
	mem_deref(v);
}

static bool same(const struct video_rung *a, const struct video_rung *b)
{
	return a->codec == b->codec && a->width == b->width &&
	       a->height == b->height && a->fps == b->fps &&
	       a->kbps == b->kbps && a->pkt_mode == b->pkt_mode &&
	       a->level_idc == b->level_idc;
}

/* [m] held: the rung there is, or a new one; a reference for the caller */
static int rung_get(struct video *v, const struct video_rung *desc,
		    struct rung **rp)
{
	struct rung *r;
	int err;

	for (unsigned i = 0; i < v->rungc; i++) {
		if (!same(desc, rung_desc(v->rungv[i].rung)))
			continue;
		v->rungv[i].watches++;
		*rp = rung_ref(v->rungv[i].rung);
		rung_key(*rp);
		return 0;
	}
	if (v->rungc == RUNGS_MAX)
		return ENOSPC;

	err = rung_alloc(&r, ++v->last_rung, desc, v->cfg.width,
			 v->cfg.height, v->cfg.fps);
	if (err)
		return err;
	v->rungv[v->rungc].rung = r;
	v->rungv[v->rungc++].watches = 1;
	*rp = rung_ref(r);
	debug("rung %u began codec=%s size=%ux%u fps=%u kbps=%u", rung_id(r),
	      codec_name(desc->codec), desc->width, desc->height, desc->fps,
	      desc->kbps);

	return 0;
}

int video_watch_alloc(struct video_watch **wp, struct video *v,
		      const struct video_rung *rung)
{
	struct video_watch *w;
	int err;

	if (!wp || !v || !rung)
		return EINVAL;
	w = mem_zalloc(sizeof(*w), watch_destructor);
	if (!w)
		return ENOMEM;
	w->v = mem_ref(v);
	lock(v);
	err = rung_get(v, rung, &w->rung);
	unlock(v);
	if (err) {
		mem_deref(w);
		return err;
	}
	pool_clock(v->pool, 0);
	*wp = w;

	return 0;
}

uint32_t video_watch_rung(const struct video_watch *w)
{
	return w ? rung_id(w->rung) : 0;
}

void video_watch_key(struct video_watch *w)
{
	if (w)
		rung_key(w->rung);
}

/* --- statistics ------------------------------------------------------- */

json_t *video_stats(const struct video *v)
{
	struct video *w = (struct video *)v;
	json_t *rungs = json_array();
	uint64_t decode, encode, scale, label;
	unsigned srcs;

	if (!v)
		return NULL;
	decode = atomic_load(&w->decode_us);
	encode = atomic_load(&w->encode_us);
	lock(v);
	srcs = v->vinc;
	for (unsigned i = 0; i < v->vinc; i++)
		decode += vin_cpu_us(v->vinv[i]);
	for (unsigned i = 0; i < v->rungc; i++) {
		json_t *r = rung_stats(v->rungv[i].rung);

		encode += rung_cpu_us(v->rungv[i].rung);
		json_object_set_new(r, "watchers", json_integer(
			(json_int_t)v->rungv[i].watches));
		json_array_append_new(rungs, r);
	}
	unlock(v);
	scene_cpu(v->scene, &scale, &label);

	return json_pack("{s:{s:I,s:I,s:I,s:I},s:I,s:I,s:i,s:i,s:o}",
			 "cpu_us", "decode", (json_int_t)decode,
			 "scale", (json_int_t)scale,
			 "label", (json_int_t)label,
			 "encode", (json_int_t)encode,
			 "ticks", (json_int_t)atomic_load(&w->ticks),
			 "late", (json_int_t)atomic_load(&w->late),
			 "governor", (int)atomic_load(&w->step),
			 "sources", (int)srcs, "rungs", rungs);
}
