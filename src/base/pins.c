/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/pins.c -- who is large whoever speaks
 */
#include <errno.h>
#include <string.h>

#include "base/pins.h"

struct pins pins_one(uint32_t leg)
{
	struct pins p = {{leg}, leg ? 1 : 0};

	return p;
}

uint32_t pins_first(const struct pins *p)
{
	return p->legv[0];
}

static unsigned at(const struct pins *p, uint32_t leg)
{
	unsigned i = 0;

	while (i < p->legc && p->legv[i] != leg)
		i++;

	return i;
}

bool pins_has(const struct pins *p, uint32_t leg)
{
	return at(p, leg) < p->legc;
}

bool pins_equal(const struct pins *a, const struct pins *b)
{
	return a->legc == b->legc &&
	       !memcmp(a->legv, b->legv, a->legc * sizeof(a->legv[0]));
}

int pins_add(struct pins *p, uint32_t leg)
{
	if (!leg)
		return EINVAL;
	if (pins_has(p, leg))
		return EALREADY;
	if (p->legc == PINS_MAX)
		return ENOSPC;
	p->legv[p->legc++] = leg;

	return 0;
}

bool pins_del(struct pins *p, uint32_t leg)
{
	unsigned i = at(p, leg);

	if (i == p->legc)
		return false;
	for (p->legc--; i < p->legc; i++)
		p->legv[i] = p->legv[i + 1];
	p->legv[p->legc] = 0;

	return true;
}

json_t *pins_encode(const struct pins *p)
{
	json_t *arr = json_array();

	for (unsigned i = 0; i < p->legc; i++) {
		if (json_array_append_new(arr, json_integer(p->legv[i]))) {
			json_decref(arr);
			return NULL;
		}
	}

	return arr;
}

int pins_decode(struct pins *p, const json_t *arr)
{
	struct pins new = {{0}, 0};

	if (!json_is_array(arr))
		return EBADMSG;
	for (size_t i = 0; i < json_array_size(arr); i++) {
		json_int_t n = json_integer_value(json_array_get(arr, i));

		if (n <= 0 || n > UINT32_MAX || pins_add(&new, (uint32_t)n))
			return EBADMSG;
	}
	*p = new;

	return 0;
}
