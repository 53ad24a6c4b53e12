/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/web_api.c -- /api/v1: requests to verbs, answers to HTTP
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "tuttid/auth.h"
#include "tuttid/req.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"
#include "tuttid/web_api.h"
#include "tuttid/web_door.h"
#include "tuttid/web_export.h"
#include "web/api.h"
#include "web/http.h"

enum {
	FILE_NAME_MAX = 96,
	URL_MAX       = 160,
	FILE_MS       = 30 * 60000,       /* until a file is made */
};

/* Of the whole server, made at the first request. */
struct web_api {
	struct list askl;         /* struct ask, not ours                 */
	struct exports *exports;
	unsigned making;          /* exports under way                    */
	unsigned streams;
};

/* One request that a verb answers; freed with the last line. */
struct ask {
	struct le le;             /* api->askl                            */
	struct server *srv;
	struct web_api *api;      /* weak; NULL when the server ends      */
	struct web_req *wreq;     /* NULL once answered                   */
	struct req *req;          /* a stream holds it                    */
	const struct verb *verb;
	int fd;                   /* the answer's body; -1: none          */
	char name[FILE_NAME_MAX];     /* of that file, for people             */
	uint64_t recording;       /* of an export                         */
	bool making, streaming;
};

/* Followers are cut off; all others are held by what answers them. */
static void api_destructor(void *arg)
{
	struct web_api *api = arg;
	struct le *le;

	while ((le = api->askl.head)) {
		struct ask *ask = le->data;

		list_unlink(&ask->le);
		ask->api = NULL;
		if (!ask->streaming)
			continue;
		web_stream_end(ask->wreq);
		req_detach(ask->req);
		mem_deref(ask);
	}
	mem_deref(api->exports);
}

static struct web_api *api_of(struct server *srv)
{
	struct web_api *api;

	if (srv->api)
		return srv->api;

	api = mem_zalloc(sizeof(*api), api_destructor);
	if (api && exports_alloc(&api->exports, WEB_EXPORTS_MAX,
				 WEB_EXPORT_MS))
		api = mem_deref(api);
	srv->api = api;

	return api;
}

static void ask_destructor(void *arg)
{
	struct ask *ask = arg;

	list_unlink(&ask->le);
	if (ask->api) {
		ask->api->making  -= ask->making;
		ask->api->streams -= ask->streaming;
	}
	if (ask->fd >= 0)
		(void)close(ask->fd);
	mem_deref(ask->req);
}

static struct ask *ask_alloc(struct server *srv, struct web_req *wreq,
			     const struct verb *verb)
{
	struct ask *ask;

	ask = mem_zalloc(sizeof(*ask), ask_destructor);
	if (!ask)
		return NULL;

	ask->srv  = srv;
	ask->api  = srv->api;
	ask->wreq = wreq;
	ask->verb = verb;
	ask->fd   = -1;
	list_append(&srv->api->askl, &ask->le, ask);

	return ask;
}

/* ---- answers ---- */

void web_refuse(struct web_req *wreq, int status, const char *title,
		const char *detail, const char *headers)
{
	json_t *obj = json_pack("{s:i, s:s}", "status", status, "title",
				title);
	char *text;

	if (detail && *detail)
		(void)json_object_set_new(obj, "detail",
					  json_string(detail));
	text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;
	json_decref(obj);
	if (text)
		web_reply(wreq, status, "application/problem+json", headers,
			  text, strlen(text));
	else
		web_problem(wreq, 500, "No memory", NULL);
	free(text);
}

void web_refuse_auth(struct web_req *wreq, const struct auth *auth)
{
	char headers[URL_MAX] = "";

	if (auth->status == 401)
		(void)re_snprintf(headers, sizeof(headers),
				  "WWW-Authenticate: Bearer realm=\"tutti\""
				  "%s\r\n",
				  web_header(wreq, "authorization") ?
				  ", error=\"invalid_token\"" : "");
	else if (auth->retry_s)
		(void)re_snprintf(headers, sizeof(headers),
				  "Retry-After: %u\r\n", auth->retry_s);

	web_refuse(wreq, auth->status, auth->title, auth->detail,
		   headers[0] ? headers : NULL);
}

/* What was made, and where it is to be found afterwards */
static const struct made {
	const char *verb, *path, *key;
} madev[] = {
	{"room create",     "rooms",      "room"},
	{"source add",      "sources",    "source"},
	{"recording start", "recordings", "recording"},
	{"call",            "parties",    "party"},
	{"key create",      "keys",       "key_id"},
	{"token create",    NULL, NULL},
	{"chat send",       NULL, NULL},
};

static const struct made *made(const struct verb *verb)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(madev); i++) {
		if (!strcmp(madev[i].verb, verb->name))
			return &madev[i];
	}

	return NULL;
}

static void reply_made(struct web_req *wreq, const struct made *mk,
		       const json_t *result)
{
	const json_t *id = mk->key ? json_object_get(result, mk->key) : NULL;
	char location[URL_MAX] = "", *text;

	if (json_is_integer(id))
		(void)re_snprintf(location, sizeof(location),
				  "Location: /api/v1/%s/%lld\r\n", mk->path,
				  (long long)json_integer_value(id));
	else if (json_is_string(id))
		(void)re_snprintf(location, sizeof(location),
				  "Location: /api/v1/%s/%s\r\n", mk->path,
				  json_string_value(id));

	text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(9));
	if (text)
		web_reply(wreq, 201, "application/json",
			  location[0] ? location : NULL, text, strlen(text));
	else
		web_problem(wreq, 500, "No memory", NULL);
	free(text);
}

static const char *type_of(const struct verb *verb)
{
	if (!strcmp(verb->name, "room snapshot"))
		return "image/png";
	if (!strcmp(verb->name, "server backup"))
		return "application/vnd.sqlite3";

	return "video/mp4";
}

static void reply_file(struct ask *ask, struct web_req *wreq)
{
	int fd = -1, err;

	err = export_reopen(ask->fd, &fd);
	if (err) {
		web_problem(wreq, 500, "Cannot read the file", "%m", err);
		return;
	}
	if (ask->recording && ask->api)
		exports_put(ask->api->exports, ask->recording, fd);
	web_reply_file(wreq, fd, type_of(ask->verb), ask->name);
}

static void reply_ok(struct ask *ask, struct web_req *wreq,
		     const json_t *line)
{
	json_t *result = json_object_get(line, "result");

	if (ask->fd >= 0)
		reply_file(ask, wreq);
	else if (made(ask->verb))
		reply_made(wreq, made(ask->verb), result);
	else
		web_reply_json(wreq, 200, json_incref(result));
}

static void reply_fail(struct web_req *wreq, const json_t *line)
{
	const json_t *error = json_object_get(line, "error");
	const char *title = "Failed", *detail = NULL, *headers = NULL;
	uint32_t status = 500;

	(void)json_u32(error, "status", &status);
	(void)json_str(error, "title", &title);
	(void)json_str(error, "detail", &detail);
	if (status == 401)
		headers = "WWW-Authenticate: Bearer realm=\"tutti\", "
			  "error=\"invalid_token\"\r\n";
	else if (status == 429)
		headers = "Retry-After: 1\r\n";
	web_refuse(wreq, (int)status, title, detail, headers);
}

/* ---- streams ---- */

static void gone_handler(void *arg)
{
	struct ask *ask = arg;

	on_loop();
	ask->wreq = NULL;
	req_detach(ask->req);
	mem_deref(ask);
}

static size_t waiting_handler(void *arg)
{
	const struct ask *ask = arg;

	return ask->streaming ? web_stream_waiting(ask->wreq) : 0;
}

static void stream_line(struct ask *ask, const json_t *line)
{
	const json_t *event = json_object_get(line, "event");
	uint64_t number = 0;
	char id[24];

	if (!ask->streaming) {
		ask->streaming = true;
		++ask->api->streams;
		web_stream(ask->wreq, gone_handler, ask);
	}
	if (!event)
		return;

	(void)json_u64(event, "number", &number);
	(void)re_snprintf(id, sizeof(id), "%llu", (unsigned long long)number);
	web_stream_event(ask->wreq, number ? id : NULL, event);
}

static void line_handler(json_t *line, bool last, void *arg)
{
	struct ask *ask = arg;
	struct web_req *wreq = ask->wreq;

	if (!last) {
		stream_line(ask, line);
		return;
	}

	ask->wreq = NULL;
	if (ask->streaming)
		web_stream_end(wreq);
	else if (json_is_true(json_object_get(line, "ok")))
		reply_ok(ask, wreq, line);
	else
		reply_fail(wreq, line);
	mem_deref(ask);
}

/* ---- files ---- */

static int open_handler(const char *path, int *fdp, void *arg)
{
	struct ask *ask = arg;
	int err, fd;

	if (server_disk_low(ask->srv))
		return ENOSPC;
	if (ask->recording && ask->api->making >= WEB_EXPORTS_MAX)
		return EAGAIN;
	if (ask->fd >= 0)
		return EALREADY;

	err = export_file(config_str(ask->srv->conf, "data_dir"), &fd);
	if (err)
		return err;

	*fdp = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (*fdp < 0) {
		err = errno;
		(void)close(fd);
		return err;
	}
	ask->fd = fd;
	if (ask->recording) {
		ask->making = true;
		++ask->api->making;
	}
	debug("file %s made for a web client\n", path);

	return 0;
}

static bool has_file(const struct verb *verb)
{
	size_t i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		if (verb->argv[i].type == ARG_FILE)
			return true;
	}

	return false;
}

/* The path that the verb is told; for people its last part. */
static int name_file(struct ask *ask, json_t *args)
{
	const char *room = "room";
	uint64_t id = 0;
	char path[FILE_NAME_MAX + 1];
	int n;

	(void)json_u64(args, "recording", &id);
	(void)json_str(args, "room", &room);
	if (!strcmp(ask->verb->name, "recording export")) {
		ask->recording = id;
		n = re_snprintf(path, sizeof(path), "/recording-%llu.mp4",
				(unsigned long long)id);
	}
	else if (!strcmp(ask->verb->name, "room snapshot"))
		n = re_snprintf(path, sizeof(path), "/%s.png", room);
	else
		n = re_snprintf(path, sizeof(path), "/tutti.db");
	if (n < 0)
		return EOVERFLOW;

	str_ncpy(ask->name, path + 1, sizeof(ask->name));

	return json_object_set_new(args, "file", json_string(path)) ? ENOMEM
								    : 0;
}

/* ---- a request to a verb ---- */

static void dispatch(struct ask *ask, const struct auth *auth,
		     const char *verb, json_t *args)
{
	struct server *srv = ask->srv;
	struct web_req *wreq = ask->wreq;
	const bool stream = ask->verb->stream;
	struct req *req = NULL;
	json_t *msg;

	msg = json_pack("{s:s, s:O}", "verb", verb, "args", args);
	if (!msg || req_alloc(&req, NULL, &auth->who, line_handler, ask)) {
		json_decref(msg);
		mem_deref(ask);
		web_problem(wreq, 500, "No memory", NULL);
		return;
	}
	req_set_open(req, open_handler);
	req_set_waiting(req, waiting_handler);

	/* a follower holds the req until we detach it: so do we.  All
	 * else is held by its verb alone: one that dies is answered. */
	if (stream)
		ask->req = mem_ref(req);
	verbs_dispatch(srv, req, msg);
	json_decref(msg);
	mem_deref(req);
}

/* An export that is still there is as good as a new one; that it may be
 * seen is asked all the same. */
static const char *cached(struct ask *ask, json_t *args)
{
	if (!ask->recording ||
	    exports_get(ask->api->exports, ask->recording, &ask->fd))
		return ask->verb->name;

	ask->recording = 0;
	(void)json_object_del(args, "file");

	return "recording show";
}

static void run(struct server *srv, struct web_req *wreq,
		const struct verb *verb, json_t *args,
		const struct auth *auth)
{
	struct web_api *api = api_of(srv);
	struct ask *ask;

	if (verb->stream && api && api->streams >= WEB_STREAMS_MAX) {
		web_refuse(wreq, 503, "Too many followers", NULL,
			   "Retry-After: 10\r\n");
		return;
	}

	ask = api ? ask_alloc(srv, wreq, verb) : NULL;
	if (!ask) {
		web_problem(wreq, 500, "No memory", NULL);
		return;
	}

	if (has_file(verb) && json_object_get(args, "file")) {
		mem_deref(ask);
		web_refuse(wreq, 400, "Bad argument",
			   "file: the answer is the file", NULL);
		return;
	}
	if (has_file(verb) && name_file(ask, args)) {
		mem_deref(ask);
		web_problem(wreq, 400, "Bad argument", "name is too long");
		return;
	}

	if (has_file(verb))
		web_patience(wreq, FILE_MS);
	dispatch(ask, auth, cached(ask, args), args);
}

/* ---- what came ---- */

/* Last-Event-ID: a stream goes on where it broke. */
static void resume(json_t *args, const struct verb *verb,
		   const struct web_req *wreq)
{
	const char *id = web_header(wreq, "last-event-id");
	struct pl pl;

	if (!verb->stream || !id || json_object_get(args, "since"))
		return;
	if (!*id || strlen(id) > 18 || strspn(id, "0123456789") != strlen(id))
		return;

	pl_set_str(&pl, id);
	(void)json_object_set_new(args, "since",
				  json_integer((json_int_t)pl_u64(&pl)));
}

/* NULL without a body; false after an answer. */
static bool read_body(struct web_req *wreq, json_t **bodyp)
{
	const struct mbuf *mb = web_body(wreq);
	const char *type = web_header(wreq, "content-type");
	json_error_t jerr;

	*bodyp = NULL;
	if (!mb || !mbuf_get_left(mb))
		return true;

	if (type && strncasecmp(type, "application/json", 16)) {
		web_problem(wreq, 415, "Not JSON", "the body of a request "
			    "is application/json");
		return false;
	}
	*bodyp = json_loadb((const char *)mbuf_buf(mb), mbuf_get_left(mb),
			    JSON_REJECT_DUPLICATES, &jerr);
	if (!*bodyp) {
		web_problem(wreq, 400, "Not JSON", "line %d, column %d: %s",
			    jerr.line, jerr.column, jerr.text);
		return false;
	}
	if (!json_is_object(*bodyp)) {
		json_decref(*bodyp);
		web_problem(wreq, 400, "Not a JSON object", NULL);
		return false;
	}

	return true;
}

static void refuse_route(struct web_req *wreq, int err, const char *allow,
			 const char *text)
{
	char headers[URL_MAX];

	if (err == ENOENT) {
		web_problem(wreq, 404, "No such resource", "%s",
			    web_path(wreq));
		return;
	}
	if (err == EBADMSG) {
		web_refuse(wreq, 400, "Bad argument", text, NULL);
		return;
	}
	if (err != EPROTO) {
		web_problem(wreq, 500, "Not understood", "%m", err);
		return;
	}

	(void)re_snprintf(headers, sizeof(headers), "Allow: %s\r\n", allow);
	if (!strcmp(web_method(wreq), "OPTIONS"))
		web_reply(wreq, 204, NULL, headers, NULL, 0);
	else
		web_refuse(wreq, 405, "Method not allowed", allow, headers);
}

/* Where a request leads */
struct way {
	const struct verb *verb;
	json_t *args;
	char allow[64], text[256];
};

static int find_way(struct way *way, const struct web_req *wreq,
		    const json_t *body)
{
	const char *method = web_method(wreq);

	memset(way, 0, sizeof(*way));
	if (!strcmp(method, "HEAD"))
		method = "GET";

	return api_route(&way->verb, &way->args, method, web_path(wreq),
			 web_query_all(wreq), body, way->allow,
			 sizeof(way->allow), way->text, sizeof(way->text));
}

/* Who may not come in has no body parsed: 256 KiB of "[[[" take long. */
static bool admitted(struct server *srv, struct web_req *wreq,
		     struct auth *auth)
{
	const struct auth_ask who = {
		.bearer = auth_bearer(web_header(wreq, "authorization")),
		.peer = web_peer(wreq),
	};
	struct way way;
	int err = find_way(&way, wreq, NULL);

	json_decref(way.args);

	/* what is there is no secret, what is in it is */
	if (err == ENOENT || err == EPROTO)
		refuse_route(wreq, err, way.allow, way.text);
	else if (auth_check(srv, &who, auth))
		web_refuse_auth(wreq, auth);
	else
		return true;

	return false;
}

static void route(struct server *srv, struct web_req *wreq,
		  const struct auth *auth, const json_t *body)
{
	struct way way;
	int err = find_way(&way, wreq, body);

	if (err) {
		refuse_route(wreq, err, way.allow, way.text);
	}
	else {
		resume(way.args, way.verb, wreq);
		run(srv, wreq, way.verb, way.args, auth);
		json_decref(way.args);
	}
}

void web_api_request(struct server *srv, struct web_req *wreq)
{
	json_t *body = NULL;
	struct auth auth;

	if (!srv || !wreq)
		return;

	if (srv->closing) {
		web_refuse(wreq, 503, "Server is going down", NULL,
			   "Retry-After: 10\r\n");
		return;
	}
	if (web_door_request(srv, wreq))
		return;
	if (!admitted(srv, wreq, &auth) || !read_body(wreq, &body))
		return;

	route(srv, wreq, &auth, body);
	json_decref(body);
}
