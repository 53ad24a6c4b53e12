/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/main.c -- tutti-mixer: the process of one meeting
 *
 * Started by tuttid with the control socket as descriptor MIX_FD; ends with
 * that socket, with "bye", or with SIGTERM, each time after BYE to every
 * leg and with its files closed.
 */
#define _GNU_SOURCE 1
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libavutil/log.h>
#include <re.h>
#define DEBUG_MODULE "mixer"
#define DEBUG_LEVEL 5
#include <re_dbg.h>

#include "base/log.h"
#include "base/mixproto.h"
#include "base/thread.h"
#include "mixer/mixer.h"
#include "mixer/net_rtc.h"
#include "mixer/sandbox.h"
#include "mixer/video_filter.h"

enum { FDS_MAX = 16384 };         /* four for each of 2048 legs, twice    */

static struct mixer *mixer;
static int status;

static void end_handler(int err, void *arg)
{
	(void)err;
	(void)arg;

	re_cancel();
}

static void signal_handler(int sig)
{
	on_loop();

	info("signal %d: ending\n", sig);
	mixer_bye(mixer);
	re_cancel();
}

/* libre's table of descriptors, before anything else asks for it. */
static int fds_init(void)
{
	struct rlimit rlim;

	if (getrlimit(RLIMIT_NOFILE, &rlim))
		return errno;

	if (rlim.rlim_max > FDS_MAX)
		rlim.rlim_max = FDS_MAX;
	rlim.rlim_cur = rlim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rlim))
		return errno;

	return fd_setsize((int)rlim.rlim_cur);
}

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len)
		&& type == SOCK_SEQPACKET;
}

/* GRAPH WIDTH HEIGHT FPS: would it do for a room's canvas_filter?  The
 * answer is a line on stdout, if it would not, and the exit status.  Tried
 * in the sandbox, with bounds: whatever a graph does it ends. */
static int check_filter(char **argv)
{
	const struct rlimit cpu = {10, 10};
	const struct rlimit mem = {2ul << 30, 2ul << 30};
	char text[160] = "out of memory";
	const char *what;
	int err;

	av_log_set_level(AV_LOG_QUIET);
	(void)setrlimit(RLIMIT_CPU, &cpu);
#ifndef SANITIZE
	(void)setrlimit(RLIMIT_AS, &mem);
#else
	(void)mem;
#endif
	err = sandbox_enter(&what);
	if (!err)
		err = vfilter_try(argv[0], (unsigned)atoi(argv[1]),
				  (unsigned)atoi(argv[2]),
				  (unsigned)atoi(argv[3]), text,
				  sizeof(text));
	if (!err)
		return 0;
	printf("%s\n", text);
	(void)fflush(stdout);

	return 1;
}

/* This thread sends all sound and takes it in: on a machine that is full
 * audio that is in time is of no use without it. */
static ON(loop) int run(void)
{
	int err;

	thread_prompt();
	err = mixer_alloc(&mixer, MIX_FD, end_handler, NULL);
	if (err) {
		error("cannot start: %m\n", err);
		return 1;
	}
	err = re_main(signal_handler);
	if (err)
		error("loop ended: %m\n", err);

	mixer = mem_deref(mixer);
	net_rtc_close();

	return err ? 1 : status;
}

int main(int argc, char *argv[])
{
	bool verbose = argc == 2 && !strcmp(argv[1], "-v");
	const char *log;
	int err;

	on_loop();

	if (argc == 6 && !strcmp(argv[1], "--check-filter"))
		return check_filter(argv + 2);
	if ((argc > 1 && !verbose) || !is_socket(MIX_FD)) {
		(void)fprintf(stderr, "tutti-mixer is started by tuttid(8)"
			      " with its control socket as descriptor %d\n",
			      MIX_FD);
		return 2;
	}

	err = fds_init();
	if (!err)
		err = libre_init();
	if (err) {
		(void)fprintf(stderr, "tutti-mixer: cannot start: %s\n",
			      strerror(err));
		return 1;
	}
	log = getenv(LOG_ENV);
	log_init("tutti-mixer", verbose ? LVL_DEBUG : LVL_INFO,
		 log && !strcmp(log, "syslog"));
	dbg_init(DBG_WARNING, DBG_NONE);
	av_log_set_level(AV_LOG_QUIET);

	status = 0;
	err = run();
	libre_close();

	return err;
}
