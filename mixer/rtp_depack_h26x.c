/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_depack_h26x.c -- payloads of H.264 and H.265 to Annex B
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_depack_priv.h"


/* ---- H.264 ---------------------------------------------------------- */

static int nal_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	static const uint8_t code[4] = {0, 0, 0, 1};
	int err;

	rtp_h264_nal(&d->h264, p, n);

	err = depack_append(d, code, sizeof(code));
	if (err)
		return err;

	return depack_append(d, p, n);
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

		err  = depack_append(d, (const uint8_t *)"\0\0\0\1", 4);
		err |= depack_append(d, nal, 1);
		if (err)
			return EMSGSIZE;
	}
	else if (!d->fu) {
		return EPROTO;
	}
	d->fu = !(p[1] & 0x40);

	return depack_append(d, p + hdr, n - hdr);
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


/* NAL units of one packet: an IDR, or the SPS before it */
static bool h264_key(const uint8_t *p, size_t n)
{
	size_t pos;

	switch (p[0] & 0x1f) {

	case H264_FU_A:
	case H264_FU_B:
		return n > 1 && p[1] & 0x80 &&
		       ((p[1] & 0x1f) == H264_IDR ||
			(p[1] & 0x1f) == H264_SPS);

	case H264_STAP_A:
	case H264_STAP_B:
		pos = (p[0] & 0x1f) == H264_STAP_A ? 1 : 3;
		while (pos + 2 < n) {
			const size_t len = (size_t)p[pos] << 8 | p[pos + 1];
			const uint8_t type = p[pos + 2] & 0x1f;

			pos += 2;
			if (!len || pos + len > n)
				return false;
			if (type == H264_IDR || type == H264_SPS)
				return true;
			pos += len;
		}
		return false;

	default:
		return (p[0] & 0x1f) == H264_IDR || (p[0] & 0x1f) == H264_SPS;
	}
}


static int h264_end(struct rtp_depack *d, struct rtp_depack_frame *frame)
{
	/* parameter sets alone are passed on: a decoder wants them */
	frame->key    = rtp_h264_key(&d->h264);
	frame->width  = d->h264.width;
	frame->height = d->h264.height;

	return 0;
}


const struct depack_ops depack_h264 = {
	CODEC_H264, h264_start, h264_key, h264_add, h264_end,
};


/* ---- H.265, RFC 7798 ------------------------------------------------ */

static int h265_nal_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	int err;

	if (n < 3)
		return EBADMSG;
	rtp_h265_nal(&d->h265, p, n);
	err = depack_append(d, (const uint8_t *)"\0\0\0\1", 4);

	return err ? err : depack_append(d, p, n);
}


/* p: behind the payload header */
static int h265_ap_add(struct rtp_depack *d, const uint8_t *p, size_t n)
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

		err = h265_nal_add(d, p, len);
		p += len;
		n -= len;
	}

	return err;
}


/* The header of the NAL unit that a fragment belongs to */
static void h265_fu_nal(uint8_t nal[2], const uint8_t *p)
{
	nal[0] = (uint8_t)((p[0] & 0x81) | (p[2] & 0x3f) << 1);
	nal[1] = p[1];
}


static int h265_fu_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	uint8_t nal[H265_PEEK];
	size_t peek;
	int err;

	if (n < 4)
		return EBADMSG;

	if (p[2] & 0x80) {
		h265_fu_nal(nal, p);
		peek = min(n - 3, sizeof(nal) - 2);
		memcpy(nal + 2, p + 3, peek);
		rtp_h265_nal(&d->h265, nal, peek + 2);

		err = depack_append(d, (const uint8_t *)"\0\0\0\1", 4);
		if (!err)
			err = depack_append(d, nal, 2);
		if (err)
			return err;
	}
	else if (!d->fu) {
		return EPROTO;
	}
	d->fu = !(p[2] & 0x40);

	return depack_append(d, p + 3, n - 3);
}


static int h265_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	const unsigned type = rtp_h265_type(p);

	if (type == H265_FU)
		return h265_fu_add(d, p, n);

	d->fu = false;
	if (n < 3)
		return EBADMSG;
	if (type == H265_AP)
		return h265_ap_add(d, p + 2, n - 2);

	return type < H265_AP ? h265_nal_add(d, p, n) : EBADMSG;
}


/* Type and third byte of the first NAL unit that begins in a payload */
static bool h265_peek(const uint8_t *p, size_t n, unsigned *typep,
		      uint8_t *thirdp)
{
	const unsigned type = n > 2 ? rtp_h265_type(p) : 63;
	uint8_t nal[2];

	if (type == H265_FU) {
		if (n < 4 || !(p[2] & 0x80))
			return false;
		h265_fu_nal(nal, p);
		*typep  = rtp_h265_type(nal);
		*thirdp = p[3];
		return true;
	}
	if (type == H265_AP) {
		if (n < 7)
			return false;
		*typep  = rtp_h265_type(p + 4);
		*thirdp = p[6];
		return true;
	}
	*typep  = type;
	*thirdp = n > 2 ? p[2] : 0;

	return type < H265_AP;
}


static bool h265_start(const uint8_t *p, size_t n, bool sure)
{
	unsigned type;
	uint8_t third;

	return h265_peek(p, n, &type, &third) &&
		rtp_h265_first(type, third, sure);
}


static bool h265_is_key(unsigned type)
{
	return (type >= H265_IRAP && type <= H265_IRAP_LAST) ||
		type == H265_VPS || type == H265_SPS;
}


static bool h265_key(const uint8_t *p, size_t n)
{
	unsigned type;
	uint8_t third;

	if (n > 2 && rtp_h265_type(p) == H265_FU)
		return h265_is_key(p[2] & 0x3f);

	return h265_peek(p, n, &type, &third) && h265_is_key(type);
}


static int h265_end(struct rtp_depack *d, struct rtp_depack_frame *frame)
{
	frame->key    = d->h265.irap;
	frame->width  = d->h265.width;
	frame->height = d->h265.height;

	return 0;
}


const struct depack_ops depack_h265 = {
	CODEC_H265, h265_start, h265_key, h265_add, h265_end,
};
