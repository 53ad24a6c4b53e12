/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_red.c -- redundant audio taken apart; see rtp_red.h
 */
#include "mixer/rtp_red.h"


unsigned rtp_red_parse(struct rtp_red_block *v, const uint8_t *p, size_t n)
{
	size_t pos = 0;
	unsigned c = 0, i;

	/* F=1: PT, 14 bits of offset, 10 of length; F=0: PT, the primary */
	while (pos < n && p[pos] & 0x80) {
		if (pos + 4 > n || c == RTP_RED_MAX - 1)
			return 0;
		v[c].pt   = p[pos] & 0x7f;
		v[c].back = (uint32_t)p[pos + 1] << 6 | p[pos + 2] >> 2;
		v[c].n    = (size_t)(p[pos + 2] & 3) << 8 | p[pos + 3];
		++c;
		pos += 4;
	}
	if (pos >= n)
		return 0;
	v[c].pt   = p[pos] & 0x7f;
	v[c].back = 0;
	++pos;

	for (i = 0; i < c; i++) {
		if (v[i].n > n - pos)
			return 0;
		v[i].p = p + pos;
		pos += v[i].n;
	}
	v[c].p = p + pos;
	v[c].n = n - pos;

	return c + 1;
}
