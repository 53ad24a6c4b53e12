/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_job.h -- what the loop and the web thread say to each other
 *
 * Nothing is shared but the two queues and a gauge: each side knows the
 * other's objects by connection id and request number, so either may be
 * gone when a word about it arrives.  What travels belongs to the queue and
 * then to the receiver.
 *
 *	thread -> loop   jobs; one byte in libre's mqueue wakes the loop
 *	loop -> thread   orders; lws_cancel_service() wakes the thread
 *
 * Threads: as said at each function.
 */
#ifndef TUTTI_WEB_HTTP_JOB_H
#define TUTTI_WEB_HTTP_JOB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include <jansson.h>

#include "web/http_parse.h"

/* What may wait for the loop, requests and messages.  A message is a tree
 * already, many times its text. */
enum {
	JOBS_MAX       = 4096,
	JOBS_BYTES_MAX = 32 << 20,
	JOB_TREE       = 8,       /* cost of a byte of JSON               */
};

enum job_kind {
	JOB_REQUEST,
	JOB_GONE,                 /* the client of an event stream        */
	JOB_WS_OPEN,
	JOB_WS_MSG,
	JOB_WS_CLOSED,
};

enum order_kind {
	ORDER_REPLY,              /* head, then data or fd                */
	ORDER_PATIENCE,           /* the answer may take len [ms]         */
	ORDER_STREAM,             /* head first, later data               */
	ORDER_STREAM_END,
	ORDER_WS_SEND,
	ORDER_WS_CLOSE,
	ORDER_TLS,                /* another certificate                  */
	ORDER_QUIT,
};

/** Bytes on their way to a client, counted by both sides */
struct gauge {
	atomic_uint refs;
	atomic_size_t bytes;
};

struct job {
	struct job *next;
	enum job_kind kind;
	uint64_t conn;
	uint32_t serial;          /* which request of the connection      */
	struct http_head *head;   /* REQUEST, WS_OPEN                     */
	struct mbuf *body;        /* REQUEST, or NULL                     */
	struct sa peer;
	bool secure;
	struct gauge *gauge;      /* WS_OPEN                              */
	json_t *msg;              /* WS_MSG                               */
	uint16_t code;            /* WS_CLOSED                            */
	size_t cost;              /* of JOBS_BYTES_MAX                    */
};

struct order {
	struct order *next;
	enum order_kind kind;
	uint64_t conn;
	uint32_t serial;
	char *fields;             /* "Name: value\r\n" lines or NULL      */
	char *data;
	uint64_t len;             /* of data or of what fd has            */
	int fd;                   /* or -1; from off on                   */
	uint64_t off;
	struct gauge *gauge;      /* of a new STREAM                      */
	uint16_t code;            /* status; closing code, data a reason  */
	bool flood;               /* the client did not read: drop, tell  */
	void *tls;                /* TLS: struct tls_pair                 */
};

struct gauge *gauge_alloc(void);
struct gauge *gauge_ref(struct gauge *gauge);
void gauge_free(struct gauge *gauge);                 /* one reference    */

struct job *job_alloc(enum job_kind kind, uint64_t conn, uint32_t serial);
void job_free(struct job *job);                       /* NULL is fine     */
struct order *order_alloc(enum order_kind kind, uint64_t conn,
			  uint32_t serial);
void order_free(struct order *order);

struct jobq;

/** doneh gets each job on the loop; it owns it.  [loop] */
int jobq_alloc(struct jobq **jobqp, void (*jobh)(struct job *job, void *arg),
	       void *arg);

/** No more jobs for the handler, not even those on their way.  [loop] */
void jobq_stop(struct jobq *jobq);

/** Takes the job, or EAGAIN when as much as may already waits; `must`
 *  passes all the same (ends of connections, which are bounded).  [thread] */
int jobq_push(struct jobq *jobq, struct job *job, bool must);

/** [loop], [thread] */
void jobq_order(struct jobq *jobq, struct order *order);
/** All orders so far, the oldest first.  [thread] */
struct order *jobq_orders(struct jobq *jobq);

#endif
