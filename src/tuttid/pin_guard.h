/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/pin_guard.h -- who guesses PINs has to wait
 *
 * An address that gave PIN_GUARD_TRIES wrong PINs is refused, right or
 * wrong, until PIN_GUARD_MS after the last.  Addresses share a fixed table:
 * where two collide the newer takes the place.  IPv6 counts by /64: that
 * is what one guest has.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_PIN_GUARD_H
#define TUTTI_TUTTID_PIN_GUARD_H

#include <re.h>

enum {
	PIN_GUARD_TRIES = 5,
	PIN_GUARD_MS    = 60000,
	PIN_GUARD_SIZE  = 256,
};

struct pin_guard {
	struct {
		struct sa addr;   /* without the port                     */
		unsigned wrong;
		uint64_t last_us;
	} v[PIN_GUARD_SIZE];
};

bool pin_guard_ok(const struct pin_guard *guard, const struct sa *addr,
		  uint64_t now_us);
/** Seconds until it is heard again, at least 1. */
unsigned pin_guard_wait_s(const struct pin_guard *guard,
			  const struct sa *addr, uint64_t now_us);
void pin_guard_wrong(struct pin_guard *guard, const struct sa *addr,
		     uint64_t now_us);

#endif
