/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_frame.c -- packets to frames; see rtp_frame.h
 *
 * A packet in sequence is taken into the frame at once and its buffer goes
 * back to the pool; only what is ahead of a hole is held.
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_depack.h"
#include "mixer/rtp_frame.h"

enum { FIRST = 16 };              /* packets that may overtake the first  */

struct rtp_frame {
	enum ticket_codec codec;  /* [I]                                  */
	rtp_frame_h *frameh;      /* [I]                                  */
	void *arg;                /* [I]                                  */
	struct rtp_depack *d;     /* [I] owned                            */
	struct rtp_frame_stats st;
	uint64_t wait_us;         /* for a packet that is missing         */

	/* the window: win[seq % RTP_FRAME_WINDOW], next <= seq */
	struct pkt *win[RTP_FRAME_WINDOW];
	unsigned held;
	bool run;                 /* a first packet has been seen         */
	uint32_t ssrc;
	uint64_t next;            /* sequence number to be taken          */

	/* the frame being put together */
	bool open;
	bool bad;                 /* something of it is missing           */
	bool gap;                 /* packets lost since the last one taken */
	bool fresh;               /* nothing taken since start or reset   */
	uint32_t ts;
	uint8_t pt;
	uint64_t rx_first, rx_last;

	bool lost;                /* for lost_before of the next frame    */
	bool broken;
};


static void drop_held(struct rtp_frame *f)
{
	size_t i;

	for (i = 0; i < RTP_FRAME_WINDOW; i++) {
		pkt_put(f->win[i]);
		f->win[i] = NULL;
	}
	f->held = 0;
}


static void destructor(void *arg)
{
	struct rtp_frame *f = arg;

	drop_held(f);
	mem_deref(f->d);
}


int rtp_frame_alloc(struct rtp_frame **fp, enum ticket_codec codec,
		    rtp_frame_h *frameh, void *arg)
{
	struct rtp_frame *f;
	int err;

	if (!fp || !frameh)
		return EINVAL;

	f = mem_zalloc(sizeof(*f), destructor);
	if (!f)
		return ENOMEM;

	err = rtp_depack_alloc(&f->d, codec);
	if (err)
		goto out;

	f->codec  = codec;
	f->frameh = frameh;
	f->arg    = arg;
	f->wait_us = RTP_FRAME_WAIT_MS * 1000;
	f->fresh  = true;
	f->broken = true;

 out:
	if (err)
		mem_deref(f);
	else
		*fp = f;

	return err;
}


void rtp_frame_wait(struct rtp_frame *f, unsigned ms)
{
	if (f)
		f->wait_us = min(ms, (unsigned)RTP_FRAME_WAIT_MAX_MS) * 1000;
}


static void frame_lost(struct rtp_frame *f)
{
	f->lost   = true;
	f->broken = true;
}


/* The frame has ended, by its marker or because another one begins */
static void frame_close(struct rtp_frame *f)
{
	struct rtp_frame_info info = {
		.ts = f->ts, .ssrc = f->ssrc, .pt = f->pt,
		.rx_first_us = f->rx_first, .rx_last_us = f->rx_last,
	};
	struct rtp_depack_frame df;

	f->open = false;
	if (f->bad || rtp_depack_end(f->d, &df)) {
		++f->st.dropped;
		frame_lost(f);
		return;
	}

	if (df.key)
		f->broken = false;

	info.data   = df.data;
	info.len    = df.len;
	info.key    = df.key;
	info.width  = df.width;
	info.height = df.height;
	info.lost_before = f->lost;
	info.broken = f->broken;

	++f->st.frames;
	f->st.keys += df.key;
	f->lost = false;

	f->frameh(&info, f->arg);
}


static void frame_open(struct rtp_frame *f, const struct pkt *pkt)
{
	const uint8_t *p = pkt->data + pkt->off;

	/* the beginning may be among what was lost, or before our time */
	f->bad = (f->gap || f->fresh) &&
		!rtp_depack_start(f->codec, p, pkt->len, false);
	if (f->gap)
		frame_lost(f);

	f->open     = true;
	f->fresh    = false;
	f->ts       = pkt->ts;
	f->pt       = pkt->pt;
	f->rx_first = f->rx_last = pkt->rx_us;
	rtp_depack_begin(f->d);
}


/* The next packet in sequence */
static void take(struct rtp_frame *f, struct pkt *pkt)
{
	if (!pkt->len)                    /* padding only: a probe        */
		goto out;

	if (f->open && pkt->ts != f->ts) {
		f->bad |= f->gap;
		frame_close(f);
	}
	if (!f->open)
		frame_open(f, pkt);
	else
		f->bad |= f->gap;
	f->gap = false;

	if (!f->bad &&
	    rtp_depack_add(f->d, pkt->data + pkt->off, pkt->len)) {
		++f->st.bad;
		f->bad = true;
	}
	f->rx_last  = max(f->rx_last, pkt->rx_us);
	f->rx_first = min(f->rx_first, pkt->rx_us);

	if (pkt->marker)
		frame_close(f);
 out:
	pkt_put(pkt);
}


static void advance_one(struct rtp_frame *f)
{
	struct pkt **slot = &f->win[f->next % RTP_FRAME_WINDOW];
	struct pkt *pkt = *slot;

	++f->next;
	if (pkt) {
		*slot = NULL;
		--f->held;
		take(f, pkt);
	}
	else if (!f->fresh) {
		++f->st.lost;
		f->gap = true;
	}
}


/* Go on at seq, giving up what is missing before it */
static void advance(struct rtp_frame *f, uint64_t seq)
{
	while (f->next < seq && f->held)
		advance_one(f);

	if (f->next < seq) {
		if (f->fresh) {
			f->next = seq;
			return;
		}
		f->st.lost += seq - f->next;
		f->gap  = true;
		f->next = seq;
	}
}


static void drain(struct rtp_frame *f)
{
	while (f->held && f->win[f->next % RTP_FRAME_WINDOW])
		advance_one(f);
}


static const struct pkt *first_held(const struct rtp_frame *f)
{
	uint64_t seq;

	for (seq = f->next; f->held && seq < f->next + RTP_FRAME_WINDOW;
	     seq++) {
		if (f->win[seq % RTP_FRAME_WINDOW])
			return f->win[seq % RTP_FRAME_WINDOW];
	}

	return NULL;
}


void rtp_frame_run(struct rtp_frame *f, uint64_t now)
{
	const struct pkt *pkt;

	if (!f)
		return;

	while ((pkt = first_held(f))) {
		if (pkt->rx_us + f->wait_us > now)
			break;
		advance(f, pkt->seq);
		drain(f);
	}
}


uint64_t rtp_frame_due(const struct rtp_frame *f)
{
	const struct pkt *pkt = f ? first_held(f) : NULL;

	return pkt ? pkt->rx_us + f->wait_us : UINT64_MAX;
}


/* The first packet that comes need not be the first that was sent */
static void begin(struct rtp_frame *f, const struct pkt *pkt)
{
	f->run  = true;
	f->ssrc = pkt->ssrc;
	f->next = pkt->seq - min(pkt->seq, (uint64_t)FIRST);
}


static bool sure_start(const struct rtp_frame *f, const struct pkt *pkt)
{
	return rtp_depack_start(f->codec, pkt->data + pkt->off, pkt->len,
				true);
}


void rtp_frame_put(struct rtp_frame *f, struct pkt *pkt, uint64_t now)
{
	struct pkt **slot;

	if (!pkt)
		return;
	if (!f) {
		pkt_put(pkt);
		return;
	}

	if (f->run && pkt->ssrc != f->ssrc)
		rtp_frame_reset(f);
	if (!f->run)
		begin(f, pkt);

	if (pkt->seq < f->next) {
		++f->st.late;
		pkt_put(pkt);
		return;
	}
	if (pkt->seq - f->next >= RTP_FRAME_WINDOW)
		advance(f, pkt->seq - RTP_FRAME_WINDOW + 1);

	slot = &f->win[pkt->seq % RTP_FRAME_WINDOW];
	if (*slot) {
		++f->st.dup;
		pkt_put(pkt);
		return;
	}
	*slot = pkt;
	++f->held;

	if (f->fresh && first_held(f) == pkt && sure_start(f, pkt))
		f->next = pkt->seq;
	drain(f);
	rtp_frame_run(f, now);
}


bool rtp_frame_want_key(const struct rtp_frame *f)
{
	return f && f->broken;
}


void rtp_frame_reset(struct rtp_frame *f)
{
	if (!f)
		return;

	drop_held(f);
	f->run    = false;
	f->open   = false;
	f->bad    = false;
	f->gap    = false;
	f->fresh  = true;
	f->lost   = false;
	f->broken = true;
}


const struct rtp_frame_stats *rtp_frame_stats(const struct rtp_frame *f)
{
	return f ? &f->st : NULL;
}
