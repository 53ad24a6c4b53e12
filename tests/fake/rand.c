/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/rand.c -- the same dice every time, in place of libre's
 *
 * Intervals of RTCP, SSRCs and first sequence numbers are drawn: a test that
 * is linked with this one runs alike each time.
 */
#include <stdint.h>

#include <re.h>

uint32_t rand_u32(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;

	return x;
}


uint16_t rand_u16(void)
{
	return (uint16_t)(rand_u32() >> 16);
}
