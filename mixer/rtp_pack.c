/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_pack.c -- payloads of an encoded frame; see rtp_pack.h
 *
 * H.264 is walked twice with the same code: once to count payloads and
 * scratch bytes, once to fill the unit.  A STAP-A cannot point into the
 * Annex B bytes (start codes lie between its parts), so it is composed in
 * scratch space behind unit->data[len].
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_pack_priv.h"

enum {
	NAL_SEI = 6, NAL_SPS = 7, NAL_PPS = 8, NAL_AUD = 9, NAL_FILLER = 12,
	NAL_STAP_A = 24, NAL_FU_A = 28,
	STAP_MAX = 8,             /* parameter sets in one packet         */
};

/* Parameter sets in a row that may share a packet */
struct stap {
	size_t off[STAP_MAX], len[STAP_MAX];
	unsigned n;
	size_t size;
};


void pack_put(struct pack_sink *s, const uint8_t *hdr, uint8_t hdrlen,
	      size_t off, size_t len)
{
	struct unit_payload *pay;

	if (s->unit) {
		pay = &s->unit->payv[s->payc];
		if (hdrlen)
			memcpy(pay->hdr, hdr, hdrlen);
		pay->hdrlen = hdrlen;
		pay->off = (uint32_t)off;
		pay->len = (uint32_t)len;
	}
	++s->payc;
}


/* Position of the next 00 00 01 at or after pos; len when there is none */
static size_t start_code(const uint8_t *p, size_t len, size_t pos)
{
	while (pos + 2 < len) {
		if (p[pos + 2] > 1)
			pos += 3;
		else if (p[pos + 2] == 1 && !p[pos] && !p[pos + 1])
			return pos;
		else
			++pos;
	}

	return len;
}


int rtp_pack_nal(const uint8_t *data, size_t len, size_t *posp,
		 size_t *offp, size_t *nlenp)
{
	size_t off, end;

	if (!data || !posp || !offp || !nlenp)
		return EINVAL;

	for (;;) {
		off = start_code(data, len, *posp);
		if (off + 3 >= len)
			return ENOENT;

		off += 3;
		end = start_code(data, len, off);
		*posp = end;
		while (end > off && !data[end - 1])
			--end;
		if (end > off)
			break;
	}

	*offp  = off;
	*nlenp = end - off;

	return 0;
}


static void stap_flush(struct pack_sink *s, struct stap *st, const uint8_t *data)
{
	const size_t begin = s->end;
	uint8_t nri = 0;
	uint8_t *p;
	unsigned i;

	if (st->n == 1) {
		pack_put(s, NULL, 0, st->off[0], st->len[0]);
	}
	else if (st->n) {
		s->end += st->size;
		pack_put(s, NULL, 0, begin, st->size);
	}
	if (st->n > 1 && s->unit) {
		p = s->unit->data + begin + 1;
		for (i = 0; i < st->n; i++) {
			const uint8_t *nal = data + st->off[i];

			nri = max(nri, nal[0] & 0x60);
			*p++ = (uint8_t)(st->len[i] >> 8);
			*p++ = (uint8_t)st->len[i];
			memcpy(p, nal, st->len[i]);
			p += st->len[i];
		}
		s->unit->data[begin] = nri | NAL_STAP_A;
	}

	st->n = 0;
	st->size = 1;
}


static void stap_add(struct pack_sink *s, struct stap *st, const uint8_t *data,
		     size_t off, size_t len, size_t limit)
{
	if (st->n == STAP_MAX || st->size + 2 + len > limit)
		stap_flush(s, st, data);

	st->off[st->n] = off;
	st->len[st->n] = len;
	st->size += 2 + len;
	++st->n;
}


/* Fragments of like size, so that none is a mere tail */
static void fu_put(struct pack_sink *s, const uint8_t *data, size_t off,
		   size_t len, size_t limit)
{
	const uint8_t nal = data[off];
	const size_t body = len - 1, per = limit - 2;
	const size_t n = (body + per - 1) / per;
	const size_t size = (body + n - 1) / n;
	size_t pos = 0;

	while (pos < body) {
		const size_t now = min(size, body - pos);
		uint8_t hdr[2];

		hdr[0] = (nal & 0xe0) | NAL_FU_A;
		hdr[1] = nal & 0x1f;
		if (!pos)
			hdr[1] |= 0x80;
		if (pos + now == body)
			hdr[1] |= 0x40;
		pack_put(s, hdr, sizeof(hdr), off + 1 + pos, now);
		pos += now;
	}
}


static int h264_walk(struct pack_sink *s, const struct rtp_pack *pk,
		     const uint8_t *data, size_t len)
{
	struct stap st = { .n = 0, .size = 1 };
	size_t pos = 0, off, nlen;

	while (!rtp_pack_nal(data, len, &pos, &off, &nlen)) {
		const uint8_t type = data[off] & 0x1f;

		if (type == NAL_SEI || type == NAL_AUD || type == NAL_FILLER)
			continue;

		if (pk->pkt_mode && (type == NAL_SPS || type == NAL_PPS) &&
		    nlen + 3 <= pk->max) {
			stap_add(s, &st, data, off, nlen, pk->max);
			continue;
		}

		stap_flush(s, &st, data);
		if (nlen <= pk->max)
			pack_put(s, NULL, 0, off, nlen);
		else if (pk->pkt_mode)
			fu_put(s, data, off, nlen, pk->max);
		else
			return EMSGSIZE;
	}
	stap_flush(s, &st, data);

	return s->payc ? 0 : EBADMSG;
}


static void vp8_walk(struct pack_sink *s, const struct rtp_pack *pk, size_t len)
{
	uint8_t hdr[4] = {
		0x80 | 0x10,              /* X; S at the start; PID 0     */
		0x80,                     /* I: a picture id follows      */
		0x80 | (pk->picture_id >> 8 & 0x7f),
		pk->picture_id & 0xff,
	};
	const size_t per = pk->max - sizeof(hdr);
	const size_t n = (len + per - 1) / per;
	const size_t size = (len + n - 1) / n;
	size_t pos;

	for (pos = 0; pos < len; pos += size) {
		pack_put(s, hdr, sizeof(hdr), pos, min(size, len - pos));
		hdr[0] &= ~0x10;
	}
}


static int walk(struct pack_sink *s, const struct rtp_pack *pk,
		const uint8_t *data, size_t len)
{
	switch (pk->codec) {

	case CODEC_H264:
		return h264_walk(s, pk, data, len);
	case CODEC_VP8:
		vp8_walk(s, pk, len);
		return 0;
	case CODEC_VP9:
		pack_vp9(s, pk, data, len);
		return 0;
	default:
		return ENOTSUP;
	}
}


/* AV1 is sent without the sizes that the encoder writes: the unit has it
 * that way, too. */
static int pack_obus(struct unit **unitp, const struct rtp_pack *pk,
		     const uint8_t *data, size_t len)
{
	struct pack_sink s = { .unit = NULL };
	struct unit *unit;
	uint8_t *buf = mem_alloc(len, NULL);
	size_t n, seq;
	bool key = false;

	if (!buf)
		return ENOMEM;
	n = pack_av1_strip(buf, data, len, &seq, &key);
	if (n)
		pack_av1(&s, pk, n, seq, key);
	unit = n ? unit_alloc(n, s.payc) : NULL;
	if (unit) {
		memcpy(unit->data, buf, n);
		unit->codec = pk->codec;
		unit->len   = n;
		s = (struct pack_sink){ .unit = unit };
		pack_av1(&s, pk, n, seq, key);
		unit->payv[s.payc - 1].marker = true;
	}
	mem_deref(buf);
	*unitp = unit;

	return unit ? 0 : n ? ENOMEM : EBADMSG;
}


int rtp_pack_video(struct unit **unitp, struct rtp_pack *pk,
		   const uint8_t *data, size_t len)
{
	struct pack_sink s = { .unit = NULL, .end = len };
	struct unit *unit;
	int err;

	if (!unitp || !pk || !data || !len || pk->max < 64 ||
	    len > UINT32_MAX / 2)
		return EINVAL;
	if (pk->codec == CODEC_AV1)
		return pack_obus(unitp, pk, data, len);

	err = walk(&s, pk, data, len);
	if (err)
		return err;

	unit = unit_alloc(s.end, s.payc);
	if (!unit)
		return ENOMEM;

	memcpy(unit->data, data, len);
	unit->codec = pk->codec;
	unit->len   = len;

	s = (struct pack_sink){ .unit = unit, .end = len };
	(void)walk(&s, pk, data, len);
	unit->payv[s.payc - 1].marker = true;

	if (pk->codec != CODEC_H264)
		pk->picture_id = (pk->picture_id + 1) & 0x7fff;
	*unitp = unit;

	return 0;
}


int rtp_pack_audio(struct unit **unitp, enum ticket_codec codec,
		   const uint8_t *data, size_t len)
{
	struct unit *unit;

	if (!unitp || (len && !data) || len > UINT16_MAX)
		return EINVAL;

	unit = unit_alloc(len, len ? 1 : 0);
	if (!unit)
		return ENOMEM;

	unit->codec = codec;
	if (len) {
		memcpy(unit->data, data, len);
		unit->payv[0].len = (uint32_t)len;
	}
	*unitp = unit;

	return 0;
}
