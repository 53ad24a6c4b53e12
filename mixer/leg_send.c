/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_send.c -- units to packets of this leg; see leg.h
 *
 * Timestamps of both media run on the monotonic clock behind pts_us, which
 * sender reports tie to NTP: video directly, audio through the pair (engine
 * sample clock, pts_us) of the last unit.
 */
#include <errno.h>

#include "mixer/leg_priv.h"

enum {
	VIDEO_HZ = 90000,
	SPAN_MAX_US = 25000,      /* a picture is out after so long       */
	SPAN_DEF_US = 16000,
	PACKET_HEAD = 56,         /* of what a packet costs on the path   */
};


const struct ticket_fmt *side_tx_fmt(const struct side *s,
				     enum ticket_codec codec)
{
	const struct ticket_fmt *fmt = ticket_tx(s->tm);

	if (fmt && fmt->codec == codec)
		return fmt;

	return ticket_find(s->tm, codec);
}


/* false: not to be sent, whatever it is */
static bool may_send(const struct side *s)
{
	struct sa dst;

	return s->tm->on && s->tm->send && !s->bye_sent &&
		side_dst(s, &dst);
}


/* The first packet starts the reports: receivers sync at once */
static void sent(struct side *s, uint64_t now)
{
	if (s->tx_on)
		return;

	s->tx_on = true;
	s->rtcp_due = now;
}


static uint32_t scale48(const struct side *s)
{
	return (uint32_t)(s->ts48_ext * s->tx_clock_hz / 48000);
}


static void audio_clock(struct side *s, const struct ticket_fmt *fmt,
			uint32_t ts48)
{
	uint32_t old;

	if (!s->tx_clock_hz) {
		s->tx_clock_hz = fmt->clock_hz;
		s->ts48_ext = s->ts48 = ts48;
		return;
	}

	s->ts48_ext += (uint64_t)(int64_t)(int32_t)(ts48 - s->ts48);
	s->ts48 = ts48;

	/* another codec with another clock goes on where the last one was */
	if (fmt->clock_hz != s->tx_clock_hz) {
		old = s->ts_base + scale48(s);
		s->tx_clock_hz = fmt->clock_hz;
		s->ts_base = old - scale48(s);
	}
}


void leg_send_audio(struct leg *leg, struct unit *unit, uint32_t ts48,
		    uint64_t now)
{
	struct side *s = &leg->sidev[LEG_AUDIO];
	const struct ticket_fmt *fmt;
	bool marker;

	leg->now = now;
	if (!unit || !may_send(s)) {
		s->spurt = true;
		return;
	}

	fmt = side_tx_fmt(s, unit->codec);
	if (!fmt || !fmt->clock_hz) {
		++s->no_format;
		return;
	}
	audio_clock(s, fmt, ts48);
	s->tx_ts     = s->ts_base + scale48(s);
	s->tx_pts_us = unit->pts_us;
	s->tx_codec  = unit->codec;
	if (unit->silence || !unit->payc) {
		s->spurt = true;
		return;
	}

	marker = s->spurt || unit->marker;
	s->spurt = false;
	rtp_out_rtx(s->out, fmt->rtx_pt);
	rtp_out_send(s->out, unit, fmt->tx_pt, marker, s->tx_ts, now);
	sent(s, now);
}


static uint32_t video_ts(const struct side *s, uint64_t us)
{
	return s->ts_base + (uint32_t)(us * (VIDEO_HZ / 1000) / 1000);
}


/* A rung begins with a key frame, or the peer's decoder has nothing; and
 * again when a picture of it never came here: the peer could not tell. */
static bool rung_begun(struct side *s, const struct unit *unit, uint64_t now)
{
	bool next = unit->seq == s->unit_seq + 1;

	s->unit_seq = unit->seq;
	if (s->tx_on && s->stream == unit->stream && next && !s->need_key)
		return true;

	s->need_key = true;
	if (unit->key) {
		if (!s->began_us)
			s->began_us = now;
		s->stream = unit->stream;
		s->need_key = false;
		return true;
	}

	if (!s->key_asked_us || now - s->key_asked_us >= LEG_KEY_MS * 1000) {
		s->key_asked_us = now;
		s->leg->h.keyh(s->leg->arg);
	}

	return false;
}


void leg_send_video(struct leg *leg, struct unit *unit, uint64_t now)
{
	struct side *s = &leg->sidev[LEG_VIDEO];
	const struct ticket_fmt *fmt;
	uint64_t span = SPAN_DEF_US;

	leg->now = now;
	if (!unit || !may_send(s)) {
		s->need_key = true;
		return;
	}

	fmt = side_tx_fmt(s, unit->codec);
	if (!fmt) {
		++s->no_format;
		return;
	}
	rtp_meter_put(&leg->pictures, unit->len + unit->payc *
		      (size_t)PACKET_HEAD, now);
	if (!rung_begun(s, unit, now))
		return;

	if (s->tx_on && unit->pts_us > s->tx_pts_us)
		span = (unit->pts_us - s->tx_pts_us) / 2;
	s->tx_clock_hz = VIDEO_HZ;
	s->tx_ts     = video_ts(s, unit->pts_us);
	s->tx_pts_us = unit->pts_us;
	s->tx_codec  = unit->codec;
	rtp_out_rtx(s->out, fmt->rtx_pt);
	rtp_out_rate(s->out, leg_path_pace(leg), now);
	if (rtp_out_pace(s->out, unit, fmt->tx_pt, s->tx_ts,
			 min(span, (uint64_t)SPAN_MAX_US), now)) {
		s->need_key = true;
		rtp_bwe_jammed(leg->bwe, now);
		return;
	}
	if (unit->key)
		s->key_tx_us = now;
	sent(s, now);
}


void leg_drop_video(struct leg *leg)
{
	struct side *s = &leg->sidev[LEG_VIDEO];

	rtp_out_flush(s->out);
	rtp_out_forget(s->out);           /* nobody needs it again        */
	s->need_key = true;
}


uint32_t side_tx_ts(const struct side *s, uint64_t at_us)
{
	const int64_t d = (int64_t)(at_us - s->tx_pts_us);

	if (s->media == LEG_VIDEO)
		return video_ts(s, at_us);

	return s->tx_ts + (uint32_t)(d * (int64_t)s->tx_clock_hz / 1000000);
}


void side_tx_stop(struct side *s)
{
	rtp_out_clear(s->out);
	s->need_key = true;
	s->spurt = true;
}
