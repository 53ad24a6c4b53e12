/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/events.h -- what happened: log line, catalogue row, followers
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_EVENTS_H
#define TUTTI_TUTTID_EVENTS_H

#include <jansson.h>

#include "base/event.h"
#include "db/event.h"

struct events;
struct req;

int events_alloc(struct events **evp, struct db *db);

/** fields: stolen, an object with the members of the definition; those of
 *  value NULL may be left out. */
void events_emit(struct events *ev, enum event_id id, json_t *fields);

/** Those kept after filter->since first if `resume`, then all as they
 *  happen, until the client goes.  The filter is copied.  EAGAIN to
 *  `resume` while the catalogue is in trouble: there would be a hole. */
int events_follow(struct events *ev, struct req *req,
		  const struct db_event_filter *filter, bool resume);

unsigned events_followers(const struct events *ev);

#endif
