/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source_queue.c -- between the maker and the sender
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <re.h>

#include "source/source.h"

enum { LIVE_MAX_MS = 2000 };      /* then the oldest goes                 */

struct item {
	struct item *next;
	struct unit *unit;
};

/* Locks: [I] set at creation  [m] mtx  [a] atomic */
struct source_queue {
	pthread_mutex_t mtx;
	pthread_cond_t cond;
	struct item *head, **tail;/* [m]                                  */
	uint64_t last_us;         /* [m] pts of the newest                */
	bool ended;               /* [m]                                  */
	char text[SOURCE_TEXT];   /* [m] why; "": a file is over          */
	char audio[64], video[64];/* [m]                                  */
	atomic_bool closed;       /* [a]                                  */
	atomic_bool key;          /* [a]                                  */
	int fd;                   /* [I]                                  */
};

static void pop(struct source_queue *q)
{
	struct item *item = q->head;

	q->head = item->next;
	if (!q->head)
		q->tail = &q->head;
	free(item);
}

static void destructor(void *data)
{
	struct source_queue *q = data;

	while (q->head) {
		unit_unref(q->head->unit);
		pop(q);
	}
	if (q->fd >= 0)
		close(q->fd);
	pthread_cond_destroy(&q->cond);
	pthread_mutex_destroy(&q->mtx);
}

int source_queue_alloc(struct source_queue **qp)
{
	struct source_queue *q = mem_zalloc(sizeof(*q), destructor);

	if (!q)
		return ENOMEM;

	pthread_mutex_init(&q->mtx, NULL);
	pthread_cond_init(&q->cond, NULL);
	q->tail = &q->head;
	q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->fd < 0) {
		mem_deref(q);
		return errno;
	}
	*qp = q;

	return 0;
}

static void wake(struct source_queue *q)
{
	static const uint64_t one = 1;

	while (write(q->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* With mtx held. */
static uint64_t span_us(const struct source_queue *q)
{
	if (!q->head || q->last_us < q->head->unit->pts_us)
		return 0;

	return q->last_us - q->head->unit->pts_us;
}

bool source_queue_put(struct source_queue *q, struct unit *unit, bool live)
{
	struct item *item = calloc(1, sizeof(*item));
	bool closed;

	if (!item) {
		unit_unref(unit);
		return true;
	}
	item->unit = unit;

	pthread_mutex_lock(&q->mtx);
	while (!live && !atomic_load(&q->closed)
	       && span_us(q) > SOURCE_LEAD_MS * 1000)
		pthread_cond_wait(&q->cond, &q->mtx);
	while (live && span_us(q) > LIVE_MAX_MS * 1000) {
		unit_unref(q->head->unit);
		pop(q);
	}
	*q->tail = item;
	q->tail = &item->next;
	if (unit->pts_us > q->last_us)
		q->last_us = unit->pts_us;
	closed = atomic_load(&q->closed);
	pthread_mutex_unlock(&q->mtx);
	wake(q);

	return !closed;
}

struct unit *source_queue_get(struct source_queue *q)
{
	struct unit *unit = NULL;

	pthread_mutex_lock(&q->mtx);
	if (q->head) {
		unit = q->head->unit;
		pop(q);
		pthread_cond_signal(&q->cond);
	}
	pthread_mutex_unlock(&q->mtx);

	return unit;
}

uint64_t source_queue_first(struct source_queue *q)
{
	uint64_t pts;

	pthread_mutex_lock(&q->mtx);
	pts = q->head ? q->head->unit->pts_us : UINT64_MAX;
	pthread_mutex_unlock(&q->mtx);

	return pts;
}

void source_queue_close(struct source_queue *q)
{
	pthread_mutex_lock(&q->mtx);
	atomic_store(&q->closed, true);
	pthread_cond_broadcast(&q->cond);
	pthread_mutex_unlock(&q->mtx);
}

bool source_queue_closed(const struct source_queue *q)
{
	return atomic_load(&q->closed);
}

void source_queue_end(struct source_queue *q, const char *text)
{
	pthread_mutex_lock(&q->mtx);
	q->ended = true;
	str_ncpy(q->text, text ? text : "", sizeof(q->text));
	pthread_mutex_unlock(&q->mtx);
	wake(q);
}

bool source_queue_ended(struct source_queue *q, const char **textp)
{
	bool ended;

	pthread_mutex_lock(&q->mtx);
	ended = q->ended && !q->head;
	if (ended)
		*textp = q->text[0] ? q->text : NULL;
	pthread_mutex_unlock(&q->mtx);

	return ended;
}

void source_queue_want_key(struct source_queue *q)
{
	atomic_store(&q->key, true);
}

bool source_queue_key_wanted(struct source_queue *q)
{
	return atomic_exchange(&q->key, false);
}

void source_queue_describe(struct source_queue *q, const char *audio,
			   const char *video)
{
	pthread_mutex_lock(&q->mtx);
	str_ncpy(q->audio, audio, sizeof(q->audio));
	str_ncpy(q->video, video, sizeof(q->video));
	pthread_mutex_unlock(&q->mtx);
}

void source_queue_description(struct source_queue *q, const char **audiop,
			      const char **videop)
{
	/* not written any more once a unit is there */
	*audiop = q->audio;
	*videop = q->video;
}

int source_queue_fd(const struct source_queue *q)
{
	return q->fd;
}
