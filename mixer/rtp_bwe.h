/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_bwe.h -- how much we may send to one peer
 *
 * Numbers every packet of a transport, remembers when it went, and learns
 * from transport-wide feedback when it came (rtp_est: delay; rtp_loss).
 * Without that: from REMB, from the loss and the round trip of receiver
 * reports, and, between reports that are seconds apart, from a peer that
 * asks for key frames again and again.
 *
 * Until something was congested nothing is bound: a path is innocent.
 *
 * Probing: packets between rtp_bwe_probe() and rtp_bwe_probed() are a
 * cluster; how fast they came is what the path carries, at least.
 *
 * Bytes are what the path sees, headers of UDP and IP too.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_BWE_H
#define TUTTI_MIXER_RTP_BWE_H

#include "mixer/rtp_est.h"

enum {
	RTP_BWE_SENT = 2048,      /* packets whose fate is not yet known  */
	RTP_BWE_SILENT_MS = 3000, /* no feedback: it is lost, or all is   */
	RTP_BWE_KEYS_MS = 1500,   /* two asks for a key frame within      */
	RTP_BWE_PROBE = 5,        /* packets of a cluster, at least       */
	RTP_BWE_UDP = 28,         /* bytes of IPv4 and UDP                */
};

struct rtp_bwe;

/** numbered: transport-wide feedback may come. */
int  rtp_bwe_alloc(struct rtp_bwe **bp, bool numbered);

/** The number of the next packet, sent now. */
uint16_t rtp_bwe_sent(struct rtp_bwe *b, size_t bytes, uint64_t now);

/** Every packet, numbered or not: the rate that is sent. */
void rtp_bwe_bytes(struct rtp_bwe *b, size_t bytes, uint64_t now);

/** Transport-wide feedback (of rtp_rtcp); EBADMSG. */
int  rtp_bwe_feedback(struct rtp_bwe *b, const uint8_t *fci, size_t n,
		      int64_t rtt_us, uint64_t now);
void rtp_bwe_remb(struct rtp_bwe *b, uint64_t bps, uint64_t now);

/** A report block about so many packets, sent from `since` on; rtt_us -1:
 *  not known. */
void rtp_bwe_report(struct rtp_bwe *b, double loss, unsigned packets,
		    int64_t rtt_us, uint64_t since, uint64_t now);

/** It asks for a key frame, which was not to be expected. */
void rtp_bwe_key_asked(struct rtp_bwe *b, uint64_t now);

/** More was to be sent than went out in time. */
void rtp_bwe_jammed(struct rtp_bwe *b, uint64_t now);

/** What comes next is a cluster, until rtp_bwe_probed(). */
void rtp_bwe_probe(struct rtp_bwe *b, uint64_t now);
void rtp_bwe_probed(struct rtp_bwe *b, uint64_t now);
bool rtp_bwe_probing(const struct rtp_bwe *b);
/** Transport-wide feedback has come. */
bool rtp_bwe_told(const struct rtp_bwe *b);

/** So much is going to be tried, without knowing. */
void rtp_bwe_try(struct rtp_bwe *b, uint64_t bps, uint64_t now);

void rtp_bwe_run(struct rtp_bwe *b, uint64_t now);
uint64_t rtp_bwe_due(const struct rtp_bwe *b);    /* UINT64_MAX: never    */

/** What the path carries, as far as is known; 0: not at all. */
uint64_t rtp_bwe_bps(const struct rtp_bwe *b);
/** It has been congested: that is to be kept. */
bool rtp_bwe_bound(const struct rtp_bwe *b);
/** How long packets wait on the way, by feedback [ms]. */
double rtp_bwe_queue_ms(const struct rtp_bwe *b);
/** How often it fell. */
unsigned rtp_bwe_cuts(const struct rtp_bwe *b);
/** How often it did because the peer asked for key frames again. */
unsigned rtp_bwe_complaints(const struct rtp_bwe *b);
uint64_t rtp_bwe_sending(const struct rtp_bwe *b, uint64_t now);
/** Loss as last told [0..1], and the share that is the path's own. */
double rtp_bwe_loss(const struct rtp_bwe *b);
double rtp_bwe_own_loss(const struct rtp_bwe *b);
/** What was sent since then, at least until a report came, has been told
 *  of; 0: never. */
uint64_t rtp_bwe_told_us(const struct rtp_bwe *b);

#endif
