/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_auth.c -- token create; key create, list, delete
 */
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/json.h"
#include "db/db.h"
#include "db/key.h"
#include "tuttid/apikey.h"
#include "tuttid/events.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/text.h"
#include "tuttid/token.h"
#include "tuttid/verbs.h"

static void refuse(struct req *req, struct server *srv)
{
	req_fail(req, 503, "The catalogue refuses", "%s",
		 db_strerror(srv->db));
}

/* ---- tokens ---- */

/* false after req_fail() */
static bool token_args(struct token *token, struct req *req,
		       const struct room *room, const json_t *args)
{
	const char *role = "guest", *name = NULL;
	uint64_t ttl_s = TOKEN_TTL_S;

	(void)json_u64(args, "ttl", &ttl_s);
	if (ttl_s < TOKEN_TTL_MIN_S || ttl_s > TOKEN_TTL_MAX_S) {
		req_fail(req, 400, "Bad argument", "ttl: from %u to %u "
			 "seconds", TOKEN_TTL_MIN_S, TOKEN_TTL_MAX_S);
		return false;
	}

	(void)json_str(args, "role", &role);
	(void)json_str(args, "name", &name);
	if (name && strlen(name) >= sizeof(token->name)) {
		req_fail(req, 400, "Bad argument", "name: is too long");
		return false;
	}

	memset(token, 0, sizeof(*token));
	token->room    = room->cfg.id;
	token->host    = !strcmp(role, "host");
	token->from_s  = clock_wall_us() / 1000000;
	token->until_s = token->from_s + ttl_s;
	text_tidy(token->name, sizeof(token->name), name);

	return true;
}

static int listen_handler(const char *val, void *arg)
{
	struct mbuf *mb = arg;
	const char *blank = strchr(val, ' ');

	/* "http 127.0.0.1:8080"; all addresses are none for people */
	if (blank && strncmp(blank, " 0.0.0.0:", 9) &&
	    strncmp(blank, " [::]:", 6))
		(void)mbuf_printf(mb, "%b://%s", val, (size_t)(blank - val),
				  blank + 1);

	return EALREADY;           /* the first is enough */
}

/* Where a person goes with it: the page reads the token from behind the
 * "#", which no server and no log is told. */
static json_t *url_json(const struct server *srv, const struct room *room,
			const char *token)
{
	const char *base = config_str(srv->conf, "web_url");
	struct mbuf *mb = mbuf_alloc(256);
	json_t *url = NULL;

	if (!mb)
		return json_null();

	if (base && *base) {
		size_t n = strlen(base);

		while (n && base[n - 1] == '/')
			--n;
		(void)mbuf_write_mem(mb, (const uint8_t *)base, n);
	}
	else {
		(void)config_apply(srv->conf, "web_listen", listen_handler,
				   mb);
	}
	if (mb->end) {
		(void)mbuf_printf(mb, "/%s#token=%s", room->cfg.name, token);
		url = json_stringn((const char *)mb->buf, mb->end);
	}
	mem_deref(mb);

	return url ? url : json_null();
}

void verb_token_create(struct server *srv, struct req *req,
		       const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);
	struct token token;
	char iso[32], *text = NULL;
	json_t *obj;
	int err;

	if (!room || !token_args(&token, req, room, args))
		return;

	err = token_make(&text, srv->secret, &token);
	if (err) {
		req_fail_errno(req, err, "No token");
		return;
	}

	obj = json_pack("{s:s, s:s, s:s, s:s}", "token", text,
			"room", room->cfg.name,
			"role", token.host ? "host" : "guest",
			"expires_time", clock_iso(iso, token.until_s *
						  1000000));
	(void)json_object_set_new(obj, "name", token.name[0] ?
				  json_string(token.name) : json_null());
	(void)json_object_set_new(obj, "url", url_json(srv, room, text));
	mem_deref(text);
	req_ok(req, obj);
}

/* ---- keys ---- */

/* false after req_fail() */
static bool key_args(struct db_key *key, struct server *srv,
		     struct req *req, const json_t *args)
{
	const char *account = "", *role = "host";
	const struct room *room;

	memset(key, 0, sizeof(*key));
	(void)json_str(args, "account", &account);
	if (strlen(account) >= sizeof(key->account)) {
		req_fail(req, 400, "Bad argument", "account: is too long");
		return false;
	}
	text_tidy(key->account, sizeof(key->account), account);
	if (!key->account[0]) {
		req_fail(req, 400, "Bad argument", "account: is empty");
		return false;
	}

	(void)json_str(args, "role", &role);
	key->admin = !strcmp(role, "admin");
	if (!json_object_get(args, "room"))
		return true;

	if (key->admin) {
		req_fail(req, 400, "Bad argument",
			 "room: an administrator's key is for all");
		return false;
	}
	room = verbs_room(srv, req, args);
	key->room_id = room ? room->cfg.id : 0;

	return room != NULL;
}

static json_t *key_json(const struct server *srv, const struct db_key *key,
			const char *text)
{
	const struct room *room = rooms_find_id(srv->rooms, key->room_id);
	char iso[32];

	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:s, s:n}",
			 "key_id", (json_int_t)key->id, "key", text,
			 "account", key->account,
			 "role", key->admin ? "admin" : "host",
			 "room", room ? json_string(room->cfg.name)
				      : json_null(),
			 "created_time", clock_iso(iso, key->created_us),
			 "used_time");
}

void verb_key_create(struct server *srv, struct req *req, const json_t *args)
{
	char text[APIKEY_SIZE], hash[DB_SHA256_HEX];
	struct db_key key;
	int err;

	if (!key_args(&key, srv, req, args))
		return;

	err = apikey_make(text);
	if (!err)
		err = apikey_hash(hash, text);
	if (err) {
		req_fail_errno(req, err, "No key");
		return;
	}
	if (db_key_add(srv->db, &key, hash)) {
		refuse(req, srv);
		return;
	}

	events_emit(srv->events, EV_KEY_CREATED,
		    json_pack("{s:I, s:s, s:s}", "key_id",
			      (json_int_t)key.id, "account", key.account,
			      "role", key.admin ? "admin" : "host"));
	req_ok(req, key_json(srv, &key, text));
	memset(text, 0, sizeof(text));
}

void verb_key_list(struct server *srv, struct req *req, const json_t *args)
{
	json_t *arr = NULL;

	(void)args;
	if (db_key_list(srv->db, &arr))
		refuse(req, srv);
	else
		req_ok(req, arr);
}

void verb_key_delete(struct server *srv, struct req *req, const json_t *args)
{
	struct db_key key;
	uint64_t id = 0;
	int err;

	(void)json_u64(args, "key", &id);
	err = db_key_get(srv->db, id, &key);
	if (!err)
		err = db_key_del(srv->db, id);
	if (err == ENOENT) {
		req_fail(req, 404, "No such key", "key %llu",
			 (unsigned long long)id);
		return;
	}
	if (err) {
		refuse(req, srv);
		return;
	}

	events_emit(srv->events, EV_KEY_DELETED,
		    json_pack("{s:I, s:s}", "key_id", (json_int_t)id,
			      "account", key.account));
	req_ok(req, NULL);
	seats_key_gone(srv->seats, id);
	events_key_gone(srv->events, id);
}
