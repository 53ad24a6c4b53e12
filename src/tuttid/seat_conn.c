/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/seat_conn.c -- a seat's connection: hello, commands, events
 *
 * A handler may end the very connection whose message is being handled (a
 * host kicks himself): it is held while that goes on.
 */
#include "config.h"

#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/verb.h"
#include "db/event.h"
#include "tuttid/auth.h"
#include "tuttid/events.h"
#include "tuttid/layouts.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/recording.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/seat_priv.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

/* A command that waits for its answer */
struct ask {
	struct le le;
	struct seat_conn *c;      /* weak                                 */
	struct req *req;          /* weak: NULL once answered             */
};

static void ask_destructor(void *arg)
{
	struct ask *ask = arg;

	list_unlink(&ask->le);
	req_detach(ask->req);
}

static void unfollow(struct seat_conn *c)
{
	struct req *req = c->follow;

	c->follow = NULL;
	req_detach(req);
	mem_deref(req);
}

static void conn_destructor(void *arg)
{
	struct seat_conn *c = arg;

	c->link = NULL;
	tmr_cancel(&c->tmr_hello);
	list_unlink(&c->le);
	unfollow(c);
	list_flush(&c->askl);
}

void conn_send(struct seat_conn *c, json_t *msg)
{
	if (c->link && msg)
		c->link->sendh(msg, c->arg);
	json_decref(msg);
}

void conn_close(struct seat_conn *c, uint16_t code, const char *reason)
{
	const struct seat_link *link = c->link;

	if (!link)
		return;

	c->link = NULL;
	seat_lost(c);
	tmr_cancel(&c->tmr_hello);
	list_unlink(&c->le);
	unfollow(c);
	link->closeh(code, reason, c->arg);
	mem_deref(c);
}

/* ---- welcome ---- */

static void catch_handler(json_t *line, bool last, void *arg)
{
	json_t **resultp = arg;

	(void)last;
	if (!*resultp)
		*resultp = json_incref(json_object_get(line, "result"));
}

/* What was written so far, as the verb tells it to him; it answers at once */
static json_t *chat_json(struct seat *seat)
{
	struct meeting *m = seat->party->meeting;
	json_t *result = NULL, *msg;
	struct req *req = NULL;

	msg = json_pack("{s:s, s:{s:s}}", "verb", "chat list", "args",
			"room", m->name);
	if (m->id && msg && !req_alloc(&req, NULL, &seat->who, catch_handler,
				       &result))
		verbs_dispatch(seat->seats->srv, req, msg);
	req_detach(req);
	mem_deref(req);
	json_decref(msg);

	return result ? result : json_array();
}

static json_t *list_json(const struct seat *seat)
{
	json_t *arr = json_array();
	struct le *le;

	LIST_FOREACH(&seat->party->meeting->partyl, le) {
		const struct party *p = le->data;

		if (p->state == PARTY_WAITING && p != seat->party &&
		    seat->who.role < VERB_HOST)
			continue;
		(void)json_array_append_new(arr, events_redact(&seat->who,
							party_json(p)));
	}

	return arr;
}

static json_t *room_json(const struct meeting *m)
{
	const struct db_room *cfg = &m->room->cfg;

	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:I, s:o, s:I, s:I, s:b,"
			 " s:I}",
			 "name", cfg->name, "title", cfg->title,
			 "number", cfg->number, "locked", cfg->locked,
			 "layout", cfg->layout,
			 "spotlight", (json_int_t)pins_first(&m->spotlights),
			 "spotlights", pins_encode(&m->spotlights),
			 "speaker", (json_int_t)m->speaker,
			 "recording", (json_int_t)(m->rec ?
					recording_id(m->rec) : 0),
			 "recording_paused",
			 m->rec && recording_paused(m->rec),
			 "load", (json_int_t)m->load_step);
}

static json_t *welcome_json(struct seat *seat, bool resumed)
{
	const struct server *srv = seat->seats->srv;
	const struct party *p = seat->party;
	const bool waiting = p->state == PARTY_WAITING;

	return json_pack("{s:{s:s, s:I, s:s, s:s, s:o, s:b, s:I, s:b, s:o,"
			 " s:o, s:o, s:o, s:s}}", "welcome",
			 "seat", seat->secret, "party", (json_int_t)p->id,
			 "name", p->name,
			 "role", seat->who.role >= VERB_HOST ? "host"
							     : "guest",
			 "room", room_json(p->meeting),
			 "waiting", waiting,
			 "number", (json_int_t)db_event_last(srv->db),
			 "resumed", resumed,
			 "party_list", waiting ? json_array()
					       : list_json(seat),
			 "chat", waiting ? json_array() : chat_json(seat),
			 "layouts", layouts_json(srv->layouts, false),
			 "layout_titles", layouts_json(srv->layouts,
						       true),
			 "server", "tutti/" PACKAGE_VERSION);
}

/* Events, and at the very end why there will be no more of them */
static void follow_handler(json_t *line, bool last, void *arg)
{
	struct seat_conn *c = arg;

	if (json_object_get(line, "event"))
		conn_send(c, json_incref(line));
	if (last)
		conn_close(c, SEAT_CLOSE_CATALOGUE, "catalogue in trouble");
}

static size_t waiting_handler(void *arg)
{
	const struct seat_conn *c = arg;

	return c->link ? c->link->waitingh(c->arg) : 0;
}

static void follow(struct seat_conn *c, bool resume, uint64_t since)
{
	struct seat *seat = c->seat;
	struct db_event_filter filter = {
		.room = seat->party->meeting->name,
		.since = since > seat->first ? since : seat->first,
	};
	int err;

	unfollow(c);
	err = req_alloc(&c->follow, NULL, &seat->who, follow_handler, c);
	if (err)
		return;

	req_set_waiting(c->follow, waiting_handler);
	err = events_follow(seat->seats->srv->events, c->follow, &filter,
			    resume);
	if (err) {
		warning("party %u is told no events: %m\n", seat->party->id,
			err);
		conn_close(c, SEAT_CLOSE_CATALOGUE, "catalogue in trouble");
	}
}

void conn_welcome(struct seat_conn *c, bool resumed, uint64_t since)
{
	struct server *srv = c->seats->srv;
	struct db_state state;

	/* what waits to be written cannot be replayed: he learns by the
	 * welcome how things are, and what comes from now on */
	db_state(srv->db, &state);
	if (state.trouble)
		resumed = false;

	conn_send(c, welcome_json(c->seat, resumed));
	if (c->seat->party->state != PARTY_WAITING)
		follow(c, resumed, since);
}

/* ---- hello ---- */

static void refuse(struct seat_conn *c, int status, const char *title,
		   const char *detail, unsigned retry_s)
{
	json_t *why = json_pack("{s:i, s:s}", "status", status, "title",
				title);

	++c->seats->refused;
	if (why && detail && detail[0])
		(void)json_object_set_new(why, "detail", json_string(detail));
	if (why && retry_s)
		(void)json_object_set_new(why, "retry_s",
					  json_integer(retry_s));
	conn_send(c, json_pack("{s:o?}", "refused", why));
	conn_close(c, (uint16_t)(4000 + status), title);
}

static const char *str_of(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s && s[0] ? s : NULL;
}

static bool resume(struct seat_conn *c, const json_t *hello)
{
	struct seat *seat = seats_find(c->seats, str_of(hello, "seat"),
				       c->room);
	const bool since_given = json_is_integer(json_object_get(hello,
								 "since"));
	uint64_t since = 0;

	if (!seat)
		return false;

	(void)json_u64(hello, "since", &since);
	++c->seats->resumed;
	seat_attach(seat, c);
	conn_welcome(c, since_given, since);

	return true;
}

/* A newcomer: who is it, and is there room? */
static void enter(struct seat_conn *c, const json_t *hello)
{
	struct server *srv = c->seats->srv;
	struct room *room = rooms_find(srv->rooms, c->room);
	const char *token = str_of(hello, "token");
	struct auth_ask ask = {
		.bearer = token ? token : str_of(hello, "key"),
		.pin = str_of(hello, "pin"), .room = room, .peer = &c->peer,
	};
	const char *name = str_of(hello, "name");
	struct seat *seat;
	struct auth auth;
	int err;

	if (srv->closing) {
		refuse(c, 503, "Server is going down", NULL, 30);
		return;
	}
	if (!room) {
		refuse(c, 404, "No such room", c->room, 0);
		return;
	}
	memset(&auth, 0, sizeof(auth));
	if (auth_check(srv, &ask, &auth)) {
		refuse(c, auth.status, auth.title, auth.detail, auth.retry_s);
		return;
	}
	if (meeting_full(srv, room, auth.who.role >= VERB_HOST)) {
		refuse(c, 409, "Room is full", NULL, 0);
		return;
	}

	err = seat_alloc(&seat, c->seats, room, &auth,
			 auth.name[0] ? auth.name : name, &c->peer);
	if (err == EAGAIN) {
		refuse(c, 429, "Too many seats from your address", NULL,
		       SEAT_LINGER_MS / 1000);
		return;
	}
	if (err) {
		warning("no seat in room %s: %m\n", room->cfg.name, err);
		refuse(c, 503, "No seat is free", NULL, 30);
		return;
	}

	seat_attach(seat, c);
	conn_welcome(c, false, 0);
}

static void hello_msg(struct seat_conn *c, const json_t *msg)
{
	const json_t *hello = json_object_get(msg, "hello");

	if (!json_is_object(hello))
		refuse(c, 400, "Hello first", NULL, 0);
	else if (!resume(c, hello))
		enter(c, hello);
}

static void hello_handler(void *arg)
{
	on_loop();
	conn_close(arg, SEAT_CLOSE_HELLO, "no hello");
}

/* ---- commands ---- */

static void line_handler(json_t *line, bool last, void *arg)
{
	struct ask *ask = arg;

	if (last)
		ask->req = NULL;
	conn_send(ask->c, json_incref(line));
}

/* Answered ones are forgotten. */
static void sweep(struct seat_conn *c)
{
	struct le *le = c->askl.head;

	while (le) {
		struct ask *ask = le->data;

		le = le->next;
		if (!ask->req)
			mem_deref(ask);
	}
}

/* NULL, or why it is not even looked at */
static const char *not_now(const struct seat_conn *c, const json_t *msg,
			   int *status)
{
	const struct verb *verb;
	const char *name = NULL;

	(void)json_str(msg, "verb", &name);
	verb = verb_find(name);

	*status = 429;
	if (!c->left)
		return "Too many messages";
	if (list_count(&c->askl) >= SEAT_REQS_MAX)
		return "Too many requests at a time";

	*status = 403;
	if (c->seat->party->state == PARTY_WAITING)
		return "Not let in yet";

	*status = 400;
	if (verb && verb->stream)
		return "Events come by themselves";

	return NULL;
}

static void command(struct seat_conn *c, const json_t *msg)
{
	const char *why;
	struct req *req;
	struct ask *ask;
	int status;

	ask = mem_zalloc(sizeof(*ask), ask_destructor);
	if (!ask)
		return;

	ask->c = c;
	if (req_alloc(&req, json_object_get(msg, "id"), &c->seat->who,
		      line_handler, ask)) {
		mem_deref(ask);
		return;
	}
	ask->req = req;

	sweep(c);
	why = not_now(c, msg, &status);
	list_append(&c->askl, &ask->le, ask);
	if (why)
		req_fail(req, status, why, NULL);
	else
		verbs_dispatch(c->seats->srv, req, msg);
	mem_deref(req);
	sweep(c);
}

/* SEAT_BURST at once, then SEAT_RATE a second; false: cut off */
static bool count(struct seat_conn *c)
{
	const uint64_t now = clock_us();
	const uint64_t n = (now - c->left_us) * SEAT_RATE / 1000000;

	if (n) {
		c->left = n > SEAT_BURST - c->left ? SEAT_BURST
						   : c->left + (unsigned)n;
		c->left_us = now;
	}
	if (c->left) {
		/* what was too much is forgiven as fast as it may come */
		c->refused -= c->refused > 0;
		return true;
	}

	return ++c->refused <= SEAT_REFUSED_MAX;
}

static void seated_msg(struct seat_conn *c, const json_t *msg)
{
	if (json_is_true(json_object_get(msg, "bye"))) {
		party_end(c->seat->party, "left", 0);
		return;
	}
	if (!count(c)) {
		conn_close(c, SEAT_CLOSE_RATE, "too many messages");
		return;
	}

	command(c, msg);
	if (c->left)
		--c->left;
}

void seat_conn_recv(struct seat_conn *c, const json_t *msg)
{
	if (!c || !c->link)
		return;

	mem_ref(c);
	if (c->seat)
		seated_msg(c, msg);
	else
		hello_msg(c, msg);
	mem_deref(c);
}

int seat_conn_alloc(struct seat_conn **cp, struct seats *seats,
		    const char *room, const struct sa *peer,
		    const struct seat_link *link, void *arg)
{
	struct seat_conn *c;

	if (!cp || !seats || !room || !peer || !link)
		return EINVAL;

	c = mem_zalloc(sizeof(*c), conn_destructor);
	if (!c)
		return ENOMEM;

	tmr_init(&c->tmr_hello);
	c->seats   = seats;
	c->link    = link;
	c->arg     = arg;
	c->peer    = *peer;
	c->left    = SEAT_BURST;
	c->left_us = clock_us();
	str_ncpy(c->room, room, sizeof(c->room));
	list_append(&seats->connl, &c->le, c);
	tmr_start(&c->tmr_hello, SEAT_HELLO_MS, hello_handler, c);

	*cp = c;

	return 0;
}
