/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/room.c -- a server with a fake mixer, and pages in its room
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "media/mixer_client.h"
#include "tests/fake/room.h"
#include "tuttid/meeting.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

/* ---- a server with a fake mixer, in a directory of its own ---- */

static char dir[64];
static struct config *conf;
struct server *srv;
uint16_t web_port;

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
	web_port = 30000 + rand_u16() % 30000;
	(void)re_snprintf(port, sizeof(port), "%u", web_port);
	err |= set("web_listen http 127.0.0.1:%s", port);
	err |= set("%s", "linger_s 0");

	return err;
}

static int up(void)
{
	const char *top = getenv("top_builddir");
	char text[256] = "", fake[512], cwd[400], mixer[128];
	int err = 0, i;

	if (top && chdir(top))
		return errno;
	(void)unsetenv("top_builddir");    /* we are there */

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

void run_ms(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, pause_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

/* ---- a page ---- */

struct page ann, bob, cid;

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

void say(struct page *page, const char *text)
{
	json_t *msg = json_loads(text, 0, NULL);

	if (!msg)
		printf("# not JSON: %s\n", text);
	if (page->conn)
		seat_conn_recv(page->conn, msg);
	json_decref(msg);
}

int dial(struct page *page, const char *room)
{
	struct sa peer;

	json_decref(page->got);
	page->got  = json_array();
	page->code = 0;
	(void)sa_set_str(&peer, "192.0.2.7", 4000);

	return seat_conn_alloc(&page->conn, srv->seats, room, &peer,
			       &link_handlers, page);
}

static int hello(struct page *page, const char *name, const char *more)
{
	char text[128];
	int err;

	err = dial(page, "a");
	(void)re_snprintf(text, sizeof(text), "{\"hello\": {\"name\": "
			  "\"%s\"%s}}", name, more);
	say(page, text);

	return err ? err : page->conn ? 0 : EACCES;
}

int join(struct page *page, const char *name)
{
	return hello(page, name, "");
}

int join_host(struct page *page, const char *name)
{
	return hello(page, name, ", \"pin\": \"99\"");
}

void hang_up(struct page *page)
{
	if (page->conn)
		seat_conn_gone(page->conn, false);
	page->conn = NULL;
}

static void pages_close(void)
{
	hang_up(&ann);
	hang_up(&bob);
	hang_up(&cid);
}

/* How often an event came, and the last of them */
unsigned count(const struct page *page, const char *name,
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

json_t *last(const struct page *page, const char *key)
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
int ask(struct page *page, const char *verb, const char *args)
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

int ask_party(struct page *page, const char *verb, uint32_t party,
		     const char *more)
{
	char args[256];

	(void)re_snprintf(args, sizeof(args), "\"party\": %u%s", party, more);

	return ask(page, verb, args);
}

/* ---- the administrator ---- */

static json_t *answer;

static void line_handler(json_t *line, bool is_last, void *arg)
{
	(void)is_last;
	(void)arg;
	json_decref(answer);
	answer = json_deep_copy(line);
}

int admin(const char *verb, const char *args)
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

int open_room(const char *more)
{
	char args[256];
	int err = up();

	if (err)
		return err;
	(void)re_snprintf(args, sizeof(args), "\"room\": \"a\"%s", more);

	return admin("room create", args) == 200 ? 0 : EPROTO;
}

void over(void)
{
	pages_close();
	down();
}

void room_close(void)
{
	answer  = (json_decref(answer), NULL);
	ann.got = (json_decref(ann.got), NULL);
	bob.got = (json_decref(bob.got), NULL);
	cid.got = (json_decref(cid.got), NULL);
}

/* ---- the fake mixer ---- */

static struct mixer_client *mixer_of_room(void)
{
	const struct room *room = rooms_find(srv->rooms, "a");

	return room && room->meeting ? room->meeting->mc : NULL;
}

static void list_handler(int err, const char *text, json_t *result,
			 void *arg)
{
	json_t **listp = arg;

	(void)text;
	if (!err)
		*listp = json_incref(result);
	re_cancel();
}

json_t *mixer_list(void)
{
	struct mixer_client *mc = mixer_of_room();
	json_t *list = NULL;

	if (mc && !mixer_request(mc, "list", NULL, NULL, 0, list_handler,
				 &list))
		run_ms(5000);

	return list;
}

int mixer_say(json_t *msg)
{
	return mixer_request(mixer_of_room(), "fake",
			     json_pack("{s:s, s:o}", "do", "say", "msg",
				       msg), NULL, 0, NULL, NULL);
}
