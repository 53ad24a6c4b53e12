/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_watch.c -- who watches which encode of which scene
 *
 * A leg that chose the layout the room has anyway watches the room's scene,
 * so that it costs nothing; when the room's layout changes it moves.
 */
#include <errno.h>

#include <re.h>

#include "base/log.h"
#include "mixer/video_priv.h"

/* Locks: [I] set at creation  [L] loop only */
struct video_watch {
	struct le le;             /* [L] in video->watchl                 */
	struct video *v;          /* [I] strong                           */
	const struct layout *layout;      /* [I] NULL: the room's         */
	struct rung *rung;        /* [L]                                  */
};

/* One watcher less; with the last the rung ends */
static void rung_leave(struct video *v, struct rung *rung)
{
	struct rung *gone = NULL;

	video_lock(v);
	for (unsigned i = 0; i < v->rungc && rung; i++) {
		if (v->rungv[i].rung != rung || --v->rungv[i].watches)
			continue;
		gone = rung;
		v->rungv[i] = v->rungv[--v->rungc];
		break;
	}
	video_unlock(v);
	if (gone) {
		debug("rung %u ended", rung_id(gone));
		atomic_fetch_add(&v->encode_us, rung_cpu_us(gone));
		rung_unref(gone);         /* the list's                   */
	}
	rung_unref(rung);
}

static void watch_destructor(void *data)
{
	struct video_watch *w = data;
	struct video *v = w->v;

	list_unlink(&w->le);
	rung_leave(v, w->rung);
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

/* [m] held: is there room for one more scene, the room's aside? */
static bool scene_fits(const struct video *v, const struct layout *layout)
{
	const struct layout *seenv[SCENES_MAX];
	unsigned n = 0, k;

	for (unsigned i = 0; i < v->rungc && n < SCENES_MAX - 1; i++) {
		const struct layout *l = v->rungv[i].layout;

		for (k = 0; k < n && seenv[k] != l; k++)
			;
		if (l && k == n)
			seenv[n++] = l;
	}
	for (k = 0; k < n && seenv[k] != layout; k++)
		;

	return !layout || k < n || n < SCENES_MAX - 1;
}

/* [m] held: the rung there is, or a new one; a reference for the caller */
static int rung_get(struct video *v, const struct video_rung *desc,
		    const struct layout *layout, struct rung **rp)
{
	struct rung *r;
	int err;

	for (unsigned i = 0; i < v->rungc; i++) {
		if (layout != v->rungv[i].layout ||
		    !same(desc, rung_desc(v->rungv[i].rung)))
			continue;
		v->rungv[i].watches++;
		*rp = rung_ref(v->rungv[i].rung);
		rung_key(*rp);
		return 0;
	}
	if (v->rungc == RUNGS_MAX || !scene_fits(v, layout))
		return ENOSPC;

	err = rung_alloc(&r, ++v->last_rung, desc, v->cfg.width,
			 v->cfg.height, v->cfg.fps);
	if (err)
		return err;
	v->rungv[v->rungc].rung = r;
	v->rungv[v->rungc].layout = layout;
	v->rungv[v->rungc++].watches = 1;
	*rp = rung_ref(r);
	debug("rung %u began layout=%s codec=%s size=%ux%u fps=%u kbps=%u",
	      rung_id(r), layout ? layout_name(layout) : "room",
	      codec_name(desc->codec), desc->width, desc->height, desc->fps,
	      desc->kbps);

	return 0;
}

/* [m] held: what to watch for somebody who chose this layout */
static const struct layout *choice(const struct video *v,
				   const struct layout *layout)
{
	return layout == v->layout ? NULL : layout;
}

int video_watch_alloc(struct video_watch **wp, struct video *v,
		      const struct video_rung *rung, const char *layout)
{
	const struct layout *l = NULL;
	struct video_watch *w;
	int err;

	if (!wp || !v || !rung)
		return EINVAL;
	if (layout && *layout) {
		l = layout_find(layout);
		if (!l)
			return ENOENT;
	}
	w = mem_zalloc(sizeof(*w), watch_destructor);
	if (!w)
		return ENOMEM;
	w->v = mem_ref(v);
	w->layout = l;
	list_append(&v->watchl, &w->le, w);
	video_lock(v);
	err = rung_get(v, rung, choice(v, l), &w->rung);
	video_unlock(v);
	if (err) {
		mem_deref(w);
		return err;
	}
	pool_clock(v->pool, 0);
	*wp = w;

	return 0;
}

static const struct layout *rung_layout(const struct video *v,
					const struct rung *rung)
{
	for (unsigned i = 0; i < v->rungc; i++) {
		if (v->rungv[i].rung == rung)
			return v->rungv[i].layout;
	}

	return NULL;
}

/* The room has another layout: who chose either of them moves. */
void watches_settle(struct video *v)
{
	for (struct le *le = v->watchl.head; le; le = le->next) {
		struct video_watch *w = le->data;
		struct rung *rung = NULL;
		int err = 0;

		video_lock(v);
		if (rung_layout(v, w->rung) != choice(v, w->layout))
			err = rung_get(v, rung_desc(w->rung),
				       choice(v, w->layout), &rung);
		video_unlock(v);
		if (err)
			warning("layout %s not watched: %m\n",
				layout_name(w->layout), err);
		if (!rung)
			continue;
		rung_leave(v, w->rung);
		w->rung = rung;
	}
	pool_clock(v->pool, 0);
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
