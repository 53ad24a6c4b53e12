/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/pin_guard.c -- who guesses PINs has to wait
 */
#include <string.h>

#include <re.h>

#include "tuttid/pin_guard.h"

/* The part of an address that one guest cannot change. */
static struct sa who(const struct sa *addr)
{
	uint8_t in6[16];
	struct sa sa;

	sa_init(&sa, AF_INET);
	if (!addr)
		return sa;

	sa = *addr;
	sa_set_port(&sa, 0);
	if (sa_af(addr) != AF_INET6)
		return sa;

	sa_in6(addr, in6);
	/* IPv4 by a socket of both is told by its last bytes */
	if (IN6_IS_ADDR_V4MAPPED((struct in6_addr *)in6))
		return sa;
	memset(&in6[8], 0, 8);
	sa_set_in6(&sa, in6, 0);

	return sa;
}

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
	const struct sa sa = who(addr);
	const unsigned i = slot(&sa);

	return !fresh(guard, i, &sa, now_us) ||
	       guard->v[i].wrong < PIN_GUARD_TRIES;
}

unsigned pin_guard_wait_s(const struct pin_guard *guard,
			  const struct sa *addr, uint64_t now_us)
{
	const struct sa sa = who(addr);
	const unsigned i = slot(&sa);
	uint64_t gone_ms;

	if (!fresh(guard, i, &sa, now_us))
		return 1;

	gone_ms = (now_us - guard->v[i].last_us) / 1000;

	return (unsigned)((PIN_GUARD_MS - gone_ms + 999) / 1000);
}

void pin_guard_wrong(struct pin_guard *guard, const struct sa *addr,
		     uint64_t now_us)
{
	const struct sa sa = who(addr);
	const unsigned i = slot(&sa);

	if (!fresh(guard, i, &sa, now_us))
		guard->v[i].wrong = 0;

	guard->v[i].addr = sa;
	++guard->v[i].wrong;
	guard->v[i].last_us = now_us;
}
