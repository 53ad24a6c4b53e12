/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_nack.c -- missing packets asked for; see rtp_nack.h
 */
#include <string.h>

#include <re.h>

#include "mixer/rtp_nack.h"


void rtp_nack_reset(struct rtp_nack *k)
{
	k->on = false;
	k->n = 0;
}


static void forget(struct rtp_nack *k, unsigned i)
{
	--k->n;
	memmove(&k->v[i], &k->v[i + 1], (k->n - i) * sizeof(k->v[0]));
}


/* Asked for once: how long the answer took */
static void measure(struct rtp_nack *k, const struct rtp_nack_hole *h,
		    uint64_t now)
{
	const int64_t took = (int64_t)(now - h->asked_us);

	if (h->tries == 1 && took > 0)
		k->rtt_us = k->rtt_us ? (7 * k->rtt_us + took) / 8 : took;
}


static bool filled(struct rtp_nack *k, uint64_t seq, uint64_t now)
{
	unsigned i;

	for (i = 0; i < k->n; i++) {
		if (k->v[i].seq != seq)
			continue;
		k->repaired += k->v[i].tries > 0;
		measure(k, &k->v[i], now);
		forget(k, i);
		return true;
	}

	return false;
}


bool rtp_nack_got(struct rtp_nack *k, uint64_t seq, uint64_t now)
{
	uint64_t miss;

	if (!k->on) {
		k->on = true;
		k->high = seq;
		return false;
	}
	if (seq <= k->high)
		return filled(k, seq, now);

	miss = seq - k->high - 1;
	if (miss > RTP_NACK_MAX) {
		k->given_up += k->n + miss;
		k->n = 0;
		k->high = seq;
		return false;
	}
	while (k->n + miss > RTP_NACK_MAX) {
		++k->given_up;
		forget(k, 0);
	}
	while (++k->high < seq)
		k->v[k->n++] = (struct rtp_nack_hole){
			.seq = k->high, .since_us = now };

	return false;
}


bool rtp_nack_missing(const struct rtp_nack *k, uint16_t seq, uint64_t *seqp)
{
	unsigned i;

	for (i = 0; i < k->n; i++) {
		if ((uint16_t)k->v[i].seq != seq)
			continue;
		*seqp = k->v[i].seq;
		return true;
	}

	return false;
}


static uint64_t repeat_us(int64_t rtt_us)
{
	const uint64_t rtt = rtt_us < 0 ? RTP_NACK_RTT_MS * 1000u :
		(uint64_t)rtt_us;

	return max(rtt + rtt / 8 + 5000, (uint64_t)RTP_NACK_REPEAT_MS * 1000);
}


unsigned rtp_nack_wait_ms(int64_t rtt_us)
{
	const uint64_t ms = 8 * repeat_us(rtt_us) / 1000;

	return (unsigned)min(ms, (uint64_t)RTP_NACK_KEEP_MS);
}


static int64_t rtt_of(const struct rtp_nack *k, int64_t rtt_us)
{
	return rtt_us < 0 && k->rtt_us ? k->rtt_us : rtt_us;
}


static uint64_t hole_due(const struct rtp_nack *k,
			 const struct rtp_nack_hole *h, int64_t rtt_us)
{
	if (h->tries)
		return h->asked_us + repeat_us(rtt_of(k, rtt_us));
	if (k->high - h->seq >= RTP_NACK_OVERTAKEN)
		return h->since_us;

	return h->since_us + RTP_NACK_REORDER_MS * 1000;
}


unsigned rtp_nack_ask(struct rtp_nack *k, int64_t rtt_us, uint16_t *seqv,
		      uint64_t now)
{
	const uint64_t keep = rtp_nack_wait_ms(rtt_of(k, rtt_us)) *
		1000ull;
	unsigned i = 0, n = 0;

	while (i < k->n && n < RTP_NACK_ONCE) {
		struct rtp_nack_hole *h = &k->v[i];

		if (now - h->since_us > keep || h->tries >= RTP_NACK_TRIES) {
			++k->given_up;
			forget(k, i);
			continue;
		}
		++i;
		if (hole_due(k, h, rtt_us) > now)
			continue;
		seqv[n++] = (uint16_t)h->seq;
		h->asked_us = now;
		++h->tries;
		++k->asked;
	}
	k->messages += n > 0;

	return n;
}


uint64_t rtp_nack_due(const struct rtp_nack *k, int64_t rtt_us)
{
	uint64_t due = UINT64_MAX;
	unsigned i;

	for (i = 0; i < k->n; i++)
		due = min(due, hole_due(k, &k->v[i], rtt_us));

	return due;
}
