/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_leg_watch.c -- which picture a leg is sent
 *
 * The best rung of the ladder that its SDP (codec, level, sizes, b=) and
 * its wish allow, of the view that it chose.
 */
#include <string.h>

#include "base/log.h"
#include "mixer/mixer_priv.h"

static bool view_equal(const struct video_view *a, const struct video_view *b)
{
	return a->self == b->self && a->hide_self == b->hide_self
		&& a->pin == b->pin && !strcmp(a->layout, b->layout);
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

/* The picture this leg is sent: the best it can take and wants. */
int mixer_leg_watch(struct mixer_leg *ml)
{
	const struct ticket *t = &ml->ticket;
	const struct video_view view = {
		.layout = t->layout, .self = t->id,
		.hide_self = t->hide_self, .pin = t->pin,
	};
	struct mixer *mixer = ml->mixer;
	struct video_watch *watch = NULL;
	struct video_rung rung;
	int err;

	memset(&rung, 0, sizeof(rung));
	if (!t->video.on || !t->video.send
	    || video_ladder_pick(&mixer->ladder, &t->video, mixer->width,
				 mixer->height, mixer->fps, t->max_height,
				 t->max_fps, 0, &rung)) {
		ml->watch = mem_deref(ml->watch);
		return 0;
	}
	if (ml->watch && video_rung_same(&rung, &ml->rung)
	    && view_equal(&view, &ml->view))
		return 0;

	err = watch_new(ml, &rung, &view, &watch);
	if (err)
		return err;

	info("leg %u watches %s/%ux%u@%u %u kbit/s layout=%s\n", t->id,
	     codec_name(rung.codec), rung.width, rung.height, rung.fps,
	     rung.kbps, t->layout[0] ? t->layout : "room's");
	mem_deref(ml->watch);
	ml->watch = watch;
	ml->rung = rung;
	memcpy(ml->layout, t->layout, sizeof(ml->layout));
	ml->view = view;
	ml->view.layout = ml->layout;

	return 0;
}
