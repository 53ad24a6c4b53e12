/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_clock.h -- CPU time of this thread, for statistics only
 *
 * Threads: any.
 */
#ifndef TUTTI_MIXER_VIDEO_CLOCK_H
#define TUTTI_MIXER_VIDEO_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t video_cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

#endif
