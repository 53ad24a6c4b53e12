/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video.c -- the video engine's doors: sources, watches, statistics
 */
#include <errno.h>
#include <string.h>

#include <libavutil/log.h>

#include <re.h>

#include "base/log.h"
#include "mixer/video_priv.h"

struct video_src {
	struct video *v;          /* [I] strong                           */
	struct vin *vin;          /* [I]                                  */
};

struct video_watch {
	struct video *v;          /* [I] strong                           */
	struct rung *rung;        /* [I]                                  */
};

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

	err = pool_alloc(&v->pool, cfg->workers, video_tick, v);
	if (!err)
		err = scene_alloc(&v->scene, v->cfg.width, v->cfg.height,
				  video_dirty, v);
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
	video_lock(v);
	v->speaker = leg;
	video_unlock(v);
}

void video_recording(struct video *v, bool on)
{
	video_lock(v);
	v->recording = on;
	video_unlock(v);
}

void video_fit(struct video *v, bool crop)
{
	video_lock(v);
	v->crop = crop;
	video_unlock(v);
}

void video_room(struct video *v, const char *layout, uint32_t spotlight)
{
	(void)v;
	(void)layout;
	(void)spotlight;
}

int video_shot(struct video *v, video_shot_h *shoth, void *arg)
{
	int err = 0;

	if (!v || !shoth)
		return EINVAL;
	video_lock(v);
	if (v->shotc < SHOTS_MAX)
		v->shotv[v->shotc++] = (struct shot){shoth, arg};
	else
		err = EAGAIN;
	video_unlock(v);
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
		video_lock(v);
		for (unsigned i = 0; i < v->vinc; i++) {
			if (v->vinv[i] != src->vin)
				v->vinv[n++] = v->vinv[i];
		}
		v->vinc = n;
		video_unlock(v);
		atomic_fetch_add(&v->decode_us, vin_cpu_us(src->vin));
		vin_unref(src->vin);
	}
	mem_deref(v);
}

int video_src_alloc(struct video_src **srcp, struct video *v,
		    const struct ticket *t, bool slides)
{
	struct video_src *src;
	int err;

	if (!srcp || !v || !t)
		return EINVAL;
	if (slides)
		return ENOTSUP;           /* comes with the scenes        */
	src = mem_zalloc(sizeof(*src), src_destructor);
	if (!src)
		return ENOMEM;
	src->v = mem_ref(v);
	err = vin_alloc(&src->vin, v->pool, t, v->cfg.eventh, v->cfg.arg);
	if (err)
		goto out;

	video_lock(v);
	if (v->vinc < VIDEO_SRCS_MAX)
		v->vinv[v->vinc++] = src->vin;
	else
		err = ENOSPC;
	video_unlock(v);
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

void video_src_wait(struct video_src *src, unsigned ms)
{
	if (src)
		vin_wait(src->vin, ms);
}

void video_src_need(const struct video_src *src, unsigned *wp, unsigned *hp)
{
	(void)src;
	*wp = *hp = 0;
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

	video_lock(v);
	for (unsigned i = 0; i < v->rungc && w->rung; i++) {
		if (v->rungv[i].rung != w->rung || --v->rungv[i].watches)
			continue;
		gone = w->rung;
		v->rungv[i] = v->rungv[--v->rungc];
		break;
	}
	video_unlock(v);
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
		      const struct video_rung *rung, const char *layout)
{
	struct video_watch *w;
	int err;

	if (!wp || !v || !rung)
		return EINVAL;
	if (layout && *layout && strcmp(layout, "grid"))
		return ENOENT;
	w = mem_zalloc(sizeof(*w), watch_destructor);
	if (!w)
		return ENOMEM;
	w->v = mem_ref(v);
	video_lock(v);
	err = rung_get(v, rung, &w->rung);
	video_unlock(v);
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
	video_lock(v);
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
	video_unlock(v);
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
