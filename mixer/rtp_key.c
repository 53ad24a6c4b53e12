/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_key.c -- the size of a picture in its first packet
 */
#include "mixer/rtp_depack.h"
#include "mixer/rtp_h264.h"
#include "mixer/rtp_key.h"


static void nal(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	if (n && (p[0] & 0x1f) == H264_SPS)
		(void)rtp_h264_sps(p, n, wp, hp);
}


static void h264(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	size_t pos = 1;

	if ((p[0] & 0x1f) != H264_STAP_A) {
		nal(p, n, wp, hp);
		return;
	}
	while (pos + 2 < n) {
		const size_t len = (size_t)p[pos] << 8 | p[pos + 1];

		pos += 2;
		if (!len || pos + len > n)
			return;
		nal(p + pos, len, wp, hp);
		pos += len;
	}
}


/* Bytes of the payload descriptor, 0: not sound (RFC 7741 section 4.2) */
static size_t vp8_descriptor(const uint8_t *p, size_t n)
{
	size_t pos = 1;
	uint8_t x;

	if (!n)
		return 0;
	if (p[0] & 0x80) {
		if (n < 2)
			return 0;
		x = p[1];
		pos = 2;
		if (x & 0x80) {
			if (pos >= n)
				return 0;
			pos += p[pos] & 0x80 ? 2 : 1;
		}
		pos += !!(x & 0x40);
		pos += !!(x & 0x30);
	}

	return pos < n ? pos : 0;
}


static void vp8(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	const size_t off = vp8_descriptor(p, n);

	if (!off)
		return;

	p += off;
	n -= off;
	if (n >= 10 && p[3] == 0x9d && p[4] == 0x01 && p[5] == 0x2a) {
		*wp = (uint16_t)((p[7] << 8 | p[6]) & 0x3fff);
		*hp = (uint16_t)((p[9] << 8 | p[8]) & 0x3fff);
	}
}


bool rtp_key_start(enum ticket_codec codec, const uint8_t *p, size_t n,
		   uint16_t *wp, uint16_t *hp)
{
	if (!rtp_depack_is_key(codec, p, n))
		return false;

	if (codec == CODEC_H264)
		h264(p, n, wp, hp);
	else if (codec == CODEC_VP8)
		vp8(p, n, wp, hp);

	return true;
}
