/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_phase.h -- when in a thirtieth of a second to draw
 *
 * Cameras have clocks of their own, but nearly the same rate: each picture
 * waits for the next turn as long as the one before did, by chance up to a
 * whole period.  Turns are best placed behind the last of a bunch, where the
 * longest time follows in which nobody's picture comes; then nobody waits
 * longer than he must.  They are moved there a little each turn.
 *
 * Threads: one at a time (the tick's).  Pure.
 */
#ifndef TUTTI_MIXER_VIDEO_PHASE_H
#define TUTTI_MIXER_VIDEO_PHASE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PHASE_READY_US  = 4000,   /* from a picture's last packet until it
	                           * can be drawn; less would be too late */
	PHASE_GAIN_US   = 5000,   /* less is not worth moving             */
	PHASE_SLACK_US  = 1500,   /* further than needed, so as to stay   */
	PHASE_STEP_US   = 200,    /* a turn                               */
	PHASE_LOOK_US   = 2000000,        /* between two looks            */
	PHASE_MAX       = 64,     /* sources looked at                    */
};

/** How long pictures of one source wait; begins zeroed */
struct phase_wait {
	int32_t mean_us, dev_us;
	unsigned n;               /* pictures seen, up to what is needed  */
};

/** Begins zeroed */
struct phase {
	uint64_t look_us;         /* not before                           */
	uint32_t left_us;         /* still to be moved                    */
};

/** A picture was taken so long after it had come. */
void phase_seen(struct phase_wait *w, int64_t wait_us, unsigned period_us);

/** How much later turns should come [us, below a period], 0: as they are;
 *  who comes at another rate is left out. */
uint32_t phase_best(const struct phase_wait *const *wv, unsigned n,
		    unsigned period_us);

/** Once a turn: so much later than a period the next one comes. */
uint32_t phase_turn(struct phase *p, const struct phase_wait *const *wv,
		    unsigned n, unsigned period_us, uint64_t now_us);

#endif
