/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/client.c -- one connection to tuttid, lines of JSON
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <re.h>

#include "base/conf.h"
#include "tutti/cli.h"


enum { LINE_MAX_LEN = 64 * 1024 * 1024, READ_LEN = 65536 };

struct client {
	int fd;
	char *buf;
	size_t len, size, seen;   /* seen: no newline before it           */
};


/* -s, then the environment, then tutti.conf, then its default. */
const char *client_socket(const struct cmd *cmd)
{
	static char path[108];
	const char *env = getenv("TUTTI_SOCKET");
	struct config *conf = NULL;
	char errbuf[256];

	if (cmd->socket)
		return cmd->socket;
	if (env && *env)
		return env;

	if (config_alloc(&conf))
		return "/run/tutti/tutti.sock";

	/* a broken or unreadable file is the server's to complain about */
	(void)config_load(conf, SYSCONFDIR "/tutti.conf", errbuf,
			  sizeof(errbuf));
	snprintf(path, sizeof(path), "%s",
		 config_str(conf, "control_socket"));
	mem_deref(conf);

	return path;
}


int client_open(struct client **clientp, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct client *client;
	int err = 0;

	if (strlen(path) >= sizeof(addr.sun_path))
		return ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);

	client = calloc(1, sizeof(*client));
	if (!client)
		return ENOMEM;

	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 ||
	    connect(client->fd, (struct sockaddr *)&addr, sizeof(addr)))
		err = errno;

	if (err)
		client_close(client);
	else
		*clientp = client;

	return err;
}


void client_close(struct client *client)
{
	if (!client)
		return;

	if (client->fd >= 0)
		close(client->fd);
	free(client->buf);
	free(client);
}


int client_ask(struct client *client, const struct verb *verb, json_t *args)
{
	json_t *req = json_pack("{s:i,s:s,s:o}", "id", 1, "verb", verb->name,
				"args", args);
	char *text = req ? json_dumps(req, JSON_COMPACT) : NULL;
	size_t n = text ? strlen(text) : 0, pos = 0;
	int err = text ? 0 : ENOMEM;

	if (text)
		text[n++] = '\n';          /* in place of the NUL */

	while (!err && pos < n) {
		ssize_t sent = send(client->fd, text + pos, n - pos,
				    MSG_NOSIGNAL);

		if (sent >= 0)
			pos += (size_t)sent;
		else if (errno != EINTR)
			err = errno;
	}

	free(text);
	json_decref(req);

	return err;
}


static int read_more(struct client *client, int timeout_ms)
{
	struct pollfd pfd = {.fd = client->fd, .events = POLLIN};
	ssize_t n;

	if (client->size - client->len < READ_LEN) {
		size_t size = client->size ? 2 * client->size : 2 * READ_LEN;
		char *buf;

		if (size > LINE_MAX_LEN)
			return EBADMSG;
		buf = realloc(client->buf, size);
		if (!buf)
			return ENOMEM;
		client->buf = buf;
		client->size = size;
	}

	for (;;) {
		int got = poll(&pfd, 1, timeout_ms);

		if (!got)
			return ETIMEDOUT;
		if (got < 0 && errno != EINTR)
			return errno;
		if (got < 0)
			continue;

		n = read(client->fd, client->buf + client->len,
			 client->size - client->len);
		if (n > 0)
			break;
		if (!n)
			return ECONNRESET;
		if (errno != EINTR)
			return errno;
	}
	client->len += (size_t)n;

	return 0;
}


int client_answer(struct client *client, json_t **answerp, int timeout_ms)
{
	json_t *answer;
	char *end = NULL;
	size_t n;
	int err;

	for (;;) {
		if (client->len > client->seen)
			end = memchr(client->buf + client->seen, '\n',
				     client->len - client->seen);
		if (end)
			break;
		client->seen = client->len;
		err = read_more(client, timeout_ms);
		if (err)
			return err;
	}

	n = (size_t)(end - client->buf);
	answer = json_loadb(client->buf, n, 0, NULL);

	client->len -= n + 1;
	client->seen = 0;
	memmove(client->buf, end + 1, client->len);

	if (!json_is_object(answer)) {
		json_decref(answer);
		return EBADMSG;
	}
	*answerp = answer;

	return 0;
}
