/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/rtc_wire.c -- a net_rtc and a fake peer, joined by a fake wire
 */
#include <string.h>

#include "tests/fake/rtc_wire.h"

enum { DELAY_US = 5000, HOLD_US = 30000 };

struct dgram {
	struct le le;
	struct sa src;
	uint64_t due;
	int dir;
	size_t n;
	uint8_t b[];
};

static void put(struct rtc_wire *w, int dir, const uint8_t *p, size_t n,
		uint64_t delay)
{
	struct dgram *d = mem_zalloc(sizeof(*d) + n, NULL);

	if (!d)
		return;
	d->src = w->src;
	d->dir = dir;
	d->due = w->now + delay;
	d->n = n;
	memcpy(d->b, p, n);
	list_append(&w->queue, &d->le, d);
}

static void push(struct rtc_wire *w, int dir, const uint8_t *p, size_t n)
{
	uint64_t delay = DELAY_US;

	if (dir == IN && w->deaf)
		return;
	if (p[0] >= 20 && p[0] <= 63) {
		const int count = (int)w->countv[dir]++;

		if (dir == OUT && n > w->largest)
			w->largest = n;
		if (count == w->dropv[dir])
			return;
		if (count == w->holdv[dir])
			delay += HOLD_US;
		if (w->dup)
			put(w, dir, p, n, delay + 1000);
	}
	put(w, dir, p, n, delay);
}

/* ---- what net_rtc says ---------------------------------------------- */

static void send_handler(const struct sa *dst, const uint8_t *p, size_t n,
			 void *arg)
{
	struct rtc_wire *w = arg;

	++w->sent;
	w->dst = *dst;
	if (sa_cmp(dst, &w->src, SA_ALL))
		push(w, OUT, p, n);
}

static void keep(struct rtc_wire *w, const uint8_t *p, size_t n)
{
	memcpy(w->last, p, n);
	w->last_len = n;
}

static void rtp_handler(uint8_t *p, size_t n, uint64_t now, void *arg)
{
	struct rtc_wire *w = arg;

	(void)now;
	++w->rtp;
	keep(w, p, n);
	memset(p, 0xee, n);       /* it may be changed                    */
}

static void rtcp_handler(uint8_t *p, size_t n, uint64_t now, void *arg)
{
	struct rtc_wire *w = arg;

	(void)now;
	++w->rtcp;
	keep(w, p, n);
}

static void state_handler(enum rtc_state state, const char *text, void *arg)
{
	struct rtc_wire *w = arg;

	w->state = state;
	str_ncpy(w->text, text, sizeof(w->text));
	++w->statec;
}

/* As tuttid does: through the message, into its ticket */
static void news_handler(const struct ticket_rtc *rtc, void *arg)
{
	struct rtc_wire *w = arg;
	json_t *news = ticket_rtc_encode_news(rtc);

	if (!ticket_rtc_news(&w->t, news))
		++w->newsc;
	json_decref(news);
}

static const struct net_rtc_h handlers = {
	.sendh = send_handler, .rtph = rtp_handler, .rtcph = rtcp_handler,
	.stateh = state_handler, .newsh = news_handler,
};

static void peer_send_handler(const uint8_t *p, size_t n, void *arg)
{
	push(arg, IN, p, n);
}

/* ---- the wire ------------------------------------------------------- */

static void wire_destructor(void *arg)
{
	struct rtc_wire *w = arg;

	mem_deref(w->r);
	mem_deref(w->p);
	list_flush(&w->queue);
}

int rtc_wire_alloc(struct rtc_wire **wp, const struct rtc_peer_cfg *cfg,
		   bool active)
{
	static char pem[TICKET_PEM_MAX];
	static uint8_t fingerprint[32];
	struct rtc_wire *w = mem_zalloc(sizeof(*w), wire_destructor);
	struct rtc_peer_cfg c = *cfg;
	struct ticket_rtc *rtc;
	int err;

	on_loop();

	if (!w)
		return ENOMEM;

	w->now = 1000000000ull;
	rtc_peer_clock(w->now);
	w->dropv[IN] = w->dropv[OUT] = w->holdv[IN] = w->holdv[OUT] = -1;
	sa_set_str(&w->src, "192.0.2.7", 40000);
	ticket_init(&w->t, 1);
	rtc = &w->t.rtc;
	rtc->on = true;
	str_ncpy(rtc->lufrag, "ours", sizeof(rtc->lufrag));
	str_ncpy(rtc->lpwd, "0123456789abcdef012345", sizeof(rtc->lpwd));
	str_ncpy(rtc->rufrag, "t+/s", sizeof(rtc->rufrag));
	str_ncpy(rtc->rpwd, "543210fedcba9876543210", sizeof(rtc->rpwd));
	rtc->active = active;
	c.server = active;
	c.user = "ours:t+/s";
	c.pwd = "0123456789abcdef012345";

	err = pem[0] ? 0 : rtc_peer_pem(pem, sizeof(pem), fingerprint);
	if (!err)
		err = rtc_peer_alloc(&w->p, &c, peer_send_handler, w);
	if (err)
		goto out;

	str_ncpy(rtc->pem, pem, sizeof(rtc->pem));
	memcpy(rtc->fingerprint, w->p->fingerprint, 32);
	err = net_rtc_alloc(&w->r, rtc, &handlers, w, w->now);
 out:
	if (err)
		mem_deref(w);
	else
		*wp = w;

	return err;
}

int rtc_wire_takeover(struct rtc_wire *w)
{
	json_t *o = ticket_encode(&w->t);
	struct ticket t;
	char why[128];
	int err;

	on_loop();

	err = ticket_decode(&t, o, why, sizeof(why));
	json_decref(o);
	if (err)
		return err;

	w->r = mem_deref(w->r);
	w->state = RTC_NEW;
	++w->ssrc;

	return net_rtc_alloc(&w->r, &t.rtc, &handlers, w, w->now);
}

static void deliver(struct rtc_wire *w)
{
	struct le *le = w->queue.head;

	on_loop();

	while (le) {
		struct dgram *d = le->data;

		le = le->next;
		if (d->due > w->now)
			continue;
		list_unlink(&d->le);
		if (d->dir == IN)
			net_rtc_recv(w->r, &d->src, d->b, d->n, w->now);
		else
			rtc_peer_recv(w->p, d->b, d->n);
		mem_deref(d);
		le = w->queue.head;
	}
}

void rtc_wire_run(struct rtc_wire *w, unsigned ms)
{
	on_loop();

	while (ms--) {
		w->now += 1000;
		rtc_peer_clock(w->now);
		deliver(w);
		rtc_peer_run(w->p);
		if (w->now >= net_rtc_due(w->r))
			net_rtc_run(w->r, w->now);
	}
}

int rtc_wire_until(struct rtc_wire *w, enum rtc_state state, unsigned ms)
{
	while (ms-- && w->state != state)
		rtc_wire_run(w, 1);

	return w->state == state ? 0 : ETIMEDOUT;
}

void rtc_wire_check(struct rtc_wire *w, unsigned flags)
{
	uint8_t buf[1024];
	size_t n;

	n = rtc_peer_check(w->p, flags, buf, sizeof(buf));
	if (n)
		push(w, IN, buf, n);
	rtc_wire_run(w, 12);
}

int rtc_wire_connect(struct rtc_wire *w)
{
	int err;

	rtc_wire_check(w, CHECK_NOMINATE);
	if (!w->p->cfg.server)
		rtc_peer_start(w->p);
	err = rtc_wire_until(w, RTC_CONNECTED, 8000);
	if (!err)
		rtc_wire_run(w, 20);

	return err;
}

int rtc_wire_up(struct rtc_wire **wp, const struct rtc_peer_cfg *cfg)
{
	int err = rtc_wire_alloc(wp, cfg, false);

	return err ? err : rtc_wire_connect(*wp);
}

void rtc_wire_rtp(struct rtc_wire *w, uint32_t ssrc, uint16_t seq)
{
	uint8_t buf[512];
	size_t n = rtc_peer_rtp(w->p, ssrc, seq, 100, buf);

	if (n)
		push(w, IN, buf, n);
	rtc_wire_run(w, 6);
}

bool rtc_wire_works(struct rtc_wire *w)
{
	static uint16_t seq;
	uint8_t hdr[12] = {0x80, 111}, body[160], rr[8] = {0x80, 201, 0, 1};
	const struct iovec iov[2] = {{hdr, sizeof(hdr)},
				     {body, sizeof(body)}};
	const struct iovec riov = {rr, sizeof(rr)};
	const unsigned rtp = w->rtp, rtcp = w->rtcp;
	const unsigned prtp = w->p->rtp, prtcp = w->p->rtcp;
	uint8_t buf[256];
	size_t n;

	on_loop();

	++seq;
	hdr[2] = (uint8_t)(seq >> 8);
	hdr[3] = (uint8_t)seq;
	hdr[11] = rr[7] = w->ssrc;
	memset(body, 0x33, sizeof(body));
	if (net_rtc_send_rtp(w->r, iov, 2) || net_rtc_send_rtcp(w->r, &riov, 1))
		return false;
	rtc_wire_run(w, 10);
	if (w->p->rtp != prtp + 1 || w->p->rtcp != prtcp + 1)
		return false;

	n = rtc_peer_rtcp(w->p, 77, buf);
	push(w, IN, buf, n);
	rtc_wire_run(w, 10);
	if (w->rtcp != rtcp + 1 || w->last_len != 8)
		return false;
	rtc_wire_rtp(w, 77, seq);

	return w->rtp == rtp + 1 && w->last_len == 100
		&& w->last[99] == 0x55;
}

long long rtc_wire_stat(const struct rtc_wire *w, const char *name)
{
	json_t *o = net_rtc_stats(w->r);
	long long v = -1;

	if (json_is_integer(json_object_get(o, name)))
		v = json_integer_value(json_object_get(o, name));
	json_decref(o);

	return v;
}

size_t rtc_wire_take(struct rtc_wire *w, uint8_t *buf, size_t sz)
{
	struct dgram *d = list_ledata(w->queue.head);
	size_t n;

	if (!d || d->n > sz)
		return 0;
	n = d->n;
	memcpy(buf, d->b, n);
	list_unlink(&d->le);
	mem_deref(d);

	return n;
}
