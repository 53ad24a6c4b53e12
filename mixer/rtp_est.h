/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_est.h -- how much a path carries: delay trend, loss, AIMD
 *
 * The published Google Congestion Control (draft-ietf-rmcat-gcc-02): packets that were sent within
 * 5 ms are a group; the trend of the queueing delay of the last groups,
 * against a threshold that adapts, says whether the path is overused; then
 * the estimate falls to 0.85 of what arrives, else it grows, by 8 % a second
 * far from and by a packet a round trip near the last known limit.  Loss
 * above 10 % lowers it too.  Used by both ends: rtp_bwe (we send, the peer
 * tells arrivals), rtp_remb (the peer sends).
 *
 * Beyond the draft: a trend counts only when there is a queue
 * (RTP_EST_QUEUE_MS; a busy machine makes trends of nothing); until it was
 * overused once (`bound`) the estimate is at least what arrives; who sends
 * less than the estimate and loses nothing of it is not punished for that;
 * a decrease is taken back when the queue is gone though no less was sent.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_EST_H
#define TUTTI_MIXER_RTP_EST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_EST_TREND  = 20,      /* groups the trend is taken over       */
	RTP_EST_SLOTS  = 10,      /* of RTP_EST_SLOT_MS: arriving rate    */
	RTP_EST_SLOT_MS = 50,
	RTP_EST_QUEUE_MS = 12,    /* less is no queue                     */
};

#define RTP_EST_MIN_BPS   30000ull
#define RTP_EST_START_BPS 1000000ull
#define RTP_EST_MAX_BPS   20000000ull

enum rtp_est_use { RTP_EST_NORMAL, RTP_EST_OVER, RTP_EST_UNDER };

struct rtp_est_group {
	bool on;
	uint64_t first, last, at; /* sent first, last; arrived last [us]  */
};

struct rtp_est {
	/* arriving rate */
	uint64_t slot, since_us;
	uint32_t bytesv[RTP_EST_SLOTS];

	/* delay */
	struct rtp_est_group cur, prev;
	uint64_t at0;
	double sum_ms, smooth_ms;
	double base_ms;           /* smooth_ms without a queue            */
	double xv[RTP_EST_TREND], yv[RTP_EST_TREND];
	unsigned n, deltas;
	double threshold, trend, over_ms;
	unsigned overs;
	uint64_t threshold_us;
	enum rtp_est_use use;

	/* rate */
	double bps, loss_bps;
	bool bound;               /* it was overused, once                */
	double sent_bps;          /* what is being sent, 0: not known     */
	double own_loss;          /* of that, whatever is sent [0..1]     */
	unsigned cuts;            /* decreases                            */
	/* delay of the last group, against the least of late; the last
	 * decrease, while it may have been for a stall of somebody's machine:
	 * a queue does not drain while as much is sent as before */
	double raw_base_ms;
	bool doubt, was_bound;
	double was_bps, was_sent;
	double limit_bps, limit_var;      /* where it was last overused   */
	uint64_t step_us, cut_us, loss_us, loss_cut_us;
};

void rtp_est_init(struct rtp_est *e, uint64_t bps);

/** A packet of so many bytes that was sent then, by any clock that goes on,
 *  and arrived then. */
void rtp_est_packet(struct rtp_est *e, uint64_t sent_us, uint64_t at_us,
		    size_t bytes);

/** One without a sending time: only the arriving rate. */
void rtp_est_bytes(struct rtp_est *e, uint64_t at_us, size_t bytes);

/** Moves the estimate; at_us: the clock of the arrivals. */
void rtp_est_step(struct rtp_est *e, int64_t rtt_us, uint64_t at_us);

/** A probe came through at this rate. */
void rtp_est_probed(struct rtp_est *e, double bps);

/** Not more than this from now on. */
void rtp_est_cut(struct rtp_est *e, double bps, uint64_t at_us);

/** How much longer than at best packets are under way [ms] */
double rtp_est_queue_ms(const struct rtp_est *e);

/** Loss [0..1] of the last while. */
void rtp_est_loss(struct rtp_est *e, double loss, uint64_t at_us);

uint64_t rtp_est_bps(const struct rtp_est *e);
uint64_t rtp_est_arriving(const struct rtp_est *e, uint64_t at_us);

#endif
