/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_rtcp.c -- RTCP of one side: reports, feedback; see leg.h
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "mixer/leg_priv.h"

enum {
	KBPS_AUDIO = 80,          /* for the interval, when SDP says none */
	KBPS_VIDEO = 1500,
	RTCP_FIRST = 120,         /* bytes, before there is an average    */
};

static uint32_t ntp_mid(uint64_t now)
{
	return (uint32_t)(clock_ntp(now) >> 16);
}


static unsigned session_kbps(const struct side *s)
{
	const unsigned own = s->media == LEG_AUDIO ? KBPS_AUDIO : KBPS_VIDEO;
	const unsigned said = s->tm->max_kbps ? s->tm->max_kbps : own;
	const unsigned path = leg_path_kbps(s->leg);

	return path ? min(said, path) : said;
}


static void schedule(struct side *s, uint64_t now)
{
	s->rtcp_due = now + rtp_rtcp_interval(session_kbps(s), s->rtcp_avg ?
					      s->rtcp_avg : RTCP_FIRST,
					      rand_u32());
}


/* Also with nothing to send or hear: it keeps a NAT's mapping */
void side_rtcp_start(struct side *s, uint64_t now)
{
	schedule(s, now);
	s->rtcp_due -= (s->rtcp_due - now) / 2;
}


static void average(struct side *s, size_t n)
{
	s->rtcp_avg = s->rtcp_avg ? (s->rtcp_avg * 15 + n) / 16 : n;
}


/* ---- received ------------------------------------------------------- */

/* The rule beside the one for RTP: with its own port, RTCP is taken from
 * the signalled address or from the host that the RTP comes from. */
static bool from_peer(const struct side *s, const struct sa *src)
{
	const struct rtp_latch *l = &s->latch;

	if (!src)
		return true;

	if (l->on && sa_isset(&l->src, SA_ADDR))
		return sa_cmp(&l->src, src,
			      s->tm->rtcp_mux ? SA_ALL : SA_ADDR);

	if (s->tm->rtcp_mux)
		return sa_isset(&l->sdp, SA_ALL) &&
			sa_cmp(&l->sdp, src, SA_ALL);

	return sa_isset(&s->tm->raddr_rtcp, SA_ALL) &&
		sa_cmp(&s->tm->raddr_rtcp, src, SA_ALL);
}


static void on_sr(const struct incoming *in, const struct rtp_rtcp_item *it)
{
	struct side *s = in->s;
	struct rtp_sync sync = {
		.valid = true, .ssrc = it->ssrc, .rtp_ts = it->u.sr.rtp_ts,
		.ntp = it->u.sr.ntp, .clock_hz = s->rx_clock_hz,
	};
	const struct ticket_fmt *fmt = ticket_tx(s->tm);

	if (s->in.on && it->ssrc != s->in.ssrc)
		return;

	s->sr_mid = (uint32_t)(it->u.sr.ntp >> 16);
	s->sr_us  = in->now;
	if (!sync.clock_hz && fmt)
		sync.clock_hz = fmt->clock_hz;
	if (sync.clock_hz && it->u.sr.ntp)
		s->leg->h.synch(s->media, &sync, s->leg->arg);
}


static void on_block(struct incoming *in, const struct rtp_rtcp_block *b)
{
	struct side *s = in->s;
	int32_t rtt;

	in->blocks = true;
	s->tx_lost = b->lost;
	if (b->lsr) {
		rtt = (int32_t)(ntp_mid(in->now) - b->lsr - b->dlsr);
		if (rtt < 10 * 65536)
			s->rtt_us = max(0, rtt) * (int64_t)1000000 / 65536;
	}
	s->leg->h.lossh(s->media, (float)b->fraction / 256, s->leg->arg);
	side_told(s, b, in->now);
}


/* A command that is repeated carries the same number (RFC 5104 4.3.1.1) */
static void on_fir(struct incoming *in, const struct rtp_rtcp_item *it)
{
	struct side *s = in->s;

	if (!it->u.fir.legacy) {
		if (s->fir_rx == it->u.fir.seq && s->fir_rx_ssrc == it->ssrc)
			return;
		s->fir_rx = it->u.fir.seq;
		s->fir_rx_ssrc = it->ssrc;
	}
	in->key = true;
}


static void on_bye(const struct incoming *in, uint32_t ssrc)
{
	struct side *s = in->s;

	if (s->bye_seen || (s->in.on && ssrc != s->in.ssrc))
		return;

	s->bye_seen = true;
	s->leg->h.byeh(s->media, s->leg->arg);
}


void side_rtcp_item(struct incoming *in, const struct rtp_rtcp_item *it)
{
	struct side *s = in->s;
	const uint32_t ours = rtp_out_ssrc(s->out);

	switch (it->kind) {

	case RTCP_ITEM_SR:
		on_sr(in, it);
		break;

	case RTCP_ITEM_BLOCK:
		if (it->media == ours)
			on_block(in, &it->u.block);
		break;

	case RTCP_ITEM_BYE:
		on_bye(in, it->ssrc);
		break;

	case RTCP_ITEM_PLI:
		in->key = true;
		break;

	case RTCP_ITEM_FIR:
		on_fir(in, it);
		break;

	case RTCP_ITEM_NACK:
		++s->nacks_rx;
		if (s->tm->fb_nack && s->tm->send)
			rtp_out_nack(s->out, it->u.nack.pid, it->u.nack.blp,
				     in->now);
		break;

	case RTCP_ITEM_TMMBR:
		if (it->media != ours)
			break;
		in->tmmbr = true;
		in->limit_owner = it->ssrc;
		s->limit_bps = it->u.limit.bps;
		break;

	case RTCP_ITEM_REMB:
		rtp_bwe_remb(s->leg->bwe, it->u.limit.bps, in->now);
		break;

	case RTCP_ITEM_TMMBN:
		side_need_answered(s, it->u.limit.bps);
		break;

	case RTCP_ITEM_TWCC:              /* nobody agreed to it          */
	case RTCP_ITEM_CNAME:
		break;
	}
}


static void item_handler(const struct rtp_rtcp_item *it, void *arg)
{
	on_loop();

	side_rtcp_item(arg, it);
}


/* Every compound begins with a report, unless the peer takes reduced size
 * (RFC 5506); about nobody, so that the interval of the loss fraction stays
 * that of the regular reports. */
void side_rtcp_begin(struct side *s, struct rtp_rtcp_buf *buf)
{
	buf->n = 0;
	if (s->tm->rtcp_rsize)
		return;
	(void)rtp_rtcp_put_report(buf, rtp_out_ssrc(s->out), NULL, 0, NULL);
	(void)rtp_rtcp_put_cname(buf, rtp_out_ssrc(s->out), s->leg->cname);
}


void side_rtcp_done(struct incoming *in, size_t n)
{
	struct side *s = in->s;
	struct rtp_rtcp_buf buf;

	average(s, n);
	if (in->key && s->media == LEG_VIDEO) {
		side_key_asked(s, in->now);
		s->leg->h.keyh(s->leg->arg);
	}
	if (!in->tmmbr)
		return;

	side_rtcp_begin(s, &buf);
	(void)rtp_rtcp_put_tmmbn(&buf, rtp_out_ssrc(s->out),
				 in->limit_owner, s->limit_bps);
	side_send_rtcp(s, &buf);
}


void side_rtcp_recv(struct side *s, const struct sa *src, const uint8_t *p,
		    size_t n, uint64_t now)
{
	struct incoming in = { .s = s, .now = now };

	if (!from_peer(s, src)) {
		++s->rx.foreign;
		return;
	}
	if (rtp_rtcp_parse(p, n, item_handler, &in)) {
		++s->rx.bad;
		return;
	}

	if (src && !s->tm->rtcp_mux)
		s->rtcp_src = *src;
	side_rtcp_done(&in, n);
}


/* ---- sent ----------------------------------------------------------- */

void side_rtcp_block(struct rtp_rtcp_block *b, struct rtp_in_stat *in,
		     uint32_t sr_mid, uint64_t sr_us, uint64_t now)
{
	const uint64_t lost = rtp_in_stat_lost(in);

	memset(b, 0, sizeof(*b));
	b->about    = in->ssrc;
	b->fraction = rtp_in_stat_fraction(in);
	b->lost     = (int32_t)min(lost, (uint64_t)0x7fffff);
	b->ext_seq  = rtp_in_stat_ext(in);
	b->jitter   = in->jitter >> 4;
	if (sr_us) {
		b->lsr  = sr_mid;
		b->dlsr = (uint32_t)((now - sr_us) * 65536 / 1000000);
	}
}


static unsigned make_blocks(struct side *s, struct rtp_rtcp_block *v,
			    uint64_t now)
{
	if (s->leg->rtc)
		return leg_fb_blocks(s, v, now);
	if (!s->in.on)
		return 0;

	side_rtcp_block(v, &s->in, s->sr_mid, s->sr_us, now);

	return 1;
}


void side_rtcp_report(struct side *s, bool bye, uint64_t now)
{
	const struct rtp_out_stats *st = rtp_out_stats(s->out);
	const uint32_t ssrc = rtp_out_ssrc(s->out);
	const bool sender = s->tx_on && st->packets != s->reported;
	struct rtp_rtcp_sr sr = {
		.packets = st->packets, .bytes = st->bytes,
	};
	struct rtp_rtcp_buf buf = { .n = 0 };
	struct rtp_rtcp_block blockv[LEG_STREAMS];
	const unsigned n = make_blocks(s, blockv, now);

	if (sender) {
		sr.ntp    = clock_ntp(now);
		sr.rtp_ts = side_tx_ts(s, now);
	}
	s->reported = st->packets;

	(void)rtp_rtcp_put_reports(&buf, ssrc, sender ? &sr : NULL, blockv,
				   n);
	(void)rtp_rtcp_put_cname(&buf, ssrc, s->leg->cname);
	if (bye)
		(void)rtp_rtcp_put_bye(&buf, ssrc);

	average(s, buf.n);
	schedule(s, now);
	side_send_rtcp(s, &buf);
}


void side_rtcp_put_key(struct side *s, struct rtp_rtcp_buf *buf,
		       uint32_t media)
{
	const uint32_t ssrc = rtp_out_ssrc(s->out);

	if (s->tm->fb_pli)
		(void)rtp_rtcp_put_pli(buf, ssrc, media);
	else
		(void)rtp_rtcp_put_fir(buf, ssrc, media, ++s->fir_tx);
}


void side_rtcp_key(struct side *s, uint64_t now)
{
	const uint32_t media = s->in.on ? s->in.ssrc : s->tm->rssrc;
	struct rtp_rtcp_buf buf;

	s->key_wanted = false;
	if (!media)
		return;           /* a stream begins with a key frame     */

	s->key_sent_us = now;
	side_rtcp_begin(s, &buf);
	side_rtcp_put_key(s, &buf, media);
	side_send_rtcp(s, &buf);
}


void side_rtcp_nack(struct side *s, struct rtp_nack *nack, uint32_t media,
		    int64_t rtt_us, uint64_t now)
{
	uint16_t seqv[RTP_NACK_ONCE];
	struct rtp_rtcp_buf buf;
	unsigned n;

	if (now < rtp_nack_due(nack, rtt_us))
		return;
	n = rtp_nack_ask(nack, rtt_us, seqv, now);
	if (!n)
		return;

	side_rtcp_begin(s, &buf);
	(void)rtp_rtcp_put_nack(&buf, rtp_out_ssrc(s->out), media, seqv, n);
	side_send_rtcp(s, &buf);
}


static uint64_t key_due(const struct side *s)
{
	return s->key_wanted ? s->key_sent_us + LEG_KEY_MS * 1000 :
		UINT64_MAX;
}


void side_rtcp_run(struct side *s, uint64_t now)
{
	if (!s->tm->on || s->bye_sent)
		return;

	if (now >= s->rtcp_due)
		side_rtcp_report(s, false, now);
	if (now >= key_due(s))
		side_rtcp_key(s, now);
	if (s->nack && s->in.on)
		side_rtcp_nack(s, s->nack, s->in.ssrc, s->rtt_us, now);
	side_need_run(s, now);
}


uint64_t side_rtcp_due(const struct side *s)
{
	uint64_t due;

	if (!s->tm->on || s->bye_sent)
		return UINT64_MAX;

	due = min(s->rtcp_due, key_due(s));
	if (s->nack)
		due = min(due, rtp_nack_due(s->nack, s->rtt_us));

	return min(due, side_need_due(s));
}
