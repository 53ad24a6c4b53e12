/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/unit.c -- an encoded frame shared by count; see unit.h
 */
#include <stdlib.h>
#include <string.h>

#include "mixer/unit.h"


/* One block: the struct, its payload table, its bytes. */
struct unit *unit_alloc(size_t len, unsigned payc)
{
	size_t tab = payc * sizeof(struct unit_payload);
	struct unit *unit;

	unit = malloc(sizeof(*unit) + tab + len);
	if (!unit)
		return NULL;

	memset(unit, 0, sizeof(*unit) + tab);
	atomic_init(&unit->refs, 1);
	unit->payv = (struct unit_payload *)(unit + 1);
	unit->payc = payc;
	unit->data = (uint8_t *)(unit + 1) + tab;
	unit->len  = len;

	return unit;
}


struct unit *unit_ref(struct unit *unit)
{
	if (unit)
		atomic_fetch_add_explicit(&unit->refs, 1,
					  memory_order_relaxed);

	return unit;
}


void unit_unref(struct unit *unit)
{
	if (unit && atomic_fetch_sub_explicit(&unit->refs, 1,
					      memory_order_acq_rel) == 1)
		free(unit);
}
