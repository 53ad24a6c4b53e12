/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_layer.c -- which stream of a side goes up; see leg_priv.h
 *
 * The smallest simulcast layer that fills the tile.  The one that goes up
 * stays until a key frame of the other has begun: nobody sees a broken
 * picture.  Packets of the other are hoarded till then, so that one of its
 * key frame that was overtaken, or came by RTX, is not missed.  Layers that
 * nobody wants are counted, not decoded, not asked for anything.
 *
 * Without simulcast, and for sound, there is one layer; a new SSRC takes it
 * over when it has proved itself or the old one has stopped.
 */
#include <string.h>

#include "mixer/leg_priv.h"
#include "mixer/rtp_key.h"

enum {
	GUESS_H  = 180,           /* of the first layer, doubled for each */
	NEED_W   = 640,           /* until somebody has said …            */
	NEED_H   = 360,           /* … how large the tile is              */
};


static void hoard_drop(struct layers *l)
{
	while (l->hoardc)
		pkt_put(l->hoardv[--l->hoardc]);
}


void layer_drop(struct side *s)
{
	hoard_drop(&s->lay);
}


static void next_set(struct layers *l, struct stream *st)
{
	if (l->next == st)
		return;

	hoard_drop(l);
	l->next = st;
}


void layer_leave(struct side *s, const struct stream *st)
{
	struct layers *l = &s->lay;
	unsigned i;

	for (i = 0; i < TICKET_RIDS_MAX; i++)
		if (l->v[i] == st)
			l->v[i] = NULL;
	if (l->cur == st)
		l->cur = NULL;
	if (l->next == st)
		next_set(l, NULL);
	l->look_us = 0;
}


bool layer_wants(const struct side *s, const struct stream *st)
{
	return st == s->lay.cur || st == s->lay.next ||
		(!s->lay.cur && !s->lay.next);
}


struct stream *layer_key(const struct side *s)
{
	return s->lay.cur ? s->lay.cur : s->lay.next;
}


static bool is_video(const struct side *s)
{
	return s->media != LEG_AUDIO;
}


/* Only one SSRC at a time is a layer */
void layer_join(struct side *s, struct stream *st, uint64_t now)
{
	struct layers *l = &s->lay;
	struct stream *old = l->v[st->layer];

	if (old == st)
		return;
	if (stream_alive(old, now) &&
	    (st->born_us <= old->born_us || st->in.received < LEG_PROVEN))
		return;

	l->v[st->layer] = st;
	l->look_us = 0;
	if (old && l->next == old)
		next_set(l, NULL);
	if (old && l->cur == old && s->tm->ridc < 2)
		l->cur = NULL;    /* nothing of it will come              */
}


/* ---- which one ------------------------------------------------------- */

static unsigned height_of(const struct stream *st)
{
	return st->height ? st->height : (unsigned)GUESS_H << st->layer;
}


static unsigned width_of(const struct stream *st)
{
	return st->width ? st->width : height_of(st) * 16 / 9;
}


static bool fills(const struct layers *l, const struct stream *st)
{
	const unsigned w = l->need_known ? l->need_w : NEED_W;
	const unsigned h = l->need_known ? l->need_h : NEED_H;

	/* a tenth less nobody sees; one side is enough: tiles letterbox */
	return 10 * width_of(st) >= 9 * w || 10 * height_of(st) >= 9 * h;
}


static struct stream *choose(const struct side *s, uint64_t now)
{
	const struct layers *l = &s->lay;
	struct stream *best = NULL;
	unsigned i;

	for (i = 0; i < TICKET_RIDS_MAX; i++) {
		struct stream *st = l->v[i];

		if (!stream_alive(st, now))
			continue;
		if (!best || (height_of(st) > height_of(best) ?
			      !fills(l, best) : fills(l, st)))
			best = st;
	}

	return best;
}


static void went_up(struct side *s, struct stream *st)
{
	if (st->sync.valid)
		s->leg->h.synch(s->media, &st->sync, s->leg->arg);
}


static void look(struct side *s, uint64_t now)
{
	struct layers *l = &s->lay;
	struct stream *want;

	l->look_us = now + LEG_LOOK_MS * 1000;
	if (!is_video(s) || s->tm->ridc < 2) {
		if (!stream_alive(l->cur, now) && stream_alive(l->v[0], now)
		    && l->cur != l->v[0]) {
			l->cur = l->v[0];
			went_up(s, l->cur);
		}
		return;
	}

	want = choose(s, now);
	if (!want)
		return;
	/* shown nowhere: nothing is worth a key frame */
	if (l->need_known && !l->need_h && stream_alive(l->cur, now))
		want = l->cur;
	if (want == l->cur) {
		next_set(l, NULL);
		return;
	}
	/* a stream that begins does so with a key frame, unasked */
	if (l->cur || l->next == want)
		leg_fb_key(want, now);
	next_set(l, want);
}


void layer_run(struct side *s, uint64_t now)
{
	if (now >= s->lay.look_us)
		look(s, now);
}


uint64_t layer_due(const struct side *s)
{
	unsigned i;

	for (i = 0; i < TICKET_RIDS_MAX; i++)
		if (s->tm->ridc > 1 && s->lay.v[i])
			return s->lay.look_us;

	return UINT64_MAX;
}


/* ---- packets --------------------------------------------------------- */

static void hand(struct side *s, struct pkt *pkt)
{
	s->leg->h.packeth(s->media, pkt, s->leg->arg);
}


/* From its key frame on: what came before belongs to pictures whose
 * references were never seen */
static void switch_to(struct side *s, struct stream *st,
		      const struct pkt *key)
{
	struct layers *l = &s->lay;
	struct pkt *v[LEG_HOARD];
	const uint64_t from = key->seq;
	const uint32_t ts = key->ts;
	const unsigned n = l->hoardc;
	unsigned i;

	memcpy(v, l->hoardv, n * sizeof(v[0]));
	l->hoardc = 0;
	l->cur  = st;
	l->next = NULL;
	++l->switches;
	went_up(s, st);

	for (i = 0; i < n; i++) {
		if (v[i]->seq >= from || v[i]->ts == ts)
			hand(s, v[i]);
		else
			pkt_put(v[i]);
	}
}


static void hoard(struct side *s, struct stream *st, struct pkt *pkt,
		  bool key)
{
	struct layers *l = &s->lay;

	if (l->hoardc == LEG_HOARD) {
		pkt_put(l->hoardv[0]);
		--l->hoardc;
		memmove(l->hoardv, l->hoardv + 1,
			l->hoardc * sizeof(l->hoardv[0]));
	}
	l->hoardv[l->hoardc++] = pkt;
	if (key)
		switch_to(s, st, pkt);
}


void layer_put(struct side *s, struct stream *st, struct pkt *pkt,
	       uint64_t now)
{
	struct layers *l = &s->lay;
	bool key = false;

	if (is_video(s))
		key = rtp_key_start(st->codec, pkt->data + pkt->off, pkt->len,
				    &st->width, &st->height);
	layer_run(s, now);

	if (st == l->cur)
		hand(s, pkt);
	else if (st == l->next)
		hoard(s, st, pkt, key);
	else
		pkt_put(pkt);
}
