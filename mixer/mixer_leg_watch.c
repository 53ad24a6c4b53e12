/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_leg_watch.c -- which picture a leg is sent
 *
 * The best rung of the ladder that its SDP (codec, level, sizes, b=), its
 * wish and the path to it (leg_rate.h) allow, of the view that it chose.
 */
#include <string.h>

#include "base/log.h"
#include "base/mixproto.h"
#include "mixer/mixer_priv.h"

enum { SOUND_MS = 1000 };         /* between two looks without a picture  */

static bool view_equal(const struct video_view *a, const struct video_view *b)
{
	return a->self == b->self && a->hide_self == b->hide_self
		&& pins_equal(&a->pins, &b->pins)
		&& !strcmp(a->layout, b->layout);
}

/* How it chose to see; a layout that is not known is the room's. */
static ON(loop) int watch_new(struct mixer_leg *ml,
			      const struct video_rung *rung,
			      const struct video_view *view,
			      struct video_watch **wp)
{
	struct video_view room = *view;
	int err;

	err = video_watch_alloc(wp, ml->mixer->video, rung, view);
	if (err != ENOENT || !view->layout[0])
		return err;

	warning("leg %u: no layout \"%s\"\n", ml->ticket.id, view->layout);
	room.layout = "";

	return video_watch_alloc(wp, ml->mixer->video, rung, &room);
}

/* ---- rungs ----------------------------------------------------------- */

/* What it wishes, or less when time runs out.  A recording needs the top
 * rung anyway: another one would only be more work then. */
static ON(loop) unsigned max_height(const struct mixer_leg *ml)
{
	const unsigned wish = ml->ticket.max_height;
	const unsigned load = ml->mixer->rec ? 0 : ml->mixer->load_height;

	return load && (!wish || load < wish) ? load : wish;
}

/* The best for so many kbit/s of picture, 0: any number */
static ON(loop) int pick(const struct mixer_leg *ml, uint32_t kbps,
			 struct video_rung *rung)
{
	const struct mixer *mixer = ml->mixer;
	const struct ticket *t = &ml->ticket;

	memset(rung, 0, sizeof(*rung));

	return video_ladder_pick(&mixer->ladder, &t->video, mixer->width,
				 mixer->height, mixer->fps, max_height(ml),
				 t->max_fps, kbps, rung);
}

/* The best that costs no more than that, headers and all */
static ON(loop) int pick_cost(const struct mixer_leg *ml, uint32_t cost,
			      struct video_rung *rung)
{
	uint32_t kbps = cost == UINT32_MAX ? 0 : cost;
	int err;

	if (!cost)
		return EAGAIN;

	for (;;) {
		err = pick(ml, kbps, rung);
		if (err || leg_rate_cost(rung) <= cost)
			return err;
		if (rung->kbps < 2)
			return EAGAIN;
		kbps = rung->kbps - 1;
	}
}

/* What the rung above costs, 0: there is none */
static ON(loop) uint32_t cost_above(const struct mixer_leg *ml)
{
	const uint32_t cur = ml->watch ? ml->rung.kbps : 0;
	struct video_rung r;
	uint32_t cost = 0, kbps = 0;

	while (!pick(ml, kbps, &r) && r.kbps > cur) {
		cost = leg_rate_cost(&r);
		kbps = r.kbps - 1;
		if (!kbps)
			break;
	}

	return cost;
}

static ON(loop) bool is_last(const struct mixer_leg *ml)
{
	struct video_rung r;

	return ml->rung.kbps < 2 || pick(ml, ml->rung.kbps - 1, &r);
}

static ON(loop) void log_rung(const struct mixer_leg *ml, const char *why)
{
	const struct video_rung *r = &ml->rung;
	const struct ticket *t = &ml->ticket;

	info("leg %u watches %s/%ux%u@%u %u kbit/s layout=%s why=%s\n", t->id,
	     codec_name(r->codec), r->width, r->height, r->fps, r->kbps,
	     t->layout[0] ? t->layout : "room's", why);
}

static ON(loop) void watch_begin(struct mixer_leg *ml,
				 struct video_watch *watch,
				 const struct video_rung *rung,
				 const char *why)
{
	mem_deref(ml->watch);
	ml->watch = watch;
	ml->rung = *rung;
	ml->next_cost = cost_above(ml);
	ml->last = is_last(ml);
	log_rung(ml, why);
	ml->rung_why = why;
}

static ON(loop) void watch_end(struct mixer_leg *ml, const char *why)
{
	ml->next = mem_deref(ml->next);
	if (ml->watch && why) {
		info("leg %u watches nothing why=%s\n", ml->ticket.id, why);
		ml->watch = mem_deref(ml->watch);
		memset(&ml->rung, 0, sizeof(ml->rung));
		ml->rung_why = why;
	}
	ml->watch = mem_deref(ml->watch);
	memset(&ml->rung, 0, sizeof(ml->rung));
	ml->next_cost = ml->ticket.video.on && ml->ticket.video.send ?
		cost_above(ml) : 0;
}

static struct video_view view_of(const struct ticket *t)
{
	return (struct video_view){
		.layout = t->layout, .self = t->id,
		.hide_self = t->hide_self, .pins = t->pins,
	};
}

/* The picture this leg is sent: the best it can take and wants. */
static ON(loop) int watch(struct mixer_leg *ml, const char *why)
{
	const struct ticket *t = &ml->ticket;
	const struct video_view view = view_of(t);
	struct video_watch *next = NULL;
	struct video_rung rung;
	int err;

	if (!t->video.on || !t->video.send
	    || pick_cost(ml, ml->budget, &rung)) {
		watch_end(ml, NULL);
		return 0;
	}
	ml->next_cost = cost_above(ml);
	if (ml->watch && video_rung_same(&rung, &ml->rung)
	    && view_equal(&view, &ml->view)) {
		/* a larger one that it waits for is not wanted any more */
		ml->next = mem_deref(ml->next);
		return 0;
	}

	err = watch_new(ml, &rung, &view, &next);
	if (err)
		return err;

	ml->next = mem_deref(ml->next);
	memcpy(ml->layout, t->layout, sizeof(ml->layout));
	ml->view = view;
	ml->view.layout = ml->layout;
	watch_begin(ml, next, &rung, why);

	return 0;
}

int mixer_leg_watch(struct mixer_leg *ml)
{
	return watch(ml, "asked");
}

int mixer_leg_load(struct mixer_leg *ml)
{
	return watch(ml, "load");
}

/* ---- moves ------------------------------------------------------------ */

/* At once: what is under way of the larger one only makes it worse. */
static ON(loop) void move_down(struct mixer_leg *ml, uint32_t cost)
{
	struct video_watch *watch = NULL;
	struct video_rung rung;

	ml->budget = cost;
	ml->next = mem_deref(ml->next);
	leg_drop_video(ml->leg);
	if (pick_cost(ml, cost, &rung)) {
		watch_end(ml, "congestion");
		return;
	}
	if (video_rung_same(&rung, &ml->rung)
	    || watch_new(ml, &rung, &ml->view, &watch)) {
		video_watch_key(ml->watch);
		return;
	}
	watch_begin(ml, watch, &rung, "congestion");
}

/* The old rung is sent until the new one has a key frame, which all who
 * come to it in this half second share. */
static ON(loop) void move_up(struct mixer_leg *ml, uint32_t cost)
{
	struct video_watch *watch = NULL;
	struct video_rung rung;
	const struct video_view view = view_of(&ml->ticket);

	ml->budget = cost;
	if (pick_cost(ml, cost, &rung)
	    || (ml->watch && video_rung_same(&rung, &ml->rung)))
		return;
	if (!ml->watch) {
		(void)mixer_leg_watch(ml);
		return;
	}
	if (watch_new(ml, &rung, &view, &watch))
		return;

	mem_deref(ml->next);
	ml->next = watch;
	ml->next_rung = rung;
}

bool mixer_leg_watches(struct mixer_leg *ml, const struct unit *unit)
{
	struct video_watch *next = ml->next;

	if (next && unit->key && video_watch_rung(next) == unit->stream) {
		ml->next = NULL;
		watch_begin(ml, next, &ml->next_rung, "room");
	}

	return ml->watch && video_watch_rung(ml->watch) == unit->stream;
}

static bool watching(const struct mixer_leg *ml)
{
	return ml->ticket.video.on && ml->ticket.video.send;
}

/* Sound adapts as well, so that a picture has room beside it */
static ON(loop) void path_get(struct mixer_leg *ml, struct leg_path *path,
			      uint64_t now)
{
	uint32_t kbps;

	leg_path(ml->leg, path, now);
	kbps = audio_leg_path(ml->audio, path->bound ? path->kbps : 0);
	if (!kbps)
		return;

	leg_sound_less(ml->leg, kbps);
	leg_path(ml->leg, path, now);
}

void mixer_leg_rate(struct mixer_leg *ml, uint64_t now)
{
	struct leg_rate_in in = {
		.cur = ml->watch ? leg_rate_cost(&ml->rung) : 0,
		.next = ml->next ? 0 : ml->next_cost,
		.last = ml->watch && ml->last,
	};
	struct leg_rate_out out;

	if (now < mixer_leg_rate_due(ml))
		return;

	ml->rate_us = now;
	if (ml->rung_why)
		mixer_leg_rung_tell(ml, ml->rung_why);
	ml->rung_why = NULL;
	path_get(ml, &in.path, now);
	if (!watching(ml))
		return;
	switch (leg_rate_step(&ml->rate, &in, &out, now)) {

	case LEG_RATE_DOWN:
		debug("leg %u congested estimate=%u sending=%u audio=%u"
		      " cur=%u loss=%.2f queue_ms=%u since_ms=%u\n",
		      ml->ticket.id, in.path.kbps, in.path.sending_kbps,
		      in.path.audio_kbps, in.cur, (double)in.path.loss,
		      in.path.queue_ms, ml->rate.fell_ms);
		move_down(ml, out.kbps);
		break;

	case LEG_RATE_TRY:
		leg_try(ml->leg, out.path_kbps, now);
		move_up(ml, out.kbps);
		break;

	case LEG_RATE_UP:
		move_up(ml, out.kbps);
		break;

	case LEG_RATE_PROBE:
		debug("leg %u probes %u kbit/s estimate=%u sending=%u"
		      " next=%u\n", ml->ticket.id, out.path_kbps,
		      in.path.kbps, in.path.sending_kbps, in.next);
		leg_probe(ml->leg, out.path_kbps, now);
		break;

	case LEG_RATE_STAY:
		break;
	}
}

uint64_t mixer_leg_rate_due(const struct mixer_leg *ml)
{
	if (watching(ml))
		return ml->rate_us + LEG_RATE_MS * 1000ull;

	return ml->ticket.audio.on && ml->ticket.audio.send
		? ml->rate_us + SOUND_MS * 1000ull : UINT64_MAX;
}

/* What people see of it */
void mixer_leg_rung_stats(const struct mixer_leg *ml, json_t *obj)
{
	struct leg_path path;

	leg_path(ml->leg, &path, ml->rate_us);
	json_object_set_new(obj, "tx_kbps", json_integer(path.sending_kbps));
	json_object_set_new(obj, "tx_audio_kbps",
			    json_integer(path.audio_kbps));
	json_object_set_new(obj, "tx_bound", json_boolean(path.bound));
	if (path.kbps)
		json_object_set_new(obj, "tx_estimate_kbps",
				    json_integer(path.kbps));
	json_object_set_new(obj, "rung_downs", json_integer(ml->rate.downs));
	json_object_set_new(obj, "rung_ups", json_integer(ml->rate.ups));
	if (!ml->watch)
		return;
	json_object_set_new(obj, "tx_width", json_integer(ml->rung.width));
	json_object_set_new(obj, "tx_height", json_integer(ml->rung.height));
	json_object_set_new(obj, "tx_fps", json_integer(ml->rung.fps));
	json_object_set_new(obj, "tx_rung_kbps", json_integer(ml->rung.kbps));
}

void mixer_leg_rung_tell(struct mixer_leg *ml, const char *why)
{
	const struct video_rung *r = &ml->rung;
	struct leg_path path;

	leg_path(ml->leg, &path, ml->rate_us);
	mixer_tell(ml->mixer, MIX_RUNG,
		   json_pack("{sI ss sI sI sI sI sI ss}",
			     "id", (json_int_t)ml->ticket.id,
			     "codec", r->codec ? codec_name(r->codec) : "",
			     "width", (json_int_t)r->width,
			     "height", (json_int_t)r->height,
			     "fps", (json_int_t)r->fps,
			     "kbps", (json_int_t)r->kbps,
			     "estimate_kbps", (json_int_t)path.kbps,
			     "why", why));
}
