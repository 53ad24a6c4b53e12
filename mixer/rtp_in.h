/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_in.h -- RTP received: header, sequence, loss and jitter
 *
 * Header checks of RFC 3550 A.1, padding taken off; where the extensions
 * are, rtp_ext.h reads them.  The counts are those of A.3 and A.8, with sequence numbers extended to 64 bits that never run
 * back, not even when a sender starts anew.
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_IN_H
#define TUTTI_MIXER_RTP_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTP_HDR_MIN = 12 };

struct rtp_in_hdr {
	uint8_t  pt;
	bool     marker;
	uint16_t seq;
	uint32_t ts, ssrc;
	int8_t   level;           /* RFC 6464 [-dBov], of rtp_ext; or -1  */
	uint16_t off, len;        /* payload, without padding             */
	uint16_t ext_profile;     /* RFC 8285 block, 0: none …            */
	uint16_t ext_off, ext_len;        /* … and its elements           */
};

/** RFC 5761: is this RTCP on a socket that carries both? */
bool rtp_in_is_rtcp(const uint8_t *p, size_t n);

/** EBADMSG when it is not RTP. */
int rtp_in_parse(struct rtp_in_hdr *h, const uint8_t *p, size_t n);

/** One source; all zero: none yet */
struct rtp_in_stat {
	bool     on;
	uint32_t ssrc;
	uint64_t first, last;     /* extended: first counted, highest     */
	uint64_t seen;            /* bit n: last - n has come             */
	uint32_t bad_seq;         /* after a jump: what would confirm it  */
	uint64_t received, dup;
	uint64_t lost_before;     /* of runs before a restart             */
	uint64_t expected_prior, received_prior;
	bool     timed;
	uint32_t transit;
	uint32_t jitter;          /* 1/16 RTP clock units                 */
};

/** A new source begins at seq; its numbers follow those of the last one. */
void rtp_in_stat_start(struct rtp_in_stat *st, uint32_t ssrc, uint16_t seq);

/** Count one; *extp is its number.  EALREADY: a duplicate, EPROTO: a jump
 *  that the next packet has to confirm: drop it. */
int rtp_in_stat_put(struct rtp_in_stat *st, uint16_t seq, uint64_t *extp);

/** Extended number of one that came another way (RTX, RED): not counted.
 *  ENOENT: ahead of all we know, or before; EALREADY: it has come. */
int rtp_in_stat_back(const struct rtp_in_stat *st, uint16_t seq,
		     uint64_t *extp);

/** … and is here: should it come after all it is a duplicate. */
void rtp_in_stat_here(struct rtp_in_stat *st, uint64_t ext);

void rtp_in_stat_time(struct rtp_in_stat *st, uint32_t ts,
		      uint32_t clock_hz, uint64_t now);

/** Since it began (anew); and how many of all never came. */
uint64_t rtp_in_stat_expected(const struct rtp_in_stat *st);
uint64_t rtp_in_stat_lost(const struct rtp_in_stat *st);

/** Loss since the last call [1/256], and what a report block says. */
uint8_t  rtp_in_stat_fraction(struct rtp_in_stat *st);
uint32_t rtp_in_stat_ext(const struct rtp_in_stat *st);

#endif
