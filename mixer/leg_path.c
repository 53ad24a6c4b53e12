/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_path.c -- what the path to a peer carries; see leg.h
 *
 * All that a leg sends shares one path, also where SIP has sockets of their
 * own for sound and picture: one estimate (rtp_bwe), fed by every side.
 */
#include <string.h>

#include "mixer/leg_priv.h"

enum {
	SEAL        = 16,         /* bytes that SRTP adds                 */
	SECOND_US   = 1000000,
	SOUND_KBPS  = 48,         /* Opus, before it is known …           */
	SOUND_G711_KBPS = 90,     /* … and what has 64 kbit/s             */
	FRESH_US    = 2500000,    /* one that has just begun asks anyway  */
	BLOCK_MIN   = 12,         /* packets that a loss says something of */
	KBPS_MAX    = 1000000000, /* what a number of 32 bits can hold    */
	PROBE_MS    = 25,
	PROBE_PACKETS = 8,
	PROBE_HEAD  = 48,
	PROBE_SMALL = 60,         /* bytes of padding …                   */
	PROBE_SMALL_KBPS = 256,   /* … below that                         */
};

/* Than the estimate pictures go out: a key frame is worth a short queue, but
 * not where it makes sound wait for as long as a buffer has */
#define FASTER 1.5
#define NARROW_BPS 200000ull


void side_sent(struct side *s, size_t bytes)
{
	struct leg *leg = s->leg;
	const uint64_t now = leg->now;

	bytes += RTP_BWE_UDP + (leg->rtc ? SEAL : 0);
	rtp_bwe_bytes(leg->bwe, bytes, now);
	if (s->media != LEG_AUDIO)
		return;

	/* silence is no reason to give away what speech will need */
	if (now - leg->sound.since >= SECOND_US) {
		const uint32_t bps = leg->sound.since &&
			now - leg->sound.since < 2 * SECOND_US ?
			leg->sound.bytes * 8 : 0;

		leg->sound.bps = max(bps, leg->sound.bps -
				     leg->sound.bps / 32);
		leg->sound.since = now;
		leg->sound.bytes = 0;
	}
	leg->sound.bytes += (uint32_t)bytes;
}


static uint32_t sound_kbps(const struct leg *leg)
{
	const struct ticket_media *m = &leg->t.audio;
	const struct ticket_fmt *fmt = ticket_tx(m);

	if (!m->on || !m->send || !fmt)
		return 0;
	if (leg->sound.bps)
		return leg->sound.bps / 1000 + 1;

	return fmt->codec == CODEC_OPUS ? SOUND_KBPS : SOUND_G711_KBPS;
}


void leg_path(const struct leg *leg, struct leg_path *path, uint64_t now)
{
	const struct side *v;

	memset(path, 0, sizeof(*path));
	if (!leg)
		return;

	v = &leg->sidev[LEG_VIDEO];
	/* less than one is not "not known" */
	path->kbps  = (uint32_t)min((rtp_bwe_bps(leg->bwe) + 999) / 1000,
				    (uint64_t)KBPS_MAX);
	path->bound = path->kbps && rtp_bwe_bound(leg->bwe);
	if (v->limit_bps)
		path->video_kbps = (uint32_t)min(
			max(v->limit_bps / 1000, 1ull), (uint64_t)KBPS_MAX);
	path->sending_kbps = (uint32_t)(rtp_bwe_sending(leg->bwe, now) /
					1000);
	path->video_tx_kbps = (uint32_t)(rtp_meter_bps(&leg->pictures, now) /
					 1000);
	path->jams = rtp_out_stats(v->out)->jams;
	path->audio_kbps = sound_kbps(leg);
	path->cuts     = rtp_bwe_cuts(leg->bwe);
	path->complaints = rtp_bwe_complaints(leg->bwe);
	path->loss     = (float)rtp_bwe_loss(leg->bwe);
	path->own_loss = (float)rtp_bwe_own_loss(leg->bwe);
	path->queue_ms = (unsigned)rtp_bwe_queue_ms(leg->bwe);
	path->told_us  = rtp_bwe_told_us(leg->bwe);
	path->probes   = leg->rtc && leg->rtc->twcc_on &&
		rtp_bwe_told(leg->bwe) && ticket_tx(v->tm) &&
		ticket_tx(v->tm)->rtx_pt;
	path->can_probe = path->probes && leg->rtc->ready && !leg->probing &&
		!rtp_bwe_probing(leg->bwe);
}


unsigned leg_path_kbps(const struct leg *leg)
{
	return rtp_bwe_bound(leg->bwe) ?
		(unsigned)(rtp_bwe_bps(leg->bwe) / 1000) : 0;
}


void leg_sound_less(struct leg *leg, uint32_t kbps)
{
	const struct ticket_fmt *fmt = leg ? ticket_tx(&leg->t.audio) : NULL;

	if (!fmt || fmt->codec != CODEC_OPUS || !kbps || (leg->sound.bps && leg->sound.bps <= kbps * 1000))
		return;

	leg->sound.bps = kbps * 1000;
	leg->sound.since = 0;             /* what was before counts no more */
}


uint64_t leg_path_pace(const struct leg *leg)
{
	const uint64_t bps = rtp_bwe_bps(leg->bwe);
	const uint64_t sound = sound_kbps(leg) * 1000ull;

	if (!rtp_bwe_bound(leg->bwe) || !bps)
		return 0;

	return (uint64_t)((bps < NARROW_BPS ? 1.0 : FASTER) *
			  (double)(bps > sound ? bps - sound : 1));
}


/* ---- what the peer says ---------------------------------------------- */

/* Of all since the report before, as that may be two or three reports of
 * the peer: some on the way were lost, too.  Who does not count says a share
 * and no number. */
static double share_lost(const struct side *s,
			 const struct rtp_rtcp_block *b, uint32_t n)
{
	const double share = (double)b->fraction / 256;
	const int32_t lost = b->lost - s->told_lost;

	return lost ? max(0.0, min((double)lost / n, 1.0)) : share;
}


void side_told(struct side *s, const struct rtp_rtcp_block *b, uint64_t now)
{
	const uint32_t n = b->ext_seq - s->told_ext;
	const uint64_t since = s->told_us;
	const double loss = n ? share_lost(s, b, n) : 0;

	if (since && n < BLOCK_MIN)
		return;           /* too few yet: counted with the next   */
	s->told_ext = b->ext_seq;
	s->told_lost = b->lost;
	s->told_us  = now;
	if (!since || n > UINT16_MAX)
		return;

	rtp_bwe_report(s->leg->bwe, loss, n, s->rtt_us, since, now);
}


/* A peer whose picture broke asks once, and is given one; when it asks
 * again after that, what it got was broken, too. */
void side_key_asked(struct side *s, uint64_t now)
{
	if (!s->began_us || now - s->began_us < FRESH_US ||
	    (s->key_rx_us && s->key_tx_us <= s->key_rx_us))
		return;

	s->key_rx_us = now;
	rtp_bwe_key_asked(s->leg->bwe, now);
}


/* ---- probes ---------------------------------------------------------- */

void leg_probe(struct leg *leg, uint32_t kbps, uint64_t now)
{
	const struct ticket_fmt *fmt;
	struct side *v;
	size_t bytes;
	unsigned pad;

	if (!leg || !leg->rtc || !leg->rtc->ready || leg->probing || !kbps)
		return;

	v = &leg->sidev[LEG_VIDEO];
	fmt = ticket_tx(v->tm);
	if (!v->tm->on || !v->tm->send || !fmt || !fmt->rtx_pt)
		return;

	/* small packets, or a narrow path is full for half a second */
	pad = kbps < PROBE_SMALL_KBPS ? PROBE_SMALL : RTP_OUT_PAD;
	bytes = max((size_t)kbps * PROBE_MS / 8,
		    (size_t)PROBE_PACKETS * (pad + PROBE_HEAD));
	leg->now = now;
	leg->probing = true;
	rtp_bwe_probe(leg->bwe, now);
	rtp_out_rtx(v->out, fmt->rtx_pt);
	rtp_out_probe(v->out, kbps * 1000ull, pad, bytes, now);
	leg_path_run(leg, now);
}


void leg_try(struct leg *leg, uint32_t kbps, uint64_t now)
{
	if (leg)
		rtp_bwe_try(leg->bwe, kbps * 1000ull, now);
}


void leg_path_run(struct leg *leg, uint64_t now)
{
	if (leg->probing && !rtp_out_probing(leg->sidev[LEG_VIDEO].out)) {
		leg->probing = false;
		rtp_bwe_probed(leg->bwe, now);
	}
	rtp_bwe_run(leg->bwe, now);
}


uint64_t leg_path_due(const struct leg *leg)
{
	return rtp_bwe_due(leg->bwe);
}
