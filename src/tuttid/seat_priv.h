/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/seat_priv.h -- what the files of tuttid/seat*.c share
 *
 *	seat.c        seats: made, resumed, admitted, ended
 *	seat_conn.c   the connection: hello, commands, events, limits
 */
#ifndef TUTTI_TUTTID_SEAT_PRIV_H
#define TUTTI_TUTTID_SEAT_PRIV_H

#include <re.h>
#include <jansson.h>

#include "tuttid/auth.h"
#include "tuttid/req.h"
#include "tuttid/seat.h"

struct room;

struct seats {
	struct server *srv;       /* weak                                 */
	struct list seatl, connl;
	uint64_t taken, resumed, refused;
};

struct seat {
	struct le le;             /* seats->seatl                         */
	struct seats *seats;      /* weak                                 */
	struct party *party;      /* weak: party_end() ends us            */
	struct seat_conn *conn;   /* weak; NULL: lingers                  */
	struct req_who who;
	char secret[SEAT_SECRET_LEN + 1];
	struct sa peer;           /* who took it                          */
	uint64_t home;            /* id of the room where it was taken    */
	uint64_t first;           /* no event before this one is his      */
	struct tmr tmr_linger;
};

struct seat_conn {
	struct le le;             /* seats->connl                         */
	struct seats *seats;      /* weak                                 */
	struct seat *seat;        /* weak; NULL: no hello yet             */
	const struct seat_link *link;  /* NULL: closed                    */
	void *arg;
	char room[64];            /* of the path                          */
	struct sa peer;
	struct tmr tmr_hello;
	struct req *follow;       /* the stream of events                 */
	struct list askl;         /* struct ask: commands under way       */
	unsigned left, refused;   /* messages that may come, came too many */
	uint64_t left_us;
};

/** A new seat for who was let in: waiting or seated.  ENOSPC no seat is
 *  left, EAGAIN none for this address. */
int  seat_alloc(struct seat **sp, struct seats *seats, struct room *room,
		const struct auth *auth, const char *name,
		const struct sa *peer);
struct seat *seats_find(const struct seats *seats, const char *secret,
			const char *room);

/** c speaks for the seat from now on; another one is closed. */
void seat_attach(struct seat *seat, struct seat_conn *c);
/** c no longer does: the seat waits for another. */
void seat_lost(struct seat_conn *c);

void conn_send(struct seat_conn *c, json_t *msg);     /* steals           */
/** Closed and, unless somebody holds it, gone. */
void conn_close(struct seat_conn *c, uint16_t code, const char *reason);
/** The whole state of the room, then its events (those after since). */
void conn_welcome(struct seat_conn *c, bool resumed, uint64_t since);

#endif
