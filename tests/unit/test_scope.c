/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_scope.c -- what hosts and guests may ask for, and chat
 */
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "base/verb.h"
#include "db/recording.h"
#include "tests/unit/test.h"
#include "tests/unit/test_srv.h"
#include "tuttid/chat.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/server.h"

/* Rooms a and b; Ann and Bob are in a, Eve in b. */
static struct meeting *ma, *mb;
static struct party *ann, *bob, *eve;
static uint64_t reca, recb;

static int two_rooms(void)
{
	int err = 0;

	TEST_ERR(srv_up());
	TEST_ERR(srv_meet(&ma, "a"));
	TEST_ERR(srv_meet(&mb, "b"));
	TEST_ERR(srv_party(&ann, ma, "Ann"));
	TEST_ERR(srv_party(&bob, ma, "Bob"));
	TEST_ERR(srv_party(&eve, mb, "Eve"));
	TEST_ERR(db_recording_start(srv->db, &reca, ma->id, "a",
				    clock_wall_us(), true));
	TEST_ERR(db_recording_start(srv->db, &recb, mb->id, "b",
				    clock_wall_us(), true));
 out:
	return err;
}

/* ANN, BOB, EVE, RECA, RECB, MA, MB in the arguments are their ids */
static void fill(char *buf, size_t size, const char *text)
{
	const struct {
		const char *word;
		uint64_t id;
	} v[] = {
		{"ANN", ann->id}, {"BOB", bob->id}, {"EVE", eve->id},
		{"RECA", reca}, {"RECB", recb}, {"MA", ma->id},
		{"MB", mb->id},
	};
	struct mbuf *mb_ = mbuf_alloc(256);
	size_t i;

	while (mb_ && *text) {
		for (i = 0; i < ARRAY_SIZE(v); i++) {
			const size_t n = strlen(v[i].word);

			if (strncmp(text, v[i].word, n))
				continue;
			(void)mbuf_printf(mb_, "%llu",
					  (unsigned long long)v[i].id);
			text += n;
			break;
		}
		if (i == ARRAY_SIZE(v))
			(void)mbuf_write_u8(mb_, (uint8_t)*text++);
	}
	(void)mbuf_write_u8(mb_, 0);
	str_ncpy(buf, (char *)mb_->buf, size);
	mem_deref(mb_);
}

/* Nobody is to be asked for things of all rooms by a verb that hosts or
 * guests may use: each has an argument that is checked.  A host's rooms are
 * filtered, and what layouts there are is no secret. */
static int test_table(void)
{
	static const char *const openv[] = {
		"room list", "layout list", "layout show",
	};
	static const char *const wordv[] = {
		"room", "party", "recording", "meeting", "source",
	};
	size_t i, j, k;
	int err = 0;

	for (i = 0; i < verbc; i++) {
		const struct verb *verb = &verbv[i];
		bool found = false;

		if (verb->role == VERB_ADMIN)
			continue;
		for (k = 0; k < ARRAY_SIZE(openv); k++)
			found |= !strcmp(verb->name, openv[k]);
		for (j = 0; j < VERB_ARGS_MAX && verb->argv[j].name; j++) {
			for (k = 0; k < ARRAY_SIZE(wordv); k++)
				found |= !strcmp(verb->argv[j].name,
						 wordv[k]);
		}
		if (!found)
			printf("# %s\n", verb->name);
		TEST_TRUE(found);
	}
 out:
	return err;
}

#define G VERB_GUEST
#define H VERB_HOST
#define A VERB_ADMIN

/* Asked by Ann: as a guest, as a host of a, as an administrator */
static const struct {
	const char *verb, *args;
	int guest, host, admin;
} askv[] = {
	{"room list",    "{}", 403, 200, 200},
	{"room show",    "{\"room\": \"a\"}", 403, 200, 200},
	{"room show",    "{}", 403, 200, 200},
	{"room show",    "{\"room\": \"b\"}", 403, 403, 200},
	{"room show",    "{\"room\": \"nowhere\"}", 403, 403, 404},
	{"room show",    "{\"room\": 5}", 403, 403, 404},
	{"room set",     "{\"room\": \"a\", \"title\": \"x\"}",
	 403, 200, 200},
	{"room set",     "{\"clock\": true, \"banner\": \"x\"}",
	 403, 200, 200},
	{"room set",     "{\"room\": \"b\", \"title\": \"x\"}",
	 403, 403, 200},
	{"room set",     "{\"room\": \"a\", \"host_pin\": \"5555\"}",
	 403, 403, 200},
	{"room set",     "{\"room\": \"a\", \"pin\": \"\"}", 403, 403, 200},
	{"room set",     "{\"room\": \"a\", \"number\": \"31\"}",
	 403, 403, 200},
	{"room set",     "{\"room\": \"a\", \"max_parties\": 9}",
	 403, 403, 200},
	{"room set",     "{\"room\": \"a\", \"linger\": 9}", 403, 403, 200},
	{"room set",     "{\"room\": \"a\", \"record\": \"never\"}",
	 403, 403, 200},
	{"room set",     "{\"room\": \"a\", \"clock\": 1}", 403, 400, 400},
	{"room watermark", "{}", 403, 200, 200},
	{"room watermark", "{\"room\": \"b\"}", 403, 403, 200},
	{"room watermark", "{\"room\": \"a\", \"image\": \"R0lG\"}",
	 403, 400, 400},
	{"layout list",  "{}", 200, 200, 200},
	{"layout show",  "{\"layout\": \"grid\"}", 200, 200, 200},
	{"layout show",  "{\"layout\": \"nix\"}", 400, 400, 400},
	{"room layout",  "{\"room\": \"a\", \"layout\": \"speaker\"}",
	 403, 200, 200},
	{"room layout",  "{\"room\": \"b\", \"layout\": \"speaker\"}",
	 403, 403, 200},
	{"room layout",  "{\"room\": \"a\"}", 403, 400, 400},
	{"room create",  "{\"room\": \"c\"}", 403, 403, 200},
	{"room delete",  "{\"room\": \"a\"}", 403, 403, 409},
	{"room lock",    "{\"room\": \"b\"}", 403, 403, 200},
	{"room lock",    "{}", 403, 200, 200},
	{"room unlock",  "{\"room\": \"a\"}", 403, 200, 200},
	{"room snapshot", "{\"room\": \"a\", \"file\": \"/tmp/x\"}",
	 403, 403, 403},
	{"party list",   "{}", 200, 200, 200},
	{"party list",   "{\"room\": \"b\"}", 403, 403, 200},
	{"party show",   "{}", 200, 200, 200},
	{"party show",   "{\"party\": BOB}", 200, 200, 200},
	{"party show",   "{\"party\": EVE}", 404, 404, 200},
	{"party show",   "{\"party\": 4000000000}", 404, 404, 404},
	{"party show",   "{\"party\": 99999999999}", 404, 404, 404},
	{"party mute",   "{}", 200, 200, 200},
	{"party mute",   "{\"party\": ANN, \"video\": true}", 200, 200, 200},
	{"party mute",   "{\"party\": BOB}", 403, 200, 200},
	{"party unmute", "{\"party\": BOB}", 403, 200, 200},
	{"party mute",   "{\"party\": EVE}", 403, 404, 200},
	{"party mute",   "{\"party\": \"ANN\"}", 400, 400, 400},
	{"party kick",   "{}", 403, 400, 400},
	{"party kick",   "{\"party\": EVE, \"reason\": 5}", 403, 400, 400},
	{"party move",   "{\"party\": BOB, \"room\": \"a\"}",
	 403, 409, 409},
	{"party rename", "{\"name\": \"Anna\"}", 200, 200, 200},
	{"party rename", "{\"party\": BOB, \"name\": \"Rob\"}",
	 403, 200, 200},
	{"hand raise",   "{}", 200, 200, 200},
	{"party pin",    "{\"other\": BOB}", 200, 200, 200},
	{"party pin",    "{\"party\": ANN, \"other\": BOB}", 200, 200, 200},
	{"party pin",    "{\"party\": ANN, \"other\": EVE}", 404, 404, 404},
	{"party pin",    "{\"party\": ANN, \"other\": 4000000000}",
	 404, 404, 404},
	{"party pin",    "{\"party\": BOB, \"other\": ANN}", 403, 200, 200},
	{"party pin",    "{\"party\": BOB}", 403, 200, 200},
	{"party pin",    "{\"party\": EVE}", 403, 404, 200},
	{"party pin",    "{\"other\": EVE, \"also\": true}", 404, 404, 404},
	{"party unpin",  "{}", 200, 200, 200},
	{"party unpin",  "{\"other\": BOB}", 200, 200, 200},
	{"party unpin",  "{\"other\": EVE}", 404, 404, 200},
	{"party unpin",  "{\"party\": BOB}", 403, 200, 200},
	{"party unpin",  "{\"party\": EVE}", 403, 404, 200},
	{"party selfview", "{\"shown\": false}", 200, 200, 200},
	{"party selfview", "{\"party\": BOB, \"shown\": true}",
	 403, 200, 200},
	{"party selfview", "{\"party\": ANN}", 400, 400, 400},
	{"party selfview", "{\"party\": ANN, \"shown\": \"no\"}",
	 400, 400, 400},
	{"hand lower",   "{\"party\": BOB}", 403, 200, 200},
	{"hand lower",   "{\"party\": EVE}", 403, 404, 200},
	{"party admit",  "{\"party\": BOB}", 403, 409, 409},
	{"room spotlight", "{\"room\": \"a\", \"party\": EVE}",
	 403, 404, 404},
	{"room spotlight", "{\"room\": \"a\", \"party\": BOB,"
	 " \"also\": true}", 403, 200, 200},
	{"room unspotlight", "{\"room\": \"a\", \"party\": BOB}",
	 403, 200, 200},
	{"room unspotlight", "{\"room\": \"b\"}", 403, 403, 200},
	{"chat send",    "{\"text\": \"x\"}", 200, 200, 200},
	{"chat send",    "{\"text\": \"x\", \"to\": BOB}", 200, 200, 200},
	{"chat send",    "{\"text\": \"x\", \"to\": EVE}", 404, 404, 404},
	{"chat send",    "{\"text\": \"x\", \"party\": BOB}",
	 403, 403, 200},
	{"chat send",    "{\"text\": \"x\", \"room\": \"b\"}",
	 403, 403, 404},
	{"chat list",    "{}", 200, 200, 200},
	{"chat list",    "{\"room\": \"b\"}", 403, 403, 200},
	{"chat list",    "{\"meeting\": MA}", 200, 200, 200},
	{"chat list",    "{\"meeting\": MB}", 404, 404, 200},
	{"call",         "{\"room\": \"b\", \"uri\": \"x\"}",
	 403, 403, 400},
	{"source add",   "{\"url\": \"/etc/passwd\"}", 403, 403, 200},
	{"source add",   "{\"url\": \"file:///etc/passwd\"}", 403, 403, 200},
	{"source add",   "{\"url\": \"test:1\"}", 403, 200, 200},
	{"source remove", "{\"source\": 99}", 403, 404, 404},
	{"recording list", "{}", 403, 200, 200},
	{"recording list", "{\"room\": \"b\"}", 403, 403, 200},
	{"recording show", "{\"recording\": RECA}", 403, 200, 200},
	{"recording show", "{\"recording\": RECB}", 403, 404, 200},
	{"recording show", "{\"recording\": 99}", 403, 404, 404},
	{"recording export", "{\"recording\": RECA, \"file\": \"/x\"}",
	 403, 403, 403},
	{"recording delete", "{\"recording\": RECA}", 403, 403, 409},
	{"meeting list", "{}", 403, 200, 200},
	{"meeting show", "{\"meeting\": MA}", 403, 200, 200},
	{"meeting show", "{\"meeting\": MB}", 403, 404, 200},
	{"event list",   "{}", 403, 200, 200},
	{"event list",   "{\"room\": \"b\"}", 403, 403, 200},
	{"event list",   "{\"meeting\": MB}", 403, 404, 200},
	{"token create", "{}", 403, 200, 200},
	{"token create", "{\"room\": \"b\"}", 403, 403, 200},
	{"key create",   "{\"account\": \"x\"}", 403, 403, 200},
	{"key list",     "{}", 403, 403, 200},
	{"key delete",   "{\"key\": 99}", 403, 403, 404},
	{"server status", "{}", 403, 403, 200},
	{"server backup", "{\"file\": \"/x\"}", 403, 403, 403},
	{"server dance", "{}", 404, 404, 404},
	{"party move",   "{\"party\": BOB, \"room\": \"b\"}",
	 403, 403, 200},
};

static int ask_all(enum verb_role role)
{
	struct req_who who;
	char args[512];
	size_t i;
	int err;

	err = two_rooms();
	TEST_ERR(err);
	who = srv_who(role, role == A ? NULL : "a", ann->id);
	for (i = 0; i < ARRAY_SIZE(askv); i++) {
		const int want = role == G ? askv[i].guest
				: role == H ? askv[i].host : askv[i].admin;
		int got;

		ann->chat_us = bob->chat_us = 0;
		fill(args, sizeof(args), askv[i].args);
		got = srv_ask(&who, askv[i].verb, "%s", args);
		if (got != want)
			printf("# role %d: %s %s: %s\n", role, askv[i].verb,
			       args, srv_title());
		TEST_EQ(want, got);
	}
 out:
	srv_down();
	return err;
}

static int test_guest(void)
{
	return ask_all(G);
}

static int test_host(void)
{
	return ask_all(H);
}

static int test_admin(void)
{
	return ask_all(A);
}

/* By a token or PIN over REST: nobody is in the meeting by that. */
static int test_outside(void)
{
	struct req_who guest, host, all;
	char args[64];
	int err;

	err = two_rooms();
	TEST_ERR(err);
	guest = srv_who(G, "a", 0);
	host  = srv_who(H, "a", 0);
	all   = srv_who(H, NULL, 0);
	fill(args, sizeof(args), "{\"party\": ANN}");
	TEST_EQ(200, srv_ask(&guest, "party list", NULL));
	TEST_EQ(200, srv_ask(&guest, "party show", "%s", args));
	TEST_EQ(403, srv_ask(&guest, "party mute", "%s", args));
	TEST_EQ(403, srv_ask(&guest, "hand raise", NULL));
	TEST_EQ(403, srv_ask(&guest, "chat send", "{\"text\": \"x\"}"));
	TEST_EQ(200, srv_ask(&guest, "chat list", NULL));
	/* nor does he see through a locked door */
	TEST_EQ(200, srv_ask(&host, "room lock", NULL));
	TEST_EQ(403, srv_ask(&guest, "chat list", NULL));
	TEST_EQ(403, srv_ask(&guest, "party list", NULL));
	TEST_EQ(200, srv_ask(&host, "room unlock", NULL));
	TEST_EQ(400, srv_ask(&host, "hand raise", NULL));
	TEST_EQ(200, srv_ask(&host, "party mute", "%s", args));
	TEST_EQ(200, srv_ask(&host, "chat send", "{\"text\": \"x\"}"));
	TEST_EQ(403, srv_ask(&host, "chat send", "{\"text\": \"x\", "
			     "\"party\": %u}", ann->id));

	/* a host of all rooms */
	TEST_EQ(400, srv_ask(&all, "room show", NULL));
	TEST_EQ(200, srv_ask(&all, "room show", "{\"room\": \"b\"}"));
	TEST_EQ(403, srv_ask(&all, "server status", NULL));
	TEST_EQ(200, srv_ask(&all, "room set",
			     "{\"room\": \"b\", \"banner\": \"x\"}"));
	TEST_EQ(403, srv_ask(&all, "room set",
			     "{\"room\": \"b\", \"pin\": \"77\"}"));
	TEST_STR("Not allowed", srv_title());

	/* his room goes */
	meeting_end(ma, "ended by host");
	TEST_EQ(200, srv_ask(&(struct req_who){.role = A}, "room delete",
			     "{\"room\": \"a\"}"));
	TEST_EQ(403, srv_ask(&guest, "party list", NULL));
	TEST_STR("Your room is gone", srv_title());
	TEST_EQ(403, srv_ask(&host, "room list", NULL));

	/* bound to no room: a fault of ours, and still nothing */
	guest.room = 0;
	TEST_EQ(403, srv_ask(&guest, "party list", NULL));
 out:
	srv_down();
	return err;
}

static unsigned with_key(const json_t *arr, const char *key)
{
	const json_t *obj;
	unsigned n = 0;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)arr, i, obj)
		n += json_object_get(obj, key) != NULL;

	return n;
}

static int test_private(void)
{
	struct req_who guest, host;
	int err;

	err = two_rooms();
	TEST_ERR(err);
	guest = srv_who(G, "a", ann->id);
	host  = srv_who(H, "a", ann->id);

	ann->rung = json_pack("{s:i}", "height", 720);
	bob->rung = json_pack("{s:i}", "height", 360);
	TEST_EQ(200, srv_ask(&guest, "party list", NULL));
	TEST_EQ(2, json_array_size(srv_result()));
	TEST_EQ(1, with_key(srv_result(), "rung"));
	TEST_EQ(1, with_key(srv_result(), "uri"));
	TEST_EQ(1, with_key(srv_result(), "user_agent"));
	TEST_EQ(2, with_key(srv_result(), "quality"));
	TEST_EQ(2, with_key(srv_result(), "name"));
	TEST_EQ(200, srv_ask(&guest, "party show", "{\"party\": %u}",
			     bob->id));
	TEST_TRUE(!json_object_get(srv_result(), "uri"));
	TEST_EQ(200, srv_ask(&host, "party list", NULL));
	TEST_EQ(2, with_key(srv_result(), "uri"));
	TEST_EQ(2, with_key(srv_result(), "rung"));
	TEST_EQ(200, srv_ask(&guest, "layout list", NULL));
	TEST_EQ(0, with_key(srv_result(), "file"));
	TEST_EQ(14, json_array_size(srv_result()));
	TEST_EQ(200, srv_ask(&host, "room list", NULL));
	TEST_EQ(1, json_array_size(srv_result()));
	TEST_EQ(200, srv_ask(&host, "recording list", NULL));
	TEST_EQ(1, json_array_size(srv_result()));

	bob->state = PARTY_WAITING;
	TEST_EQ(200, srv_ask(&guest, "party list", NULL));
	TEST_EQ(1, json_array_size(srv_result()));
	TEST_EQ(404, srv_ask(&guest, "party show", "{\"party\": %u}",
			     bob->id));
	TEST_EQ(200, srv_ask(&host, "party list", NULL));
	TEST_EQ(2, json_array_size(srv_result()));
 out:
	srv_down();
	return err;
}

/* ---- chat ---- */

static int test_rate(void)
{
	uint64_t tat = 0, now = 1000000;
	unsigned i;
	int err = 0;

	for (i = 0; i < CHAT_BURST; i++)
		TEST_TRUE(chat_rate(&tat, now));
	TEST_TRUE(!chat_rate(&tat, now));
	now += CHAT_EVERY_MS * 1000 - 1;
	TEST_TRUE(!chat_rate(&tat, now));
	now += 1;
	TEST_TRUE(chat_rate(&tat, now));
	TEST_TRUE(!chat_rate(&tat, now));
	now += 3600 * 1000000ull;
	for (i = 0; i < CHAT_BURST; i++)
		TEST_TRUE(chat_rate(&tat, now));
	TEST_TRUE(!chat_rate(&tat, now));
 out:
	return err;
}

static int test_chat(void)
{
	char big[CHAT_TEXT_MAX + 2];
	struct req_who a, b, admin;
	unsigned i;
	int err;

	err = two_rooms();
	TEST_ERR(err);
	a = srv_who(G, "a", ann->id);
	b = srv_who(G, "a", bob->id);
	admin = srv_admin();

	TEST_EQ(200, srv_ask(&a, "chat send", "{\"text\": \"to all\"}"));
	TEST_STR("Ann", json_string_value(json_object_get(srv_result(),
							  "name")));
	TEST_EQ(200, srv_ask(&a, "chat send", "{\"text\": \"psst\", "
			     "\"to\": %u}", bob->id));
	TEST_EQ(200, srv_ask(&admin, "chat send", "{\"room\": \"a\", "
			     "\"text\": \"server\"}"));
	TEST_TRUE(json_is_null(json_object_get(srv_result(), "party")));
	TEST_EQ(200, srv_ask(&admin, "chat send", "{\"room\": \"a\", "
			     "\"text\": \"only ann\", \"to\": %u}", ann->id));

	TEST_EQ(200, srv_ask(&a, "chat list", NULL));
	TEST_EQ(4, json_array_size(srv_result()));
	TEST_EQ(200, srv_ask(&b, "chat list", NULL));
	TEST_EQ(3, json_array_size(srv_result()));
	b.party = 0;
	TEST_EQ(403, srv_ask(&b, "chat list", "{\"room\": \"b\"}"));
	b.role = H;
	TEST_EQ(200, srv_ask(&b, "chat list", NULL));
	TEST_EQ(2, json_array_size(srv_result()));
	TEST_EQ(200, srv_ask(&b, "chat list", "{\"limit\": 1}"));
	TEST_EQ(1, json_array_size(srv_result()));
	TEST_EQ(200, srv_ask(&admin, "chat list", "{\"room\": \"a\"}"));
	TEST_EQ(4, json_array_size(srv_result()));

	/* what is no message */
	TEST_EQ(400, srv_ask(&a, "chat send", "{\"text\": \"\"}"));
	TEST_EQ(400, srv_ask(&a, "chat send", "{\"text\": \"   \"}"));
	TEST_EQ(400, srv_ask(&a, "chat send", "{\"text\": \"a\\u0007\"}"));
	memset(big, 'x', sizeof(big));
	big[CHAT_TEXT_MAX + 1] = '\0';
	TEST_EQ(400, srv_ask(&a, "chat send", "{\"text\": \"%s\"}", big));
	big[CHAT_TEXT_MAX] = '\0';
	TEST_EQ(200, srv_ask(&a, "chat send", "{\"text\": \"%s\"}", big));

	/* too fast: he, not everybody */
	for (i = 0; i < 2 * CHAT_BURST; i++) {
		if (srv_ask(&a, "chat send", "{\"text\": \"x\"}") == 429)
			break;
	}
	TEST_TRUE(i < CHAT_BURST);
	b = srv_who(G, "a", bob->id);
	TEST_EQ(200, srv_ask(&b, "chat send", "{\"text\": \"x\"}"));

	/* when it is over */
	meeting_end(ma, "ended by host");
	TEST_EQ(409, srv_ask(&admin, "chat send", "{\"room\": \"a\", "
			     "\"text\": \"x\"}"));
	TEST_EQ(200, srv_ask(&admin, "chat list", "{\"room\": \"a\"}"));
	TEST_EQ(0, json_array_size(srv_result()));
	TEST_EQ(200, srv_ask(&admin, "chat list", "{\"room\": \"a\", "
			     "\"meeting\": 1}"));
	TEST_TRUE(json_array_size(srv_result()) > 5);
 out:
	srv_down();
	return err;
}

static unsigned heard(const json_t *events, const char *text)
{
	const json_t *event;
	unsigned n = 0;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)events, i, event) {
		const char *s = "";

		(void)json_str(event, "text", &s);
		n += !strcmp(s, text);
	}

	return n;
}

/* Live and from what is kept: a private message finds two followers. */
static int test_followers(void)
{
	const struct {
		enum verb_role role;
		struct party **pp;
		unsigned psst, all;
	} v[] = {
		{G, &ann, 2, 2}, {G, &bob, 2, 2}, {H, &bob, 2, 2},
		{G, NULL, 0, 2}, {H, NULL, 0, 2}, {A, NULL, 2, 2},
	};
	struct req_who who;
	struct req *req = NULL;
	size_t i;
	int err;

	err = two_rooms();
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		json_t *obj = NULL;
		const json_t *event;
		unsigned uris = 0;
		char psst[16], all[16];
		size_t j;

		(void)re_snprintf(psst, sizeof(psst), "psst %zu", i);
		(void)re_snprintf(all, sizeof(all), "all %zu", i);
		who = srv_who(v[i].role, "a", v[i].pp ? (*v[i].pp)->id : 0);
		ann->chat_us = 0;
		TEST_ERR(chat_send(ma, ann, bob, NULL, psst, &obj));
		obj = (json_decref(obj), NULL);
		TEST_ERR(chat_send(ma, ann, NULL, NULL, all, &obj));
		obj = (json_decref(obj), NULL);
		party_emit(bob, EV_PARTY_CALLED,
			   json_pack("{s:s, s:s}", "uri", "sip:bob@x",
				     "name", "Bob"));
		req = srv_follow(&who, "a");
		TEST_TRUE(req);
		TEST_ERR(chat_send(ma, ann, bob, NULL, psst, &obj));
		obj = (json_decref(obj), NULL);
		TEST_ERR(chat_send(ma, ann, NULL, NULL, all, &obj));
		json_decref(obj);
		printf("# follower %zu\n", i);
		TEST_EQ(v[i].psst, heard(srv_lines(), psst));
		TEST_EQ(v[i].all, heard(srv_lines(), all));
		json_array_foreach((json_t *)(uintptr_t)srv_lines(), j, event)
			uris += json_object_get(event, "uri") != NULL;
		TEST_EQ(v[i].role > G || v[i].pp == &bob, uris > 0);
		req_detach(req);
		req = mem_deref(req);
	}

	/* the same for who reads afterwards */
	who = srv_who(H, "a", 0);
	TEST_EQ(200, srv_ask(&who, "event list", "{\"name\": \"chat\"}"));
	TEST_EQ(0, heard(srv_result(), "psst 0"));
	TEST_EQ(2, heard(srv_result(), "all 0"));
 out:
	if (req) {
		req_detach(req);
		mem_deref(req);
	}
	srv_down();
	return err;
}

int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"each verb for others has something to check", test_table},
		{"a guest in the meeting", test_guest},
		{"a host in the meeting", test_host},
		{"an administrator in the meeting", test_admin},
		{"by token, not in the meeting", test_outside},
		{"what guests are not told", test_private},
		{"so many messages", test_rate},
		{"chat, to all and to one", test_chat},
		{"private messages find their two ends", test_followers},
	};

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
