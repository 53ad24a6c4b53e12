/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_depack.c -- payload formats of video; see rtp_depack.h
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_depack.h"
#include "mixer/rtp_frame.h"
#include "mixer/rtp_h264.h"

enum { GROW_MIN = 16 * 1024 };

struct rtp_depack {
	enum ticket_codec codec;  /* [I]                                  */
	uint8_t *buf;
	size_t len, cap;
	bool fu;                  /* H.264: a fragmented NAL is open      */
	struct rtp_h264 h264;     /* what was seen of the frame           */
};


static void destructor(void *arg)
{
	struct rtp_depack *d = arg;

	free(d->buf);
}


int rtp_depack_alloc(struct rtp_depack **dp, enum ticket_codec codec)
{
	struct rtp_depack *d;

	if (!dp)
		return EINVAL;
	if (codec != CODEC_H264 && codec != CODEC_VP8)
		return ENOTSUP;

	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;

	d->codec = codec;
	*dp = d;

	return 0;
}


static int append(struct rtp_depack *d, const uint8_t *p, size_t n)
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


/* ---- H.264 ---------------------------------------------------------- */

static int nal_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	static const uint8_t code[4] = {0, 0, 0, 1};
	int err;

	rtp_h264_nal(&d->h264, p, n);

	err = append(d, code, sizeof(code));
	if (err)
		return err;

	return append(d, p, n);
}


/* p: behind the aggregation header (and DON) */
static int stap_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	int err = n ? 0 : EBADMSG;

	while (n && !err) {
		size_t len;

		if (n < 2)
			return EBADMSG;
		len = (size_t)p[0] << 8 | p[1];
		p += 2;
		n -= 2;
		if (!len || len > n)
			return EBADMSG;

		err = nal_add(d, p, len);
		p += len;
		n -= len;
	}

	return err;
}


static int fu_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	const bool fu_b = (p[0] & 0x1f) == H264_FU_B;
	const size_t hdr = fu_b ? 4 : 2;
	const bool start = n > 1 && (p[1] & 0x80);
	uint8_t nal[H264_PEEK];
	size_t peek;
	int err;

	if (n <= hdr)
		return EBADMSG;

	if (start) {
		/* the NAL unit's own first byte, rebuilt */
		nal[0] = (p[0] & 0xe0) | (p[1] & 0x1f);
		peek = min(n - hdr, sizeof(nal) - 1);
		memcpy(nal + 1, p + hdr, peek);
		rtp_h264_nal(&d->h264, nal, peek + 1);

		err  = append(d, (const uint8_t *)"\0\0\0\1", 4);
		err |= append(d, nal, 1);
		if (err)
			return EMSGSIZE;
	}
	else if (!d->fu) {
		return EPROTO;
	}
	d->fu = !(p[1] & 0x40);

	return append(d, p + hdr, n - hdr);
}


static int h264_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	const uint8_t type = p[0] & 0x1f;

	if (type >= 1 && type <= 23) {
		d->fu = false;
		return nal_add(d, p, n);
	}

	switch (type) {

	case H264_STAP_A:
		d->fu = false;
		return stap_add(d, p + 1, n - 1);

	case H264_STAP_B:
		d->fu = false;
		return n < 3 ? EBADMSG : stap_add(d, p + 3, n - 3);

	case H264_FU_A:
	case H264_FU_B:
		return fu_add(d, p, n);

	default:
		return EBADMSG;
	}
}


/* The first two bytes of the first NAL unit that begins in a payload */
static bool h264_peek(const uint8_t *p, size_t n, uint8_t nal[2])
{
	size_t off;

	switch (p[0] & 0x1f) {

	case H264_FU_A:
	case H264_FU_B:
		off = (p[0] & 0x1f) == H264_FU_B ? 4 : 2;
		if (n <= off || !(p[1] & 0x80))
			return false;
		nal[0] = p[1];
		nal[1] = p[off];
		return true;

	case H264_STAP_A:
		off = 3;
		break;

	case H264_STAP_B:
		off = 5;
		break;

	default:
		off = 0;
		break;
	}
	if (n < off + 2)
		return false;
	nal[0] = p[off];
	nal[1] = p[off + 1];

	return true;
}


static bool h264_start(const uint8_t *p, size_t n, bool sure)
{
	uint8_t nal[2], type;

	if (!h264_peek(p, n, nal))
		return false;

	type = nal[0] & 0x1f;
	if (sure && (type == H264_IDR || type == H264_PPS))
		return false;             /* an SPS goes before these     */

	return rtp_h264_first(type, nal[1]);
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


static bool vp8_start(const uint8_t *p)
{
	return (p[0] & 0x10) && !(p[0] & 0x07);
}


static int vp8_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	const size_t hdr = vp8_descriptor(p, n);

	if (!hdr)
		return EBADMSG;
	if (!d->len && !vp8_start(p))
		return EPROTO;

	return append(d, p + hdr, n - hdr);
}


static int vp8_end(const struct rtp_depack *d, struct rtp_depack_frame *fr)
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


/* ---- both ----------------------------------------------------------- */

bool rtp_depack_start(enum ticket_codec codec, const uint8_t *p, size_t n,
		      bool sure)
{
	if (!p || !n)
		return false;

	return codec == CODEC_H264 ? h264_start(p, n, sure) : vp8_start(p);
}


/* NAL units of one packet: an IDR, or the SPS before it */
static bool h264_is_key(const uint8_t *p, size_t n)
{
	size_t pos;

	switch (p[0] & 0x1f) {

	case H264_FU_A:
	case H264_FU_B:
		return n > 1 && ((p[1] & 0x1f) == H264_IDR ||
				 (p[1] & 0x1f) == H264_SPS);

	case H264_STAP_A:
	case H264_STAP_B:
		pos = (p[0] & 0x1f) == H264_STAP_A ? 1 : 3;
		while (pos + 2 < n) {
			const uint8_t type = p[pos + 2] & 0x1f;

			if (type == H264_IDR || type == H264_SPS)
				return true;
			pos += 2 + ((size_t)p[pos] << 8 | p[pos + 1]);
		}
		return false;

	default:
		return (p[0] & 0x1f) == H264_IDR || (p[0] & 0x1f) == H264_SPS;
	}
}


bool rtp_depack_is_key(enum ticket_codec codec, const uint8_t *p, size_t n)
{
	size_t hdr;

	if (!p || !n)
		return false;

	switch (codec) {

	case CODEC_H264:
		return h264_is_key(p, n);

	case CODEC_VP8:
		hdr = vp8_descriptor(p, n);
		return hdr && n > hdr && vp8_start(p) && !(p[hdr] & 1);

	default:
		return false;
	}
}


void rtp_depack_begin(struct rtp_depack *d)
{
	d->len = 0;
	d->fu  = false;
	memset(&d->h264, 0, sizeof(d->h264));
}


int rtp_depack_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	if (!d || !p)
		return EINVAL;
	if (!n)
		return EBADMSG;

	return d->codec == CODEC_H264 ? h264_add(d, p, n) : vp8_add(d, p, n);
}


int rtp_depack_end(struct rtp_depack *d, struct rtp_depack_frame *frame)
{
	int err;

	memset(frame, 0, sizeof(*frame));
	if (!d->len)
		return EBADMSG;

	if (d->codec == CODEC_H264) {
		/* parameter sets alone are passed on: a decoder wants them */
		frame->key    = rtp_h264_key(&d->h264);
		frame->width  = d->h264.width;
		frame->height = d->h264.height;
	}
	else {
		err = vp8_end(d, frame);
		if (err)
			return err;
	}

	memset(d->buf + d->len, 0, RTP_FRAME_PAD);
	frame->data = d->buf;
	frame->len  = d->len;

	return 0;
}
