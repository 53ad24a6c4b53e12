/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_twcc.h -- transport-wide congestion feedback, both ways
 *
 * draft-holmer-rmcat-transport-wide-cc-extensions-01: which numbers came,
 * and when, in quarter milliseconds.  Pure: the RTCP around it is rtp_rtcp's.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_TWCC_H
#define TUTTI_MIXER_RTP_TWCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_TWCC_WINDOW  = 512,   /* numbers not yet reported, at most    */
	RTP_TWCC_REPORT  = 256,   /* in one feedback                      */
	RTP_TWCC_FCI_MAX = 8 + 2 * RTP_TWCC_REPORT + 80,
	RTP_TWCC_MS      = 80,    /* between feedbacks …                  */
	RTP_TWCC_MAX_MS  = 250,   /* … on a path that is narrow for them  */
	RTP_TWCC_TOLD_MAX = 2048, /* numbers in one that comes            */
};

/** What came; all zero to begin with */
struct rtp_twcc {
	bool on;
	bool fresh;               /* something not yet reported           */
	uint64_t base;            /* extended: next to be reported        */
	uint64_t high;            /* highest that came                    */
	uint64_t atv[RTP_TWCC_WINDOW];    /* [number %], 0: did not come  */
	uint64_t due;
	unsigned wait_ms;         /* between feedbacks, 0: RTP_TWCC_MS    */
	uint8_t count;            /* of feedbacks                         */
};

void rtp_twcc_got(struct rtp_twcc *t, uint16_t seq, uint64_t now);

/** Feedback control information into fci (RTP_TWCC_FCI_MAX), a multiple of
 *  4; 0: nothing to say.  Until it says 0 there is more. */
size_t rtp_twcc_write(struct rtp_twcc *t, uint8_t *fci, uint64_t now);
uint64_t rtp_twcc_due(const struct rtp_twcc *t);  /* UINT64_MAX: nothing  */

/** at_us: the receiver's clock, modulo RTP_TWCC_CLOCK_US. */
typedef void (rtp_twcc_h)(uint16_t seq, bool came, uint64_t at_us, void *arg);

#define RTP_TWCC_CLOCK_US (64000ull << 24)

/** EBADMSG: not sound; what was handed out before stands. */
int rtp_twcc_parse(const uint8_t *fci, size_t n, rtp_twcc_h *h, void *arg);

#endif
