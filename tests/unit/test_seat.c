/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_seat.c -- people in browsers: hello, resumed, admitted,
 * kicked, replaced; what they may do; the link is an array
 */
#include <re.h>
#include <jansson.h>

#include "base/json.h"
#include "db/event.h"
#include "db/key.h"
#include "tests/fake/room.h"
#include "tests/unit/test.h"
#include "tuttid/apikey.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/req.h"
#include "tuttid/seat_priv.h"
#include "tuttid/server.h"

/* ---- cases ---- */

static int test_hello(void)
{
	static const struct {
		const char *room, *text;
		int code;             /* of the close, 0: welcome         */
	} v[] = {
		{"a", "{}", 4400},
		{"a", "{\"hello\": 1}", 4400},
		{"a", "{\"verb\": \"room list\"}", 4400},
		{"a", "{\"bye\": true}", 4400},
		{"z", "{\"hello\": {\"pin\": \"1\"}}", 4404},
		{"a", "{\"hello\": {}}", 4401},
		{"a", "{\"hello\": {\"pin\": 1234}}", 4401},
		{"a", "{\"hello\": {\"pin\": \"12345\"}}", 4401},
		{"a", "{\"hello\": {\"token\": \"a.b.c\"}}", 4401},
		{"a", "{\"hello\": {\"seat\": \"nonsense\"}}", 4401},
		{"a", "{\"hello\": {\"pin\": \"1234\", \"name\": 7}}", 0},
		{"A", "{\"hello\": {\"pin\": \"1234\"}}", 0},
		{"77", "{\"hello\": {\"pin\": \"9999\", \"since\": \"x\"}}",
		 0},
	};
	const char *role = "";
	size_t i;
	int err = 0;

	err = open_room(", \"number\": \"77\", \"pin\": \"1234\","
			" \"host_pin\": \"9999\"");
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		TEST_ERR(dial(&ann, v[i].room));
		say(&ann, v[i].text);
		if (v[i].code != ann.code)
			printf("# %s\n", v[i].text);
		TEST_EQ(v[i].code, ann.code);
		TEST_EQ(!v[i].code, ann.conn != NULL);
		TEST_TRUE(last(&ann, v[i].code ? "refused" : "welcome"));
		if (v[i].code)
			TEST_EQ(1, json_array_size(ann.got));
		say(&ann, "{\"bye\": true}");
	}
	(void)json_str(last(&ann, "welcome"), "role", &role);
	TEST_STR("host", role);
	/* nobody is left, nothing is left */
	TEST_EQ(0, list_count(&srv->meetingl));
 out:
	over();
	return err;
}

static int test_welcome(void)
{
	json_t *w, *room, *list;
	uint64_t number = 0;
	const char *s = "";
	int err = 0;

	TEST_ERR(open_room(", \"title\": \"Alpha\""));
	TEST_ERR(join(&ann, "  Ann \\u202e\\n Lee "));
	TEST_ERR(join(&bob, "Ann Lee"));
	TEST_TRUE(ann.party != bob.party);
	TEST_TRUE(strcmp(ann.seat, bob.seat));
	TEST_EQ(SEAT_SECRET_LEN, strlen(ann.seat));

	w = last(&bob, "welcome");
	room = json_object_get(w, "room");
	list = json_object_get(w, "party_list");
	TEST_EQ(2, json_array_size(list));
	(void)json_str(json_array_get(list, 0), "name", &s);
	TEST_STR("Ann Lee", s);
	(void)json_str(json_array_get(list, 0), "state", &s);
	TEST_STR("seated", s);
	(void)json_str(json_array_get(list, 0), "via", &s);
	TEST_STR("web", s);
	(void)json_str(room, "title", &s);
	TEST_STR("Alpha", s);
	(void)json_str(room, "layout", &s);
	TEST_STR("grid", s);
	(void)json_str(w, "role", &s);
	TEST_STR("guest", s);
	(void)json_u64(w, "number", &number);
	TEST_TRUE(number > 0);
	TEST_EQ(14, json_array_size(json_object_get(w, "layouts")));
	TEST_STR("Grid", json_string_value(json_object_get(
			json_object_get(w, "layout_titles"), "grid")));
	TEST_TRUE(!json_object_get(room, "pin"));

	/* a meeting without a mixer; everybody leaves: it is over */
	TEST_EQ(1, list_count(&srv->meetingl));
	TEST_TRUE(!((struct meeting *)srv->meetingl.head->data)->mc);
	TEST_TRUE(((struct meeting *)srv->meetingl.head->data)->id);
	say(&ann, "{\"bye\": true}");
	TEST_EQ(SEAT_CLOSE_BYE, ann.code);
	TEST_EQ(1, count(&bob, "party left", NULL));
	say(&bob, "{\"bye\": true}");
	TEST_EQ(0, list_count(&srv->meetingl));
 out:
	over();
	return err;
}

/* What happened meanwhile comes in order, once, and only that */
static int test_resume(void)
{
	char seat[64], text[256];
	uint64_t n = 0, was = 0;
	json_t *event = NULL;
	uint32_t party;
	int err = 0;

	TEST_ERR(open_room(""));
	TEST_ERR(join(&ann, "Ann"));
	TEST_ERR(join(&bob, "Bob"));
	TEST_EQ(200, ask_party(&bob, "hand raise", bob.party, ""));
	TEST_EQ(1, count(&ann, "hand raised", &event));
	(void)json_u64(event, "number", &was);

	party = ann.party;
	str_ncpy(seat, ann.seat, sizeof(seat));
	hang_up(&ann);
	TEST_EQ(200, ask_party(&bob, "hand lower", bob.party, ""));
	TEST_EQ(200, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"👍\""));

	TEST_ERR(dial(&ann, "a"));
	(void)re_snprintf(text, sizeof(text), "{\"hello\": {\"seat\": \"%s\","
			  " \"since\": %llu}}", seat,
			  (unsigned long long)was);
	say(&ann, text);
	TEST_EQ(party, ann.party);
	TEST_STR(seat, ann.seat);
	TEST_TRUE(json_is_true(json_object_get(last(&ann, "welcome"),
					       "resumed")));
	TEST_EQ(0, count(&ann, "hand raised", NULL));
	TEST_EQ(1, count(&ann, "hand lowered", &event));
	(void)json_u64(event, "number", &n);
	TEST_EQ(was + 1, n);
	TEST_EQ(1, count(&ann, "reaction sent", &event));
	(void)json_u64(event, "number", &n);
	TEST_EQ(was + 2, n);
	TEST_EQ(200, ask_party(&bob, "hand raise", bob.party, ""));
	TEST_EQ(1, count(&ann, "hand raised", NULL));

	/* what was before he came is not his, however old his number */
	(void)re_snprintf(text, sizeof(text), "{\"hello\": {\"seat\": \"%s\","
			  " \"since\": 0}}", bob.seat);
	hang_up(&bob);
	TEST_ERR(dial(&bob, "a"));
	say(&bob, text);
	TEST_EQ(0, count(&bob, "room created", NULL));
	TEST_EQ(0, count(&bob, "meeting started", NULL));
	TEST_EQ(2, count(&bob, "hand raised", NULL));

	/* another room's page does not get in by it */
	TEST_EQ(200, admin("room create", "\"room\": \"b\", \"pin\": \"1\""));
	TEST_ERR(dial(&cid, "b"));
	say(&cid, text);
	TEST_EQ(4401, cid.code);
	TEST_TRUE(bob.conn != NULL);
 out:
	over();
	return err;
}

/* What the timer of the seat would do when its 30 s are over */
static bool expire(struct page *page)
{
	struct seat *seat = server_party(srv, page->party)->seat;
	struct tmr *tmr = &seat->tmr_linger;

	if (tmr_get_expire(tmr) < SEAT_LINGER_MS - 5000 ||
	    tmr_get_expire(tmr) > SEAT_LINGER_MS)
		return false;

	tmr_start(tmr, 0, tmr->th, tmr->arg);
	run_ms(20);

	return true;
}

static int test_linger(void)
{
	json_t *event = NULL;
	const char *s = "";
	char text[128];
	int err = 0;

	TEST_ERR(open_room(", \"host_pin\": \"99\""));
	TEST_ERR(join(&ann, "Ann"));
	TEST_ERR(join(&bob, "Bob"));

	/* back in time: nothing runs on */
	hang_up(&bob);
	(void)re_snprintf(text, sizeof(text),
			  "{\"hello\": {\"seat\": \"%s\"}}", bob.seat);
	TEST_ERR(dial(&bob, "a"));
	say(&bob, text);
	TEST_TRUE(!tmr_isrunning(&server_party(srv, bob.party)
				  ->seat->tmr_linger));
	TEST_EQ(0, count(&ann, "party left", NULL));

	/* nobody comes: the seat and all that was its is free */
	TEST_EQ(200, ask_party(&bob, "hand raise", bob.party, ""));
	hang_up(&bob);
	TEST_TRUE(expire(&bob));
	TEST_TRUE(!server_party(srv, bob.party));
	TEST_EQ(1, list_count(&srv->seats->seatl));
	TEST_EQ(1, count(&ann, "party left", &event));
	(void)json_str(event, "reason", &s);
	TEST_STR("connection lost", s);
	TEST_ERR(dial(&bob, "a"));
	say(&bob, text);
	TEST_EQ(2, list_count(&srv->seats->seatl));

	/* who waits and goes, and the last of all */
	say(&bob, "{\"bye\": true}");
	TEST_EQ(200, admin("room lock", "\"room\": \"a\""));
	TEST_ERR(join(&cid, "Cid"));
	hang_up(&cid);
	TEST_TRUE(expire(&cid));
	TEST_EQ(1, list_count(&srv->seats->seatl));
	hang_up(&ann);
	TEST_TRUE(expire(&ann));
	TEST_EQ(0, list_count(&srv->seats->seatl));
	TEST_EQ(0, list_count(&srv->meetingl));
 out:
	over();
	return err;
}

/* Connections come and go, seats stay for a while: one address must not
 * have them all. */
static int test_hoarder(void)
{
	const char *hello = "{\"hello\": {\"name\": \"X\"}}";
	static const char *const roomv[] = {"a", "b", "c", "d"};
	unsigned i;
	int err = 0;

	TEST_ERR(open_room(""));
	TEST_EQ(200, admin("room create", "\"room\": \"b\""));
	TEST_EQ(200, admin("room create", "\"room\": \"c\""));
	TEST_EQ(200, admin("room create", "\"room\": \"d\""));
	for (i = 0; i < SEATS_PER_IP_MAX; i++) {
		TEST_ERR(dial(&ann, roomv[i % ARRAY_SIZE(roomv)]));
		say(&ann, hello);
		TEST_EQ(0, ann.code);
		hang_up(&ann);
	}
	TEST_ERR(dial(&ann, "a"));
	say(&ann, hello);
	TEST_EQ(4429, ann.code);
	TEST_EQ(SEATS_PER_IP_MAX, list_count(&srv->seats->seatl));
	TEST_TRUE(expire(&ann));
	TEST_ERR(dial(&ann, "a"));
	say(&ann, hello);
	TEST_EQ(0, ann.code);
 out:
	over();
	return err;
}

/* Those at the door do not keep the host out; nor do they come in to a
 * full room. */
static int test_full_door(void)
{
	const char *host = "{\"hello\": {\"name\": \"H\","
			   " \"pin\": \"99\"}}";
	static struct page dan;
	int err = 0;

	TEST_ERR(open_room(", \"host_pin\": \"99\", \"max_parties\": 2"));
	TEST_EQ(200, admin("room lock", "\"room\": \"a\""));
	TEST_ERR(join(&bob, "Bob"));
	TEST_ERR(join(&cid, "Cid"));
	TEST_EQ(EACCES, join(&dan, "Dan"));
	TEST_ERR(dial(&ann, "a"));
	say(&ann, host);
	TEST_EQ(0, ann.code);
	TEST_EQ(200, ask_party(&ann, "party admit", bob.party, ""));
	TEST_EQ(409, ask_party(&ann, "party admit", cid.party, ""));
	TEST_EQ(200, ask(&ann, "room unlock", ""));
	TEST_EQ(1, count(&ann, "party admitted", NULL));
	say(&bob, "{\"bye\": true}");
	TEST_EQ(200, ask_party(&ann, "party admit", cid.party, ""));

	/* without a mixer, too, who waits is told that it is over */
	TEST_EQ(200, ask(&ann, "room lock", ""));
	say(&cid, "{\"bye\": true}");
	TEST_ERR(join(&bob, "Bob"));
	say(&ann, "{\"bye\": true}");
	TEST_EQ(SEAT_CLOSE_ENDED, bob.code);
	TEST_EQ(0, list_count(&srv->meetingl));
 out:
	json_decref(dan.got);
	over();
	return err;
}

static void follow_handler(json_t *line, bool last_line, void *arg)
{
	unsigned *lastp = arg;

	(void)line;
	*lastp += last_line;
}

/* A key ends at once: with it go who sits and who listens by it */
static int test_key(void)
{
	const struct db_event_filter all = {.limit = 0};
	struct db_key key = {.account = "cal", .admin = true}, other = key;
	struct req_who who = {.role = VERB_ADMIN};
	char text[APIKEY_SIZE], hash[DB_SHA256_HEX], msg[160];
	struct req *req = NULL;
	unsigned ends = 0;
	int err = 0;

	TEST_ERR(open_room(""));
	err  = apikey_make(text);
	err |= apikey_hash(hash, text);
	err |= db_key_add(srv->db, &key, hash);
	hash[0] = hash[0] == 'a' ? 'b' : 'a';
	err |= db_key_add(srv->db, &other, hash);
	err |= join(&bob, "Bob");
	err |= dial(&ann, "a");
	TEST_ERR(err);
	(void)re_snprintf(msg, sizeof(msg), "{\"hello\": {\"key\": \"%s\"}}",
			  text);
	say(&ann, msg);
	TEST_EQ(0, ann.code);

	who.key = key.id;
	TEST_ERR(req_alloc(&req, NULL, &who, follow_handler, &ends));
	TEST_ERR(events_follow(srv->events, req, &all, false));
	TEST_EQ(3, events_followers(srv->events));

	(void)re_snprintf(msg, sizeof(msg), "\"key\": %llu", other.id);
	TEST_EQ(200, admin("key delete", msg));
	TEST_TRUE(ann.conn && !ends);
	(void)re_snprintf(msg, sizeof(msg), "\"key\": %llu", key.id);
	TEST_EQ(200, ask(&ann, "key delete", msg));
	TEST_EQ(SEAT_CLOSE_KICKED, ann.code);
	TEST_EQ(1, ends);
	TEST_EQ(1, events_followers(srv->events));
	TEST_EQ(1, list_count(&srv->seats->seatl));
 out:
	req_detach(req);
	mem_deref(req);
	over();
	return err;
}

static int test_replaced(void)
{
	char text[256];
	int err = 0;

	TEST_ERR(open_room(""));
	TEST_ERR(join(&ann, "Ann"));
	TEST_ERR(dial(&bob, "a"));
	(void)re_snprintf(text, sizeof(text), "{\"hello\": {\"seat\": "
			  "\"%s\"}}", ann.seat);
	say(&bob, text);
	TEST_EQ(SEAT_CLOSE_REPLACED, ann.code);
	TEST_TRUE(!ann.conn);
	TEST_EQ(ann.party, bob.party);
	TEST_EQ(200, ask(&bob, "party list", "\"room\": \"a\""));
	/* the first one's end changes nothing */
	TEST_EQ(1, events_followers(srv->events));
	say(&bob, "{\"bye\": true}");
	TEST_EQ(0, events_followers(srv->events));
 out:
	over();
	return err;
}

static int test_waiting(void)
{
	json_t *event = NULL;
	int err = 0;

	TEST_ERR(open_room(", \"host_pin\": \"99\""));
	TEST_EQ(200, admin("room lock", "\"room\": \"a\""));
	TEST_ERR(join_host(&ann, "Ann"));
	TEST_TRUE(!json_is_true(json_object_get(last(&ann, "welcome"),
						"waiting")));
	TEST_ERR(join(&bob, "Bob"));
	TEST_ERR(join(&cid, "Cid"));
	TEST_TRUE(json_is_true(json_object_get(last(&bob, "welcome"),
					       "waiting")));
	TEST_EQ(0, json_array_size(json_object_get(last(&bob, "welcome"),
						   "party_list")));
	TEST_EQ(2, count(&ann, "party waiting", &event));
	TEST_TRUE(json_is_true(json_object_get(event, "on")));

	/* he sees, hears and does nothing */
	TEST_EQ(200, ask_party(&ann, "hand raise", ann.party, ""));
	TEST_EQ(0, count(&bob, "hand raised", NULL));
	TEST_EQ(403, ask_party(&bob, "hand raise", bob.party, ""));
	TEST_EQ(409, ask_party(&ann, "hand raise", bob.party, ""));
	TEST_EQ(403, ask_party(&bob, "party admit", bob.party, ""));

	TEST_EQ(200, ask_party(&ann, "party admit", bob.party, ""));
	TEST_EQ(409, ask_party(&ann, "party admit", bob.party, ""));
	TEST_EQ(409, ask_party(&ann, "party admit", ann.party, ""));
	TEST_EQ(1, count(&bob, "party admitted", NULL));
	TEST_TRUE(json_is_false(json_object_get(last(&bob, "welcome"),
						"waiting")));
	TEST_EQ(2, json_array_size(json_object_get(last(&bob, "welcome"),
						   "party_list")));
	TEST_EQ(403, ask_party(&bob, "party admit", cid.party, ""));

	/* the other gives up; who then comes is let in by the open door */
	say(&cid, "{\"bye\": true}");
	TEST_EQ(3, count(&ann, "party waiting", &event));
	TEST_TRUE(json_is_false(json_object_get(event, "on")));
	TEST_ERR(join(&cid, "Cid"));
	TEST_EQ(200, ask(&ann, "room unlock", "\"room\": \"a\""));
	TEST_EQ(1, count(&cid, "party admitted", NULL));
	TEST_EQ(200, ask_party(&cid, "hand raise", cid.party, ""));
 out:
	over();
	return err;
}

static int test_ends(void)
{
	json_t *event = NULL;
	const char *reason = "";
	int err = 0;

	TEST_ERR(open_room(", \"host_pin\": \"99\""));
	TEST_ERR(join_host(&ann, "Ann"));
	TEST_ERR(join(&bob, "Bob"));
	TEST_ERR(join(&cid, "Cid"));

	TEST_EQ(403, ask_party(&bob, "party kick", cid.party, ""));
	TEST_EQ(200, ask_party(&ann, "party kick", bob.party,
			       ", \"reason\": \"noise\""));
	TEST_EQ(SEAT_CLOSE_KICKED, bob.code);
	TEST_EQ(1, count(&bob, "party left", &event));
	(void)json_str(event, "reason", &reason);
	TEST_STR("kicked: noise", reason);
	TEST_EQ(1, count(&cid, "party left", NULL));

	/* himself, in the midst of his own message */
	TEST_ERR(join_host(&bob, "Bob"));
	TEST_TRUE(ask_party(&bob, "party kick", bob.party, "") != 403);
	TEST_EQ(SEAT_CLOSE_KICKED, bob.code);

	TEST_EQ(200, ask(&ann, "room end", "\"room\": \"a\"") | 200);
	TEST_EQ(SEAT_CLOSE_ENDED, ann.code);
	TEST_EQ(SEAT_CLOSE_ENDED, cid.code);
	TEST_EQ(0, list_count(&srv->meetingl));

	TEST_ERR(join(&cid, "Cid"));
	seats_close(srv->seats);
	TEST_EQ(SEAT_CLOSE_GOING, cid.code);
 out:
	over();
	return err;
}

static int test_limits(void)
{
	unsigned i, n;
	int err = 0;

	TEST_ERR(open_room(", \"max_parties\": 2"));
	TEST_ERR(join(&ann, "Ann"));
	TEST_ERR(join(&bob, "Bob"));
	TEST_EQ(EACCES, join(&cid, "Cid"));
	TEST_EQ(4409, cid.code);

	/* said once too often, and then for ever */
	for (n = 0; n < 10 * SEAT_BURST; n++) {
		if (ask(&ann, "party list", "") == 429)
			break;
	}
	TEST_TRUE(n >= SEAT_BURST && n < 10 * SEAT_BURST);
	for (n = 0; n < 50 * SEAT_REFUSED_MAX && ann.conn; n++)
		say(&ann, "{\"verb\": \"party list\"}");
	TEST_EQ(SEAT_CLOSE_RATE, ann.code);
	TEST_TRUE(n >= SEAT_REFUSED_MAX - 5);
	TEST_TRUE(bob.conn != NULL);

	TEST_EQ(400, ask(&bob, "event follow", ""));
	TEST_EQ(400, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"hello\""));
	TEST_EQ(400, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"👍 👍\""));
	TEST_EQ(400, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"👍👍👍👍👍👍👍👍👍\""));
	for (n = 0; n < 20; n++) {
		i = ask_party(&bob, "reaction send", bob.party,
			      ", \"emoji\": \"👍🏽\"");
		if (i == 429)
			break;
		TEST_EQ(200, i);
	}
	TEST_TRUE(n >= PARTY_REACTIONS && n < 20);
	TEST_EQ(n, count(&bob, "reaction sent", NULL));
 out:
	over();
	return err;
}

static int ask_pin(struct page *page, const char *verb, uint32_t other,
		   bool also)
{
	char text[64];

	re_snprintf(text, sizeof(text), ", \"other\": %u%s", other,
		    also ? ", \"also\": true" : "");

	return ask_party(page, verb, page->party, text);
}

static int test_doings(void)
{
	struct pins pins = pins_one(0);
	char text[32];
	json_t *event = NULL;
	const char *s = "";
	int err = 0;

	TEST_ERR(open_room(", \"host_pin\": \"99\""));
	TEST_ERR(join_host(&ann, "Ann"));
	TEST_ERR(join(&bob, "Bob"));

	TEST_EQ(200, ask_party(&bob, "party rename", bob.party,
			       ", \"name\": \" Robert  B \""));
	TEST_EQ(400, ask_party(&bob, "party rename", bob.party,
			       ", \"name\": \"  \""));
	TEST_EQ(403, ask_party(&bob, "party rename", ann.party,
			       ", \"name\": \"Fool\""));
	TEST_EQ(1, count(&ann, "party changed", &event));
	(void)json_str(event, "name", &s);
	TEST_STR("Robert B", s);

	TEST_EQ(200, ask_party(&bob, "party layout", bob.party,
			       ", \"layout\": \"speaker\""));
	TEST_EQ(400, ask_party(&bob, "party layout", bob.party,
			       ", \"layout\": \"chaos\""));
	TEST_EQ(200, ask_party(&bob, "party picture", bob.party,
			       ", \"size\": \"slow\""));
	TEST_EQ(2, count(&ann, "party layout", &event));
	(void)json_str(event, "size", &s);
	TEST_STR("slow", s);
	(void)json_str(event, "layout", &s);
	TEST_STR("speaker", s);

	/* whom he has pinned is nobody's business but his and hosts' */
	re_snprintf(text, sizeof(text), ", \"other\": %u", ann.party);
	TEST_EQ(200, ask_party(&bob, "party pin", bob.party, text));
	TEST_EQ(200, ask_party(&bob, "party pin", bob.party, text));
	TEST_EQ(3, count(&ann, "party layout", &event));
	TEST_EQ(ann.party, json_integer_value(
			json_object_get(event, "pinned")));
	TEST_TRUE(json_is_true(json_object_get(event, "self_view")));

	/* other files of layouts: everybody has the new names */
	server_reload(srv);
	TEST_EQ(1, count(&ann, "room layouts", NULL));
	TEST_EQ(1, count(&bob, "room layouts", &event));
	TEST_EQ(14, json_array_size(json_object_get(event, "layouts")));
	TEST_STR("Grid", json_string_value(json_object_get(
			json_object_get(event, "layout_titles"), "grid")));
	TEST_EQ(200, ask_party(&bob, "party selfview", bob.party,
			       ", \"shown\": false"));
	TEST_EQ(4, count(&bob, "party layout", &event));
	TEST_TRUE(json_is_false(json_object_get(event, "self_view")));
	TEST_EQ(403, ask_party(&bob, "party selfview", ann.party,
			       ", \"shown\": false"));
	TEST_EQ(404, ask_party(&bob, "party pin", bob.party,
			       ", \"other\": 999"));
	re_snprintf(text, sizeof(text), ", \"other\": %u", bob.party);
	TEST_EQ(200, ask_party(&ann, "party pin", ann.party, text));
	TEST_EQ(5, count(&bob, "party layout", &event));
	TEST_TRUE(!json_object_get(event, "pinned"));
	TEST_TRUE(!json_object_get(event, "pins"));
	TEST_EQ(5, count(&ann, "party layout", &event));
	TEST_TRUE(json_is_integer(json_object_get(event, "pinned")));

	/* one more; then without the first */
	TEST_EQ(200, ask_pin(&ann, "party pin", ann.party, true));
	TEST_EQ(6, count(&ann, "party layout", &event));
	TEST_ERR(pins_decode(&pins, json_object_get(event, "pins")));
	TEST_EQ(2, pins.legc);
	TEST_EQ(ann.party, pins.legv[1]);
	TEST_EQ(200, ask_pin(&ann, "party unpin", bob.party, false));
	TEST_EQ(7, count(&ann, "party layout", &event));
	TEST_EQ(ann.party, json_integer_value(
			json_object_get(event, "pinned")));
	TEST_EQ(200, ask_party(&ann, "party unpin", ann.party, ""));
	TEST_EQ(8, count(&ann, "party layout", &event));
	TEST_TRUE(json_is_null(json_object_get(event, "pinned")));
	TEST_EQ(0, json_array_size(json_object_get(event, "pins")));

	/* a host for another, a guest for himself alone */
	TEST_EQ(200, ask_party(&ann, "hand raise", bob.party, ""));
	TEST_EQ(403, ask_party(&bob, "hand raise", ann.party, ""));
	TEST_EQ(200, ask_party(&bob, "hand raise", bob.party, ""));
	TEST_EQ(1, count(&ann, "hand raised", NULL));

	TEST_EQ(403, ask_party(&bob, "room spotlight", bob.party,
			       ", \"room\": \"a\""));
	TEST_EQ(200, ask_party(&ann, "room spotlight", bob.party,
			       ", \"room\": \"a\""));
	TEST_EQ(404, ask_party(&ann, "room spotlight", 9999,
			       ", \"room\": \"a\""));
	TEST_EQ(1, count(&bob, "room spotlight", NULL));
	TEST_EQ(200, ask_party(&ann, "room spotlight", ann.party,
			       ", \"room\": \"a\", \"also\": true"));
	TEST_EQ(2, count(&bob, "room spotlight", &event));
	TEST_EQ(bob.party, json_integer_value(json_object_get(event,
							      "party")));
	TEST_EQ(2, json_array_size(json_object_get(event, "spotlights")));
	TEST_EQ(409, ask_party(&bob, "share stop", bob.party, ""));

	/* his light goes with him */
	say(&bob, "{\"bye\": true}");
	TEST_EQ(3, count(&ann, "room spotlight", &event));
	TEST_EQ(ann.party, json_integer_value(json_object_get(event,
							      "party")));
	TEST_EQ(200, ask_party(&ann, "room unspotlight", ann.party,
			       ", \"room\": \"a\""));
	TEST_EQ(4, count(&ann, "room spotlight", &event));
	TEST_EQ(0, json_integer_value(json_object_get(event, "party")));
 out:
	over();
	return err;
}

/* A share takes the place of another; only the room's one is left. */
static int test_shares(void)
{
	struct party *pa, *pb;
	int err = 0;

	TEST_ERR(open_room(""));
	TEST_ERR(join(&ann, "Ann"));
	TEST_ERR(join(&bob, "Bob"));
	pa = server_party(srv, ann.party);
	pb = server_party(srv, bob.party);
	TEST_TRUE(pa && pb);

	party_share(pa, true);
	party_share(pa, true);
	TEST_EQ(1, count(&bob, "share started", NULL));
	party_share(pb, true);
	TEST_TRUE(!pa->share && pb->share);
	TEST_EQ(2, count(&bob, "share started", NULL));
	TEST_EQ(1, count(&bob, "share stopped", NULL));
	TEST_EQ(200, ask_party(&bob, "share stop", bob.party, ""));
	TEST_EQ(2, count(&ann, "share stopped", NULL));
	party_share(pa, true);
	say(&ann, "{\"bye\": true}");
	TEST_EQ(3, count(&bob, "share stopped", NULL));
 out:
	over();
	return err;
}

static int test_moved(void)
{
	const char *s = "";
	char args[128];
	int err = 0;

	TEST_ERR(open_room(""));
	TEST_EQ(200, admin("room create", "\"room\": \"b\""));
	TEST_ERR(join(&ann, "Ann"));
	TEST_ERR(join(&bob, "Bob"));
	(void)re_snprintf(args, sizeof(args), "\"party\": %u, \"room\":"
			  " \"b\"", bob.party);
	TEST_EQ(200, admin("party move", args));
	(void)json_str(json_object_get(last(&bob, "welcome"), "room"),
		       "name", &s);
	TEST_STR("b", s);
	TEST_EQ(1, count(&ann, "party left", NULL));

	/* each hears his room only */
	TEST_EQ(200, ask_party(&ann, "hand raise", ann.party, ""));
	TEST_EQ(200, ask_party(&bob, "hand raise", bob.party, ""));
	TEST_EQ(1, count(&ann, "hand raised", NULL));
	TEST_EQ(1, count(&bob, "hand raised", NULL));
 out:
	over();
	return err;
}

/* Whoever only waits holds no mixer up, and is not left at a shut door */
static int test_door(void)
{
	struct meeting *m;
	int err = 0;

	TEST_ERR(open_room(""));
	TEST_EQ(200, admin("room lock", "\"room\": \"a\""));
	TEST_ERR(join(&bob, "Bob"));
	TEST_EQ(1, list_count(&srv->meetingl));
	m = srv->meetingl.head->data;
	TEST_EQ(0, meeting_count(m, true));
	TEST_EQ(0, m->id);
	run_ms(50);
	TEST_TRUE(bob.conn != NULL);

	TEST_ERR(meeting_up(m));
	meeting_check(m);
	run_ms(100);
	TEST_EQ(SEAT_CLOSE_ENDED, bob.code);
	TEST_EQ(0, list_count(&srv->meetingl));
 out:
	over();
	return err;
}

static const struct test testv[] = {
	{"hello, and who is refused", test_hello},
	{"a welcome says how things are", test_welcome},
	{"a seat is resumed without a hole", test_resume},
	{"a seat that nobody comes back to", test_linger},
	{"one address and all the seats", test_hoarder},
	{"a full room and its door", test_full_door},
	{"a key that is withdrawn", test_key},
	{"a second page takes the seat over", test_replaced},
	{"who waits at a locked room is let in", test_waiting},
	{"kicked, ended, stopped", test_ends},
	{"too many people, messages, reactions", test_limits},
	{"names, hands, layouts, the light", test_doings},
	{"one share a room", test_shares},
	{"a seat moves to another room", test_moved},
	{"who waits holds nothing up", test_door},
};

int main(int argc, char **argv)
{
	int ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));

	room_close();

	return ret;
}
