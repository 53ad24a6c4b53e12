/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_leg_watch.c -- which picture a leg is sent
 *
 * The best that its decoder takes, its link and its wish allow, of the
 * layout that it chose.
 */
#include <string.h>

#include "base/log.h"
#include "mixer/mixer_priv.h"

static unsigned blocks(unsigned px)
{
	return (px + 15) / 16;
}

/* What this one wants is one more limit, like those of its decoder. */
static void cap(struct ticket_media *m, const struct ticket *t, unsigned width,
		unsigned height)
{
	struct ticket_fmt *fmt = NULL;
	const struct ticket_fmt *tx = ticket_tx(&t->video);
	uint32_t fs;

	*m = t->video;
	if (tx)
		fmt = &m->fmtv[tx - t->video.fmtv];
	if (!fmt)
		return;

	if (t->max_height && t->max_height < height) {
		fs = blocks(width * t->max_height / height) *
			blocks(t->max_height);
		if (!fmt->max_fs || fs < fmt->max_fs)
			fmt->max_fs = fs;
	}
	if (t->max_fps && (!fmt->max_fr || t->max_fps < fmt->max_fr))
		fmt->max_fr = t->max_fps;
}

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
	struct ticket_media m;
	int err;

	memset(&rung, 0, sizeof(rung));
	cap(&m, t, mixer->width, mixer->height);
	if (!m.on || !m.send
	    || video_rung_fit(&rung, &m, mixer->width, mixer->height,
			      mixer->fps)) {
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
