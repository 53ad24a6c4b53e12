/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_latch.h -- where a peer's RTP comes from, and who may say so
 *
 * The rule is in leg.h ("Latching").  Pure: addresses, SSRC, sequence number
 * and time in, a verdict out.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_LATCH_H
#define TUTTI_MIXER_RTP_LATCH_H

#include <re.h>

enum { LATCH_CANDS = 4 };         /* strangers on probation at a time     */

enum latch_verdict {
	LATCH_DROP,               /* not ours                             */
	LATCH_HOLD,               /* perhaps: keep it till the next       */
	LATCH_TAKE,               /* ours                                 */
	LATCH_NEW,                /* ours; source or SSRC is new          */
};

struct latch_cand {
	struct sa src;
	uint32_t ssrc;
	uint16_t next;            /* sequence number that would follow    */
	unsigned n;               /* in sequence so far, 0: unused        */
	uint64_t last_us;
};

struct rtp_latch {
	bool pair;                /* a socket pair: no addresses          */
	struct sa sdp;            /* signalled; unset until it is         */
	bool on;
	struct sa src;            /* while on                             */
	uint32_t ssrc;            /* 0: any will do                       */
	uint16_t seq;
	uint64_t last_us;
	struct latch_cand fresh;  /* a new SSRC at the latched address    */
	struct sa old;            /* latched before the SDP moved …       */
	uint64_t old_until;       /* … still heard so long                */
	struct latch_cand candv[LATCH_CANDS];
};

/** latched, ssrc, seq: what another mixer knew (unset, 0, 0: nothing). */
void rtp_latch_init(struct rtp_latch *l, const struct sa *sdp,
		    const struct sa *latched, uint32_t ssrc, uint16_t seq,
		    uint64_t now);

/** The address of a new SDP; one that is not set (hold) changes nothing. */
void rtp_latch_sdp(struct rtp_latch *l, const struct sa *sdp, uint64_t now);

enum latch_verdict rtp_latch_check(struct rtp_latch *l, const struct sa *src,
				   uint32_t ssrc, uint16_t seq,
				   uint64_t now);

/** Where to send; false: nowhere.  Unset and true: a connected socket. */
bool rtp_latch_dst(const struct rtp_latch *l, struct sa *dst);

#endif
