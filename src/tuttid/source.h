/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/source.h -- files, cameras and test pictures brought into rooms
 *
 * A source belongs to its room and stands in the catalogue.  It runs while
 * the room has a meeting: a helper process (src/source) feeds an ordinary
 * leg by RTP over socket pairs.  A helper that dies, a camera that cannot
 * be reached: an event, and another try after a growing while; a file that
 * does not loop ends its run.  An idle room's sources cost nothing.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_SOURCE_H
#define TUTTI_TUTTID_SOURCE_H

#include <re.h>
#include <jansson.h>

#include "base/ticket.h"

enum { SOURCE_URL_MAX = 2048, SOURCES_ROOM_MAX = 32 };

struct meeting;
struct room;
struct server;
struct source;
struct sources;

/** Reads them from the catalogue. */
int sources_alloc(struct sources **ssp, struct server *srv);

/** To the catalogue; runs at once if the room has a meeting. */
int source_add(struct source **sp, struct sources *ss, struct room *room,
	       const char *url, const char *name, bool once,
	       char *errbuf, size_t errsz);

/** Out of the catalogue, and its party out of the meeting. */
int source_remove(struct source *s);
struct source *sources_find(const struct sources *ss, uint64_t id);

/** The room's meeting begins, or is over. */
void sources_start(struct sources *ss, struct meeting *m);
void sources_stop(struct sources *ss, struct meeting *m);

/** Its party was kicked: the helper goes too. */
void source_party_ended(struct source *s);

/** Its party is in another meeting now, for as long as that lasts. */
void source_party_moved(struct source *s, struct meeting *m);

/** The room is gone, and its rows with it. */
void sources_room_gone(struct sources *ss, uint64_t room_id);

/** room NULL: all. */
json_t *sources_json(const struct sources *ss, const struct room *room);
json_t *source_json(const struct source *s);
uint64_t source_id(const struct source *s);
uint64_t source_room(const struct source *s);      /* its id */

#endif
