/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/auth.c -- the one door for HTTP and WebSocket: who is it?
 */
#include <stdarg.h>
#include <string.h>

#include <re.h>
#include <openssl/crypto.h>

#include "base/clock.h"
#include "db/key.h"
#include "tuttid/apikey.h"
#include "tuttid/auth.h"
#include "tuttid/pin_guard.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/token.h"

enum { BEARER_MAX = TOKEN_TEXT_MAX, PIN_BUF = 32 };

static int refuse(struct auth *auth, int status, const char *title,
		  const char *fmt, ...)
{
	va_list ap;

	auth->who.role = VERB_GUEST;
	auth->who.room = 0;
	auth->who.key  = 0;
	auth->status   = status;
	str_ncpy(auth->title, title, sizeof(auth->title));
	if (fmt) {
		va_start(ap, fmt);
		(void)re_vsnprintf(auth->detail, sizeof(auth->detail), fmt,
				   ap);
		va_end(ap);
	}

	return EACCES;
}

static int admit(struct auth *auth, enum auth_by by, enum verb_role role,
		 uint64_t room)
{
	auth->by       = by;
	auth->who.role = role;
	auth->who.room = room;

	return 0;
}

const char *auth_bearer(const char *authorization)
{
	static const char scheme[] = "bearer ";
	const size_t n = sizeof(scheme) - 1;

	if (!authorization || strncasecmp(authorization, scheme, n))
		return NULL;

	authorization += n;
	while (*authorization == ' ')
		++authorization;

	return *authorization ? authorization : NULL;
}

/* ---- PINs ---- */

/* Takes as long for a wrong one as for the right one. */
static bool same_pin(const char *pin, const char *given)
{
	char a[PIN_BUF] = "", b[PIN_BUF] = "";

	if (!pin[0] || strlen(given) >= sizeof(b))
		return false;

	str_ncpy(a, pin, sizeof(a));
	str_ncpy(b, given, sizeof(b));

	return !CRYPTO_memcmp(a, b, sizeof(a));
}

/* entering: where no PIN is asked for none can be wrong */
static int by_pin(struct server *srv, const struct room *room,
		  const char *pin, const struct auth_ask *ask,
		  struct auth *auth)
{
	const uint64_t now = clock_us();

	if (ask->room && !room->cfg.pin[0] && !room->cfg.host_pin[0])
		return admit(auth, AUTH_OPEN, VERB_GUEST, room->cfg.id);

	if (!pin_guard_ok(&srv->pin_guard, ask->peer, now)) {
		auth->retry_s = pin_guard_wait_s(&srv->pin_guard, ask->peer,
						 now);
		return refuse(auth, 429, "Too many wrong PINs",
			      "try again in %u seconds", auth->retry_s);
	}

	if (room && same_pin(room->cfg.host_pin, pin))
		return admit(auth, AUTH_PIN, VERB_HOST, room->cfg.id);
	if (room && same_pin(room->cfg.pin, pin))
		return admit(auth, AUTH_PIN, VERB_GUEST, room->cfg.id);

	/* a seat's secret of yesterday is no guess */
	if (strspn(pin, "0123456789") == strlen(pin))
		pin_guard_wrong(&srv->pin_guard, ask->peer, now);

	return refuse(auth, 401, "Wrong PIN", NULL);
}

/* "ROOM:1234", the room at most as long as its name may be */
static int by_pin_text(struct server *srv, const char *text,
		       const struct auth_ask *ask, struct auth *auth)
{
	const char *colon = strrchr(text, ':');
	const struct room *room;
	char name[64];

	if (!colon || (size_t)(colon - text) >= sizeof(name))
		return refuse(auth, 401, "Not a PIN", "pin:ROOM:1234");

	(void)re_snprintf(name, sizeof(name), "%b", text,
			  (size_t)(colon - text));
	room = rooms_find(srv->rooms, name);
	if (ask->room && room != ask->room)
		return refuse(auth, 401, "PIN is for another room", NULL);

	return by_pin(srv, room, colon + 1, ask, auth);
}

/* ---- keys and tokens ---- */

static int by_key(struct server *srv, const char *text,
		  const struct auth_ask *ask, struct auth *auth)
{
	char hash[DB_SHA256_HEX];
	struct db_key key;
	int err;

	if (!apikey_is(text) || apikey_hash(hash, text))
		return refuse(auth, 401, "Unknown key", NULL);

	err = db_key_find(srv->db, hash, &key);
	if (err == ENOENT)
		return refuse(auth, 401, "Unknown key", NULL);
	if (err)
		return refuse(auth, 503, "The catalogue refuses", "%s",
			      db_strerror(srv->db));

	if (ask->room && key.room_id && key.room_id != ask->room->cfg.id)
		return refuse(auth, 403, "Key is for another room", NULL);

	(void)db_key_used(srv->db, &key);
	auth->who.key = key.id;
	str_ncpy(auth->who.name, key.account, sizeof(auth->who.name));

	return admit(auth, AUTH_KEY, key.admin ? VERB_ADMIN : VERB_HOST,
		     key.room_id);
}

static int by_token(struct server *srv, const char *text,
		    const struct auth_ask *ask, struct auth *auth)
{
	const uint64_t now_s = clock_wall_us() / 1000000;
	struct token token;
	int err;

	err = token_read(&token, srv->secret, text, now_s);
	if (err == ETIMEDOUT)
		return refuse(auth, 401, "Token has expired", NULL);
	if (err == EAGAIN)
		return refuse(auth, 401, "Token is not valid yet", NULL);
	if (err)
		return refuse(auth, 401, "Not a valid token", NULL);

	if (!rooms_find_id(srv->rooms, token.room))
		return refuse(auth, 401, "Token's room is gone", NULL);
	if (ask->room && token.room != ask->room->cfg.id)
		return refuse(auth, 401, "Token is for another room", NULL);

	str_ncpy(auth->name, token.name, sizeof(auth->name));
	str_ncpy(auth->who.name, token.name, sizeof(auth->who.name));
	auth->expires_us = token.until_s * 1000000;

	return admit(auth, AUTH_TOKEN, token.host ? VERB_HOST : VERB_GUEST,
		     token.room);
}

static int by_bearer(struct server *srv, const char *bearer,
		     const struct auth_ask *ask, struct auth *auth)
{
	if (strlen(bearer) > BEARER_MAX)
		return refuse(auth, 401, "Not a valid token", "too long");
	if (!strncmp(bearer, APIKEY_PREFIX, strlen(APIKEY_PREFIX)))
		return by_key(srv, bearer, ask, auth);
	if (!strncmp(bearer, "pin:", 4))
		return by_pin_text(srv, bearer + 4, ask, auth);
	if (token_is(bearer))
		return by_token(srv, bearer, ask, auth);
	if (ask->room)
		return by_pin(srv, ask->room, bearer, ask, auth);

	return refuse(auth, 401, "Not a token or key", NULL);
}

int auth_check(struct server *srv, const struct auth_ask *ask,
	       struct auth *auth)
{
	const char *bearer, *pin;

	if (!srv || !ask || !ask->peer || !auth)
		return EINVAL;

	memset(auth, 0, sizeof(*auth));
	auth->who.uid = (uid_t)-1;
	auth->who.gid = (gid_t)-1;
	bearer = ask->bearer && *ask->bearer ? ask->bearer : NULL;
	pin    = ask->pin && *ask->pin ? ask->pin : NULL;

	if (bearer)
		return by_bearer(srv, bearer, ask, auth);
	if (pin && ask->room)
		return by_pin(srv, ask->room, pin, ask, auth);
	if (!ask->room)
		return refuse(auth, 401, "A token or key is needed",
			      "Authorization: Bearer …");
	if (ask->room->cfg.pin[0])
		return refuse(auth, 401, "PIN required", NULL);

	return admit(auth, AUTH_OPEN, VERB_GUEST, ask->room->cfg.id);
}
