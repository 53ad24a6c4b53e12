/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_latch.c -- symmetric RTP that cannot be hijacked; see leg.h
 */
#include <string.h>

#include <re.h>

#include "mixer/leg.h"
#include "mixer/rtp_latch.h"

enum {
	FRESH_SSRC   = 2,         /* packets in sequence with a new SSRC  */
	OLD_US       = 2000000,   /* an old source is heard after a move  */
};


static bool same(const struct sa *a, const struct sa *b)
{
	return sa_isset(a, SA_ALL) && sa_cmp(a, b, SA_ALL);
}


static enum latch_verdict latch(struct rtp_latch *l, const struct sa *src,
				uint32_t ssrc, uint16_t seq, uint64_t now)
{
	l->on = true;
	if (src)
		l->src = *src;
	l->ssrc    = ssrc;
	l->seq     = seq;
	l->last_us = now;
	l->fresh.n = 0;
	l->old_until = 0;
	memset(l->candv, 0, sizeof(l->candv));

	return LATCH_NEW;
}


static unsigned cand_count(struct latch_cand *c, uint32_t ssrc, uint16_t seq,
			   uint64_t now)
{
	c->n = c->n && c->ssrc == ssrc && c->next == seq ? c->n + 1 : 1;
	c->ssrc = ssrc;
	c->next = (uint16_t)(seq + 1);
	c->last_us = now;

	return c->n;
}


/* A stranger before anyone is latched */
static enum latch_verdict probation(struct rtp_latch *l, const struct sa *src,
				    uint32_t ssrc, uint16_t seq,
				    uint64_t now)
{
	struct latch_cand *c = NULL, *oldest = &l->candv[0];
	unsigned i;

	for (i = 0; i < LATCH_CANDS && !c; i++) {
		struct latch_cand *v = &l->candv[i];

		if (v->n && sa_cmp(&v->src, src, SA_ALL))
			c = v;
		else if (!v->n || v->last_us < oldest->last_us)
			oldest = v;
	}
	if (!c) {
		c = oldest;
		c->n = 0;
		c->src = *src;
	}
	if (cand_count(c, ssrc, seq, now) < LEG_PROBATION)
		return LATCH_HOLD;

	return latch(l, src, ssrc, seq, now);
}


/* From where it should come: but with the SSRC we know? */
static enum latch_verdict known_source(struct rtp_latch *l, uint32_t ssrc,
				       uint16_t seq, uint64_t now)
{
	if (!l->ssrc)
		return latch(l, NULL, ssrc, seq, now);

	if (ssrc != l->ssrc) {
		if (cand_count(&l->fresh, ssrc, seq, now) < FRESH_SSRC)
			return LATCH_HOLD;
		return latch(l, NULL, ssrc, seq, now);
	}

	/* while the old one goes on a second one is not a successor */
	l->fresh.n = 0;
	if ((int16_t)(seq - l->seq) > 0 || now - l->last_us > 1000000)
		l->seq = seq;
	l->last_us = now;

	return LATCH_TAKE;
}


/* A NAT may give the same stream another address; b) in leg.h */
static bool rebound(const struct rtp_latch *l, uint32_t ssrc, uint16_t seq,
		    uint64_t now)
{
	const uint16_t ahead = (uint16_t)(seq - l->seq);

	return l->ssrc && ssrc == l->ssrc && ahead > 0 &&
		ahead <= LEG_REBIND_SEQ &&
		now >= l->last_us + LEG_REBIND_MS * 1000;
}


void rtp_latch_init(struct rtp_latch *l, const struct sa *sdp,
		    const struct sa *latched, uint32_t ssrc, uint16_t seq,
		    uint64_t now)
{
	memset(l, 0, sizeof(*l));
	sa_init(&l->sdp, AF_UNSPEC);
	sa_init(&l->src, AF_UNSPEC);

	if (sdp && sa_isset(sdp, SA_ALL))
		l->sdp = *sdp;
	if (latched && sa_isset(latched, SA_ALL)) {
		(void)latch(l, latched, ssrc, seq, now);
	}
	else if (!sa_isset(&l->sdp, SA_ALL)) {
		/* until a packet with an address comes */
		l->pair = true;
		l->ssrc = ssrc;
		l->seq  = seq;
	}
}


void rtp_latch_sdp(struct rtp_latch *l, const struct sa *sdp, uint64_t now)
{
	if (!sdp || !sa_isset(sdp, SA_ALL) || same(&l->sdp, sdp))
		return;

	l->sdp = *sdp;
	if (!l->on || l->pair || same(&l->src, sdp)) {
		l->pair = false;
		return;
	}

	/* what is still under way from the old place is heard, but must not
	 * latch again before the new place has had its chance */
	l->on  = false;
	l->old = l->src;
	l->old_until = now + OLD_US;
	memset(l->candv, 0, sizeof(l->candv));
}


enum latch_verdict rtp_latch_check(struct rtp_latch *l, const struct sa *src,
				   uint32_t ssrc, uint16_t seq, uint64_t now)
{
	if (!src) {
		l->pair = true;
		if (!l->on && (!l->ssrc || l->ssrc == ssrc))
			return latch(l, NULL, ssrc, seq, now);
		l->on = true;
		return known_source(l, ssrc, seq, now);
	}
	l->pair = false;

	if (l->on && same(&l->src, src))
		return known_source(l, ssrc, seq, now);

	/* signalling outranks whoever was merely first */
	if (same(&l->sdp, src) && !(l->on && same(&l->sdp, &l->src)))
		return latch(l, src, ssrc, seq, now);

	if (l->on) {
		if (rebound(l, ssrc, seq, now))
			return latch(l, src, ssrc, seq, now);
		return LATCH_DROP;
	}

	if (now < l->old_until && same(&l->old, src))
		return ssrc == l->ssrc ? LATCH_TAKE : LATCH_DROP;

	return probation(l, src, ssrc, seq, now);
}


bool rtp_latch_dst(const struct rtp_latch *l, struct sa *dst)
{
	sa_init(dst, AF_UNSPEC);
	if (l->pair)
		return true;

	if (l->on && sa_isset(&l->src, SA_ALL))
		*dst = l->src;
	else
		*dst = l->sdp;

	return sa_isset(dst, SA_ALL);
}
