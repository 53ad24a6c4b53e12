/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/chat.h -- what is written in a meeting
 *
 * A message goes to everybody in the meeting or to one party, is kept in
 * the catalogue and is an event; private ones are shown to their two ends
 * and to administrators only (events_visible()).  A sender has
 * CHAT_BURST messages at once and then one each CHAT_EVERY_MS.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_CHAT_H
#define TUTTI_TUTTID_CHAT_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

enum {
	CHAT_TEXT_MAX = 4000,     /* bytes                                */
	CHAT_HISTORY  = 200,      /* messages for who comes late          */
	CHAT_LIST_MAX = 1000,     /* messages at a time                   */
	CHAT_BURST    = 10,
	CHAT_EVERY_MS = 1000,
};

struct meeting;
struct party;
struct req_who;

/** from, to: may be NULL: the server, everybody.  name: of who writes when
 *  from is NULL.  *objp: the "chat" object.  EPROTO: the meeting has not
 *  begun; EAGAIN: too fast. */
int chat_send(struct meeting *m, struct party *from, struct party *to,
	      const char *name, const char *text, json_t **objp);

/** The last `limit` messages of a meeting that are who's to see, oldest
 *  first; an empty array when there are none. */
int chat_list(struct meeting *m, const struct req_who *who, uint32_t limit,
	      json_t **arrayp);

/** One more at now_us?  *tat_us: the sender's, 0 at first. */
bool chat_rate(uint64_t *tat_us, uint64_t now_us);

#endif
