/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_filtered.c -- a scene's canvas behind the room's filter
 *
 * Each scene has a graph of its own, because graphs remember pictures.  One
 * that fails is taken out of the room, and an event says so.
 */
#include <string.h>

#include <re.h>

#include "mixer/video_priv.h"

static void mark_all(struct vscene *vs)
{
	const struct layout_rect all = {
		0, 0, vs->v->cfg.width, vs->v->cfg.height
	};
	struct tick *t = &vs->v->tick;

	smalls_stale(&vs->smalls);
	for (unsigned i = 0; i < t->rungc; i++) {
		if (t->rungv[i].vs == vs)
			rung_mark(t->rungv[i].rung, &all);
	}
}

/* Said once, whoever notices first. */
static void taken_out(struct vscene *vs, const char *text)
{
	struct video *v = vs->v;
	bool first;

	vs->filter = mem_deref(vs->filter);
	vs->filtered = NULL;
	video_lock(v);
	first = !strcmp(v->look.filter, vs->graph);
	if (first) {
		v->look.filter[0] = '\0';
		str_ncpy(v->filter_text, text, sizeof(v->filter_text));
	}
	video_unlock(v);
	vs->graph[0] = '\0';      /* the same one again is a new one      */
	if (first && v->cfg.eventh)
		v->cfg.eventh(VIDEO_FILTER_BAD, 0, v->cfg.arg);
}

static void remake(struct vscene *vs, const char *graph)
{
	const struct video_cfg *cfg = &vs->v->cfg;
	char text[FILTER_TEXT_MAX] = "out of memory";

	vs->filter = mem_deref(vs->filter);
	vs->filtered = NULL;
	str_ncpy(vs->graph, graph, sizeof(vs->graph));
	mark_all(vs);
	if (graph[0] && vfilter_alloc(&vs->filter, graph, cfg->width,
				      cfg->height, cfg->fps, text,
				      sizeof(text)))
		taken_out(vs, text);
}

void vscene_filter(struct vscene *vs)
{
	const char *graph = vs->v->tick.look.filter;
	int err;

	if (strcmp(vs->graph, graph))
		remake(vs, graph);
	if (!vs->filter)
		return;
	err = vfilter_run(vs->filter, scene_canvas(vs->scene),
			  &vs->filtered);
	mark_all(vs);
	if (err && err != EAGAIN)
		taken_out(vs, err == ETIME ? "it takes too long"
					   : "it fails");
}

void vscene_filter_end(struct vscene *vs)
{
	vs->filter = mem_deref(vs->filter);
	vs->filtered = NULL;
	vs->graph[0] = '\0';
}

const struct vpic *vscene_canvas(const struct vscene *vs)
{
	return vs->filtered ? vs->filtered : scene_canvas(vs->scene);
}

void video_filter_text(const struct video *v, char *buf, size_t size)
{
	video_lock(v);
	str_ncpy(buf, v->filter_text, size);
	video_unlock(v);
}
