/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/clock.c -- the clocks; see clock.h
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"


#define NTP_1970 2208988800ULL        /* seconds from 1900 to 1970 */


static uint64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);

	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}


uint64_t clock_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}


uint64_t clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}


uint64_t clock_ntp(uint64_t mono_us)
{
	static _Atomic uint64_t offset;
	uint64_t off = offset, wall, zero = 0;

	if (!off) {
		off = clock_wall_us() - clock_us();
		if (!atomic_compare_exchange_strong(&offset, &zero, off))
			off = zero;
	}
	wall = mono_us + off;

	return ((wall / 1000000 + NTP_1970) << 32) |
		(((wall % 1000000) << 32) / 1000000);
}


void clock_sleep_until(uint64_t mono_us)
{
	struct timespec ts = {
		.tv_sec  = (time_t)(mono_us / 1000000),
		.tv_nsec = (long)(mono_us % 1000000) * 1000,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		;
}


const char *clock_iso(char *buf, uint64_t wall_us)
{
	time_t sec = (time_t)(wall_us / 1000000);
	struct tm tm;
	size_t n;

	gmtime_r(&sec, &tm);
	n = strftime(buf, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, 32 - n, ".%03uZ",
		 (unsigned)(wall_us % 1000000 / 1000));

	return buf;
}
