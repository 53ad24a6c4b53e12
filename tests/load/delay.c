/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/load/delay.c -- when a mark went out and when it came back */
#include <stdlib.h>
#include <string.h>

#include "tests/load/delay.h"

enum { EARLY_US = 3000 };         /* clocks of two packets' sound differ  */

void delay_sent(struct delay *d, uint64_t at_us)
{
	d->sentv[d->sentn++ % DELAY_SENT_MAX] = at_us;
}

void delay_came(struct delay *d, uint64_t at_us, uint64_t max_us)
{
	uint64_t best = 0;
	unsigned i, at = 0;

	for (i = 0; i < DELAY_SENT_MAX; i++) {
		uint64_t t = d->sentv[i];

		if (t && t <= at_us + EARLY_US && t + max_us > at_us &&
		    t > best) {
			best = t;
			at   = i;
		}
	}
	if (!best || d->n == DELAY_MAX)
		return;

	d->sentv[at] = 0;
	d->usv[d->n++] = at_us > best ? (uint32_t)(at_us - best) : 0;
}

void delay_clear(struct delay *d)
{
	d->n = 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

double delay_ms(const struct delay *a, const struct delay *b, double q)
{
	unsigned bn = b ? b->n : 0, n = a->n + bn;
	uint32_t *v;
	double ms;

	if (!n)
		return -1;
	v = malloc(n * sizeof(*v));
	if (!v)
		return -1;

	memcpy(v, a->usv, a->n * sizeof(*v));
	if (bn)
		memcpy(v + a->n, b->usv, bn * sizeof(*v));
	qsort(v, n, sizeof(*v), compare);
	ms = v[(unsigned)(q * (n - 1) + 0.5)] / 1000.0;
	free(v);

	return ms;
}
