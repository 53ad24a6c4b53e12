/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout_priv.h -- a set of layouts: layout_set.c fills it, layout.c
 * draws from it
 *
 * Locks: [I] set at creation  [s] the set's mtx, held for one placing
 */
#ifndef TUTTI_MIXER_LAYOUT_PRIV_H
#define TUTTI_MIXER_LAYOUT_PRIV_H

#include <pthread.h>

#include "mixer/layout.h"

struct layout {
	struct layout_set *set;   /* [I] it belongs to                    */
	char name[LAYOUT_NAME_MAX];               /* [I]                  */
	const struct layout_def *def;     /* [s] NULL: gone               */
};

struct layout_set {
	pthread_mutex_t mtx;
	struct layout *allv[LAYOUT_SET_NAMES];    /* [s] that ever were   */
	unsigned allc;
	struct layout *nowv[LAYOUT_LIST_MAX];     /* [s] in their order   */
	unsigned nowc;
	struct layout_list *list;                 /* [s] holds the defs   */
};

/* [s] held; NULL: never was */
struct layout *layout_set_find(const struct layout_set *set,
			       const char *name);

#endif
