/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_out.c -- a stream to one leg; see rtp_out.h
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_out.h"

enum { HDR = 12 };

struct sent {
	struct unit *unit;        /* NULL: unused                         */
	unsigned pay;
	uint16_t seq;
	uint8_t hdr[HDR];
	uint8_t resent;
	uint64_t when;            /* last sent                            */
	uint64_t first;
};

struct waiting {
	struct unit *unit;
	unsigned next;            /* payload                              */
	unsigned group;           /* payloads a step                      */
	uint32_t ts;
	uint8_t pt;
};

struct rtp_out {
	uint32_t ssrc;            /* [I]                                  */
	uint16_t seq;             /* of the next packet                   */
	struct rtp_out_stats st;
	rtp_out_h *outh;
	void *arg;

	struct sent *sentv;       /* [seq % RTP_OUT_HISTORY], or NULL     */
	uint64_t resend_slot;     /* 100 ms                               */
	unsigned resends;         /* in it                                */

	struct waiting wait;      /* unit NULL: nothing                   */
	uint64_t due;
};


static void destructor(void *arg)
{
	struct rtp_out *o = arg;

	rtp_out_clear(o);
	mem_deref(o->sentv);
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

	do {
		o->ssrc = rand_u32();
	} while (!o->ssrc);
	o->seq  = rand_u16();
	o->outh = outh;
	o->arg  = arg;
	*op = o;

	return 0;
}


uint32_t rtp_out_ssrc(const struct rtp_out *o)
{
	return o->ssrc;
}


const struct rtp_out_stats *rtp_out_stats(const struct rtp_out *o)
{
	return &o->st;
}


static void make_header(const struct rtp_out *o, uint8_t *h, uint8_t pt,
			bool marker, uint32_t ts)
{
	h[0] = 0x80;
	h[1] = (uint8_t)(marker << 7 | pt);
	h[2] = (uint8_t)(o->seq >> 8);
	h[3] = (uint8_t)o->seq;
	h[4] = (uint8_t)(ts >> 24);
	h[5] = (uint8_t)(ts >> 16);
	h[6] = (uint8_t)(ts >> 8);
	h[7] = (uint8_t)ts;
	h[8] = (uint8_t)(o->ssrc >> 24);
	h[9] = (uint8_t)(o->ssrc >> 16);
	h[10] = (uint8_t)(o->ssrc >> 8);
	h[11] = (uint8_t)o->ssrc;
}


static void emit(struct rtp_out *o, uint8_t *hdr, struct unit *unit,
		 unsigned pay)
{
	struct unit_payload *p = &unit->payv[pay];
	struct iovec iov[3] = {
		{ .iov_base = hdr,                  .iov_len = HDR },
		{ .iov_base = p->hdr,               .iov_len = p->hdrlen },
		{ .iov_base = unit->data + p->off,  .iov_len = p->len },
	};

	o->outh(iov, 3, o->arg);
}


static void remember(struct rtp_out *o, const uint8_t *hdr,
		     struct unit *unit, unsigned pay, uint64_t now)
{
	struct sent *s = &o->sentv[o->seq % RTP_OUT_HISTORY];

	unit_unref(s->unit);
	s->unit   = unit_ref(unit);
	s->pay    = pay;
	s->seq    = o->seq;
	s->resent = 0;
	s->when   = s->first = now;
	memcpy(s->hdr, hdr, HDR);
}


static void send_one(struct rtp_out *o, struct unit *unit, unsigned pay,
		     uint8_t pt, bool marker, uint32_t ts, uint64_t now)
{
	const struct unit_payload *p = &unit->payv[pay];
	uint8_t hdr[HDR];

	make_header(o, hdr, pt, marker, ts);
	if (o->sentv)
		remember(o, hdr, unit, pay, now);
	++o->seq;
	++o->st.packets;
	o->st.bytes += p->hdrlen + p->len;
	emit(o, hdr, unit, pay);
}


void rtp_out_send(struct rtp_out *o, struct unit *unit, uint8_t pt,
		  bool marker, uint32_t ts, uint64_t now)
{
	unsigned i;

	for (i = 0; i < unit->payc; i++)
		send_one(o, unit, i, pt, marker || unit->payv[i].marker, ts,
			 now);
}


/* Some more of the picture that waits */
static void send_some(struct rtp_out *o, unsigned n, uint64_t now)
{
	struct waiting *w = &o->wait;

	n = min(n, w->unit->payc - w->next);
	while (n--) {
		const unsigned i = w->next++;

		send_one(o, w->unit, i, w->pt, w->unit->payv[i].marker,
			 w->ts, now);
	}
	if (w->next < w->unit->payc)
		return;

	unit_unref(w->unit);
	w->unit = NULL;
}


void rtp_out_pace(struct rtp_out *o, struct unit *unit, uint8_t pt,
		  uint32_t ts, uint64_t span_us, uint64_t now)
{
	const unsigned steps = max(1u, (unsigned)(span_us / RTP_OUT_STEP_US));
	struct waiting *w = &o->wait;

	if (!unit->payc)
		return;

	/* the picture before must not delay this one */
	if (w->unit)
		send_some(o, w->unit->payc, now);

	w->unit  = unit_ref(unit);
	w->next  = 0;
	w->ts    = ts;
	w->pt    = pt;
	w->group = max((unsigned)RTP_OUT_BURST,
		       (unit->payc + steps - 1) / steps);

	send_some(o, w->group, now);
	o->due = now + RTP_OUT_STEP_US;
}


void rtp_out_run(struct rtp_out *o, uint64_t now)
{
	while (o->wait.unit && o->due <= now) {
		send_some(o, o->wait.group, now);
		o->due += RTP_OUT_STEP_US;
	}
}


uint64_t rtp_out_due(const struct rtp_out *o)
{
	return o->wait.unit ? o->due : UINT64_MAX;
}


static void resend(struct rtp_out *o, uint16_t seq, uint64_t now)
{
	struct sent *s = &o->sentv[seq % RTP_OUT_HISTORY];

	if (!s->unit || s->seq != seq ||
	    now - s->first > RTP_OUT_KEEP_MS * 1000)
		return;

	/* whoever asks in every report gets it again, but not in a storm */
	if (s->resent >= 4 || (s->resent && now - s->when < 10000))
		return;
	if (o->resend_slot != now / 100000) {
		o->resend_slot = now / 100000;
		o->resends = 0;
	}
	if (o->resends >= RTP_OUT_RESENDS)
		return;

	++o->resends;
	++o->st.resent;
	++s->resent;
	s->when = now;
	emit(o, s->hdr, s->unit, s->pay);
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


void rtp_out_clear(struct rtp_out *o)
{
	unsigned i;

	unit_unref(o->wait.unit);
	o->wait.unit = NULL;

	for (i = 0; o->sentv && i < RTP_OUT_HISTORY; i++) {
		unit_unref(o->sentv[i].unit);
		o->sentv[i].unit = NULL;
	}
}
