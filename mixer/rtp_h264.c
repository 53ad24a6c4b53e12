/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_h264.c -- key frames and picture sizes; see rtp_h264.h
 */
#include <errno.h>

#include "mixer/rtp_bits.h"
#include "mixer/rtp_h264.h"

static int32_t se(struct bits *b)
{
	const uint32_t v = bits_ue(b);

	return v & 1 ? (int32_t)(v / 2 + 1) : -(int32_t)(v / 2);
}


static void skip_scaling_list(struct bits *b, unsigned size)
{
	int32_t last = 8, next = 8;
	unsigned i;

	for (i = 0; i < size && !b->over; i++) {
		if (next)
			next = (last + se(b) + 256) & 0xff;
		last = next ? next : last;
	}
}


static bool high_profile(uint32_t idc)
{
	switch (idc) {

	case 100: case 110: case 122: case 244: case 44: case 83: case 86:
	case 118: case 128: case 138: case 139: case 134: case 135:
		return true;

	default:
		return false;
	}
}


/* Returns chroma_format_idc */
static uint32_t skip_high(struct bits *b)
{
	const uint32_t chroma = bits_ue(b);
	unsigned i;

	if (chroma == 3)
		(void)bits_one(b);
	(void)bits_ue(b);                      /* bit_depth_luma_minus8        */
	(void)bits_ue(b);
	(void)bits_one(b);
	if (bits_one(b)) {                     /* scaling matrices             */
		for (i = 0; i < (chroma == 3 ? 12u : 8u); i++) {
			if (bits_one(b))
				skip_scaling_list(b, i < 6 ? 16 : 64);
		}
	}

	return chroma;
}


static void skip_poc(struct bits *b)
{
	const uint32_t type = bits_ue(b);
	uint32_t i, n;

	if (type == 0) {
		(void)bits_ue(b);
	}
	else if (type == 1) {
		(void)bits_one(b);
		(void)se(b);
		(void)se(b);
		n = bits_ue(b);
		for (i = 0; i < n && i < 256 && !b->over; i++)
			(void)se(b);
	}
}


int rtp_h264_sps(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	struct bits b = {
		.p = p + 1, .end = p + n, .escaped = true,
	};
	uint32_t idc, chroma = 1, w, h, frame_only, cropx = 0, cropy = 0;

	if (n < 4)
		return EBADMSG;

	idc = bits_get(&b, 8);
	(void)bits_get(&b, 16);               /* constraints, level           */
	(void)bits_ue(&b);
	if (high_profile(idc))
		chroma = skip_high(&b);
	(void)bits_ue(&b);                     /* log2_max_frame_num_minus4    */
	skip_poc(&b);
	(void)bits_ue(&b);                     /* max_num_ref_frames           */
	(void)bits_one(&b);
	w = bits_ue(&b) + 1;
	h = bits_ue(&b) + 1;
	frame_only = bits_one(&b);
	if (!frame_only)
		(void)bits_one(&b);
	(void)bits_one(&b);
	if (b.over || w > 1024 || h > 1024)
		return EBADMSG;

	w *= 16;
	h *= 16 * (2 - frame_only);
	if (bits_one(&b)) {
		const uint64_t left = bits_ue(&b), right = bits_ue(&b);
		const uint64_t top = bits_ue(&b), bottom = bits_ue(&b);
		const unsigned sx = chroma == 1 || chroma == 2 ? 2 : 1;
		const unsigned sy = (chroma == 1 ? 2 : 1) * (2 - frame_only);

		if (left + right >= w || top + bottom >= h)
			return EBADMSG;
		cropx = (uint32_t)(left + right) * sx;
		cropy = (uint32_t)(top + bottom) * sy;
	}
	if (b.over || cropx >= w || cropy >= h)
		return EBADMSG;

	*wp = (uint16_t)(w - cropx);
	*hp = (uint16_t)(h - cropy);

	return 0;
}


static bool has_recovery_point(const uint8_t *p, size_t n)
{
	size_t pos = 1;

	while (pos + 2 <= n) {
		size_t type = 0, size = 0;

		while (pos < n && p[pos] == 0xff)
			type += p[pos++];
		if (pos < n)
			type += p[pos++];
		while (pos < n && p[pos] == 0xff)
			size += p[pos++];
		if (pos >= n)
			return false;
		size += p[pos++];
		if (type == 6)
			return true;
		pos += size;
	}

	return false;
}


static bool is_intra(const uint8_t *p, size_t n)
{
	struct bits b = {
		.p = p + 1, .end = p + n, .escaped = true,
	};
	uint32_t type;

	(void)bits_ue(&b);                     /* first_mb_in_slice            */
	type = bits_ue(&b) % 5;

	return !b.over && (type == 2 || type == 4);
}


void rtp_h264_nal(struct rtp_h264 *h, const uint8_t *p, size_t n)
{
	if (!n)
		return;

	switch (p[0] & 0x1f) {

	case H264_IDR:
		h->idr = h->slice = true;
		break;

	case H264_SLICE:
	case 2:                           /* data partition A             */
		h->slice = true;
		if (!is_intra(p, n))
			h->inter = true;
		break;

	case H264_SEI:
		if (has_recovery_point(p, n))
			h->recovery = true;
		break;

	case H264_SPS:
		h->sps = true;
		if (rtp_h264_sps(p, n, &h->width, &h->height))
			h->width = h->height = 0;
		break;

	default:
		break;
	}
}


bool rtp_h264_key(const struct rtp_h264 *h)
{
	if (!h->slice)
		return false;

	return h->idr || h->recovery || (h->sps && !h->inter);
}


bool rtp_h264_first(uint8_t type, uint8_t byte1)
{
	switch (type) {

	case H264_SLICE:
	case 2:
	case H264_IDR:
		return byte1 & 0x80;      /* first_mb_in_slice = bits_ue(0)    */

	case H264_SEI:
	case H264_SPS:
	case H264_PPS:
	case H264_AUD:
		return true;

	default:
		return false;
	}
}
