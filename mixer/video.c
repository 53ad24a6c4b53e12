/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video.c -- the video engine's doors: sources, room, statistics
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
	label_warm(v->label);
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
	scenes_end(v);
	mem_deref(v->stage);      /* its faces have jobs in the pool      */
	mem_deref(v->label);
	mark_image_unref(v->watermark);
	mem_deref(v->pool);
	mem_deref(v->layouts);
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
		err = label_alloc(&v->label);
	if (!err)
		err = stage_alloc(&v->stage, v->cfg.fps);
	if (!err)
		err = layout_set_alloc(&v->layouts);
	if (err) {
		mem_deref(v);
		return err;
	}
	v->layout = layout_find(v->layouts, NULL);
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

/* Who leads is remembered when nobody speaks. */
static void spoke(struct video *v, uint32_t leg)
{
	unsigned i;

	for (i = 0; i < v->spokec && v->spokev[i] != leg; i++)
		;
	if (i == v->spokec && v->spokec < SPOKE_MAX)
		v->spokec++;
	if (i == SPOKE_MAX)
		i--;
	memmove(&v->spokev[1], &v->spokev[0], sizeof(v->spokev[0]) * i);
	v->spokev[0] = leg;
}

void video_speaker(struct video *v, uint32_t leg)
{
	bool other;

	video_lock(v);
	v->speaker = leg;
	if (leg)
		spoke(v, leg);
	other = video_lead(v) != v->lead;
	video_unlock(v);
	if (other)
		watches_settle(v);
}

void video_recording(struct video *v, bool on)
{
	video_lock(v);
	v->recording = on;
	video_unlock(v);
}

void video_look(struct video *v, const struct look *look)
{
	video_lock(v);
	v->look = *look;
	video_unlock(v);
}

void video_watermark(struct video *v, struct mark_image *image)
{
	struct mark_image *old;

	video_lock(v);
	old = v->watermark;
	v->watermark = mark_image_ref(image);
	video_unlock(v);
	mark_image_unref(old);
}

void video_fit(struct video *v, bool crop)
{
	video_lock(v);
	v->crop = crop;
	video_unlock(v);
}

void video_room(struct video *v, const char *layout,
		const struct pins *spotlights)
{
	const struct layout *l = layout_find(v->layouts, layout);

	if (!l)
		debug("layout unknown name=\"%s\"\n", layout);
	video_lock(v);
	v->spotlights = *spotlights;
	if (l)
		v->layout = l;
	video_unlock(v);
	watches_settle(v);
}

int video_layouts(struct video *v, const struct layout_text *textv,
		  size_t textc, char *errbuf, size_t errsz)
{
	int err = layout_set_use(v->layouts, textv, textc, errbuf, errsz);

	if (!err)
		watches_settle(v);

	return err;
}

bool video_layout_known(const struct video *v, const char *name)
{
	return layout_find(v->layouts, name) != NULL;
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

	on_loop();
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
		watches_settle(v);
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
	src = mem_zalloc(sizeof(*src), src_destructor);
	if (!src)
		return ENOMEM;
	src->v = mem_ref(v);
	err = vin_alloc(&src->vin, v->pool, t, slides, v->cfg.eventh,
			v->cfg.arg);
	if (err || t->watcher)            /* who only watches has no tile */
		goto out;

	video_lock(v);
	if (v->vinc < VIDEO_SRCS_MAX)
		v->vinv[v->vinc++] = src->vin;
	else
		err = ENOSPC;
	video_unlock(v);
	watches_settle(v);
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
	*wp = *hp = 0;
	if (src)
		vin_needed(src->vin, wp, hp);
}

void video_src_trouble(struct video_src *src, bool on)
{
	if (src)
		vin_trouble(src->vin, on);
}

json_t *video_src_stats(const struct video_src *src)
{
	return src ? vin_stats(src->vin) : NULL;
}

/* --- statistics ------------------------------------------------------- */

static json_t *vkey_json(const struct vkey *key)
{
	return json_pack("{s:s,s:I,s:o,s:I}", "layout", key->layout,
			 "hide", (json_int_t)key->hide,
			 "pins", pins_encode(&key->pins),
			 "own", (json_int_t)key->own);
}

json_t *video_stats(const struct video *v)
{
	struct video *w = (struct video *)v;
	json_t *rungs = json_array();
	uint64_t decode, encode;
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
		json_object_update_new(r, vkey_json(&v->rungv[i].key));
		json_array_append_new(rungs, r);
	}
	video_unlock(v);

	return json_pack("{s:{s:I,s:I,s:I,s:I},s:I,s:I,s:i,s:i,s:i,s:o}",
			 "cpu_us", "decode", (json_int_t)decode,
			 "scale", (json_int_t)atomic_load(&w->scale_us),
			 "label", (json_int_t)atomic_load(&w->label_us),
			 "encode", (json_int_t)encode,
			 "ticks", (json_int_t)atomic_load(&w->ticks),
			 "late", (json_int_t)atomic_load(&w->late),
			 "governor", (int)atomic_load(&w->step),
			 "scenes", (int)atomic_load(&w->scenes),
			 "sources", (int)srcs, "rungs", rungs);
}
