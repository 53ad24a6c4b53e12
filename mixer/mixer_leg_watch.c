/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_leg_watch.c -- which picture a leg is sent
 *
 * The best that its SDP (codec, level, sizes, b=) and its wish allow, of
 * the layout that it chose.
 */
#include <string.h>

#include "base/log.h"
#include "mixer/mixer_priv.h"

static bool rung_equal(const struct video_rung *a, const struct video_rung *b)
{
	return a->codec == b->codec && a->width == b->width
		&& a->height == b->height && a->fps == b->fps
		&& a->kbps == b->kbps && a->pkt_mode == b->pkt_mode
		&& a->level_idc == b->level_idc;
}

/* The layout it chose; one that is not known is the room's. */
static ON(loop) int watch_new(struct mixer_leg *ml,
			      const struct video_rung *rung,
			      struct video_watch **wp)
{
	const char *layout = ml->ticket.layout;
	int err;

	err = video_watch_alloc(wp, ml->mixer->video, rung, layout);
	if (err != ENOENT || !layout[0])
		return err;

	warning("leg %u: no layout \"%s\"\n", ml->ticket.id, layout);

	return video_watch_alloc(wp, ml->mixer->video, rung, NULL);
}

/* The picture this leg is sent: the best it can take and wants. */
int mixer_leg_watch(struct mixer_leg *ml)
{
	const struct ticket *t = &ml->ticket;
	struct mixer *mixer = ml->mixer;
	struct video_watch *watch = NULL;
	struct video_rung rung;
	int err;

	memset(&rung, 0, sizeof(rung));
	if (!t->video.on || !t->video.send
	    || video_rung_wish(&rung, &t->video, mixer->width, mixer->height,
			       mixer->fps, t->max_height, t->max_fps)) {
		ml->watch = mem_deref(ml->watch);
		return 0;
	}
	if (ml->watch && rung_equal(&rung, &ml->rung)
	    && !strcmp(ml->layout, t->layout))
		return 0;

	err = watch_new(ml, &rung, &watch);
	if (err)
		return err;

	info("leg %u watches %s/%ux%u@%u %u kbit/s layout=%s\n", t->id,
	     codec_name(rung.codec), rung.width, rung.height, rung.fps,
	     rung.kbps, t->layout[0] ? t->layout : "room's");
	mem_deref(ml->watch);
	ml->watch = watch;
	ml->rung = rung;
	memcpy(ml->layout, t->layout, sizeof(ml->layout));

	return 0;
}
