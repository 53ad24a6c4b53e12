/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/web_door.c -- what is told at the door, beside the verbs
 */
#include "config.h"

#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "tuttid/auth.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/web_door.h"
#include "web/api.h"
#include "web/http.h"
#include "web/turn.h"

static const char base[] = "/api/v1/";

/* "/api/v1/rooms/ROOM/LAST": the room's name, or false */
static bool room_path(const char *path, const char *last, char *room,
		      size_t size)
{
	static const char rooms[] = "/api/v1/rooms/";
	const size_t n = sizeof(rooms) - 1;
	const char *slash;
	size_t len;

	if (strncmp(path, rooms, n))
		return false;

	path += n;
	slash = strchr(path, '/');
	if (!slash || strcmp(slash + 1, last))
		return false;

	len = (size_t)(slash - path);
	if (len >= size)
		len = size - 1;    /* no room has such a name */
	memcpy(room, path, len);
	room[len] = '\0';

	return true;
}

/* Made once: it says the same as long as we run. */
static void openapi(struct web_req *wreq)
{
	static char *text;
	json_t *obj;

	if (!text) {
		obj  = api_openapi(PACKAGE_VERSION);
		text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;
		json_decref(obj);
	}
	if (text)
		web_reply(wreq, 200, "application/json", NULL, text,
			  strlen(text));
	else
		web_problem(wreq, 500, "No memory", NULL);
}

static void door(const struct server *srv, struct web_req *wreq,
		 const struct room *room)
{
	const struct meeting *m = room->meeting;

	web_reply_json(wreq, 200,
		json_pack("{s:s, s:s, s:b, s:b, s:b, s:b, s:i}",
			  "room", room->cfg.name,
			  "title", room->cfg.title,
			  "pin_needed", room->cfg.pin[0] != '\0',
			  "locked", (int)room->cfg.locked,
			  "full", (int)meeting_full(srv, room, false),
			  "meeting", m && m->id,
			  "parties", m ? (int)meeting_count(m, true) : 0));
}

/* Credentials are for who is in, or could come in by what he shows: not
 * for everybody who knows the name of an open room. */
static bool may_relay(struct server *srv, struct web_req *wreq,
		      const struct room *room, char *user, size_t size)
{
	const struct auth_ask ask = {
		.bearer = auth_bearer(web_header(wreq, "authorization")),
		.room = room, .peer = web_peer(wreq),
	};
	const struct party *p;
	struct auth auth;

	p = seats_party(srv->seats, ask.bearer, room->cfg.name);
	if (p) {
		(void)re_snprintf(user, size, "party-%u", p->id);
		return true;
	}
	if (auth_check(srv, &ask, &auth)) {
		web_refuse_auth(wreq, &auth);
		return false;
	}
	if (auth.by == AUTH_OPEN) {
		web_refuse(wreq, 401, "A seat, token or key is needed", NULL,
			   "WWW-Authenticate: Bearer realm=\"tutti\"\r\n");
		return false;
	}
	(void)re_snprintf(user, size, "room-%llu",
			  (unsigned long long)room->cfg.id);

	return true;
}

static void ice(struct server *srv, struct web_req *wreq,
		const struct room *room)
{
	json_t *servers;
	char user[48];

	if (!may_relay(srv, wreq, room, user, sizeof(user)))
		return;

	servers = turn_ice_servers(srv->turn, user,
				   clock_wall_us() / 1000000);
	web_reply_json(wreq, 200, json_pack("{s:o, s:i}", "iceServers",
					    servers ? servers : json_array(),
					    "ttl", srv->turn ?
					    (int)turn_ttl(srv->turn) : 0));
}

/* GET and HEAD; false after an answer */
static bool is_get(struct web_req *wreq)
{
	const char *method = web_method(wreq);

	if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
		return true;

	if (!strcmp(method, "OPTIONS"))
		web_reply(wreq, 204, NULL, "Allow: GET\r\n", NULL, 0);
	else
		web_refuse(wreq, 405, "Method not allowed", "GET",
			   "Allow: GET\r\n");

	return false;
}

bool web_door_request(struct server *srv, struct web_req *wreq)
{
	const char *path = web_path(wreq);
	const struct room *room;
	char name[64];
	bool is_door;

	if (!strncmp(path, base, sizeof(base) - 1) &&
	    !strcmp(path + sizeof(base) - 1, "openapi.json")) {
		if (is_get(wreq))
			openapi(wreq);
		return true;
	}

	is_door = room_path(path, "door", name, sizeof(name));
	if (!is_door && !room_path(path, "ice", name, sizeof(name)))
		return false;
	if (!is_get(wreq))
		return true;

	room = rooms_find(srv->rooms, name);
	if (!room)
		web_problem(wreq, 404, "No such room", "room \"%s\"", name);
	else if (is_door)
		door(srv, wreq, room);
	else
		ice(srv, wreq, room);

	return true;
}
