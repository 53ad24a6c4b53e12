/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_tick.c -- one turn of the video engine: draw, encode, hand out
 */
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "base/clock.h"
#include "base/log.h"
#include "mixer/video_clock.h"
#include "mixer/video_priv.h"

enum {
	SHOT_WAIT_US = 1000000,   /* for pictures when nobody watched     */
	SHOT_MIN_US  = 250000,    /* for packets to show who sends        */
	LEAD_MIN_US  = 4000,      /* decoding before the tick             */
	GOV_START_US = 1500000,   /* fonts, encoders, everybody's first
	                           * key frame: says nothing yet          */
};

static void tick_open(struct video *v, struct tick *t)
{
	video_lock(v);
	t->vinc = v->vinc;
	for (unsigned i = 0; i < v->vinc; i++)
		t->vinv[i] = vin_ref(v->vinv[i]);
	t->rungc = v->rungc;
	for (unsigned i = 0; i < v->rungc; i++) {
		t->rungv[i].rung = rung_ref(v->rungv[i].rung);
		t->rungv[i].key = v->rungv[i].key;
		t->rungv[i].vs = NULL;
	}
	t->layout = v->layout;
	t->speaker = v->speaker;
	t->spotlights = v->spotlights;
	t->spokec = v->spokec;
	memcpy(t->spokev, v->spokev, sizeof(t->spokev));
	t->recording = v->recording;
	t->look = v->look;
	t->watermark = mark_image_ref(v->watermark);
	t->crop = v->crop;
	t->shots = v->shotc > 0;
	video_unlock(v);
	t->duec = t->drawc = 0;
}

static void tick_close(struct tick *t)
{
	for (unsigned i = 0; i < t->vinc; i++)
		vin_unref(t->vinv[i]);
	for (unsigned i = 0; i < t->rungc; i++)
		rung_unref(t->rungv[i].rung);
	mark_image_unref(t->watermark);
	t->watermark = NULL;
	t->vinc = t->rungc = t->duec = 0;
}

/* Each takes the next scene: its canvas in the sizes that are due. */
static void scale_part(void *arg)
{
	struct video *v = arg;
	struct tick *t = &v->tick;
	unsigned i;

	while ((i = atomic_fetch_add(&t->next, 1)) < t->drawc) {
		struct vscene *vs = t->drawv[i];
		uint64_t t0 = video_cpu_us();

		smalls_make(&vs->smalls, vscene_canvas(vs));
		atomic_fetch_add(&v->scale_us, video_cpu_us() - t0);
	}
}

static void scale_all(struct video *v)
{
	struct tick *t = &v->tick;
	bool any = false;

	for (unsigned i = 0; i < t->duec; i++) {
		const struct video_rung *d = rung_desc(t->duev[i]->rung);

		if (d->width == v->cfg.width && d->height == v->cfg.height)
			continue;
		any = true;
		if (smalls_want(&t->duev[i]->vs->smalls, d->width, d->height))
			debug("rung %u: no picture in its size",
			      rung_id(t->duev[i]->rung));
	}
	if (!any)
		return;
	atomic_store(&t->next, 0);
	if (t->drawc > 1)
		pool_spread(v->pool, t->drawc - 1, scale_part, v);
	else
		scale_part(v);
}

/* On several workers at a time: each takes the next rung. */
static void encode_part(void *arg)
{
	struct video *v = arg;
	struct tick *t = &v->tick;
	unsigned i;

	while ((i = atomic_fetch_add(&t->next, 1)) < t->duec) {
		struct unit *unit = NULL;
		struct trung *r = t->duev[i];
		const struct video_rung *d = rung_desc(r->rung);
		const struct vpic *pic = smalls_get(&r->vs->smalls,
			vscene_canvas(r->vs), d->width, d->height);
		int err = pic ? rung_encode(r->rung, pic, t->pts_us, &unit) :
			ENOMEM;

		if (err)
			debug("rung %u encoding failed: %m",
			      rung_id(r->rung), err);
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
		struct trung *r = &t->rungv[i];

		rung_tune(r->rung, gov_divisor(&v->gov), gov_fast(&v->gov));
		if (r->vs && rung_due(r->rung, t->n))
			t->duev[t->duec++] = r;
	}
	scale_all(v);
	atomic_store(&t->next, 0);
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
static bool shots_ready(const struct video *v, const struct vscene *room,
			uint64_t now)
{
	uint64_t waited = now - room->since_us;

	if (waited >= SHOT_WAIT_US || !v->tick.vinc)
		return true;

	return waited >= SHOT_MIN_US && scene_complete(room->scene);
}

static void shots_serve(struct video *v, uint64_t now)
{
	const struct vscene *room = scenes_room(v);
	struct shot readyv[SHOTS_MAX];
	unsigned n;

	if (room && !shots_ready(v, room, now))
		return;
	video_lock(v);
	n = v->shotc;
	memcpy(readyv, v->shotv, sizeof(readyv[0]) * n);
	v->shotc = 0;
	video_unlock(v);

	for (unsigned i = 0; i < n; i++) {
		AVFrame *f = room ? canvas_copy(vscene_canvas(room)) :
			NULL;

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

static void governor_tell(struct video *v)
{
	atomic_store(&v->step, v->gov.step);
	if (v->cfg.eventh)
		v->cfg.eventh(VIDEO_LOAD, v->gov.step, v->cfg.arg);
}

/* Nobody looks any more: what was too much until now need not be again. */
static void governor_end(struct video *v, uint64_t now)
{
	const bool was = v->gov.step;

	gov_init(&v->gov, now);
	if (was)
		governor_tell(v);
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
	if (gov_tick(&v->gov, end, end - start, next - tick_us(v, t->n),
		     late))
		governor_tell(v);
}

/* Returns when a turn is needed though nobody watches */
static uint64_t tick_run(struct video *v, uint64_t now)
{
	struct tick *t = &v->tick;
	const bool watched = t->rungc || t->shots;
	stage_set(v->stage, t->vinv, t->vinc, &t->spotlights);
	if (!watched)
		return stage_done(v->stage, false, now);

	stage_update(v->stage, t->speaker, now, t->pts_us + 500000 / v->cfg.fps);
	scenes_set(v, now);
	stage_done(v->stage, true, now);
	scenes_draw(v);
	encode_all(v);
	if (t->shots)
		shots_serve(v, now);
	atomic_fetch_add(&v->ticks, 1);

	return UINT64_MAX;
}

/* Nobody looks any more: no decoding, no pictures kept. */
static uint64_t fall_idle(struct video *v, uint64_t now)
{
	uint64_t at;

	scenes_end(v);
	at = tick_run(v, now);
	tick_close(&v->tick);
	governor_end(v, now);
	v->begun = false;

	return at;
}

/* --- decoding in one go ------------------------------------------------ */

/* A picture that comes just after a tick has time until the next one.  So
 * what comes is gathered, and decoded stream after stream in one go before
 * the tick: a wake-up for all instead of one for each, and caches that are
 * warm.  What comes in the meantime is decoded as it comes, so nobody is
 * seen later than he would have been. */
static uint64_t lead_us(const struct video *v, uint64_t period)
{
	uint64_t lead = LEAD_MIN_US + 3 * v->dec_us / pool_workers(v->pool);

	return lead < period ? lead : period;
}

static void gather(struct video *v)
{
	struct tick *t = &v->tick;
	uint64_t all = 0;

	if (!pool_workers(v->pool))
		return;           /* driven by a test's clock             */
	for (unsigned i = 0; i < t->vinc; i++) {
		all += vin_cpu_us(t->vinv[i]);
		vin_gather(t->vinv[i], true);
	}
	v->dec_us -= v->dec_us / 16;
	if (all > v->decoded_us && all - v->decoded_us > v->dec_us)
		v->dec_us = all - v->decoded_us;
	v->decoded_us = all;
	v->gathering = true;
}

static void gather_end(struct video *v)
{
	if (!v->gathering)
		return;
	v->gathering = false;
	video_lock(v);
	for (unsigned i = 0; i < v->vinc; i++)
		vin_gather(v->vinv[i], false);
	video_unlock(v);
}

/* Between two ticks: when to come again */
static uint64_t between(struct video *v, uint64_t now)
{
	uint64_t next = next_us(v, v->last_n);
	uint64_t at = next - lead_us(v, next - tick_us(v, v->last_n));

	if (v->gathering && now < at)
		return at;
	gather_end(v);

	return next;
}

/* The grid of turns moves a little; pictures carry the time of their turn,
 * so it is later by as much and nothing else happens. */
static void phase_move(struct video *v, uint64_t now)
{
	const struct phase_wait *wv[PHASE_MAX];
	unsigned n;

	if (!pool_workers(v->pool) || gov_divisor(&v->gov) > 1)
		return;           /* a test's clock, or nobody's pleasure */
	n = stage_waits(v->stage, wv, PHASE_MAX);
	v->t0_us += phase_turn(&v->phase, wv, n, 1000000 / v->cfg.fps, now);
}

uint64_t video_tick(uint64_t now, void *arg)
{
	struct video *v = arg;
	struct tick *t = &v->tick;
	uint64_t due;

	on_worker();
	if (!v->t0_us)
		v->t0_us = now;
	t->n = ((now - v->t0_us) * v->cfg.fps + v->cfg.fps) / 1000000;
	if (v->begun && (t->n <= v->last_n || now < next_us(v, v->last_n)))
		return pool_workers(v->pool) ? between(v, now) :
			next_us(v, v->last_n);
	gather_end(v);
	t->pts_us = tick_us(v, t->n);

	tick_open(v, t);
	if (!t->rungc && !t->shots)
		return fall_idle(v, now);
	if (!v->begun) {
		gov_init(&v->gov, now);
		v->awake_us = now;
	}
	due = v->begun ? next_us(v, v->last_n) : now;
	(void)tick_run(v, now);
	gather(v);
	tick_close(t);
	if (pool_workers(v->pool))
		governed(v, now, due);
	phase_move(v, now);
	v->begun = true;
	v->last_n = t->n;

	return pool_workers(v->pool) ? between(v, now) : next_us(v, t->n);
}
