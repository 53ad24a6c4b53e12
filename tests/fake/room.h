/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/room.h -- a server with a fake mixer, and pages in its room "a"
 *
 * The server has a directory of its own and ports that happened to be free.
 * A page is a seat's link: it keeps what it is sent.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TESTS_FAKE_ROOM_H
#define TUTTI_TESTS_FAKE_ROOM_H

#include <re.h>
#include <jansson.h>

#include "tuttid/seat.h"

struct server;

struct page {
	struct seat_conn *conn;   /* NULL: closed                         */
	json_t *got;              /* array of messages                    */
	uint16_t code;            /* why closed                           */
	char seat[64];            /* of the last welcome                  */
	uint32_t party;
	size_t waiting;
};

extern struct server *srv;
extern struct page ann, bob, cid;
extern uint16_t web_port;

/** A server, and a room "a" with these further arguments of room create. */
int  open_room(const char *more);
/** Pages, server and files gone. */
void over(void);
/** At the very end of the program. */
void room_close(void);

void run_ms(unsigned ms);

/** Asks as an administrator: 200 or the error's status. */
int admin(const char *verb, const char *args);


/** A connection; then its hello. */
int  dial(struct page *page, const char *room);
int  join(struct page *page, const char *name);
/** By the host's PIN, 99. */
int  join_host(struct page *page, const char *name);
void hang_up(struct page *page);
void say(struct page *page, const char *text);

/** How often an event came, and the last of them. */
unsigned count(const struct page *page, const char *name, json_t **lastp);
/** The last message with such a member: that. */
json_t *last(const struct page *page, const char *key);

/** A command: 200, the error's status, 0 without an answer. */
int ask(struct page *page, const char *verb, const char *args);
int ask_party(struct page *page, const char *verb, uint32_t party,
	      const char *more);

/** What the fake mixer of the room "a" says of itself (its "list"), or
 *  NULL; stolen by the caller. */
json_t *mixer_list(void);
/** Lets it say msg (stolen). */
int mixer_say(json_t *msg);

#endif
