/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg.c -- one party's RTP and RTCP: life and receiving; see leg.h
 */
#include <errno.h>
#include <string.h>

#include "mixer/leg_priv.h"

enum { PT_CN = 13 };              /* RFC 3389, though SDP may not say so  */


static void held_drop(struct side *s)
{
	while (s->heldc)
		pkt_put(s->heldv[--s->heldc]);
}


static void destructor(void *arg)
{
	struct leg *leg = arg;
	unsigned i;

	for (i = 0; i < 2; i++) {
		held_drop(&leg->sidev[i]);
		mem_deref(leg->sidev[i].out);
	}
}


/* ---- sending what is ready ------------------------------------------ */

static void rtp_handler(const struct iovec *iov, unsigned iovc, void *arg)
{
	struct side *s = arg;
	struct sa dst;

	on_loop();

	if (rtp_latch_dst(&s->latch, &dst))
		s->leg->h.sendh(s->media, false, &dst, iov, iovc,
				s->leg->arg);
}


/* Beside the RTP port, unless the peer's RTCP showed itself */
static bool rtcp_dst(const struct side *s, struct sa *dst)
{
	if (!rtp_latch_dst(&s->latch, dst))
		return false;
	if (s->tm->rtcp_mux || !sa_isset(dst, SA_ALL))
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
		s->leg->h.sendh(s->media, !s->tm->rtcp_mux, &dst, &iov, 1,
				s->leg->arg);
}


/* ---- life ----------------------------------------------------------- */

static int side_init(struct side *s, struct leg *leg, enum leg_media media,
		     uint64_t now)
{
	s->leg   = leg;
	s->media = media;
	s->tm    = media == LEG_AUDIO ? &leg->t.audio : &leg->t.video;
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

	return rtp_out_alloc(&s->out, media == LEG_VIDEO, rtp_handler, s);
}


int leg_alloc(struct leg **legp, const struct ticket *t,
	      const struct leg_h *h, void *arg, uint64_t now)
{
	struct leg *leg;
	int err;

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

	err = side_init(&leg->sidev[LEG_AUDIO], leg, LEG_AUDIO, now);
	err |= side_init(&leg->sidev[LEG_VIDEO], leg, LEG_VIDEO, now);
	if (err)
		mem_deref(leg);
	else
		*legp = leg;

	return err;
}


/* was: the medium as it was agreed before */
static void side_set(struct side *s, const struct ticket_media *was,
		     uint64_t now)
{
	rtp_latch_sdp(&s->latch, &s->tm->raddr, now);

	if ((was->on && was->send) && !(s->tm->on && s->tm->send))
		side_tx_stop(s);

	/* silence is counted from when there is something to hear */
	if (s->tm->on && s->tm->recv && !(was->on && was->recv)) {
		s->heard_us = now;
		s->quiet_ms = 0;
	}
	if (s->tm->on && !was->on)
		side_rtcp_start(s, now);
	if (!s->tm->on) {
		held_drop(s);
		s->key_wanted = false;
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

	return 0;
}


const struct ticket *leg_ticket(const struct leg *leg)
{
	return leg ? &leg->t : NULL;
}


/* ---- received ------------------------------------------------------- */

/* NULL: a payload type nobody agreed on */
static const struct ticket_fmt *rx_fmt(const struct side *s, uint8_t pt)
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


static struct pkt *make_pkt(struct side *s, const struct rtp_in_hdr *h,
			    const uint8_t *p, uint64_t now)
{
	struct pkt *pkt = NULL;

	if (h->len <= PKT_DATA_MAX)
		pkt = s->media == LEG_VIDEO ? pkt_get_video() : pkt_get();
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
	pkt->len    = h->len;
	memcpy(pkt->data, p + h->off, h->len);

	return pkt;
}


static void heard(struct side *s, uint64_t now)
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
		s->dtmf.seen = s->dtmf.on = false;
		s->sr_us = 0;
		s->bye_seen = false;
		/* so that the peer gets a report soon */
		s->rtcp_due = min(s->rtcp_due, now + 500000);
	}
	if (rtp_in_stat_put(&s->in, h->seq, extp))
		return ENOENT;

	++s->rx.packets;
	heard(s, now);
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

	/* goes on to the jitter buffer, which would miss its number */
	if (fmt->codec == CODEC_TELEV &&
	    rtp_dtmf_put(&s->dtmf, h->ts, fmt->clock_hz, p + h->off, h->len,
			 now, dtmf_handler, s))
		++s->rx.bad;

	pkt = make_pkt(s, h, p, now);
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

	pkt = make_pkt(s, h, p, now);
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
			deliver(s, &h, rx_fmt(s, h.pt), pkt->data,
				pkt->rx_us);
	}
	held_drop(s);
}


static void rtp_recv(struct side *s, const struct sa *src, const uint8_t *p,
		     size_t n, uint64_t now)
{
	const struct ticket_fmt *fmt;
	struct rtp_in_hdr h;

	if (rtp_in_parse(&h, p, n, s->tm->ext_level)) {
		++s->rx.bad;
		return;
	}

	fmt = rx_fmt(s, h.pt);
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

	if (!leg || !p || media > LEG_VIDEO)
		return;

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

	for (i = 0; leg && i < 2; i++) {
		struct side *s = &leg->sidev[i];

		rtp_out_run(s->out, now);
		side_rtcp_run(s, now);
		rtp_dtmf_run(&s->dtmf, now, dtmf_handler, s);
		quiet_run(s, now);
	}
}


uint64_t leg_due(const struct leg *leg)
{
	uint64_t due = UINT64_MAX;
	unsigned i;

	for (i = 0; leg && i < 2; i++) {
		const struct side *s = &leg->sidev[i];

		due = min(due, rtp_out_due(s->out));
		due = min(due, side_rtcp_due(s));
		due = min(due, rtp_dtmf_due(&s->dtmf));
		due = min(due, quiet_due(s));
	}

	return due;
}


int leg_want_key(struct leg *leg, uint64_t now)
{
	struct side *s;

	if (!leg)
		return EINVAL;

	s = &leg->sidev[LEG_VIDEO];
	if (!s->tm->on || !s->tm->recv)
		return 0;
	if (!s->tm->fb_pli && !s->tm->fb_fir)
		return ENOTSUP;

	if (s->key_sent_us && now < s->key_sent_us + LEG_KEY_MS * 1000)
		s->key_wanted = true;
	else
		side_rtcp_key(s, now);

	return 0;
}


void leg_bye(struct leg *leg, uint64_t now)
{
	unsigned i;

	for (i = 0; leg && i < 2; i++) {
		struct side *s = &leg->sidev[i];

		if (!s->tm->on || s->bye_sent)
			continue;
		side_rtcp_report(s, true, now);
		s->bye_sent = true;
		side_tx_stop(s);
	}
}


/* ---- numbers -------------------------------------------------------- */

uint64_t leg_tx_limit(const struct leg *leg, enum leg_media media)
{
	return leg && media <= LEG_VIDEO ? leg->sidev[media].limit_bps : 0;
}


json_t *leg_stats(const struct leg *leg, enum leg_media media)
{
	const struct side *s;
	const struct rtp_out_stats *st;
	uint64_t jitter_us;
	json_t *obj;

	if (!leg || media > LEG_VIDEO)
		return NULL;

	s  = &leg->sidev[media];
	st = rtp_out_stats(s->out);
	jitter_us = s->rx_clock_hz ? (uint64_t)s->in.jitter * 1000000 / 16 /
		s->rx_clock_hz : 0;

	obj = json_pack("{sI sI sf sI sI sI}",
			"rx_packets", (json_int_t)s->rx.packets,
			"rx_lost", (json_int_t)rtp_in_stat_lost(&s->in),
			"rx_jitter_ms", (double)jitter_us / 1000,
			"tx_packets", (json_int_t)st->packets,
			"tx_lost", (json_int_t)s->tx_lost,
			"tx_resent", (json_int_t)st->resent);
	if (!obj)
		return NULL;

	json_object_set_new(obj, "rx_dropped",
			    json_pack("{sI sI sI sI sI}",
				"foreign", (json_int_t)s->rx.foreign,
				"malformed", (json_int_t)s->rx.bad,
				"unknown", (json_int_t)s->rx.unknown,
				"duplicate", (json_int_t)s->in.dup,
				"starved", (json_int_t)s->rx.starved));
	if (s->rtt_us >= 0)
		json_object_set_new(obj, "rtt_ms",
				    json_real((double)s->rtt_us / 1000));
	if (s->rx_codec)
		json_object_set_new(obj, "codec_rx",
				    json_string(codec_name(s->rx_codec)));
	if (s->tx_codec)
		json_object_set_new(obj, "codec_tx",
				    json_string(codec_name(s->tx_codec)));

	return obj;
}
