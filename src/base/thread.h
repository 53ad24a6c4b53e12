/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/thread.h -- which thread a function belongs to, checked by clang
 *
 * A function declared ON(loop) may be called only where -Wthread-safety can
 * see that we are on that thread: in another ON(loop) function, or after
 * on_loop(), the first line of every callback that a loop or a thread main
 * makes.  gcc sees nothing of it.
 */
#ifndef TUTTI_BASE_THREAD_H
#define TUTTI_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#if defined(__clang__)
#define TS_ATTR(x) __attribute__((x))
#else
#define TS_ATTR(x)
#endif

#define ROLE          TS_ATTR(capability("role"))
#define ON(role)      TS_ATTR(requires_capability(role))
#define ASSERTS(role) TS_ATTR(assert_capability(role))

struct ROLE role { int unused; };

extern struct role loop;      /* a process's libre loop ("net" in a mixer) */
extern struct role ticker;    /* the audio thread's 20 ms clock            */
extern struct role worker;    /* a video worker                            */

void on_loop(void) ASSERTS(loop);
void on_ticker(void) ASSERTS(ticker);
void on_worker(void) ASSERTS(worker);

/** This thread goes before all others (SCHED_RR), if we are allowed to;
 *  before patient ones at least. */
bool thread_urgent(pthread_t thread);
/** The calling thread, and those that it starts, go before ordinary ones,
 *  if we are allowed to. */
void thread_prompt(void);
/** The calling thread does not, whoever started it. */
void thread_ordinary(void);
/** Nor this one, and it lets others go first where nobody could be made
 *  urgent: threads that are started later call it. */
void thread_patient(void);

#endif
