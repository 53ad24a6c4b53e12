/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_jbuf.c -- adaptive jitter buffer; see rtp_jbuf.h
 *
 * Where the next tick starts to play is P = next - level.  For the fastest
 * packets (arrival - position = base) the delay is D = now - P - base.  A
 * packet is played by the tick that needs its first sample, so one whose
 * start lies f = (start - P) mod 20 ms after a tick's start has only D - f
 * to spare: f is delay that buys nothing, and is removed when nobody hears
 * it.
 */
#include <string.h>
#include <re.h>

#include "mixer/rtp_jbuf.h"

enum {
	TICK         = 960,       /* samples                              */
	TICK_US      = 20000,
	HYST_UP_US   = 3000,      /* missing before we insert             */
	HYST_DOWN_US = 2000,      /* to spare before we remove            */
	FREE_MIN     = 96,        /* samples worth removing for nothing   */
	GAP_MIN      = 120,       /* a smaller jump is a sloppy clock     */
	STALL_MAX    = 10 * TICK, /* then the stream has stopped          */
	CONCEAL_MAX  = 5 * TICK,  /* longer losses are a gap              */
	CALM_US      = 2000000,   /* after EMPTY before delay is given up */
	FEC_US       = 5000000,   /* after a loss repaired by FEC         */
	STEP_US      = 100000,    /* sooner than possible: other clock    */
	ODD_US       = 1000000,   /* later than plausible: other clock    */
	ODD_MAX      = 5,         /* in a row                             */
	LATE_RUN     = 8,
	HOLD_STEP_US = 1000,      /* a tick                               */
};

struct slot {
	struct pkt *pkt;
	int64_t pos;
	uint32_t dur;
	bool fec;
};

struct rtp_jbuf {
	struct slot slotv[JBUF_CAP];
	uint64_t head;            /* next sequence number to take         */
	uint64_t top;             /* highest seen                         */
	unsigned count;

	bool open;                /* ssrc, clock and epoch are set        */
	uint32_t ssrc;
	unsigned clock_hz;
	uint32_t last_ts;         /* for unwrapping                       */
	int64_t last_uts;

	bool fresh;               /* nothing was taken since opening      */
	bool playing;
	int64_t next;             /* position after what was taken        */
	unsigned last_dur;
	unsigned stall;           /* samples played without advancing     */
	unsigned late_run, odd_run;
	uint64_t empty_us;        /* when we last ran dry                 */
	uint64_t fec_us;          /* last loss that FEC could repair      */
	unsigned fec_dur;

	int64_t origin;           /* offsets are relative to this [us]    */
	int32_t offv[JBUF_WINDOW];
	unsigned offn, offi;
	int64_t base;             /* smallest offset of the window [us]   */

	uint32_t hold_us, hold_want_us;
	struct jbuf_stats st;
};


static void flush(struct rtp_jbuf *jb)
{
	unsigned i;

	for (i = 0; i < JBUF_CAP; i++) {
		pkt_put(jb->slotv[i].pkt);
		jb->slotv[i].pkt = NULL;
	}
	jb->count = 0;
}


static void destructor(void *arg)
{
	flush(arg);
}


int rtp_jbuf_alloc(struct rtp_jbuf **jbp)
{
	struct rtp_jbuf *jb;

	if (!jbp)
		return EINVAL;

	jb = mem_zalloc(sizeof(*jb), destructor);
	if (!jb)
		return ENOMEM;

	jb->st.target_us = JBUF_MIN_US;
	*jbp = jb;

	return 0;
}


static int64_t pos_us(int64_t pos)
{
	return pos * 1000 / 48;
}


static struct slot *slot(struct rtp_jbuf *jb, uint64_t seq)
{
	return &jb->slotv[seq & (JBUF_CAP - 1)];
}


/* The window says which delay 99 of 100 packets would have been in time
 * with. */
static void estimate(struct rtp_jbuf *jb)
{
	uint16_t histv[256] = {0};
	int32_t min = jb->offv[0];
	unsigned i, n = 0, allow = jb->offn / 100;

	for (i = 1; i < jb->offn; i++)
		min = jb->offv[i] < min ? jb->offv[i] : min;

	for (i = 0; i < jb->offn; i++) {
		int32_t ms = (jb->offv[i] - min + 999) / 1000;

		++histv[ms < 255 ? ms : 255];
	}

	for (i = 255; i > 0; i--) {
		n += histv[i];
		if (n > allow)
			break;
	}

	jb->base = jb->origin + min;
	jb->st.jitter_us = i * 1000;

	i = i * 1000 + 2000;
	jb->st.target_us = i < JBUF_MIN_US ? JBUF_MIN_US :
			   i > JBUF_MAX_US ? JBUF_MAX_US : i;
}


static void window_reset(struct rtp_jbuf *jb, int64_t off)
{
	jb->origin = off;
	jb->base = off;
	jb->offn = jb->offi = 0;
}


/* Returns false when this arrival fits no clock we know. */
static bool arrival(struct rtp_jbuf *jb, int64_t off)
{
	if (!jb->offn || off < jb->base - STEP_US)
		window_reset(jb, off);

	if (off > jb->base + ODD_US) {
		if (++jb->odd_run < ODD_MAX)
			return true;
		return false;
	}
	jb->odd_run = 0;

	jb->offv[jb->offi] = (int32_t)(off - jb->origin);
	jb->offi = (jb->offi + 1) % JBUF_WINDOW;
	if (jb->offn < JBUF_WINDOW)
		++jb->offn;

	if (off < jb->base)
		jb->base = off;
	if (jb->offn < 32 || !(jb->offi & 7) ||
	    off > jb->base + jb->st.target_us)
		estimate(jb);

	return true;
}


static void open_stream(struct rtp_jbuf *jb, const struct pkt *pkt,
			unsigned clock_hz)
{
	if (jb->open)
		++jb->st.resyncs;

	flush(jb);
	jb->open     = true;
	jb->ssrc     = pkt->ssrc;
	jb->clock_hz = clock_hz;
	jb->last_ts  = pkt->ts;
	jb->last_uts = (int64_t)1 << 33;
	jb->head     = pkt->seq;
	jb->top      = pkt->seq;
	jb->fresh    = true;
	jb->playing  = false;
	jb->stall    = 0;
	jb->late_run = jb->odd_run = 0;
	jb->offn     = 0;
}


static int64_t unwrap(struct rtp_jbuf *jb, uint32_t ts)
{
	jb->last_uts += (int32_t)(ts - jb->last_ts);
	jb->last_ts = ts;

	return jb->last_uts * (48000 / jb->clock_hz);
}


static void too_late(struct rtp_jbuf *jb, struct pkt *pkt)
{
	++jb->st.late;
	if (jb->st.lost)
		--jb->st.lost;
	pkt_put(pkt);
}


void rtp_jbuf_put(struct rtp_jbuf *jb, struct pkt *pkt, unsigned clock_hz,
		  unsigned dur, bool fec)
{
	struct slot *s;
	int64_t pos;

	if (!jb || !pkt)
		return;

	if (!clock_hz || 48000 % clock_hz) {
		pkt_put(pkt);
		return;
	}

	if (!jb->open || pkt->ssrc != jb->ssrc || clock_hz != jb->clock_hz ||
	    pkt->seq + 1000 < jb->head || pkt->seq >= jb->head + JBUF_CAP)
		open_stream(jb, pkt, clock_hz);

	++jb->st.packets;
	pos = unwrap(jb, pkt->ts);

	/* a telephone event's timestamp is that of its beginning */
	if (dur && !arrival(jb, (int64_t)pkt->rx_us - pos_us(pos))) {
		open_stream(jb, pkt, clock_hz);
		pos = unwrap(jb, pkt->ts);
		(void)arrival(jb, (int64_t)pkt->rx_us - pos_us(pos));
	}

	if (pkt->seq < jb->head) {
		if (jb->playing && ++jb->late_run >= LATE_RUN) {
			open_stream(jb, pkt, clock_hz);
			pos = unwrap(jb, pkt->ts);
			(void)arrival(jb, (int64_t)pkt->rx_us - pos_us(pos));
		}
		else if (jb->fresh && jb->head - pkt->seq < 8) {
			jb->head = pkt->seq;    /* first two swapped      */
		}
		else {
			too_late(jb, pkt);
			return;
		}
	}

	s = slot(jb, pkt->seq);
	if (s->pkt) {
		++jb->st.dup;
		pkt_put(pkt);
		return;
	}

	if (pkt->seq < jb->top)
		++jb->st.reordered;
	else
		jb->top = pkt->seq;

	s->pkt = pkt;
	s->pos = pos;
	s->dur = dur;
	s->fec = fec;
	++jb->count;
}


static uint32_t target(const struct rtp_jbuf *jb, uint64_t now)
{
	uint32_t us = jb->st.target_us + jb->hold_us;

	if (jb->fec_us && now - jb->fec_us < FEC_US)
		us += jb->fec_dur * 1000 / 48;

	return us;
}


static int64_t play_at(const struct rtp_jbuf *jb, const struct slot *s,
		       uint64_t now)
{
	return pos_us(s->pos) + jb->base + target(jb, now);
}


static struct slot *next_slot(struct rtp_jbuf *jb, uint64_t *seqp)
{
	uint64_t seq;

	if (!jb->count)
		return NULL;

	for (seq = *seqp; seq <= jb->top; seq++) {
		struct slot *s = slot(jb, seq);

		if (s->pkt) {
			*seqp = seq;
			return s;
		}
	}

	return NULL;
}


static enum jbuf_what take(struct rtp_jbuf *jb, struct slot *s, uint64_t seq,
			   struct jbuf_item *item)
{
	item->pkt = s->pkt;
	item->pos = s->pos;
	item->n   = s->dur;

	s->pkt = NULL;
	--jb->count;
	jb->head  = seq + 1;
	jb->next  = s->dur ? s->pos + s->dur
			   : s->pos > jb->next ? s->pos : jb->next;
	jb->stall = 0;
	jb->fresh = false;
	jb->late_run = 0;
	if (s->dur)
		jb->last_dur = s->dur;

	return JBUF_PACKET;
}


/* Everything before seq goes; returns how many were never there. */
static unsigned skip(struct rtp_jbuf *jb, uint64_t seq)
{
	unsigned missing = 0;

	for (; jb->head < seq; jb->head++) {
		struct slot *s = slot(jb, jb->head);

		if (!s->pkt) {
			++missing;
			continue;
		}
		if (s->dur && !jb->fresh)
			++jb->st.late;
		pkt_put(s->pkt);
		s->pkt = NULL;
		--jb->count;
	}

	return missing;
}


/* The first slot from which a whole tick is there up to `last`; NULL: not
 * enough yet, which matters with packets shorter than a tick. */
static struct slot *whole_tick(struct rtp_jbuf *jb, uint64_t last,
			       uint64_t now, uint64_t *seqp)
{
	struct slot *end = slot(jb, last), *s = end;
	int64_t from = end->pos + end->dur - TICK;

	*seqp = last;
	if (end->dur >= TICK)
		return end;

	for (*seqp = jb->head; (s = next_slot(jb, seqp)); ++*seqp) {
		if (s->dur && s->pos >= from)
			break;
	}

	/* shorter than a tick altogether: only for so long */
	if (s && s->pos - from > GAP_MIN &&
	    (int64_t)now - play_at(jb, end, now) < TICK_US)
		return NULL;

	return s;
}


/* Begin with the newest packets that are due: what is older came in a burst
 * and would only lengthen the delay. */
static enum jbuf_what begin(struct rtp_jbuf *jb, uint64_t now,
			    struct jbuf_item *item)
{
	uint64_t seq = jb->head, last = 0;
	struct slot *s, *start = NULL;

	for (; (s = next_slot(jb, &seq)); seq++) {

		if (!s->dur)
			continue;
		if (play_at(jb, s, now) > (int64_t)now)
			break;
		start = s;
		last = seq;
	}

	if (!start) {
		if (!s)                         /* events, CN: no sound   */
			(void)skip(jb, seq);
		return JBUF_NONE;
	}

	start = whole_tick(jb, last, now, &seq);
	if (!start)
		return JBUF_NONE;

	jb->st.lost += skip(jb, seq);
	jb->playing = true;
	item->start = true;

	return take(jb, start, seq, item);
}


static enum jbuf_what lost(struct rtp_jbuf *jb, struct slot *s, uint64_t seq,
			   uint64_t now, struct jbuf_item *item)
{
	int64_t gap = s->pos - jb->next;
	uint64_t missing = seq - jb->head;
	bool fec = s->fec && gap > 0 && gap <= (int64_t)s->dur;

	/* what we played while it was missing was its time, unless there is
	 * something better to play for it */
	if (gap > 0 && jb->stall && !fec) {
		unsigned n = gap < jb->stall ? (unsigned)gap : jb->stall;

		jb->next  += n;
		jb->stall -= n;
		gap       -= n;
	}

	if (gap <= 0) {
		jb->st.lost += missing;
		return take(jb, s, seq, item);
	}

	if (gap > CONCEAL_MAX) {        /* lost before or after a pause   */
		jb->st.lost += missing;
		jb->head = seq;
		item->n = 0;
		return JBUF_PAUSE;
	}

	if (fec) {
		jb->fec_us  = now;
		jb->fec_dur = s->dur;
	}

	item->n = jb->last_dur && gap > (int64_t)jb->last_dur
		? jb->last_dur : (unsigned)gap;
	item->pkt = item->n == gap && fec ? s->pkt : NULL;
	item->pos = jb->next;
	jb->next += item->n;
	jb->stall = 0;
	if (item->n == gap) {
		jb->st.lost += missing;
		jb->head = seq;
	}

	return JBUF_LOST;
}


enum jbuf_what rtp_jbuf_get(struct rtp_jbuf *jb, uint64_t now,
			    unsigned level, struct jbuf_item *item)
{
	uint64_t seq;
	struct slot *s;
	int64_t gap;

	memset(item, 0, sizeof(*item));

	if (!jb->open)
		return JBUF_NONE;

	if (!jb->playing)
		return begin(jb, now, item);

	seq = jb->head;
	s = next_slot(jb, &seq);
	if (!s)
		return JBUF_EMPTY;

	if (seq != jb->head) {
		enum jbuf_what what = lost(jb, s, seq, now, item);

		if (what != JBUF_PAUSE)
			return what;
	}

	gap = s->pos - jb->next;

	if (gap < GAP_MIN) {
		if (jb->stall && gap > -GAP_MIN && s->dur)
			++jb->st.late;          /* it was only late       */
		return take(jb, s, seq, item);
	}

	/* a pause: its end is where the delay may be chosen anew */
	if (play_at(jb, s, now + (uint64_t)level * 1000 / 48)
	    <= (int64_t)(now + (uint64_t)level * 1000 / 48)) {
		item->start = true;
		jb->next = s->pos;
		return take(jb, s, seq, item);
	}

	item->n = TICK - level % TICK;
	if (gap < (int64_t)item->n + GAP_MIN)
		item->n = (unsigned)gap;
	item->pos = jb->next;
	jb->next += item->n;
	jb->stall = 0;

	return JBUF_PAUSE;
}


void rtp_jbuf_stall(struct rtp_jbuf *jb, unsigned n)
{
	jb->stall += n;

	if (jb->stall >= STALL_MAX) {
		jb->playing = false;
		jb->stall = 0;
	}
}


int rtp_jbuf_adjust(struct rtp_jbuf *jb, uint64_t now, unsigned level)
{
	int64_t delay, spare;
	unsigned f, f2, fmin, fmax;

	if (jb->hold_us < jb->hold_want_us)
		jb->hold_us += HOLD_STEP_US;
	else if (jb->hold_us > jb->hold_want_us)
		jb->hold_us -= HOLD_STEP_US;

	if (!jb->playing)
		return 0;

	if (jb->stall) {
		jb->empty_us = now;
		return 0;
	}

	delay = (int64_t)now - pos_us(jb->next - level) - jb->base;

	f    = level % TICK;
	f2   = (level + jb->last_dur) % TICK;
	fmin = f < f2 ? f : f2;
	fmax = f < f2 ? f2 : f;

	delay -= pos_us(fmax);
	jb->st.delay_us = delay > 0 ? (uint32_t)delay : 0;
	spare = delay - target(jb, now);

	if (spare < -HYST_UP_US)
		return (int)(TICK * ((-spare + TICK_US - 1) / TICK_US) - fmax);

	if (spare >= TICK_US + HYST_DOWN_US &&
	    (now - jb->empty_us > CALM_US || spare > 3 * TICK_US))
		return -(int)(TICK * (spare / TICK_US) + fmin);

	if (spare >= 0 && fmin >= FREE_MIN)
		return -(int)fmin;

	return 0;
}


void rtp_jbuf_hold(struct rtp_jbuf *jb, unsigned extra_ms)
{
	if (extra_ms > JBUF_HOLD_MAX_MS)
		extra_ms = JBUF_HOLD_MAX_MS;

	jb->hold_want_us = extra_ms * 1000;
}


void rtp_jbuf_restart(struct rtp_jbuf *jb)
{
	jb->playing = false;
	jb->stall = 0;
}


void rtp_jbuf_reset(struct rtp_jbuf *jb)
{
	flush(jb);
	jb->open = false;
	jb->playing = false;
	jb->stall = 0;
}


bool rtp_jbuf_ts(const struct rtp_jbuf *jb, unsigned level, uint32_t *tsp,
		 uint32_t *ssrcp)
{
	if (!jb->open || !jb->playing)
		return false;

	*tsp = (uint32_t)((jb->next - (int64_t)level) /
			  (48000 / jb->clock_hz) - jb->last_uts)
		+ jb->last_ts;
	*ssrcp = jb->ssrc;

	return true;
}


const struct jbuf_stats *rtp_jbuf_stats(const struct rtp_jbuf *jb)
{
	return &jb->st;
}


unsigned rtp_jbuf_count(const struct rtp_jbuf *jb)
{
	return jb->count;
}
