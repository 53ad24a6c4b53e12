/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/job.c -- slow work (hashing a file) beside the loop
 *
 * A thread per job: they are rare (the end of a recording), last seconds
 * and wait for the disk, so a pool would only add a queue.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <re.h>

#include "base/log.h"
#include "base/thread.h"
#include "tuttid/job.h"

struct jobs {
	struct list jobl;         /* running                              */
	struct mqueue *mq;
	atomic_bool stopping;
};

/* Locks: [I] set at creation  [L] loop only; the thread reads [I] and
 * writes err before it pushes */
struct job {
	struct le le;             /* [L]                                  */
	struct jobs *jobs;        /* [I]                                  */
	pthread_t tid;            /* [L]                                  */
	job_work_h *workh;        /* [I]                                  */
	job_done_h *doneh;        /* [I]                                  */
	void *arg;                /* [I]                                  */
	int err;
};

static void *job_main(void *arg)
{
	struct job *job = arg;

	job->err = job->workh(job->arg);
	(void)mqueue_push(job->jobs->mq, 0, job);

	return NULL;
}

static void finish(struct job *job)
{
	(void)pthread_join(job->tid, NULL);
	list_unlink(&job->le);
	job->doneh(job->err, job->arg);
	mem_deref(job);
}

static void mqueue_handler(int id, void *data, void *arg)
{
	(void)id;
	(void)arg;
	on_loop();
	finish(data);
}

static void jobs_destructor(void *arg)
{
	struct jobs *jobs = arg;

	atomic_store(&jobs->stopping, true);
	while (jobs->jobl.head)
		finish(jobs->jobl.head->data);
	mem_deref(jobs->mq);
}

int jobs_alloc(struct jobs **jobsp)
{
	struct jobs *jobs;
	int err;

	if (!jobsp)
		return EINVAL;

	jobs = mem_zalloc(sizeof(*jobs), jobs_destructor);
	if (!jobs)
		return ENOMEM;

	err = mqueue_alloc(&jobs->mq, mqueue_handler, jobs);
	if (err)
		mem_deref(jobs);
	else
		*jobsp = jobs;

	return err;
}

int job_run(struct jobs *jobs, job_work_h *workh, job_done_h *doneh,
	    void *arg)
{
	sigset_t all, old;
	struct job *job;
	int err;

	if (!jobs || !workh || !doneh)
		return EINVAL;

	job = mem_zalloc(sizeof(*job), NULL);
	if (!job)
		return ENOMEM;

	job->jobs  = jobs;
	job->workh = workh;
	job->doneh = doneh;
	job->arg   = arg;

	/* signals are the loop's */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&job->tid, NULL, job_main, job);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err) {
		warning("job not started: %m\n", err);
		mem_deref(job);
		return err;
	}
	list_append(&jobs->jobl, &job->le, job);

	return 0;
}

bool jobs_stopping(const struct jobs *jobs)
{
	return atomic_load(&((struct jobs *)(uintptr_t)jobs)->stopping);
}
