/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/wire.c -- a bad wire; see wire.h
 */
#include <string.h>

#include <re.h>

#include "tests/fake/wire.h"

struct dgram {
	struct le le;
	uint64_t due;
	unsigned tag;
	struct sa src;
	bool has_src;
	size_t n;
	uint8_t p[];
};

struct wire {
	struct list queue;        /* in order of due                      */
	struct wire_cfg cfg;
	uint64_t state;
	uint64_t last;            /* when the last in order one is due    */
	unsigned burst;           /* still to be lost                     */
	uint64_t lost, passed, full;
	uint64_t free;            /* the bottleneck is, from then on      */
	wire_h *wireh;
	void *arg;
};


uint64_t wire_rand(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;     /* splitmix64   */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;

	return z ^ z >> 31;
}


static bool chance(struct wire *w, unsigned per_mille)
{
	return wire_rand(&w->state) % 1000 < per_mille;
}


static void destructor(void *arg)
{
	struct wire *w = arg;

	list_flush(&w->queue);
}


static void dgram_destructor(void *arg)
{
	struct dgram *d = arg;

	list_unlink(&d->le);
}


int wire_alloc(struct wire **wp, const struct wire_cfg *cfg, wire_h *wireh,
	       void *arg)
{
	struct wire *w;

	if (!wp || !cfg || !wireh)
		return EINVAL;

	w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;

	w->cfg   = *cfg;
	w->state = cfg->seed;
	w->wireh = wireh;
	w->arg   = arg;
	*wp = w;

	return 0;
}


void wire_set(struct wire *w, const struct wire_cfg *cfg)
{
	w->cfg = *cfg;
}


static void enqueue(struct wire *w, struct dgram *d)
{
	struct le *le = w->queue.tail;

	while (le && ((struct dgram *)le->data)->due > d->due)
		le = le->prev;
	if (le)
		list_insert_after(&w->queue, le, &d->le, d);
	else
		list_prepend(&w->queue, &d->le, d);
}


/* When it is through; false: there was no room */
static bool bottleneck(struct wire *w, size_t n, uint64_t *at)
{
	if (!w->cfg.kbps)
		return true;
	w->free = max(w->free, *at);
	if (w->free - *at > w->cfg.queue_ms * 1000ull) {
		++w->lost;
		++w->full;
		return false;
	}
	w->free += (n + w->cfg.head) * 8000 / w->cfg.kbps;
	*at = w->free;

	return true;
}


static void put_one(struct wire *w, unsigned tag, const struct sa *src,
		    const struct iovec *iov, unsigned iovc, uint64_t now)
{
	struct dgram *d;
	size_t n = 0;
	unsigned i;
	uint64_t at = now;

	for (i = 0; i < iovc; i++)
		n += iov[i].iov_len;
	if (!bottleneck(w, n, &at))
		return;
	d = mem_zalloc(sizeof(*d) + n, dgram_destructor);
	if (!d)
		return;

	for (i = 0; i < iovc; i++) {
		if (iov[i].iov_len)
			memcpy(d->p + d->n, iov[i].iov_base, iov[i].iov_len);
		d->n += iov[i].iov_len;
	}
	d->tag = tag;
	if (src) {
		d->src = *src;
		d->has_src = true;
	}
	if (n && chance(w, w->cfg.corrupt))
		d->p[wire_rand(&w->state) % n] ^=
			(uint8_t)(1 << wire_rand(&w->state) % 8);

	d->due = at + w->cfg.delay_us;
	if (w->cfg.jitter_us)
		d->due += wire_rand(&w->state) % w->cfg.jitter_us;
	if (chance(w, w->cfg.reorder))
		d->due = now + w->cfg.delay_us / 2;
	else if (d->due < w->last)
		d->due = w->last;
	else
		w->last = d->due;
	enqueue(w, d);
}


void wire_put(struct wire *w, unsigned tag, const struct sa *src,
	      const struct iovec *iov, unsigned iovc, uint64_t now)
{
	if (!w->burst && chance(w, w->cfg.loss))
		w->burst = max(1u, w->cfg.burst);
	if (w->burst) {
		--w->burst;
		++w->lost;
		return;
	}

	put_one(w, tag, src, iov, iovc, now);
	if (chance(w, w->cfg.dup))
		put_one(w, tag, src, iov, iovc, now);
}


void wire_run(struct wire *w, uint64_t now)
{
	while (w->queue.head) {
		struct dgram *d = w->queue.head->data;

		if (d->due > now)
			break;
		list_unlink(&d->le);
		++w->passed;
		w->wireh(d->tag, d->has_src ? &d->src : NULL, d->p, d->n,
			 d->due, w->arg);
		mem_deref(d);
	}
}


uint64_t wire_due(const struct wire *w)
{
	const struct le *le = w->queue.head;

	return le ? ((const struct dgram *)le->data)->due : UINT64_MAX;
}


uint64_t wire_lost(const struct wire *w)
{
	return w->lost;
}


uint64_t wire_passed(const struct wire *w)
{
	return w->passed;
}


uint64_t wire_full(const struct wire *w)
{
	return w->full;
}
