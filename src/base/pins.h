/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/pins.h -- who is large whoever speaks, the first one first
 *
 * Legs (which are parties' ids): whom a party has pinned for himself, or
 * whom a host put in the room's spotlight.  Nobody is in it twice.
 *
 * Threads: any; a plain value, copy freely.
 */
#ifndef TUTTI_BASE_PINS_H
#define TUTTI_BASE_PINS_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

enum { PINS_MAX = 9 };            /* as many as a layout's pin cells      */

struct pins {
	uint32_t legv[PINS_MAX];  /* those from legc on are 0             */
	unsigned legc;
};

/** Nobody, if leg is 0 */
struct pins pins_one(uint32_t leg);
/** The first, 0: nobody */
uint32_t pins_first(const struct pins *p);
bool pins_has(const struct pins *p, uint32_t leg);
bool pins_equal(const struct pins *a, const struct pins *b);

/** After the others; EALREADY: it is there, ENOSPC: PINS_MAX are. */
int  pins_add(struct pins *p, uint32_t leg);
/** false: it was not there. */
bool pins_del(struct pins *p, uint32_t leg);

/** An array, and back.  EBADMSG: none, too many, 0 or one twice; *p is as
 *  it was then. */
json_t *pins_encode(const struct pins *p);
int  pins_decode(struct pins *p, const json_t *arr);

#endif
