/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/bench.c -- what a meeting costs; see README beside it
 *
 * Starts the tuttid of the build tree on loopback, lets tutti-load call
 * rooms of it and measures its processes, a part after the other.  Prints a
 * table and writes results.json; parts that did not run keep their rows.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"

struct bench g = {.build = ".", .out = "results.json", .window_s = 10};

_Noreturn void die(const char *fmt, ...)
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

/** A row of results.json; one of that name makes room. */
void row(const char *unit, double value, const char *how, const char *fmt,
	 ...)
{
	char name[64];
	json_t *old;
	va_list ap;
	size_t i;

	va_start(ap, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	json_array_foreach(g.rows, i, old)
		if (!strcmp(name, json_string_value(
				json_object_get(old, "name"))))
			break;
	if (i < json_array_size(g.rows))
		(void)json_array_remove(g.rows, i);
	(void)json_array_insert_new(g.rows, i, json_pack(
		"{s:s, s:f, s:s, s:s}", "name", name, "value", value, "unit",
		unit, "how", how));
	(void)printf("%-36s %10.4g %s\n", name, value, unit);
	(void)fflush(stdout);
}

static void results_write(void)
{
	char tmp[1024];

	(void)snprintf(tmp, sizeof(tmp), "%s.new", g.out);
	if (json_dump_file(g.rows, tmp, JSON_INDENT(1) |
			   JSON_REAL_PRECISION(5)) || rename(tmp, g.out))
		die("%s: %s", g.out, strerror(errno));
	(void)printf("# %zu rows in %s\n", json_array_size(g.rows), g.out);
}

/** What was measured before and is not now. */
static void results_read(void)
{
	json_error_t e;
	json_t *v = json_load_file(g.out, 0, &e), *r;
	size_t i;

	g.rows = json_array();
	if (!json_is_array(v)) {
		json_decref(v);
		return;
	}
	json_array_foreach(v, i, r)
		if (json_is_string(json_object_get(r, "name")))
			(void)json_array_append(g.rows, r);
	json_decref(v);
}

/** Streams are made before anything is measured. */
static void prepare(void)
{
	static const char *const optv[] = {"-n 16", "-n 3 -a pcmu -v none",
		"-n 9 -f 15", "-n 9 -S", "-n 6 -s 1280x720 -k 1500"};
	char cmd[1024];
	unsigned i;

	(void)printf("# preparing streams in %s\n", g.cache);
	(void)fflush(stdout);
	for (i = 0; i < sizeof(optv) / sizeof(optv[0]); i++) {
		(void)snprintf(cmd, sizeof(cmd), "%s/tests/load/tutti-load "
			       "-q -O %s -c %s", g.build, optv[i], g.cache);
		if (system(cmd))
			die("tutti-load -O failed");
	}
}

static void warn_if_busy(void)
{
	double load1 = 0;

	if (getloadavg(&load1, 1) == 1 && load1 > 0.7)
		(void)printf("# load average is %.1f: the machine is busy, "
			     "do not believe the figures\n", load1);
	row("load", load1, "load average when the bench began",
	    "machine_load_before");
	row("cores", (double)sysconf(_SC_NPROCESSORS_ONLN), "sysconf",
	    "machine_cores");
}

static bool wanted(const char *names, const char *name)
{
	size_t n = strlen(name);
	const char *p;

	if (!names || !*names)
		return true;
	for (p = names; (p = strstr(p, name)) != NULL; p += n)
		if ((p == names || strchr(" ,", p[-1])) &&
		    (!p[n] || strchr(" ,", p[n])))
			return true;

	return false;
}

static int usage(void)
{
	unsigned i;

	(void)fprintf(stderr, "usage: bench [-b BUILD] [-o RESULTS] "
		      "[-c CACHE] [-t SECONDS] [-p PART,...]\n");
	for (i = 0; i < partc; i++)
		(void)fprintf(stderr, "  %-10s %s\n", partv[i].name,
			      partv[i].what);

	return 2;
}

static void parts_run(const char *names)
{
	unsigned i;

	for (i = 0; i < partc; i++)
		if (wanted(names, partv[i].name))
			partv[i].run();
}

int main(int argc, char **argv)
{
	const char *names = NULL;
	char cmd[256];
	unsigned i, n = 0;
	int c;

	g.cache = "/tmp/tutti-load";
	while ((c = getopt(argc, argv, "b:o:c:t:p:")) != -1) {
		switch (c) {

		case 'b': g.build = optarg; break;
		case 'o': g.out = optarg; break;
		case 'c': g.cache = optarg; break;
		case 't': g.window_s = (unsigned)atoi(optarg); break;
		case 'p': names = optarg; break;
		default: return usage();
		}
	}
	for (i = 0; i < partc; i++)
		n += wanted(names, partv[i].name);
	if (!n || !g.window_s)
		return usage();

	g.build = realpath(g.build, NULL);
	if (!g.build)
		die("-b: %s", strerror(errno));
	g.sip_port = 21000 + (unsigned)getpid() % 4000;
	results_read();
	(void)snprintf(g.dir, sizeof(g.dir), "/tmp/tutti-bench-XXXXXX");
	if (!mkdtemp(g.dir))
		die("mkdtemp: %s", strerror(errno));
	(void)snprintf(cmd, sizeof(cmd), "%s/data", g.dir);
	(void)mkdir(cmd, 0777);

	warn_if_busy();
	prepare();
	tuttid_start();
	parts_run(names);
	tuttid_stop();
	row("cores", g.foreign, "used by others in the worst window; above "
	    "0.15 the machine was not idle", "machine_foreign_cores");
	row("windows", g.unfair, "in which the governor had lowered video "
	    "or a peer fell behind: their figures do not count", "machine_unfair_windows");
	if (g.foreign > 0.15)
		(void)printf("# the machine was NOT idle: others used up to "
			     "%.2f cores\n", g.foreign);
	results_write();

	json_decref(g.rows);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", g.dir);

	return system(cmd) ? 1 : 0;
}
