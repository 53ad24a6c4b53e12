/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/clock.h -- the only places that read a clock
 *
 * Modules under test take `uint64_t now` [us, monotonic] as an argument;
 * loops and thread mains get it here.  Threads: any.
 */
#ifndef TUTTI_BASE_CLOCK_H
#define TUTTI_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_us(void);              /* CLOCK_MONOTONIC, microseconds    */
uint64_t clock_wall_us(void);         /* since 1970, microseconds         */
uint64_t clock_ntp(uint64_t mono_us); /* monotonic to 32.32 NTP time; the
                                       * offset is fixed at the first call
                                       * so that sender reports never step */
void clock_sleep_until(uint64_t mono_us);

/** ISO 8601 UTC with ms, "2026-11-22T09:07:38.123Z"; buf holds 32. */
const char *clock_iso(char *buf, uint64_t wall_us);

#endif
