/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_rtc_dtls.c -- a WebRTC leg's DTLS associations
 *
 * There are up to two: the one that the keys are from, and a spare that a
 * peer has begun while keys exist; it takes over when it is done, and is
 * forgotten when it fails.
 */
#include <string.h>

#include <re.h>

#include "mixer/net_rtc_priv.h"

enum { SPARE_US = 1000000 };      /* no new one more often than this      */

static void dtls_send_handler(const uint8_t *p, size_t n, void *arg)
{
	struct assoc *a = arg;

	on_loop();

	if (sa_isset(&a->r->dtls_dst, SA_ALL))
		a->r->h.sendh(&a->r->dtls_dst, p, n, a->r->arg);
}

static void dtls_keys_handler(const struct net_dtls_keys *keys, void *arg)
{
	struct assoc *a = arg;
	struct net_rtc *r = a->r;
	struct net_srtp *srtp;

	on_loop();

	r->rtc.srtp = keys->srtp;
	memcpy(r->rtc.txkey, keys->txkey, sizeof(r->rtc.txkey));
	memcpy(r->rtc.rxkey, keys->rxkey, sizeof(r->rtc.rxkey));
	r->rtc.rocc = 0;
	if (net_srtp_alloc(&srtp, &r->rtc)) {
		rtc_state_dead(r, RTC_FAILED, "no SRTP");
		return;
	}
	mem_deref(r->srtp);
	r->srtp = srtp;
	++r->stats.handshakes;

	if (a == r->spare) {
		r->spare = r->cur;
		r->cur = a;
		r->spare->dtls = mem_deref(r->spare->dtls);
		r->spare->dead = false;
	}
	rtc_news_tell(r, r->now);
	rtc_state_update(r, r->now);
}

static void dtls_end_handler(enum net_dtls_end end, const char *text,
			     void *arg)
{
	struct assoc *a = arg;

	on_loop();

	if (a == a->r->spare)
		a->dead = true;
	else
		rtc_state_dead(a->r, end == DTLS_CLOSED ? RTC_CLOSED : RTC_FAILED,
			   text);
}

static const struct net_dtls_h dtls_h = {
	.sendh = dtls_send_handler, .keysh = dtls_keys_handler,
	.endh = dtls_end_handler,
};

int rtc_assoc_make(struct net_rtc *r, struct assoc *a,
			       uint64_t now)
{
	const struct net_dtls_cfg cfg = {
		.pem = r->rtc.pem, .fingerprint = r->rtc.fingerprint,
		.active = r->rtc.active, .mtu = RTC_MTU,
	};

	a->dtls = mem_deref(a->dtls);
	a->dead = false;
	a->since = now;

	return net_dtls_alloc(&a->dtls, &cfg, &dtls_h, a);
}

void rtc_assoc_start(struct net_rtc *r, struct assoc *a,
				 uint64_t now)
{
	if (!a->dtls || !r->checked)
		return;
	if (!sa_isset(&r->dtls_dst, SA_ALL)) {
		const struct sa *sa = net_ice_peer(r->ice);

		sa = sa ? sa : net_ice_any(r->ice);
		if (sa)
			r->dtls_dst = *sa;
	}
	(void)net_dtls_start(a->dtls, now);
}

static ON(loop) void spare_reap(struct net_rtc *r)
{
	if (!r->spare->dead)
		return;
	r->spare->dtls = mem_deref(r->spare->dtls);
	r->spare->dead = false;
}

/* A ClientHello that was not seen before, while there are keys */
static ON(loop) bool is_anew(struct net_rtc *r, const uint8_t *p, size_t n,
			     uint64_t now)
{
	const uint8_t *random = net_dtls_hello(p, n);
	bool known;

	if (!random || r->rtc.active)
		return false;

	known = !memcmp(random, r->hello, RTC_HELLO);
	if (!r->srtp) {
		memcpy(r->hello, random, RTC_HELLO);
		return false;
	}
	if (known || (r->spare->dtls && now < r->spare->since + SPARE_US))
		return false;
	memcpy(r->hello, random, RTC_HELLO);

	return true;
}

void rtc_dtls_in(struct net_rtc *r, const struct sa *src,
			     const uint8_t *p, size_t n, uint64_t now)
{
	bool anew;

	if (r->dead) {
		++r->stats.late;
		return;
	}
	anew = is_anew(r, p, n, now);
	if (anew && rtc_assoc_make(r, r->spare, now))
		return;

	r->dtls_dst = *src;
	if (!r->cur->dtls && !r->spare->dtls)
		++r->stats.late;
	if (r->spare->dtls)
		net_dtls_recv(r->spare->dtls, p, n, now);
	if (r->cur->dtls && !anew && !r->dead)
		net_dtls_recv(r->cur->dtls, p, n, now);
	spare_reap(r);
}

void rtc_dtls_run(struct net_rtc *r, uint64_t now)
{
	net_dtls_run(r->cur->dtls, now);
	net_dtls_run(r->spare->dtls, now);
	spare_reap(r);
}

int rtc_dtls_renew(struct net_rtc *r, uint64_t now)
{
	struct assoc *a = r->srtp ? r->spare : r->cur;
	int err;

	err = rtc_assoc_make(r, a, now);
	if (err)
		return err;

	if (r->dead && r->state == RTC_FAILED) {
		r->dead = false;
		r->state = RTC_NEW;
		r->started = now;
	}
	if (r->rtc.active || a == r->cur)
		rtc_assoc_start(r, a, now);

	return 0;
}
