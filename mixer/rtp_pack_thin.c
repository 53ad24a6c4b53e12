/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_pack_thin.c -- payloads of VP9 (RFC 9628) and AV1; see
 * rtp_pack.h
 *
 * No layers in either.  VP9's descriptor has a picture id, from which
 * receivers know what a picture builds on, and with key frames the size.
 * AV1 goes without a dependency descriptor: pictures follow one another,
 * and N says where a receiver may begin.
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_av1.h"
#include "mixer/rtp_pack_priv.h"
#include "mixer/rtp_vp9.h"

enum {
	VP9_I = 0x80, VP9_P = 0x40, VP9_B = 0x08, VP9_E = 0x04,
	VP9_V = 0x02, VP9_Z = 0x01,
	VP9_SS_SIZE = 0x10,       /* one spatial layer, with its size     */
	AV1_W1 = 0x10, AV1_W2 = 0x20,
	SEQ_MAX = 120,            /* its length is one byte               */
};

/* Parts of like size, so that none is a mere tail */
static size_t part_of(size_t len, size_t per)
{
	const size_t n = (len + per - 1) / per;

	return (len + n - 1) / n;
}

void pack_vp9(struct pack_sink *s, const struct rtp_pack *pk,
	      const uint8_t *data, size_t len)
{
	uint16_t w = 0, h = 0;
	const bool key = rtp_vp9_key(data, len, &w, &h);
	uint8_t hdr[UNIT_HDR_MAX] = {
		VP9_I | VP9_B | VP9_Z | (key ? 0 : VP9_P),
		0x80 | (pk->picture_id >> 8 & 0x7f),
		pk->picture_id & 0xff,
		VP9_SS_SIZE,
		(uint8_t)(w >> 8), (uint8_t)w, (uint8_t)(h >> 8), (uint8_t)h,
	};
	const size_t size = part_of(len, pk->max - sizeof(hdr));

	for (size_t pos = 0; pos < len; pos += size) {
		const size_t n = min(size, len - pos);
		const bool ss = key && !pos && w && h;

		if (ss)
			hdr[0] |= VP9_V;
		if (pos + n == len)
			hdr[0] |= VP9_E;
		pack_put(s, hdr, ss ? 8 : 3, pos, n);
		hdr[0] &= ~(VP9_B | VP9_V);
	}
}

static bool wanted(uint8_t header)
{
	switch (rtp_av1_type(header)) {

	case AV1_SEQUENCE: case AV1_HEADER: case AV1_TILES:
	case AV1_METADATA: case AV1_FRAME:
		return true;
	default:
		return false;
	}
}

/* One OBU with its size; its bytes without it are put to dst. */
static size_t strip_one(uint8_t *dst, const uint8_t *p, size_t n,
			size_t *usedp, struct rtp_av1 *av1)
{
	const size_t hdr = p[0] & AV1_EXT ? 2 : 1;
	uint64_t size;
	size_t leb;

	if ((p[0] & 0x80) || !(p[0] & AV1_HAS_SIZE) || n <= hdr)
		return 0;
	leb = rtp_av1_leb(p + hdr, n - hdr, &size);
	if (!leb || size > n - hdr - leb)
		return 0;
	*usedp = hdr + leb + (size_t)size;
	if (!wanted(p[0]))
		return 0;

	rtp_av1_obu(av1, p[0], p + hdr + leb, (size_t)size);
	memcpy(dst, p, hdr);
	dst[0] &= (uint8_t)~AV1_HAS_SIZE;
	memcpy(dst + hdr, p + hdr + leb, (size_t)size);

	return hdr + (size_t)size;
}

size_t pack_av1_strip(uint8_t *dst, const uint8_t *data, size_t len,
		      size_t *seqp, bool *keyp)
{
	struct rtp_av1 av1 = {0};
	size_t pos = 0, end = 0;
	unsigned frames = 0;

	*seqp = 0;
	while (pos < len) {
		size_t used = 0, n = strip_one(dst + end, data + pos,
					       len - pos, &used, &av1);
		unsigned type = rtp_av1_type(data[pos]);

		if (!used)
			return 0;
		pos += used;
		if (!n)
			continue;
		/* what an encoder of one layer and one tile gives: a
		 * sequence header, or none, and one frame */
		if (type == AV1_SEQUENCE && !end && n <= SEQ_MAX)
			*seqp = n;
		else if (type != AV1_FRAME || frames++)
			return 0;
		end += n;
	}
	*keyp = av1.key && *seqp;

	return frames ? end : 0;
}

void pack_av1(struct pack_sink *s, const struct rtp_pack *pk, size_t len,
	      size_t seq, bool key)
{
	/* two elements in the first packet, the first with its length */
	uint8_t hdr[2] = {
		(uint8_t)((seq ? AV1_W2 : AV1_W1) | (key ? AV1_N : 0)),
		(uint8_t)seq,
	};
	const size_t size = part_of(len, pk->max - sizeof(hdr));

	for (size_t pos = 0; pos < len; pos += size) {
		const size_t n = min(size, len - pos);

		if (pos + n < len)
			hdr[0] |= AV1_Y;
		else
			hdr[0] &= (uint8_t)~AV1_Y;
		pack_put(s, hdr, !pos && seq ? 2 : 1, pos, n);
		hdr[0] = AV1_Z | AV1_W1;
	}
}
