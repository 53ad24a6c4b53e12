/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_twcc.c -- transport-wide feedback; see rtp_twcc.h
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_twcc.h"

enum {
	TICK_US   = 250,
	REF_TICKS = 256,          /* the reference time's unit, 64 ms     */
	NONE = 0, SMALL = 1, LARGE = 2,   /* packet status symbols        */
	RUN_MAX   = 8191,
};


static void begin(struct rtp_twcc *t, uint16_t seq)
{
	memset(t->atv, 0, sizeof(t->atv));
	t->on = true;
	t->base = t->high = 0x10000ull + seq;
}


void rtp_twcc_got(struct rtp_twcc *t, uint16_t seq, uint64_t now)
{
	uint64_t ext;

	if (!t->on)
		begin(t, seq);

	ext = t->high + (uint64_t)(int64_t)(int16_t)
		(seq - (uint16_t)t->high);
	if (ext < t->base)                /* reported as lost, long ago   */
		return;

	/* a jump beyond the window: what lies between is of no use */
	if (ext > t->high + RTP_TWCC_WINDOW)
		begin(t, seq), ext = t->high;
	while (ext >= t->base + RTP_TWCC_WINDOW)
		t->atv[t->base++ % RTP_TWCC_WINDOW] = 0;

	if (!t->atv[ext % RTP_TWCC_WINDOW])
		t->atv[ext % RTP_TWCC_WINDOW] = now ? now : 1;
	t->high = max(t->high, ext);
	if (!t->fresh) {
		t->fresh = true;
		t->due = now + (t->wait_ms ? t->wait_ms : RTP_TWCC_MS) *
			1000ull;
	}
}


uint64_t rtp_twcc_due(const struct rtp_twcc *t)
{
	return t->fresh ? t->due : UINT64_MAX;
}


static void be16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}


/* Symbols and deltas of what is reported; their number.  A delta that does
 * not fit ends the feedback before it. */
static unsigned collect(const struct rtp_twcc *t, uint8_t *symv,
			uint8_t *deltav, size_t *deltan, uint64_t ref)
{
	const uint64_t end = min(t->high + 1, t->base + RTP_TWCC_REPORT);
	int64_t last = (int64_t)(ref * REF_TICKS), d;
	uint64_t seq, at;
	unsigned n = 0;

	*deltan = 0;
	for (seq = t->base; seq < end; seq++) {
		at = t->atv[seq % RTP_TWCC_WINDOW];
		symv[n] = NONE;
		if (at) {
			d = (int64_t)(at / TICK_US) - last;
			if (d < INT16_MIN || d > INT16_MAX)
				break;
			last += d;
			symv[n] = d >= 0 && d <= 255 ? SMALL : LARGE;
			if (symv[n] == LARGE)
				deltav[(*deltan)++] = (uint8_t)(d >> 8);
			deltav[(*deltan)++] = (uint8_t)d;
		}
		++n;
	}

	return n;
}


/* One chunk for the symbols from v on; how many it took */
static unsigned chunk(uint8_t *p, const uint8_t *v, unsigned n)
{
	unsigned run = 1, i, two = 0, word;

	while (run < n && run < RUN_MAX && v[run] == v[0])
		++run;
	for (i = 0; i < min(n, 14u); i++)
		two |= v[i] == LARGE;

	if (run == n || run >= 14 || (two && run >= 7)) {
		be16(p, (unsigned)v[0] << 13 | run);
		return run;
	}
	if (!two) {
		word = 0x8000;
		for (i = 0; i < min(n, 14u); i++)
			word |= (unsigned)v[i] << (13 - i);
		be16(p, word);
		return i;
	}
	word = 0xc000;
	for (i = 0; i < min(n, 7u); i++)
		word |= (unsigned)v[i] << (12 - 2 * i);
	be16(p, word);

	return i;
}


static uint64_t first_at(const struct rtp_twcc *t)
{
	uint64_t seq;

	for (seq = t->base; seq <= t->high; seq++)
		if (t->atv[seq % RTP_TWCC_WINDOW])
			return t->atv[seq % RTP_TWCC_WINDOW];

	return 0;
}


size_t rtp_twcc_write(struct rtp_twcc *t, uint8_t *fci, uint64_t now)
{
	uint8_t symv[RTP_TWCC_REPORT], deltav[2 * RTP_TWCC_REPORT];
	const uint64_t at = t->fresh ? first_at(t) : 0;
	const uint64_t ref = at / TICK_US / REF_TICKS;
	unsigned n, i;
	size_t pos = 8, deltan;

	if (!at) {
		t->fresh = false;
		return 0;
	}

	n = collect(t, symv, deltav, &deltan, ref);
	be16(fci, (uint16_t)t->base);
	be16(fci + 2, n);
	fci[4] = (uint8_t)(ref >> 16);
	fci[5] = (uint8_t)(ref >> 8);
	fci[6] = (uint8_t)ref;
	fci[7] = t->count++;
	for (i = 0; i < n; pos += 2)
		i += chunk(fci + pos, symv + i, n - i);
	memcpy(fci + pos, deltav, deltan);
	pos += deltan;
	while (pos % 4)
		fci[pos++] = 0;

	while (n--)
		t->atv[t->base++ % RTP_TWCC_WINDOW] = 0;
	t->fresh = t->base <= t->high;
	t->due = now;

	return pos;
}


/* ---- received ------------------------------------------------------- */

/* Symbols of the chunk at p into v; their number */
static unsigned unchunk(uint8_t *v, const uint8_t *p, unsigned left)
{
	const unsigned word = (unsigned)p[0] << 8 | p[1];
	unsigned n, i;

	if (!(word & 0x8000)) {
		n = min(word & RUN_MAX, left);
		memset(v, word >> 13 & 3, n);
		return n;
	}
	if (!(word & 0x4000)) {
		n = min(14u, left);
		for (i = 0; i < n; i++)
			v[i] = word >> (13 - i) & 1;
		return n;
	}
	n = min(7u, left);
	for (i = 0; i < n; i++)
		v[i] = word >> (12 - 2 * i) & 3;

	return n;
}


/* Where the deltas begin, 0: the chunks are not sound */
static size_t deltas_at(const uint8_t *fci, size_t n, unsigned count)
{
	uint8_t v[RUN_MAX];
	unsigned got;
	size_t pos = 8;

	while (count) {
		if (pos + 2 > n)
			return 0;
		got = unchunk(v, fci + pos, count);
		if (!got)
			return 0;
		count -= got;
		pos += 2;
	}

	return pos;
}


int rtp_twcc_parse(const uint8_t *fci, size_t n, rtp_twcc_h *h, void *arg)
{
	uint8_t v[RUN_MAX];
	unsigned count, got, i;
	size_t pos = 8, dpos;
	uint64_t ticks;
	uint16_t seq;

	if (n < 8)
		return EBADMSG;
	seq   = (uint16_t)(fci[0] << 8 | fci[1]);
	count = (unsigned)fci[2] << 8 | fci[3];
	ticks = ((uint64_t)fci[4] << 16 | (uint64_t)fci[5] << 8 | fci[6]) *
		REF_TICKS;
	/* a run says 8191 in two bytes: a datagram full of these is work */
	if (count > RTP_TWCC_TOLD_MAX)
		return EBADMSG;
	dpos = deltas_at(fci, n, count);
	if (!dpos)
		return EBADMSG;

	for (; count; count -= got, pos += 2) {
		got = unchunk(v, fci + pos, count);
		for (i = 0; i < got; i++, seq++) {
			const unsigned len = v[i] == 3 ? 0 : v[i];

			if (dpos + len > n)
				return EBADMSG;
			if (len == SMALL)
				ticks += fci[dpos];
			else if (len == LARGE)
				ticks += (uint64_t)(int64_t)(int16_t)
					(fci[dpos] << 8 | fci[dpos + 1]);
			dpos += len;
			h(seq, len > 0, ticks * TICK_US % RTP_TWCC_CLOCK_US,
			  arg);
		}
	}

	return 0;
}
