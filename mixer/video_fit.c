/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_fit.c -- what a leg can be sent: its ticket to a rung
 *
 * Sizes, rates and bit rates come in a few steps, so that legs which
 * negotiated nearly the same share one encode.  Every step is below what
 * the peer said, never above.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "mixer/video.h"

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

/* Of the canvas, largest first */
static const struct { uint8_t num, den; } sizev[] = {
	{1, 1}, {3, 4}, {1, 2}, {3, 8}, {1, 4}, {1, 8},
};
enum { SIZEC = sizeof(sizev) / sizeof(sizev[0]) };

/* What b= says less the headers' share, of the numbers people write there */
static const uint32_t kbpsv[] = {
	4000, 3000, 2000, 1500, 1200, 900, 720, 600, 480, 360, 240, 180, 120,
	90, 60, 45, 30,
};

/** What may be spent */
struct limits {
	uint32_t mbps, fs, kbps, fps;
	unsigned height;          /* what is wished at most               */
	unsigned fps_low;         /* rather a smaller picture than fewer  */
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

/* Enough for talking heads: 1500 for 720p30, less than in proportion for
 * fewer pixels. */
static uint32_t want_kbps(uint32_t fs, unsigned fps)
{
	uint32_t kbps = fs >= 7000 ? 3000 : fs >= 3600 ? 1500 :
		fs >= 2000 ? 900 : fs >= 900 ? 480 : fs >= 500 ? 360 :
		fs >= 200 ? 240 : 60;

	return fps > 20 ? kbps : kbps * (fps > 10 ? 3 : 2) / 4;
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

/* A thin link gets a smaller picture, not fewer a second. */
static bool worth(const struct limits *l, unsigned w, unsigned h)
{
	return l->kbps >= want_kbps(mbs(w, h), 30) / 2;
}

/* The largest size; a lower rate rather than a much smaller picture. */
static bool choose(struct video_rung *r, const struct limits *l,
		   unsigned canvas_w, unsigned canvas_h, unsigned canvas_fps)
{
	bool last = false;

	for (unsigned i = 0; i < SIZEC; i++) {
		unsigned w = canvas_w * sizev[i].num / sizev[i].den & ~1u;
		unsigned h = canvas_h * sizev[i].num / sizev[i].den & ~1u;
		unsigned fps = fps_step(canvas_fps, l->fps);

		last = i + 1 == SIZEC;
		if (w < 16 || h < 16)
			return false;
		if (!last && h > l->height)
			continue;
		for (; fps >= (last ? 1 : l->fps_low);
		     fps = fps_step(canvas_fps, fps - 1)) {
			if (!fits(l, w, h, fps))
				continue;
			if (!last && !worth(l, w, h))
				continue;
			r->width = (uint16_t)w;
			r->height = (uint16_t)h;
			r->fps = (uint8_t)fps;
			return true;
		}
	}

	return false;
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

int video_rung_wish(struct video_rung *rung, const struct ticket_media *m,
		    unsigned canvas_w, unsigned canvas_h, unsigned fps,
		    unsigned max_height, unsigned max_fps)
{
	const struct ticket_fmt *f;
	struct limits l;

	if (!rung || !m || !canvas_w || !canvas_h || !fps)
		return EINVAL;
	f = ticket_tx(m);
	if (!f || !codec_is_video(f->codec))
		return ENOTSUP;

	memset(rung, 0, sizeof(*rung));
	rung->codec = f->codec;
	limits_get(&l, f, m, fps);
	l.height  = max_height ? max_height : UINT_MAX;
	l.fps     = min_set(l.fps, max_fps);
	l.fps_low = max_fps && max_fps < 10 ? 1 : 10;
	if (!choose(rung, &l, canvas_w, canvas_h, fps))
		return ENOTSUP;

	rung->kbps = kbps_step(min_set(l.kbps, want_kbps(
		mbs(rung->width, rung->height), rung->fps)));
	if (f->codec == CODEC_H264) {
		rung->pkt_mode = f->pkt_mode ? 1 : 0;
		rung->level_idc = level_for(rung);
	}

	return 0;
}

int video_rung_fit(struct video_rung *rung, const struct ticket_media *m,
		   unsigned canvas_w, unsigned canvas_h, unsigned fps)
{
	return video_rung_wish(rung, m, canvas_w, canvas_h, fps, 0, 0);
}
