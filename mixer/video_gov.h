/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_gov.h -- the governor: what gives way when time runs out
 *
 * Fed with how long each tick took against how long it had.  Ticks that
 * keep missing their deadline move it a step down at once; a step up is
 * tried when there has been room for it for a while, and less eagerly each
 * time that proved wrong.  Audio is none of its business and never slows.
 *
 *	step  pictures  encoding  rungs
 *	0     all       as set    all
 *	1     1/2       as set    all
 *	2     1/2       cheaper   all
 *	3     1/2       cheaper   without the top one
 *	4     1/3       cheaper   without the top two
 *	5     1/6       cheaper   the lowest size
 *
 * Who watches a rung that is left out moves to the best that is not.
 *
 * Threads: a plain value of the scene's; the tick's.
 */
#ifndef TUTTI_MIXER_VIDEO_GOV_H
#define TUTTI_MIXER_VIDEO_GOV_H

#include <stdbool.h>
#include <stdint.h>

struct video_ladder;

enum { GOV_STEPS = 6 };           /* 0 full … 5 least                     */

struct gov {
	unsigned step;
	unsigned miss;            /* of late: +4 a miss, -1 a tick in time */
	uint64_t busy_us, had_us; /* since the last look                  */
	uint64_t look_us;         /* when the last look was               */
	uint64_t calm_us;         /* no miss since, room for a step up    */
	uint64_t up_us;           /* last step up                         */
	uint64_t wait_us;         /* calm needed for the next step up     */
};

void gov_init(struct gov *g, uint64_t now);

/** Says if the step changed.  late: the next tick was due before this one
 *  had ended. */
bool gov_tick(struct gov *g, uint64_t now, uint64_t took_us, uint64_t had_us,
	      bool late);

/** Compose every n-th picture at this step. */
unsigned gov_divisor(const struct gov *g);
/** Cheaper encoding? */
bool gov_fast(const struct gov *g);

/** The height that no rung is to be above at this step, 0: any. */
unsigned gov_height(unsigned step, const struct video_ladder *l,
		    unsigned canvas_h);
/** What it does, for people. */
const char *gov_text(unsigned step);

#endif
