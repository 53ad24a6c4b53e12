/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_bits.h -- bits of a header, as video codecs write them
 *
 * Reading over the end gives zeros and sets `over`.  With `escaped`
 * emulation prevention bytes (00 00 03) are left out, as in NAL units.
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_BITS_H
#define TUTTI_MIXER_RTP_BITS_H

#include <stdbool.h>
#include <stdint.h>

struct bits {
	const uint8_t *p, *end;
	bool escaped;
	unsigned left;            /* bits of cur not yet read             */
	uint8_t cur;
	unsigned zeros;           /* zero bytes in a row                  */
	bool over;
};

static inline unsigned bits_one(struct bits *b)
{
	if (!b->left) {
		if (b->escaped && b->zeros >= 2 && b->p < b->end &&
		    *b->p == 3) {
			++b->p;
			b->zeros = 0;
		}
		if (b->p >= b->end) {
			b->over = true;
			return 0;
		}
		b->cur   = *b->p++;
		b->zeros = b->cur ? 0 : b->zeros + 1;
		b->left  = 8;
	}

	return b->cur >> --b->left & 1;
}

static inline uint32_t bits_get(struct bits *b, unsigned n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 1 | bits_one(b);

	return v;
}

static inline void bits_skip(struct bits *b, unsigned n)
{
	while (n-- && !b->over)
		(void)bits_one(b);
}

/* Exp-Golomb, unsigned */
static inline uint32_t bits_ue(struct bits *b)
{
	unsigned n = 0;

	while (!bits_one(b)) {
		if (b->over || ++n > 31) {
			b->over = true;
			return 0;
		}
	}

	return ((uint32_t)1 << n) - 1 + bits_get(b, n);
}

#endif
