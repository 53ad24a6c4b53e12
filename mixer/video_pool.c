/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_pool.c -- worker threads
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <re.h>

#include "base/clock.h"
#include "base/thread.h"
#include "mixer/video_pool.h"

enum { WORKERS_MAX = 64 };

enum { JOB_IDLE, JOB_QUEUED, JOB_RUNNING, JOB_AGAIN };

struct wrk {
	struct pool *pool;        /* [I]                                  */
	pthread_t thread;         /* [I]                                  */
	pthread_cond_t cond;
	bool up;                  /* [I] between start and stop           */
	bool idle;                /* [m]                                  */
	unsigned jobs;            /* [m] that live here                   */
	struct pool_job *head, **tailp;   /* [m] the ready ones           */
};

/* Locks: [I] set at creation or start  [m] mtx */
struct pool {
	pthread_mutex_t mtx;
	pthread_cond_t spread_done;
	pool_clock_h *clockh;     /* [I]                                  */
	void *arg;                /* [I]                                  */
	unsigned wrkc;            /* [I] 0: driven by pool_run()          */
	struct wrk *wrkv;         /* [I]                                  */
	struct wrk *sleeper;      /* [m] who waits for the clock          */
	uint64_t clock_us;        /* [m]                                  */
	bool clock_runs;          /* [m]                                  */
	bool quit;                /* [m]                                  */
	pool_part_h *parth;       /* [m] what is being spread             */
	void *part_arg;           /* [m]                                  */
	unsigned parts, parts_run;        /* [m] to take, taken           */
};

static void lock(struct pool *p)
{
	pthread_mutex_lock(&p->mtx);
}

static void unlock(struct pool *p)
{
	pthread_mutex_unlock(&p->mtx);
}

/* [m] held.  One waits for the clock; when he leaves, another must. */
static void wake_sleeper(struct pool *p)
{
	if (p->sleeper) {
		pthread_cond_signal(&p->sleeper->cond);
		return;
	}
	for (unsigned i = 0; i < p->wrkc; i++) {
		if (p->wrkv[i].idle) {
			pthread_cond_signal(&p->wrkv[i].cond);
			return;
		}
	}
}

static void clock_run(struct pool *p, uint64_t now)
{
	uint64_t next;

	p->clock_runs = true;
	p->clock_us = UINT64_MAX;
	wake_sleeper(p);
	unlock(p);
	next = p->clockh(now, p->arg);
	lock(p);
	p->clock_runs = false;
	if (next < p->clock_us)
		p->clock_us = next;
}

static void job_push(struct wrk *w, struct pool_job *job)
{
	job->next = NULL;
	*w->tailp = job;
	w->tailp = &job->next;
}

static struct pool_job *job_pop(struct wrk *w)
{
	struct pool_job *job = w->head;

	if (job) {
		w->head = job->next;
		if (!w->head)
			w->tailp = &w->head;
	}

	return job;
}

static void job_run(struct pool *p, struct wrk *w, struct pool_job *job,
		    uint64_t now)
{
	job->state = JOB_RUNNING;
	unlock(p);
	job->jobh(job->arg, now);
	lock(p);
	if (job->state == JOB_AGAIN) {
		job->state = JOB_QUEUED;
		job_push(w, job);
		return;
	}
	job->state = JOB_IDLE;
	unlock(p);
	job->idleh(job->arg);     /* the job may be gone after this       */
	lock(p);
}

static void part_run(struct pool *p)
{
	pool_part_h *parth = p->parth;
	void *arg = p->part_arg;

	--p->parts;
	++p->parts_run;
	unlock(p);
	parth(arg);
	lock(p);
	if (!--p->parts_run)
		pthread_cond_signal(&p->spread_done);
}

/* [m] held: the next thing to do here; false if there is none */
static bool work_one(struct pool *p, struct wrk *w)
{
	struct pool_job *job;
	uint64_t now = clock_us();

	if (!p->clock_runs && p->clock_us <= now)
		clock_run(p, now);
	else if (p->parts)
		part_run(p);
	else if ((job = job_pop(w)))
		job_run(p, w, job, now);
	else
		return false;

	return true;
}

static void idle_wait(struct pool *p, struct wrk *w)
{
	w->idle = true;
	if (!p->sleeper && !p->clock_runs && p->clock_us != UINT64_MAX) {
		struct timespec ts = {
			.tv_sec = (time_t)(p->clock_us / 1000000),
			.tv_nsec = (long)(p->clock_us % 1000000) * 1000,
		};

		p->sleeper = w;
		pthread_cond_timedwait(&w->cond, &p->mtx, &ts);
		p->sleeper = NULL;
	}
	else {
		pthread_cond_wait(&w->cond, &p->mtx);
	}
	w->idle = false;
}

static void *worker_main(void *arg)
{
	struct wrk *w = arg;
	struct pool *p = w->pool;

	on_worker();
	thread_patient();
	(void)pthread_setname_np(pthread_self(), "video");
	lock(p);
	while (!p->quit) {
		if (!work_one(p, w))
			idle_wait(p, w);
		else if (!p->sleeper)
			wake_sleeper(p);
	}
	unlock(p);

	return NULL;
}

static void pool_destructor(void *data)
{
	struct pool *p = data;

	pool_stop(p);
	for (unsigned i = 0; p->wrkv && i < (p->wrkc ? p->wrkc : 1); i++)
		pthread_cond_destroy(&p->wrkv[i].cond);
	mem_deref(p->wrkv);
	pthread_cond_destroy(&p->spread_done);
	pthread_mutex_destroy(&p->mtx);
}

int pool_alloc(struct pool **pp, unsigned workers, pool_clock_h *clockh,
	       void *arg)
{
	pthread_condattr_t attr;
	struct pool *p;
	unsigned n;

	if (!pp || !clockh)
		return EINVAL;
	p = mem_zalloc(sizeof(*p), pool_destructor);
	if (!p)
		return ENOMEM;
	pthread_mutex_init(&p->mtx, NULL);
	pthread_cond_init(&p->spread_done, NULL);
	p->clockh = clockh;
	p->arg = arg;
	p->clock_us = UINT64_MAX;
	p->wrkc = workers < WORKERS_MAX ? workers : WORKERS_MAX;

	n = p->wrkc ? p->wrkc : 1;        /* driven: one queue, no thread */
	p->wrkv = mem_zalloc(n * sizeof(*p->wrkv), NULL);
	if (!p->wrkv) {
		mem_deref(p);
		return ENOMEM;
	}
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	for (unsigned i = 0; i < n; i++) {
		p->wrkv[i].pool = p;
		p->wrkv[i].tailp = &p->wrkv[i].head;
		pthread_cond_init(&p->wrkv[i].cond, &attr);
	}
	pthread_condattr_destroy(&attr);
	*pp = p;

	return 0;
}

int pool_start(struct pool *p)
{
	sigset_t all, old;
	int err = 0;

	lock(p);
	p->quit = false;
	unlock(p);

	/* signals are the loop's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned i = 0; i < p->wrkc && !err; i++) {
		struct wrk *w = &p->wrkv[i];

		if (w->up)
			continue;
		err = pthread_create(&w->thread, NULL, worker_main, w);
		w->up = !err;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);

	return err;
}

/* Nothing runs any more: let go of what was still to be done. */
static void drain(struct pool *p)
{
	for (unsigned i = 0; p->wrkv && i < (p->wrkc ? p->wrkc : 1); i++) {
		struct pool_job *job;

		while ((job = job_pop(&p->wrkv[i]))) {
			job->state = JOB_IDLE;
			job->idleh(job->arg);
		}
	}
}

void pool_stop(struct pool *p)
{
	lock(p);
	p->quit = true;
	for (unsigned i = 0; p->wrkv && i < p->wrkc; i++)
		pthread_cond_signal(&p->wrkv[i].cond);
	unlock(p);
	for (unsigned i = 0; p->wrkv && i < p->wrkc; i++) {
		if (p->wrkv[i].up)
			pthread_join(p->wrkv[i].thread, NULL);
		p->wrkv[i].up = false;
	}
	drain(p);
}

void pool_job_init(struct pool *p, struct pool_job *job, pool_job_h *jobh,
		   pool_idle_h *idleh, void *arg)
{
	lock(p);
	*job = (struct pool_job){.jobh = jobh, .idleh = idleh, .arg = arg};
	for (unsigned i = 1; i < p->wrkc; i++) {
		if (p->wrkv[i].jobs < p->wrkv[job->home].jobs)
			job->home = i;
	}
	++p->wrkv[job->home].jobs;
	unlock(p);
}

void pool_job_leave(struct pool *p, struct pool_job *job)
{
	lock(p);
	--p->wrkv[job->home].jobs;
	unlock(p);
}

bool pool_kick(struct pool *p, struct pool_job *job)
{
	struct wrk *w = &p->wrkv[job->home];
	bool queued = false;

	lock(p);
	if (p->quit)
		goto out;
	if (job->state == JOB_IDLE) {
		job->state = JOB_QUEUED;
		job_push(w, job);
		if (w->idle)
			pthread_cond_signal(&w->cond);
		queued = true;
	}
	else if (job->state == JOB_RUNNING) {
		job->state = JOB_AGAIN;
	}
 out:
	unlock(p);

	return queued;
}

void pool_clock(struct pool *p, uint64_t at_us)
{
	lock(p);
	if (at_us < p->clock_us) {
		p->clock_us = at_us;
		wake_sleeper(p);
	}
	unlock(p);
}

void pool_spread(struct pool *p, unsigned more, pool_part_h *parth, void *arg)
{
	lock(p);
	p->parth = parth;
	p->part_arg = arg;
	p->parts = 0;
	for (unsigned i = 0; i < p->wrkc && p->parts < more; i++) {
		if (p->wrkv[i].idle) {
			++p->parts;
			pthread_cond_signal(&p->wrkv[i].cond);
		}
	}
	unlock(p);

	parth(arg);

	lock(p);
	p->parts = 0;             /* who has not come yet need not come   */
	while (p->parts_run)
		pthread_cond_wait(&p->spread_done, &p->mtx);
	unlock(p);
}

void pool_run(struct pool *p, uint64_t now)
{
	struct wrk *w = &p->wrkv[0];

	lock(p);
	for (;;) {
		struct pool_job *job = job_pop(w);

		if (job)
			job_run(p, w, job, now);
		else if (p->clock_us <= now)
			clock_run(p, now);
		else
			break;
	}
	unlock(p);
}

unsigned pool_workers(const struct pool *p)
{
	return p->wrkc;
}
