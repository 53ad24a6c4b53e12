/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_request.c -- any line as a request on the control socket
 *
 * Bytes that begin with '{' are taken as they are; others choose a verb and
 * arguments, right and wrong ones.  Each must be answered once, or stay open
 * as a stream.  Verbs that write files, send packets or start threads are
 * left out.
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>
#include <jansson.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/verb.h"
#include "tuttid/req.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct server *srv;
static struct config *conf;
static char dir[] = "/dev/shm/tutti-fuzz-XXXXXX";

static void set(const char *fmt, const char *val)
{
	char line[160], text[160];

	(void)re_snprintf(line, sizeof(line), fmt, val);
	if (config_set(conf, line, text, sizeof(text)))
		abort();
}

static void leave(void)
{
	char cmd[96];

	srv  = mem_deref(srv);
	conf = mem_deref(conf);
	(void)re_snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (system(cmd))
		return;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char text[256] = "", port[16];

	(void)argc;
	(void)argv;
	log_init("fuzz", LVL_ERROR, false);
	if (libre_init() || !mkdtemp(dir) || config_alloc(&conf))
		abort();

	(void)re_snprintf(port, sizeof(port), "%u",
			  30000 + rand_u16() % 30000);
	set("data_dir %s/data", dir);
	set("control_socket %s/sock", dir);
	set("sip_listen udp 127.0.0.1:%s", port);
	(void)re_snprintf(port, sizeof(port), "%u",
			  30000 + rand_u16() % 30000);
	set("web_listen http 127.0.0.1:%s", port);
	set("max_rooms %s", "50");
	if (server_alloc(&srv, conf, text, sizeof(text)))
		abort();
	(void)atexit(leave);

	return 0;
}

static bool left_out(const json_t *msg)
{
	static const char *const namev[] = {
		"call", "server check", "server backup", "room snapshot",
		"recording export",
	};
	const char *name = "";
	size_t i;

	(void)json_str(msg, "verb", &name);
	for (i = 0; i < ARRAY_SIZE(namev); i++) {
		if (!strcmp(name, namev[i]))
			return true;
	}

	return false;
}

static void line_handler(json_t *line, bool last, void *arg)
{
	unsigned *np = arg;
	char *text = json_dumps(line, JSON_COMPACT);

	if (!text || strchr(text, '\n'))
		abort();
	free(text);
	*np += last;
}

struct bytes {
	const uint8_t *p;
	size_t n;
};

static unsigned take(struct bytes *b)
{
	if (!b->n)
		return 0;
	--b->n;

	return *b->p++;
}

static json_t *string(struct bytes *b)
{
	size_t n = take(b);
	json_t *val;

	if (n > b->n)
		n = b->n;
	val = json_stringn((const char *)b->p, n);
	b->p += n;
	b->n -= n;

	return val;
}

static json_t *value(struct bytes *b)
{
	static const char *const strv[] = {
		"a", "b", "12", "1234", "", "test:1", "/x.mp4", "crop",
		"always", "room", "party joined", "rtsp://h/x", "grid",
	};
	const unsigned kind = take(b);

	if (kind < 96)
		return json_string(strv[kind % ARRAY_SIZE(strv)]);
	if (kind < 128)
		return json_integer(kind % 4);
	if (kind < 160)
		return json_integer((json_int_t)((uint64_t)take(b)
						 << take(b) % 64));
	if (kind < 192)
		return json_boolean(kind % 2);
	if (kind < 200)
		return json_null();

	return string(b);
}

static json_t *request(struct bytes *b)
{
	const struct verb *verb = &verbv[take(b) % verbc];
	json_t *args = json_object();
	size_t i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		const unsigned wish = take(b);
		json_t *val;

		if (!verb->argv[i].required && wish < 160)
			continue;
		val = value(b);
		if (val)
			(void)json_object_set_new(args, verb->argv[i].name,
						  val);
	}

	return json_pack("{s:i, s:s, s:o}", "id", 1, "verb", verb->name,
			 "args", args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* administrator, host of room 1, guest in it */
	const struct req_who who = {
		.role = (enum verb_role)(VERB_ADMIN - size % 3),
		.room = size % 3 ? 1 : 0,
		.party = size % 3 == 2 ? 1 : 0,
	};
	struct bytes b = {data, size};
	struct req *req = NULL;
	unsigned n = 0;
	json_t *msg;

	if (size && data[0] == '{')
		msg = json_loadb((const char *)data, size,
				 JSON_REJECT_DUPLICATES, NULL);
	else
		msg = request(&b);
	if (!json_is_object(msg) || left_out(msg))
		goto out;

	if (req_alloc(&req, json_object_get(msg, "id"), &who, line_handler,
		      &n))
		goto out;
	verbs_dispatch(srv, req, msg);
	if (mem_nrefs(req) > 1)
		req_detach(req);        /* a follower: it goes again       */
	else if (!req_answered(req))
		abort();
	mem_deref(req);
	if (n > 1)
		abort();

 out:
	json_decref(msg);

	return 0;
}
