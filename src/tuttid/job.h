/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/job.h -- slow work (hashing a file) beside the loop
 *
 * Each job runs on a thread of its own that touches nothing but its `arg`;
 * the end is told on the loop.  A job cannot be called back: whoever started
 * it keeps `arg` alive until the done handler has run.  mem_deref waits for
 * all; what may take long asks jobs_stopping() once in a while.
 *
 * Threads: loop, but workh.
 */
#ifndef TUTTI_TUTTID_JOB_H
#define TUTTI_TUTTID_JOB_H

#include <stdbool.h>

struct jobs;

typedef int (job_work_h)(void *arg);            /* on its own thread      */
typedef void (job_done_h)(int err, void *arg);  /* on the loop            */

int jobs_alloc(struct jobs **jobsp);

/** doneh runs in any case once this returned 0. */
int job_run(struct jobs *jobs, job_work_h *workh, job_done_h *doneh,
	    void *arg);

/** The server is going: give up with ECANCELED.  Any thread. */
bool jobs_stopping(const struct jobs *jobs);

#endif
