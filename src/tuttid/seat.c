/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/seat.c -- the person in the browser: taken, resumed, given up
 */
#include <string.h>

#include <re.h>

#include "base/log.h"
#include "base/thread.h"
#include "db/event.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/seat_priv.h"
#include "tuttid/server.h"
#include "tuttid/text.h"

enum { REASON_MAX = 120 };        /* RFC 6455: 123 bytes                  */

static void seat_destructor(void *arg)
{
	struct seat *seat = arg;

	tmr_cancel(&seat->tmr_linger);
	list_unlink(&seat->le);
}

static void seats_destructor(void *arg)
{
	struct seats *seats = arg;

	list_flush(&seats->connl);
	list_flush(&seats->seatl);
}

int seats_alloc(struct seats **sp, struct server *srv)
{
	struct seats *seats;

	if (!sp || !srv)
		return EINVAL;

	seats = mem_zalloc(sizeof(*seats), seats_destructor);
	if (!seats)
		return ENOMEM;

	seats->srv = srv;
	*sp = seats;

	return 0;
}

void seats_close(struct seats *seats)
{
	while (seats && seats->connl.head)
		conn_close(seats->connl.head->data, SEAT_CLOSE_GOING,
			   "server stops");
}

json_t *seats_stats(const struct seats *seats)
{
	if (!seats)
		return json_null();

	return json_pack("{s:i, s:i, s:I, s:I, s:I}",
			 "seats", (int)list_count(&seats->seatl),
			 "connections", (int)list_count(&seats->connl),
			 "taken", (json_int_t)seats->taken,
			 "resumed", (json_int_t)seats->resumed,
			 "refused", (json_int_t)seats->refused);
}

struct seat *seats_find(const struct seats *seats, const char *secret,
			const char *room)
{
	const struct room *at;
	struct le *le;

	if (!seats || !secret || strlen(secret) != SEAT_SECRET_LEN)
		return NULL;

	at = room ? rooms_find(seats->srv->rooms, room) : NULL;
	LIST_FOREACH(&seats->seatl, le) {
		struct seat *seat = le->data;

		if (strcmp(seat->secret, secret))
			continue;

		/* who was moved is elsewhere than his page thinks */
		return at && (at == seat->party->meeting->room ||
			      at->cfg.id == seat->home) ? seat : NULL;
	}

	return NULL;
}

struct party *seats_party(const struct seats *seats, const char *secret,
			  const char *room)
{
	const struct seat *seat = seats_find(seats, secret, room);

	return seat ? seat->party : NULL;
}

static struct seat *find_key(const struct seats *seats, uint64_t key)
{
	struct le *le;

	LIST_FOREACH(&seats->seatl, le) {
		struct seat *seat = le->data;

		if (seat->who.key == key)
			return seat;
	}

	return NULL;
}

void seats_key_gone(struct seats *seats, uint64_t key)
{
	struct seat *seat;

	/* from the first again: with one a meeting may end, and others */
	while (seats && key && (seat = find_key(seats, key)))
		party_end(seat->party, "kicked: the key was withdrawn", 0);
}

static void linger_handler(void *arg)
{
	struct seat *seat = arg;

	on_loop();
	party_end(seat->party, "connection lost", 0);
}

static void sit(struct party *p, const char *name, bool host)
{
	p->via  = "web";
	p->host = host;
	text_tidy(p->name, sizeof(p->name), name);
	if (!p->name[0])
		str_ncpy(p->name, "Guest", sizeof(p->name));

	if (!p->meeting->room->cfg.locked || host) {
		party_seated(p);
		return;
	}

	p->state = PARTY_WAITING;
	party_emit(p, EV_PARTY_WAITING,
		   json_pack("{s:s, s:b}", "name", p->name, "on", 1));
}

/* A seat outlives its connection, so the limit of those is not enough. */
static unsigned count_peer(const struct seats *seats, const struct sa *peer)
{
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(&seats->seatl, le) {
		const struct seat *seat = le->data;

		n += sa_cmp(&seat->peer, peer, SA_ADDR);
	}

	return n;
}

int seat_alloc(struct seat **sp, struct seats *seats, struct room *room,
	       const struct auth *auth, const char *name,
	       const struct sa *peer)
{
	struct seat *seat;
	struct meeting *m;
	struct party *p;
	int err;

	if (list_count(&seats->seatl) >= SEATS_MAX)
		return ENOSPC;
	if (count_peer(seats, peer) >= SEATS_PER_IP_MAX)
		return EAGAIN;

	seat = mem_zalloc(sizeof(*seat), seat_destructor);
	if (!seat)
		return ENOMEM;

	tmr_init(&seat->tmr_linger);
	seat->seats = seats;
	rand_str(seat->secret, sizeof(seat->secret));

	err = meeting_get(&m, seats->srv, room);
	if (!err)
		err = party_alloc(&p, m);
	if (err) {
		mem_deref(seat);
		return err;
	}

	seat->party     = p;
	seat->home      = room->cfg.id;
	seat->peer      = *peer;
	seat->who       = auth->who;
	seat->who.party = p->id;
	if (!seat->who.room && seat->who.role < VERB_ADMIN)
		seat->who.room = room->cfg.id;
	p->seat = seat;
	list_append(&seats->seatl, &seat->le, seat);
	++seats->taken;
	seat->first = db_event_last(seats->srv->db);
	sit(p, name, auth->who.role >= VERB_HOST);

	*sp = seat;

	return 0;
}

void seat_attach(struct seat *seat, struct seat_conn *c)
{
	struct seat_conn *old = seat->conn;

	tmr_cancel(&seat->tmr_linger);
	tmr_cancel(&c->tmr_hello);
	seat->conn = c;
	c->seat = seat;
	if (old) {
		old->seat = NULL;
		conn_close(old, SEAT_CLOSE_REPLACED, "replaced");
	}
}

void seat_lost(struct seat_conn *c)
{
	struct seat *seat = c->seat;

	c->seat = NULL;
	if (!seat)
		return;

	seat->conn = NULL;
	info("party %u lost its WebSocket\n", seat->party->id);
	tmr_start(&seat->tmr_linger, SEAT_LINGER_MS, linger_handler, seat);
}

void seat_conn_gone(struct seat_conn *c, bool bye)
{
	struct party *p;

	if (!c)
		return;

	p = bye && c->seat ? c->seat->party : NULL;
	c->link = NULL;
	seat_lost(c);
	mem_deref(c);
	if (p)
		party_end(p, "left", 0);
}

void *seat_conn_arg(const struct seat_conn *c)
{
	return c ? c->arg : NULL;
}

int seat_admit(struct seat *seat)
{
	struct party *p = seat ? seat->party : NULL;

	if (!p || p->state != PARTY_WAITING)
		return EPROTO;
	if (meeting_full(p->srv, p->meeting->room, true))
		return ENOSPC;

	party_seated(p);
	seat->first = db_event_last(seat->seats->srv->db);
	if (seat->conn)
		conn_welcome(seat->conn, false, 0);
	party_emit(p, EV_PARTY_ADMITTED, json_pack("{s:s}", "name", p->name));

	return 0;
}

void seat_party_ended(struct seat *seat, const char *reason)
{
	struct seat_conn *c;
	char text[REASON_MAX];
	uint16_t code = SEAT_CLOSE_BYE;

	if (!seat)
		return;

	if (seat->seats->srv->closing)
		code = SEAT_CLOSE_GOING;
	else if (seat->party->meeting->ended)
		code = SEAT_CLOSE_ENDED;
	else if (!strncmp(reason, "kicked", 6))
		code = SEAT_CLOSE_KICKED;

	c = seat->conn;
	if (c) {
		c->seat = NULL;
		conn_close(c, code, text_tidy(text, sizeof(text), reason));
	}
	mem_deref(seat);
}

/* He is a host where he was one: elsewhere a guest. */
void seat_party_moved(struct seat *seat)
{
	const struct room *room;

	if (!seat)
		return;

	room = seat->party->meeting->room;
	if (seat->who.room && seat->who.room != room->cfg.id) {
		seat->who.room = room->cfg.id;
		if (seat->who.role == VERB_HOST)
			seat->who.role = VERB_GUEST;
		seat->party->host = false;
		party_marks(seat->party);
	}
	seat->first = db_event_last(seat->seats->srv->db);
	if (seat->conn)
		conn_welcome(seat->conn, false, 0);
}
