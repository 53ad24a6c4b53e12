/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/main.c -- tutti-source; see source.h for how it is called
 */
#define _GNU_SOURCE 1
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <re.h>
#include <libavformat/avformat.h>

#include "source/source.h"

enum { OPT_LOOP = 256, OPT_EVENT_FD, OPT_AUDIO_FD, OPT_AUDIO_PT,
       OPT_VIDEO_FD, OPT_VIDEO_PT, OPT_WIDTH, OPT_HEIGHT, OPT_FPS, OPT_KBPS };

struct job {
	const struct source_cfg *cfg;
	struct source_queue *q;
};

static const struct option optv[] = {
	{"loop",     no_argument,       NULL, OPT_LOOP},
	{"event-fd", required_argument, NULL, OPT_EVENT_FD},
	{"audio-fd", required_argument, NULL, OPT_AUDIO_FD},
	{"audio-pt", required_argument, NULL, OPT_AUDIO_PT},
	{"video-fd", required_argument, NULL, OPT_VIDEO_FD},
	{"video-pt", required_argument, NULL, OPT_VIDEO_PT},
	{"width",    required_argument, NULL, OPT_WIDTH},
	{"height",   required_argument, NULL, OPT_HEIGHT},
	{"fps",      required_argument, NULL, OPT_FPS},
	{"kbps",     required_argument, NULL, OPT_KBPS},
	{NULL, 0, NULL, 0},
};

static int usage(void)
{
	(void)fprintf(stderr, "usage: tutti-source [--loop] [--event-fd N]"
		      " [--audio-fd N --audio-pt N]\n"
		      "       [--video-fd N --video-pt N] [--width N]"
		      " [--height N] [--fps N] [--kbps N] URL\n");
	return 2;
}

static bool number(const char *str, unsigned min, unsigned max,
		   unsigned *np)
{
	char *end;
	unsigned long n = strtoul(str, &end, 10);

	if (!*str || *end || n < min || n > max)
		return false;

	*np = (unsigned)n;

	return true;
}

static bool option(struct source_cfg *cfg, int opt, const char *val)
{
	unsigned n = 0;
	bool ok;

	switch (opt) {

	case OPT_LOOP:
		cfg->loop = true;
		return true;
	case OPT_EVENT_FD:
		ok = number(val, 0, 65535, &n);
		cfg->event_fd = (int)n;
		return ok;
	case OPT_AUDIO_FD:
		ok = number(val, 0, 65535, &n);
		cfg->audio_fd = (int)n;
		return ok;
	case OPT_VIDEO_FD:
		ok = number(val, 0, 65535, &n);
		cfg->video_fd = (int)n;
		return ok;
	case OPT_AUDIO_PT:
		ok = number(val, 0, 127, &n);
		cfg->audio_pt = n;
		return ok;
	case OPT_VIDEO_PT:
		ok = number(val, 0, 127, &n);
		cfg->video_pt = n;
		return ok;
	case OPT_WIDTH:
		return number(val, 64, 1920, &cfg->width);
	case OPT_HEIGHT:
		return number(val, 64, 1080, &cfg->height);
	case OPT_FPS:
		return number(val, 1, 60, &cfg->fps);
	case OPT_KBPS:
		return number(val, 50, 20000, &cfg->kbps);
	default:
		return false;
	}
}

static void *maker_main(void *arg)
{
	const struct job *job = arg;
	const char *url = job->cfg->url;
	unsigned n;

	if (!strncmp(url, "test:", 5)) {
		if (number(url + 5, 1, 99, &n))
			source_test_run(job->cfg, n, job->q);
		else
			source_queue_end(job->q, "test pictures are test:1"
					 " to test:99");
	}
	else {
		source_file_run(job->cfg, job->q);
	}

	return NULL;
}

static void signal_handler(int sig)
{
	(void)sig;

	source_send_stop();
}

static int run(const struct source_cfg *cfg)
{
	struct sigaction sa = {.sa_handler = signal_handler};
	struct job job = {.cfg = cfg};
	pthread_t thread;
	int res;

	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);

	if (source_queue_alloc(&job.q))
		return 1;
	if (pthread_create(&thread, NULL, maker_main, &job)) {
		mem_deref(job.q);
		return 1;
	}
	(void)pthread_detach(thread);
	res = source_send_run(cfg, job.q);

	/* a maker that hangs in a library is not waited for */
	source_queue_close(job.q);
	(void)fflush(NULL);
	_exit(res);
}

/* ps(1) shows arguments to everybody: user and password are kept in a copy
 * and taken out of them. */
static const char *take_url(char *arg)
{
	char *host = strstr(arg, "://"), *at;
	const char *url;

	if (!host)
		return arg;

	host += 3;
	at  = memrchr(host, '@', strcspn(host, "/?#"));
	url = at ? strdup(arg) : arg;
	if (at && url)
		memset(host, '*', (size_t)(at - host));

	return url ? url : arg;
}

int main(int argc, char *argv[])
{
	struct source_cfg cfg = {
		.event_fd = 1, .audio_fd = -1, .video_fd = -1,
		.audio_pt = 96, .video_pt = 97,
		.width = 1280, .height = 720, .fps = 30, .kbps = 1000,
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", optv, NULL)) != -1)
		if (!option(&cfg, opt, optarg))
			return usage();
	if (optind != argc - 1 || (cfg.audio_fd < 0 && cfg.video_fd < 0))
		return usage();

	cfg.url = take_url(argv[optind]);
	av_log_set_level(AV_LOG_QUIET);
	/* never outlives the server that started it */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	return run(&cfg);
}
