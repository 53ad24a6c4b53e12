/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/server.c -- start, goodbye, and what all parts ask for
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/db.h"
#include "db/key.h"
#include "media/mixer_client.h"
#include "media/ports.h"
#include "sip/call.h"
#include "sip/sip.h"
#include "tuttid/control.h"
#include "tuttid/events.h"
#include "tuttid/job.h"
#include "tuttid/layouts.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/party_web.h"
#include "tuttid/recording.h"
#include "tuttid/recording_hash.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/source.h"
#include "tuttid/verbs.h"
#include "tuttid/web.h"
#include "web/http.h"
#include "web/turn.h"
#include "web/whip.h"

enum { CLOSE_POLL_MS = 20 };

struct fail {
	struct server *srv;
	char *buf;
	size_t size;
};

static void server_destructor(void *arg)
{
	struct server *srv = arg;

	tmr_cancel(&srv->tmr_close);
	srv->closing = true;
	seats_close(srv->seats);
	srv->api = mem_deref(srv->api);
	mem_deref(srv->control);
	list_flush(&srv->taskl);
	while (srv->meetingl.head) {
		struct meeting *m = srv->meetingl.head->data;

		/* one that has ended is held by its recording alone */
		if (m->ended)
			recording_give_up(m->rec);
		else
			meeting_end(m, "server stopped");
	}
	mem_deref(srv->web);
	mem_deref(srv->seats);
	mem_deref(srv->whip);
	mem_deref(srv->turn);
	mem_deref(srv->sources);
	mem_deref(srv->rooms);
	mem_deref(srv->sip);
	mem_deref(srv->ports);
	mem_deref(srv->layouts);
	mem_deref(srv->jobs);     /* its done handlers use the catalogue  */
	mem_deref(srv->events);
	mem_deref(srv->db);
	if (srv->lock_fd >= 0)
		(void)close(srv->lock_fd);
}

static void trouble_handler(const struct db_state *state, void *arg)
{
	struct server *srv = arg;

	on_loop();
	if (state->trouble)
		events_emit(srv->events, EV_CATALOGUE_TROUBLE,
			    json_pack("{s:s, s:I}", "text", state->text,
				      "waiting", (json_int_t)state->waiting));
	else
		events_emit(srv->events, EV_CATALOGUE_MENDED,
			    json_pack("{s:I, s:I}", "written",
				      (json_int_t)state->written,
				      "lost", (json_int_t)state->lost));
}

static void incoming_handler(struct call *call, void *arg)
{
	on_loop();
	party_sip_incoming(arg, call);
}

static bool known_handler(const struct pl *user, void *arg)
{
	return party_sip_known(arg, user);
}

static void request_handler(struct req *req, const json_t *msg, void *arg)
{
	verbs_dispatch(arg, req, msg);
}

int server_rec_path(const struct server *srv, const char *file, char *buf,
		    size_t size)
{
	if (file && (strchr(file, '/') || file[0] == '.'))
		return EINVAL;

	return re_snprintf(buf, size, "%s/recordings%s%s",
			   config_str(srv->conf, "data_dir"),
			   file ? "/" : "", file ? file : "") < 0
		? EOVERFLOW : 0;
}

uint64_t server_disk_free(const struct server *srv)
{
	struct statvfs st;

	if (statvfs(config_str(srv->conf, "data_dir"), &st))
		return UINT64_MAX;

	return (uint64_t)st.f_bavail * st.f_frsize;
}

bool server_disk_low(const struct server *srv)
{
	return server_disk_free(srv) <
	       (uint64_t)config_u32(srv->conf, "disk_reserve_mib") << 20;
}

struct party *server_party(const struct server *srv, uint32_t id)
{
	struct le *le;

	LIST_FOREACH(&srv->meetingl, le) {
		struct party *p = meeting_party(le->data, id);

		if (p)
			return p;
	}

	return NULL;
}

static int make_dir(const char *path, char *errbuf, size_t errsz)
{
	int err;

	if (!mkdir(path, 0750) || errno == EEXIST)
		return 0;

	err = errno;
	(void)re_snprintf(errbuf, errsz, "%s: %m", path, err);

	return err;
}

/* A second server would close in the catalogue what the first has open. */
static int lock_dir(struct server *srv, const char *dir, char *errbuf,
		    size_t errsz)
{
	char path[1024];
	int err;

	(void)re_snprintf(path, sizeof(path), "%s/tutti.lock", dir);
	srv->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (srv->lock_fd < 0) {
		err = errno;
		(void)re_snprintf(errbuf, errsz, "%s: %m", path, err);
		return err;
	}
	if (!flock(srv->lock_fd, LOCK_EX | LOCK_NB))
		return 0;

	err = errno;
	if (err == EWOULDBLOCK)
		(void)re_snprintf(errbuf, errsz, "data_dir %s: another tuttid "
				  "uses it", dir);
	else
		(void)re_snprintf(errbuf, errsz, "%s: %m", path, err);

	return err;
}

static int open_catalogue(struct server *srv, char *errbuf, size_t errsz)
{
	const char *dir = config_str(srv->conf, "data_dir");
	struct db_mended mended = {0, 0, 0};
	char path[1024];
	int err;

	err = make_dir(dir, errbuf, errsz);
	if (err)
		return err;
	(void)server_rec_path(srv, NULL, path, sizeof(path));
	err = make_dir(path, errbuf, errsz);
	if (err)
		return err;
	err = lock_dir(srv, dir, errbuf, errsz);
	if (err)
		return err;

	err = db_alloc(&srv->db, dir, &mended, errbuf, errsz);
	if (err)
		return err;

	err = db_secret(srv->db, srv->secret);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "%s/tutti.db: no secret for "
				  "tokens: %m", dir, err);
		return err;
	}

	db_set_handler(srv->db, trouble_handler, srv);
	db_set_event_days(srv->db, config_u32(srv->conf, "event_days"));
	if (mended.meetings || mended.recordings)
		info("server mended meetings=%u parties=%u recordings=%u\n",
		     mended.meetings, mended.parties, mended.recordings);

	return 0;
}

/* Without a server: would it be listened on? */
static int listen_handler(const char *val, void *arg)
{
	struct fail *fail = arg;
	int err;

	err = fail->srv ? sipstack_listen(fail->srv->sip, val)
			: sipstack_check(val);
	if (err)
		(void)re_snprintf(fail->buf, fail->size, err == ENOTSUP ?
				  "sip_listen %s: only udp and tcp are served" :
				  "sip_listen %s: %m",
				  val, err);

	return err;
}

static int open_sip(struct server *srv, char *errbuf, size_t errsz)
{
	struct fail fail = {srv, errbuf, errsz};
	struct sip_cfg cfg;
	int err;

	memset(&cfg, 0, sizeof(cfg));
	cfg.software          = "tutti/" PACKAGE_VERSION;
	cfg.public_address    = config_str(srv->conf, "public_address");
	cfg.session_expires_s = config_u32(srv->conf, "session_expires_s");
	cfg.min_se_s          = config_u32(srv->conf, "min_se_s");
	cfg.incomingh         = incoming_handler;
	cfg.knownh            = known_handler;
	cfg.arg               = srv;

	err = sipstack_alloc(&srv->sip, &cfg);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "SIP: %m", err);
		return err;
	}

	return config_apply(srv->conf, "sip_listen", listen_handler, &fail);
}

static int open_parts(struct server *srv, char *errbuf, size_t errsz)
{
	uint32_t min, max;
	int err;

	err  = config_range(srv->conf, "media_ports", &min, &max);
	err |= ports_alloc(&srv->ports, (uint16_t)min, (uint16_t)max);
	err |= jobs_alloc(&srv->jobs);
	err |= events_alloc(&srv->events, srv->db);
	if (!err)
		err = rooms_alloc(&srv->rooms, srv);
	if (!err)
		err = sources_alloc(&srv->sources, srv);
	if (!err)
		err = seats_alloc(&srv->seats, srv);
	if (err)
		(void)re_snprintf(errbuf, errsz, "not started: %m", err);

	return err;
}

static int open_control(struct server *srv, char *errbuf, size_t errsz)
{
	const char *path = config_str(srv->conf, "control_socket");
	int err;

	err = control_alloc(&srv->control, path, request_handler, srv);
	if (err == EADDRINUSE)
		(void)re_snprintf(errbuf, errsz, "control_socket %s: another "
				  "tuttid serves it", path);
	else if (err)
		(void)re_snprintf(errbuf, errsz, "control_socket %s: %m",
				  path, err);

	return err;
}

int server_check(const struct config *conf, char *errbuf, size_t errsz)
{
	struct fail fail = {NULL, errbuf, errsz};
	struct layouts *layouts = NULL;
	int err;

	err = config_apply(conf, "sip_listen", listen_handler, &fail);
	if (!err)
		err = layouts_alloc(&layouts, conf, errbuf, errsz);
	if (!err)
		err = server_web_check(conf, errbuf, errsz);
	mem_deref(layouts);

	return err;
}

int server_alloc(struct server **srvp, struct config *conf, char *errbuf,
		 size_t errsz)
{
	struct server *srv;
	int err;

	if (!srvp || !conf)
		return EINVAL;

	srv = mem_zalloc(sizeof(*srv), server_destructor);
	if (!srv)
		return ENOMEM;

	tmr_init(&srv->tmr_close);
	srv->conf = conf;
	srv->lock_fd = -1;
	srv->started_us = clock_us();
	capacity_init(&srv->capacity, config_u32(conf, "capacity"));

	err = layouts_alloc(&srv->layouts, conf, errbuf, errsz);
	if (!err)
		err = open_catalogue(srv, errbuf, errsz);
	if (!err)
		err = open_parts(srv, errbuf, errsz);
	if (!err)
		err = open_sip(srv, errbuf, errsz);
	if (!err)
		err = open_control(srv, errbuf, errsz);
	if (!err)
		err = party_web_open(srv, errbuf, errsz);
	if (!err)
		err = server_web_open(srv, errbuf, errsz);
	if (err)
		goto out;

	srv->opened = true;
	events_emit(srv->events, EV_SERVER_STARTED,
		    json_pack("{s:s, s:i}", "version", PACKAGE_VERSION,
			      "pid", (int)getpid()));
	recordings_mend(srv);

 out:
	if (err)
		mem_deref(srv);
	else
		*srvp = srv;

	return err;
}

static void sip_closed_handler(void *arg)
{
	struct server *srv = arg;

	on_loop();
	srv->sip_closed = true;
}

/* The mixers close their files, the peers answer our BYE. */
static void close_handler(void *arg)
{
	struct server *srv = arg;
	const bool late = clock_us() - srv->close_us >
			  SERVER_CLOSE_MS * 1000ull;

	on_loop();
	if (!late && (!srv->sip_closed || srv->meetingl.head ||
		      mixer_client_leaving())) {
		tmr_start(&srv->tmr_close, CLOSE_POLL_MS, close_handler, srv);
		return;
	}

	if (late)
		warning("goodbye took too long: sip=%d meetings=%u "
			"mixers=%u\n", srv->sip_closed,
			list_count(&srv->meetingl), mixer_client_leaving());
	srv->closedh(srv->closed_arg);
}

void server_close(struct server *srv, const char *reason,
		  void (*doneh)(void *arg), void *arg)
{
	struct le *le;

	if (!srv || srv->closing)
		return;

	srv->closing    = true;
	srv->close_us   = clock_us();
	srv->closedh    = doneh;
	srv->closed_arg = arg;

	le = srv->meetingl.head;
	while (le) {
		struct meeting *m = le->data;

		le = le->next;
		meeting_end(m, "server stopped");
	}
	seats_close(srv->seats);

	events_emit(srv->events, EV_SERVER_STOPPED,
		    json_pack("{s:s, s:I}", "reason", reason, "after_s",
			      (json_int_t)((clock_us() - srv->started_us) /
					   1000000)));
	(void)db_flush(srv->db);

	sipstack_close(srv->sip, sip_closed_handler, srv);
	tmr_start(&srv->tmr_close, CLOSE_POLL_MS, close_handler, srv);
}

/* Meetings go on with the new ones from their next picture on. */
static void reload_layouts(struct server *srv)
{
	char text[512] = "";
	struct le *le;

	if (layouts_reload(srv->layouts, text, sizeof(text))) {
		warning("layouts not reloaded: %s\n", text);
		return;
	}
	LIST_FOREACH(&srv->meetingl, le)
		meeting_layouts(le->data);
	info("layouts reloaded layouts=%u\n", layouts_count(srv->layouts));
}

void server_reload(struct server *srv)
{
	server_web_reload(srv);
	reload_layouts(srv);
}
