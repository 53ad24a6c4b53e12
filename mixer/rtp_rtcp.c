/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_rtcp.c -- RTCP on the wire; see rtp_rtcp.h
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_rtcp.h"

enum { BLOCK_SIZE = 24 };

/* One packet of a compound: body behind the first 4 bytes, no padding */
struct part {
	uint8_t type, count;
	const uint8_t *p;
	size_t n;
};

struct reader {
	rtp_rtcp_h *itemh;
	void *arg;
};


static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}


static void give(const struct reader *r, struct rtp_rtcp_item item)
{
	r->itemh(&item, r->arg);
}


static void read_blocks(const struct reader *r, const struct part *part,
			uint32_t ssrc, size_t off)
{
	unsigned i;

	for (i = 0; i < part->count; i++, off += BLOCK_SIZE) {
		const uint8_t *p = part->p + off;
		struct rtp_rtcp_item it = {
			.kind = RTCP_ITEM_BLOCK, .ssrc = ssrc,
		};

		if (off + BLOCK_SIZE > part->n)
			return;
		it.media = be32(p);
		it.u.block.fraction = p[4];
		it.u.block.lost = (int32_t)(be32(p + 4) << 8) >> 8;
		it.u.block.ext_seq = be32(p + 8);
		it.u.block.jitter  = be32(p + 12);
		it.u.block.lsr     = be32(p + 16);
		it.u.block.dlsr    = be32(p + 20);
		give(r, it);
	}
}


static void read_sr(const struct reader *r, const struct part *part)
{
	const uint8_t *p = part->p;
	struct rtp_rtcp_item it = { .kind = RTCP_ITEM_SR };

	if (part->n < 24)
		return;

	it.ssrc = be32(p);
	it.u.sr.ntp     = (uint64_t)be32(p + 4) << 32 | be32(p + 8);
	it.u.sr.rtp_ts  = be32(p + 12);
	it.u.sr.packets = be32(p + 16);
	it.u.sr.bytes   = be32(p + 20);
	give(r, it);
	read_blocks(r, part, it.ssrc, 24);
}


static void read_sdes(const struct reader *r, const struct part *part)
{
	size_t pos = 0;
	unsigned i;

	for (i = 0; i < part->count && pos + 4 <= part->n; i++) {
		const uint32_t ssrc = be32(part->p + pos);

		pos += 4;
		while (pos < part->n && part->p[pos]) {
			const uint8_t *p = part->p + pos;

			if (pos + 2 > part->n || pos + 2 + p[1] > part->n)
				return;
			if (p[0] == RTCP_SDES_CNAME) {
				struct rtp_rtcp_item it = {
					.kind = RTCP_ITEM_CNAME,
					.ssrc = ssrc,
				};
				it.u.cname.p = (const char *)p + 2;
				it.u.cname.n = p[1];
				give(r, it);
			}
			pos += 2u + p[1];
		}
		pos = (pos + 4) & ~(size_t)3;     /* its end, then aligned */
	}
}


static void read_bye(const struct reader *r, const struct part *part)
{
	unsigned i;

	for (i = 0; i < part->count && 4 * (i + 1) <= part->n; i++)
		give(r, (struct rtp_rtcp_item){
			.kind = RTCP_ITEM_BYE, .ssrc = be32(part->p + 4 * i)});
}


static void read_nack(const struct reader *r, const struct part *part,
		      struct rtp_rtcp_item it)
{
	size_t pos;

	it.kind = RTCP_ITEM_NACK;
	for (pos = 8; pos + 4 <= part->n; pos += 4) {
		const uint32_t v = be32(part->p + pos);

		it.u.nack.pid = (uint16_t)(v >> 16);
		it.u.nack.blp = (uint16_t)v;
		give(r, it);
	}
}


/* TMMBR and TMMBN are alike */
static void read_tmmbr(const struct reader *r, const struct part *part,
		       struct rtp_rtcp_item it)
{
	size_t pos;

	it.kind = part->count == RTCP_FMT_TMMBR ? RTCP_ITEM_TMMBR :
		RTCP_ITEM_TMMBN;
	for (pos = 8; pos + 8 <= part->n; pos += 8) {
		const uint32_t v = be32(part->p + pos + 4);
		const unsigned exp = v >> 26;
		const uint64_t mant = v >> 9 & 0x1ffff;

		it.media = be32(part->p + pos);
		it.u.limit.bps = exp > 46 ? UINT64_MAX : mant << exp;
		give(r, it);
	}
}


static void read_fir(const struct reader *r, const struct part *part,
		     struct rtp_rtcp_item it)
{
	size_t pos;

	it.kind = RTCP_ITEM_FIR;
	for (pos = 8; pos + 8 <= part->n; pos += 8) {
		it.media = be32(part->p + pos);
		it.u.fir.seq = part->p[pos + 4];
		it.u.fir.legacy = false;
		give(r, it);
	}
}


static void read_remb(const struct reader *r, const struct part *part,
		      struct rtp_rtcp_item it)
{
	const uint8_t *p = part->p + 8;
	uint64_t mant;

	if (part->n < 16 || memcmp(p, "REMB", 4))
		return;

	mant = (uint64_t)(p[5] & 3) << 16 | (uint64_t)p[6] << 8 | p[7];
	it.kind = RTCP_ITEM_REMB;
	it.u.limit.bps = p[5] >> 2 > 45 ? UINT64_MAX : mant << (p[5] >> 2);
	give(r, it);
}


static void read_twcc(const struct reader *r, const struct part *part,
		      struct rtp_rtcp_item it)
{
	it.kind = RTCP_ITEM_TWCC;
	it.u.twcc.p = part->p + 8;
	it.u.twcc.n = part->n - 8;
	give(r, it);
}


static void read_feedback(const struct reader *r, const struct part *part)
{
	struct rtp_rtcp_item it = { .kind = RTCP_ITEM_PLI };

	if (part->n < 8)
		return;
	it.ssrc  = be32(part->p);
	it.media = be32(part->p + 4);

	if (part->type == RTCP_RTPFB) {
		if (part->count == RTCP_FMT_NACK)
			read_nack(r, part, it);
		else if (part->count == RTCP_FMT_TMMBR ||
			 part->count == RTCP_FMT_TMMBN)
			read_tmmbr(r, part, it);
		else if (part->count == RTCP_FMT_TWCC)
			read_twcc(r, part, it);
		return;
	}

	if (part->count == RTCP_FMT_PLI)
		give(r, it);
	else if (part->count == RTCP_FMT_FIR)
		read_fir(r, part, it);
	else if (part->count == RTCP_FMT_AFB)
		read_remb(r, part, it);
}


static void read_part(const struct reader *r, const struct part *part)
{
	switch (part->type) {

	case RTCP_SR:
		read_sr(r, part);
		break;

	case RTCP_RR:
		if (part->n >= 4)
			read_blocks(r, part, be32(part->p), 4);
		break;

	case RTCP_SDES:
		read_sdes(r, part);
		break;

	case RTCP_BYE:
		read_bye(r, part);
		break;

	case RTCP_FIR:                    /* RFC 2032: without a number   */
		if (part->n >= 4)
			give(r, (struct rtp_rtcp_item){
				.kind = RTCP_ITEM_FIR,
				.ssrc = be32(part->p),
				.u.fir.legacy = true});
		break;

	case RTCP_RTPFB:
	case RTCP_PSFB:
		read_feedback(r, part);
		break;

	default:
		break;
	}
}


/* The part at pos; its whole size, or 0 when it is not sound */
static size_t part_at(struct part *part, const uint8_t *p, size_t n)
{
	size_t size, pad = 0;

	if (n < 4 || (p[0] & 0xc0) != 0x80)
		return 0;
	size = 4u * ((size_t)(p[2] << 8 | p[3]) + 1);
	if (size > n || p[1] < 192 || p[1] > 223)
		return 0;
	if (p[0] & 0x20) {
		/* only the last one may be padded; by fours, says RFC 3550,
		 * but browsers fill up their transport-wide feedback so */
		pad = p[size - 1];
		if (size != n || !pad || pad > size - 4)
			return 0;
	}

	part->type  = p[1];
	part->count = p[0] & 0x1f;
	part->p = p + 4;
	part->n = size - 4 - pad;

	return size;
}


int rtp_rtcp_parse(const uint8_t *p, size_t n, rtp_rtcp_h *itemh, void *arg)
{
	const struct reader r = { .itemh = itemh, .arg = arg };
	struct part part;
	size_t pos, size;

	if (!p || !itemh)
		return EINVAL;
	if (!n)
		return EBADMSG;

	for (pos = 0; pos < n; pos += size) {
		size = part_at(&part, p + pos, n - pos);
		if (!size)
			return EBADMSG;
	}

	for (pos = 0; pos < n; pos += part_at(&part, p + pos, n - pos)) {
		(void)part_at(&part, p + pos, n - pos);
		read_part(&r, &part);
	}

	return 0;
}
