/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_lips.h -- how long a party's sound must wait for its picture
 *
 * Pictures that are early simply wait.  When they are late the sound is
 * held back: by the worst lateness of a second, and less again, slowly,
 * when there was room.  A plain value of the source's.
 */
#ifndef TUTTI_MIXER_VIDEO_LIPS_H
#define TUTTI_MIXER_VIDEO_LIPS_H

#include <stdbool.h>
#include <stdint.h>

enum { LIPS_HOLD_MAX_MS = 300 };

struct lips {
	uint64_t since_us;        /* start of this second                 */
	int64_t  worst_us;        /* lateness in it                       */
	unsigned n;               /* pictures in it                       */
	unsigned hold_ms;
};

/** A picture was ready late_us after its sound (negative: before).  True:
 *  *hold_ms is what the sound is to be held back from now on. */
bool lips_put(struct lips *l, uint64_t now_us, int64_t late_us,
	      unsigned *hold_ms);
unsigned lips_hold_ms(const struct lips *l);

#endif
