/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_auth.c -- tokens, keys, PINs: who is let in
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>
#include <jwt.h>

#include "base/clock.h"
#include "base/json.h"
#include "db/key.h"
#include "tests/unit/test.h"
#include "tests/unit/test_srv.h"
#include "tuttid/apikey.h"
#include "tuttid/auth.h"
#include "tuttid/pin_guard.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/token.h"

enum { NOW = 1800000000 };

static const char secret[] = "00112233445566778899aabbccddeeff"
			     "00112233445566778899aabbccddeeff";
static const char other[]  = "ff112233445566778899aabbccddeeff"
			     "00112233445566778899aabbccddeeff";

/* ---- tokens ---- */

static const struct token ann = {
	.room = 7, .host = true, .name = "Ann Müller",
	.from_s = NOW, .until_s = NOW + 60,
};

static int test_token(void)
{
	struct token got = {.room = 0};
	char *text = NULL, *again = NULL;
	int err;

	err = token_make(&text, secret, &ann);
	TEST_ERR(err);
	TEST_TRUE(token_is(text));
	TEST_ERR(token_read(&got, secret, text, NOW));
	TEST_EQ(7, got.room);
	TEST_TRUE(got.host);
	TEST_STR("Ann Müller", got.name);
	TEST_EQ(NOW + 60, got.until_s);

	/* the last second counts, the next does not */
	TEST_ERR(token_read(&got, secret, text, NOW + 59));
	TEST_EQ(ETIMEDOUT, token_read(&got, secret, text, NOW + 60));
	TEST_ERR(token_read(&got, secret, text, NOW - TOKEN_SKEW_S));
	TEST_EQ(EAGAIN, token_read(&got, secret, text,
				   NOW - TOKEN_SKEW_S - 1));
	TEST_EQ(EBADMSG, token_read(&got, other, text, NOW));

	/* two are never the same */
	TEST_ERR(token_make(&again, secret, &ann));
	TEST_TRUE(strcmp(text, again));
 out:
	mem_deref(text);
	mem_deref(again);
	return err;
}

/* Whichever character changes: it is not ours any more. */
static int test_token_changed(void)
{
	struct token got;
	char *text = NULL, *bad = NULL;
	size_t i, n, last;
	int err;

	err = token_make(&text, secret, &ann);
	TEST_ERR(err);
	n = strlen(text);
	last = n - 1;              /* 4 of its 6 bits count */
	for (i = 0; i < last; i++) {
		bad = mem_deref(bad);
		TEST_ERR(str_dup(&bad, text));
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		TEST_EQ(EBADMSG, token_read(&got, secret, bad, NOW));
	}
	for (i = 0; i < n; i++) {
		bad = mem_deref(bad);
		TEST_ERR(str_dup(&bad, text));
		bad[i] = '\0';
		TEST_EQ(EBADMSG, token_read(&got, secret, bad, NOW));
	}
 out:
	mem_deref(text);
	mem_deref(bad);
	return err;
}

struct claims {
	const char *name;
	jwt_alg_t alg;
	const char *iss, *sub, *role, *shown;
	long exp;
	int err;
};

static char *forge(const struct claims *c)
{
	uint8_t key[32];
	jwt_t *jwt = NULL;
	char *text;

	if (str_hex(key, sizeof(key), secret) || jwt_new(&jwt))
		return NULL;
	if (c->iss)
		(void)jwt_add_grant(jwt, "iss", c->iss);
	if (c->sub)
		(void)jwt_add_grant(jwt, "sub", c->sub);
	if (c->role)
		(void)jwt_add_grant(jwt, "role", c->role);
	if (c->shown)
		(void)jwt_add_grant(jwt, "name", c->shown);
	if (c->exp)
		(void)jwt_add_grant_int(jwt, "exp", c->exp);
	(void)jwt_set_alg(jwt, c->alg, c->alg == JWT_ALG_NONE ? NULL : key,
			  c->alg == JWT_ALG_NONE ? 0 : (int)sizeof(key));
	text = jwt_encode_str(jwt);
	jwt_free(jwt);

	return text;
}

static int test_token_forged(void)
{
	static const struct claims v[] = {
		{"good", JWT_ALG_HS256, "tutti", "7", "guest", "x", NOW + 9, 0},
		{"nameless", JWT_ALG_HS256, "tutti", "7", "host", NULL,
		 NOW + 9, 0},
		{"unsigned", JWT_ALG_NONE, "tutti", "7", "host", "x", NOW + 9,
		 EBADMSG},
		{"another algorithm", JWT_ALG_HS512, "tutti", "7", "host",
		 "x", NOW + 9, EBADMSG},
		{"another issuer", JWT_ALG_HS256, "other", "7", "host", "x",
		 NOW + 9, EBADMSG},
		{"no issuer", JWT_ALG_HS256, NULL, "7", "host", "x", NOW + 9,
		 EBADMSG},
		{"no room", JWT_ALG_HS256, "tutti", NULL, "host", "x",
		 NOW + 9, EBADMSG},
		{"a room by name", JWT_ALG_HS256, "tutti", "demo", "host",
		 "x", NOW + 9, EBADMSG},
		{"room 0", JWT_ALG_HS256, "tutti", "0", "host", "x", NOW + 9,
		 EBADMSG},
		{"room -1", JWT_ALG_HS256, "tutti", "-1", "host", "x",
		 NOW + 9, EBADMSG},
		{"a room too great", JWT_ALG_HS256, "tutti",
		 "18446744073709551623", "host", "x", NOW + 9, EBADMSG},
		{"an administrator", JWT_ALG_HS256, "tutti", "7", "admin",
		 "x", NOW + 9, EBADMSG},
		{"no role", JWT_ALG_HS256, "tutti", "7", NULL, "x", NOW + 9,
		 EBADMSG},
		{"for ever", JWT_ALG_HS256, "tutti", "7", "guest", "x", 0,
		 ETIMEDOUT},
		{"before time", JWT_ALG_HS256, "tutti", "7", "guest", "x",
		 -5, ETIMEDOUT},
	};
	static const char *const junkv[] = {
		"", ".", "..", "...", "a.b.c", "tutti_", "e30.e30.e30",
		"eyJhbGciOiJub25lIn0.e30.", "\xff.\xff.\xff",
		"eyJhbGciOiJIUzI1NiJ9..", "=.=.=",
	};
	struct token got;
	char *text = NULL;
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		int got_err;

		free(text);
		text = forge(&v[i]);
		TEST_TRUE(text);
		got_err = token_read(&got, secret, text, NOW);
		if (got_err != v[i].err)
			printf("# %s\n", v[i].name);
		TEST_EQ(v[i].err, got_err);
	}
	for (i = 0; i < ARRAY_SIZE(junkv); i++)
		TEST_EQ(EBADMSG, token_read(&got, secret, junkv[i], NOW));
 out:
	free(text);
	return err;
}

/* ---- keys ---- */

static int test_key_text(void)
{
	static const char *const badv[] = {
		"", "tutti_", "tutti_abc",
		"tutti_0123456789abcdefghijABCDEFGHIJ0",
		"tutti_0123456789abcdefghijABCDEFGHIJ012",
		"tutti_0123456789abcdefghijABCDEFGHIJ-1",
		"TUTTI_0123456789abcdefghijABCDEFGHIJ01",
	};
	char a[APIKEY_SIZE], b[APIKEY_SIZE], hash[65];
	bool seen[128] = {false};
	unsigned i, n = 0;
	int err = 0;

	TEST_ERR(apikey_make(a));
	TEST_ERR(apikey_make(b));
	TEST_TRUE(strcmp(a, b));
	TEST_TRUE(apikey_is(a));
	TEST_EQ(38, strlen(a));
	for (i = 0; i < ARRAY_SIZE(badv); i++)
		TEST_TRUE(!apikey_is(badv[i]));

	TEST_ERR(apikey_hash(hash, "abc"));
	TEST_STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61"
		 "f20015ad", hash);

	/* all 62 come */
	for (i = 0; i < 50; i++) {
		const char *p;

		TEST_ERR(apikey_make(a));
		for (p = a + strlen(APIKEY_PREFIX); *p; p++)
			seen[*p & 127] = true;
	}
	for (i = 0; i < 128; i++)
		n += seen[i];
	TEST_EQ(62, n);
 out:
	return err;
}

/* ---- the door ---- */

static struct sa peer;

/* The status, 0 for admitted */
static int door(const char *room, const char *bearer, const char *pin,
		struct auth *auth)
{
	const struct auth_ask ask = {
		.bearer = bearer, .pin = pin, .peer = &peer,
		.room = rooms_find(srv->rooms, room),
	};
	const int err = auth_check(srv, &ask, auth);

	if (!err != !auth->status)
		return -1;
	if (err && (auth->who.room || auth->who.role != VERB_GUEST ||
		    !auth->title[0]))
		return -2;

	return auth->status;
}

static int rooms(void)
{
	const struct req_who admin = srv_admin();
	int err = 0;

	TEST_ERR(sa_set_str(&peer, "192.0.2.9", 1));
	TEST_ERR(srv_up());
	TEST_EQ(200, srv_ask(&admin, "room create", "{\"room\": \"open\"}"));
	TEST_EQ(200, srv_ask(&admin, "room create", "{\"room\": \"half\", "
			     "\"host_pin\": \"9999\"}"));
	TEST_EQ(200, srv_ask(&admin, "room create", "{\"room\": \"shut\", "
			     "\"pin\": \"1234\", \"host_pin\": \"9999\","
			     " \"number\": \"77\"}"));
 out:
	return err;
}

static int test_pins(void)
{
	static const struct {
		const char *room, *bearer, *pin;
		int status;
		enum verb_role role;
		const char *title;
	} v[] = {
		{"open", NULL,   NULL,   0,   VERB_GUEST, ""},
		{"open", NULL,   "1",    0,   VERB_GUEST, ""},
		{"open", "1",    NULL,   0,   VERB_GUEST, ""},
		{"half", NULL,   NULL,   0,   VERB_GUEST, ""},
		{"half", NULL,   "9999", 0,   VERB_HOST,  ""},
		{"half", NULL,   "1",    401, VERB_GUEST, "Wrong PIN"},
		{"shut", NULL,   NULL,   401, VERB_GUEST, "PIN required"},
		{"shut", NULL,   "",     401, VERB_GUEST, "PIN required"},
		{"shut", NULL,   "1234", 0,   VERB_GUEST, ""},
		{"shut", "1234", NULL,   0,   VERB_GUEST, ""},
		{"shut", "9999", NULL,   0,   VERB_HOST,  ""},
		{"shut", NULL,   "12345", 401, VERB_GUEST, "Wrong PIN"},
		{"shut", "pin:shut:9999", NULL, 0, VERB_HOST, ""},
		{"shut", "pin:half:9999", NULL, 401, VERB_GUEST,
		 "PIN is for another room"},
		{NULL,   NULL,   NULL,   401, VERB_GUEST,
		 "A token or key is needed"},
		{NULL,   "1234", NULL,   401, VERB_GUEST,
		 "Not a token or key"},
		{NULL,   NULL,   "1234", 401, VERB_GUEST,
		 "A token or key is needed"},
		{NULL,   "pin:shut:1234", NULL, 0, VERB_GUEST, ""},
		{NULL,   "pin:77:9999",   NULL, 0, VERB_HOST, ""},
		{NULL,   "pin:shut", NULL, 401, VERB_GUEST, "Not a PIN"},
		{NULL,   "pin:open:", NULL, 401, VERB_GUEST, "Wrong PIN"},
		{NULL,   "pin:nowhere:1", NULL, 401, VERB_GUEST,
		 "Wrong PIN"},
	};
	struct auth auth;
	size_t i;
	int err;

	err = rooms();
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		int got;

		memset(&srv->pin_guard, 0, sizeof(srv->pin_guard));
		got = door(v[i].room, v[i].bearer, v[i].pin, &auth);
		if (got != v[i].status || strcmp(v[i].title, auth.title))
			printf("# %s %s %s: %s\n", v[i].room ? v[i].room : "",
			       v[i].bearer ? v[i].bearer : "",
			       v[i].pin ? v[i].pin : "", auth.title);
		TEST_EQ(v[i].status, got);
		TEST_STR(v[i].title, auth.title);
		TEST_EQ(v[i].role, auth.who.role);
		if (!got)
			TEST_TRUE(auth.who.room);
	}
 out:
	srv_down();
	return err;
}

static int test_guessing(void)
{
	struct auth auth;
	struct sa six;
	int err, i;

	err = rooms();
	TEST_ERR(err);
	for (i = 0; i < 2 * PIN_GUARD_TRIES; i++)
		TEST_EQ(401, door("shut", "00ff00ff00ff00ff00ff00ff00ff00ff",
				  NULL, &auth));
	for (i = 0; i < PIN_GUARD_TRIES; i++)
		TEST_EQ(401, door("shut", NULL, "1", &auth));
	TEST_EQ(429, door("shut", NULL, "1", &auth));
	TEST_EQ(429, door("shut", NULL, "1234", &auth));
	TEST_TRUE(auth.retry_s > 50 && auth.retry_s <= 60);
	TEST_EQ(429, door(NULL, "pin:shut:1234", NULL, &auth));
	TEST_EQ(0, door("open", NULL, NULL, &auth));
	TEST_ERR(sa_set_str(&peer, "192.0.2.10", 1));
	TEST_EQ(0, door("shut", NULL, "1234", &auth));

	/* whoever has a /64 has all of it */
	for (i = 0; i < PIN_GUARD_TRIES; i++) {
		char text[64];

		(void)re_snprintf(text, sizeof(text), "2001:db8:1:2::%x",
				  i + 1);
		TEST_ERR(sa_set_str(&peer, text, 1));
		TEST_EQ(401, door("shut", NULL, "1", &auth));
	}
	TEST_EQ(429, door("shut", NULL, "1234", &auth));
	TEST_ERR(sa_set_str(&six, "2001:db8:1:3::1", 1));
	peer = six;
	TEST_EQ(0, door("shut", NULL, "1234", &auth));
 out:
	srv_down();
	return err;
}

static const char *text_of(const char *key)
{
	const char *s = "";

	(void)json_str(srv_result(), key, &s);

	return s;
}

static int test_token_door(void)
{
	const struct req_who admin = srv_admin();
	struct token token = {.host = false, .name = "Old"};
	char *guest = NULL, *host = NULL, *old = NULL, *again = NULL;
	struct auth auth;
	int err;

	err = rooms();
	TEST_ERR(err);
	TEST_EQ(200, srv_ask(&admin, "token create", "{\"room\": \"shut\", "
			     "\"name\": \"Ann\", \"ttl\": 60}"));
	TEST_STR("guest", text_of("role"));
	TEST_STR("Ann", text_of("name"));
	TEST_ERR(str_dup(&guest, text_of("token")));
	TEST_EQ(200, srv_ask(&admin, "token create", "{\"room\": 77, "
			     "\"role\": \"host\"}"));
	TEST_ERR(str_dup(&host, text_of("token")));

	TEST_EQ(0, door("shut", guest, NULL, &auth));
	TEST_EQ(VERB_GUEST, auth.who.role);
	TEST_EQ(AUTH_TOKEN, auth.by);
	TEST_STR("Ann", auth.name);
	TEST_TRUE(auth.expires_us > clock_wall_us());
	TEST_EQ(rooms_find(srv->rooms, "shut")->cfg.id, auth.who.room);
	TEST_EQ(0, door(NULL, host, NULL, &auth));
	TEST_EQ(VERB_HOST, auth.who.role);
	TEST_EQ(401, door("open", guest, NULL, &auth));
	TEST_STR("Token is for another room", auth.title);

	token.room    = rooms_find(srv->rooms, "shut")->cfg.id;
	token.until_s = clock_wall_us() / 1000000 - 1;
	TEST_ERR(token_make(&old, srv->secret, &token));
	TEST_EQ(401, door("shut", old, NULL, &auth));
	TEST_STR("Token has expired", auth.title);
	TEST_EQ(401, door("shut", "a.b.c", NULL, &auth));
	TEST_STR("Not a valid token", auth.title);

	/* a room of the same name is another */
	TEST_EQ(200, srv_ask(&admin, "room delete", "{\"room\": \"shut\"}"));
	TEST_EQ(401, door(NULL, guest, NULL, &auth));
	TEST_STR("Token's room is gone", auth.title);
	TEST_EQ(200, srv_ask(&admin, "room create", "{\"room\": \"shut\"}"));
	TEST_EQ(401, door("shut", guest, NULL, &auth));

	/* how long */
	TEST_EQ(400, srv_ask(&admin, "token create", "{\"room\": \"open\", "
			     "\"ttl\": 2592001}"));
	TEST_EQ(400, srv_ask(&admin, "token create", "{\"room\": \"open\", "
			     "\"ttl\": 0}"));
	TEST_EQ(200, srv_ask(&admin, "token create", "{\"room\": \"open\", "
			     "\"ttl\": 2592000}"));
	TEST_EQ(404, srv_ask(&admin, "token create", "{\"room\": \"no\"}"));
	TEST_EQ(400, srv_ask(&admin, "token create", "{\"room\": \"open\", "
			     "\"role\": \"admin\"}"));
 out:
	mem_deref(guest);
	mem_deref(host);
	mem_deref(old);
	mem_deref(again);
	srv_down();
	return err;
}

static int test_key_door(void)
{
	const struct req_who admin = srv_admin();
	char *host = NULL, *all = NULL, *root = NULL, *text = NULL;
	struct auth auth, kept;
	int err;

	err = rooms();
	TEST_ERR(err);
	TEST_EQ(200, srv_ask(&admin, "key create", "{\"account\": \"crm\", "
			     "\"room\": \"shut\"}"));
	TEST_ERR(str_dup(&host, text_of("key")));
	TEST_EQ(200, srv_ask(&admin, "key create", "{\"account\": \"bot\"}"));
	TEST_ERR(str_dup(&all, text_of("key")));
	TEST_EQ(200, srv_ask(&admin, "key create", "{\"account\": \"root\", "
			     "\"role\": \"admin\"}"));
	TEST_ERR(str_dup(&root, text_of("key")));
	TEST_EQ(400, srv_ask(&admin, "key create", "{\"account\": \"x\", "
			     "\"role\": \"admin\", \"room\": \"shut\"}"));
	TEST_EQ(400, srv_ask(&admin, "key create", "{\"account\": \" \"}"));

	TEST_EQ(0, door("shut", host, NULL, &auth));
	TEST_EQ(VERB_HOST, auth.who.role);
	TEST_STR("crm", auth.who.name);
	TEST_EQ(rooms_find(srv->rooms, "shut")->cfg.id, auth.who.room);
	TEST_EQ(403, door("open", host, NULL, &auth));
	TEST_EQ(0, door("open", all, NULL, &auth));
	TEST_EQ(0, auth.who.room);
	TEST_EQ(0, door(NULL, root, NULL, &kept));
	TEST_EQ(VERB_ADMIN, kept.who.role);
	TEST_EQ(401, door(NULL, "tutti_0123456789abcdefghijABCDEFGHIJ01",
			  NULL, &auth));
	TEST_STR("Unknown key", auth.title);
	TEST_EQ(401, door(NULL, "tutti_' OR 1=1 --", NULL, &auth));

	/* the list tells no key */
	TEST_EQ(200, srv_ask(&kept.who, "key list", NULL));
	TEST_EQ(3, json_array_size(srv_result()));
	text = json_dumps(srv_result(), 0);
	TEST_TRUE(text && !strstr(text, root + 6));

	/* withdrawn: at once, also where somebody is in by it already */
	TEST_EQ(200, srv_ask(&admin, "key delete", "{\"key\": 3}"));
	TEST_EQ(404, srv_ask(&admin, "key delete", "{\"key\": 3}"));
	TEST_EQ(401, door(NULL, root, NULL, &auth));
	TEST_EQ(401, srv_ask(&kept.who, "key list", NULL));
	TEST_STR("Key was withdrawn", srv_title());
 out:
	free(text);
	mem_deref(host);
	mem_deref(all);
	mem_deref(root);
	srv_down();
	return err;
}

static int test_bearer(void)
{
	int err = 0;

	TEST_STR("x", auth_bearer("Bearer x"));
	TEST_STR("x y", auth_bearer("bEARER   x y"));
	TEST_TRUE(!auth_bearer(NULL));
	TEST_TRUE(!auth_bearer(""));
	TEST_TRUE(!auth_bearer("Bearer"));
	TEST_TRUE(!auth_bearer("Bearer  "));
	TEST_TRUE(!auth_bearer("Basic eDp5"));
 out:
	return err;
}

int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"a token says what it was made with", test_token},
		{"a token that was changed", test_token_changed},
		{"tokens of others", test_token_forged},
		{"keys are random text", test_key_text},
		{"the Authorization header", test_bearer},
		{"PINs", test_pins},
		{"who guesses PINs has to wait", test_guessing},
		{"tokens open one room", test_token_door},
		{"keys open until they are withdrawn", test_key_door},
	};

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
