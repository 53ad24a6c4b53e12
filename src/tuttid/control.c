/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/control.c -- the control socket: JSON lines on a UNIX socket
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "base/thread.h"
#include "tuttid/control.h"
#include "tuttid/req.h"

enum { ACCEPT_PAUSE_MS = 200 };

struct control {
	struct list clientl;
	char path[108];
	int fd;
	struct tmr tmr_accept;    /* runs: no descriptors, not listening  */
	ino_t ino;                /* of our socket: another's is left     */
	control_req_h *reqh;
	void *arg;
};

struct client {
	struct le le;
	struct control *ctl;      /* weak: the control owns its clients   */
	struct list askl;         /* struct ask                           */
	struct mbuf *in, *out;
	struct req_who who;
	int fd;
	bool ending;              /* close when all has been sent         */
	bool dead;                /* cut off; freed by its last user      */
};

/* The client's side of a request that waits for its answer */
struct ask {
	struct le le;
	struct client *client;    /* weak                                 */
	struct req *req;          /* weak: a req answers before it dies,
	                           * NULL then                            */
};

static void client_events(int flags, void *arg);

static void ask_destructor(void *arg)
{
	struct ask *ask = arg;

	list_unlink(&ask->le);
	req_detach(ask->req);
}

static void client_destructor(void *arg)
{
	struct client *client = arg;

	client->dead = true;
	list_unlink(&client->le);
	list_flush(&client->askl);
	if (client->fd >= 0) {
		fd_close(client->fd);
		(void)close(client->fd);
	}
	mem_deref(client->in);
	mem_deref(client->out);
}

/* To be called when no caller further up uses it but by a reference. */
static void cut_off(struct client *client)
{
	if (client->dead)
		return;

	client->dead = true;
	mem_deref(client);
}

static int flush(struct client *client)
{
	struct mbuf *mb = client->out;

	while (mbuf_get_left(mb)) {
		ssize_t n = send(client->fd, mbuf_buf(mb), mbuf_get_left(mb),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return errno;
		mbuf_advance(mb, n);
	}

	if (!mbuf_get_left(mb)) {
		mb->pos = mb->end = 0;
		if (client->ending)
			return EPIPE;
		return fd_listen(client->fd, FD_READ, client_events, client);
	}

	return fd_listen(client->fd, FD_READ | FD_WRITE, client_events,
			 client);
}

/* What was sent is dropped from the front before more is added. */
static int queue(struct client *client, const char *s, size_t n, size_t max)
{
	struct mbuf *mb = client->out;
	size_t left = mbuf_get_left(mb);
	int err;

	if (left + n + 1 > max)
		return EOVERFLOW;

	if (mb->pos) {
		memmove(mb->buf, mbuf_buf(mb), left);
		mb->pos = 0;
		mb->end = left;
	}

	mb->pos = mb->end;
	err  = mbuf_write_mem(mb, (const uint8_t *)s, n);
	err |= mbuf_write_u8(mb, '\n');
	mb->pos = 0;

	return err;
}

static void line_handler(json_t *line, bool last, void *arg)
{
	struct ask *ask = arg;
	struct client *client = ask->client;
	char *text;
	int err;

	if (last)
		ask->req = NULL;
	if (client->dead)
		return;

	text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
	if (!text)
		return;

	err = queue(client, text, strlen(text),
		    last ? CONTROL_ANSWER_MAX : CONTROL_STREAM_MAX);
	free(text);
	if (err)
		warning("control client cut off: %m\n", err);
	else
		err = flush(client);

	if (err) {
		/* the caller is in the midst of something: later */
		client->dead = true;
		(void)fd_listen(client->fd, FD_READ | FD_WRITE,
				client_events, client);
		(void)shutdown(client->fd, SHUT_RDWR);
	}
}

static size_t waiting_handler(void *arg)
{
	const struct ask *ask = arg;

	return mbuf_get_left(ask->client->out);
}

/* Answered ones are forgotten. */
static void sweep(struct client *client)
{
	struct le *le = client->askl.head;

	while (le) {
		struct ask *ask = le->data;

		le = le->next;
		if (!ask->req)
			mem_deref(ask);
	}
}

static void fail_early(struct client *client, const char *title)
{
	json_t *line;
	char *text;

	line = json_pack("{s:b, s:{s:i, s:s}}", "ok", 0, "error",
			 "status", 400, "title", title);
	text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	if (text)
		(void)queue(client, text, strlen(text), CONTROL_ANSWER_MAX);
	free(text);
	client->ending = true;
}

static void request(struct client *client, const char *s, size_t n)
{
	json_error_t jerr;
	struct req *req;
	struct ask *ask;
	json_t *msg;
	int err;

	msg = json_loadb(s, n, JSON_REJECT_DUPLICATES, &jerr);
	if (!json_is_object(msg)) {
		fail_early(client, "Not a JSON object");
		json_decref(msg);
		return;
	}

	ask = mem_zalloc(sizeof(*ask), ask_destructor);
	if (!ask) {
		json_decref(msg);
		client->ending = true;
		return;
	}
	ask->client = client;
	err = req_alloc(&req, json_object_get(msg, "id"), &client->who,
			line_handler, ask);
	if (err) {
		mem_deref(ask);
		client->ending = true;
		json_decref(msg);
		return;
	}
	req_set_waiting(req, waiting_handler);
	ask->req = req;
	list_append(&client->askl, &ask->le, ask);

	client->ctl->reqh(req, msg, client->ctl->arg);
	json_decref(msg);
	mem_deref(req);
	sweep(client);
}

static void lines(struct client *client)
{
	struct mbuf *mb = client->in;

	while (!client->dead && !client->ending && mbuf_get_left(mb)) {
		const char *p = (const char *)mbuf_buf(mb);
		const char *nl = memchr(p, '\n', mbuf_get_left(mb));

		if (!nl) {
			if (mbuf_get_left(mb) >= CONTROL_LINE_MAX)
				fail_early(client, "Line too long");
			break;
		}

		sweep(client);
		if (list_count(&client->askl) >= CONTROL_REQS_MAX) {
			fail_early(client, "Too many requests at a time");
			break;
		}
		if (nl > p)
			request(client, p, nl - p);
		mbuf_advance(mb, nl + 1 - p);
	}

	memmove(mb->buf, mbuf_buf(mb), mbuf_get_left(mb));
	mb->end = mbuf_get_left(mb);
	mb->pos = 0;
}

static int receive(struct client *client)
{
	struct mbuf *mb = client->in;
	ssize_t n;

	n = recv(client->fd, mb->buf + mb->end, mb->size - mb->end,
		 MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	if (!n)
		return EPIPE;

	mb->end += n;
	lines(client);

	return 0;
}

static void client_events(int flags, void *arg)
{
	struct client *client = arg;
	int err = 0;

	on_loop();
	if (client->dead) {
		mem_deref(client);
		return;
	}

	mem_ref(client);
	if (flags & FD_READ)
		err = receive(client);
	sweep(client);
	if (!err && !client->dead)
		err = flush(client);
	if (err)
		cut_off(client);
	mem_deref(client);
}

static void peer_cred(struct client *client)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	/* who may connect may everything: the socket's mode says who */
	client->who.role = VERB_ADMIN;
	client->who.uid = (uid_t)-1;
	client->who.gid = (gid_t)-1;
	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return;

	client->who.uid = cred.uid;
	client->who.gid = cred.gid;
}

static int client_alloc(struct control *ctl, int fd)
{
	struct client *client;
	int err = ENOMEM;

	client = mem_zalloc(sizeof(*client), client_destructor);
	if (!client) {
		(void)close(fd);
		return ENOMEM;
	}

	client->ctl = ctl;
	client->fd  = fd;
	client->in  = mbuf_alloc(CONTROL_LINE_MAX + 1);
	client->out = mbuf_alloc(4096);
	if (!client->in || !client->out)
		goto out;

	peer_cred(client);
	err = fd_listen(fd, FD_READ, client_events, client);

 out:
	if (err)
		mem_deref(client);
	else
		list_append(&ctl->clientl, &client->le, client);

	return err;
}

static void accept_handler(int flags, void *arg);

static void accept_again(void *arg)
{
	struct control *ctl = arg;

	on_loop();
	(void)fd_listen(ctl->fd, FD_READ, accept_handler, ctl);
}

static void accept_handler(int flags, void *arg)
{
	struct control *ctl = arg;
	int fd, err;

	(void)flags;
	on_loop();

	fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE ||
		       errno == ENOMEM || errno == ENOBUFS)) {
		/* who waits goes on waiting: not in a busy loop */
		warning("control client not accepted: %m\n", errno);
		fd_close(ctl->fd);
		tmr_start(&ctl->tmr_accept, ACCEPT_PAUSE_MS, accept_again,
			  ctl);
	}
	if (fd < 0)
		return;

	if (list_count(&ctl->clientl) >= CONTROL_CLIENTS_MAX) {
		warning("control client refused: too many\n");
		(void)close(fd);
		return;
	}

	err = client_alloc(ctl, fd);
	if (err)
		warning("control client refused: %m\n", err);
}

static int make_dir(const char *path)
{
	char dir[108];
	char *slash;

	str_ncpy(dir, path, sizeof(dir));
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;

	*slash = '\0';
	if (mkdir(dir, 0755) && errno != EEXIST)
		return errno;

	return 0;
}

/* A socket file that nobody listens on is left from a crash. */
static int clear_stale(const struct sockaddr_un *sun)
{
	int fd, err = 0;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;

	if (!connect(fd, (const struct sockaddr *)sun, sizeof(*sun)))
		err = EADDRINUSE;
	else if (errno == ECONNREFUSED)
		err = unlink(sun->sun_path) ? errno : 0;
	else if (errno != ENOENT)
		err = errno;
	(void)close(fd);

	return err;
}

static int listen_on(struct control *ctl)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int err;

	str_ncpy(sun.sun_path, ctl->path, sizeof(sun.sun_path));

	err = make_dir(ctl->path);
	if (!err)
		err = clear_stale(&sun);
	if (err)
		return err;

	ctl->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			 0);
	if (ctl->fd < 0)
		return errno;

	mask = umask(0117);
	if (bind(ctl->fd, (struct sockaddr *)&sun, sizeof(sun)))
		err = errno;
	(void)umask(mask);
	if (err)
		return err;

	if (!stat(ctl->path, &st))
		ctl->ino = st.st_ino;

	if (listen(ctl->fd, CONTROL_CLIENTS_MAX))
		return errno;

	return fd_listen(ctl->fd, FD_READ, accept_handler, ctl);
}

static void control_destructor(void *arg)
{
	struct control *ctl = arg;
	struct stat st;

	tmr_cancel(&ctl->tmr_accept);
	list_flush(&ctl->clientl);
	if (ctl->fd >= 0) {
		fd_close(ctl->fd);
		(void)close(ctl->fd);
	}
	if (ctl->ino && !stat(ctl->path, &st) && st.st_ino == ctl->ino)
		(void)unlink(ctl->path);
}

int control_alloc(struct control **ctlp, const char *path,
		  control_req_h *reqh, void *arg)
{
	struct control *ctl;
	int err;

	if (!ctlp || !path || !reqh)
		return EINVAL;
	if (strlen(path) >= sizeof(ctl->path))
		return ENAMETOOLONG;

	ctl = mem_zalloc(sizeof(*ctl), control_destructor);
	if (!ctl)
		return ENOMEM;

	tmr_init(&ctl->tmr_accept);
	ctl->fd   = -1;
	ctl->reqh = reqh;
	ctl->arg  = arg;
	str_ncpy(ctl->path, path, sizeof(ctl->path));

	err = listen_on(ctl);
	if (err)
		mem_deref(ctl);
	else
		*ctlp = ctl;

	return err;
}

unsigned control_clients(const struct control *ctl)
{
	return ctl ? list_count(&ctl->clientl) : 0;
}
