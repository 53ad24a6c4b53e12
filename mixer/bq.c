/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/bq.c -- bounded queue of pointers; see bq.h
 */
#include <errno.h>
#include <pthread.h>

#include <re.h>

#include "mixer/bq.h"


struct bq {
	pthread_mutex_t mtx;
	bq_drop_h *droph;         /* [I] set at creation                  */
	unsigned cap;             /* [I]                                  */
	unsigned head, count;     /* [m] mtx                              */
	uint64_t dropped;         /* [m]                                  */
	void **itemv;             /* [I] the array, [m] its items         */
};


static void bq_destructor(void *data)
{
	struct bq *bq = data;
	void *item;

	if (bq->itemv)
		while ((item = bq_pop(bq)))
			if (bq->droph)
				bq->droph(item);
	mem_deref(bq->itemv);
	pthread_mutex_destroy(&bq->mtx);
}


int bq_alloc(struct bq **bqp, unsigned cap, bq_drop_h *droph)
{
	struct bq *bq;

	if (!bqp || !cap)
		return EINVAL;

	bq = mem_zalloc(sizeof(*bq), bq_destructor);
	if (!bq)
		return ENOMEM;
	pthread_mutex_init(&bq->mtx, NULL);
	bq->cap   = cap;
	bq->droph = droph;
	bq->itemv = mem_zalloc(cap * sizeof(*bq->itemv), NULL);
	if (!bq->itemv) {
		mem_deref(bq);
		return ENOMEM;
	}
	*bqp = bq;

	return 0;
}


bool bq_push(struct bq *bq, void *item)
{
	void *oldest = NULL;
	bool was_empty;

	if (!bq || !item)
		return false;

	pthread_mutex_lock(&bq->mtx);
	was_empty = !bq->count;
	if (bq->count == bq->cap) {
		oldest = bq->itemv[bq->head];
		bq->head = (bq->head + 1) % bq->cap;
		--bq->count;
		++bq->dropped;
	}
	bq->itemv[(bq->head + bq->count++) % bq->cap] = item;
	pthread_mutex_unlock(&bq->mtx);

	if (oldest && bq->droph)
		bq->droph(oldest);

	return was_empty;
}


void *bq_pop(struct bq *bq)
{
	void *item = NULL;

	if (!bq)
		return NULL;

	pthread_mutex_lock(&bq->mtx);
	if (bq->count) {
		item = bq->itemv[bq->head];
		bq->head = (bq->head + 1) % bq->cap;
		--bq->count;
	}
	pthread_mutex_unlock(&bq->mtx);

	return item;
}


unsigned bq_count(const struct bq *bq)
{
	struct bq *q = (struct bq *)bq;       /* the mutex is not state */
	unsigned n;

	if (!bq)
		return 0;
	pthread_mutex_lock(&q->mtx);
	n = q->count;
	pthread_mutex_unlock(&q->mtx);

	return n;
}


uint64_t bq_dropped(const struct bq *bq)
{
	struct bq *q = (struct bq *)bq;
	uint64_t n;

	if (!bq)
		return 0;
	pthread_mutex_lock(&q->mtx);
	n = q->dropped;
	pthread_mutex_unlock(&q->mtx);

	return n;
}
