/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_rung.c -- one encode of the canvas
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "base/log.h"
#include "mixer/codec_video.h"
#include "mixer/leg.h"
#include "mixer/rtp_pack.h"
#include "mixer/video_clock.h"
#include "mixer/video_rung.h"

enum {
	SETTLE    = 12,           /* pictures encoded after the last change,
	                           * until one is as fine as they get     */
	REPEAT_US = 200000,       /* then one in this time                */
	FAIL_MAX  = 5,            /* in a row: a new encoder              */
	PASS_MAX  = 1000,         /* pictures' time, more makes no change */
};

struct rung {
	atomic_uint refs;
	uint32_t id;              /* [I]                                  */
	struct video_rung desc;   /* [I]                                  */
	unsigned canvas_w, canvas_h, canvas_fps;  /* [I]                  */
	unsigned mbw, mbh;        /* [I]                                  */
	atomic_bool want_key;

	/* the tick's */
	struct venc *enc;
	bool small;               /* smaller than the canvas      [I]     */
	struct rtp_pack pack;
	uint8_t *constv;          /* 1: as in the last encoded picture    */
	unsigned divisor;
	bool fast, retune;
	unsigned settle;          /* pictures to encode though unchanged  */
	bool fine;                /* the last one is as it should be      */
	uint64_t next_n;
	uint64_t last_us, key_us; /* last encoded, last key frame         */
	uint64_t put_us;          /* last given to the encoder            */
	bool stale;               /* constv has a mark                    */
	unsigned fails;
	uint32_t seq;             /* pictures the encoder was given       */

	atomic_ullong units, keys, bytes, skipped, cpu_us;
};

static void rung_destructor(void *data)
{
	struct rung *r = data;

	mem_deref(r->enc);
	mem_deref(r->constv);
}

int rung_alloc(struct rung **rp, uint32_t id, const struct video_rung *desc,
	       unsigned canvas_w, unsigned canvas_h, unsigned canvas_fps)
{
	struct rung *r;
	int err = 0;

	if (!rp || !desc || !desc->width || !desc->height || !desc->fps ||
	    !desc->kbps || desc->width > canvas_w || desc->height > canvas_h)
		return EINVAL;

	r = mem_zalloc(sizeof(*r), rung_destructor);
	if (!r)
		return ENOMEM;
	atomic_init(&r->refs, 1);
	atomic_init(&r->want_key, true);
	r->id = id;
	r->desc = *desc;
	r->canvas_w = canvas_w;
	r->canvas_h = canvas_h;
	r->canvas_fps = canvas_fps;
	r->mbw = (desc->width + 15u) / 16;
	r->mbh = (desc->height + 15u) / 16;
	r->small = desc->width != canvas_w || desc->height != canvas_h;
	r->divisor = 1;
	r->stale = true;
	r->pack.codec = desc->codec;
	r->pack.pkt_mode = desc->pkt_mode;
	r->pack.max = LEG_PAYLOAD_MAX;
	r->pack.picture_id = rand_u16() & 0x7fff;

	r->constv = mem_zalloc((size_t)r->mbw * r->mbh, NULL);
	if (!r->constv)
		err = ENOMEM;
	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}

struct rung *rung_ref(struct rung *r)
{
	atomic_fetch_add(&r->refs, 1);

	return r;
}

void rung_unref(struct rung *r)
{
	if (r && atomic_fetch_sub(&r->refs, 1) == 1)
		mem_deref(r);
}

uint32_t rung_id(const struct rung *r)
{
	return r->id;
}

const struct video_rung *rung_desc(const struct rung *r)
{
	return &r->desc;
}

void rung_key(struct rung *r)
{
	atomic_store(&r->want_key, true);
}

void rung_mark(struct rung *r, const struct layout_rect *rect)
{
	unsigned x0 = rect->x, y0 = rect->y;
	unsigned x1 = rect->x + rect->w, y1 = rect->y + rect->h;

	if (r->small) {
		/* the scaler looks a little beyond the edge */
		x0 = x0 * r->desc.width / r->canvas_w;
		y0 = y0 * r->desc.height / r->canvas_h;
		x1 = x1 * r->desc.width / r->canvas_w + 4;
		y1 = y1 * r->desc.height / r->canvas_h + 4;
		x0 = x0 > 3 ? x0 - 3 : 0;
		y0 = y0 > 3 ? y0 - 3 : 0;
	}
	x1 = (x1 + 15) / 16 < r->mbw ? (x1 + 15) / 16 : r->mbw;
	y1 = (y1 + 15) / 16 < r->mbh ? (y1 + 15) / 16 : r->mbh;
	x0 /= 16;
	for (unsigned y = y0 / 16; y < y1 && x0 < x1; y++)
		memset(r->constv + (size_t)y * r->mbw + x0, 0, x1 - x0);
	r->stale = true;
}

void rung_tune(struct rung *r, unsigned divisor, bool fast)
{
	if (r->divisor == divisor && r->fast == fast)
		return;
	r->divisor = divisor;
	r->fast = fast;
	r->retune = true;
}

/* Pictures of the canvas's full rate from one of ours to the next */
static unsigned period(const struct rung *r)
{
	unsigned n = r->canvas_fps / r->desc.fps;

	n = n ? n : 1;

	return n > r->divisor ? n : r->divisor;
}

bool rung_due(struct rung *r, uint64_t n)
{
	if (n < r->next_n)
		return false;
	r->next_n = n - n % period(r) + period(r);

	return true;
}

static int enc_open(struct rung *r)
{
	int err;

	if (!r->enc) {
		err = venc_alloc(&r->enc, &r->desc, LEG_PAYLOAD_MAX);
		if (err)
			return err;
		atomic_store(&r->want_key, true);
		r->key_us = 0;            /* it begins with one, at once  */
		r->retune = r->divisor > 1 || r->fast;
	}
	if (r->retune)
		venc_tune(r->enc, r->canvas_fps / period(r), r->fast);
	r->retune = false;

	return 0;
}

/* A key frame now?  The first at once, then one in RUNG_KEY_US at most;
 * but what builds on a picture that could not be sent must not be. */
static bool key_now(struct rung *r, uint64_t now)
{
	if (r->fails)
		return true;
	if (!atomic_load(&r->want_key))
		return false;

	return !r->key_us || now - r->key_us >= RUNG_KEY_US;
}

static bool nothing_new(struct rung *r, bool key, uint64_t now)
{
	if (r->stale)
		r->settle = SETTLE;
	else if (r->settle && !r->fine)
		r->settle--;
	else if (!key && now - r->last_us < REPEAT_US)
		return true;

	return false;
}

/* Pictures that did not come since the last one that was put */
static void time_pass(struct rung *r, uint64_t now)
{
	uint64_t us = 1000000ull * period(r) / r->canvas_fps;
	uint64_t n = r->put_us && now > r->put_us ?
		(now - r->put_us + us / 2) / us : 1;

	if (n > 1)
		venc_pass(r->enc, (unsigned)(n < PASS_MAX ? n : PASS_MAX) - 1);
	r->put_us = now;
}

static int encode(struct rung *r, const struct vpic *pic, bool key,
		  uint64_t pts_us, struct unit **unitp)
{
	struct venc_out out = {0};
	struct unit *unit;
	int err;

	time_pass(r, pts_us);
	err = venc_put(r->enc, pic, r->key_us ? r->constv : NULL, key, &out);
	if (err == EAGAIN)
		return err;
	++r->seq;
	if (err)
		return err;
	r->fine = out.fine;

	err = rtp_pack_video(&unit, &r->pack, out.data, out.len);
	if (err)
		return err;
	unit->stream = r->id;
	unit->seq = r->seq;
	unit->key = out.key;
	unit->pts_us = pts_us;
	*unitp = unit;

	return 0;
}

static void account(struct rung *r, const struct unit *unit, uint64_t now)
{
	memset(r->constv, 1, (size_t)r->mbw * r->mbh);
	r->stale = false;
	r->fails = 0;
	r->last_us = now;
	if (unit->key) {
		r->key_us = now;
		atomic_fetch_add(&r->keys, 1);
	}
	atomic_fetch_add(&r->units, 1);
	atomic_fetch_add(&r->bytes, unit->len);
}

int rung_encode(struct rung *r, const struct vpic *pic,
		uint64_t pts_us, struct unit **unitp)
{
	uint64_t t0 = video_cpu_us();
	int err = enc_open(r);
	bool key = key_now(r, pts_us);

	*unitp = NULL;
	if (!err && nothing_new(r, key, pts_us)) {
		atomic_fetch_add(&r->skipped, 1);
		return 0;
	}
	if (key)
		atomic_store(&r->want_key, false);

	if (!err)
		err = encode(r, pic, key, pts_us, unitp);
	if (!err) {
		account(r, *unitp, pts_us);
	}
	else if (err == EAGAIN) {
		/* left out for the rate's sake: what changed stays marked */
		if (key)
			atomic_store(&r->want_key, true);
		atomic_fetch_add(&r->skipped, 1);
		err = 0;
	}
	else {
		/* what the encoder's last picture was is not known now */
		memset(r->constv, 0, (size_t)r->mbw * r->mbh);
		atomic_store(&r->want_key, true);
		if (++r->fails >= FAIL_MAX) {
			r->enc = mem_deref(r->enc);
			r->fails = 0;
		}
	}
	atomic_fetch_add(&r->cpu_us, video_cpu_us() - t0);

	return err;
}

json_t *rung_stats(const struct rung *r)
{
	struct rung *w = (struct rung *)r;

	return json_pack("{s:I,s:s,s:i,s:i,s:i,s:I,s:I,s:I,s:I,s:I}",
			 "id", (json_int_t)r->id,
			 "codec", codec_name(r->desc.codec),
			 "width", (int)r->desc.width,
			 "height", (int)r->desc.height,
			 "fps", (int)r->desc.fps,
			 "kbps", (json_int_t)r->desc.kbps,
			 "frames", (json_int_t)atomic_load(&w->units),
			 "keys", (json_int_t)atomic_load(&w->keys),
			 "skipped", (json_int_t)atomic_load(&w->skipped),
			 "bytes", (json_int_t)atomic_load(&w->bytes));
}

uint64_t rung_cpu_us(const struct rung *r)
{
	return atomic_load(&((struct rung *)r)->cpu_us);
}
