/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_srv.c -- a server in a directory of its own
 */
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "media/mixer_client.h"
#include "tests/unit/test_srv.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

struct server *srv;
char srv_dir[64];

static struct config *conf;
static json_t *answer, *lines;

static int rm_handler(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;

	return remove(path);
}

static int set(const char *key, const char *fmt, unsigned n)
{
	char line[160], val[128], text[160];

	(void)re_snprintf(val, sizeof(val), fmt, srv_dir, n);
	(void)re_snprintf(line, sizeof(line), "%s %s", key, val);

	return config_set(conf, line, text, sizeof(text));
}

static int configure(void)
{
	char text[160];
	int err;

	err  = config_alloc(&conf);
	err |= set("data_dir", "%s/data", 0);
	err |= set("control_socket", "%s/sock", 0);
	(void)re_snprintf(text, sizeof(text), "sip_listen udp 127.0.0.1:%u",
			  30000 + rand_u16() % 30000);
	err |= config_set(conf, text, text, sizeof(text));
	(void)re_snprintf(text, sizeof(text), "web_listen http 127.0.0.1:%u",
			  30000 + rand_u16() % 30000);
	err |= config_set(conf, text, text, sizeof(text));

	return err;
}

int srv_up(void)
{
	char text[256] = "", fake[512], mixer[128], cwd[400];
	int err = 0, i;

	log_init("test", getenv("VERBOSE") ? LVL_INFO : LVL_ERROR, false);
	str_ncpy(srv_dir, "/tmp/tutti-test-XXXXXX", sizeof(srv_dir));
	if (!mkdtemp(srv_dir) || !getcwd(cwd, sizeof(cwd)))
		return errno;
	(void)re_snprintf(mixer, sizeof(mixer), "%s/tutti-mixer", srv_dir);
	(void)re_snprintf(fake, sizeof(fake), "%s/tests/fake/fake_mixer",
			  cwd);
	if (symlink(fake, mixer) || setenv("TUTTI_LIBEXEC", srv_dir, 1))
		return errno;

	/* ports that happen to be free */
	for (i = 0; i < 20; i++) {
		conf = mem_deref(conf);
		text[0] = '\0';
		err = configure();
		if (!err)
			err = server_alloc(&srv, conf, text, sizeof(text));
		if (!strstr(text, "in use"))
			break;
	}
	if (err)
		printf("# %s\n", text);

	return err;
}

void srv_down(void)
{
	json_decref(answer);
	json_decref(lines);
	answer = lines = NULL;
	srv  = mem_deref(srv);
	conf = mem_deref(conf);
	mixer_client_reap();
	if (srv_dir[0])
		(void)nftw(srv_dir, rm_handler, 8, FTW_DEPTH | FTW_PHYS);
	srv_dir[0] = '\0';
}

struct req_who srv_admin(void)
{
	const struct req_who who = {
		.uid = getuid(), .gid = getgid(), .role = VERB_ADMIN,
	};

	return who;
}

struct req_who srv_who(enum verb_role role, const char *room, uint32_t party)
{
	const struct room *r = rooms_find(srv->rooms, room);
	const struct req_who who = {
		.uid = (uid_t)-1, .gid = (gid_t)-1, .role = role,
		.room = r ? r->cfg.id : 0, .party = party,
	};

	return who;
}

static void line_handler(json_t *line, bool last, void *arg)
{
	(void)arg;
	if (!last)
		return;
	json_decref(answer);
	answer = json_deep_copy(line);
}

int srv_ask(const struct req_who *who, const char *verb, const char *fmt, ...)
{
	struct req *req = NULL;
	char text[8192] = "{}";
	json_t *args, *msg;
	uint32_t n = 0;
	va_list ap;

	if (fmt) {
		va_start(ap, fmt);
		(void)re_vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	args = json_loads(text, 0, NULL);
	if (!args)
		return -1;
	msg = json_pack("{s:s, s:o}", "verb", verb, "args", args);
	json_decref(answer);
	answer = NULL;
	(void)req_alloc(&req, NULL, who, line_handler, NULL);
	verbs_dispatch(srv, req, msg);
	json_decref(msg);
	mem_deref(req);

	if (json_is_true(json_object_get(answer, "ok")))
		return 200;
	(void)json_u32(json_object_get(answer, "error"), "status", &n);

	return (int)n;
}

const json_t *srv_result(void)
{
	return json_object_get(answer, "result");
}

const char *srv_title(void)
{
	const char *s = "";

	(void)json_str(json_object_get(answer, "error"), "title", &s);

	return s;
}

static void follow_handler(json_t *line, bool last, void *arg)
{
	(void)last;
	(void)arg;
	if (json_object_get(line, "event"))
		(void)json_array_append(lines, json_object_get(line,
							       "event"));
}

const json_t *srv_lines(void)
{
	return lines;
}

struct req *srv_follow(const struct req_who *who, const char *room)
{
	const struct db_event_filter filter = {.room = room};
	struct req *req = NULL;

	json_decref(lines);
	lines = json_array();
	if (req_alloc(&req, NULL, who, follow_handler, NULL))
		return NULL;
	if (events_follow(srv->events, req, &filter, true))
		req = mem_deref(req);

	return req;
}

int srv_meet(struct meeting **mp, const char *room)
{
	const struct req_who admin = srv_admin();
	struct room *r = rooms_find(srv->rooms, room);
	int err;

	if (!r)
		(void)srv_ask(&admin, "room create", "{\"room\": \"%s\"}",
			      room);
	r = rooms_find(srv->rooms, room);
	if (!r)
		return ENOENT;

	err = meeting_get(mp, srv, r);

	return err ? err : meeting_up(*mp);
}

int srv_party(struct party **pp, struct meeting *m, const char *name)
{
	int err;

	err = party_alloc(pp, m);
	if (err)
		return err;

	str_ncpy((*pp)->name, name, sizeof((*pp)->name));
	str_ncpy((*pp)->uri, "sip:x@example.org", sizeof((*pp)->uri));
	(*pp)->state = PARTY_SEATED;

	return 0;
}
