/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_ladder.c -- which rung a leg is sent; see video_ladder.h
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "mixer/video_ladder.h"

/* H.264 table A-1 for baseline: macroblocks/s, macroblocks, kbit/s */
static const struct level {
	uint8_t idc;
	uint32_t mbps, fs, br;
} levelv[] = {
	{10, 1485, 99, 64},        {11, 3000, 396, 192},
	{12, 6000, 396, 384},      {13, 11880, 396, 768},
	{20, 11880, 396, 2000},    {21, 19800, 792, 4000},
	{22, 20250, 1620, 4000},   {30, 40500, 1620, 10000},
	{31, 108000, 3600, 14000}, {32, 216000, 5120, 20000},
	{40, 245760, 8192, 20000}, {41, 245760, 8192, 50000},
	{42, 522240, 8704, 50000}, {50, 589824, 22080, 135000},
	{51, 983040, 36864, 240000}, {52, 2073600, 36864, 240000},
};
enum { LEVELC = sizeof(levelv) / sizeof(levelv[0]) };

/* What b= says less the headers' share, of the numbers people write there */
static const uint32_t kbpsv[] = {
	4000, 3000, 2000, 1500, 1200, 900, 720, 600, 480, 360, 240, 180, 120,
	90, 60, 45, 30,
};

enum {
	FPS_LOW = 10,             /* rather a lower rung than fewer a second */
	FLOOR_DIV = 8,            /* of the canvas: what anybody can take */
	FLOOR_KBPS = 60,
};

/** What may be spent */
struct limits {
	uint32_t mbps, fs, kbps, fps;
	unsigned height;          /* what is wished at most               */
};

/** The canvas, and what the link carries now */
struct room {
	unsigned w, h, fps;
	uint32_t kbps;            /* UINT32_MAX: anything                 */
};

static uint32_t min_set(uint32_t a, uint32_t b)
{
	return b && b < a ? b : a;
}

static const struct level *level_find(const struct ticket_fmt *f)
{
	const struct level *best = &levelv[0];
	unsigned idc = f->level_idc ? f->level_idc : 10;

	/* level 1b: 9, or 11 with constraint_set3 in baseline and main */
	if (idc == 11 && (f->profile_iop & 0x10) &&
	    (f->profile_idc == 66 || f->profile_idc == 77))
		idc = 10;
	for (unsigned i = 0; i < LEVELC; i++) {
		if (levelv[i].idc <= idc)
			best = &levelv[i];
	}

	return best;
}

static void limits_get(struct limits *l, const struct ticket_fmt *f,
		       const struct ticket_media *m, unsigned fps)
{
	l->mbps = l->fs = l->kbps = UINT32_MAX;
	l->fps = min_set(fps, f->max_fr);

	if (f->codec == CODEC_H264) {
		const struct level *lev = level_find(f);

		/* max-fs and the like only ever raise what the level says */
		l->mbps = f->max_mbps > lev->mbps ? f->max_mbps : lev->mbps;
		l->fs = f->max_fs > lev->fs ? f->max_fs : lev->fs;
		l->kbps = f->max_br > lev->br ? f->max_br : lev->br;
	}
	else {
		l->fs = min_set(l->fs, f->max_fs);
		l->mbps = min_set(l->mbps, f->max_mbps);
	}
	/* b= counts IP, UDP and RTP headers, too: 40 of 1240 bytes and more
	 * of small packets */
	l->kbps = min_set(l->kbps, m->max_kbps - m->max_kbps / 20);
}

static uint32_t mbs(unsigned w, unsigned h)
{
	return ((w + 15) / 16) * ((h + 15) / 16);
}

static uint32_t kbps_step(uint32_t kbps)
{
	for (size_t i = 0; i < sizeof(kbpsv) / sizeof(kbpsv[0]); i++) {
		if (kbpsv[i] <= kbps)
			return kbpsv[i];
	}

	return kbps > 16 ? kbps : 16;
}

static unsigned fps_step(unsigned canvas_fps, uint32_t max)
{
	static const unsigned divv[] = {1, 2, 3, 6};

	for (unsigned i = 0; i < 4; i++) {
		unsigned fps = canvas_fps / divv[i];

		if (canvas_fps % divv[i] == 0 && fps && fps <= max)
			return fps;
	}

	return 0;
}

/* Does a size at a rate fit? */
static bool fits(const struct limits *l, unsigned w, unsigned h, unsigned fps)
{
	uint32_t fs = mbs(w, h);

	if (fs > l->fs || (uint64_t)fs * fps > l->mbps)
		return false;
	/* H.264: no side longer than sqrt(8 * max-fs) macroblocks */
	if (l->fs != UINT32_MAX) {
		uint64_t side = (w > h ? w : h) + 15u;

		side /= 16;
		if (side * side > 8ull * l->fs)
			return false;
	}

	return true;
}

/* The lowest level that covers what we send, so that rungs are alike.  It
 * is above the one that was offered only where max-fs and the like were. */
static uint8_t level_for(const struct video_rung *r)
{
	uint32_t fs = mbs(r->width, r->height);

	for (unsigned i = 0; i < LEVELC; i++) {
		const struct level *lev = &levelv[i];

		if (lev->fs >= fs && lev->mbps >= fs * r->fps &&
		    lev->br >= r->kbps)
			return lev->idc;
	}

	return levelv[LEVELC - 1].idc;
}

bool video_rung_same(const struct video_rung *a, const struct video_rung *b)
{
	return a->codec == b->codec && a->width == b->width &&
	       a->height == b->height && a->fps == b->fps &&
	       a->kbps == b->kbps && a->pkt_mode == b->pkt_mode &&
	       a->level_idc == b->level_idc;
}

/* H.264 or VP8, whichever the peer likes; another only if it has neither */
static const struct ticket_fmt *main_fmt(const struct ticket_media *m)
{
	const struct ticket_fmt *other = NULL;

	for (unsigned i = 0; i < m->fmtc; i++) {
		const struct ticket_fmt *f = &m->fmtv[i];

		if (f->rx_only || f->codec == CODEC_H265)
			continue;
		if (f->codec == CODEC_H264 || f->codec == CODEC_VP8)
			return f;
		if (codec_is_video(f->codec) && !other)
			other = f;
	}

	return other;
}

static const struct ticket_fmt *fmt_find(const struct ticket_media *m,
					 enum ticket_codec codec)
{
	const struct ticket_fmt *f;

	if (codec == CODEC_NONE)
		return main_fmt(m);
	/* the same format that is sent where it is the main one, too */
	f = main_fmt(m);
	if (f && f->codec == codec)
		return f;
	f = ticket_find(m, codec);

	return f && !f->rx_only ? f : NULL;
}

/* Fewer pictures a second are not in proportion cheaper. */
static uint32_t kbps_at(uint32_t kbps, unsigned of, unsigned fps)
{
	if (fps * 4 > of * 3)
		return kbps;

	return kbps * (fps * 3 > of ? 3 : 2) / 4;
}

/* The largest rate at which this size fits.  A lower one rather than a
 * lower rung, but no slide show that nobody asked for. */
static unsigned fps_fit(const struct limits *l, const struct room *c,
			const struct video_rung *r, unsigned want)
{
	unsigned max = want < l->fps ? want : l->fps;
	unsigned low = max < FPS_LOW ? 1 : FPS_LOW;
	unsigned fps = fps_step(c->fps, max);

	for (; fps >= low; fps = fps_step(c->fps, fps - 1)) {
		if (fits(l, r->width, r->height, fps))
			return fps;
	}

	return 0;
}

static void finish(struct video_rung *r, const struct ticket_fmt *f)
{
	r->codec = f->codec;
	if (f->codec == CODEC_H264) {
		r->pkt_mode = f->pkt_mode ? 1 : 0;
		r->level_idc = level_for(r);
	}
}

/* One of the ladder's, on this canvas.  ENOTSUP: too large for the peer;
 * EAGAIN: for its link */
static int rung_try(struct video_rung *rung, const struct ladder_rung *lr,
		    unsigned height, const struct ticket_fmt *f,
		    const struct ticket_media *m, const struct limits *wish,
		    const struct room *c)
{
	struct video_rung r = {.codec = CODEC_NONE};
	struct limits l;
	uint32_t want = lr->kbps;

	limits_get(&l, f, m, c->fps);
	l.height = wish->height;
	l.fps = min_set(l.fps, wish->fps);

	/* a rung that is higher than the canvas costs less on it */
	if (height < lr->height)
		want = (uint32_t)((uint64_t)want * height / lr->height *
				  height / lr->height * 9 / 8);
	r.height = (uint16_t)(height & ~1u);
	r.width  = (uint16_t)((c->w * height / c->h) & ~1u);
	if (r.width < 16 || r.height < 16 || r.height > l.height)
		return ENOTSUP;
	r.fps = (uint8_t)fps_fit(&l, c, &r, lr->fps);
	if (!r.fps)
		return ENOTSUP;
	want = kbps_at(want, lr->fps, r.fps);
	if (l.kbps < want / 2)
		return ENOTSUP;
	r.kbps = l.kbps < want ? kbps_step(l.kbps) : want;
	if (r.kbps > c->kbps)
		return EAGAIN;
	finish(&r, f);
	*rung = r;

	return 0;
}

/* Who can take nothing of the ladder: an eighth of the canvas */
static int rung_floor(struct video_rung *rung, const struct ticket_media *m,
		      const struct limits *wish, const struct room *c)
{
	const struct ticket_fmt *f = main_fmt(m);
	struct video_rung r = {.codec = CODEC_NONE};
	struct limits l;

	if (!f)
		return ENOTSUP;
	limits_get(&l, f, m, c->fps);
	l.fps = min_set(l.fps, wish->fps);
	r.width  = (uint16_t)(c->w / FLOOR_DIV & ~1u);
	r.height = (uint16_t)(c->h / FLOOR_DIV & ~1u);
	r.fps = (uint8_t)fps_step(c->fps, l.fps);
	while (r.fps && !fits(&l, r.width, r.height, r.fps))
		r.fps = (uint8_t)fps_step(c->fps, r.fps - 1u);
	if (r.width < 16 || r.height < 16 || !r.fps)
		return ENOTSUP;
	r.kbps = kbps_step(min_set(l.kbps, kbps_at(FLOOR_KBPS, 30, r.fps)));
	if (r.kbps > c->kbps)
		return EAGAIN;
	finish(&r, f);
	*rung = r;

	return 0;
}

/* The height of a rung on this canvas; 0: none.  Of those that are higher
 * than the canvas the lowest stands for the whole of it, if no other does. */
static unsigned height_on(const struct video_ladder *l, unsigned i,
			  unsigned canvas_h)
{
	const struct ladder_rung *r = &l->rungv[i];

	if (r->height <= canvas_h)
		return r->height;
	for (unsigned k = 0; k < l->rungc; k++) {
		const struct ladder_rung *o = &l->rungv[k];

		if (o->codec == r->codec && o->height < r->height &&
		    o->height >= canvas_h)
			return 0;
	}

	return canvas_h;
}

/* Who wishes very few pictures a second means those rungs that are made for
 * it, if there are: the others would only be cut to it, at ten times the
 * rate. */
static bool made_for(const struct video_ladder *l, const struct limits *wish,
		     const struct ladder_rung *lr)
{
	if (!wish->fps || wish->fps >= FPS_LOW || lr->fps <= wish->fps)
		return true;
	for (unsigned i = 0; i < l->rungc; i++) {
		if (l->rungv[i].fps <= wish->fps &&
		    l->rungv[i].height <= wish->height)
			return false;
	}

	return true;
}

int video_ladder_pick(const struct video_ladder *l,
		      const struct ticket_media *m, unsigned canvas_w,
		      unsigned canvas_h, unsigned canvas_fps,
		      unsigned max_height, unsigned max_fps, uint32_t kbps,
		      struct video_rung *rung)
{
	const struct limits wish = {
		.height = max_height ? max_height : UINT_MAX, .fps = max_fps,
	};
	const struct room c = {
		canvas_w, canvas_h, canvas_fps, kbps ? kbps : UINT32_MAX,
	};
	int err = ENOTSUP;

	if (!l || !rung || !m || !canvas_w || !canvas_h || !canvas_fps)
		return EINVAL;

	for (unsigned i = 0; i < l->rungc; i++) {
		const struct ladder_rung *lr = &l->rungv[i];
		const struct ticket_fmt *f = fmt_find(m, lr->codec);
		unsigned height = height_on(l, i, canvas_h);
		int e;

		if (!f || !height || !made_for(l, &wish, lr))
			continue;
		e = rung_try(rung, lr, height, f, m, &wish, &c);
		if (!e)
			return 0;
		if (e == EAGAIN)
			err = EAGAIN;
	}

	return err == EAGAIN ? err : rung_floor(rung, m, &wish, &c);
}
