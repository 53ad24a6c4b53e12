/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/web.c -- the web server's part of the server: who answers what
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/thread.h"
#include "tuttid/party_web.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/web.h"
#include "tuttid/web_api.h"
#include "web/http.h"
#include "web/turn.h"
#include "web/whip.h"

struct fail {
	struct web *web;
	char *buf;
	size_t size;
};

/* ---- the WebSocket as a seat's link ---- */

static void send_handler(const json_t *msg, void *arg)
{
	web_ws_send(arg, msg);
}

static void close_handler(uint16_t code, const char *reason, void *arg)
{
	web_ws_close(arg, code, reason);
}

static size_t waiting_handler(void *arg)
{
	return web_ws_waiting(arg);
}

static const struct seat_link ws_link = {
	.sendh = send_handler, .closeh = close_handler,
	.waitingh = waiting_handler,
};

static void msg_handler(json_t *msg, void *arg)
{
	on_loop();
	seat_conn_recv(arg, msg);
}

static void gone_handler(void *arg)
{
	on_loop();
	seat_conn_gone(arg, web_ws_code(seat_conn_arg(arg)) == 1000);
}

static void ws_handler(struct web_ws *ws, void *arg)
{
	struct server *srv = arg;
	const char *path = web_ws_path(ws);
	const char *room = path ? strrchr(path, '/') : NULL;
	struct seat_conn *c;

	on_loop();
	if (srv->closing || !room ||
	    seat_conn_alloc(&c, srv->seats, room + 1, web_ws_peer(ws),
			    &ws_link, ws)) {
		web_ws_close(ws, SEAT_CLOSE_GOING, "not now");
		return;
	}
	web_ws_handlers(ws, msg_handler, gone_handler, c);
}

/* ---- requests ---- */

static void req_handler(struct web_req *req, void *arg)
{
	struct server *srv = arg;
	const char *path = web_path(req);

	on_loop();
	if (whip_path(path))
		whip_request(srv->whip, req);
	else if (!strncmp(path, "/api/", 5))
		web_api_request(srv, req);
	else
		web_problem(req, 404, "No such resource", "%s", path);
}

/* ---- start ---- */

static const char *static_dir(void)
{
	const char *dir = getenv("TUTTI_WEB");

	return dir && *dir ? dir : PKGDATADIR "/web";
}

static int https_handler(const char *val, void *arg)
{
	bool *https = arg;

	*https = *https || !strncmp(val, "https ", 6);

	return 0;
}

static int load_tls(struct web *web, const struct config *conf, char *errbuf,
		    size_t errsz)
{
	const char *cert = config_str(conf, "tls_certificate");
	const char *key = config_str(conf, "tls_key");
	bool https = false;

	(void)config_apply(conf, "web_listen", https_handler, &https);
	if (https && (!cert || !key)) {
		(void)re_snprintf(errbuf, errsz, "web_listen https needs %s",
				  cert ? "tls_key" : "tls_certificate");
		return EINVAL;
	}

	return https ? web_tls(web, cert, key, errbuf, errsz) : 0;
}

static int listen_handler(const char *val, void *arg)
{
	struct fail *fail = arg;
	int err;

	err = web_listen(fail->web, val);
	if (err)
		(void)re_snprintf(fail->buf, fail->size, "web_listen %s: %m",
				  val, err);

	return err;
}

static int configure(struct web **webp, const struct config *conf,
		     struct server *srv, char *errbuf, size_t errsz)
{
	const struct web_cfg cfg = {
		/* a check reads no page */
		.static_dir = srv ? static_dir() : NULL,
		.software = "tutti/" PACKAGE_VERSION,
		.reqh = req_handler, .wsh = ws_handler, .arg = srv,
	};
	struct fail fail = {.buf = errbuf, .size = errsz};
	struct web *web = NULL;
	int err;

	err = web_alloc(&web, &cfg);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "web: %m", err);
		return err;
	}

	fail.web = web;
	err = load_tls(web, conf, errbuf, errsz);
	if (!err)
		err = config_apply(conf, "web_listen", listen_handler, &fail);
	if (err)
		mem_deref(web);
	else
		*webp = web;

	return err;
}

int server_web_check(const struct config *conf, char *errbuf, size_t errsz)
{
	struct turn *turn = NULL;
	struct web *web = NULL;
	int err;

	err = configure(&web, conf, NULL, errbuf, errsz);
	if (!err)
		err = party_web_turn(&turn, conf, errbuf, errsz);
	mem_deref(turn);
	mem_deref(web);

	return err;
}

int server_web_open(struct server *srv, char *errbuf, size_t errsz)
{
	int err;

	err = configure(&srv->web, srv->conf, srv, errbuf, errsz);
	if (!err)
		err = web_start(srv->web, errbuf, errsz);

	return err;
}

void server_web_reload(struct server *srv)
{
	char text[512] = "";

	if (!config_str(srv->conf, "tls_certificate"))
		return;

	if (load_tls(srv->web, srv->conf, text, sizeof(text)))
		warning("certificate not reloaded: %s\n", text);
	else
		info("certificate reloaded\n");
}
