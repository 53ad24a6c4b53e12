/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/pkt.c -- the packet pool; see pkt.h
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "mixer/pkt.h"

enum { PKT_RESERVE = 4 };         /* a quarter of the pool is for sound   */


static struct {
	pthread_mutex_t mtx;
	struct pkt *mem;          /* [I] after init                       */
	unsigned count;           /* [I]                                  */
	unsigned fresh;           /* [m] mem[fresh…] was never handed out */
	unsigned used;            /* [m] handed out now                   */
	struct pkt *free;         /* [m]                                  */
	uint64_t starved;         /* [m]                                  */
} pool = { .mtx = PTHREAD_MUTEX_INITIALIZER };


int pkt_pool_init(unsigned count)
{
	if (!count)
		return EINVAL;
	if (pool.mem)
		return EALREADY;

	/* untouched pages cost nothing: a large pool is only a bound, so no
	 * list is threaded through it beforehand */
	pool.mem = malloc(count * sizeof(*pool.mem));
	if (!pool.mem)
		return ENOMEM;
	pool.count   = count;
	pool.fresh   = 0;
	pool.used    = 0;
	pool.free    = NULL;
	pool.starved = 0;

	return 0;
}


void pkt_pool_close(void)
{
	free(pool.mem);
	pool.mem  = NULL;
	pool.free = NULL;
}


/* reserve: so many are left for others */
static struct pkt *get(unsigned reserve)
{
	struct pkt *pkt = NULL;

	pthread_mutex_lock(&pool.mtx);
	if (pool.used + reserve >= pool.count) {
		++pool.starved;
	}
	else if (pool.free) {
		pkt = pool.free;
		pool.free = pkt->next;
	}
	else {
		pkt = &pool.mem[pool.fresh++];
	}
	pool.used += pkt != NULL;
	pthread_mutex_unlock(&pool.mtx);

	if (pkt) {
		pkt->next  = NULL;
		pkt->level = -1;
		pkt->off   = 0;
		pkt->len   = 0;
	}

	return pkt;
}


struct pkt *pkt_get(void)
{
	return get(0);
}


struct pkt *pkt_get_video(void)
{
	return get(pool.count / PKT_RESERVE);
}


void pkt_put(struct pkt *pkt)
{
	if (!pkt)
		return;

	pthread_mutex_lock(&pool.mtx);
	pkt->next = pool.free;
	pool.free = pkt;
	--pool.used;
	pthread_mutex_unlock(&pool.mtx);
}


uint64_t pkt_pool_starved(void)
{
	uint64_t n;

	pthread_mutex_lock(&pool.mtx);
	n = pool.starved;
	pthread_mutex_unlock(&pool.mtx);

	return n;
}
