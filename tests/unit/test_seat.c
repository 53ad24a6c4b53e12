/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_seat.c -- people in browsers: hello, resumed, admitted,
 * kicked, replaced; what they may do; the link is an array
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "media/mixer_client.h"
#include "tests/unit/test.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

/* ---- a server with a fake mixer, in a directory of its own ---- */

static char dir[64];
static struct config *conf;
static struct server *srv;

static int rm_handler(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;

	return remove(path);
}

static int set(const char *fmt, const char *val)
{
	char line[160], text[160];

	(void)re_snprintf(line, sizeof(line), fmt, val);

	return config_set(conf, line, text, sizeof(text));
}

static int configure(void)
{
	char port[32];
	int err;

	(void)re_snprintf(port, sizeof(port), "%u",
			  30000 + rand_u16() % 30000);
	conf = mem_deref(conf);
	err  = config_alloc(&conf);
	err |= set("data_dir %s/data", dir);
	err |= set("control_socket %s/sock", dir);
	err |= set("sip_listen udp 127.0.0.1:%s", port);
	(void)re_snprintf(port, sizeof(port), "%u",
			  30000 + rand_u16() % 30000);
	err |= set("web_listen http 127.0.0.1:%s", port);
	err |= set("%s", "linger_s 0");

	return err;
}

static int up(void)
{
	char text[256] = "", fake[512], cwd[400], mixer[128];
	int err = 0, i;

	log_init("test", LVL_ERROR, false);
	str_ncpy(dir, "/tmp/tutti-test-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir) || !getcwd(cwd, sizeof(cwd)))
		return errno;
	(void)re_snprintf(mixer, sizeof(mixer), "%s/tutti-mixer", dir);
	(void)re_snprintf(fake, sizeof(fake), "%s/tests/fake/fake_mixer",
			  cwd);
	if (symlink(fake, mixer) || setenv("TUTTI_LIBEXEC", dir, 1))
		return errno;

	/* ports that happen to be free */
	for (i = 0; i < 20; i++) {
		text[0] = '\0';
		err = configure();
		if (err)
			return err;
		err = server_alloc(&srv, conf, text, sizeof(text));
		if (!strstr(text, "in use"))
			break;
	}
	if (err)
		printf("# %s\n", text);

	return err;
}

static void down(void)
{
	srv  = mem_deref(srv);
	conf = mem_deref(conf);
	mixer_client_reap();
	if (dir[0])
		(void)nftw(dir, rm_handler, 8, FTW_DEPTH | FTW_PHYS);
	dir[0] = '\0';
}

static void pause_handler(void *arg)
{
	(void)arg;
	re_cancel();
}

static void run_ms(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, pause_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

/* ---- a page ---- */

struct page {
	struct seat_conn *conn;   /* NULL: closed                         */
	json_t *got;              /* array of messages                    */
	uint16_t code;            /* why closed                           */
	char seat[64];            /* of the last welcome                  */
	uint32_t party;
	size_t waiting;
};

static struct page ann, bob, cid;

static void send_handler(const json_t *msg, void *arg)
{
	const json_t *welcome = json_object_get(msg, "welcome");
	struct page *page = arg;

	(void)json_array_append_new(page->got, json_deep_copy(msg));
	if (!welcome)
		return;
	(void)json_strcpy(welcome, "seat", page->seat, sizeof(page->seat));
	(void)json_u32(welcome, "party", &page->party);
}

static void close_handler(uint16_t code, const char *reason, void *arg)
{
	struct page *page = arg;

	(void)reason;
	page->conn = NULL;
	page->code = code;
}

static size_t waiting_handler(void *arg)
{
	const struct page *page = arg;

	return page->waiting;
}

static const struct seat_link link_handlers = {
	send_handler, close_handler, waiting_handler,
};

static void say(struct page *page, const char *text)
{
	json_t *msg = json_loads(text, 0, NULL);

	if (!msg)
		printf("# not JSON: %s\n", text);
	if (page->conn)
		seat_conn_recv(page->conn, msg);
	json_decref(msg);
}

static int dial(struct page *page, const char *room)
{
	struct sa peer;

	json_decref(page->got);
	page->got  = json_array();
	page->code = 0;
	(void)sa_set_str(&peer, "192.0.2.7", 4000);

	return seat_conn_alloc(&page->conn, srv->seats, room, &peer,
			       &link_handlers, page);
}

static int join(struct page *page, const char *name)
{
	char text[128];
	int err;

	err = dial(page, "a");
	(void)re_snprintf(text, sizeof(text), "{\"hello\": {\"name\": "
			  "\"%s\"}}", name);
	say(page, text);

	return err ? err : page->conn ? 0 : EACCES;
}

static void hang_up(struct page *page)
{
	if (page->conn)
		seat_conn_gone(page->conn);
	page->conn = NULL;
}

static void pages_close(void)
{
	hang_up(&ann);
	hang_up(&bob);
	hang_up(&cid);
}

/* How often an event came, and the last of them */
static unsigned count(const struct page *page, const char *name,
		      json_t **lastp)
{
	const json_t *msg;
	unsigned n = 0;
	size_t i;

	json_array_foreach(page->got, i, msg) {
		json_t *event = json_object_get(msg, "event");
		const char *s = "";

		(void)json_str(event, "event", &s);
		if (strcmp(s, name))
			continue;
		++n;
		if (lastp)
			*lastp = event;
	}

	return n;
}

static json_t *last(const struct page *page, const char *key)
{
	size_t i = json_array_size(page->got);

	while (i--) {
		json_t *obj = json_object_get(json_array_get(page->got, i),
					      key);

		if (obj)
			return obj;
	}

	return NULL;
}

/* Asks and gives the status: 200, the error's, 0 without an answer */
static int ask(struct page *page, const char *verb, const char *args)
{
	static int id;
	const json_t *msg;
	uint32_t status = 0;
	char text[1024];
	int got = 0;
	size_t i;

	(void)re_snprintf(text, sizeof(text), "{\"id\": %d, \"verb\": \"%s\","
			  " \"args\": {%s}}", ++id, verb, args);
	say(page, text);
	json_array_foreach(page->got, i, msg) {
		uint32_t n = 0;

		if (json_u32(msg, "id", &n) || (int)n != id)
			continue;
		got = 200;
		if (!json_u32(json_object_get(msg, "error"), "status",
			      &status))
			got = (int)status;
	}

	return got;
}

static int ask_party(struct page *page, const char *verb, uint32_t party,
		     const char *more)
{
	char args[256];

	(void)re_snprintf(args, sizeof(args), "\"party\": %u%s", party, more);

	return ask(page, verb, args);
}

/* ---- the administrator ---- */

static json_t *answer;

static void line_handler(json_t *line, bool isLast, void *arg)
{
	(void)isLast;
	(void)arg;
	json_decref(answer);
	answer = json_deep_copy(line);
}

static int admin(const char *verb, const char *args)
{
	const struct req_who who = {
		.uid = getuid(), .gid = getgid(), .role = VERB_ADMIN,
	};
	uint32_t status = 200;
	struct req *req = NULL;
	char text[1024];
	json_t *msg;

	(void)re_snprintf(text, sizeof(text), "{\"verb\": \"%s\", \"args\":"
			  " {%s}}", verb, args);
	msg = json_loads(text, 0, NULL);
	(void)req_alloc(&req, NULL, &who, line_handler, NULL);
	verbs_dispatch(srv, req, msg);
	json_decref(msg);
	mem_deref(req);
	(void)json_u32(json_object_get(answer, "error"), "status", &status);

	return (int)status;
}

static int open_room(const char *more)
{
	char args[256];
	int err = up();

	if (err)
		return err;
	(void)re_snprintf(args, sizeof(args), "\"room\": \"a\"%s", more);

	return admin("room create", args) == 200 ? 0 : EPROTO;
}

static void over(void)
{
	pages_close();
	down();
}

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
	int err;

	err = open_room(", \"number\": \"77\", \"pin\": \"1234\","
			" \"host_pin\": \"9999\"");
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		err = dial(&ann, v[i].room);
		TEST_ERR(err);
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
	int err;

	err = open_room(", \"title\": \"Alpha\"");
	TEST_ERR(err);
	err = join(&ann, "  Ann \\u202e\\n Lee ");
	TEST_ERR(err);
	err = join(&bob, "Ann Lee");
	TEST_ERR(err);
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
	TEST_EQ(4, json_array_size(json_object_get(w, "layouts")));
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
	int err;

	err = open_room("");
	TEST_ERR(err);
	err  = join(&ann, "Ann");
	err |= join(&bob, "Bob");
	TEST_ERR(err);
	TEST_EQ(200, ask_party(&bob, "hand raise", bob.party, ""));
	TEST_EQ(1, count(&ann, "hand raised", &event));
	(void)json_u64(event, "number", &was);

	party = ann.party;
	str_ncpy(seat, ann.seat, sizeof(seat));
	hang_up(&ann);
	TEST_EQ(200, ask_party(&bob, "hand lower", bob.party, ""));
	TEST_EQ(200, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"👍\""));

	err = dial(&ann, "a");
	TEST_ERR(err);
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
	err = dial(&bob, "a");
	TEST_ERR(err);
	say(&bob, text);
	TEST_EQ(0, count(&bob, "room created", NULL));
	TEST_EQ(0, count(&bob, "meeting started", NULL));
	TEST_EQ(2, count(&bob, "hand raised", NULL));

	/* another room's page does not get in by it */
	TEST_EQ(200, admin("room create", "\"room\": \"b\", \"pin\": \"1\""));
	err = dial(&cid, "b");
	TEST_ERR(err);
	say(&cid, text);
	TEST_EQ(4401, cid.code);
	TEST_TRUE(bob.conn != NULL);
 out:
	over();
	return err;
}

static int test_replaced(void)
{
	char text[256];
	int err;

	err = open_room("");
	TEST_ERR(err);
	err = join(&ann, "Ann");
	TEST_ERR(err);
	err = dial(&bob, "a");
	TEST_ERR(err);
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
	int err;

	err = open_room(", \"host_pin\": \"99\"");
	TEST_ERR(err);
	TEST_EQ(200, admin("room lock", "\"room\": \"a\""));
	err = dial(&ann, "a");
	TEST_ERR(err);
	say(&ann, "{\"hello\": {\"name\": \"Ann\", \"pin\": \"99\"}}");
	TEST_TRUE(!json_is_true(json_object_get(last(&ann, "welcome"),
						"waiting")));
	err = join(&bob, "Bob");
	TEST_ERR(err);
	err = join(&cid, "Cid");
	TEST_ERR(err);
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
	err = join(&cid, "Cid");
	TEST_ERR(err);
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
	int err;

	err = open_room(", \"host_pin\": \"99\"");
	TEST_ERR(err);
	err = dial(&ann, "a");
	TEST_ERR(err);
	say(&ann, "{\"hello\": {\"name\": \"Ann\", \"pin\": \"99\"}}");
	err  = join(&bob, "Bob");
	err |= join(&cid, "Cid");
	TEST_ERR(err);

	TEST_EQ(403, ask_party(&bob, "party kick", cid.party, ""));
	TEST_EQ(200, ask_party(&ann, "party kick", bob.party,
			       ", \"reason\": \"noise\""));
	TEST_EQ(SEAT_CLOSE_KICKED, bob.code);
	TEST_EQ(1, count(&bob, "party left", &event));
	(void)json_str(event, "reason", &reason);
	TEST_STR("kicked: noise", reason);
	TEST_EQ(1, count(&cid, "party left", NULL));

	/* himself, in the midst of his own message */
	err = dial(&bob, "a");
	TEST_ERR(err);
	say(&bob, "{\"hello\": {\"name\": \"Bob\", \"pin\": \"99\"}}");
	TEST_TRUE(ask_party(&bob, "party kick", bob.party, "") != 403);
	TEST_EQ(SEAT_CLOSE_KICKED, bob.code);

	TEST_EQ(200, ask(&ann, "room end", "\"room\": \"a\"") | 200);
	TEST_EQ(SEAT_CLOSE_ENDED, ann.code);
	TEST_EQ(SEAT_CLOSE_ENDED, cid.code);
	TEST_EQ(0, list_count(&srv->meetingl));

	err = join(&cid, "Cid");
	TEST_ERR(err);
	seats_close(srv->seats);
	TEST_EQ(SEAT_CLOSE_GOING, cid.code);
 out:
	over();
	return err;
}

static int test_limits(void)
{
	unsigned i, tooMany = 0;
	int err;

	err = open_room(", \"max_parties\": 2");
	TEST_ERR(err);
	err  = join(&ann, "Ann");
	err |= join(&bob, "Bob");
	TEST_ERR(err);
	TEST_EQ(EACCES, join(&cid, "Cid"));
	TEST_EQ(4409, cid.code);

	/* said once too often, and then for ever */
	for (i = 0; i < SEAT_BURST + 5; i++)
		tooMany += ask(&ann, "party list", "") == 429;
	TEST_TRUE(tooMany >= 4 && tooMany <= 5);
	for (i = 0; i < 2 * SEAT_REFUSED_MAX && ann.conn; i++)
		say(&ann, "{\"verb\": \"party list\"}");
	TEST_EQ(SEAT_CLOSE_RATE, ann.code);
	TEST_TRUE(i <= SEAT_REFUSED_MAX + 5);
	TEST_TRUE(bob.conn != NULL);

	TEST_EQ(400, ask(&bob, "event follow", ""));
	TEST_EQ(400, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"hello\""));
	TEST_EQ(400, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"👍 👍\""));
	TEST_EQ(400, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"👍👍👍👍👍👍👍👍👍\""));
	for (i = 0; i < PARTY_REACTIONS; i++)
		TEST_EQ(200, ask_party(&bob, "reaction send", bob.party,
				       ", \"emoji\": \"👍🏽\""));
	TEST_EQ(429, ask_party(&bob, "reaction send", bob.party,
			       ", \"emoji\": \"👍\""));
	TEST_EQ(PARTY_REACTIONS, count(&bob, "reaction sent", NULL));
 out:
	over();
	return err;
}

static int test_doings(void)
{
	json_t *event = NULL;
	const char *s = "";
	int err;

	err = open_room(", \"host_pin\": \"99\"");
	TEST_ERR(err);
	err = dial(&ann, "a");
	TEST_ERR(err);
	say(&ann, "{\"hello\": {\"name\": \"Ann\", \"pin\": \"99\"}}");
	err = join(&bob, "Bob");
	TEST_ERR(err);

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
	TEST_EQ(409, ask_party(&bob, "share stop", bob.party, ""));

	/* his light goes with him */
	say(&bob, "{\"bye\": true}");
	TEST_EQ(2, count(&ann, "room spotlight", &event));
	TEST_EQ(0, json_integer_value(json_object_get(event, "party")));
 out:
	over();
	return err;
}

/* A share takes the place of another; only the room's one is left. */
static int test_shares(void)
{
	struct party *pa, *pb;
	int err;

	err = open_room("");
	TEST_ERR(err);
	err  = join(&ann, "Ann");
	err |= join(&bob, "Bob");
	TEST_ERR(err);
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
	int err;

	err = open_room("");
	TEST_ERR(err);
	TEST_EQ(200, admin("room create", "\"room\": \"b\""));
	err  = join(&ann, "Ann");
	err |= join(&bob, "Bob");
	TEST_ERR(err);
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
	int err;

	err = open_room("");
	TEST_ERR(err);
	TEST_EQ(200, admin("room lock", "\"room\": \"a\""));
	err = join(&bob, "Bob");
	TEST_ERR(err);
	TEST_EQ(1, list_count(&srv->meetingl));
	m = srv->meetingl.head->data;
	TEST_EQ(0, meeting_count(m, true));
	TEST_EQ(0, m->id);
	run_ms(50);
	TEST_TRUE(bob.conn != NULL);

	err = meeting_up(m);
	TEST_ERR(err);
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
	const char *top = getenv("top_builddir");
	int ret;

	if (top && chdir(top))
		return 99;
	ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	json_decref(answer);
	json_decref(ann.got);
	json_decref(bob.got);
	json_decref(cid.got);

	return ret;
}
