/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_rtcp.c -- RTCP on the wire; see rtp_rtcp.h
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_rtcp.h"

enum {
	BLOCK_SIZE = 24,
	FMT_NACK   = 1,           /* of RTPFB, RFC 4585                   */
	FMT_TMMBR  = 3,           /* RFC 5104                             */
	FMT_TMMBN  = 4,
	FMT_PLI    = 1,           /* of PSFB                              */
	FMT_FIR    = 4,
	FMT_AFB    = 15,          /* REMB                                 */
	OVERHEAD   = 28,          /* IPv4 and UDP, for avg_size           */
};

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


static void read_tmmbr(const struct reader *r, const struct part *part,
		       struct rtp_rtcp_item it)
{
	size_t pos;

	it.kind = RTCP_ITEM_TMMBR;
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


static void read_feedback(const struct reader *r, const struct part *part)
{
	struct rtp_rtcp_item it = { .kind = RTCP_ITEM_PLI };

	if (part->n < 8)
		return;
	it.ssrc  = be32(part->p);
	it.media = be32(part->p + 4);

	if (part->type == RTCP_RTPFB) {
		if (part->count == FMT_NACK)
			read_nack(r, part, it);
		else if (part->count == FMT_TMMBR)
			read_tmmbr(r, part, it);
		return;
	}

	if (part->count == FMT_PLI)
		give(r, it);
	else if (part->count == FMT_FIR)
		read_fir(r, part, it);
	else if (part->count == FMT_AFB)
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
		/* only the last one may be padded */
		pad = p[size - 1];
		if (size != n || !pad || pad % 4 || pad > size - 4)
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


/* ---- writing -------------------------------------------------------- */

static void put32(struct rtp_rtcp_buf *buf, uint32_t v)
{
	uint8_t *p = buf->b + buf->n;

	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	buf->n += 4;
}


/* words: of the whole packet */
static int put_head(struct rtp_rtcp_buf *buf, unsigned count, unsigned type,
		    size_t words)
{
	if (buf->n + 4 * words > sizeof(buf->b))
		return ENOSPC;

	put32(buf, 0x80000000u | (uint32_t)count << 24 |
	      (uint32_t)type << 16 | (uint32_t)(words - 1));

	return 0;
}


int rtp_rtcp_put_report(struct rtp_rtcp_buf *buf, uint32_t ssrc,
			const struct rtp_rtcp_sr *sr, uint32_t about,
			const struct rtp_rtcp_block *block)
{
	int err;

	err = put_head(buf, !!block, sr ? RTCP_SR : RTCP_RR,
		       2 + (sr ? 5 : 0) + (block ? 6 : 0));
	if (err)
		return err;

	put32(buf, ssrc);
	if (sr) {
		put32(buf, (uint32_t)(sr->ntp >> 32));
		put32(buf, (uint32_t)sr->ntp);
		put32(buf, sr->rtp_ts);
		put32(buf, sr->packets);
		put32(buf, sr->bytes);
	}
	if (block) {
		put32(buf, about);
		put32(buf, (uint32_t)block->fraction << 24 |
		      ((uint32_t)block->lost & 0xffffff));
		put32(buf, block->ext_seq);
		put32(buf, block->jitter);
		put32(buf, block->lsr);
		put32(buf, block->dlsr);
	}

	return 0;
}


int rtp_rtcp_put_cname(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		       const char *cname)
{
	const size_t len = min(strlen(cname), (size_t)RTP_CNAME_MAX);
	const size_t chunk = (4 + 2 + len + 4) & ~(size_t)3;
	int err;

	err = put_head(buf, 1, RTCP_SDES, 1 + chunk / 4);
	if (err)
		return err;

	put32(buf, ssrc);
	memset(buf->b + buf->n, 0, chunk - 4);
	buf->b[buf->n]     = RTCP_SDES_CNAME;
	buf->b[buf->n + 1] = (uint8_t)len;
	memcpy(buf->b + buf->n + 2, cname, len);
	buf->n += chunk - 4;

	return 0;
}


int rtp_rtcp_put_bye(struct rtp_rtcp_buf *buf, uint32_t ssrc)
{
	int err = put_head(buf, 1, RTCP_BYE, 2);

	if (!err)
		put32(buf, ssrc);

	return err;
}


int rtp_rtcp_put_pli(struct rtp_rtcp_buf *buf, uint32_t ssrc, uint32_t media)
{
	int err = put_head(buf, FMT_PLI, RTCP_PSFB, 3);

	if (!err) {
		put32(buf, ssrc);
		put32(buf, media);
	}

	return err;
}


int rtp_rtcp_put_fir(struct rtp_rtcp_buf *buf, uint32_t ssrc, uint32_t media,
		     uint8_t seq)
{
	int err = put_head(buf, FMT_FIR, RTCP_PSFB, 5);

	if (!err) {
		put32(buf, ssrc);
		put32(buf, 0);            /* RFC 5104 4.3.1.2: not used   */
		put32(buf, media);
		put32(buf, (uint32_t)seq << 24);
	}

	return err;
}


int rtp_rtcp_put_tmmbn(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		       uint32_t owner, uint64_t bps)
{
	unsigned exp = 0;
	int err = put_head(buf, FMT_TMMBN, RTCP_RTPFB, 5);

	if (err)
		return err;

	while (bps > 0x1ffff) {
		bps >>= 1;
		++exp;
	}
	put32(buf, ssrc);
	put32(buf, 0);
	put32(buf, owner);
	put32(buf, (uint32_t)exp << 26 | (uint32_t)bps << 9);

	return 0;
}


uint64_t rtp_rtcp_interval(unsigned kbps, size_t avg_size, uint32_t rnd)
{
	const double bw = max(kbps, 8u) * 1000.0 / 8 * 0.05;  /* bytes/s  */
	double tmin = 360.0 / max(kbps, 8u);                  /* reduced  */
	double t = 2 * (double)(avg_size + OVERHEAD) / bw;

	/* never more often than twice a second, for nobody gains by it */
	tmin = max(0.5, min(5.0, tmin));
	t = max(t, tmin);
	t = min(t, 10.0);
	t *= 0.5 + rnd / 4294967296.0;
	t /= 2.71828 - 1.5;

	return (uint64_t)(t * 1e6);
}
