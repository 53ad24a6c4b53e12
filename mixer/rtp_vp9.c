/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_vp9.c -- VP9's descriptor and frame header; see rtp_vp9.h
 */
#include <errno.h>
#include <string.h>

#include "mixer/rtp_bits.h"
#include "mixer/rtp_vp9.h"

enum {
	I = 0x80, P = 0x40, L = 0x20, F = 0x10, B = 0x08, E = 0x04, V = 0x02,
	REFS_MAX = 3,
};

/* Where the descriptor is read, and whether it was long enough */
struct cur {
	const uint8_t *p;
	size_t n, pos;
	bool over;
};


static uint8_t next(struct cur *c)
{
	if (c->pos >= c->n) {
		c->over = true;
		return 0;
	}

	return c->p[c->pos++];
}


static uint16_t next16(struct cur *c)
{
	const uint16_t hi = next(c);

	return (uint16_t)(hi << 8 | next(c));
}


/* RFC 9628 section 4.2.1: scalability structure */
static void structure(struct rtp_vp9 *d, struct cur *c)
{
	const uint8_t ss = next(c);
	unsigned i, pictures;

	for (i = 0; (ss & 0x10) && i < (ss >> 5) + 1u; i++) {
		d->width  = next16(c);
		d->height = next16(c);
	}
	pictures = ss & 0x08 ? next(c) : 0;
	for (i = 0; i < pictures && !c->over; i++) {
		unsigned refs = next(c) >> 2 & 3;

		while (refs--)
			(void)next(c);
	}
}


int rtp_vp9_descriptor(struct rtp_vp9 *d, const uint8_t *p, size_t n)
{
	struct cur c = { .p = p, .n = n };
	const uint8_t flags = next(&c);
	unsigned i;

	memset(d, 0, sizeof(*d));
	d->begin = flags & B;
	d->end   = flags & E;
	if ((flags & I) && (next(&c) & 0x80))
		(void)next(&c);
	if (flags & L) {
		d->sid = next(&c) >> 1 & 7;
		if (!(flags & F))
			(void)next(&c);   /* TL0PICIDX                    */
	}
	if ((flags & F) && (flags & P)) {
		for (i = 0; (next(&c) & 1) && ++i < REFS_MAX;)
			;
		if (i == REFS_MAX)
			return EBADMSG;
	}
	if (flags & V)
		structure(d, &c);
	if (c.over || c.pos >= n)
		return EBADMSG;
	d->hdr = c.pos;

	return 0;
}


bool rtp_vp9_key(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp)
{
	struct bits b = { .p = p, .end = p + n };
	unsigned profile, space;

	*wp = *hp = 0;
	if (bits_get(&b, 2) != 2)
		return false;
	profile  = bits_one(&b);
	profile |= bits_one(&b) << 1;
	if (profile == 3)
		(void)bits_one(&b);
	/* show_existing_frame, frame_type */
	if (bits_one(&b) || bits_one(&b))
		return false;
	bits_skip(&b, 2);
	if (bits_get(&b, 24) != 0x498342 || b.over)
		return false;

	if (profile >= 2)
		(void)bits_one(&b);
	space = bits_get(&b, 3);
	if (space != 7)
		bits_skip(&b, profile & 1 ? 4 : 1);
	else
		bits_skip(&b, profile & 1);
	*wp = (uint16_t)(bits_get(&b, 16) + 1);
	*hp = (uint16_t)(bits_get(&b, 16) + 1);
	if (b.over)
		*wp = *hp = 0;

	return true;
}
