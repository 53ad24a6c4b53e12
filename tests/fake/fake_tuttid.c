/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/fake_tuttid.c -- answers of a script, for tests of tutti(1)
 *
 *	fake_tuttid SOCKET SCRIPT LOG
 *
 * A line of the script is "verb<TAB>answer"; the first that fits the
 * request's verb is sent, and after it the lines "+<TAB>…" that follow it.
 * An answer "@close" closes instead.  Requests are appended to LOG, keys
 * sorted.  It serves one connection at a time and ends when a request says
 * "quit", or after a minute.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <jansson.h>


enum { LINE_LEN = 65536, LIFE_S = 60 };


static void put_line(int fd, const char *line)
{
	size_t n = strlen(line);

	/* in two pieces: lines are not packets */
	if (write(fd, line, n / 2) < 0 ||
	    write(fd, line + n / 2, n - n / 2) < 0 || write(fd, "\n", 1) < 0)
		fprintf(stderr, "fake_tuttid: %s\n", strerror(errno));
}


static void answer(int fd, const char *script, const char *verb)
{
	char line[LINE_LEN];
	FILE *f = fopen(script, "r");
	char *tab;
	int on = 0;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		tab = strchr(line, '\t');
		if (!tab)
			continue;
		*tab++ = '\0';

		if (on && strcmp(line, "+"))
			break;
		if (!on && strcmp(line, verb))
			continue;
		on = 1;
		if (!strcmp(tab, "@close"))
			break;
		put_line(fd, tab);
	}
	if (!on)
		put_line(fd, "{\"id\":1,\"ok\":false,\"error\":{\"status\":"
			 "404,\"title\":\"No such verb\"}}");
	if (f)
		fclose(f);
}


/* Returns nonzero to end. */
static int serve(int fd, const char *script, const char *log)
{
	char line[LINE_LEN];
	FILE *in = fdopen(fd, "r"), *out;
	int quit = 0;

	if (in && fgets(line, sizeof(line), in)) {
		json_t *req = json_loads(line, 0, NULL);
		const char *verb = json_string_value(
			json_object_get(req, "verb"));

		out = fopen(log, "a");
		if (out) {
			json_dumpf(req, out, JSON_SORT_KEYS);
			fputc('\n', out);
			fclose(out);
		}
		quit = verb && !strcmp(verb, "quit");
		answer(fd, script, verb ? verb : "");
		json_decref(req);
	}
	if (in)
		fclose(in);

	return quit;
}


int main(int argc, char **argv)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, conn;

	if (argc != 4 || strlen(argv[1]) >= sizeof(addr.sun_path))
		return 2;

	signal(SIGPIPE, SIG_IGN);
	alarm(LIFE_S);
	strcpy(addr.sun_path, argv[1]);
	unlink(argv[1]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 8)) {
		perror("fake_tuttid");
		return 1;
	}

	/* whoever started us may go on */
	puts("ready");
	fflush(stdout);

	while ((conn = accept(fd, NULL, NULL)) >= 0) {
		if (serve(conn, argv[2], argv[3]))
			break;
	}
	unlink(argv[1]);

	return 0;
}
