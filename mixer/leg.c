/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg.c -- one party's RTP and RTCP: life and receiving; see leg.h
 */
#include <errno.h>
#include <string.h>

#include "mixer/leg_priv.h"

enum {
	PT_CN  = 13,              /* RFC 3389, though SDP may not say so  */
	SEQ_US = 20000,           /* a number for each packet's time       */
};


static void held_drop(struct side *s)
{
	while (s->heldc)
		pkt_put(s->heldv[--s->heldc]);
}


static void destructor(void *arg)
{
	struct leg *leg = arg;
	unsigned i;

	leg_rtc_close(leg);
	mem_deref(leg->bwe);
	for (i = 0; i < LEG_SIDES; i++) {
		held_drop(&leg->sidev[i]);
		layer_drop(&leg->sidev[i]);
		mem_deref(leg->sidev[i].nack);
		mem_deref(leg->sidev[i].out);
	}
}


/* ---- sending what is ready ------------------------------------------ */

bool side_dst(const struct side *s, struct sa *dst)
{
	if (!s->leg->rtc)
		return rtp_latch_dst(&s->latch, dst);

	sa_init(dst, AF_UNSPEC);

	return s->leg->rtc->ready;
}


static void rtp_handler(const struct iovec *iov, unsigned iovc, void *arg)
{
	struct side *s = arg;
	struct sa dst;
	size_t n = 0;
	unsigned i;

	on_loop();

	if (!side_dst(s, &dst))
		return;
	for (i = 0; i < iovc; i++)
		n += iov[i].iov_len;
	side_sent(s, n);
	s->leg->h.sendh(s->media, false, &dst, iov, iovc, s->leg->arg);
}


/* Beside the RTP port, unless the peer's RTCP showed itself */
static bool rtcp_dst(const struct side *s, struct sa *dst)
{
	if (!side_dst(s, dst))
		return false;
	if (s->leg->rtc || s->tm->rtcp_mux || !sa_isset(dst, SA_ALL))
		return true;

	if (sa_isset(&s->rtcp_src, SA_ALL) &&
	    sa_cmp(&s->rtcp_src, dst, SA_ADDR))
		*dst = s->rtcp_src;
	else if (sa_isset(&s->tm->raddr_rtcp, SA_ALL) &&
		 sa_cmp(&s->tm->raddr_rtcp, dst, SA_ADDR))
		*dst = s->tm->raddr_rtcp;
	else
		sa_set_port(dst, (uint16_t)(sa_port(dst) + 1));

	return true;
}


void side_send_rtcp(struct side *s, const struct rtp_rtcp_buf *buf)
{
	const struct iovec iov = {
		.iov_base = (void *)buf->b, .iov_len = buf->n,
	};
	struct sa dst;

	if (rtcp_dst(s, &dst))
		s->leg->h.sendh(s->media, s->leg->rtc || !s->tm->rtcp_mux,
				&dst, &iov, 1, s->leg->arg);
}


/* ---- life ----------------------------------------------------------- */

static int side_init(struct side *s, struct leg *leg, enum leg_media media,
		     uint64_t now)
{
	int err;

	s->leg   = leg;
	s->media = media;
	s->tm    = media == LEG_AUDIO ? &leg->t.audio :
		media == LEG_VIDEO ? &leg->t.video : &leg->t.slides;
	s->ts_base  = rand_u32();
	s->heard_us = now;
	s->spurt    = true;
	s->rtt_us   = -1;
	s->fir_rx   = 256;
	sa_init(&s->rtcp_src, AF_UNSPEC);
	sa_init(&s->held_src, AF_UNSPEC);
	rtp_latch_init(&s->latch, &s->tm->raddr, &s->tm->latched,
		       s->tm->rssrc, s->tm->rseq, now);
	side_rtcp_start(s, now);

	err = rtp_out_alloc(&s->out, media == LEG_VIDEO ||
			    (media == LEG_AUDIO && s->tm->fb_nack),
			    rtp_handler, s);
	/* A phone moved to another mixer goes on upwards: a new SSRC with
	 * lower numbers is late in jitter buffers that have hardly begun
	 * (baresip 1.0 drops it all).  Not a secret: no SRTP here. */
	if (!err && !leg->t.rtc.on)
		rtp_out_first(s->out, (uint16_t)(now / SEQ_US));

	return err;
}


int leg_alloc(struct leg **legp, const struct ticket *t,
	      const struct leg_h *h, void *arg, uint64_t now)
{
	struct leg *leg;
	unsigned i;
	int err = 0;

	if (!legp || !t || !h || !h->sendh || !h->packeth || !h->synch ||
	    !h->keyh || !h->lossh || !h->dtmfh || !h->latchh || !h->byeh ||
	    !h->quieth)
		return EINVAL;

	leg = mem_zalloc(sizeof(*leg), destructor);
	if (!leg)
		return ENOMEM;

	leg->t   = *t;
	leg->h   = *h;
	leg->arg = arg;
	rand_str(leg->cname, 17);

	leg->now = now;
	err = rtp_bwe_alloc(&leg->bwe, t->rtc.on);
	for (i = 0; i < LEG_SIDES; i++)
		err |= side_init(&leg->sidev[i], leg, i, now);
	if (!err && t->rtc.on)
		err = leg_rtc_alloc(leg);
	if (err)
		mem_deref(leg);
	else
		*legp = leg;

	return err;
}


static bool same_exts(const struct ticket_media *a,
		      const struct ticket_media *b)
{
	return a->ext_mid == b->ext_mid && a->ext_twcc == b->ext_twcc &&
		a->ext_abs_send == b->ext_abs_send &&
		a->ext_capture == b->ext_capture && !strcmp(a->mid, b->mid);
}


/* was: the medium as it was agreed before */
static void side_set(struct side *s, const struct ticket_media *was,
		     uint64_t now)
{
	rtp_latch_sdp(&s->latch, &s->tm->raddr, now);

	if ((was->on && was->send) && !(s->tm->on && s->tm->send))
		side_tx_stop(s);
	if (!same_exts(was, s->tm))
		rtp_out_forget(s->out);

	/* silence is counted from when there is something to hear */
	if (s->tm->on && s->tm->recv && !(was->on && was->recv)) {
		s->heard_us = now;
		s->quiet_ms = 0;
	}
	if (s->tm->on && !was->on)
		side_rtcp_start(s, now);
	if (!s->tm->on) {
		held_drop(s);
		layer_drop(s);
		s->key_wanted = false;
		s->tmmbr_left = 0;
	}
}


int leg_set(struct leg *leg, const struct ticket *t, uint64_t now)
{
	struct ticket was;

	if (!leg || !t)
		return EINVAL;

	was = leg->t;
	leg->t = *t;
	side_set(&leg->sidev[LEG_AUDIO], &was.audio, now);
	side_set(&leg->sidev[LEG_VIDEO], &was.video, now);
	side_set(&leg->sidev[LEG_SLIDES], &was.slides, now);
	if (leg->rtc)
		leg_rtc_set(leg);

	return 0;
}


const struct ticket *leg_ticket(const struct leg *leg)
{
	return leg ? &leg->t : NULL;
}


/* ---- received ------------------------------------------------------- */

/* NULL: a payload type nobody agreed on */
const struct ticket_fmt *side_rx_fmt(const struct side *s, uint8_t pt)
{
	static const struct ticket_fmt cn = {
		.codec = CODEC_CN, .pt = PT_CN, .clock_hz = 8000,
	};
	unsigned i;

	for (i = 0; i < s->tm->fmtc; i++)
		if (s->tm->fmtv[i].pt == pt)
			return &s->tm->fmtv[i];

	return s->media == LEG_AUDIO && pt == PT_CN ? &cn : NULL;
}


struct pkt *side_pkt(struct side *s, const struct rtp_in_hdr *h,
		     const uint8_t *payload, size_t n, uint64_t now)
{
	struct pkt *pkt = NULL;

	if (n <= PKT_DATA_MAX)
		pkt = s->media == LEG_AUDIO ? pkt_get() : pkt_get_video();
	if (!pkt) {
		++s->rx.starved;
		return NULL;
	}

	pkt->rx_us  = now;
	pkt->ssrc   = h->ssrc;
	pkt->ts     = h->ts;
	pkt->seq    = h->seq;
	pkt->pt     = h->pt;
	pkt->marker = h->marker;
	pkt->level  = h->level;
	pkt->off    = 0;
	pkt->len    = (uint16_t)n;
	memcpy(pkt->data, payload, n);

	return pkt;
}


void side_heard(struct side *s, uint64_t now)
{
	s->heard_us = now;
	if (!s->quiet_ms)
		return;

	s->quiet_ms = 0;
	s->leg->h.quieth(s->media, 0, s->leg->arg);
}


/* Sequence and statistics; *extp is its extended number.  ENOENT: drop */
static int account(struct side *s, const struct rtp_in_hdr *h,
		   const struct ticket_fmt *fmt, uint64_t *extp,
		   uint64_t now)
{
	if (!s->in.on || s->in.ssrc != h->ssrc) {
		rtp_in_stat_start(&s->in, h->ssrc, h->seq);
		if (s->nack)
			rtp_nack_reset(s->nack);
		s->dtmf.seen = s->dtmf.on = false;
		s->sr_us = 0;
		s->bye_seen = false;
		/* so that the peer gets a report soon */
		s->rtcp_due = min(s->rtcp_due, now + 500000);
	}
	if (rtp_in_stat_put(&s->in, h->seq, extp))
		return ENOENT;

	++s->rx.packets;
	side_heard(s, now);
	if (fmt && fmt->codec != CODEC_TELEV && fmt->codec != CODEC_CN) {
		rtp_in_stat_time(&s->in, h->ts, fmt->clock_hz, now);
		s->rx_codec    = fmt->codec;
		s->rx_clock_hz = fmt->clock_hz;
	}

	return 0;
}


static void dtmf_handler(char digit, unsigned duration_ms, void *arg)
{
	struct side *s = arg;

	on_loop();

	if (s->digit_us &&
	    s->dtmf.last_us < s->digit_us + LEG_DTMF_MS * 1000)
		return;
	s->digit_us = s->dtmf.last_us;
	s->leg->h.dtmfh(digit, duration_ms, s->leg->arg);
}


/* The packet goes on to the jitter buffer, which would miss its number */
void side_digits(struct side *s, const struct rtp_in_hdr *h,
		 const struct ticket_fmt *fmt, const uint8_t *p,
		 uint64_t now)
{
	if (rtp_dtmf_put(&s->dtmf, h->ts, fmt->clock_hz, p, h->len, now,
			 dtmf_handler, s))
		++s->rx.bad;
}


/* What SIP's one SSRC misses is asked for again, where that was agreed */
static void note_hole(struct side *s, uint64_t ext, uint64_t now)
{
	if (!s->nack)
		s->nack = mem_zalloc(sizeof(*s->nack), NULL);
	if (s->nack)
		(void)rtp_nack_got(s->nack, ext, now);
}


/* Not for every packet of a source that goes from one SSRC to the next */
static void tell_latch(struct side *s, uint64_t now)
{
	if (s->news_us && now < s->news_us + LEG_NEWS_MS * 1000)
		return;

	s->news = false;
	s->news_us = now;
	s->leg->h.latchh(s->media, &s->latch.src, s->latch.ssrc,
			 s->latch.seq, s->leg->arg);
}


/* A packet of the latched source; payload at p + h->off */
static void deliver(struct side *s, const struct rtp_in_hdr *h,
		    const struct ticket_fmt *fmt, const uint8_t *p,
		    uint64_t now)
{
	struct pkt *pkt;
	uint64_t ext;

	if (account(s, h, fmt, &ext, now))
		return;
	if (s->news)
		tell_latch(s, now);
	if (!fmt || !s->tm->recv)
		return;

	if (fmt->codec == CODEC_TELEV)
		side_digits(s, h, fmt, p + h->off, now);
	if (s->tm->fb_nack && s->media == LEG_VIDEO)
		note_hole(s, ext, now);

	pkt = side_pkt(s, h, p + h->off, h->len, now);
	if (!pkt)
		return;
	pkt->seq = ext;
	s->leg->h.packeth(s->media, pkt, s->leg->arg);
}


static void held_add(struct side *s, const struct sa *src,
		     const struct rtp_in_hdr *h, const uint8_t *p,
		     uint64_t now)
{
	struct pkt *pkt;

	if (s->heldc == LEG_HELD ||
	    (s->heldc && (s->heldv[0]->ssrc != h->ssrc ||
			  (src && !sa_cmp(src, &s->held_src, SA_ALL)))))
		held_drop(s);

	pkt = side_pkt(s, h, p + h->off, h->len, now);
	if (!pkt)
		return;
	if (src)
		s->held_src = *src;
	s->heldv[s->heldc++] = pkt;
}


/* The source passed: what it sent on probation was good */
static void held_deliver(struct side *s, const struct sa *src, uint32_t ssrc)
{
	unsigned i;

	for (i = 0; i < s->heldc; i++) {
		const struct pkt *pkt = s->heldv[i];
		const struct rtp_in_hdr h = {
			.pt = pkt->pt, .marker = pkt->marker,
			.seq = (uint16_t)pkt->seq, .ts = pkt->ts,
			.ssrc = pkt->ssrc, .level = pkt->level,
			.off = pkt->off, .len = pkt->len,
		};

		if (pkt->ssrc == ssrc &&
		    (!src || sa_cmp(src, &s->held_src, SA_ALL)))
			deliver(s, &h, side_rx_fmt(s, h.pt), pkt->data,
				pkt->rx_us);
	}
	held_drop(s);
}


static void rtp_recv(struct side *s, const struct sa *src, const uint8_t *p,
		     size_t n, uint64_t now)
{
	const struct ticket_fmt *fmt;
	struct rtp_in_hdr h;

	if (rtp_in_parse(&h, p, n)) {
		++s->rx.bad;
		return;
	}
	if (s->tm->ext_level) {
		struct rtp_ext x;

		rtp_ext_parse(&x, s->tm, h.ext_profile, p + h.ext_off,
			      h.ext_len);
		h.level = x.level;
	}

	fmt = side_rx_fmt(s, h.pt);
	if (!fmt) {
		++s->rx.unknown;
		/* it latches nobody, but its number is not a lost one */
		if (!s->in.on || h.ssrc != s->in.ssrc)
			return;
		if (src && !(s->latch.on &&
			     sa_cmp(src, &s->latch.src, SA_ALL)))
			return;
	}

	switch (fmt ? rtp_latch_check(&s->latch, src, h.ssrc, h.seq, now) :
		LATCH_TAKE) {

	case LATCH_DROP:
		++s->rx.foreign;
		return;

	case LATCH_HOLD:
		held_add(s, src, &h, p, now);
		return;

	case LATCH_NEW:
		s->news = true;
		held_deliver(s, src, h.ssrc);
		break;

	case LATCH_TAKE:
		break;
	}

	deliver(s, &h, fmt, p, now);
}


void leg_recv(struct leg *leg, enum leg_media media, bool rtcp_sock,
	      const struct sa *src, const uint8_t *p, size_t n, uint64_t now)
{
	struct side *s;

	if (!leg || !p || media > LEG_SLIDES)
		return;
	leg->now = now;
	if (leg->rtc) {
		if (rtp_in_is_rtcp(p, n))
			leg_fb_recv(leg, p, n, now);
		else
			leg_rtc_recv(leg, p, n, now);
		return;
	}

	s = &leg->sidev[media];
	if (!s->tm->on)
		return;

	if (rtp_in_is_rtcp(p, n))
		side_rtcp_recv(s, src, p, n, now);
	else if (!rtcp_sock)
		rtp_recv(s, src, p, n, now);
	else
		++s->rx.bad;
}


/* ---- time ----------------------------------------------------------- */

static unsigned quiet_next_ms(const struct side *s)
{
	if (!s->quiet_ms)
		return LEG_QUIET_MS;

	return s->quiet_ms < LEG_QUIET_STEP_MS ? LEG_QUIET_STEP_MS :
		2 * s->quiet_ms;
}


static uint64_t quiet_due(const struct side *s)
{
	if (!s->tm->on || !s->tm->recv || s->quiet_ms > LEG_QUIET_MAX_MS)
		return UINT64_MAX;

	return s->heard_us + (uint64_t)quiet_next_ms(s) * 1000;
}


static void quiet_run(struct side *s, uint64_t now)
{
	if (now < quiet_due(s))
		return;

	while (now >= quiet_due(s))
		s->quiet_ms = quiet_next_ms(s);
	s->leg->h.quieth(s->media, s->quiet_ms, s->leg->arg);
}


void leg_run(struct leg *leg, uint64_t now)
{
	unsigned i;

	if (!leg)
		return;

	leg->now = now;
	for (i = 0; i < LEG_SIDES; i++) {
		struct side *s = &leg->sidev[i];

		rtp_out_run(s->out, now);
		side_rtcp_run(s, now);
		rtp_dtmf_run(&s->dtmf, now, dtmf_handler, s);
		quiet_run(s, now);
	}
	leg_fb_run(leg, now);
	leg_path_run(leg, now);
}


uint64_t leg_due(const struct leg *leg)
{
	uint64_t due;
	unsigned i;

	if (!leg)
		return UINT64_MAX;

	due = min(leg_fb_due(leg), leg_path_due(leg));
	for (i = 0; i < LEG_SIDES; i++) {
		const struct side *s = &leg->sidev[i];

		due = min(due, rtp_out_due(s->out));
		due = min(due, side_rtcp_due(s));
		due = min(due, rtp_dtmf_due(&s->dtmf));
		due = min(due, quiet_due(s));
	}

	return due;
}


void leg_ready(struct leg *leg, bool on, uint64_t now)
{
	unsigned i;

	if (!leg || !leg->rtc || leg->rtc->ready == on)
		return;

	leg->rtc->ready = on;
	for (i = 0; i < LEG_SIDES; i++) {
		struct side *s = &leg->sidev[i];

		if (!on)
			side_tx_stop(s);
		else if (s->tm->on)
			side_rtcp_start(s, now);
	}
}


void leg_bye(struct leg *leg, uint64_t now)
{
	unsigned i;

	for (i = 0; leg && i < LEG_SIDES; i++) {
		struct side *s = &leg->sidev[i];

		if (!s->tm->on || s->bye_sent)
			continue;
		side_rtcp_report(s, true, now);
		s->bye_sent = true;
		side_tx_stop(s);
	}
}
