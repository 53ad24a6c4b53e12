/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_bwe.c -- how much we may send to one peer; see rtp_bwe.h
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_bwe.h"
#include "mixer/rtp_loss.h"
#include "mixer/rtp_meter.h"
#include "mixer/rtp_twcc.h"

enum {
	LOSS_US    = 300000,      /* loss is counted over at least this   */
	LOSS_MIN   = 20,          /* … and so many packets                */
	SILENT_US  = 1000000,      /* between two cuts for silence         */
	PROBE_US   = 1500000,     /* an answer comes within               */
	PROBE_SPAN_MAX_US = 1000000,
	TRIED_US   = 8000000,
	SUSPECT_US = 700000,      /* between two cuts by suspicion …      */
	SUSPECTS   = 3,           /* … which only a report may confirm    */
	RTT_QUEUE_US = 250000,    /* more than at best: a queue           */
	RTT_MAX_US = 3000000,     /* nonsense                             */
	RTT_LIES   = 2,
	TRY_US     = 10000000,    /* a peer's estimate may take to follow */
};

#define WOLF_US     60000000ull   /* after a complaint of nothing         */
#define WOLF_MAX_US 960000000ull

/* No link that works loses so much by itself */
#define SURE 0.2

/* Where delay tells of congestion, loss need not be so touchy */
#define FEEDBACK_MUCH 0.10

/* Which of the reasons, below, makes room by how much */
#define SILENT_CUT  0.6
#define SUSPECT_CUT 0.6
/* There is a picture with that; for less, a report must have said, too, not
 * long ago, that the path is congested; the last picture beside thin sound is
 * nothing that complaints alone may take away. */
#define SUSPECT_MIN 220000ull
#define SUSPECT_LEAST 60000ull
#define SURE_US   30000000ull
#define QUEUE_CUT   0.7
#define JAM_CUT     0.8

struct sent {
	uint64_t us;              /* 0: unused, or its fate is known      */
	uint16_t seq, bytes;
	bool lost;                /* told                                 */
};

struct probe {
	bool on;                  /* packets are being added              */
	bool open;                /* answers are being waited for         */
	uint16_t first, end;      /* numbers                              */
	uint64_t due;
	unsigned came, bytes, first_bytes, last_bytes;
	uint64_t sent_first, sent_last, at_first, at_last;
};

struct rtp_bwe {
	struct rtp_est est;
	struct rtp_loss loss;
	struct rtp_meter meter;
	struct probe probe;
	struct sent *sentv;       /* [seq % RTP_BWE_SENT]; NULL: none     */
	uint16_t seq;
	bool twcc;                /* feedback has come                    */
	uint64_t remb, remb_try;  /* told; believed none the less …       */
	uint64_t try_us;          /* … since                              */
	unsigned remb_cuts;
	uint64_t at_raw, at_us;   /* the peer's clock, last: told, whole  */
	unsigned came, lost;      /* of the feedback being read           */
	unsigned loss_came, loss_lost;    /* of the last while            */
	uint64_t loss_since;
	uint64_t fed_us;          /* last feedback …                      */
	uint64_t waits_us;        /* … and the first packet after it, 0:- */
	uint64_t silent_us;       /* last cut for want of it              */

	uint64_t told_since;      /* what was sent from then on was told of */
	uint64_t key_us;          /* last unexpected ask                  */
	uint64_t suspected_us, suspect_us;        /* first and last of … */
	uint64_t sure_us;         /* a report that left no doubt          */
	uint64_t wolf_us, wolf_until;     /* it complained of nothing:
	                           * not listened to for, until           */
	unsigned suspects, complaints;
	double suspect_bps;       /* bound before them, 0: none …         */
	double suspect_sent;      /* … and what was sent                  */

	int64_t rtt_min;          /* -1: not known                        */
	int64_t rtt_cut;          /* at the last cut for it, 0: none      */
	double rtt_bps;           /* bound before it                      */
	uint64_t rtt_us;          /* when                                 */
	unsigned rtt_lies;
};


static void destructor(void *arg)
{
	struct rtp_bwe *b = arg;

	mem_deref(b->sentv);
}


int rtp_bwe_alloc(struct rtp_bwe **bp, bool numbered)
{
	struct rtp_bwe *b = mem_zalloc(sizeof(*b), destructor);

	if (!b)
		return ENOMEM;

	if (numbered) {
		b->sentv = mem_zalloc(RTP_BWE_SENT * sizeof(*b->sentv), NULL);
		if (!b->sentv) {
			mem_deref(b);
			return ENOMEM;
		}
	}
	rtp_est_init(&b->est, RTP_EST_START_BPS);
	b->seq = rand_u16();
	b->at_us = RTP_TWCC_CLOCK_US;     /* differences may go back      */
	b->rtt_min = -1;
	b->loss.much = numbered ? FEEDBACK_MUCH : 0;
	*bp = b;

	return 0;
}


/* ---- what is sent ---------------------------------------------------- */

void rtp_bwe_bytes(struct rtp_bwe *b, size_t bytes, uint64_t now)
{
	rtp_meter_put(&b->meter, bytes, now);
}


uint64_t rtp_bwe_sending(const struct rtp_bwe *b, uint64_t now)
{
	return rtp_meter_bps(&b->meter, now);
}


uint16_t rtp_bwe_sent(struct rtp_bwe *b, size_t bytes, uint64_t now)
{
	const uint16_t seq = b->seq++;

	if (!b->sentv)
		return seq;

	b->sentv[seq % RTP_BWE_SENT] = (struct sent){
		.us = now ? now : 1, .seq = seq,
		.bytes = (uint16_t)min(bytes, (size_t)UINT16_MAX),
	};
	if (!b->waits_us)
		b->waits_us = now;

	return seq;
}


/* ---- transport-wide feedback ----------------------------------------- */

/* The peer's clock without its wraps */
static uint64_t whole(struct rtp_bwe *b, uint64_t at)
{
	int64_t d = (int64_t)(at - b->at_raw);

	if (!b->twcc) {
		b->twcc = true;
		d = 0;
	}
	if (d > (int64_t)(RTP_TWCC_CLOCK_US / 2))
		d -= (int64_t)RTP_TWCC_CLOCK_US;
	else if (d < -(int64_t)(RTP_TWCC_CLOCK_US / 2))
		d += (int64_t)RTP_TWCC_CLOCK_US;
	b->at_raw = at;
	b->at_us += (uint64_t)d;

	return b->at_us;
}


static void probe_packet(struct probe *p, const struct sent *s, uint64_t at)
{
	if (!p->open || (uint16_t)(s->seq - p->first) >=
	    (uint16_t)(p->end - p->first))
		return;

	if (!p->came || at < p->at_first) {
		p->at_first = at;
		p->first_bytes = s->bytes;
	}
	if (!p->came || at >= p->at_last)
		p->at_last = at;
	if (!p->came || s->us < p->sent_first)
		p->sent_first = s->us;
	if (!p->came || s->us >= p->sent_last) {
		p->sent_last = s->us;
		p->last_bytes = s->bytes;
	}
	++p->came;
	p->bytes += s->bytes;
}


static void packet_handler(uint16_t seq, bool came, uint64_t at, void *arg)
{
	struct rtp_bwe *b = arg;
	struct sent *s = &b->sentv[seq % RTP_BWE_SENT];
	bool old;

	if (!s->us || s->seq != seq)
		return;

	/* what went before the last cut says nothing of what goes now */
	old = s->us < b->loss.cut_us;
	if (came) {
		at = whole(b, at);
		++b->came;
		b->loss_came += !old;
		if (s->lost && !old && b->loss_lost)
			--b->loss_lost;
		rtp_est_packet(&b->est, s->us, at, s->bytes);
		probe_packet(&b->probe, s, at);
		s->us = 0;
	}
	else if (!s->lost) {
		++b->lost;        /* it may be in the next feedback yet   */
		b->loss_lost += !old;
		s->lost = true;
	}
}


static double rate(unsigned bytes, uint64_t from, uint64_t to)
{
	return to > from ? bytes * 8e6 / (double)(to - from) : 0;
}


static void probe_done(struct rtp_bwe *b)
{
	struct probe *p = &b->probe;
	const unsigned n = (uint16_t)(p->end - p->first);
	double sent, came, bps;

	p->open = false;
	if (p->came < RTP_BWE_PROBE || p->came * 10 < n * 8 ||
	    p->sent_last - p->sent_first > PROBE_SPAN_MAX_US)
		return;

	sent = rate(p->bytes - p->last_bytes, p->sent_first, p->sent_last);
	came = rate(p->bytes - p->first_bytes, p->at_first, p->at_last);
	if (sent <= 0)
		return;
	/* all at once at the end: some device has held it back */
	if (came <= 0 || came > 2 * sent)
		return;

	bps = min(sent, came);
	if (came < 0.9 * sent)
		bps *= 0.95;      /* the path is full                     */
	rtp_est_probed(&b->est, bps);
	if (p->came == n)
		rtp_loss_try(&b->loss, (uint64_t)bps);
}


static void losses(struct rtp_bwe *b, uint64_t now)
{
	const unsigned all = b->loss_came + b->loss_lost;

	if (all < LOSS_MIN || now - b->loss_since < LOSS_US)
		return;

	rtp_loss_told(&b->loss, (double)b->loss_lost / all, all,
		      rtp_bwe_sending(b, now),
		      max(b->loss_since, b->loss.cut_us), now);
	b->loss_came = b->loss_lost = 0;
	b->loss_since = now;
}


int rtp_bwe_feedback(struct rtp_bwe *b, const uint8_t *fci, size_t n,
		     int64_t rtt_us, uint64_t now)
{
	int err;

	if (!b->sentv)
		return EPROTO;

	b->came = b->lost = 0;
	err = rtp_twcc_parse(fci, n, packet_handler, b);
	if (b->came || b->lost) {
		b->fed_us = now;
		b->waits_us = 0;
	}
	b->est.sent_bps = (double)rtp_bwe_sending(b, now);
	b->est.own_loss = max(b->loss.own, min(b->loss.last, FEEDBACK_MUCH));
	if (b->came)
		rtp_est_step(&b->est, rtt_us, b->at_us);
	if (b->probe.open && !b->probe.on &&
	    (b->probe.came == (uint16_t)(b->probe.end - b->probe.first) ||
	     now >= b->probe.due))
		probe_done(b);
	losses(b, now);

	return err;
}


void rtp_bwe_probe(struct rtp_bwe *b, uint64_t now)
{
	b->probe = (struct probe){
		.on = true, .open = true, .first = b->seq,
		.end = (uint16_t)(b->seq + RTP_BWE_SENT / 2),
		.due = now + PROBE_US,
	};
}


void rtp_bwe_probed(struct rtp_bwe *b, uint64_t now)
{
	if (!b->probe.on)
		return;

	b->probe.on = false;
	b->probe.end = b->seq;
	b->probe.due = now + PROBE_US;
}


bool rtp_bwe_probing(const struct rtp_bwe *b)
{
	return b->probe.open;
}


bool rtp_bwe_told(const struct rtp_bwe *b)
{
	return b->twcc;
}


/* ---- reports --------------------------------------------------------- */

/* A peer that gets little says little more than that: it means "more than
 * this" until it means "too much", which is when we send more. */
void rtp_bwe_remb(struct rtp_bwe *b, uint64_t bps, uint64_t now)
{
	const uint64_t sending = rtp_bwe_sending(b, now);
	const bool falls = b->remb && bps < b->remb - b->remb / 32;

	b->remb = max(bps, (uint64_t)1);
	if (sending - sending / 20 <= b->remb)
		return;
	if (b->remb_try && !falls && now - b->try_us < TRY_US)
		return;           /* it grows towards what was tried      */

	b->remb_try = 0;
	++b->remb_cuts;
}


/* A queue that holds a quarter of a second more than at best; but some
 * tell times that are none: when less is sent and nothing changes, twice,
 * they are not believed any more. */
static void round_trip(struct rtp_bwe *b, int64_t rtt, uint64_t now)
{
	const double sending = (double)rtp_bwe_sending(b, now);

	if (rtt < 0 || rtt > RTT_MAX_US || b->rtt_lies >= RTT_LIES)
		return;
	if (b->rtt_min < 0 || rtt < b->rtt_min)
		b->rtt_min = rtt;

	if (b->rtt_cut && rtt > b->rtt_cut - b->rtt_cut / 5) {
		if (now - b->rtt_us < RTT_MAX_US)
			return;   /* the queue has not drained yet        */
		b->rtt_us = now;
		if (++b->rtt_lies == RTT_LIES)
			b->loss.bps = b->rtt_bps;
		return;
	}
	b->rtt_cut = 0;
	if (rtt < 2 * b->rtt_min || rtt < b->rtt_min + RTT_QUEUE_US)
		return;

	b->rtt_cut = rtt;
	b->rtt_us = now;
	b->rtt_bps = b->loss.bps;
	rtp_loss_cut(&b->loss, (uint64_t)(QUEUE_CUT * sending), now);
}


/* Of the time in which it was suspected: was there loss?  Whoever complains
 * of the little that any path loses is not listened to for a while. */
static void verdict(struct rtp_bwe *b, double loss, uint64_t since,
		    uint64_t now)
{
	if (!b->suspects)
		return;
	/* it began before what this report is about */
	if (since + RTP_BWE_KEYS_MS * 1000 / 2 > b->suspected_us) {
		b->suspects = 0;
		return;
	}

	if (loss >= 0.02) {
		b->wolf_us = b->wolf_until = 0;
		if (loss >= SURE || rtp_loss_doubts(&b->loss))
			b->suspects = 0;
		else
			rtp_loss_doubt(&b->loss, loss, b->suspect_sent,
				       b->suspect_bps, b->suspect_us);
		return;
	}
	b->suspects = 0;
	b->loss.bps = b->suspect_bps;
	b->wolf_us = b->wolf_us ? min(2 * b->wolf_us, WOLF_MAX_US) : WOLF_US;
	b->wolf_until = now + b->wolf_us;
}


void rtp_bwe_report(struct rtp_bwe *b, double loss, unsigned packets,
		    int64_t rtt_us, uint64_t since, uint64_t now)
{
	if (b->twcc)
		return;           /* counted from the feedback            */

	verdict(b, loss, since, now);
	if (loss >= SURE)
		b->sure_us = now;
	b->told_since = max(b->told_since, since);
	rtp_loss_told(&b->loss, loss, packets, rtp_bwe_sending(b, now), since,
		      now);
	round_trip(b, rtt_us, now);
}


uint64_t rtp_bwe_told_us(const struct rtp_bwe *b)
{
	return b->twcc ? b->fed_us : b->told_since;
}


/* Receiver reports may be five seconds apart; a peer whose picture breaks
 * asks at once, and again when the key frame is lost as well. */
void rtp_bwe_key_asked(struct rtp_bwe *b, uint64_t now)
{
	const uint64_t last = b->key_us;
	const bool tried = b->try_us && now - b->try_us < TRIED_US;
	const uint64_t sending = rtp_bwe_sending(b, now);
	uint64_t cut;

	b->key_us = now;
	if (b->twcc || b->loss.own > 0.02 ||
	    (now < b->wolf_until && !tried))
		return;
	/* of a step that was only tried one complaint is enough */
	if (!tried && (!last || now - last > RTP_BWE_KEYS_MS * 1000 ||
		       b->suspects >= SUSPECTS))
		return;
	if (b->suspect_us && now - b->suspect_us < SUSPECT_US)
		return;
	cut = max((uint64_t)(SUSPECT_CUT * (double)sending),
		  b->sure_us && now - b->sure_us < SURE_US ?
		  SUSPECT_LEAST : SUSPECT_MIN);
	if (b->loss.bps > 0 && (double)cut >= b->loss.bps)
		return;

	b->try_us = 0;
	if (!b->suspects++) {
		b->suspected_us = now;
		b->suspect_bps = b->loss.bps;
		b->suspect_sent = (double)sending;
	}
	b->suspect_us = now;
	++b->complaints;
	rtp_loss_cut(&b->loss, cut, now);
}


void rtp_bwe_jammed(struct rtp_bwe *b, uint64_t now)
{
	const double bps = JAM_CUT * (double)rtp_bwe_sending(b, now);

	if (b->twcc)
		rtp_est_cut(&b->est, bps, b->at_us);
	else
		rtp_loss_cut(&b->loss, (uint64_t)bps, now);
}


/* ---- the answer ------------------------------------------------------ */

void rtp_bwe_try(struct rtp_bwe *b, uint64_t bps, uint64_t now)
{
	rtp_loss_try(&b->loss, bps);
	if (b->twcc)
		rtp_est_probed(&b->est, (double)bps);
	b->remb_try = bps;
	b->try_us = now;
}


uint64_t rtp_bwe_due(const struct rtp_bwe *b)
{
	uint64_t due;

	if (b->probe.open && !b->probe.on)
		return b->probe.due;
	if (!b->twcc || !b->waits_us)
		return UINT64_MAX;

	due = b->waits_us + RTP_BWE_SILENT_MS * 1000;

	return max(due, b->silent_us + SILENT_US);
}


/* Feedback used to come: now it is lost, or all that we send is */
void rtp_bwe_run(struct rtp_bwe *b, uint64_t now)
{
	if (now < rtp_bwe_due(b))
		return;
	if (b->probe.open && !b->probe.on) {
		probe_done(b);
		return;
	}

	b->silent_us = now;
	rtp_est_cut(&b->est, SILENT_CUT * (double)rtp_bwe_bps(b), b->at_us);
}


bool rtp_bwe_bound(const struct rtp_bwe *b)
{
	return b->est.bound || b->loss.bps > 0 || (b->remb && !b->twcc);
}


uint64_t rtp_bwe_bps(const struct rtp_bwe *b)
{
	uint64_t bps = UINT64_MAX;

	if (b->twcc)
		bps = (uint64_t)b->est.bps;
	else if (b->remb)
		bps = max(b->remb, b->remb_try);
	if (b->loss.bps > 0)
		bps = min(bps, (uint64_t)b->loss.bps);

	return bps == UINT64_MAX ? 0 : bps;
}


double rtp_bwe_queue_ms(const struct rtp_bwe *b)
{
	return max(0.0, min(rtp_est_queue_ms(&b->est), 10000.0));
}


unsigned rtp_bwe_cuts(const struct rtp_bwe *b)
{
	return b->est.cuts + b->loss.cuts + b->remb_cuts;
}


unsigned rtp_bwe_complaints(const struct rtp_bwe *b)
{
	return b->complaints;
}


double rtp_bwe_loss(const struct rtp_bwe *b)
{
	return b->loss.last;
}


double rtp_bwe_own_loss(const struct rtp_bwe *b)
{
	return b->loss.own;
}
