/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_rtcp.c -- any bytes as an RTCP compound
 *
 * What is refused hands out nothing; what is handed out lies inside.
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_rtcp.h"

struct fuzz {
	const uint8_t *p;
	size_t n;
	unsigned items;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void item_handler(const struct rtp_rtcp_item *item, void *arg)
{
	struct fuzz *f = arg;
	const uint8_t *p;

	++f->items;
	if (item->kind > RTCP_ITEM_REMB)
		abort();
	if (item->kind == RTCP_ITEM_TWCC &&
	    (item->u.twcc.p < f->p ||
	     item->u.twcc.p + item->u.twcc.n > f->p + f->n))
		abort();
	if (item->kind != RTCP_ITEM_CNAME)
		return;

	p = (const uint8_t *)item->u.cname.p;
	if (p < f->p || p + item->u.cname.n > f->p + f->n)
		abort();
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { .n = size };
	uint8_t *p = malloc(size + 1);
	size_t pos;

	if (!p)
		return 0;

	/* a length field is rarely right by chance: help every other one */
	memcpy(p, data, size);
	if (size > 8 && data[size - 1] & 1) {
		for (pos = 0; pos + 4 <= size; ) {
			const size_t left = (size - pos) / 4;
			const size_t words = 1 + p[pos + 3] % left;

			p[pos] = 0x80 | (p[pos] & 0x1f);
			p[pos + 1] = 200 + p[pos + 1] % 8;
			p[pos + 2] = 0;
			p[pos + 3] = (uint8_t)(words - 1);
			pos += 4 * words;
			if (words > 256)
				break;
		}
		f.n = size = size / 4 * 4;
	}

	f.p = p;
	if (rtp_rtcp_parse(p, size, item_handler, &f) && f.items)
		abort();
	free(p);

	return 0;
}
