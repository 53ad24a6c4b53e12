/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/bench.c -- what a meeting costs; see README beside it
 *
 * Starts the tuttid of the build tree on loopback, lets tutti-load call a
 * room of it with 3, 9 and 16 legs, reads the processes' CPU time, memory
 * and the mixer's own counters at both ends of a window, then the floor of
 * the same streams.  Prints a table, writes results.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

enum { FPS = 30, W = 640, H = 360, SETTLE_S = 5, SPEAKERS = 3,
       CELL = 12, RUNS_MAX = 4 };

static const unsigned legsv[] = {3, 9, 16};

static struct {
	const char *build, *out, *cache;
	unsigned window_s, sip_port;
	char dir[64];
	pid_t tuttid;
	json_t *rows;
} g = {.build = ".", .out = "results.json", .window_s = 12};

struct sample {
	double at, mixer_cpu, tuttid_cpu;
	double rss_mib, pss_mib;
	json_t *stats;            /* the mixer's                          */
};

static _Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fprintf(stderr, "bench: ");
	(void)vfprintf(stderr, fmt, ap);
	(void)fprintf(stderr, "\n");
	va_end(ap);
	if (g.tuttid > 0)
		(void)kill(g.tuttid, SIGTERM);
	exit(1);
}

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

static void row(const char *unit, double value, const char *how,
		const char *fmt, ...)
{
	char name[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	json_array_append_new(g.rows, json_pack("{s:s, s:f, s:s, s:s}",
		"name", name, "value", value, "unit", unit, "how", how));
}

/* ---- processes ---- */

static pid_t start(char *const argv[], int out, int err)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
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
static json_t *ask(const char *fmt, ...)
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

#define TUTTI "%s/src/tutti/tutti -s %s/s --json "

static void tuttid_start(void)
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
		      "media_ports 52000-53999\n"
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

static void tuttid_stop(void)
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

	s->at         = now_s();
	s->mixer_cpu  = proc_cpu(pid);
	s->tuttid_cpu = proc_cpu(g.tuttid);
	s->rss_mib    = smaps_mib(pid, "Rss:");
	s->pss_mib    = smaps_mib(pid, "Pss:");
	s->stats      = json_incref(json_object_get(mixer, "stats"));
	json_decref(res);
}

/* ---- one meeting ---- */

struct meeting {
	unsigned legs;
	double seconds, cpu, tuttid, rss, pss, load_cpu, sound, picture,
		fps, governor, late;
	double floor_vdec, floor_venc, floor_adec, floor_aenc;
	json_t *stages;           /* {"video decode": s/s, …}             */
};

/** Every number under a "cpu_us", as the seconds per second it grew. */
static void stages(json_t *out, const char *name, const json_t *a,
		   const json_t *b, double seconds, bool cpu)
{
	const char *key;
	json_t *val;

	json_object_foreach((json_t *)b, key, val) {
		const json_t *was = json_object_get(a, key);
		bool here = cpu || !strcmp(key, "cpu_us");
		char sub[128];

		(void)snprintf(sub, sizeof(sub), "%s%s%s", name,
			       *name && strcmp(key, "cpu_us") ? " " : "",
			       strcmp(key, "cpu_us") ? key : "");
		if (json_is_object(val))
			stages(out, sub, was, val, seconds, here);
		else if (here && *sub && json_is_integer(val))
			json_object_set_new(out, sub, json_real(
				(double)(json_integer_value(val) -
					 json_integer_value(was)) /
				(1e6 * seconds)));
	}
}

static double number(const json_t *obj, const char *a, const char *b)
{
	const json_t *v = json_object_get(obj, a);

	return json_number_value(b ? json_object_get(v, b) : v);
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

static void room_make(const char *name)
{
	json_t *res = ask(TUTTI "room create %s --tones no", g.build, g.dir,
			  name);

	if (!res)
		die("room create %s failed", name);
	json_decref(res);
}

/** Runs tutti-load on a room; window(arg) is called when it measures. */
static json_t *load(const char *room, const char *const *optv,
		    void (*window)(void *arg), void *arg)
{
	char bin[512], uri[64], secs[16], out[128];
	char *argv[32] = {bin, (char *)"-c", (char *)g.cache, (char *)"-t",
		secs, (char *)"-g", (char *)"5"};
	int fdv[2], fd, n = 7, status = 0;
	json_error_t e;
	json_t *res;
	FILE *f;
	pid_t pid;

	(void)snprintf(bin, sizeof(bin), "%s/tests/load/tutti-load", g.build);
	(void)snprintf(secs, sizeof(secs), "%u", g.window_s + 1);
	(void)snprintf(uri, sizeof(uri), "sip:%s@127.0.0.1:%u", room,
		       g.sip_port);
	(void)snprintf(out, sizeof(out), "%s/load.json", g.dir);
	while (*optv && n < 30)
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
	if (window)
		window(arg);
	wait_line(f, "done");
	(void)fclose(f);
	(void)waitpid(pid, &status, 0);
	res = json_load_file(out, 0, &e);
	if (!res)
		die("tutti-load: %s", e.text);

	return res;
}

struct window {
	struct sample a, b;
};

static void window_handler(void *arg)
{
	struct window *w = arg;

	take(&w->a);
	sleep_s(g.window_s);
	take(&w->b);
}

static void floor_run(struct meeting *m)
{
	json_t *res = ask("%s/tests/bench/floor %u %d %d %d %s %d", g.build,
			  m->legs, W, H, FPS, g.cache, SPEAKERS);

	if (!res)
		die("floor failed");
	m->floor_vdec = number(res, "video_decode", NULL);
	m->floor_venc = number(res, "video_encode", NULL);
	m->floor_adec = number(res, "audio_decode", NULL);
	m->floor_aenc = number(res, "audio_encode", NULL);
	json_decref(res);
}

static void meeting_run(struct meeting *m, unsigned legs)
{
	char room[32], n[16];
	const char *optv[] = {"-n", n, NULL};
	struct window w;
	json_t *res;

	m->legs = legs;
	(void)snprintf(room, sizeof(room), "bench%u", legs);
	(void)snprintf(n, sizeof(n), "%u", legs);
	(void)printf("# %u legs: meeting\n", legs);
	(void)fflush(stdout);
	room_make(room);
	res = load(room, optv, window_handler, &w);

	if ((unsigned)number(res, "up", NULL) != legs)
		die("only %.0f of %u legs were up", number(res, "up", NULL),
		    legs);
	m->seconds  = w.b.at - w.a.at;
	m->cpu      = (w.b.mixer_cpu - w.a.mixer_cpu) / m->seconds;
	m->tuttid   = (w.b.tuttid_cpu - w.a.tuttid_cpu) / m->seconds;
	m->rss      = w.b.rss_mib;
	m->pss      = w.b.pss_mib;
	m->load_cpu = number(res, "load_cpu", NULL);
	m->sound    = number(res, "sound_ms", "p50");
	m->picture  = number(res, "picture_ms", "p50");
	m->fps      = number(res, "video", "rx_frames_per_s");
	m->governor = number(w.b.stats, "video", "governor");
	m->late     = number(w.b.stats, "audio", "late") -
		number(w.a.stats, "audio", "late");
	m->stages   = json_object();
	stages(m->stages, "", w.a.stats, w.b.stats, m->seconds, false);
	json_decref(w.a.stats);
	json_decref(w.b.stats);
	json_decref(res);

	(void)printf("# %u legs: floor\n", legs);
	(void)fflush(stdout);
	floor_run(m);
}

static double pcmu_delay(void)
{
	static const char *optv[] = {"-n", "3", "-a", "pcmu", "-v", "none",
		NULL};
	json_t *res;
	double ms;

	(void)printf("# 3 legs: G.711 alone\n");
	(void)fflush(stdout);
	room_make("pcmu");
	res = load("pcmu", optv, NULL, NULL);
	ms  = number(res, "sound_ms", "p50");
	json_decref(res);

	return ms;
}

/* ---- results ---- */

static double floor_sum(const struct meeting *m)
{
	return m->floor_vdec + m->floor_venc;
}

static void rows_of(const struct meeting *m)
{
	unsigned n = m->legs;
	const char *key;
	json_t *val;

	row("s/s", m->cpu + m->tuttid,
	    "CPU of tutti-mixer and tuttid per second of meeting",
	    "cpu_%ulegs", n);
	json_object_foreach(m->stages, key, val) {
		char name[64], *p;

		(void)snprintf(name, sizeof(name), "%s", key);
		for (p = name; *p; p++)
			if (*p == ' ')
				*p = '_';
		row("s/s", json_real_value(val),
		    "CPU of this stage as the mixer counts it (stats)",
		    "cpu_%ulegs_%s", n, name);
	}
	row("s/s", m->floor_vdec, "libavcodec decodes of the same streams, "
	    "one thread, nothing else", "floor_%ulegs_video_decode", n);
	row("s/s", m->floor_venc, "one x264 encode of the same pictures, "
	    "same settings, nothing else", "floor_%ulegs_video_encode", n);
	row("s/s", m->floor_adec + m->floor_aenc,
	    "Opus decodes of all legs, encodes for three speakers and the "
	    "listeners", "floor_%ulegs_audio", n);
	row("ratio", m->cpu / floor_sum(m), "CPU of tutti-mixer over "
	    "floor_*_video_decode + floor_*_video_encode of the same run",
	    "floor_ratio_%ux360p30", n);
	row("MiB", m->rss, "Rss of tutti-mixer, /proc/PID/smaps_rollup",
	    "rss_mib_%ulegs", n);
	row("MiB", m->pss, "Pss of tutti-mixer, /proc/PID/smaps_rollup",
	    "pss_mib_%ulegs", n);
	row("ms", m->sound, "click in to click out, 20 ms Opus, median",
	    "sound_ms_p50_%ulegs", n);
	row("ms", m->picture, "patch turns in to patch turns out, median",
	    "picture_ms_p50_%ulegs", n);
	row("1/s", m->fps, "pictures received per leg and second",
	    "fps_%ulegs", n);
	row("step", m->governor, "overload governor at the end of the "
	    "window; not 0: the machine was too slow or too busy",
	    "governor_%ulegs", n);
}

static void line(const char *label, const struct meeting *mv, unsigned n,
		 const char *fmt, double (*get)(const struct meeting *m))
{
	unsigned i;

	(void)printf("%-34s", label);
	for (i = 0; i < n; i++) {
		char cell[32];

		(void)snprintf(cell, sizeof(cell), fmt, get(&mv[i]));
		(void)printf("%*s", CELL, cell);
	}
	(void)printf("\n");
}

static double get_cpu(const struct meeting *m) { return m->cpu; }
static double get_tuttid(const struct meeting *m) { return m->tuttid; }
static double get_vdec(const struct meeting *m) { return m->floor_vdec; }
static double get_venc(const struct meeting *m) { return m->floor_venc; }
static double get_audio(const struct meeting *m)
{
	return m->floor_adec + m->floor_aenc;
}
static double get_ratio(const struct meeting *m)
{
	return m->cpu / floor_sum(m);
}
static double get_rss(const struct meeting *m) { return m->rss; }
static double get_pss(const struct meeting *m) { return m->pss; }
static double get_sound(const struct meeting *m) { return m->sound; }
static double get_picture(const struct meeting *m) { return m->picture; }
static double get_fps(const struct meeting *m) { return m->fps; }
static double get_governor(const struct meeting *m) { return m->governor; }
static double get_late(const struct meeting *m) { return m->late; }
static double get_load(const struct meeting *m) { return m->load_cpu; }

static void table(const struct meeting *mv, unsigned n, double pcmu)
{
	const char *key;
	json_t *val;
	unsigned i;

	(void)printf("\n%-34s", "legs, each 640x360 at 30, Opus");
	for (i = 0; i < n; i++)
		(void)printf("%*u", CELL, mv[i].legs);
	(void)printf("\n\nCPU seconds per second of meeting\n");
	line("tutti-mixer", mv, n, "%.3f", get_cpu);
	json_object_foreach(mv[0].stages, key, val) {
		(void)printf("  %-32s", key);
		for (i = 0; i < n; i++)
			(void)printf("%*.3f", CELL, json_real_value(
				json_object_get(mv[i].stages, key)));
		(void)printf("\n");
	}
	line("tuttid", mv, n, "%.3f", get_tuttid);
	line("floor: video decode", mv, n, "%.3f", get_vdec);
	line("floor: one video encode", mv, n, "%.3f", get_venc);
	line("floor: audio", mv, n, "%.3f", get_audio);
	line("mixer / video floor", mv, n, "%.2f", get_ratio);
	(void)printf("\nmemory of the mixer, MiB\n");
	line("RSS", mv, n, "%.0f", get_rss);
	line("PSS", mv, n, "%.0f", get_pss);
	(void)printf("\nadded delay, median, ms\n");
	line("sound", mv, n, "%.1f", get_sound);
	line("picture", mv, n, "%.1f", get_picture);
	(void)printf("%-34s%*.1f\n", "sound, G.711, no video", CELL, pcmu);
	(void)printf("\nwas it a fair run?\n");
	line("pictures per second received", mv, n, "%.1f", get_fps);
	line("governor step", mv, n, "%.0f", get_governor);
	line("late audio ticks", mv, n, "%.0f", get_late);
	line("CPU of tutti-load", mv, n, "%.3f", get_load);
}

static void results_write(void)
{
	char tmp[1024];

	(void)snprintf(tmp, sizeof(tmp), "%s.new", g.out);
	if (json_dump_file(g.rows, tmp, JSON_INDENT(1) |
			   JSON_REAL_PRECISION(5)) || rename(tmp, g.out))
		die("%s: %s", g.out, strerror(errno));
	(void)printf("\n%zu rows in %s\n", json_array_size(g.rows), g.out);
}

/** Streams are made before anything is measured. */
static void prepare(void)
{
	char cmd[1024];

	(void)printf("# preparing streams in %s\n", g.cache);
	(void)fflush(stdout);
	(void)snprintf(cmd, sizeof(cmd), "%s/tests/load/tutti-load -q -O -n 16"
		       " -c %s && %s/tests/load/tutti-load -q -O -n 3 -a pcmu"
		       " -v none -c %s", g.build, g.cache, g.build, g.cache);
	if (system(cmd))
		die("tutti-load -O failed");
}

static void warn_if_busy(void)
{
	double load1 = 0;

	if (getloadavg(&load1, 1) == 1 && load1 > 0.7)
		(void)printf("# load average is %.1f: the machine is busy, "
			     "do not believe delays and governor\n", load1);
	row("load", load1, "load average when the bench began",
	    "machine_load_before");
	row("cores", (double)sysconf(_SC_NPROCESSORS_ONLN), "sysconf",
	    "machine_cores");
}

int main(int argc, char **argv)
{
	struct meeting mv[RUNS_MAX] = {{0}};
	unsigned i, n = sizeof(legsv) / sizeof(legsv[0]);
	double pcmu;
	char cmd[256];
	int c;

	g.cache = "/tmp/tutti-load";
	while ((c = getopt(argc, argv, "b:o:c:t:")) != -1) {
		switch (c) {

		case 'b': g.build = optarg; break;
		case 'o': g.out = optarg; break;
		case 'c': g.cache = optarg; break;
		case 't': g.window_s = (unsigned)atoi(optarg); break;
		default:
			(void)fprintf(stderr, "usage: bench [-b BUILD] "
				      "[-o RESULTS] [-c CACHE] [-t S]\n");
			return 2;
		}
	}

	g.build = realpath(g.build, NULL);
	if (!g.build)
		die("-b: %s", strerror(errno));
	g.sip_port = 21000 + (unsigned)getpid() % 4000;
	g.rows = json_array();
	(void)snprintf(g.dir, sizeof(g.dir), "/tmp/tutti-bench-XXXXXX");
	if (!mkdtemp(g.dir))
		die("mkdtemp: %s", strerror(errno));
	(void)snprintf(cmd, sizeof(cmd), "%s/data", g.dir);
	(void)mkdir(cmd, 0777);

	warn_if_busy();
	prepare();
	tuttid_start();
	for (i = 0; i < n; i++)
		meeting_run(&mv[i], legsv[i]);
	pcmu = pcmu_delay();
	tuttid_stop();

	for (i = 0; i < n; i++)
		rows_of(&mv[i]);
	row("ms", mv[0].sound, "as sound_ms_p50_3legs", "sound_ms_p50");
	row("ms", mv[0].picture, "as picture_ms_p50_3legs",
	    "picture_ms_p50");
	row("ms", pcmu, "click in to click out, 20 ms G.711, 3 legs without "
	    "video, median", "sound_ms_p50_pcmu");
	table(mv, n, pcmu);
	results_write();

	for (i = 0; i < n; i++)
		json_decref(mv[i].stages);
	json_decref(g.rows);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", g.dir);

	return system(cmd) ? 1 : 0;
}
