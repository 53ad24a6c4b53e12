/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/main.c -- options, configuration, signals, the loop
 */
#include "config.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>
#define DEBUG_MODULE "tuttid"
#define DEBUG_LEVEL 5
#include <re_dbg.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/thread.h"
#include "media/mixer_client.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

enum { FDS_MAX = 65536, OVERRIDES_MAX = 64 };

static int signal_pipe[2] = {-1, -1};
static struct server *server;

/* Only a byte: the loop does the rest. */
static void signal_handler(int sig)
{
	const char c = (char)sig;
	const int err = errno;

	if (write(signal_pipe[1], &c, 1) < 0) {
		/* full: one is on its way already */
	}
	errno = err;
}

static void closed_handler(void *arg)
{
	(void)arg;
	re_cancel();
}

static void stop(int sig)
{
	if (server->closing) {
		warning("stopped at once by a second signal\n");
		re_cancel();
		return;
	}
	info("stopping on signal %d\n", sig);
	server_close(server, "signal", closed_handler, NULL);
}

static void pipe_handler(int flags, void *arg)
{
	char buf[16];
	ssize_t n, i;

	(void)flags;
	(void)arg;
	on_loop();

	n = read(signal_pipe[0], buf, sizeof(buf));
	for (i = 0; i < n; i++) {
		if (buf[i] == SIGHUP)
			server_reload(server);
		else
			stop(buf[i]);
	}
}

static int catch_signals(void)
{
	static const int sigv[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction sa;
	size_t i;

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK))
		return errno;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = signal_handler;
	sa.sa_flags = SA_RESTART;
	sigfillset(&sa.sa_mask);
	for (i = 0; i < ARRAY_SIZE(sigv); i++)
		(void)sigaction(sigv[i], &sa, NULL);

	return fd_listen(signal_pipe[0], FD_READ, pipe_handler, NULL);
}

/* Four sockets a party, and as many again in the mixer's copy */
static int raise_fds(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl))
		return 1024;

	if (rl.rlim_max > FDS_MAX)
		rl.rlim_max = FDS_MAX;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	(void)getrlimit(RLIMIT_NOFILE, &rl);

	return rl.rlim_cur > FDS_MAX ? FDS_MAX : (int)rl.rlim_cur;
}

/* The parent waits until the server is up, so that its exit code counts. */
static int detach(void)
{
	int pipev[2];
	char c = 1;
	pid_t pid;

	if (pipe2(pipev, O_CLOEXEC))
		fatal("cannot detach: %m\n", errno);

	pid = fork();
	if (pid < 0)
		fatal("cannot detach: %m\n", errno);
	if (pid) {
		(void)close(pipev[1]);
		_exit(read(pipev[0], &c, 1) == 1 ? c : 1);
	}

	(void)close(pipev[0]);
	(void)setsid();

	return pipev[1];
}

static void detached(int fd, const char *ident, enum log_level level)
{
	const char ok = 0;
	int null;

	log_init(ident, level, true);
	(void)setenv(LOG_ENV, "syslog", 1);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		(void)dup2(null, 0);
		(void)dup2(null, 1);
		(void)dup2(null, 2);
		if (null > 2)
			(void)close(null);
	}
	if (chdir("/"))
		warning("still in the directory of the start\n");
	if (write(fd, &ok, 1) != 1)
		warning("nobody waited for the start\n");
	(void)close(fd);
}

static void dbg_handler(int level, const char *p, size_t len, void *arg)
{
	(void)arg;
	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r'))
		--len;
	if (level <= DBG_ERR)
		warning("libre: %b\n", p, len);
	else
		debug("libre: %b\n", p, len);
}

static enum log_level level_of(const struct config *conf, bool verbose)
{
	static const char *const namev[] = {"error", "warning", "info",
					    "debug"};
	const char *name = config_str(conf, "log_level");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(namev); i++) {
		if (!strcmp(name, namev[i]))
			break;
	}

	return verbose || i > LVL_DEBUG ? LVL_DEBUG : (enum log_level)i;
}

struct options {
	const char *file;         /* NULL: the default, if it is there    */
	const char *setv[OVERRIDES_MAX];
	unsigned setc;
	bool detach, verbose, check;
};

static _Noreturn void usage(int code)
{
	fprintf(code ? stderr : stdout,
		"usage: tuttid [-dnv] [-f tutti.conf] [-D 'key value']...\n");
	exit(code);
}

static void parse(struct options *opt, int argc, char **argv)
{
	static const struct option longv[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "dnvf:D:hV", longv, NULL)) != -1) {
		switch (c) {

		case 'd': opt->detach = true; break;
		case 'n': opt->check = true; break;
		case 'v': opt->verbose = true; break;
		case 'f': opt->file = optarg; break;
		case 'D':
			if (opt->setc >= OVERRIDES_MAX)
				fatal("too many -D\n");
			opt->setv[opt->setc++] = optarg;
			break;
		case 'h': usage(0);
		case 'V':
			printf("tuttid %s\n", PACKAGE_VERSION);
			exit(0);
		default: usage(1);
		}
	}
	if (optind < argc)
		usage(1);
}

static struct config *configure(const struct options *opt)
{
	static const char dflt[] = SYSCONFDIR "/tutti.conf";
	const char *file = opt->file ? opt->file : dflt;
	struct config *conf;
	char text[512] = "";
	unsigned i;
	int err;

	err = config_alloc(&conf);
	if (err)
		fatal("%m\n", err);

	err = config_load(conf, file, text, sizeof(text));
	if (err && (opt->file || err != ENOENT))
		fatal("%s\n", text);

	for (i = 0; i < opt->setc; i++) {
		err = config_set(conf, opt->setv[i], text, sizeof(text));
		if (err)
			fatal("%s\n", text);
	}

	return conf;
}

/* What a start would find out without touching what runs. */
static void check(const struct config *conf)
{
	char text[512] = "";
	int err;

	err = libre_init();
	if (err)
		fatal("libre: %m\n", err);
	on_loop();
	if (server_check(conf, text, sizeof(text)))
		fatal("%s\n", text);
	libre_close();
}

int main(int argc, char *argv[])
{
	struct options opt = {.file = NULL};
	enum log_level level;
	struct config *conf;
	char text[512] = "";
	const char *missing;
	int err, fd = -1;

	log_init("tuttid", LVL_INFO, false);
	(void)umask(027);                  /* there are PINs in tutti.db */
	parse(&opt, argc, argv);
	missing = verbs_missing();
	if (missing)
		fatal("verb \"%s\" is in one table only\n", missing);
	conf  = configure(&opt);
	if (opt.check) {
		check(conf);
		mem_deref(conf);
		return 0;
	}
	level = level_of(conf, opt.verbose);
	log_init("tuttid", level, false);

	if (opt.detach)
		fd = detach();

	/* before libre's first descriptor, see fd_setsize */
	(void)fd_setsize(raise_fds());
	dbg_init(DBG_WARNING, DBG_NONE);
	dbg_handler_set(dbg_handler, NULL);
	err = libre_init();
	if (err)
		fatal("libre: %m\n", err);

	on_loop();
	err = catch_signals();
	if (err)
		fatal("signals: %m\n", err);
	err = server_alloc(&server, conf, text, sizeof(text));
	if (err)
		fatal("%s\n", text[0] ? text : strerror(err));
	if (fd >= 0)
		detached(fd, "tuttid", level);

	err = re_main(NULL);

	server = mem_deref(server);
	mixer_client_reap();
	fd_close(signal_pipe[0]);
	mem_deref(conf);
	libre_close();

	return err ? 1 : 0;
}
