/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_stats.c -- numbers of a leg for MIX_QUALITY; see leg.h
 */
#include "mixer/leg_priv.h"


uint64_t leg_tx_limit(const struct leg *leg, enum leg_media media)
{
	uint64_t bps, asked;

	if (!leg || media > LEG_SLIDES)
		return 0;

	bps   = rtp_bwe_bps(leg->bwe);
	asked = leg->sidev[media].limit_bps;

	return bps && asked ? min(bps, asked) : max(bps, asked);
}


unsigned leg_wait_ms(const struct leg *leg, enum leg_media media)
{
	const struct rtp_nack *nack;
	const struct side *s;
	int64_t rtt;

	if (!leg || media > LEG_SLIDES)
		return 0;

	s = &leg->sidev[media];
	if (!s->tm->fb_nack)
		return 0;

	rtt = leg->rtc ? leg_fb_rtt(leg) : s->rtt_us;
	nack = !leg->rtc ? s->nack : s->lay.cur ? s->lay.cur->nack : NULL;
	if (rtt < 0 && nack && nack->rtt_us)
		rtt = nack->rtt_us;

	return rtp_nack_wait_ms(rtt);
}


/* Sums over the SSRCs of a side */
struct sum {
	uint64_t lost, dup, asked, repaired, given_up;
	uint32_t jitter;
	unsigned streams;
};


static void add(struct sum *sum, const struct rtp_in_stat *in,
		const struct rtp_nack *nack)
{
	sum->lost += rtp_in_stat_lost(in);
	sum->dup  += in->dup;
	++sum->streams;
	if (!nack)
		return;
	sum->asked    += nack->asked;
	sum->repaired += nack->repaired;
	sum->given_up += nack->given_up;
}


static void sum_up(const struct side *s, struct sum *sum)
{
	const struct leg_rtc *rtc = s->leg->rtc;
	unsigned i;

	*sum = (struct sum){ 0 };
	if (!rtc) {
		add(sum, &s->in, s->nack);
		sum->jitter = s->in.jitter;
		return;
	}

	for (i = 0; i < LEG_STREAMS; i++) {
		const struct stream *st = &rtc->streamv[i];

		if (st->on && st->side == s && !st->rtx)
			add(sum, &st->in, st->nack);
	}
	if (s->lay.cur)
		sum->jitter = s->lay.cur->in.jitter;
}


static void put(json_t *obj, const char *name, uint64_t v)
{
	(void)json_object_set_new(obj, name, json_integer((json_int_t)v));
}


static void put_text(json_t *obj, const char *name, const char *text)
{
	(void)json_object_set_new(obj, name, json_string(text));
}


static void rtc_stats(json_t *obj, const struct side *s)
{
	const struct leg_rtc *rtc = s->leg->rtc;
	const struct stream *cur = s->lay.cur;

	put(obj, "rx_rtx", s->rx.rtx);
	put(obj, "rx_rtx_used", s->rx.rtx_used);
	if (s->rx.red_used)
		put(obj, "rx_red_used", s->rx.red_used);
	if (cur && s->tm->ridc > 1 && cur->layer < s->tm->ridc) {
		put_text(obj, "layer", s->tm->ridv[cur->layer]);
		put(obj, "layer_switches", s->lay.switches);
	}
	if (rtc->remb_on)
		put(obj, "rx_remb_kbps", rtc->remb.told_bps / 1000);
	put(obj, "rx_refused", rtc->unknown + rtc->refused + rtc->bad);
}


json_t *leg_stats(const struct leg *leg, enum leg_media media)
{
	const struct side *s;
	const struct rtp_out_stats *st;
	uint64_t jitter_us, limit;
	struct sum sum;
	json_t *obj;

	if (!leg || media > LEG_SLIDES)
		return NULL;

	s  = &leg->sidev[media];
	st = rtp_out_stats(s->out);
	sum_up(s, &sum);
	jitter_us = s->rx_clock_hz ? (uint64_t)sum.jitter * 1000000 / 16 /
		s->rx_clock_hz : 0;

	obj = json_pack("{sI sI sf sI sI sI}",
			"rx_packets", (json_int_t)s->rx.packets,
			"rx_lost", (json_int_t)sum.lost,
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
				"duplicate", (json_int_t)sum.dup,
				"starved", (json_int_t)s->rx.starved));
	if (s->rtt_us >= 0)
		json_object_set_new(obj, "rtt_ms",
				    json_real((double)s->rtt_us / 1000));
	if (s->rx_codec)
		put_text(obj, "codec_rx", codec_name(s->rx_codec));
	if (s->tx_codec)
		put_text(obj, "codec_tx", codec_name(s->tx_codec));
	if (s->tm->fb_nack) {
		put(obj, "rx_nacked", sum.asked);
		put(obj, "rx_repaired", sum.repaired);
		put(obj, "rx_given_up", sum.given_up);
		put(obj, "tx_nacked", s->nacks_rx);
	}
	limit = leg_tx_limit(leg, media);
	if (limit && media != LEG_SLIDES)
		put(obj, "tx_estimate_kbps", limit / 1000);
	if (leg->rtc)
		rtc_stats(obj, s);

	return obj;
}
