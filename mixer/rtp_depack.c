/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_depack.c -- payload formats: the door, VP8 and VP9
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_depack_priv.h"
#include "mixer/rtp_frame.h"
#include "mixer/rtp_vp9.h"

enum { GROW_MIN = 16 * 1024 };


int depack_append(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	const size_t need = d->len + n + RTP_FRAME_PAD;
	size_t cap = d->cap ? d->cap : GROW_MIN;
	uint8_t *buf;

	if (d->len + n > RTP_FRAME_MAX)
		return EMSGSIZE;

	while (cap < need)
		cap *= 2;
	if (cap != d->cap) {
		buf = realloc(d->buf, cap);
		if (!buf)
			return ENOMEM;
		d->buf = buf;
		d->cap = cap;
	}
	if (n)
		memcpy(d->buf + d->len, p, n);
	d->len += n;

	return 0;
}


/* ---- VP8 ------------------------------------------------------------ */

/* Length of the payload descriptor, 0 when it does not fit */
static size_t vp8_descriptor(const uint8_t *p, size_t n)
{
	size_t len = 1;
	uint8_t ext;

	if (!(p[0] & 0x80))
		return len;

	if (n < 2)
		return 0;
	ext = p[1];
	++len;
	if (ext & 0x80) {                 /* picture id, 7 or 15 bits     */
		if (n <= len)
			return 0;
		len += p[len] & 0x80 ? 2 : 1;
	}
	if (ext & 0x40)                   /* TL0PICIDX                    */
		++len;
	if (ext & 0x30)                   /* TID, Y, KEYIDX               */
		++len;

	return len <= n ? len : 0;
}


static bool vp8_start(const uint8_t *p, size_t n, bool sure)
{
	(void)n;
	(void)sure;

	return (p[0] & 0x10) && !(p[0] & 0x07);
}


static int vp8_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	const size_t hdr = vp8_descriptor(p, n);

	if (!hdr)
		return EBADMSG;
	if (!d->len && !vp8_start(p, n, true))
		return EPROTO;

	return depack_append(d, p + hdr, n - hdr);
}


static int vp8_end(struct rtp_depack *d, struct rtp_depack_frame *fr)
{
	const uint8_t *p = d->buf;

	if (d->len < 3)
		return EBADMSG;

	fr->key = !(p[0] & 1);
	if (!fr->key)
		return 0;

	if (d->len < 10 || p[3] != 0x9d || p[4] != 0x01 || p[5] != 0x2a)
		return EBADMSG;
	fr->width  = (p[6] | p[7] << 8) & 0x3fff;
	fr->height = (p[8] | p[9] << 8) & 0x3fff;

	return 0;
}


static bool vp8_key(const uint8_t *p, size_t n)
{
	const size_t hdr = vp8_descriptor(p, n);

	return hdr && n > hdr && vp8_start(p, n, true) && !(p[hdr] & 1);
}


static const struct depack_ops depack_vp8 = {
	CODEC_VP8, vp8_start, vp8_key, vp8_add, vp8_end,
};


/* ---- VP9 ------------------------------------------------------------ */

static bool vp9_start(const uint8_t *p, size_t n, bool sure)
{
	struct rtp_vp9 v;

	(void)sure;

	return !rtp_vp9_descriptor(&v, p, n) && v.begin && !v.sid;
}


static bool vp9_key(const uint8_t *p, size_t n)
{
	struct rtp_vp9 v;
	uint16_t w, h;

	return !rtp_vp9_descriptor(&v, p, n) && v.begin && !v.sid &&
		rtp_vp9_key(p + v.hdr, n - v.hdr, &w, &h);
}


static int vp9_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	struct rtp_vp9 v;
	int err = rtp_vp9_descriptor(&v, p, n);

	if (err)
		return err;
	if (v.begin) {
		if (d->layerc == VP9_LAYERS_MAX)
			return EBADMSG;
		d->layerv[d->layerc++] = (uint32_t)d->len;
	}
	else if (!d->layerc) {
		return EPROTO;
	}
	if (v.width) {
		d->width  = v.width;
		d->height = v.height;
	}

	return depack_append(d, p + v.hdr, n - v.hdr);
}


/* The frames of several layers are one picture to a decoder if an index
 * follows (VP9 bitstream, annex B): sizes of four bytes each. */
static int vp9_index(struct rtp_depack *d)
{
	uint8_t idx[2 + 4 * VP9_LAYERS_MAX];
	const uint8_t marker = (uint8_t)(0xc0 | 3 << 3 | (d->layerc - 1));
	size_t n = 0;
	unsigned i, k;

	idx[n++] = marker;
	for (i = 0; i < d->layerc; i++) {
		const size_t end = i + 1 < d->layerc ? d->layerv[i + 1] :
			d->len;
		const size_t len = end - d->layerv[i];

		for (k = 0; k < 4; k++)
			idx[n++] = (uint8_t)(len >> (8 * k));
	}
	idx[n++] = marker;

	return depack_append(d, idx, n);
}


static int vp9_end(struct rtp_depack *d, struct rtp_depack_frame *fr)
{
	const size_t first = d->layerc > 1 ? d->layerv[1] : d->len;

	fr->key = rtp_vp9_key(d->buf, first, &fr->width, &fr->height);
	if (fr->key && d->width) {
		fr->width  = d->width;
		fr->height = d->height;
	}

	return d->layerc > 1 ? vp9_index(d) : 0;
}


static const struct depack_ops depack_vp9 = {
	CODEC_VP9, vp9_start, vp9_key, vp9_add, vp9_end,
};


/* ---- all ------------------------------------------------------------ */

static const struct depack_ops *const opsv[] = {
	&depack_h264, &depack_vp8, &depack_vp9, &depack_av1, &depack_h265,
};


static const struct depack_ops *ops_find(enum ticket_codec codec)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opsv); i++) {
		if (opsv[i]->codec == codec)
			return opsv[i];
	}

	return NULL;
}


static void destructor(void *arg)
{
	struct rtp_depack *d = arg;

	free(d->buf);
}


int rtp_depack_alloc(struct rtp_depack **dp, enum ticket_codec codec)
{
	const struct depack_ops *ops = ops_find(codec);
	struct rtp_depack *d;

	if (!dp)
		return EINVAL;
	if (!ops)
		return ENOTSUP;

	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;

	d->ops = ops;
	*dp = d;

	return 0;
}


bool rtp_depack_start(enum ticket_codec codec, const uint8_t *p, size_t n,
		      bool sure)
{
	const struct depack_ops *ops = ops_find(codec);

	return ops && p && n && ops->starth(p, n, sure);
}


bool rtp_depack_is_key(enum ticket_codec codec, const uint8_t *p, size_t n)
{
	const struct depack_ops *ops = ops_find(codec);

	return ops && p && n && ops->keyh(p, n);
}


void rtp_depack_begin(struct rtp_depack *d)
{
	d->len = 0;
	d->fu  = false;
	d->obu_open = false;
	d->layerc = 0;
	d->width = d->height = 0;
	memset(&d->h264, 0, sizeof(d->h264));
	memset(&d->h265, 0, sizeof(d->h265));
	memset(&d->av1, 0, sizeof(d->av1));
}


int rtp_depack_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	if (!d || !p)
		return EINVAL;
	if (!n)
		return EBADMSG;

	return d->ops->addh(d, p, n);
}


int rtp_depack_end(struct rtp_depack *d, struct rtp_depack_frame *frame)
{
	int err;

	memset(frame, 0, sizeof(*frame));
	if (!d->len)
		return EBADMSG;

	err = d->ops->endh(d, frame);
	if (err)
		return err;

	memset(d->buf + d->len, 0, RTP_FRAME_PAD);
	frame->data = d->buf;
	frame->len  = d->len;

	return 0;
}
