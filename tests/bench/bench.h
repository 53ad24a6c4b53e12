/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/bench.h -- what the parts of `make bench` share
 *
 *	bench.c   options, which parts run, results.json
 *	proc.c    tuttid and its helpers, /proc, the mixer's own counters
 *	parts.c   each part: a meeting of some kind, measured, into rows
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_BENCH_H
#define TUTTI_TESTS_BENCH_H

#include <stdbool.h>
#include <sys/types.h>

#include <jansson.h>

struct bench {
	const char *build, *out, *cache;
	unsigned window_s, sip_port;
	char dir[64];
	pid_t tuttid;
	double foreign;           /* cores others used, worst window      */
	unsigned unfair;          /* windows with the governor at work    */
	json_t *rows;
};

extern struct bench g;

struct sample {
	double at, mixer_cpu, tuttid_cpu, machine_cpu;
	double rss_mib, pss_mib;
	json_t *stats;            /* the mixer's                          */
};

struct window {
	struct sample a, b;
};

_Noreturn void die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
void row(const char *unit, double value, const char *how, const char *fmt,
	 ...) __attribute__((format(printf, 4, 5)));

/* proc.c */
json_t *ask(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
double number(const json_t *obj, const char *a, const char *b);
void tuttid_start(void);
void tuttid_stop(void);
void room_make(const char *name);
/** Runs tutti-load on a room with these options (to NULL); a window of
 *  samples in the middle, unless w is NULL. */
json_t *load(const char *room, const char *const *optv, struct window *w);
void window_free(struct window *w);

/* parts.c */
struct part {
	const char *name, *what;
	void (*run)(void);
};

extern const struct part partv[];
extern const unsigned partc;

#endif
