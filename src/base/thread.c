/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/thread.c -- the roles, nothing but names for clang; who goes first
 */
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/thread.h"


struct role loop;
struct role ticker;
struct role worker;


void on_loop(void)
{
}


void on_ticker(void)
{
}


void on_worker(void)
{
}


enum {
	URGENT_PRIORITY = 10,
	PROMPT_NICE     = -10,    /* nine times another's share           */
	PATIENT_NICE    = 5,      /* a third of it                        */
};

static atomic_bool refused;

bool thread_urgent(pthread_t thread)
{
	const struct sched_param prio = {.sched_priority = URGENT_PRIORITY};

	if (!pthread_setschedparam(thread, SCHED_RR, &prio))
		return true;

	atomic_store(&refused, true);

	return false;
}


/* Of Linux: 0 is the calling thread, not its process. */
void thread_prompt(void)
{
	(void)setpriority(PRIO_PROCESS, 0, PROMPT_NICE);
}


void thread_ordinary(void)
{
	(void)setpriority(PRIO_PROCESS, 0, 0);
}


void thread_patient(void)
{
	(void)setpriority(PRIO_PROCESS, 0,
			  atomic_load(&refused) ? PATIENT_NICE : 0);
}
