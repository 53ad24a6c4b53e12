/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_rtcp_put.c -- RTCP compounds written; see rtp_rtcp.h
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_rtcp.h"

enum { OVERHEAD = 28 };           /* IPv4 and UDP, for avg_size           */


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
	struct rtp_rtcp_block b;

	if (!block)
		return rtp_rtcp_put_reports(buf, ssrc, sr, NULL, 0);

	b = *block;
	b.about = about;

	return rtp_rtcp_put_reports(buf, ssrc, sr, &b, 1);
}


int rtp_rtcp_put_reports(struct rtp_rtcp_buf *buf, uint32_t ssrc,
			 const struct rtp_rtcp_sr *sr,
			 const struct rtp_rtcp_block *v, unsigned n)
{
	int err;

	n = min(n, (unsigned)RTP_RTCP_BLOCKS);
	err = put_head(buf, n, sr ? RTCP_SR : RTCP_RR,
		       2 + (sr ? 5 : 0) + 6 * n);
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
	while (n--) {
		put32(buf, v->about);
		put32(buf, (uint32_t)v->fraction << 24 |
		      ((uint32_t)v->lost & 0xffffff));
		put32(buf, v->ext_seq);
		put32(buf, v->jitter);
		put32(buf, v->lsr);
		put32(buf, v->dlsr);
		++v;
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
	int err = put_head(buf, RTCP_FMT_PLI, RTCP_PSFB, 3);

	if (!err) {
		put32(buf, ssrc);
		put32(buf, media);
	}

	return err;
}


int rtp_rtcp_put_fir(struct rtp_rtcp_buf *buf, uint32_t ssrc, uint32_t media,
		     uint8_t seq)
{
	int err = put_head(buf, RTCP_FMT_FIR, RTCP_PSFB, 5);

	if (!err) {
		put32(buf, ssrc);
		put32(buf, 0);            /* RFC 5104 4.3.1.2: not used   */
		put32(buf, media);
		put32(buf, (uint32_t)seq << 24);
	}

	return err;
}


int rtp_rtcp_put_nack(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		      uint32_t media, const uint16_t *seqv, unsigned n)
{
	uint32_t pairv[RTP_RTCP_NACKS];
	unsigned i, c = 0;
	int err;

	for (i = 0; i < n; i++) {
		const uint16_t d = c ? (uint16_t)(seqv[i] -
				(uint16_t)(pairv[c - 1] >> 16) - 1) : 16;

		if (d < 16)
			pairv[c - 1] |= 1u << d;
		else if (c < RTP_RTCP_NACKS)
			pairv[c++] = (uint32_t)seqv[i] << 16;
	}
	if (!c)
		return 0;

	err = put_head(buf, RTCP_FMT_NACK, RTCP_RTPFB, 3 + c);
	if (err)
		return err;
	put32(buf, ssrc);
	put32(buf, media);
	for (i = 0; i < c; i++)
		put32(buf, pairv[i]);

	return 0;
}


/* mantissa of so many bits; *expp its exponent */
static uint32_t mantissa(uint64_t bps, unsigned bits, unsigned *expp)
{
	*expp = 0;
	while (bps >> bits) {
		bps >>= 1;
		++*expp;
	}

	return (uint32_t)bps;
}


static int put_tmmb(struct rtp_rtcp_buf *buf, unsigned fmt, uint32_t ssrc,
		    uint32_t who, uint64_t bps)
{
	unsigned exp;
	uint32_t mant;
	int err = put_head(buf, fmt, RTCP_RTPFB, 5);

	if (err)
		return err;

	mant = mantissa(bps, 17, &exp);
	put32(buf, ssrc);
	put32(buf, 0);
	put32(buf, who);
	put32(buf, (uint32_t)exp << 26 | mant << 9);

	return 0;
}


int rtp_rtcp_put_tmmbr(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		       uint32_t media, uint64_t bps)
{
	return put_tmmb(buf, RTCP_FMT_TMMBR, ssrc, media, bps);
}


int rtp_rtcp_put_tmmbn(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		       uint32_t owner, uint64_t bps)
{
	return put_tmmb(buf, RTCP_FMT_TMMBN, ssrc, owner, bps);
}


int rtp_rtcp_put_remb(struct rtp_rtcp_buf *buf, uint32_t ssrc, uint64_t bps,
		      const uint32_t *mediav, unsigned n)
{
	unsigned exp, i;
	uint32_t mant;
	int err = put_head(buf, RTCP_FMT_AFB, RTCP_PSFB, 5 + n);

	if (err)
		return err;

	mant = mantissa(bps, 18, &exp);
	put32(buf, ssrc);
	put32(buf, 0);
	put32(buf, 0x52454d42);                   /* "REMB"               */
	put32(buf, (uint32_t)n << 24 | (uint32_t)exp << 18 | mant);
	for (i = 0; i < n; i++)
		put32(buf, mediav[i]);

	return 0;
}


int rtp_rtcp_put_twcc(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		      uint32_t media, const uint8_t *fci, size_t n)
{
	int err;

	if (n % 4)
		return EINVAL;
	err = put_head(buf, RTCP_FMT_TWCC, RTCP_RTPFB, 3 + n / 4);
	if (err)
		return err;

	put32(buf, ssrc);
	put32(buf, media);
	memcpy(buf->b + buf->n, fci, n);
	buf->n += n;

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
