/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_scenes.c -- the scenes that are watched, made and ended
 *
 * One for each view that somebody has, one for the room.  Each is drawn
 * only in turns in which it is watched, recorded or photographed.
 */
#include <string.h>
#include <time.h>

#include <re.h>

#include "base/clock.h"
#include "base/log.h"
#include "mixer/video_priv.h"

/* What a scene drew anew, for those who encode it */
static void dirty_handler(const struct layout_rect *rect, void *arg)
{
	struct vscene *vs = arg;
	struct tick *t = &vs->v->tick;

	smalls_stale(&vs->smalls);
	for (unsigned i = 0; i < t->rungc; i++) {
		if (t->rungv[i].vs == vs)
			rung_mark(t->rungv[i].rung, rect);
	}
}

static void scene_end(struct vscene *vs)
{
	const struct scene_want nobody = {0};

	if (!vs->scene)
		return;
	vscene_filter_end(vs);
	scene_set(vs->scene, &nobody);
	vs->scene = mem_deref(vs->scene);
	smalls_close(&vs->smalls);
	atomic_fetch_sub(&vs->v->scenes, 1);
}

void scenes_end(struct video *v)
{
	for (unsigned i = 0; i < SCENES_MAX; i++)
		scene_end(&v->scenev[i]);
}

static const struct vkey room;

static struct vscene *find(struct video *v, const struct vkey *key)
{
	for (unsigned i = 0; i < SCENES_MAX; i++) {
		if (v->scenev[i].scene && vkey_equal(&v->scenev[i].key, key))
			return &v->scenev[i];
	}

	return NULL;
}

struct vscene *scenes_room(struct video *v)
{
	return find(v, &room);
}

/* The scene of this key; a new one if there is none, NULL: no memory */
static struct vscene *scene_get(struct video *v, const struct vkey *key,
				uint64_t now)
{
	struct vscene *vs = find(v, key);

	for (unsigned i = 0; !vs && i < SCENES_MAX; i++) {
		if (!v->scenev[i].scene)
			vs = &v->scenev[i];
	}
	if (!vs || vs->scene)
		return vs;

	vs->v = v;
	vs->key = *key;
	vs->since_us = now;
	memset(&vs->cast, 0, sizeof(vs->cast));
	if (scene_alloc(&vs->scene, v->cfg.width, v->cfg.height, v->label,
			dirty_handler, vs)) {
		debug("layout %s: no scene", key->layout);
		return NULL;
	}
	atomic_fetch_add(&v->scenes, 1);

	return vs;
}

/* Those nobody watches any more, before there are new ones */
static void end_unwatched(struct video *v)
{
	struct tick *t = &v->tick;

	for (unsigned i = 0; i < SCENES_MAX; i++) {
		struct vscene *vs = &v->scenev[i];
		bool used = t->shots && vkey_is_room(&vs->key);

		for (unsigned k = 0; k < t->rungc && !used; k++)
			used = vkey_equal(&t->rungv[k].key, &vs->key);
		if (!used)
			scene_end(vs);
	}
}

/* The one that is there now; a layout that is no more is the room's. */
static const struct layout *layout_of(const struct vscene *vs,
				      const struct tick *t)
{
	const struct layout *l = vs->key.layout[0] ?
		layout_find(vs->v->layouts, vs->key.layout) : NULL;

	return l ? l : t->layout;
}

static void fill(struct video *v, struct vscene *vs, uint64_t now)
{
	const struct tick *t = &v->tick;
	const struct stage_cue cue = {
		.spokev = t->spokev, .spokec = t->spokec,
		.large = vs->key.pins.legc ? &vs->key.pins : &t->spotlights,
		.notv = {vs->key.hide, vs->key.own},
	};
	const struct scene_want want = {
		.view = t->look.hold == LOOK_HOST ? NULL :
			stage_view(v->stage), .cast = &vs->cast,
		.layout = layout_of(vs, t), .hide = vs->key.hide,
		.speaker = t->speaker,
		.recording = t->recording, .crop = t->crop,
		.look = &t->look, .clock = t->clock[0] ? t->clock : NULL,
		.watermark = t->watermark,
		.moves = v->gov.step == 0, .now_us = t->pts_us,
	};

	stage_cast(v->stage, &cue, &vs->cast, now);
	scene_set(vs->scene, &want);
}

/* Of the server's time zone, to the minute */
static void clock_set(struct tick *t)
{
	const time_t s = (time_t)(clock_wall_us() / 1000000);
	struct tm tm;

	t->clock[0] = '\0';
	if (t->look.clock && localtime_r(&s, &tm))
		(void)strftime(t->clock, sizeof(t->clock), "%H:%M", &tm);
}

void scenes_set(struct video *v, uint64_t now)
{
	struct tick *t = &v->tick;

	clock_set(t);

	end_unwatched(v);
	for (unsigned i = 0; i < SCENES_MAX; i++)
		v->scenev[i].used = false;
	for (unsigned i = 0; i < t->rungc; i++) {
		t->rungv[i].vs = scene_get(v, &t->rungv[i].key, now);
		if (t->rungv[i].vs)
			t->rungv[i].vs->used = true;
	}
	if (t->shots) {
		struct vscene *vs = scene_get(v, &room, now);

		if (vs)
			vs->used = true;
	}

	t->drawc = 0;
	for (unsigned i = 0; i < SCENES_MAX; i++) {
		if (!v->scenev[i].used)
			continue;
		fill(v, &v->scenev[i], now);
		t->drawv[t->drawc++] = &v->scenev[i];
	}
}

/* On several workers at a time: each takes the next scene. */
static void draw_part(void *arg)
{
	struct video *v = arg;
	struct tick *t = &v->tick;
	unsigned i;

	while ((i = atomic_fetch_add(&t->next, 1)) < t->drawc) {
		uint64_t scale, label, scale0, label0;

		scene_cpu(t->drawv[i]->scene, &scale0, &label0);
		scene_draw(t->drawv[i]->scene);
		vscene_filter(t->drawv[i]);
		scene_cpu(t->drawv[i]->scene, &scale, &label);
		atomic_fetch_add(&v->scale_us, scale - scale0);
		atomic_fetch_add(&v->label_us, label - label0);
	}
}

void scenes_draw(struct video *v)
{
	struct tick *t = &v->tick;

	atomic_store(&t->next, 0);
	if (t->drawc > 1)
		pool_spread(v->pool, t->drawc - 1, draw_part, v);
	else
		draw_part(v);
}
