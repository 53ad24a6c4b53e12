/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_key.c -- key frames recognised by their first packet
 */
#include "mixer/rtp_h264.h"
#include "mixer/rtp_key.h"


static bool nal(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	const uint8_t type = p[0] & 0x1f;

	if (type == H264_SPS)
		(void)rtp_h264_sps(p, n, wp, hp);

	return type == H264_SPS || type == H264_IDR;
}


static bool h264(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	const uint8_t type = n ? p[0] & 0x1f : 0;
	bool key = false;
	size_t pos = 1;

	if (type == H264_FU_A)
		return n > 2 && p[1] & 0x80 && (p[1] & 0x1f) == H264_IDR;
	if (type != H264_STAP_A)
		return n && nal(p, n, wp, hp);

	while (pos + 2 < n) {
		const size_t len = (size_t)p[pos] << 8 | p[pos + 1];

		pos += 2;
		if (!len || pos + len > n)
			return key;
		key |= nal(p + pos, len, wp, hp);
		pos += len;
	}

	return key;
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


static bool vp8(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	const size_t off = vp8_descriptor(p, n);

	if (!off || !(p[0] & 0x10) || p[0] & 0x07 || p[off] & 1)
		return false;

	p += off;
	n -= off;
	if (n >= 10 && p[3] == 0x9d && p[4] == 0x01 && p[5] == 0x2a) {
		*wp = (uint16_t)((p[7] << 8 | p[6]) & 0x3fff);
		*hp = (uint16_t)((p[9] << 8 | p[8]) & 0x3fff);
	}

	return true;
}


bool rtp_key_known(enum ticket_codec codec)
{
	return codec == CODEC_H264 || codec == CODEC_VP8 ||
		codec == CODEC_VP9;
}


bool rtp_key_start(enum ticket_codec codec, const uint8_t *p, size_t n,
		   uint16_t *wp, uint16_t *hp)
{
	switch (codec) {

	case CODEC_H264:
		return h264(p, n, wp, hp);

	case CODEC_VP8:
		return vp8(p, n, wp, hp);

	case CODEC_VP9:                  /* P clear, B set: RFC 9628 4.2   */
		return n && !(p[0] & 0x40) && p[0] & 0x08;

	default:
		return false;
	}
}
