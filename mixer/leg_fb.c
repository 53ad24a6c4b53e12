/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_fb.c -- RTCP of a WebRTC leg; see leg_priv.h
 *
 * One transport for all media: what comes goes by SSRC to the side it is
 * about; what concerns the path (REMB, transport-wide feedback) to the leg.
 */
#include <string.h>

#include "mixer/leg_priv.h"

enum {
	LOSS_US = 1000000,        /* loss for the REMB is counted over    */
	FEEDBACK_BITS = 800,      /* of one with its headers              */
	LOSS_MIN = 20,            /* packets that say something           */
};

/* One compound on its way */
struct compound {
	struct leg *leg;
	struct incoming inv[LEG_SIDES];
};


/* The longest round trip that any side was told of, -1: none */
int64_t leg_fb_rtt(const struct leg *leg)
{
	int64_t rtt = -1;
	unsigned i;

	for (i = 0; i < LEG_SIDES; i++)
		rtt = max(rtt, leg->sidev[i].rtt_us);

	return rtt;
}


/* ---- received -------------------------------------------------------- */

static void on_sr(struct leg *leg, const struct rtp_rtcp_item *it,
		  uint64_t now)
{
	struct stream *st = leg_rtc_find(leg, it->ssrc);
	struct side *s;

	if (!st || st->rtx)
		return;

	s = st->side;
	st->sr_mid = (uint32_t)(it->u.sr.ntp >> 16);
	st->sr_us  = now;
	if (!s->rx_clock_hz || !it->u.sr.ntp)
		return;
	st->sync = (struct rtp_sync){
		.valid = true, .ssrc = it->ssrc, .rtp_ts = it->u.sr.rtp_ts,
		.ntp = it->u.sr.ntp, .clock_hz = s->rx_clock_hz,
	};
	if (st == s->lay.cur)
		leg->h.synch(s->media, &st->sync, leg->arg);
}


/* A layer or a track that stops; the leg ends otherwise */
static void on_bye(struct leg *leg, uint32_t ssrc)
{
	struct stream *st = leg_rtc_find(leg, ssrc);

	if (!st)
		return;
	layer_leave(st->side, st);
	st->heard_us = 0;         /* its place is free                    */
	st->key_wanted = false;
	if (st->nack)
		rtp_nack_reset(st->nack);
}


/* By the SSRC of ours that it is about */
static struct incoming *about(struct compound *c, uint32_t media)
{
	unsigned i;

	for (i = 0; i < LEG_SIDES; i++)
		if (rtp_out_ssrc(c->leg->sidev[i].out) == media)
			return &c->inv[i];

	return NULL;
}


static void item_handler(const struct rtp_rtcp_item *it, void *arg)
{
	struct compound *c = arg;
	struct leg *leg = c->leg;
	const uint64_t now = c->inv[0].now;
	struct incoming *in;

	on_loop();

	switch (it->kind) {

	case RTCP_ITEM_SR:
		on_sr(leg, it, now);
		return;

	case RTCP_ITEM_BYE:
		on_bye(leg, it->ssrc);
		return;

	case RTCP_ITEM_REMB:
		rtp_bwe_remb(leg->bwe, it->u.limit.bps, now);
		return;

	case RTCP_ITEM_TWCC:
		if (leg->rtc->twcc_on &&
		    rtp_bwe_feedback(leg->bwe, it->u.twcc.p,
				     it->u.twcc.n, leg_fb_rtt(leg), now))
			++leg->rtc->bad;
		return;

	default:
		break;
	}

	in = about(c, it->media);
	if (!in)
		return;
	side_rtcp_item(in, it);
}


void leg_fb_recv(struct leg *leg, const uint8_t *p, size_t n, uint64_t now)
{
	struct compound c = { .leg = leg };
	unsigned i;

	for (i = 0; i < LEG_SIDES; i++) {
		c.inv[i].s   = &leg->sidev[i];
		c.inv[i].now = now;
	}
	if (rtp_rtcp_parse(p, n, item_handler, &c)) {
		++leg->rtc->bad;
		return;
	}
	for (i = 0; i < LEG_SIDES; i++)
		side_rtcp_done(&c.inv[i], n);
}


/* ---- sent ------------------------------------------------------------ */

unsigned leg_fb_blocks(const struct side *s, struct rtp_rtcp_block *v,
		       uint64_t now)
{
	struct stream *sv = s->leg->rtc->streamv;
	unsigned i, n = 0;

	for (i = 0; i < LEG_STREAMS; i++) {
		struct stream *st = &sv[i];

		/* of what is no longer there nothing is new */
		if (!st->on || st->side != s || st->in.received < 2 ||
		    now >= st->heard_us + 10000000)
			continue;
		side_rtcp_block(&v[n], &st->in, st->sr_mid, st->sr_us, now);
		v[n++].about = st->ssrc;
	}

	return n;
}


void leg_fb_key(struct stream *st, uint64_t now)
{
	struct side *s = st->side;
	struct rtp_rtcp_buf buf;

	if (!s->tm->fb_pli && !s->tm->fb_fir)
		return;
	if (st->key_us && now < st->key_us + LEG_KEY_MS * 1000) {
		st->key_wanted = true;
		return;
	}

	st->key_us = now;
	st->key_wanted = false;
	side_rtcp_begin(s, &buf);
	side_rtcp_put_key(s, &buf, st->ssrc);
	side_send_rtcp(s, &buf);
}


static uint64_t key_due(const struct stream *st)
{
	return st->key_wanted ? st->key_us + LEG_KEY_MS * 1000 : UINT64_MAX;
}


static void streams_run(struct leg *leg, uint64_t now)
{
	const int64_t rtt = leg_fb_rtt(leg);
	unsigned i;

	for (i = 0; i < LEG_STREAMS; i++) {
		struct stream *st = &leg->rtc->streamv[i];

		if (!st->on)
			continue;
		if (st->nack)
			side_rtcp_nack(st->side, st->nack, st->ssrc, rtt,
				       now);
		/* what was asked for may not be wanted any more */
		if (now >= key_due(st)) {
			st->key_wanted = false;
			if (layer_wants(st->side, st))
				leg_fb_key(st, now);
		}
	}
}


static void loss_run(struct leg_rtc *rtc, uint64_t now)
{
	uint64_t exp = 0, got = 0, e;
	unsigned i;

	if (now < rtc->loss_us + LOSS_US)
		return;

	rtc->loss_us = now;
	for (i = 0; i < LEG_STREAMS; i++) {
		struct stream *st = &rtc->streamv[i];

		if (!st->on)
			continue;
		e = rtp_in_stat_expected(&st->in);
		if (e >= st->prior_exp && st->in.received >= st->prior_got) {
			exp += e - st->prior_exp;
			got += st->in.received - st->prior_got;
		}
		st->prior_exp = e;
		st->prior_got = st->in.received;
	}
	if (exp >= LOSS_MIN)
		rtp_remb_loss(&rtc->remb, got < exp ?
			      1.0 - (double)got / (double)exp : 0, now);
}


static bool said_bye(const struct leg *leg)
{
	unsigned i;

	for (i = 0; i < LEG_SIDES; i++)
		if (leg->sidev[i].bye_sent)
			return true;

	return false;
}


/* Whoever sends video, or would */
static struct side *speaker(struct leg *leg)
{
	return leg->t.video.on ? &leg->sidev[LEG_VIDEO] :
		leg->t.slides.on ? &leg->sidev[LEG_SLIDES] :
		&leg->sidev[LEG_AUDIO];
}


static void remb_run(struct leg *leg, uint64_t now)
{
	struct leg_rtc *rtc = leg->rtc;
	struct side *s = speaker(leg);
	uint32_t mediav[LEG_STREAMS];
	struct rtp_rtcp_buf buf;
	unsigned i, n = 0;

	if (!rtc->remb_on || said_bye(leg))
		return;
	loss_run(rtc, now);
	if (!rtp_remb_run(&rtc->remb, leg_fb_rtt(leg), now))
		return;

	for (i = 0; i < LEG_STREAMS; i++) {
		const struct stream *st = &rtc->streamv[i];

		if (st->on && st->side->media != LEG_AUDIO &&
		    now < st->heard_us + 10000000)
			mediav[n++] = st->ssrc;
	}
	if (!n)
		return;
	side_rtcp_begin(s, &buf);
	(void)rtp_rtcp_put_remb(&buf, rtp_out_ssrc(s->out),
				rtp_remb_bps(&rtc->remb), mediav, n);
	side_send_rtcp(s, &buf);
}


/* Feedback takes a twentieth of the path, if it is narrow */
static unsigned feedback_ms(const struct leg *leg)
{
	const unsigned kbps = leg_path_kbps(leg);

	if (!kbps)
		return RTP_TWCC_MS;

	return min((unsigned)RTP_TWCC_MAX_MS,
		   max((unsigned)RTP_TWCC_MS, FEEDBACK_BITS * 20 / kbps));
}


static void twcc_run(struct leg *leg, uint64_t now)
{
	struct leg_rtc *rtc = leg->rtc;
	struct side *s = speaker(leg);
	uint8_t fci[RTP_TWCC_FCI_MAX];
	struct rtp_rtcp_buf buf;
	unsigned i;
	size_t n;

	if (!rtc->twcc_on || said_bye(leg) || now < rtp_twcc_due(&rtc->twcc))
		return;

	rtc->twcc.wait_ms = feedback_ms(leg);
	for (i = 0; i < 4; i++) {
		n = rtp_twcc_write(&rtc->twcc, fci, now);
		if (!n)
			break;
		side_rtcp_begin(s, &buf);
		/* about any that it sends: of others Chromium takes none */
		(void)rtp_rtcp_put_twcc(&buf, rtp_out_ssrc(s->out),
					rtc->twcc_ssrc, fci, n);
		side_send_rtcp(s, &buf);
	}
}


void leg_fb_run(struct leg *leg, uint64_t now)
{
	unsigned i;

	if (!leg->rtc)
		return;

	for (i = 0; i < LEG_SIDES; i++)
		if (now >= layer_due(&leg->sidev[i]))
			layer_run(&leg->sidev[i], now);
	streams_run(leg, now);
	remb_run(leg, now);
	twcc_run(leg, now);
}


uint64_t leg_fb_due(const struct leg *leg)
{
	uint64_t due = UINT64_MAX;
	int64_t rtt;
	unsigned i;

	if (!leg->rtc)
		return due;

	rtt = leg_fb_rtt(leg);
	for (i = 0; i < LEG_STREAMS; i++) {
		const struct stream *st = &leg->rtc->streamv[i];

		if (!st->on)
			continue;
		due = min(due, key_due(st));
		if (st->nack)
			due = min(due, rtp_nack_due(st->nack, rtt));
	}
	for (i = 0; i < LEG_SIDES; i++)
		due = min(due, layer_due(&leg->sidev[i]));
	if (said_bye(leg))
		return due;
	if (leg->rtc->remb_on)
		due = min(due, rtp_remb_due(&leg->rtc->remb));
	if (leg->rtc->twcc_on)
		due = min(due, rtp_twcc_due(&leg->rtc->twcc));

	return due;
}
