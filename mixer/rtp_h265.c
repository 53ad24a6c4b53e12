/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_h265.c -- key frames and picture sizes; see rtp_h265.h
 */
#include <errno.h>

#include "mixer/rtp_bits.h"
#include "mixer/rtp_h265.h"

enum { PROFILE_BITS = 88, LEVEL_BITS = 8 };


/* ITU-T H.265 section 7.3.3 */
static void skip_profile_tier_level(struct bits *b, unsigned sublayers)
{
	bool profile[8] = {false}, level[8] = {false};
	unsigned i;

	bits_skip(b, PROFILE_BITS + LEVEL_BITS);
	for (i = 0; i < sublayers; i++) {
		profile[i] = bits_one(b);
		level[i]   = bits_one(b);
	}
	if (sublayers)
		bits_skip(b, 2 * (8 - sublayers));
	for (i = 0; i < sublayers; i++) {
		bits_skip(b, profile[i] ? PROFILE_BITS : 0);
		bits_skip(b, level[i] ? LEVEL_BITS : 0);
	}
}


int rtp_h265_sps(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	struct bits b = { .p = p + 2, .end = p + n, .escaped = true };
	uint32_t chroma, w, h;
	uint64_t cropx = 0, cropy = 0;

	if (n < 4)
		return EBADMSG;

	bits_skip(&b, 4);
	skip_profile_tier_level(&b, (bits_get(&b, 4) >> 1) & 7);
	(void)bits_ue(&b);
	chroma = bits_ue(&b);
	if (chroma == 3)
		(void)bits_one(&b);
	w = bits_ue(&b);
	h = bits_ue(&b);
	if (b.over || chroma > 3 || !w || !h || w > 16384 || h > 16384)
		return EBADMSG;

	if (bits_one(&b)) {
		const unsigned sx = chroma == 1 || chroma == 2 ? 2 : 1;
		const unsigned sy = chroma == 1 ? 2 : 1;

		cropx  = bits_ue(&b);
		cropx += bits_ue(&b);
		cropx *= sx;
		cropy  = bits_ue(&b);
		cropy += bits_ue(&b);
		cropy *= sy;
	}
	if (b.over || cropx >= w || cropy >= h)
		return EBADMSG;

	*wp = (uint16_t)(w - cropx);
	*hp = (uint16_t)(h - cropy);

	return 0;
}


void rtp_h265_nal(struct rtp_h265 *h, const uint8_t *p, size_t n)
{
	unsigned type;

	if (n < 2)
		return;

	type = rtp_h265_type(p);
	if (type < H265_SLICES)
		h->slice = true;
	if (type >= H265_IRAP && type <= H265_IRAP_LAST)
		h->irap = true;
	if (type == H265_SPS && rtp_h265_sps(p, n, &h->width, &h->height))
		h->width = h->height = 0;
}


bool rtp_h265_first(unsigned type, uint8_t third, bool sure)
{
	if (type < H265_SLICES)           /* first_slice_segment_in_pic   */
		return (third & 0x80) && !(sure && type >= H265_IRAP);

	switch (type) {

	case H265_VPS:
	case H265_AUD:
		return true;

	case H265_SPS:
	case H265_PPS:
	case H265_SEI:
		return !sure;

	default:
		return false;
	}
}
