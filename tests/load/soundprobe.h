/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/soundprobe.h -- decode sound and say where clicks begin
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_LOAD_SOUNDPROBE_H
#define TUTTI_TESTS_LOAD_SOUNDPROBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"

struct soundprobe;

/** sample: of the first loud one, on the caller's 48000 Hz axis */
typedef void (click_h)(uint64_t sample, void *arg);

int soundprobe_alloc(struct soundprobe **sp, enum ticket_codec codec,
		     click_h *clickh, void *arg);

/** A packet whose first sample is `at` on the 48000 Hz axis. */
void soundprobe_put(struct soundprobe *sp, uint64_t at, const uint8_t *p,
		    size_t n);

/** RMS of all that was decoded, 0..32768. */
double soundprobe_level(const struct soundprobe *sp);

#endif
