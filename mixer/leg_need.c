/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_need.c -- what we want of a peer: key frames; no more than is shown
 *
 * WebRTC: the layer that goes up, and the bound of the REMB.  SIP: TMMBR
 * (RFC 5104) where the peer has agreed to it, repeated until it answers.
 */
#include <errno.h>

#include "mixer/leg_priv.h"

enum {
	HIDDEN_BPS  = 32000,      /* a trickle: the tile comes back fast  */
	LEAST_BPS   = 256000,     /* a picture at all                     */
	AUDIO_BPS   = 80000,
	PIXEL_RATE  = 30,         /* pictures a second …                  */
	TMMBR_US    = 1000000,    /* between repeats …                    */
	TMMBR_TIMES = 4,          /* … until nobody answers               */
};

#define PIXEL_BITS 0.1            /* … and bits a pixel of one            */


/* UINT64_MAX: nobody has said */
static uint64_t side_need(const struct side *s)
{
	const struct layers *l = &s->lay;
	uint64_t bps;

	if (!l->need_known)
		return UINT64_MAX;
	if (!l->need_w || !l->need_h)
		return HIDDEN_BPS;

	bps = (uint64_t)((double)l->need_w * l->need_h * PIXEL_RATE *
			 PIXEL_BITS);
	bps = max(bps, (uint64_t)LEAST_BPS);

	/* smaller layers come with it: a quarter, and a quarter of that */
	return s->tm->ridc > 1 ? bps + bps / 2 : bps;
}


void leg_need_remb(struct leg *leg)
{
	uint64_t sum = AUDIO_BPS, bps;
	unsigned i;

	for (i = LEG_VIDEO; i < LEG_SIDES; i++) {
		if (!leg->sidev[i].tm->on || !leg->sidev[i].tm->recv)
			continue;
		bps = side_need(&leg->sidev[i]);
		if (bps == UINT64_MAX) {
			sum = bps;
			break;
		}
		sum += bps;
	}
	rtp_remb_need(&leg->rtc->remb, sum);
}


int leg_set_need(struct leg *leg, enum leg_media media, unsigned width,
		 unsigned height, uint64_t now)
{
	struct layers *l;
	struct side *s;
	uint64_t bps;

	if (!leg || (media != LEG_VIDEO && media != LEG_SLIDES))
		return EINVAL;

	s = &leg->sidev[media];
	l = &s->lay;
	l->need_known = true;
	l->need_w = min(width, 16384u);
	l->need_h = min(height, 16384u);
	l->look_us = 0;
	if (leg->rtc) {
		leg_need_remb(leg);
		layer_run(s, now);
		return 0;
	}

	bps = side_need(s);
	if (s->tm->max_kbps)
		bps = min(bps, s->tm->max_kbps * 1000ull);
	if (!s->tm->on || !s->tm->recv || !s->tm->fb_tmmbr ||
	    (bps < s->tmmbr_bps + s->tmmbr_bps / 8 &&
	     bps + s->tmmbr_bps / 8 > s->tmmbr_bps))
		return 0;

	s->tmmbr_bps  = bps;
	s->tmmbr_left = TMMBR_TIMES;
	s->tmmbr_due  = now;

	return 0;
}


void side_need_run(struct side *s, uint64_t now)
{
	const uint32_t media = s->in.on ? s->in.ssrc : s->tm->rssrc;
	struct rtp_rtcp_buf buf;

	if (now < side_need_due(s))
		return;

	s->tmmbr_due = now + TMMBR_US;
	if (!media)
		return;           /* nothing has come yet                 */

	--s->tmmbr_left;
	side_rtcp_begin(s, &buf);
	(void)rtp_rtcp_put_tmmbr(&buf, rtp_out_ssrc(s->out), media,
				 s->tmmbr_bps);
	side_send_rtcp(s, &buf);
}


uint64_t side_need_due(const struct side *s)
{
	return s->tmmbr_left ? s->tmmbr_due : UINT64_MAX;
}


/* It has heard: whatever bounds it now, ours is known to it */
void side_need_answered(struct side *s, uint64_t bps)
{
	if (bps <= s->tmmbr_bps + s->tmmbr_bps / 16)
		s->tmmbr_left = 0;
}


int leg_want_key(struct leg *leg, enum leg_media media, uint64_t now)
{
	struct stream *st;
	struct side *s;

	if (!leg || (media != LEG_VIDEO && media != LEG_SLIDES))
		return EINVAL;

	s = &leg->sidev[media];
	if (!s->tm->on || !s->tm->recv)
		return 0;
	if (!s->tm->fb_pli && !s->tm->fb_fir)
		return ENOTSUP;

	if (leg->rtc) {
		st = layer_key(s);
		if (st)
			leg_fb_key(st, now);
		return 0;
	}
	if (s->key_sent_us && now < s->key_sent_us + LEG_KEY_MS * 1000)
		s->key_wanted = true;
	else
		side_rtcp_key(s, now);

	return 0;
}
