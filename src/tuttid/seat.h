/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/seat.h -- the person in the browser, and his WebSocket
 *
 *	link up ──hello──> seat (a party, waiting or seated) ──welcome──>
 *	         <──events, answers──   ──commands──>
 *	link broken ──> SEAT_LINGER_MS ──hello with the secret──> resumed
 *	                               ──nobody came──> party_end
 *
 * A seat lives as long as its party; the media (party_web.h) come and go.
 * Whoever says the secret again takes the seat over from the connection
 * that has it.  Messages are those of tutti-api(7).  Knows no WebSocket:
 * web.c, or a test, is the link.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_SEAT_H
#define TUTTI_TUTTID_SEAT_H

#include <re.h>
#include <jansson.h>

struct party;
struct seat;
struct seat_conn;
struct seats;
struct server;

enum {
	SEAT_HELLO_MS   = 10000,  /* to say who one is                    */
	SEAT_LINGER_MS  = 30000,  /* without a WebSocket                  */
	SEAT_REQS_MAX   = 16,     /* unanswered, per connection           */
	SEAT_BURST      = 60,     /* messages at once …                   */
	SEAT_RATE       = 20,     /* … then so many a second              */
	SEAT_REFUSED_MAX = 200,   /* too many all the same: cut off       */
	SEATS_MAX       = 4000,
	SEATS_PER_IP_MAX = 200,   /* those that linger too                */
	SEAT_SECRET_LEN = 32,
};

/** Closing codes of the WebSocket; a refusal is 4000 + its status. */
enum {
	SEAT_CLOSE_BYE      = 1000,
	SEAT_CLOSE_GOING    = 1001,   /* the server stops                 */
	SEAT_CLOSE_HELLO    = 4408,   /* none came                        */
	SEAT_CLOSE_REPLACED = 4409,
	SEAT_CLOSE_KICKED   = 4410,
	SEAT_CLOSE_ENDED    = 4411,   /* the meeting                      */
	SEAT_CLOSE_RATE     = 4429,
	SEAT_CLOSE_CATALOGUE = 4503,  /* events would have a hole         */
};

/** What carries the messages.  After closeh it is not used any more. */
struct seat_link {
	void (*sendh)(const json_t *msg, void *arg);     /* borrowed      */
	void (*closeh)(uint16_t code, const char *reason, void *arg);
	size_t (*waitingh)(void *arg);                   /* bytes         */
};

int seats_alloc(struct seats **sp, struct server *srv);

/** Everybody off, those without a seat too. */
void seats_close(struct seats *seats);
json_t *seats_stats(const struct seats *seats);

/** The party of who knows a seat's secret in this room; NULL. */
struct party *seats_party(const struct seats *seats, const char *secret,
			  const char *room);

/** Whoever sits there by that API key is put out. */
void seats_key_gone(struct seats *seats, uint64_t key);

/** A new connection; the seats own it until its end. */
int seat_conn_alloc(struct seat_conn **cp, struct seats *seats,
		    const char *room, const struct sa *peer,
		    const struct seat_link *link, void *arg);
void seat_conn_recv(struct seat_conn *c, const json_t *msg);
/** The link broke, or (bye) was closed for good; c is gone. */
void seat_conn_gone(struct seat_conn *c, bool bye);
void *seat_conn_arg(const struct seat_conn *c);

/** In from the locked door: welcomed, "party admitted".  EPROTO does not
 *  wait, ENOSPC the room is full. */
int seat_admit(struct seat *seat);

/* For party.c; seat may be NULL */
void seat_party_ended(struct seat *seat, const char *reason);
void seat_party_moved(struct seat *seat);

#endif
