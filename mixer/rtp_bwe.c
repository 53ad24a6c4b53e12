/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_bwe.c -- how much we may send to one peer; see rtp_bwe.h
 */
#include <errno.h>

#include <re.h>

#include "mixer/rtp_bwe.h"
#include "mixer/rtp_twcc.h"

struct sent {
	uint64_t us;              /* 0: unused, or its fate is known      */
	uint16_t seq, bytes;
};

struct rtp_bwe {
	struct rtp_est est;
	struct sent sentv[RTP_BWE_SENT];
	uint16_t seq;
	bool twcc, loss;          /* what we have been told so far        */
	uint64_t remb;
	uint64_t at_raw, at_us;   /* the peer's clock, last: told, whole  */
	unsigned came, lost;      /* of the feedback being read           */
	unsigned loss_came, loss_lost;    /* of the last while            */
	uint64_t loss_since;
};


int rtp_bwe_alloc(struct rtp_bwe **bp)
{
	struct rtp_bwe *b = mem_zalloc(sizeof(*b), NULL);

	if (!b)
		return ENOMEM;

	rtp_est_init(&b->est, RTP_EST_START_BPS);
	b->seq = rand_u16();
	b->at_us = RTP_TWCC_CLOCK_US;     /* differences may go back      */
	*bp = b;

	return 0;
}


uint16_t rtp_bwe_sent(struct rtp_bwe *b, size_t bytes, uint64_t now)
{
	const uint16_t seq = b->seq++;

	b->sentv[seq % RTP_BWE_SENT] = (struct sent){
		.us = now ? now : 1, .seq = seq,
		.bytes = (uint16_t)min(bytes, (size_t)UINT16_MAX),
	};

	return seq;
}


/* The peer's clock without its wraps */
static uint64_t whole(struct rtp_bwe *b, uint64_t at)
{
	int64_t d = (int64_t)(at - b->at_raw);

	if (!b->twcc) {
		b->twcc = true;
		d = 0;
	}
	if (d > (int64_t)(RTP_TWCC_CLOCK_US / 2))
		d -= (int64_t)RTP_TWCC_CLOCK_US;
	else if (d < -(int64_t)(RTP_TWCC_CLOCK_US / 2))
		d += (int64_t)RTP_TWCC_CLOCK_US;
	b->at_raw = at;
	b->at_us += (uint64_t)d;

	return b->at_us;
}


static void packet_handler(uint16_t seq, bool came, uint64_t at, void *arg)
{
	struct rtp_bwe *b = arg;
	struct sent *s = &b->sentv[seq % RTP_BWE_SENT];

	if (!s->us || s->seq != seq)
		return;

	if (came) {
		++b->came;
		rtp_est_packet(&b->est, s->us, whole(b, at), s->bytes);
		s->us = 0;
	}
	else {
		++b->lost;        /* it may be in the next feedback yet   */
	}
}


int rtp_bwe_feedback(struct rtp_bwe *b, const uint8_t *fci, size_t n,
		     int64_t rtt_us, uint64_t now)
{
	unsigned all;
	int err;

	b->came = b->lost = 0;
	err = rtp_twcc_parse(fci, n, packet_handler, b);
	if (b->came)
		rtp_est_step(&b->est, rtt_us, b->at_us);

	b->loss_came += b->came;
	b->loss_lost += b->lost;
	all = b->loss_came + b->loss_lost;
	if (all >= 20 && now - b->loss_since >= 500000) {
		rtp_est_loss(&b->est, (double)b->loss_lost / all, now);
		b->loss_came = b->loss_lost = 0;
		b->loss_since = now;
	}

	return err;
}


void rtp_bwe_remb(struct rtp_bwe *b, uint64_t bps)
{
	b->remb = bps;
}


void rtp_bwe_loss(struct rtp_bwe *b, double loss, uint64_t now)
{
	if (b->twcc)
		return;           /* counted from the feedback            */

	b->loss = true;
	rtp_est_loss(&b->est, loss, now);
}


uint64_t rtp_bwe_bps(const struct rtp_bwe *b)
{
	if (b->twcc)
		return rtp_est_bps(&b->est);
	if (b->remb && b->loss)
		return min(b->remb, (uint64_t)b->est.loss_bps);

	return b->remb;
}
