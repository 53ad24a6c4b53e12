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
struct req_who;

int events_alloc(struct events **evp, struct db *db);

/** fields: stolen, an object with the members of the definition; those of
 *  value NULL may be left out. */
void events_emit(struct events *ev, enum event_id id, json_t *fields);

/** Whether an event is his to see: a private message reaches only its two
 *  ends and administrators, a guest does not see what others
 *  dial, nor who waits at the door. */
bool events_visible(const struct req_who *who, const json_t *event);

/** An event or a party's object as he may see it: for a guest without
 *  addresses of others, and what they are sent; their quality stays, the page
 *  shows it to everybody.  Steals; the same object when there is nothing to
 *  leave out. */
json_t *events_redact(const struct req_who *who, json_t *event);

/** Those kept after filter->since first if `resume`, then all as they
 *  happen, until the client goes.  The filter is copied; who asks
 *  (req_asker, with his party at this moment) decides what is his to see,
 *  filter->room alone which room's.  EAGAIN to `resume` while the catalogue is in trouble: there would be a hole. */
int events_follow(struct events *ev, struct req *req,
		  const struct db_event_filter *filter, bool resume);

/** Who follows by that API key is told no more. */
void events_key_gone(struct events *ev, uint64_t key);
unsigned events_followers(const struct events *ev);

#endif
