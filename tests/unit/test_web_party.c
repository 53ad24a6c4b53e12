/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_web_party.c -- parties by WebRTC: what Chromium offered
 * once, posted to a server whose mixer is a fake
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>
#include <jansson.h>

#include "base/json.h"
#include "base/mixproto.h"
#include "base/ticket.h"
#include "media/mixer_client.h"
#include "media/ports.h"
#include "tests/fake/room.h"
#include "tests/unit/test.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "web/whip.h"

/* ---- requests ---- */

static struct whip_out out;

static int load(struct mbuf **mbp, const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	size_t n;
	FILE *f;

	(void)re_snprintf(path, sizeof(path), "%s/tests/data/sdp/%s",
			  top ? top : "..", name);
	f = fopen(path, "r");
	if (!f)
		return errno;
	*mbp = mbuf_alloc(65536);
	n = fread((*mbp)->buf, 1, (*mbp)->size, f);
	(*mbp)->end = n;
	(void)fclose(f);

	return n ? 0 : EBADMSG;
}

/* Sends an offer, or nothing; gives the status. */
static int http(const char *method, const char *path, const char *query,
		const char *token, const char *offer)
{
	struct mbuf *body = NULL;
	struct whip_in in;
	char auth[128];
	struct sa peer;

	whip_out_reset(&out);
	(void)sa_set_str(&peer, "192.0.2.8", 5000);
	memset(&in, 0, sizeof(in));
	in.method = method;
	in.path   = path;
	in.query  = query ? json_loads(query, 0, NULL) : NULL;
	in.agent  = "test/1 (x)";
	in.peer   = &peer;
	if (token) {
		(void)re_snprintf(auth, sizeof(auth), "Bearer %s", token);
		in.auth = auth;
	}
	if (offer) {
		in.ctype = "application/sdp";
		if (load(&body, offer))
			return 0;
	}
	in.body = body;
	whip_handle(srv->whip, &in, &out);
	mem_deref(body);
	json_decref((json_t *)(uintptr_t)in.query);

	return out.status;
}

/* The path of the last answer's Location */
static const char *location(void)
{
	static char path[256];
	struct pl pl;

	path[0] = '\0';
	if (out.headers &&
	    !re_regex((const char *)out.headers->buf, out.headers->end,
		      "Location: [^\r]+", &pl))
		(void)pl_strcpy(&pl, path, sizeof(path));

	return path;
}

static struct party *only(void)
{
	const struct room *room = rooms_find(srv->rooms, "a");
	const struct meeting *m = room ? room->meeting : NULL;

	return m && list_count(&m->partyl) == 1 ? m->partyl.head->data : NULL;
}

/* The mixer's leg as it was told; borrowed of *listp */
static json_t *leg(json_t **listp, uint32_t id)
{
	json_t *item;
	size_t i;

	json_decref(*listp);
	*listp = mixer_list();
	json_array_foreach(json_object_get(*listp, "legs"), i, item) {
		uint32_t n = 0;

		(void)json_u32(item, "id", &n);
		if (n == id)
			return json_object_get(item, "ticket");
	}

	return NULL;
}

static const char *str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static int tell(uint32_t id, const char *m, json_t *more)
{
	json_t *msg = json_pack("{s:s, s:I}", "m", m, "id", (json_int_t)id);
	int err;

	(void)json_object_update(msg, more);
	json_decref(more);
	err = mixer_say(msg);
	/* whatever it says is heard by then */
	json_decref(mixer_list());

	return err;
}

static int rtc_state(uint32_t id, const char *state)
{
	return tell(id, MIX_LEG_RTC, json_pack("{s:s, s:s}", "state", state,
					       "text", "as told"));
}

/* ---- cases ---- */

/* The page: media come, are replaced, and go; the party is the same. */
static int test_session(void)
{
	char text[32];
	json_t *list = NULL, *ticket, *event = NULL;
	char path[256], second[256], ufrag[64];
	struct party *p;
	unsigned ports;
	int err;

	err = open_room("");
	TEST_ERR(err);
	err  = join(&ann, "Ann");
	err |= join(&bob, "Bob");
	TEST_ERR(err);
	ports = ports_free(srv->ports);

	TEST_EQ(401, http("POST", "/session/a", NULL, NULL,
			  "chromium-session.sdp"));
	TEST_EQ(401, http("POST", "/session/a", NULL, "nonsense",
			  "chromium-session.sdp"));
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	str_ncpy(path, location(), sizeof(path));
	TEST_TRUE(!strncmp(path, "/session/a/", 11));
	TEST_EQ(1, whip_count(srv->whip));

	p = server_party(srv, ann.party);
	TEST_TRUE(p && p->state == PARTY_JOINED);
	TEST_EQ(1, count(&bob, "party joined", &event));
	TEST_STR("web", str(event, "via"));
	TEST_STR("opus/48000/2", str(event, "audio"));
	TEST_EQ(1, count(&ann, "party joined", &event));
	TEST_STR("test/1 (x)", str(event, "user_agent"));

	ticket = leg(&list, ann.party);
	TEST_STR("Ann", str(ticket, "name"));
	str_ncpy(ufrag, str(json_object_get(ticket, "rtc"), "lufrag"),
		 sizeof(ufrag));
	TEST_TRUE(strlen(ufrag) >= 4);
	TEST_EQ(0, json_integer_value(json_object_get(
			json_object_get(ticket, "audio"), "rtp_fd")));
	TEST_EQ(-1, json_integer_value(json_object_get(
			json_object_get(ticket, "video"), "rtcp_fd")));

	/* a host's word and his own wishes outlast the media */
	TEST_EQ(200, ask_party(&ann, "party mute", ann.party, ""));
	TEST_EQ(200, ask_party(&ann, "party layout", ann.party,
			       ", \"layout\": \"speaker\""));
	re_snprintf(text, sizeof(text), ", \"other\": %u", bob.party);
	TEST_EQ(200, ask_party(&ann, "party pin", ann.party, text));
	TEST_EQ(200, ask_party(&ann, "party selfview", ann.party,
			       ", \"shown\": false"));
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	str_ncpy(second, location(), sizeof(second));
	TEST_TRUE(strcmp(path, second));
	TEST_EQ(1, whip_count(srv->whip));
	TEST_EQ(1, count(&bob, "party joined", NULL));
	TEST_EQ(0, count(&bob, "party left", NULL));
	ticket = leg(&list, ann.party);
	TEST_TRUE(strcmp(ufrag, str(json_object_get(ticket, "rtc"),
				    "lufrag")));
	TEST_TRUE(json_is_true(json_object_get(ticket, "muted")));
	TEST_STR("speaker", str(ticket, "layout"));
	TEST_EQ(bob.party, json_integer_value(json_array_get(
		json_object_get(ticket, "pins"), 0)));
	TEST_TRUE(json_is_true(json_object_get(ticket, "hide_self")));
	TEST_EQ(404, http("DELETE", path, NULL, NULL, NULL));

	TEST_EQ(200, http("DELETE", second, NULL, NULL, NULL));
	TEST_EQ(PARTY_SEATED, p->state);
	TEST_TRUE(ann.conn != NULL);
	TEST_EQ(0, count(&bob, "party left", NULL));
	TEST_TRUE(!leg(&list, ann.party));
	TEST_EQ(0, whip_count(srv->whip));
	TEST_EQ(ports, ports_free(srv->ports));

	/* and come again */
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	TEST_EQ(1, count(&bob, "party joined", NULL));
	say(&ann, "{\"bye\": true}");
	TEST_EQ(1, count(&bob, "party left", NULL));
	TEST_EQ(0, whip_count(srv->whip));
	TEST_EQ(ports, ports_free(srv->ports));
 out:
	json_decref(list);
	whip_out_reset(&out);
	over();
	return err;
}

static int test_slides(void)
{
	json_t *list = NULL, *ticket;
	char path[256];
	int err;

	err = open_room("");
	TEST_ERR(err);
	err  = join(&ann, "Ann");
	err |= join(&bob, "Bob");
	TEST_ERR(err);
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	str_ncpy(path, location(), sizeof(path));
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-slides.sdp"));
	ticket = leg(&list, ann.party);
	TEST_TRUE(json_object_get(ticket, "slides"));
	TEST_EQ(0, count(&bob, "share started", NULL));
	err = tell(ann.party, MIX_LEG_SLIDES, json_pack("{s:b}", "on", 1));
	TEST_ERR(err);
	TEST_EQ(1, count(&bob, "share started", NULL));

	/* told to stop: what still comes is not looked at */
	TEST_EQ(200, ask_party(&ann, "share stop", ann.party, ""));
	TEST_EQ(1, count(&ann, "share stopped", NULL));
	ticket = leg(&list, ann.party);
	TEST_TRUE(!json_is_true(json_object_get(
			json_object_get(ticket, "slides"), "on")));
	err = tell(ann.party, MIX_LEG_SLIDES, json_pack("{s:b}", "on", 1));
	TEST_ERR(err);
	TEST_EQ(1, count(&bob, "share started", NULL));

	/* until he offers anew */
	TEST_EQ(200, http("PATCH", location(), NULL, NULL,
			  "chromium-slides.sdp"));
	ticket = leg(&list, ann.party);
	TEST_TRUE(json_is_true(json_object_get(
			json_object_get(ticket, "slides"), "on")));
	err = tell(ann.party, MIX_LEG_SLIDES, json_pack("{s:b}", "on", 1));
	TEST_ERR(err);
	TEST_EQ(2, count(&bob, "share started", NULL));
	err = tell(ann.party, MIX_LEG_SLIDES, json_pack("{s:b}", "on", 0));
	TEST_ERR(err);
	TEST_EQ(2, count(&bob, "share stopped", NULL));
 out:
	json_decref(list);
	whip_out_reset(&out);
	over();
	return err;
}

/* As everybody who may see the party is told */
static int asked(const struct party *p, const char *media, int w, int h)
{
	json_t *obj = party_json(p), *need, *of;
	int err = 0;

	need = json_object_get(obj, "need");
	of = json_object_get(need, media);
	if (!of)
		err = ENOENT;
	else if (json_integer_value(json_object_get(of, "width")) != w ||
		 json_integer_value(json_object_get(of, "height")) != h)
		err = EBADMSG;
	json_decref(obj);

	return err;
}

/* What the mixer tells of a browser's connection and need */
static int test_news(void)
{
	json_t *event = NULL;
	struct party *p;
	int err;

	err = open_room("");
	TEST_ERR(err);
	err  = join(&ann, "Ann");
	err |= join(&bob, "Bob");
	TEST_ERR(err);
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	p = server_party(srv, ann.party);

	err = tell(ann.party, MIX_LEG_NEED,
		   json_pack("{s:s, s:i, s:i}", "media", "video", "width",
			     640, "height", 360));
	TEST_ERR(err);
	TEST_EQ(1, count(&ann, "party need", &event));
	TEST_EQ(640, json_integer_value(json_object_get(event, "width")));
	TEST_EQ(0, count(&bob, "party need", NULL));
	TEST_ERR(asked(p, "video", 640, 360));
	TEST_EQ(ENOENT, asked(p, "slides", 640, 360));
	/* a mixer's word for it is not taken further */
	err = tell(ann.party, MIX_LEG_NEED,
		   json_pack("{s:s, s:i, s:i}", "media", "x", "width",
			     0, "height", 0));
	TEST_ERR(err);
	TEST_EQ(2, count(&ann, "party need", &event));
	TEST_STR("video", str(event, "media"));
	TEST_ERR(asked(p, "video", 0, 0));

	err = rtc_state(ann.party, "connected");
	TEST_ERR(err);
	err = rtc_state(ann.party, "trouble");
	TEST_ERR(err);
	TEST_EQ(2, count(&ann, "party connection", &event));
	TEST_STR("trouble", str(event, "state"));
	TEST_EQ(PARTY_JOINED, p->state);

	err = rtc_state(ann.party, "failed");
	TEST_ERR(err);
	TEST_EQ(PARTY_SEATED, p->state);
	TEST_EQ(3, count(&ann, "party connection", NULL));
	TEST_EQ(0, count(&bob, "party left", NULL));
	TEST_EQ(0, whip_count(srv->whip));

	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	err = rtc_state(ann.party, "closed");
	TEST_ERR(err);
	TEST_EQ(PARTY_SEATED, p->state);
 out:
	whip_out_reset(&out);
	over();
	return err;
}

static int test_whip(void)
{
	json_t *list = NULL, *ticket;
	char path[256];
	struct party *p;
	uint32_t id;
	int err;

	err = open_room(", \"pin\": \"1234\", \"host_pin\": \"99\"");
	TEST_ERR(err);
	TEST_EQ(404, http("POST", "/whip/z", NULL, NULL,
			  "chromium-whip-av1.sdp"));
	TEST_EQ(401, http("POST", "/whip/a", NULL, NULL,
			  "chromium-whip-av1.sdp"));
	TEST_EQ(401, http("POST", "/whip/a", NULL, "12345",
			  "chromium-whip-av1.sdp"));
	/* what comes to nothing leaves nothing */
	TEST_EQ(0, list_count(&srv->meetingl));
	TEST_EQ(400, http("POST", "/whip/a", NULL, "1234",
			  "../../../README.md"));
	TEST_EQ(0, list_count(&srv->meetingl));
	TEST_EQ(0, whip_count(srv->whip));

	TEST_EQ(201, http("POST", "/whip/a", "{\"name\": \" Cam\\u0007 1\"}",
			  "1234", "chromium-whip-av1.sdp"));
	str_ncpy(path, location(), sizeof(path));
	p = only();
	TEST_TRUE(p);
	id = p->id;
	TEST_STR("whip", p->via);
	TEST_STR("Cam 1", p->name);
	TEST_TRUE(!p->host && p->state == PARTY_JOINED);
	ticket = leg(&list, id);
	TEST_TRUE(ticket && !json_is_true(json_object_get(ticket,
							  "watcher")));
	TEST_TRUE(!json_is_true(json_object_get(
			json_object_get(ticket, "video"), "send")));
	TEST_EQ(409, admin("party picture", "\"party\": 1, \"size\":"
			   " \"360p\""));

	TEST_EQ(200, http("DELETE", path, NULL, NULL, NULL));
	run_ms(20);
	TEST_EQ(0, list_count(&srv->meetingl));
	TEST_EQ(404, http("DELETE", path, NULL, NULL, NULL));

	/* failed or gone: it has left */
	TEST_EQ(201, http("POST", "/whip/a", NULL, "99",
			  "chromium-whip-av1.sdp"));
	p = only();
	TEST_TRUE(p && p->host);
	json_decref(mixer_list());
	(void)rtc_state(p->id, "failed");
	run_ms(20);
	TEST_EQ(0, list_count(&srv->meetingl));
	TEST_EQ(0, whip_count(srv->whip));
 out:
	json_decref(list);
	whip_out_reset(&out);
	over();
	return err;
}

static int test_whep(void)
{
	static const struct {
		const char *query;
		int status;
		const char *layout;
		int height;
	} v[] = {
		{NULL, 201, "", 0},
		{"{\"layout\": \"speaker\", \"rung\": \"360p\"}", 201,
		 "speaker", 360},
		{"{\"rung\": \"1080p\"}", 201, "", 1080},
		{"{\"layout\": \"chaos\"}", 400, NULL, 0},
		{"{\"rung\": \"9p\"}", 400, NULL, 0},
	};
	json_t *list = NULL, *ticket;
	struct party *p;
	size_t i;
	int err;

	err = open_room("");
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const int got = http("POST", "/whep/a", v[i].query, NULL,
				     "chromium-whep.sdp");

		if (got != v[i].status)
			printf("# %s: %s\n", v[i].query, out.detail);
		TEST_EQ(v[i].status, got);
		if (got != 201)
			continue;
		p = only();
		TEST_TRUE(p);
		TEST_STR("whep", p->via);
		ticket = leg(&list, p->id);
		TEST_TRUE(json_is_true(json_object_get(ticket, "watcher")));
		TEST_STR(v[i].layout, str(ticket, "layout"));
		TEST_EQ(v[i].height, json_integer_value(json_object_get(
				ticket, "max_height")));
		TEST_EQ(200, http("DELETE", location(), NULL, NULL, NULL));
		run_ms(20);
	}

	/* what he may see he may change; off is off */
	TEST_EQ(201, http("POST", "/whep/a", NULL, NULL,
			  "chromium-whep.sdp"));
	p = only();
	TEST_TRUE(p);
	err = party_picture(p, "off");
	TEST_ERR(err);
	ticket = json_object_get(leg(&list, p->id), "video");
	TEST_TRUE(ticket && !json_is_true(json_object_get(ticket, "send")));
	err = party_picture(p, "slow");
	TEST_ERR(err);
	ticket = leg(&list, p->id);
	TEST_TRUE(json_is_true(json_object_get(json_object_get(ticket,
						"video"), "send")));
	TEST_EQ(360, json_integer_value(json_object_get(ticket,
							"max_height")));
	TEST_EQ(5, json_integer_value(json_object_get(ticket, "max_fps")));
 out:
	json_decref(list);
	whip_out_reset(&out);
	over();
	return err;
}

static int test_doors(void)
{
	char text[32];
	int err;

	err = open_room(", \"max_parties\": 1, \"host_pin\": \"99\"");
	TEST_ERR(err);
	TEST_EQ(200, admin("room lock", "\"room\": \"a\""));
	TEST_EQ(403, http("POST", "/whep/a", NULL, NULL,
			  "chromium-whep.sdp"));

	/* who waits at the door has no media yet */
	err = join(&ann, "Ann");
	TEST_ERR(err);
	TEST_EQ(403, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	/* and does not keep the host out */
	TEST_EQ(201, http("POST", "/whep/a", NULL, "99",
			  "chromium-whep.sdp"));
	TEST_EQ(409, http("POST", "/whep/a", NULL, "99",
			  "chromium-whep.sdp"));
	(void)re_snprintf(text, sizeof(text), "\"party\": %u", ann.party);
	TEST_EQ(409, admin("party admit", text));
	TEST_EQ(200, admin("room end", "\"room\": \"a\""));
	TEST_EQ(0, whip_count(srv->whip));
 out:
	whip_out_reset(&out);
	over();
	return err;
}

/* A leg that the mixer will not have ends the media, not the seat. */
static int test_refused(void)
{
	struct page *page;
	struct party *p;
	int err, i;

	err = open_room("");
	TEST_ERR(err);
	TEST_EQ(200, admin("room create", "\"room\": \"picky\""));
	err  = dial(&ann, "picky");
	err |= dial(&bob, "picky");
	TEST_ERR(err);
	say(&ann, "{\"hello\": {}}");
	say(&bob, "{\"hello\": {}}");
	page = ann.party & 1 ? &bob : &ann;   /* it takes odd ones only */
	p = server_party(srv, page->party);
	TEST_TRUE(p);
	TEST_EQ(201, http("POST", "/session/picky", NULL, page->seat,
			  "chromium-session.sdp"));
	for (i = 0; i < 100 && p->state == PARTY_JOINED; i++)
		run_ms(20);
	TEST_EQ(PARTY_SEATED, p->state);
	TEST_TRUE(page->conn != NULL);
	TEST_EQ(1, count(page, "party connection", NULL));
	TEST_EQ(0, whip_count(srv->whip));
 out:
	whip_out_reset(&out);
	over();
	return err;
}

/* A killed mixer: nobody in a browser learns of it but by the event. */
static int test_crash(void)
{
	json_t *list = NULL, *ticket;
	struct meeting *m;
	struct pins spots;
	char ufrag[64];
	int err, i;

	err = open_room("");
	TEST_ERR(err);
	err = join(&ann, "Ann");
	TEST_ERR(err);
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	err = tell(ann.party, MIX_LEG_NEWS,
		   json_pack("{s:{s:s}}", "rtc", "peer", "192.0.2.77:999"));
	TEST_ERR(err);
	ticket = leg(&list, ann.party);
	str_ncpy(ufrag, str(json_object_get(ticket, "rtc"), "lufrag"),
		 sizeof(ufrag));

	/* what all see is told at once, and to the next mixer too */
	TEST_EQ(200, admin("room set", "\"room\": \"a\", \"layout\":"
			   " \"filmstrip\""));
	m = rooms_find(srv->rooms, "a")->meeting;
	spots = pins_one(ann.party);
	meeting_spotlight(m, &spots);
	(void)leg(&list, ann.party);
	TEST_STR("filmstrip", str(json_object_get(list, "room_set"),
				  "layout"));
	TEST_ERR(pins_decode(&spots, json_object_get(
		json_object_get(list, "room_set"), "spotlights")));
	TEST_EQ(ann.party, pins_first(&spots));

	TEST_EQ(0, kill(mixer_client_pid(m->mc), SIGKILL));
	for (i = 0; i < 100 && !count(&ann, "mixer replaced", NULL); i++)
		run_ms(50);
	TEST_EQ(1, count(&ann, "mixer replaced", NULL));
	TEST_EQ(0, count(&ann, "party left", NULL));
	TEST_EQ(1, whip_count(srv->whip));
	ticket = leg(&list, ann.party);
	TEST_STR(ufrag, str(json_object_get(ticket, "rtc"), "lufrag"));
	TEST_STR("192.0.2.77:999", str(json_object_get(ticket, "rtc"),
				       "peer"));
	TEST_STR("filmstrip", str(json_object_get(list, "hello"), "layout"));
	TEST_ERR(pins_decode(&spots, json_object_get(
		json_object_get(list, "hello"), "spotlights")));
	TEST_EQ(ann.party, pins_first(&spots));
 out:
	json_decref(list);
	whip_out_reset(&out);
	over();
	return err;
}

/* To another room: keys, port and page go with him. */
static int test_moved(void)
{
	struct party *p;
	char args[64];
	int err;

	err = open_room("");
	TEST_ERR(err);
	TEST_EQ(200, admin("room create", "\"room\": \"b\""));
	err = join(&ann, "Ann");
	TEST_ERR(err);
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	err = tell(ann.party, MIX_LEG_NEWS,
		   json_pack("{s:{s:s}}", "rtc", "peer", "192.0.2.77:999"));
	TEST_ERR(err);
	(void)re_snprintf(args, sizeof(args), "\"party\": %u, \"room\":"
			  " \"b\"", ann.party);
	TEST_EQ(200, admin("party move", args));
	p = server_party(srv, ann.party);
	TEST_TRUE(p && p->leg);
	TEST_STR("b", p->meeting->name);
	TEST_EQ(999, sa_port(&mixer_leg_ticket(p->leg)->rtc.peer));

	/* a reload of his page finds him there */
	TEST_EQ(201, http("POST", "/session/a", NULL, ann.seat,
			  "chromium-session.sdp"));
	TEST_STR("b", p->meeting->name);
 out:
	whip_out_reset(&out);
	over();
	return err;
}

static const struct test testv[] = {
	{"media of a seat: come, replaced, gone", test_session},
	{"a shared screen, and told to stop", test_slides},
	{"trouble, failure and need of a connection", test_news},
	{"WHIP sends in", test_whip},
	{"WHEP watches", test_whep},
	{"locked, full and waiting", test_doors},
	{"a leg that the mixer refuses", test_refused},
	{"a killed mixer changes nothing for browsers", test_crash},
	{"a browser moves to another room", test_moved},
};

int main(int argc, char **argv)
{
	int ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));

	room_close();

	return ret;
}
