/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_in.c -- RTP headers and source statistics; see rtp_in.h
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_in.h"

enum {                            /* RFC 3550 A.1                         */
	MAX_DROPOUT  = 3000,
	MAX_MISORDER = 100,
	SEQ_NONE     = 0x10000,
};


static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}


static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}


bool rtp_in_is_rtcp(const uint8_t *p, size_t n)
{
	return n >= 2 && (p[0] & 0xc0) == 0x80 && p[1] >= 192 && p[1] <= 223;
}


int rtp_in_parse(struct rtp_in_hdr *h, const uint8_t *p, size_t n)
{
	size_t off, end = n;

	if (!h || !p)
		return EINVAL;
	if (n < RTP_HDR_MIN || n > UINT16_MAX || (p[0] & 0xc0) != 0x80)
		return EBADMSG;

	h->marker = p[1] >> 7;
	h->pt     = p[1] & 0x7f;
	h->seq    = be16(p + 2);
	h->ts     = be32(p + 4);
	h->ssrc   = be32(p + 8);
	h->level  = -1;
	h->ext_profile = 0;
	h->ext_off = h->ext_len = 0;

	off = RTP_HDR_MIN + 4u * (p[0] & 0x0f);
	if (off > n)
		return EBADMSG;

	if (p[0] & 0x10) {
		size_t len;

		if (off + 4 > n)
			return EBADMSG;
		len = 4u * be16(p + off + 2);
		if (off + 4 + len > n)
			return EBADMSG;
		h->ext_profile = be16(p + off);
		h->ext_off = (uint16_t)(off + 4);
		h->ext_len = (uint16_t)len;
		off += 4 + len;
	}
	if (p[0] & 0x20) {
		const uint8_t pad = p[n - 1];

		if (!pad || off + pad > n)
			return EBADMSG;
		end -= pad;
	}

	h->off = (uint16_t)off;
	h->len = (uint16_t)(end - off);

	return 0;
}


void rtp_in_stat_start(struct rtp_in_stat *st, uint32_t ssrc, uint16_t seq)
{
	const uint64_t cycle = (st->last >> 16) + 1;

	memset(st, 0, sizeof(*st));
	st->on      = true;
	st->ssrc    = ssrc;
	st->first   = cycle << 16 | seq;
	st->last    = st->first - 1;
	st->bad_seq = SEQ_NONE;
}


/* The sender started its numbers anew and goes on with them */
static void restart(struct rtp_in_stat *st, uint16_t seq)
{
	st->lost_before += rtp_in_stat_lost(st) - st->lost_before;
	st->first = ((st->last >> 16) + 1) << 16 | seq;
	st->last  = st->first - 1;
	st->seen  = 0;
	st->received = st->received_prior = st->expected_prior = 0;
	st->timed = false;
	st->bad_seq = SEQ_NONE;
}


int rtp_in_stat_put(struct rtp_in_stat *st, uint16_t seq, uint64_t *extp)
{
	const uint16_t delta = (uint16_t)(seq - (uint16_t)st->last);
	uint64_t back;

	if (delta && delta < MAX_DROPOUT) {
		st->last += delta;
		st->seen  = delta < 64 ? st->seen << delta : 0;
		st->seen |= 1;
		*extp = st->last;
	}
	else if (delta && delta <= 0x10000 - MAX_MISORDER) {
		if (seq != st->bad_seq) {
			st->bad_seq = (seq + 1) & 0xffff;
			return EPROTO;
		}
		restart(st, seq);
		++st->last;
		st->seen = 1;
		*extp = st->last;
	}
	else {
		back = delta ? 0x10000u - delta : 0;
		if (back < 64) {
			if (st->seen >> back & 1) {
				++st->dup;
				return EALREADY;
			}
			st->seen |= (uint64_t)1 << back;
		}
		if (st->last - back < st->first)
			st->first = st->last - back;
		*extp = st->last - back;
	}

	st->bad_seq = SEQ_NONE;
	++st->received;

	return 0;
}


int rtp_in_stat_back(const struct rtp_in_stat *st, uint16_t seq,
		     uint64_t *extp)
{
	const int16_t d = (int16_t)(seq - (uint16_t)st->last);

	if (!st->on || d > 0 || st->last < (uint64_t)-d)
		return ENOENT;
	*extp = st->last - (uint64_t)-d;
	if (*extp < st->first)
		return ENOENT;
	if (-d < 64 && st->seen >> -d & 1)
		return EALREADY;

	return 0;
}


void rtp_in_stat_here(struct rtp_in_stat *st, uint64_t ext)
{
	const uint64_t back = st->last - ext;

	if (back < 64)
		st->seen |= (uint64_t)1 << back;
}


void rtp_in_stat_time(struct rtp_in_stat *st, uint32_t ts,
		      uint32_t clock_hz, uint64_t now)
{
	const uint32_t arrival = (uint32_t)(now / 1000000 * clock_hz +
					    now % 1000000 * clock_hz /
					    1000000);
	const uint32_t transit = arrival - ts;
	const int32_t diff = (int32_t)(transit - st->transit);
	const uint32_t d = diff < 0 ? 0u - (uint32_t)diff : (uint32_t)diff;

	st->transit = transit;
	if (!st->timed) {
		st->timed = true;
		return;
	}
	/* a jump of the sender's clock is not jitter */
	if (d > clock_hz)
		return;

	st->jitter += d - ((st->jitter + 8) >> 4);
}


uint64_t rtp_in_stat_expected(const struct rtp_in_stat *st)
{
	return st->on ? st->last + 1 - st->first : 0;
}


uint64_t rtp_in_stat_lost(const struct rtp_in_stat *st)
{
	const uint64_t exp = rtp_in_stat_expected(st);

	return st->lost_before +
		(exp > st->received ? exp - st->received : 0);
}


uint8_t rtp_in_stat_fraction(struct rtp_in_stat *st)
{
	const uint64_t exp = rtp_in_stat_expected(st);
	const uint64_t de = exp - st->expected_prior;
	const uint64_t dr = st->received - st->received_prior;

	st->expected_prior = exp;
	st->received_prior = st->received;
	if (!de || dr >= de)
		return 0;

	return (uint8_t)min(255u, ((de - dr) << 8) / de);
}


uint32_t rtp_in_stat_ext(const struct rtp_in_stat *st)
{
	return (uint32_t)(st->last - 0x10000);
}
