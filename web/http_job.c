/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_job.c -- the queues between the loop and the web thread
 */
#include <stdlib.h>
#include <unistd.h>

#include <re.h>

#include "base/thread.h"
#include "web/http_job.h"
#include "web/http_tls.h"

/* Locks: [I] set at creation  [m] mtx */
struct jobq {
	struct mqueue *mq;        /* [I]                                  */
	void (*jobh)(struct job *job, void *arg); /* loop only            */
	void *arg;                /* [I]                                  */
	pthread_mutex_t mtx;
	bool mtx_ok;              /* [I]                                  */
	struct job *jobs, **jobtail;              /* [m]                  */
	unsigned jobc;            /* [m]                                  */
	size_t cost;              /* [m] of all jobs                      */
	bool woken;               /* [m] the loop has a byte to read      */
	struct order *orders, **ordertail;        /* [m]                  */
};


struct gauge *gauge_alloc(void)
{
	struct gauge *gauge = calloc(1, sizeof(*gauge));

	if (gauge)
		atomic_init(&gauge->refs, 1);

	return gauge;
}


struct gauge *gauge_ref(struct gauge *gauge)
{
	if (gauge)
		atomic_fetch_add(&gauge->refs, 1);

	return gauge;
}


void gauge_free(struct gauge *gauge)
{
	if (gauge && atomic_fetch_sub(&gauge->refs, 1) == 1)
		free(gauge);
}


struct job *job_alloc(enum job_kind kind, uint64_t conn, uint32_t serial)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job) {
		job->kind = kind;
		job->conn = conn;
		job->serial = serial;
	}

	return job;
}


void job_free(struct job *job)
{
	if (!job)
		return;

	head_free(job->head);
	mem_deref(job->body);
	gauge_free(job->gauge);
	json_decref(job->msg);
	free(job);
}


struct order *order_alloc(enum order_kind kind, uint64_t conn,
			  uint32_t serial)
{
	struct order *order = calloc(1, sizeof(*order));

	if (order) {
		order->kind = kind;
		order->conn = conn;
		order->serial = serial;
		order->fd = -1;
	}

	return order;
}


void order_free(struct order *order)
{
	if (!order)
		return;

	free(order->fields);
	gauge_free(order->gauge);
	free(order->data);
	if (order->fd >= 0)
		(void)close(order->fd);
	tls_pair_free(order->tls);
	free(order);
}


/* All that waits: the thread writes the next byte only after this */
static struct job *take(struct jobq *jobq)
{
	struct job *job;

	pthread_mutex_lock(&jobq->mtx);
	job = jobq->jobs;
	jobq->jobs = NULL;
	jobq->jobtail = &jobq->jobs;
	jobq->jobc = 0;
	jobq->cost = 0;
	jobq->woken = false;
	pthread_mutex_unlock(&jobq->mtx);

	return job;
}


/* A handler may end the server, and with it this queue */
static void mqueue_handler(int id, void *data, void *arg)
{
	struct jobq *jobq = mem_ref(arg);
	struct job *job = take(jobq);

	(void)id;
	(void)data;
	on_loop();

	while (job) {
		struct job *next = job->next;

		if (jobq->jobh)
			jobq->jobh(job, jobq->arg);
		else
			job_free(job);
		job = next;
	}
	mem_deref(jobq);
}


static void destructor(void *arg)
{
	struct jobq *jobq = arg;
	struct order *order;
	struct job *job;

	mem_deref(jobq->mq);
	if (!jobq->mtx_ok)
		return;
	for (job = take(jobq); job; ) {
		struct job *next = job->next;

		job_free(job);
		job = next;
	}
	for (order = jobq_orders(jobq); order; ) {
		struct order *next = order->next;

		order_free(order);
		order = next;
	}
	pthread_mutex_destroy(&jobq->mtx);
}


int jobq_alloc(struct jobq **jobqp, void (*jobh)(struct job *job, void *arg),
	       void *arg)
{
	struct jobq *jobq;
	int err;

	if (!jobqp || !jobh)
		return EINVAL;

	jobq = mem_zalloc(sizeof(*jobq), destructor);
	if (!jobq)
		return ENOMEM;

	jobq->jobh = jobh;
	jobq->arg = arg;
	jobq->jobtail = &jobq->jobs;
	jobq->ordertail = &jobq->orders;
	err = pthread_mutex_init(&jobq->mtx, NULL);
	if (err)
		goto out;
	jobq->mtx_ok = true;
	err = mqueue_alloc(&jobq->mq, mqueue_handler, jobq);

 out:
	if (err)
		mem_deref(jobq);
	else
		*jobqp = jobq;

	return err;
}


void jobq_stop(struct jobq *jobq)
{
	if (jobq)
		jobq->jobh = NULL;
}


int jobq_push(struct jobq *jobq, struct job *job, bool must)
{
	bool wake;
	int err = 0;

	pthread_mutex_lock(&jobq->mtx);
	if (!must && (jobq->jobc >= JOBS_MAX ||
		      jobq->cost + job->cost > JOBS_BYTES_MAX)) {
		err = EAGAIN;
	}
	else {
		job->next = NULL;
		*jobq->jobtail = job;
		jobq->jobtail = &job->next;
		++jobq->jobc;
		jobq->cost += job->cost;
	}
	wake = !err && !jobq->woken;
	if (wake)
		jobq->woken = true;
	pthread_mutex_unlock(&jobq->mtx);

	/* at most one byte is in the pipe: it cannot be full */
	if (wake)
		(void)mqueue_push(jobq->mq, 0, NULL);
	if (err)
		job_free(job);

	return err;
}


void jobq_order(struct jobq *jobq, struct order *order)
{
	pthread_mutex_lock(&jobq->mtx);
	order->next = NULL;
	*jobq->ordertail = order;
	jobq->ordertail = &order->next;
	pthread_mutex_unlock(&jobq->mtx);
}


struct order *jobq_orders(struct jobq *jobq)
{
	struct order *order;

	pthread_mutex_lock(&jobq->mtx);
	order = jobq->orders;
	jobq->orders = NULL;
	jobq->ordertail = &jobq->orders;
	pthread_mutex_unlock(&jobq->mtx);

	return order;
}
