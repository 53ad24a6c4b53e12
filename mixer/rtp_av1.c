/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_av1.c -- elements, key frames and sizes of AV1; see rtp_av1.h
 */
#include <errno.h>

#include "mixer/rtp_av1.h"
#include "mixer/rtp_bits.h"


size_t rtp_av1_leb(const uint8_t *p, size_t n, uint64_t *valp)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n && i < AV1_LEB_MAX; i++) {
		v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
		if (!(p[i] & 0x80)) {
			*valp = v;
			return i + 1;
		}
	}

	return 0;
}


size_t rtp_av1_leb_put(uint8_t p[AV1_LEB_MAX], uint64_t val)
{
	size_t n = 0;

	do {
		p[n] = val & 0x7f;
		val >>= 7;
		if (val)
			p[n] |= 0x80;
		++n;
	} while (val && n < AV1_LEB_MAX);

	return n;
}


int rtp_av1_element(const uint8_t *p, size_t n, size_t *posp, unsigned *ip,
		    const uint8_t **datap, size_t *lenp, bool *lastp)
{
	const unsigned count = p[0] >> 4 & 3;
	uint64_t len;
	size_t used;

	if (*posp >= n)
		return count && *ip < count ? EBADMSG : ENOENT;
	if (count && *ip >= count)
		return EBADMSG;

	if (count && *ip + 1 == count) {
		len = n - *posp;
	}
	else {
		used = rtp_av1_leb(p + *posp, n - *posp, &len);
		if (!used)
			return EBADMSG;
		*posp += used;
	}
	if (!len || len > n - *posp)
		return EBADMSG;

	*datap = p + *posp;
	*lenp  = (size_t)len;
	*posp += (size_t)len;
	*lastp = *posp >= n;
	++*ip;

	return 0;
}


/* AV1 section 5.5.1, as far as the size; timing says no more than that */
static void sequence(struct rtp_av1 *a, const uint8_t *p, size_t n)
{
	struct bits b = { .p = p, .end = p + n };
	unsigned delay, points, i, wbits, hbits;

	a->sequence = true;
	a->width = a->height = 0;
	bits_skip(&b, 4);
	a->reduced = bits_one(&b);
	if (a->reduced) {
		bits_skip(&b, 5);
	}
	else {
		if (bits_one(&b))         /* timing_info                  */
			return;
		delay  = bits_one(&b);
		points = bits_get(&b, 5) + 1;
		for (i = 0; i < points; i++) {
			bits_skip(&b, 12);
			if (bits_get(&b, 5) > 7)
				bits_skip(&b, 1);
			if (delay && bits_one(&b))
				bits_skip(&b, 4);
		}
	}
	wbits = bits_get(&b, 4) + 1;
	hbits = bits_get(&b, 4) + 1;
	a->width  = (uint16_t)(bits_get(&b, wbits) + 1);
	a->height = (uint16_t)(bits_get(&b, hbits) + 1);
	if (b.over)
		a->width = a->height = 0;
}


void rtp_av1_obu(struct rtp_av1 *a, uint8_t header, const uint8_t *p,
		 size_t n)
{
	switch (rtp_av1_type(header)) {

	case AV1_SEQUENCE:
		sequence(a, p, n);
		break;

	case AV1_FRAME:
	case AV1_HEADER:
		/* show_existing_frame 0, frame_type KEY_FRAME */
		if (!a->frame)
			a->key = a->reduced || (n && !(p[0] & 0xe0));
		a->frame = true;
		break;

	default:
		break;
	}
}
