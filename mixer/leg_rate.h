/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_rate.h -- when a leg moves to another rung
 *
 * leg_path() says what the path to a peer carries; here is decided what to
 * make of it: down within a second of congestion, at once when it is bad; up
 * when a probe has shown that the next rung fits, or, where the peer cannot
 * answer a probe, by one cautious step that is taken back when it was wrong:
 * rarely, for it is sound that pays for it.
 * Whoever failed upwards waits twice as long the next time.
 *
 * Sound comes first: what it needs is taken off before pictures get any.
 * The last picture is given up late all the same: pictures are paced, so it
 * becomes slower before sound suffers, and it is taken as soon as it fits.
 * Costs are of the path: a rung's bit rate and the headers of its packets.
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_LEG_RATE_H
#define TUTTI_MIXER_LEG_RATE_H

#include "mixer/leg.h"
#include "mixer/video.h"

enum {
	LEG_RATE_MS      = 100,   /* between two looks                    */
	LEG_RATE_HOLD_MS = 4000,  /* after a step down, before one up …   */
	LEG_RATE_HOLD_TRY_MS = 10000,     /* … that is only tried …       */
	LEG_RATE_HOLD_MAX_MS = 120000,    /* … and after many failures    */
	LEG_RATE_FAIL_MS = 15000, /* a step up that lasted less, failed   */
};

enum leg_rate_do {
	LEG_RATE_STAY,
	LEG_RATE_DOWN,            /* to the best that `kbps` allows       */
	LEG_RATE_UP,              /* the same                             */
	LEG_RATE_TRY,             /* up one step, and leg_try(path_kbps)  */
	LEG_RATE_PROBE,           /* leg_probe(path_kbps)                 */
};

/** All zero to begin with */
struct leg_rate {
	uint64_t low_us;          /* too little since, 0: enough          */
	uint64_t moved_us, down_us, up_us;
	uint32_t fail_cost;       /* the rung that could not be held, 0:- */
	uint64_t fail_us, hold_us;        /* since when, for how long not */
	unsigned jams, complaints;        /* known                        */
	uint64_t probe_us, probe_wait_us;
	unsigned cuts;            /* known                                */
	uint64_t cutv[3];         /* when, newest first                   */
	uint32_t fell_ms;         /* of the last step down: from the first
	                           * sign of congestion to the step       */
	unsigned downs, ups;
};

struct leg_rate_in {
	struct leg_path path;
	uint32_t cur;             /* kbit/s the rung costs, 0: no picture */
	uint32_t next;            /* the one above, 0: there is none      */
	bool last;                /* nothing but sound is below it        */
};

struct leg_rate_out {
	uint32_t kbps;            /* for pictures, by cost; UINT32_MAX: any */
	uint32_t path_kbps;
};

/** Pictures may cost this much now. */
uint32_t leg_rate_budget(const struct leg_path *path);

/** What sending this rung costs on the path [kbit/s]. */
uint32_t leg_rate_cost(const struct video_rung *rung);

enum leg_rate_do leg_rate_step(struct leg_rate *r,
			       const struct leg_rate_in *in,
			       struct leg_rate_out *out, uint64_t now);

#endif
