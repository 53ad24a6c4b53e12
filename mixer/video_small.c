/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_small.c -- a canvas in the sizes of its rungs
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/video_small.h"

enum { IDLE_MAX = 90 };           /* turns                                */

static void forget(struct smalls *s, unsigned i)
{
	vpic_close(&s->v[i].pic);
	memmove(&s->v[i], &s->v[i + 1], (--s->n - i) * sizeof(s->v[0]));
	memset(&s->v[s->n], 0, sizeof(s->v[0]));
}

void smalls_close(struct smalls *s)
{
	while (s->n)
		forget(s, s->n - 1);
}

void smalls_stale(struct smalls *s)
{
	for (unsigned i = 0; i < s->n; i++)
		s->v[i].stale = true;
}

static struct small *find(const struct smalls *s, unsigned w, unsigned h)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->v[i].pic.w == w && s->v[i].pic.h == h)
			return (struct small *)&s->v[i];
	}

	return NULL;
}

int smalls_want(struct smalls *s, unsigned w, unsigned h)
{
	struct small *m = find(s, w, h);
	struct small fresh = {.stale = true, .due = true};
	unsigned i = 0;
	int err;

	if (m) {
		m->due = true;
		return 0;
	}
	if (s->n == SMALLS_MAX)
		return ENOSPC;
	err = vpic_init(&fresh.pic, w, h);
	if (err)
		return err;
	while (i < s->n && s->v[i].pic.w * s->v[i].pic.h >= w * h)
		i++;
	memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(s->v[0]));
	s->v[i] = fresh;
	s->n++;

	return 0;
}

/* The next larger one, which is made first, of course. */
static const struct vpic *source_of(const struct smalls *s, unsigned i,
				    const struct vpic *canvas)
{
	const struct vpic *p = &s->v[i].pic;

	while (i--) {
		const struct vpic *o = &s->v[i].pic;

		if (!s->v[i].stale && o->w >= p->w && o->h >= p->h)
			return o;
	}

	return canvas;
}

/* A larger size that is not due now is made for the smaller one's sake, so
 * that this always comes the same way and what stands still stands still. */
static bool needed(const struct smalls *s, unsigned i)
{
	const struct vpic *p = &s->v[i].pic;

	for (; i < s->n; i++) {
		if (s->v[i].due && s->v[i].stale && s->v[i].pic.w <= p->w &&
		    s->v[i].pic.h <= p->h)
			return true;
	}

	return false;
}

void smalls_make(struct smalls *s, const struct vpic *canvas)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct small *m = &s->v[i];

		m->idle = m->due ? 0 : m->idle + 1;
		if (!m->stale || m->idle > IDLE_MAX || !needed(s, i))
			continue;
		vpic_scale(&m->pic, source_of(s, i, canvas));
		m->stale = false;
		s->scaled++;
	}
	for (unsigned i = s->n; i--;) {
		s->v[i].due = false;
		if (s->v[i].idle > IDLE_MAX)
			forget(s, i);
	}
}

const struct vpic *smalls_get(const struct smalls *s,
			      const struct vpic *canvas, unsigned w,
			      unsigned h)
{
	const struct small *m;

	if (canvas->w == w && canvas->h == h)
		return canvas;
	m = find(s, w, h);

	return m ? &m->pic : NULL;
}
