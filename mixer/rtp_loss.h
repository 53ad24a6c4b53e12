/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_loss.h -- how much a path carries, as far as its losses tell
 *
 * Much is lost: what arrived is what fits.  But a radio link loses a tenth
 * of whatever it is sent: if less is sent and as much is lost still, it was
 * not congestion; that share is the path's own from then on, and what was
 * taken back is given again.  Only loss above it counts.
 *
 * Threads: loop; a plain value.
 */
#ifndef TUTTI_MIXER_RTP_LOSS_H
#define TUTTI_MIXER_RTP_LOSS_H

#include <stdbool.h>
#include <stdint.h>

/** All zero to begin with: no bound */
struct rtp_loss {
	double bps;               /* 0: none                              */
	double much;              /* congestion from here on, 0: 4 %      */
	double own;               /* lost by the path itself [0..1]       */
	double last;              /* loss told last                       */
	double sum, sum_lost;     /* packets of late, and lost of them    */
	unsigned cuts;            /* how often the bound fell             */
	uint64_t told_us;
	uint64_t grow_us;
	/* the last cut, while it is not known whether it was right */
	bool judged;
	uint64_t cut_us;
	double cut_loss, cut_sent, before;
	double first_before;      /* of several cuts in a row             */
};

/** So much was lost [0..1] of so many packets, sent since `since` at
 *  sent_bps. */
void rtp_loss_told(struct rtp_loss *l, double loss, unsigned packets,
		   uint64_t sent_bps, uint64_t since, uint64_t now);

/** Not more than this from now on, whatever the reason; a doubt remains. */
void rtp_loss_cut(struct rtp_loss *l, uint64_t bps, uint64_t now);

/** A cut made at cut_us, when so much was sent and the bound was `before`,
 *  turns out to have been for this loss: was it right? */
void rtp_loss_doubt(struct rtp_loss *l, double loss, double sent_bps,
		    double before, uint64_t cut_us);

/** It is not known yet. */
bool rtp_loss_doubts(const struct rtp_loss *l);

/** This much is tried. */
void rtp_loss_try(struct rtp_loss *l, uint64_t bps);

#endif
