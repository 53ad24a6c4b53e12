/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/bench/proc.c -- processes of a bench: started, asked, measured */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { SETTLE_S = 5, OPTS_MAX = 30 };

static double now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void sleep_s(double s)
{
	struct timespec ts = {(time_t)s, (long)((s - (time_t)s) * 1e9)};

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static pid_t start(char *const argv[], int out, int err)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (out >= 0)
			(void)dup2(out, 1);
		if (err >= 0)
			(void)dup2(err, 2);
		execv(argv[0], argv);
		(void)fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}

	return pid;
}

/** Standard output of a command as JSON, or NULL. */
json_t *ask(const char *fmt, ...)
{
	char cmd[1024];
	json_error_t e;
	json_t *obj;
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	(void)vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	f = popen(cmd, "re");
	if (!f)
		return NULL;
	obj = json_loadf(f, 0, &e);
	if (pclose(f)) {
		json_decref(obj);
		return NULL;
	}

	return obj;
}

double number(const json_t *obj, const char *a, const char *b)
{
	const json_t *v = json_object_get(obj, a);

	return json_number_value(b ? json_object_get(v, b) : v);
}

#define TUTTI "%s/src/tutti/tutti -s %s/s --json "

void tuttid_start(void)
{
	char conf[128], bin[512], log[128], lib[512];
	char *argv[] = {bin, (char *)"-f", conf, NULL};
	json_t *res = NULL;
	int i, fd;
	FILE *f;

	(void)snprintf(conf, sizeof(conf), "%s/conf", g.dir);
	(void)snprintf(log, sizeof(log), "%s/log", g.dir);
	(void)snprintf(bin, sizeof(bin), "%s/src/tuttid/tuttid", g.build);
	(void)snprintf(lib, sizeof(lib), "%s/libexec", g.build);
	(void)setenv("TUTTI_LIBEXEC", lib, 1);

	f = fopen(conf, "we");
	if (!f)
		die("%s: %s", conf, strerror(errno));
	(void)fprintf(f, "data_dir %s/data\ncontrol_socket %s/s\n"
		      "media_ports 50000-59999\n"
		      "max_parties 2000\n"
		      "capacity 1000000\n"
		      "sip_listen udp 127.0.0.1:%u\n"
		      "web_listen http 127.0.0.1:%u\n", g.dir, g.dir,
		      g.sip_port, g.sip_port);
	(void)fclose(f);

	fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	g.tuttid = start(argv, fd, fd);
	(void)close(fd);

	for (i = 0; i < 100 && !res; i++) {
		sleep_s(0.1);
		res = ask(TUTTI "server status 2>/dev/null", g.build, g.dir);
	}
	if (!res)
		die("tuttid did not start, see %s", log);
	json_decref(res);
}

void tuttid_stop(void)
{
	int i;

	(void)kill(g.tuttid, SIGTERM);
	for (i = 0; i < 50; i++) {
		if (waitpid(g.tuttid, NULL, WNOHANG) == g.tuttid) {
			g.tuttid = 0;
			return;
		}
		sleep_s(0.1);
	}
	(void)kill(g.tuttid, SIGKILL);
	(void)waitpid(g.tuttid, NULL, 0);
	g.tuttid = 0;
}

/* ---- reading /proc and the mixer ---- */

static double proc_cpu(pid_t pid)
{
	unsigned long ut = 0, st = 0;
	char path[64], line[1024];
	const char *p;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	(void)fclose(f);
	p = strrchr(line, ')');
	if (!p || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
			 "%*u %lu %lu", &ut, &st) != 2)
		return 0;

	return (double)(ut + st) / (double)sysconf(_SC_CLK_TCK);
}

/** Busy time of all the machine's cores. */
static double machine_cpu(void)
{
	unsigned long v[8] = {0};
	FILE *f = fopen("/proc/stat", "re");

	if (!f)
		return 0;
	if (fscanf(f, "cpu %lu %lu %lu %lu %lu %lu %lu %lu", &v[0], &v[1],
		   &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 8)
		v[0] = 0;
	(void)fclose(f);

	return (double)(v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) /
		(double)sysconf(_SC_CLK_TCK);
}

static double smaps_mib(pid_t pid, const char *key)
{
	char path[64], line[256];
	double kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			kb = atof(line + strlen(key));
	(void)fclose(f);

	return kb / 1024;
}

static void take(struct sample *s)
{
	json_t *res = ask(TUTTI "server stats", g.build, g.dir), *mixer;
	pid_t pid;

	mixer = json_array_get(json_object_get(res, "mixers"), 0);
	pid   = (pid_t)json_integer_value(json_object_get(mixer, "pid"));
	if (!pid)
		die("no mixer runs, see %s/log", g.dir);

	s->at          = now_s();
	s->machine_cpu = machine_cpu();
	s->mixer_cpu  = proc_cpu(pid);
	s->tuttid_cpu = proc_cpu(g.tuttid);
	s->rss_mib    = smaps_mib(pid, "Rss:");
	s->pss_mib    = smaps_mib(pid, "Pss:");
	s->stats      = json_incref(json_object_get(mixer, "stats"));
	json_decref(res);
}

static void wait_line(FILE *f, const char *want)
{
	char line[256];

	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "load: leg", 9))
			(void)fputs(line, stderr);
		if (strstr(line, want))
			return;
	}
	die("tutti-load ended before \"%s\"", want);
}

void room_make(const char *name)
{
	json_t *res = ask(TUTTI "room create %s --tones no", g.build, g.dir,
			  name);

	if (!res)
		die("room create %s failed", name);
	json_decref(res);
}

/** What of the machine was not ours while the window lasted. */
static void foreign(const struct window *w, pid_t pid, double load_cpu)
{
	double s = w->b.at - w->a.at;
	double ours = w->b.mixer_cpu - w->a.mixer_cpu + w->b.tuttid_cpu -
		w->a.tuttid_cpu + proc_cpu(pid) - load_cpu;
	double other = (w->b.machine_cpu - w->a.machine_cpu - ours) / s;

	if (number(w->b.stats, "video", "governor") > 0) {
		++g.unfair;
		(void)printf("# the governor had to lower video: what "
			     "follows does not count\n");
	}
	if (other > g.foreign)
		g.foreign = other;
	if (other > 0.15)
		(void)printf("# others used %.2f of a core meanwhile\n",
			     other);
}

json_t *load(const char *room, const char *const *optv, struct window *w)
{
	char bin[512], uri[64], secs[16], out[128], settle[16];
	char *argv[OPTS_MAX + 2] = {bin, (char *)"-c", (char *)g.cache, (char *)"-t",
		secs, (char *)"-g", settle};
	int fdv[2], fd, n = 7, status = 0;
	json_error_t e;
	json_t *res;
	FILE *f;
	pid_t pid;

	(void)snprintf(bin, sizeof(bin), "%s/tests/load/tutti-load", g.build);
	(void)snprintf(secs, sizeof(secs), "%u", g.window_s + 1);
	(void)snprintf(settle, sizeof(settle), "%d", SETTLE_S);
	(void)snprintf(uri, sizeof(uri), "sip:%s@127.0.0.1:%u", room,
		       g.sip_port);
	(void)snprintf(out, sizeof(out), "%s/load.json", g.dir);
	while (*optv && n < OPTS_MAX)
		argv[n++] = (char *)*optv++;
	argv[n] = uri;

	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || pipe2(fdv, O_CLOEXEC))
		die("%s: %s", out, strerror(errno));
	pid = start(argv, fd, fdv[1]);
	(void)close(fd);
	(void)close(fdv[1]);
	f = fdopen(fdv[0], "re");
	if (!f)
		die("fdopen: %s", strerror(errno));

	wait_line(f, "measuring");
	if (w) {
		double load_cpu = proc_cpu(pid);

		take(&w->a);
		sleep_s(g.window_s);
		take(&w->b);
		foreign(w, pid, load_cpu);
	}
	wait_line(f, "done");
	(void)fclose(f);
	(void)waitpid(pid, &status, 0);
	res = json_load_file(out, 0, &e);
	if (!res)
		die("tutti-load: %s", e.text);

	return res;
}

void window_free(struct window *w)
{
	json_decref(w->a.stats);
	json_decref(w->b.stats);
	memset(w, 0, sizeof(*w));
}
