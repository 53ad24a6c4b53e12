/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/pin_guard.c -- who guesses PINs has to wait
 */
#include <re.h>

#include "tuttid/pin_guard.h"

static unsigned slot(const struct sa *addr)
{
	return sa_hash(addr, SA_ADDR) % PIN_GUARD_SIZE;
}

static bool fresh(const struct pin_guard *guard, unsigned i,
		  const struct sa *addr, uint64_t now_us)
{
	return guard->v[i].wrong &&
	       sa_cmp(&guard->v[i].addr, addr, SA_ADDR) &&
	       now_us - guard->v[i].last_us < PIN_GUARD_MS * 1000ull;
}

bool pin_guard_ok(const struct pin_guard *guard, const struct sa *addr,
		  uint64_t now_us)
{
	const unsigned i = slot(addr);

	return !fresh(guard, i, addr, now_us) ||
	       guard->v[i].wrong < PIN_GUARD_TRIES;
}

void pin_guard_wrong(struct pin_guard *guard, const struct sa *addr,
		     uint64_t now_us)
{
	const unsigned i = slot(addr);

	if (!fresh(guard, i, addr, now_us))
		guard->v[i].wrong = 0;

	guard->v[i].addr = *addr;
	++guard->v[i].wrong;
	guard->v[i].last_us = now_us;
}
