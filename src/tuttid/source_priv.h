/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/source_priv.h -- between source.c and source_run.c
 */
#ifndef TUTTI_TUTTID_SOURCE_PRIV_H
#define TUTTI_TUTTID_SOURCE_PRIV_H

#include <re.h>
#include <jansson.h>

#include "base/event.h"

struct meeting;
struct server;
struct source_run;

struct source {
	struct le le;             /* sources->sourcel                     */
	struct server *srv;       /* weak                                 */
	struct source_run *run;   /* ours; NULL: idle                     */
	uint64_t id, room_id;
	char *url, *name;
	bool once;
};

const char *source_room_name(const struct source *s);
void source_emit(struct source *s, enum event_id id, json_t *more);

/** For log, events and everybody's eyes: without user and password. */
void source_url_shown(char *buf, size_t size, const char *url);

void source_run_start(struct source *s, struct meeting *m);
void source_run_stop(struct source *s, const char *reason);
void source_run_meeting_over(struct source *s, const struct meeting *m);
void source_run_describe(const struct source *s, json_t *obj);

#endif
