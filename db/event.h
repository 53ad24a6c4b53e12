/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/event.h -- events: numbered, without holes
 *
 * Threads: loop.
 */
#ifndef TUTTI_DB_EVENT_H
#define TUTTI_DB_EVENT_H

#include "base/event.h"
#include "db/db.h"

/**
 * Gives the event its number and writes the row within DB_BATCH_MS.
 * fields: borrowed object with the members of the event's definition,
 * among them "room", "meeting" and "party".
 *
 * Returns the number, 0 for an event that is not kept or without memory.
 */
uint64_t db_event_add(struct db *db, enum event_id id, uint64_t time_us,
		      const json_t *fields);

/** {"number", "time", "event", fields…} as base/event.h says; number 0 is
 *  left out. */
json_t *db_event_json(uint64_t number, uint64_t time_us, const char *name,
		      const json_t *fields);

uint64_t db_event_last(const struct db *db);

struct db_event_filter {          /* zero: everything                     */
	uint64_t since;           /* only greater numbers                 */
	const char *room;
	uint64_t meeting;
	const char *name;         /* beginning of the name, whole words   */
	uint32_t limit;           /* the newest so many; 0: all           */
	bool oldest;              /* limit means the oldest so many       */
};

/** Oldest first, as db_event_json. */
int db_event_list(struct db *db, const struct db_event_filter *filter,
		  json_t **arrayp);

/** The same test for an event just happening. */
bool db_event_matches(const struct db_event_filter *filter,
		      const json_t *event);

#endif
