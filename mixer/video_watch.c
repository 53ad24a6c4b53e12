/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_watch.c -- who watches which encode of which scene
 *
 * A watch keeps the view it was asked for; which scene that is may change
 * with the room's layout, who leads, comes and goes: then it moves to
 * another rung, where the next picture is a key frame.
 *
 * Where one is large he has a scene of his own, in which he is not.  Who
 * becomes large goes to a new one, so its key frame is for him alone.  Who
 * was need not go back at once: as soon as another one leads his shows what
 * all see, and it costs one encode more until he has gone.  For all others
 * his coming back is a key frame, of 40 to 55 kB at 1500 kbit/s, which is
 * worst just when the speaker changes: then it shows what is about to go,
 * and what comes is late by it.  So he stays for STAY_US (in a dialogue
 * both always do, and no key frame is made), or until yet another one leads
 * and that is drawn, when all is new anyway.  Not while the governor saves.
 */
#include <errno.h>

#include <re.h>

#include "base/log.h"
#include "mixer/video_ladder.h"
#include "mixer/video_priv.h"

enum {
	STAY_US = 10000000,
	MOVED_US = 400000,        /* another one is large, and stands     */
};

/* Locks: [I] set at creation  [L] loop only */
struct video_watch {
	struct le le;             /* [L] in video->watchl                 */
	struct video *v;          /* [I] strong                           */
	char layout[TICKET_LAYOUT_MAX];   /* [I]                          */
	struct video_view view;   /* [I] .layout is layout                */
	struct rung *rung;        /* [L]                                  */
	struct rung *left;        /* [L] while it moves                   */
	uint64_t stay_us;         /* [L] he led, and stays until then; 0  */
	uint32_t stay_lead;       /* [L] who led last in that time        */
};

/* One watcher less; with the last the rung ends */
static void rung_leave(struct video *v, struct rung *rung)
{
	struct rung *gone = NULL;

	if (!rung)
		return;
	video_lock(v);
	for (unsigned i = 0; i < v->rungc; i++) {
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

	on_loop();
	list_unlink(&w->le);
	rung_leave(v, w->rung);
	if (v->scarce)
		watches_settle(v);        /* there may be room now        */
	pool_clock(v->pool, 0);           /* it may be time to fall idle  */
	mem_deref(v);
}

/* [m] held: is there room for one more scene, the room's aside? */
static bool scene_fits(const struct video *v, const struct vkey *key)
{
	const struct vkey *seenv[SCENES_MAX];
	unsigned n = 0, k;

	for (unsigned i = 0; i < v->rungc && n < VIDEO_VIEWS_MAX; i++) {
		const struct vkey *l = &v->rungv[i].key;

		for (k = 0; k < n && !vkey_equal(seenv[k], l); k++)
			;
		if (k == n && !vkey_is_room(l))
			seenv[n++] = l;
	}
	for (k = 0; k < n && !vkey_equal(seenv[k], key); k++)
		;

	return vkey_is_room(key) || k < n || n < VIDEO_VIEWS_MAX;
}

/* [m] held: the rung there is, or a new one; a reference for the caller */
static int rung_get(struct video *v, const struct video_rung *desc,
		    const struct vkey *key, struct rung **rp)
{
	struct rung *r;
	int err;

	for (unsigned i = 0; i < v->rungc; i++) {
		if (!vkey_equal(key, &v->rungv[i].key) ||
		    !video_rung_same(desc, rung_desc(v->rungv[i].rung)))
			continue;
		v->rungv[i].watches++;
		*rp = rung_ref(v->rungv[i].rung);
		rung_key(*rp);
		return 0;
	}
	if (v->rungc == RUNGS_MAX || !scene_fits(v, key))
		return ENOSPC;

	err = rung_alloc(&r, ++v->last_rung, desc, v->cfg.width,
			 v->cfg.height, v->cfg.fps);
	if (err)
		return err;
	v->rungv[v->rungc].rung = r;
	v->rungv[v->rungc].key = *key;
	v->rungv[v->rungc++].watches = 1;
	*rp = rung_ref(r);
	debug("rung %u began layout=%s hide=%u pin=%u+%u own=%d codec=%s"
	      " size=%ux%u fps=%u kbps=%u", rung_id(r), key->layout[0] ?
	      key->layout : "room", key->hide, pins_first(&key->pins),
	      key->pins.legc, key->own,
	      codec_name(desc->codec), desc->width, desc->height, desc->fps,
	      desc->kbps);

	return 0;
}

/* [m] held: of the scene for this view, or the next best there is room for;
 * ENOSPC: not even of the room's.  None if it is the one that it has. */
static int rung_seek(struct video *v, const struct video_rung *desc,
		     const struct video_view *view, bool stays,
		     const struct vkey *has, struct rung **rp)
{
	struct vkey key;
	int err;

	*rp = NULL;
	vkey_want(v, view, stays, &key);
	do {
		if (has && vkey_equal(has, &key))
			return 0;
		err = rung_get(v, desc, &key, rp);
		v->scarce = v->scarce || err == ENOSPC;
	} while (err == ENOSPC && vkey_less(&key));

	return err;
}

int video_watch_alloc(struct video_watch **wp, struct video *v,
		      const struct video_rung *rung,
		      const struct video_view *view)
{
	struct video_watch *w;
	int err;

	if (!wp || !v || !rung)
		return EINVAL;
	if (view && view->layout && !layout_find(v->layouts, view->layout))
		return ENOENT;
	w = mem_zalloc(sizeof(*w), watch_destructor);
	if (!w)
		return ENOMEM;
	w->v = mem_ref(v);
	if (view) {
		w->view = *view;
		str_ncpy(w->layout, view->layout ? view->layout : "",
			 sizeof(w->layout));
	}
	w->view.layout = w->layout;
	list_append(&v->watchl, &w->le, w);
	video_lock(v);
	err = rung_seek(v, rung, &w->view, false, NULL, &w->rung);
	video_unlock(v);
	if (err) {
		mem_deref(w);
		return err;
	}
	pool_clock(v->pool, 0);
	*wp = w;

	return 0;
}

static const struct vkey *rung_vkey(const struct video *v,
				    const struct rung *rung)
{
	for (unsigned i = 0; i < v->rungc; i++) {
		if (v->rungv[i].rung == rung)
			return &v->rungv[i].key;
	}

	return NULL;
}

/* [m] held: he led, and may be shown on what was made for him */
static bool watch_stays(struct video *v, struct video_watch *w,
			const struct vkey *has)
{
	if (!has || !has->own || v->lead == w->view.self) {
		w->stay_us = 0;
		return false;
	}
	if (!w->stay_us) {
		w->stay_us = v->now_us + STAY_US;
		w->stay_lead = v->lead;
	}
	else if (w->stay_lead != v->lead) {
		if (w->stay_us > v->now_us + MOVED_US)
			w->stay_us = v->now_us + MOVED_US;
		w->stay_lead = v->lead;
	}
	if (v->now_us >= w->stay_us || !v->now_us || atomic_load(&v->step))
		return false;
	if (!v->stay_us || v->stay_us > w->stay_us)
		v->stay_us = w->stay_us;

	return true;
}

/* [m] held: to the scene it is for; of a full house it may stay as it is */
static void watch_settle(struct video *v, struct video_watch *w)
{
	const struct vkey *has = rung_vkey(v, w->rung);
	const bool stays = watch_stays(v, w, has);
	struct rung *rung;
	int err = rung_seek(v, rung_desc(w->rung), &w->view, stays, has,
			    &rung);

	if (err)
		warning("layout %s not watched: %m", w->layout, err);
	if (!rung)
		return;
	w->left = w->rung;
	w->rung = rung;
}

/* All move at once, so that no turn sees some of them where they were. */
void watches_settle(struct video *v)
{
	video_lock(v);
	v->lead = video_lead(v);
	v->scarce = false;
	v->stay_us = 0;
	for (struct le *le = v->watchl.head; le; le = le->next)
		watch_settle(v, le->data);
	video_unlock(v);
	for (struct le *le = v->watchl.head; le; le = le->next) {
		struct video_watch *w = le->data;

		rung_leave(v, w->left);
		w->left = NULL;
	}
	pool_clock(v->pool, 0);
}

void video_turn(struct video *v, uint64_t now_us)
{
	v->now_us = now_us;
	if (v->stay_us && (now_us >= v->stay_us || atomic_load(&v->step)))
		watches_settle(v);
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
