/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_mark.c -- what lies over the tiles of a canvas
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/scene_mark.h"
#include "mixer/video_clock.h"
#include "mixer/video_stage.h"

enum { MARGIN = 16, GAP = 8 };

/* From below to above */
enum mark_kind {
	M_HOLD, M_WATERMARK, M_BANNER, M_STRIP, M_CLOCK, M_LOCK, M_REC,
	M_COUNT
};

struct mark {
	bool want;
	bool stale;               /* to be drawn anew                     */
	bool made;                /* or tried to                          */
	bool shown;
	struct layout_rect rect;  /* where it is                          */
	struct vbitmap bm;        /* drawn once                           */
	struct vpic under;        /* the canvas without it                */
};

struct scene_marks {
	unsigned width, height;   /* [px] of the canvas                   */
	struct label *label;      /* borrowed, as long as the scene       */
	struct mark markv[M_COUNT];
	enum look_hold hold;
	char title[LOOK_TEXT_MAX];
	char banner[LOOK_TEXT_MAX];
	char clock[8];
	struct mark_strip strip;
	struct mark_image *image;
};

static void destructor(void *data)
{
	struct scene_marks *m = data;

	for (unsigned i = 0; i < M_COUNT; i++) {
		vbitmap_close(&m->markv[i].bm);
		vpic_close(&m->markv[i].under);
	}
	mark_image_unref(m->image);
}

int scene_marks_alloc(struct scene_marks **mp, unsigned width,
		      unsigned height, struct label *label)
{
	struct scene_marks *m;

	m = mem_zalloc(sizeof(*m), destructor);
	if (!m)
		return ENOMEM;
	m->width = width;
	m->height = height;
	m->label = label;
	*mp = m;

	return 0;
}

/* --- what is to be seen ----------------------------------------------- */

static bool text_changed(char *buf, size_t size, const char *text)
{
	if (!strcmp(buf, text))
		return false;
	str_ncpy(buf, text, size);

	return true;
}

static void phone_put(struct mark_strip *st, unsigned i, const struct face *f,
		      uint32_t speaker)
{
	str_ncpy(st->phonev[i].name, f->clean, sizeof(st->phonev[i].name));
	st->phonev[i].marks = f->marks & (MARK_ON_PLATE | MARK_HAND);
	st->phonev[i].speaks = f->id == speaker;
}

/* The first few, in order of joining; who speaks is among them. */
static void strip_set(struct scene_marks *m,
		      const struct scene_marks_want *w)
{
	struct mark *k = &m->markv[M_STRIP];
	struct mark_strip *st, new;

	memset(&new, 0, sizeof(new));
	for (unsigned i = 0; i < w->phonec; i++) {
		const struct face *f = w->phonev[i];

		if (i < STRIP_MAX)
			phone_put(&new, new.phonec++, f, w->speaker);
		else if (f->id == w->speaker)
			phone_put(&new, STRIP_MAX - 1, f, w->speaker);
	}
	new.more = w->unseen + (w->phonec - new.phonec);

	st = &m->strip;
	k->want = new.phonec || new.more;
	k->stale = k->stale || memcmp(st, &new, sizeof(new)) != 0;
	*st = new;
}

static void image_set(struct scene_marks *m, struct mark_image *im)
{
	m->markv[M_WATERMARK].want = im != NULL;
	if (m->image == im)
		return;
	mark_image_unref(m->image);
	m->image = mark_image_ref(im);
	m->markv[M_WATERMARK].stale = true;
}

void scene_marks_set(struct scene_marks *m,
		     const struct scene_marks_want *w)
{
	static const struct look none;
	const struct look *look = w->look ? w->look : &none;
	struct mark *v = m->markv;

	v[M_HOLD].want = look->hold != LOOK_GO;
	v[M_HOLD].stale |= m->hold != look->hold;
	m->hold = look->hold;
	v[M_HOLD].stale |= text_changed(m->title, sizeof(m->title),
					look->title);
	v[M_BANNER].want = look->banner[0];
	v[M_BANNER].stale |= text_changed(m->banner, sizeof(m->banner),
					  look->banner);
	v[M_CLOCK].want = w->clock != NULL;
	if (w->clock)
		v[M_CLOCK].stale |= text_changed(m->clock, sizeof(m->clock),
						 w->clock);
	v[M_LOCK].want = look->locked;
	v[M_REC].want = w->recording;
	strip_set(m, w);
	image_set(m, w->watermark);
}

/* --- drawing ---------------------------------------------------------- */

static const char *hold_text(enum look_hold hold)
{
	return hold == LOOK_HOST ? "Waiting for the host"
				 : "Waiting for others to join";
}

static unsigned font_px(const struct scene_marks *m, unsigned nth)
{
	const unsigned px = m->height / nth;

	return px < 12 ? 12 : px;
}

static int mark_draw(struct scene_marks *m, enum mark_kind kind,
		     struct vbitmap *bm)
{
	const unsigned px = font_px(m, 36);
	char text[LABEL_TEXT_MAX];

	switch (kind) {
	case M_HOLD:
		label_clean(text, sizeof(text), m->title);
		return mark_hold(m->label, bm, text, hold_text(m->hold),
				 font_px(m, 26), m->width - 2 * MARGIN);
	case M_BANNER:
		label_clean(text, sizeof(text), m->banner);
		return mark_banner(m->label, bm, text, font_px(m, 28),
				   m->width);
	case M_STRIP:
		return mark_strip(m->label, bm, &m->strip, px);
	case M_CLOCK:
		return mark_text(m->label, bm, m->clock, px);
	case M_LOCK:
		return mark_lock(m->label, bm, px);
	case M_REC:
		return mark_rec(m->label, bm, px);
	case M_WATERMARK:
	case M_COUNT:
		break;
	}

	return EINVAL;
}

static const struct vbitmap *bitmap_of(const struct scene_marks *m,
				       enum mark_kind kind)
{
	if (kind == M_WATERMARK && m->image)
		return mark_image_bitmap(m->image);

	return &m->markv[kind].bm;
}

/* Drawn when first wanted; one that cannot be is not tried again until it
 * is another one. */
static void mark_make(struct scene_marks *m, enum mark_kind kind)
{
	struct mark *k = &m->markv[kind];

	if (kind == M_WATERMARK)
		return;
	if (k->made && !k->stale)
		return;
	k->made = true;
	vbitmap_close(&k->bm);
	if (mark_draw(m, kind, &k->bm))
		vbitmap_close(&k->bm);
}

/* Upper left corner of a bitmap; *rightp is where the row's rest ends. */
static void mark_place(const struct scene_marks *m, enum mark_kind kind,
		       const struct vpic *pic, unsigned *rightp,
		       struct layout_rect *r)
{
	const unsigned top = m->markv[M_BANNER].want &&
		m->markv[M_BANNER].bm.pic.mem ?
		m->markv[M_BANNER].bm.pic.h + GAP : MARGIN;

	r->w = pic->w;
	r->h = pic->h;
	r->x = MARGIN;
	r->y = top;
	switch (kind) {
	case M_HOLD:
		r->x = (m->width - r->w) / 2;
		r->y = m->hold == LOOK_HOST ? (m->height - r->h) / 2 :
			m->height * 5 / 8 - r->h / 2;
		break;
	case M_WATERMARK:
		r->x = m->width - r->w - MARGIN;
		r->y = m->height - r->h - MARGIN;
		break;
	case M_BANNER:
		r->x = r->y = 0;
		break;
	case M_CLOCK:
	case M_LOCK:
	case M_REC:
		r->x = *rightp > r->w ? *rightp - r->w : m->width;
		*rightp = r->x > GAP ? r->x - GAP : 0;
		break;
	case M_STRIP:
	case M_COUNT:
		break;
	}
	r->x &= ~1u;
	r->y &= ~1u;
}

/* As far as it is on the canvas; a long strip lies under the row's rest */
static bool mark_clip(const struct scene_marks *m, struct layout_rect *r)
{
	if (r->x >= m->width || r->y >= m->height)
		return false;
	if (r->w > m->width - r->x)
		r->w = m->width - r->x;
	if (r->h > m->height - r->y)
		r->h = m->height - r->y;

	return true;
}

void scene_marks_off(struct scene_marks *m, struct vpic *canvas)
{
	for (unsigned i = M_COUNT; i-- > 0;) {
		const struct mark *k = &m->markv[i];

		if (k->shown)
			canvas_put(canvas, k->rect.x, k->rect.y, &k->under);
	}
}

/* A copy of a part of the canvas; the memory is kept while it fits. */
static bool keep(struct vpic *under, const struct vpic *canvas,
		 const struct layout_rect *r)
{
	if (under->w != r->w || under->h != r->h) {
		vpic_close(under);
		if (vpic_init(under, r->w, r->h)) {
			vpic_close(under);
			return false;
		}
	}
	canvas_get(under, canvas, r->x, r->y);

	return true;
}

static void mark_on(struct scene_marks *m, enum mark_kind kind,
		    struct vpic *canvas, unsigned *rightp,
		    scene_dirty_h *dirtyh, void *arg)
{
	struct mark *k = &m->markv[kind];
	const struct vbitmap *bm = bitmap_of(m, kind);
	const struct layout_rect was = k->rect;
	const bool shown = k->shown, stale = k->stale;
	struct layout_rect now = {0};

	k->shown = false;
	k->stale = false;
	if (k->want && bm->pic.mem) {
		mark_place(m, kind, &bm->pic, rightp, &now);
		k->shown = mark_clip(m, &now) && keep(&k->under, canvas, &now);
	}
	if (k->shown) {
		canvas_blend(canvas, now.x, now.y, bm);
		k->rect = now;
	}
	if (shown == k->shown && !stale &&
	    (!shown || !memcmp(&was, &now, sizeof(was))))
		return;
	if (shown)
		dirtyh(&was, arg);
	if (k->shown)
		dirtyh(&now, arg);
}

void scene_marks_on(struct scene_marks *m, struct vpic *canvas,
		    scene_dirty_h *dirtyh, void *arg, uint64_t *label_us)
{
	const uint64_t t0 = video_cpu_us();
	unsigned right = m->width - MARGIN;

	for (unsigned i = 0; i < M_COUNT; i++) {
		if (m->markv[i].want)
			mark_make(m, i);
	}
	/* the row in the upper right is filled from the right */
	for (unsigned i = 0; i <= M_STRIP; i++)
		mark_on(m, i, canvas, &right, dirtyh, arg);
	for (unsigned i = M_COUNT; i-- > M_CLOCK;)
		mark_on(m, i, canvas, &right, dirtyh, arg);
	*label_us += video_cpu_us() - t0;
}
