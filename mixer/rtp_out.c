/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_out.c -- a stream to one leg; see rtp_out.h
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "mixer/rtp_out.h"

enum {
	HDR = 12,
	OSN = 2,                  /* RFC 4588: the original number        */
	CAPTURE_US = 1000000,     /* between two capture times            */
	FLOW_BITS = 3,            /* of an SSRC, tell a transport's flows */
	OVERHEAD  = 28,           /* of UDP and IPv4                      */
	RATE_MIN_BPS = 30000,     /* what the last rung of a ladder costs    */
	RESEND_FEW = 30,          /* repeats are no more than what was sent
	                           * in 200 ms, and these                 */
	RESEND_WAIT_US = 100000,   /* more waits than this: no repeats     */
};

/* What the header extensions of a packet said: a plain repeat must be the
 * same to the last bit, for it is sealed with the same nonce, and with GCM
 * two texts under one nonce give the key of the seal away (RFC 7714
 * section 8.4). */
struct said {
	uint64_t capture_ntp;     /* 0: nothing                           */
	uint32_t abs_send;
	uint16_t twcc;
	bool twcc_on;
};

/* What was sent: where to find it, not what it was */
struct sent {
	struct unit *unit;        /* NULL: unused                         */
	uint64_t when;            /* last sent                            */
	uint64_t first;
	uint32_t ts;
	uint16_t pay;
	uint16_t seq;
	uint8_t pt, rtx_pt;
	bool marker;
	uint8_t resent;
	struct said said;
};

/* A stream of packets: the medium's, or its retransmissions */
struct flow {
	uint32_t ssrc;            /* [I]                                  */
	uint16_t seq;             /* of the next packet                   */
};

struct waiting {
	struct unit *unit;
	unsigned next;            /* payload                              */
	unsigned group;           /* payloads a step                      */
	uint32_t ts;
	uint64_t since;
	uint8_t pt, rtx_pt;
};

struct rtp_out {
	struct flow main, rtx;
	struct rtp_out_stats st;
	rtp_out_h *outh;
	void *arg;
	struct rtp_out_cfg cfg;
	uint8_t rtx_pt;           /* of what is sent now, 0: none         */
	uint64_t capture_us;      /* last capture time told               */

	struct sent *sentv;       /* [seq % RTP_OUT_HISTORY], or NULL     */
	uint64_t resend_slot;     /* 100 ms                               */
	unsigned resends;         /* in it                                */
	uint64_t slot;            /* 100 ms, …                            */
	unsigned slot_sent, slot_before;  /* … packets in it, before it   */

	struct waiting waitv[RTP_OUT_WAIT];       /* from first on, a ring */
	unsigned first, waitc;
	uint64_t due;             /* of the next group …                  */
	uint64_t bps;             /* … by this rate, 0: by its span       */

	struct {
		size_t left;      /* bytes, 0: none                       */
		uint64_t bps, due;
		unsigned pad;
	} probe;
	uint32_t last_ts;
};


static void destructor(void *arg)
{
	struct rtp_out *o = arg;

	rtp_out_clear(o);
	mem_deref(o->sentv);
}


static void flow_init(struct flow *flow)
{
	do {
		flow->ssrc = rand_u32();
	} while (!(flow->ssrc >> FLOW_BITS));
	flow->seq = rand_u16();
}


int rtp_out_alloc(struct rtp_out **op, bool history, rtp_out_h *outh,
		  void *arg)
{
	struct rtp_out *o;

	if (!op || !outh)
		return EINVAL;

	o = mem_zalloc(sizeof(*o), destructor);
	if (!o)
		return ENOMEM;

	if (history) {
		o->sentv = mem_zalloc(RTP_OUT_HISTORY * sizeof(*o->sentv),
				      NULL);
		if (!o->sentv) {
			mem_deref(o);
			return ENOMEM;
		}
	}

	flow_init(&o->main);
	flow_init(&o->rtx);
	o->outh = outh;
	o->arg  = arg;
	*op = o;

	return 0;
}


void rtp_out_first(struct rtp_out *o, uint16_t seq)
{
	o->main.seq = seq;
}


void rtp_out_cfg(struct rtp_out *o, const struct rtp_out_cfg *cfg)
{
	const uint32_t mask = (1u << FLOW_BITS) - 1;

	o->cfg = *cfg;
	o->main.ssrc = (o->main.ssrc & ~mask) | (2 * cfg->index & mask);
	o->rtx.ssrc  = (o->rtx.ssrc & ~mask) | ((2 * cfg->index + 1) & mask);
}


void rtp_out_rtx(struct rtp_out *o, uint8_t rtx_pt)
{
	o->rtx_pt = rtx_pt;
}


uint32_t rtp_out_ssrc(const struct rtp_out *o)
{
	return o->main.ssrc;
}


uint32_t rtp_out_rtx_ssrc(const struct rtp_out *o)
{
	return o->rtx.ssrc;
}


const struct rtp_out_stats *rtp_out_stats(const struct rtp_out *o)
{
	return &o->st;
}


static void put32(uint8_t *h, uint32_t v)
{
	h[0] = (uint8_t)(v >> 24);
	h[1] = (uint8_t)(v >> 16);
	h[2] = (uint8_t)(v >> 8);
	h[3] = (uint8_t)v;
}


/* What the extensions are to say; bytes: the packet is about so long */
static void say(struct rtp_out *o, struct sent *s, size_t bytes, uint64_t now)
{
	const struct ticket_media *m = o->cfg.m;

	if (!m)
		return;

	memset(&s->said, 0, sizeof(s->said));
	s->said.abs_send = rtp_ext_abs(now);
	if (m->ext_capture && !s->pay && s->unit->pts_us &&
	    now - o->capture_us >= CAPTURE_US) {
		o->capture_us = now;
		s->said.capture_ntp = clock_ntp(s->unit->pts_us);
	}
	if (m->ext_twcc && o->cfg.numh) {
		s->said.twcc_on = true;
		s->said.twcc = o->cfg.numh(bytes, now, o->cfg.arg);
	}
}


/* Header extensions behind the header; their length */
static size_t extensions(const struct rtp_out *o, uint8_t *b,
			 const struct said *said)
{
	const struct ticket_media *m = o->cfg.m;
	struct rtp_ext x;

	if (!m || !(m->ext_mid || m->ext_twcc || m->ext_abs_send ||
		    m->ext_capture))
		return 0;

	memset(&x, 0, sizeof(x));
	memcpy(x.mid, m->mid, sizeof(x.mid));
	x.abs_on   = m->ext_abs_send;
	x.abs_send = said->abs_send;
	x.twcc_on  = said->twcc_on;
	x.twcc     = said->twcc;
	x.capture_on  = said->capture_ntp;
	x.capture_ntp = said->capture_ntp;

	return rtp_ext_write(b, m, &x);
}


static void emit(struct rtp_out *o, struct flow *flow, const struct sent *s)
{
	struct unit_payload *p = &s->unit->payv[s->pay];
	const bool rtx = flow == &o->rtx;
	uint8_t h[HDR + RTP_EXT_MAX + OSN];
	size_t n;

	/* a plain repeat has the number it had */
	const uint16_t seq = rtx ? flow->seq++ : s->seq;

	h[0] = 0x80;
	h[1] = (uint8_t)(s->marker << 7 | (rtx ? s->rtx_pt : s->pt));
	h[2] = (uint8_t)(seq >> 8);
	h[3] = (uint8_t)seq;
	put32(h + 4, s->ts);
	put32(h + 8, flow->ssrc);
	n = extensions(o, h + HDR, &s->said);
	if (n)
		h[0] |= 0x10;
	n += HDR;
	if (rtx) {
		h[n++] = (uint8_t)(s->seq >> 8);
		h[n++] = (uint8_t)s->seq;
	}

	struct iovec iov[3] = {
		{ .iov_base = h,                       .iov_len = n },
		{ .iov_base = p->hdr,                  .iov_len = p->hdrlen },
		{ .iov_base = s->unit->data + p->off,  .iov_len = p->len },
	};
	o->outh(iov, 3, o->arg);
}


static void remember(struct rtp_out *o, const struct sent *sent)
{
	struct sent *s = &o->sentv[sent->seq % RTP_OUT_HISTORY];

	unit_unref(s->unit);
	*s = *sent;
	(void)unit_ref(s->unit);
}


static void count_slot(struct rtp_out *o, uint64_t now)
{
	const uint64_t slot = now / 100000;

	if (slot == o->slot)
		return;
	o->slot_before = slot == o->slot + 1 ? o->slot_sent : 0;
	o->slot_sent = 0;
	o->slot = slot;
}


static void send_one(struct rtp_out *o, struct unit *unit, unsigned pay,
		     uint8_t pt, uint8_t rtx_pt, bool marker, uint32_t ts,
		     uint64_t now)
{
	const struct unit_payload *p = &unit->payv[pay];
	struct sent s = {
		.unit = unit, .pay = (uint16_t)pay, .seq = o->main.seq++,
		.pt = pt, .rtx_pt = rtx_pt, .marker = marker, .ts = ts,
		.when = now, .first = now,
	};

	say(o, &s, HDR + p->hdrlen + p->len, now);
	if (o->sentv)
		remember(o, &s);
	count_slot(o, now);
	++o->slot_sent;
	++o->st.packets;
	o->st.bytes += p->hdrlen + p->len;
	emit(o, &o->main, &s);
}


void rtp_out_send(struct rtp_out *o, struct unit *unit, uint8_t pt,
		  bool marker, uint32_t ts, uint64_t now)
{
	unsigned i;

	for (i = 0; i < unit->payc; i++)
		send_one(o, unit, i, pt, o->rtx_pt,
			 marker || unit->payv[i].marker, ts, now);
}


/* ---- pacing ---------------------------------------------------------- */

static struct waiting *first(struct rtp_out *o)
{
	return &o->waitv[o->first];
}


static void drop_first(struct rtp_out *o)
{
	unit_unref(first(o)->unit);
	first(o)->unit = NULL;
	o->first = (o->first + 1) % RTP_OUT_WAIT;
	--o->waitc;
}


void rtp_out_flush(struct rtp_out *o)
{
	while (o->waitc)
		drop_first(o);
}


/* Some more of the picture that waits; bytes on the way */
static size_t send_some(struct rtp_out *o, unsigned n, uint64_t now)
{
	struct waiting *w = first(o);
	size_t bytes = 0;

	n = min(n, w->unit->payc - w->next);
	while (n--) {
		const unsigned i = w->next++;

		bytes += HDR + w->unit->payv[i].hdrlen + w->unit->payv[i].len;
		send_one(o, w->unit, i, w->pt, w->rtx_pt,
			 w->unit->payv[i].marker, w->ts, now);
	}
	if (w->next == w->unit->payc)
		drop_first(o);

	return bytes;
}


/* One packet after another, none before its time */
static void run_rate(struct rtp_out *o, uint64_t now)
{
	size_t bytes;

	/* who was idle may send this much at once, not more */
	o->due = max(o->due, now - min(now, (uint64_t)RTP_OUT_STEP_US));
	while (o->waitc && o->due <= now) {
		bytes = send_some(o, 1, now) + OVERHEAD;
		o->due += bytes * 8 * 1000000 / o->bps;
	}
}


void rtp_out_rate(struct rtp_out *o, uint64_t bps, uint64_t now)
{
	if (!o->bps != !bps)
		o->due = now;
	o->bps = bps ? max(bps, (uint64_t)RATE_MIN_BPS) : 0;
}


static bool jammed(struct rtp_out *o, uint64_t now)
{
	const uint64_t key_us = o->bps ?
		RTP_OUT_KEY_BITS * 1000000ull / o->bps : 0;

	return o->waitc == RTP_OUT_WAIT || (o->waitc &&
		now - first(o)->since > RTP_OUT_JAM_MS * 1000ull + key_us);
}


int rtp_out_pace(struct rtp_out *o, struct unit *unit, uint8_t pt,
		 uint32_t ts, uint64_t span_us, uint64_t now)
{
	const unsigned steps = max(1u, (unsigned)(span_us / RTP_OUT_STEP_US));
	struct waiting *w;

	if (!unit->payc)
		return 0;

	/* the picture before must not delay this one */
	while (o->waitc && !o->bps)
		(void)send_some(o, UINT_MAX, now);
	if (jammed(o, now)) {
		rtp_out_flush(o);
		++o->st.jams;
		return ENOBUFS;
	}

	w = &o->waitv[(o->first + o->waitc++) % RTP_OUT_WAIT];
	w->unit  = unit_ref(unit);
	w->next  = 0;
	w->ts    = ts;
	w->since = now;
	w->pt    = pt;
	w->rtx_pt = o->rtx_pt;
	w->group = max((unsigned)RTP_OUT_BURST,
		       (unit->payc + steps - 1) / steps);
	o->last_ts = ts;
	if (o->bps) {
		run_rate(o, now);
		return 0;
	}

	(void)send_some(o, w->group, now);
	o->due = now + RTP_OUT_STEP_US;

	return 0;
}


/* ---- probes ---------------------------------------------------------- */

/* Nothing but padding, RFC 3550 section 5.1, of the retransmissions' SSRC:
 * the receiver throws it away and tells when it came. */
static size_t send_padding(struct rtp_out *o, uint64_t now)
{
	uint8_t pad[RTP_OUT_PAD] = {0};
	const uint16_t seq = o->rtx.seq++;
	struct sent s = { .pay = 1 };     /* tells no capture time        */
	uint8_t h[HDR + RTP_EXT_MAX];
	size_t n;

	pad[o->probe.pad - 1] = (uint8_t)o->probe.pad;
	say(o, &s, HDR + o->probe.pad, now);
	h[0] = 0xa0;
	h[1] = o->rtx_pt;
	h[2] = (uint8_t)(seq >> 8);
	h[3] = (uint8_t)seq;
	put32(h + 4, o->last_ts);
	put32(h + 8, o->rtx.ssrc);
	n = extensions(o, h + HDR, &s.said);
	if (n)
		h[0] |= 0x10;
	n += HDR;
	++o->st.padded;

	struct iovec iov[2] = {
		{ .iov_base = h,           .iov_len = n },
		{ .iov_base = pad,         .iov_len = o->probe.pad },
	};
	o->outh(iov, 2, o->arg);

	return n + o->probe.pad;
}


void rtp_out_probe(struct rtp_out *o, uint64_t bps, unsigned pad,
		   size_t bytes, uint64_t now)
{
	if (!o->rtx_pt || !bps)
		return;

	o->probe.left = bytes;
	o->probe.bps  = bps;
	o->probe.pad  = max(1u, min(pad, (unsigned)RTP_OUT_PAD));
	o->probe.due  = now;
}


bool rtp_out_probing(const struct rtp_out *o)
{
	return o->probe.left;
}


static void run_probe(struct rtp_out *o, uint64_t now)
{
	size_t n;

	if (!o->rtx_pt)
		o->probe.left = 0;
	while (o->probe.left && o->probe.due <= now) {
		n = send_padding(o, now) + OVERHEAD;
		o->probe.left -= min(n, o->probe.left);
		o->probe.due += n * 8 * 1000000 / o->probe.bps;
	}
}


void rtp_out_run(struct rtp_out *o, uint64_t now)
{
	if (o->bps)
		run_rate(o, now);
	while (o->waitc && !o->bps && o->due <= now) {
		(void)send_some(o, first(o)->group, now);
		o->due += RTP_OUT_STEP_US;
	}
	run_probe(o, now);
}


uint64_t rtp_out_due(const struct rtp_out *o)
{
	const uint64_t due = o->waitc ? o->due : UINT64_MAX;

	return o->probe.left ? min(due, o->probe.due) : due;
}


/* As RTX: a packet of its own, with a number and a time of its own */
static void emit_rtx(struct rtp_out *o, const struct sent *was, uint64_t now)
{
	const struct unit_payload *p = &was->unit->payv[was->pay];
	struct sent s = *was;

	say(o, &s, HDR + OSN + p->hdrlen + p->len, now);
	emit(o, &o->rtx, &s);
}


static void resend(struct rtp_out *o, uint16_t seq, uint64_t now)
{
	struct sent *s = &o->sentv[seq % RTP_OUT_HISTORY];

	if (!s->unit || s->seq != seq ||
	    now - s->first > RTP_OUT_KEEP_MS * 1000)
		return;

	/* whoever asks in every report gets it again, but not in a storm */
	if (s->resent >= RTP_OUT_TIMES || (s->resent && now - s->when < 10000))
		return;
	if (o->resend_slot != now / 100000) {
		o->resend_slot = now / 100000;
		o->resends = 0;
	}
	count_slot(o, now);
	if (o->resends >= RTP_OUT_RESENDS ||
	    o->resends > RESEND_FEW + o->slot_sent + o->slot_before)
		return;
	/* on a narrow path it takes the place of something else, and what
	 * was lost for want of room is not worth more than what follows */
	if (o->bps) {
		if (o->due > now + RESEND_WAIT_US)
			return;
		o->due = max(o->due, now) + (s->unit->payv[s->pay].len +
			HDR + OVERHEAD) * 8000000ull / o->bps;
	}

	++o->resends;
	++o->st.resent;
	++s->resent;
	s->when = now;
	if (s->rtx_pt)
		emit_rtx(o, s, now);
	else
		emit(o, &o->main, s);
}


void rtp_out_nack(struct rtp_out *o, uint16_t pid, uint16_t blp,
		  uint64_t now)
{
	unsigned i;

	if (!o->sentv)
		return;

	resend(o, pid, now);
	for (i = 0; i < 16; i++) {
		if (blp >> i & 1)
			resend(o, (uint16_t)(pid + 1 + i), now);
	}
}


void rtp_out_forget(struct rtp_out *o)
{
	unsigned i;

	for (i = 0; o->sentv && i < RTP_OUT_HISTORY; i++) {
		unit_unref(o->sentv[i].unit);
		o->sentv[i].unit = NULL;
	}
}


void rtp_out_clear(struct rtp_out *o)
{
	rtp_out_flush(o);
	o->probe.left = 0;
	rtp_out_forget(o);
}
