/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_rtc.c -- a WebRTC leg's packets: which SSRC is what; see leg.h
 *
 * RFC 8843 section 9.2: an SSRC that is known is what it was, unless its
 * MID says otherwise; a new one is placed by MID, then RID or repaired RID,
 * then by what another mixer wrote into the ticket (browsers say MID and RID
 * no longer when they were heard), then by a payload type that only one
 * m-line has.  The transport is
 * authenticated, so nobody has to be latched; but a peer may make SSRCs as
 * it likes, so their table is bounded and what is not proven gives way.
 */
#include <errno.h>
#include <string.h>

#include "mixer/leg_priv.h"
#include "mixer/rtp_red.h"

enum {
	NO_LAYER = UINT8_MAX,     /* retransmissions of whom it may be    */
	EXTRA = RTP_BWE_UDP + 32, /* extensions and the seal of a packet  */
};

/* One packet on its way */
struct arrival {
	struct rtp_in_hdr h;
	struct rtp_ext x;
	const uint8_t *p;         /* the datagram                         */
	uint64_t now;
};


static uint16_t numh_handler(size_t bytes, uint64_t now, void *arg)
{
	const struct leg *leg = arg;

	return rtp_bwe_sent(leg->bwe, bytes + EXTRA, now);
}


int leg_rtc_alloc(struct leg *leg)
{
	struct leg_rtc *rtc;
	unsigned i;

	rtc = mem_zalloc(sizeof(*rtc), NULL);
	if (!rtc)
		return ENOMEM;

	leg->rtc = rtc;

	rtp_remb_init(&rtc->remb);
	for (i = 0; i < LEG_SIDES; i++) {
		const struct rtp_out_cfg cfg = {
			.m = leg->sidev[i].tm, .numh = numh_handler,
			.arg = leg, .index = i,
		};

		rtp_out_cfg(leg->sidev[i].out, &cfg);
	}
	leg_rtc_set(leg);

	return 0;
}


static void stream_end(struct stream *st)
{
	if (!st->on)
		return;

	layer_leave(st->side, st);
	mem_deref(st->nack);
	memset(st, 0, sizeof(*st));
}


void leg_rtc_close(struct leg *leg)
{
	unsigned i;

	if (!leg->rtc)
		return;

	for (i = 0; i < LEG_STREAMS; i++)
		stream_end(&leg->rtc->streamv[i]);
	leg->rtc = mem_deref(leg->rtc);
}


/* An id stands for the same on every m-line of a bundle */
static void take_ids(struct ticket_media *ids, const struct ticket_media *m)
{
	ids->ext_level    = m->ext_level    ? m->ext_level : ids->ext_level;
	ids->ext_mid      = m->ext_mid      ? m->ext_mid : ids->ext_mid;
	ids->ext_rid      = m->ext_rid      ? m->ext_rid : ids->ext_rid;
	ids->ext_rrid     = m->ext_rrid     ? m->ext_rrid : ids->ext_rrid;
	ids->ext_twcc     = m->ext_twcc     ? m->ext_twcc : ids->ext_twcc;
	ids->ext_abs_send = m->ext_abs_send ? m->ext_abs_send :
		ids->ext_abs_send;
	ids->ext_capture  = m->ext_capture  ? m->ext_capture :
		ids->ext_capture;
}


/* The ticket is new: streams of what was taken away end */
void leg_rtc_set(struct leg *leg)
{
	struct leg_rtc *rtc = leg->rtc;
	unsigned i;

	memset(&rtc->ids, 0, sizeof(rtc->ids));
	rtc->twcc_on = rtc->remb_on = false;
	for (i = 0; i < LEG_SIDES; i++) {
		const struct ticket_media *m = leg->sidev[i].tm;

		if (!m->on)
			continue;
		take_ids(&rtc->ids, m);
		rtc->twcc_on |= m->fb_twcc && m->ext_twcc;
		rtc->remb_on |= m->fb_remb;
	}
	rtc->remb_on &= !rtc->twcc_on;

	for (i = 0; i < LEG_STREAMS; i++) {
		struct stream *st = &rtc->streamv[i];
		const struct ticket_media *m = st->on ? st->side->tm : NULL;

		if (m && (!m->on || (st->layer != NO_LAYER &&
				     st->layer >= max(m->ridc, 1u))))
			stream_end(st);
	}
	leg_need_remb(leg);
}


struct stream *leg_rtc_find(const struct leg *leg, uint32_t ssrc)
{
	struct stream *v = leg->rtc->streamv;
	unsigned i;

	for (i = 0; i < LEG_STREAMS; i++)
		if (v[i].on && v[i].ssrc == ssrc)
			return &v[i];

	return NULL;
}


bool stream_alive(const struct stream *st, uint64_t now)
{
	return st && st->on &&
		now < st->heard_us + LEG_STALE_MS * 1000;
}


/* ---- whose packet it is --------------------------------------------- */

static const struct ticket_fmt *rtx_fmt(const struct side *s, uint8_t pt)
{
	unsigned i;

	for (i = 0; pt && i < s->tm->fmtc; i++)
		if (s->tm->fmtv[i].rtx_pt == pt)
			return &s->tm->fmtv[i];

	return NULL;
}


static struct side *by_mid(struct leg *leg, const char *mid)
{
	unsigned i;

	for (i = 0; i < LEG_SIDES; i++)
		if (leg->sidev[i].tm->on &&
		    !strcmp(leg->sidev[i].tm->mid, mid))
			return &leg->sidev[i];

	return NULL;
}


/* NULL also when more than one has it */
static struct side *by_pt(struct leg *leg, uint8_t pt)
{
	struct side *found = NULL;
	unsigned i;

	for (i = 0; i < LEG_SIDES; i++) {
		struct side *s = &leg->sidev[i];

		if (!s->tm->on || !(side_rx_fmt(s, pt) || rtx_fmt(s, pt)))
			continue;
		if (found)
			return NULL;
		found = s;
	}

	return found;
}


/* ENOENT: a layer that nobody announced */
static int layer_of(const struct side *s, const struct rtp_ext *x, bool rtx,
		    unsigned *layerp)
{
	const char *rid = rtx && x->rrid[0] ? x->rrid : x->rid;
	unsigned i;

	*layerp = 0;
	if (!s->tm->ridc)
		return 0;

	for (i = 0; i < s->tm->ridc; i++) {
		if (!strcmp(s->tm->ridv[i], rid)) {
			*layerp = i;
			return 0;
		}
	}
	if (rid[0])
		return ENOENT;
	if (rtx)
		*layerp = NO_LAYER;

	return rtx || s->tm->ridc == 1 ? 0 : ENOENT;
}


/* What a mixer before us knew of it */
static const struct ticket_roc *told(const struct leg *leg, uint32_t ssrc)
{
	const struct ticket_rtc *t = &leg->t.rtc;
	unsigned i;

	for (i = 0; i < t->rocc; i++)
		if (t->rocv[i].ssrc == ssrc && t->rocv[i].media)
			return &t->rocv[i];

	return NULL;
}


static struct side *by_ticket(struct leg *leg, uint32_t ssrc)
{
	const struct ticket_roc *roc = told(leg, ssrc);
	struct side *s = roc ? &leg->sidev[roc->media - 1] : NULL;

	return s && s->tm->on ? s : NULL;
}


/* ENOENT */
static int layer_by_ticket(const struct side *s, uint32_t ssrc,
			   unsigned *layerp)
{
	const struct ticket_roc *roc = told(s->leg, ssrc);

	if (!roc || &s->leg->sidev[roc->media - 1] != s ||
	    roc->layer >= max(s->tm->ridc, 1u))
		return ENOENT;

	*layerp = roc->layer;

	return 0;
}


void leg_rtc_name(const struct leg *leg, struct ticket_rtc *rtc)
{
	unsigned i;

	if (!leg || !leg->rtc)
		return;

	for (i = 0; i < rtc->rocc; i++) {
		struct ticket_roc *to = &rtc->rocv[i];
		const struct stream *st = leg_rtc_find(leg, to->ssrc);
		const struct ticket_roc *was = told(leg, to->ssrc);

		if (st && st->layer < TICKET_RIDS_MAX) {
			to->media = (uint8_t)(st->side - leg->sidev + 1);
			to->layer = (uint8_t)st->layer;
		}
		else if (!st && was) {    /* not heard since              */
			to->media = was->media;
			to->layer = was->layer;
		}
	}
}


/* A free place, or that of one who has not proved itself, or has stopped;
 * of those who did, the one that was silent longest */
static struct stream *place(struct leg_rtc *rtc, uint64_t now)
{
	struct stream *best = NULL;
	unsigned i;

	for (i = 0; i < LEG_STREAMS; i++) {
		struct stream *st = &rtc->streamv[i];

		if (!st->on)
			return st;
		if (st->in.received >= LEG_PROVEN &&
		    now < st->heard_us + LEG_IDLE_MS * 1000)
			continue;
		if (!best || st->heard_us < best->heard_us)
			best = st;
	}
	if (best)
		stream_end(best);

	return best;
}


static struct stream *stream_new(struct side *s, const struct arrival *a,
				 bool rtx)
{
	struct leg_rtc *rtc = s->leg->rtc;
	struct stream *st;
	unsigned layer;

	if ((a->x.rid[0] || a->x.rrid[0] ||
	     layer_by_ticket(s, a->h.ssrc, &layer)) &&
	    layer_of(s, &a->x, rtx, &layer)) {
		++rtc->unknown;
		return NULL;
	}
	st = place(rtc, a->now);
	if (!st) {
		++rtc->refused;
		return NULL;
	}

	st->on    = true;
	st->ssrc  = a->h.ssrc;
	st->side  = s;
	st->rtx   = rtx;
	st->layer = layer;
	st->born_us = st->heard_us = a->now;
	st->in.last = s->ext_high;
	rtp_in_stat_start(&st->in, st->ssrc, a->h.seq);
	s->rtcp_due = min(s->rtcp_due, a->now + 500000);
	if (s->tm->fb_nack && !rtx)
		st->nack = mem_zalloc(sizeof(*st->nack), NULL);

	return st;
}


static struct stream *stream_of(struct leg *leg, const struct arrival *a)
{
	struct stream *st = leg_rtc_find(leg, a->h.ssrc);
	struct side *s = st ? st->side : NULL;
	unsigned layer;

	if (a->x.mid[0]) {
		s = by_mid(leg, a->x.mid);
		if (st && st->side != s) {
			stream_end(st);
			st = NULL;
		}
	}
	else if (!st) {
		s = by_ticket(leg, a->h.ssrc);
		if (!s)
			s = by_pt(leg, a->h.pt);
	}
	if (!s) {
		++leg->rtc->unknown;
		return NULL;
	}
	if (!st)
		return stream_new(s, a, rtx_fmt(s, a->h.pt));

	/* the first packets did not say it, or it has become another */
	if ((a->x.rid[0] || a->x.rrid[0]) &&
	    !layer_of(s, &a->x, st->rtx, &layer) && layer != st->layer) {
		layer_leave(s, st);
		st->layer = layer;
	}

	return st;
}


/* ---- what is in it -------------------------------------------------- */

static void up(struct side *s, struct stream *st, const struct rtp_in_hdr *h,
	       uint64_t seq, const uint8_t *payload, size_t n, uint64_t now)
{
	struct pkt *pkt = side_pkt(s, h, payload, n, now);

	if (!pkt)
		return;

	pkt->ssrc = st->ssrc;
	pkt->seq  = seq;
	layer_put(s, st, pkt, now);
}


/* Opus in redundancy: what is missing of the packets before, then it */
static void red_recv(struct side *s, struct stream *st,
		     const struct arrival *a, uint64_t seq)
{
	struct rtp_red_block v[RTP_RED_MAX];
	const unsigned n = rtp_red_parse(v, a->p + a->h.off, a->h.len);
	const struct ticket_fmt *fmt;
	unsigned i;

	if (!n)
		++s->rx.bad;

	for (i = 0; i < n; i++) {
		const unsigned back = n - 1 - i;
		struct rtp_in_hdr h = a->h;
		uint64_t at = seq;

		fmt = side_rx_fmt(s, v[i].pt);
		if (!fmt || !codec_is_audio(fmt->codec) || !v[i].n)
			continue;
		h.pt  = v[i].pt;
		h.ts -= v[i].back;
		h.seq = (uint16_t)(h.seq - back);
		if (back) {
			if (!v[i].back ||
			    rtp_in_stat_back(&st->in, h.seq, &at))
				continue;
			rtp_in_stat_here(&st->in, at);
			++s->rx.red_used;
			h.marker = false;
			h.level = -1;
		}
		else {
			s->rx_codec = fmt->codec;
		}
		up(s, st, &h, at, v[i].p, v[i].n, a->now);
	}
}


static void media_recv(struct side *s, struct stream *st,
		       const struct arrival *a, uint64_t seq)
{
	const struct ticket_fmt *fmt = side_rx_fmt(s, a->h.pt);
	const uint8_t *payload = a->p + a->h.off;

	++s->rx.packets;
	s->ext_high = max(s->ext_high, seq);
	side_heard(s, a->now);
	if (st->layer < TICKET_RIDS_MAX)
		layer_join(s, st, a->now);
	if (st->nack && s->tm->recv && layer_wants(s, st))
		(void)rtp_nack_got(st->nack, seq, a->now);
	else if (st->nack)
		rtp_nack_reset(st->nack);
	if (!fmt) {
		++s->rx.unknown;
		return;
	}

	if (fmt->codec != CODEC_TELEV && fmt->codec != CODEC_CN) {
		rtp_in_stat_time(&st->in, a->h.ts, fmt->clock_hz, a->now);
		st->codec = fmt->codec;
		s->rx_clock_hz = fmt->clock_hz;
		if (fmt->codec != CODEC_RED)
			s->rx_codec = fmt->codec;
	}
	if (!s->tm->recv)
		return;

	if (fmt->codec == CODEC_RED) {
		red_recv(s, st, a, seq);
		return;
	}
	if (fmt->codec == CODEC_TELEV)
		side_digits(s, &a->h, fmt, payload, a->now);
	up(s, st, &a->h, seq, payload, a->h.len, a->now);
}


/* Who misses the packet that was sent again */
static struct stream *repaired(struct side *s, struct stream *rtx,
			       uint16_t osn, uint64_t *seqp)
{
	struct stream *st;
	unsigned i;

	for (i = 0; i < TICKET_RIDS_MAX; i++) {
		st = s->lay.v[i];
		if (!st || !st->nack ||
		    (rtx->layer != NO_LAYER && rtx->layer != i))
			continue;
		if (rtp_nack_missing(st->nack, osn, seqp))
			return st;
	}

	return NULL;
}


static void rtx_recv(struct side *s, struct stream *rtx,
		     const struct arrival *a)
{
	const struct ticket_fmt *fmt = rtx_fmt(s, a->h.pt);
	const uint8_t *payload = a->p + a->h.off;
	struct rtp_in_hdr h = a->h;
	struct stream *st;
	uint64_t seq;

	++s->rx.rtx;
	side_heard(s, a->now);
	if (!fmt || h.len < 2 || !s->tm->recv)
		return;           /* padding: it probes the path          */

	h.seq = (uint16_t)(payload[0] << 8 | payload[1]);
	st = repaired(s, rtx, h.seq, &seq);
	if (!st)
		return;           /* here already, or given up            */

	++s->rx.rtx_used;
	(void)rtp_nack_got(st->nack, seq, a->now);
	rtp_in_stat_here(&st->in, seq);
	h.pt = fmt->pt;
	up(s, st, &h, seq, payload + 2, h.len - 2u, a->now);
}


static void congestion(struct leg_rtc *rtc, const struct arrival *a, size_t n)
{
	if (rtc->twcc_on && a->x.twcc_on)
		rtp_twcc_got(&rtc->twcc, a->x.twcc, a->now);
	if (rtc->remb_on)
		rtp_remb_got(&rtc->remb, a->x.abs_on, a->x.abs_send, n,
			     a->now);
}


void leg_rtc_recv(struct leg *leg, const uint8_t *p, size_t n, uint64_t now)
{
	struct leg_rtc *rtc = leg->rtc;
	struct arrival a = { .p = p, .now = now };
	struct stream *st;
	uint64_t seq;

	if (rtp_in_parse(&a.h, p, n)) {
		++rtc->bad;
		return;
	}
	rtp_ext_parse(&a.x, &rtc->ids, a.h.ext_profile, p + a.h.ext_off,
		      a.h.ext_len);
	a.h.level = a.x.level;
	congestion(rtc, &a, n);

	st = stream_of(leg, &a);
	if (!st || rtp_in_stat_put(&st->in, a.h.seq, &seq))
		return;

	st->heard_us = now;
	if (a.x.twcc_on && !st->rtx)
		rtc->twcc_ssrc = st->ssrc;
	if (st->rtx)
		rtx_recv(st->side, st, &a);
	else
		media_recv(st->side, st, &a, seq);
}
