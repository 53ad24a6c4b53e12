/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_pool.h -- worker threads: sticky jobs, one clock, helpers
 *
 * A job always runs on the same worker (its caches hold the stream's
 * references) and never twice at a time.  The clock is one handler called
 * at the time it asked for, by whichever worker is free.  While it runs it
 * may spread work over idle workers with pool_spread().
 *
 * With no workers nothing runs by itself: pool_run() is everything.
 *
 * Threads: any, but pool_start/stop/run belong to the owner.
 */
#ifndef TUTTI_MIXER_VIDEO_POOL_H
#define TUTTI_MIXER_VIDEO_POOL_H

#include <stdbool.h>
#include <stdint.h>

struct pool;

/** The clock: returns when to call again [us], UINT64_MAX: pool_clock(). */
typedef uint64_t (pool_clock_h)(uint64_t now_us, void *arg);
typedef void (pool_job_h)(void *arg, uint64_t now_us);
typedef void (pool_idle_h)(void *arg);
typedef void (pool_part_h)(void *arg);

struct pool_job {
	struct pool_job *next;    /* [m] of the pool, all of these        */
	unsigned home;
	int state;
	pool_job_h *jobh;         /* [I]                                  */
	pool_idle_h *idleh;       /* [I] neither queued nor running now;
	                           * lets go of what the kicker held      */
	void *arg;                /* [I]                                  */
};

int  pool_alloc(struct pool **pp, unsigned workers, pool_clock_h *clockh,
		void *arg);
int  pool_start(struct pool *p);
void pool_stop(struct pool *p);       /* joined; jobs left get idleh      */

/** On the worker with the fewest jobs. */
void pool_job_init(struct pool *p, struct pool_job *job, pool_job_h *jobh,
		   pool_idle_h *idleh, void *arg);
void pool_job_leave(struct pool *p, struct pool_job *job);

/** Run the job soon.  False: it was already queued, or will run again. */
bool pool_kick(struct pool *p, struct pool_job *job);
void pool_clock(struct pool *p, uint64_t at_us);

/** Calls parth here and on up to `more` idle workers; back when all of them
 *  returned.  From the clock handler only. */
void pool_spread(struct pool *p, unsigned more, pool_part_h *parth,
		 void *arg);

void pool_run(struct pool *p, uint64_t now_us);
unsigned pool_workers(const struct pool *p);

#endif
