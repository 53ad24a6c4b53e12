/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_lips.c -- how long a party's sound must wait for its picture
 */
#include "mixer/video_lips.h"

enum {
	SECOND_US = 1000000,
	LATE_US   = 15000,        /* not worth a change                   */
	EARLY_US  = 60000,
	BACK_MS   = 10,           /* given back in a second               */
	BOGUS_US  = 5000000,      /* clocks that have nothing in common   */
};

static void begin(struct lips *l, uint64_t now)
{
	l->since_us = now;
	l->worst_us = INT64_MIN;
	l->n = 0;
}

bool lips_put(struct lips *l, uint64_t now, int64_t late, unsigned *hold_ms)
{
	unsigned hold = l->hold_ms;

	if (late > BOGUS_US || late < -BOGUS_US)
		return false;
	if (!l->since_us || now - l->since_us > 3 * SECOND_US)
		begin(l, now);
	if (late > l->worst_us)
		l->worst_us = late;
	l->n++;
	if (now - l->since_us < SECOND_US || l->n < 5)
		return false;

	if (l->worst_us > LATE_US)
		hold += (unsigned)(l->worst_us / 1000);
	else if (l->worst_us < -EARLY_US)
		hold -= hold < BACK_MS ? hold : BACK_MS;
	if (hold > LIPS_HOLD_MAX_MS)
		hold = LIPS_HOLD_MAX_MS;
	begin(l, now);
	if (hold == l->hold_ms)
		return false;
	l->hold_ms = hold;
	*hold_ms = hold;

	return true;
}

unsigned lips_hold_ms(const struct lips *l)
{
	return l->hold_ms;
}
