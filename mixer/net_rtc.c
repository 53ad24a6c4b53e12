/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_rtc.c -- a WebRTC leg's transport: ICE, DTLS and SRTP on one port
 *
 * Sorts datagrams (RFC 7983) and joins the three below.
 */
#include <stdalign.h>
#include <string.h>

#include <re.h>
#include <openssl/crypto.h>

#include "base/json.h"
#include "mixer/net_rtc_priv.h"
#include "mixer/pkt.h"
#include "mixer/rtp_in.h"

enum {
	NEWS_US    = 200000,      /* no more often than this              */
	SEALED_MAX = PKT_DATA_MAX,    /* what net_port takes              */
};

/* one packet at a time, on one thread */
static alignas(16) uint8_t in_buf[PKT_DATA_MAX];
static alignas(16) uint8_t out_buf[PKT_DATA_MAX + NET_SRTP_TRAILER];

/* ---- state and news ------------------------------------------------- */

static ON(loop) void state_set(struct net_rtc *r, enum rtc_state state,
			       const char *text)
{
	if (r->state == state)
		return;
	r->state = state;
	if (r->h.stateh)
		r->h.stateh(state, text, r->arg);
}

void rtc_state_dead(struct net_rtc *r, enum rtc_state state,
				const char *text)
{
	r->dead = true;
	state_set(r, state, text);
}

void rtc_state_update(struct net_rtc *r, uint64_t now)
{
	const uint64_t last = net_ice_last(r->ice);
	const uint64_t age = now > last ? now - last : 0;

	if (r->dead)
		return;

	if (!net_rtc_ready(r)) {
		if (r->state == RTC_NEW && !r->checked &&
		    now >= r->started + RTC_CONSENT_MS * 1000ull)
			state_set(r, RTC_FAILED, "no ICE check came");
	}
	else if (age >= RTC_CONSENT_MS * 1000ull) {
		state_set(r, RTC_FAILED, "not heard for 30 s");
	}
	else if (age >= RTC_TROUBLE_MS * 1000ull) {
		/* a failed one comes back by being heard only */
		if (r->state != RTC_FAILED)
			state_set(r, RTC_TROUBLE, "not heard for 7 s");
	}
	else {
		state_set(r, RTC_CONNECTED, "connected");
	}
}

void rtc_news_tell(struct net_rtc *r, uint64_t now)
{
	r->news = false;
	r->told = now;
	net_srtp_rocs(r->srtp, &r->rtc);
	if (r->h.newsh)
		r->h.newsh(&r->rtc, r->arg);
}

static uint64_t news_due(const struct net_rtc *r)
{
	if (!r->news && !net_srtp_news(r->srtp))
		return UINT64_MAX;

	return r->told ? r->told + NEWS_US : 0;
}

/* ---- ICE ------------------------------------------------------------ */

static void ice_send_handler(const struct sa *dst, const uint8_t *p,
			     size_t n, void *arg)
{
	struct net_rtc *r = arg;

	on_loop();

	r->h.sendh(dst, p, n, r->arg);
}

static void ice_valid_handler(const struct sa *src, uint64_t now, void *arg)
{
	struct net_rtc *r = arg;

	on_loop();

	(void)src;
	r->checked = true;
	rtc_assoc_start(r, r->cur, now);
	if (r->spare->dtls && r->rtc.active)
		rtc_assoc_start(r, r->spare, now);
}

static void ice_peer_handler(const struct sa *peer, uint64_t now, void *arg)
{
	struct net_rtc *r = arg;

	on_loop();

	(void)now;
	r->rtc.peer = r->dtls_dst = *peer;
	r->news = true;
}

static const struct net_ice_h ice_h = {
	.sendh = ice_send_handler, .validh = ice_valid_handler,
	.peerh = ice_peer_handler,
};

/* ---- the object ----------------------------------------------------- */

static void rtc_destructor(void *arg)
{
	struct net_rtc *r = arg;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(r->assocv); i++)
		mem_deref(r->assocv[i].dtls);
	mem_deref(r->srtp);
	mem_deref(r->ice);
	OPENSSL_cleanse(&r->rtc, sizeof(r->rtc));
}

int net_rtc_alloc(struct net_rtc **rp, const struct ticket_rtc *rtc,
		  const struct net_rtc_h *h, void *arg, uint64_t now)
{
	struct net_rtc *r;
	int err;

	if (!rp || !rtc || !h || !h->sendh)
		return EINVAL;

	r = mem_zalloc(sizeof(*r), rtc_destructor);
	if (!r)
		return ENOMEM;

	r->h = *h;
	r->arg = arg;
	r->rtc = *rtc;
	r->started = r->now = now;
	r->assocv[0].r = r->assocv[1].r = r;
	r->cur = &r->assocv[0];
	r->spare = &r->assocv[1];
	sa_init(&r->dtls_dst, AF_UNSPEC);
	r->checked = sa_isset(&rtc->peer, SA_ALL);
	if (r->checked)
		r->dtls_dst = rtc->peer;

	err = net_ice_alloc(&r->ice, rtc, &ice_h, r, now);
	if (err)
		goto out;
	if (rtc->srtp)
		err = net_srtp_alloc(&r->srtp, rtc);
	else
		err = rtc_assoc_make(r, r->cur, now);
	if (err)
		goto out;

	/* a ticket with a peer and no keys: the handshake was under way */
	rtc_assoc_start(r, r->cur, now);

 out:
	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}

static bool dtls_differs(const struct ticket_rtc *a,
			 const struct ticket_rtc *b)
{
	return a->active != b->active || strcmp(a->pem, b->pem) ||
		memcmp(a->fingerprint, b->fingerprint,
		       sizeof(a->fingerprint));
}

int net_rtc_set(struct net_rtc *r, const struct ticket_rtc *rtc,
		uint64_t now)
{
	bool renew;
	int err;

	if (!r || !rtc)
		return EINVAL;

	err = net_ice_set(r->ice, rtc);
	if (err)
		return err;

	renew = dtls_differs(&r->rtc, rtc);
	memcpy(r->rtc.lufrag, rtc->lufrag, sizeof(r->rtc.lufrag));
	memcpy(r->rtc.lpwd, rtc->lpwd, sizeof(r->rtc.lpwd));
	memcpy(r->rtc.rufrag, rtc->rufrag, sizeof(r->rtc.rufrag));
	memcpy(r->rtc.rpwd, rtc->rpwd, sizeof(r->rtc.rpwd));
	memcpy(r->rtc.old_lufrag, rtc->old_lufrag, sizeof(rtc->old_lufrag));
	memcpy(r->rtc.old_lpwd, rtc->old_lpwd, sizeof(r->rtc.old_lpwd));
	if (!renew)
		return 0;

	r->rtc.active = rtc->active;
	memcpy(r->rtc.pem, rtc->pem, sizeof(r->rtc.pem));
	memcpy(r->rtc.fingerprint, rtc->fingerprint,
	       sizeof(r->rtc.fingerprint));

	return rtc_dtls_renew(r, now);
}

/* ---- in ------------------------------------------------------------- */

static ON(loop) void media_in(struct net_rtc *r, const struct sa *src,
			      const uint8_t *p, size_t n, uint64_t now)
{
	const bool rtcp = rtp_in_is_rtcp(p, n);
	int err;

	if (!r->srtp || n > sizeof(in_buf) || r->dead) {
		++r->stats.early;
		return;
	}
	memcpy(in_buf, p, n);
	if (rtcp)
		err = net_srtp_open_rtcp(r->srtp, in_buf, &n, now);
	else
		err = net_srtp_open_rtp(r->srtp, in_buf, &n, now);
	if (err)
		return;

	++r->stats.rx;
	net_ice_heard(r->ice, src, now);
	if (r->state != RTC_CONNECTED)
		rtc_state_update(r, now);
	if (rtcp && r->h.rtcph)
		r->h.rtcph(in_buf, n, now, r->arg);
	else if (!rtcp && r->h.rtph)
		r->h.rtph(in_buf, n, now, r->arg);
	/* after it, for what the owner has learnt of the SSRC */
	if (now >= news_due(r))
		rtc_news_tell(r, now);
}

void net_rtc_recv(struct net_rtc *r, const struct sa *src, const uint8_t *p,
		  size_t n, uint64_t now)
{
	if (!r || !src || !p || !n)
		return;

	r->now = now;
	if (p[0] <= 3) {
		if (r->state == RTC_CLOSED)
			return;
		net_ice_recv(r->ice, src, p, n, now);
		rtc_state_update(r, now);
		if (now >= news_due(r))
			rtc_news_tell(r, now);
		return;
	}

	if (!net_ice_valid(r->ice, src, now))
		++r->stats.stray;
	else if (p[0] >= 20 && p[0] <= 63)
		rtc_dtls_in(r, src, p, n, now);
	else if (p[0] >= 128 && p[0] <= 191)
		media_in(r, src, p, n, now);
	else
		++r->stats.other;
}

/* ---- out ------------------------------------------------------------ */

bool net_rtc_ready(const struct net_rtc *r)
{
	return r && r->srtp && !r->dead && net_ice_peer(r->ice);
}

static ON(loop) int gather(const struct net_rtc *r, const struct iovec *iov,
			   unsigned iovc, size_t *np)
{
	size_t n = 0;
	unsigned i;

	if (!net_rtc_ready(r) || r->state == RTC_FAILED)
		return ENOTCONN;

	for (i = 0; i < iovc; i++) {
		if (iov[i].iov_len > SEALED_MAX - NET_SRTP_TRAILER - n)
			return EMSGSIZE;
		memcpy(out_buf + n, iov[i].iov_base, iov[i].iov_len);
		n += iov[i].iov_len;
	}
	*np = n;

	return 0;
}

int net_rtc_send_rtp(struct net_rtc *r, const struct iovec *iov,
		     unsigned iovc)
{
	size_t n;
	int err;

	err = gather(r, iov, iovc, &n);
	if (!err)
		err = net_srtp_seal_rtp(r->srtp, out_buf, &n);
	if (err)
		return err;

	++r->stats.tx;
	r->h.sendh(net_ice_peer(r->ice), out_buf, n, r->arg);

	return 0;
}

int net_rtc_send_rtcp(struct net_rtc *r, const struct iovec *iov,
		      unsigned iovc)
{
	size_t n;
	int err;

	err = gather(r, iov, iovc, &n);
	if (!err)
		err = net_srtp_seal_rtcp(r->srtp, out_buf, &n);
	if (err)
		return err;

	++r->stats.tx;
	r->h.sendh(net_ice_peer(r->ice), out_buf, n, r->arg);

	return 0;
}

/* ---- time ----------------------------------------------------------- */

void net_rtc_run(struct net_rtc *r, uint64_t now)
{
	if (!r)
		return;

	r->now = now;
	if (!r->dead)
		rtc_dtls_run(r, now);
	rtc_state_update(r, now);
	if (now >= news_due(r))
		rtc_news_tell(r, now);
}

static uint64_t state_due(const struct net_rtc *r)
{
	const uint64_t last = net_ice_last(r->ice);

	if (r->dead)
		return UINT64_MAX;
	if (!net_rtc_ready(r))
		return r->state == RTC_NEW && !r->checked ?
			r->started + RTC_CONSENT_MS * 1000ull : UINT64_MAX;

	switch (r->state) {

	case RTC_NEW:
		return r->now;
	case RTC_CONNECTED:
		return last + RTC_TROUBLE_MS * 1000ull;
	case RTC_TROUBLE:
		return last + RTC_CONSENT_MS * 1000ull;
	default:
		return UINT64_MAX;
	}
}

uint64_t net_rtc_due(const struct net_rtc *r)
{
	uint64_t due;

	if (!r)
		return UINT64_MAX;

	due = min(state_due(r), news_due(r));
	if (r->dead)
		return due;
	due = min(due, net_dtls_due(r->cur->dtls));

	return min(due, net_dtls_due(r->spare->dtls));
}

void net_rtc_bye(struct net_rtc *r, uint64_t now)
{
	if (!r || r->dead)
		return;

	r->now = now;
	net_dtls_bye(r->cur->dtls);
	r->dead = true;
	r->state = RTC_CLOSED;
}

/* ---- telling -------------------------------------------------------- */

static const char *state_name(enum rtc_state state)
{
	switch (state) {

	case RTC_NEW:       return "new";
	case RTC_CONNECTED: return "connected";
	case RTC_TROUBLE:   return "trouble";
	case RTC_FAILED:    return "failed";
	case RTC_CLOSED:    return "closed";
	}

	return "?";
}

static json_t *counters(const struct net_rtc *r)
{
	const struct net_ice_stats *ice = net_ice_stats(r->ice);
	const struct net_srtp_stats *srtp = net_srtp_stats(r->srtp);
	static const struct net_srtp_stats none;

	if (!srtp)
		srtp = &none;

	return json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I"
			 " s:I s:I s:I s:I}",
		"rx", (json_int_t)r->stats.rx,
		"tx", (json_int_t)r->stats.tx,
		"checks", (json_int_t)ice->checks,
		"checks_refused", (json_int_t)ice->refused,
		"checks_ignored", (json_int_t)ice->ignored,
		"role_conflicts", (json_int_t)ice->conflicts,
		"moves", (json_int_t)ice->moves,
		"handshakes", (json_int_t)r->stats.handshakes,
		"stray", (json_int_t)r->stats.stray,
		"early", (json_int_t)r->stats.early,
		"late", (json_int_t)r->stats.late,
		"other", (json_int_t)r->stats.other,
		"bad_seal", (json_int_t)srtp->auth,
		"replayed", (json_int_t)srtp->replay,
		"ssrcs", (json_int_t)srtp->streams,
		"ssrcs_refused", (json_int_t)srtp->full);
}

json_t *net_rtc_stats(const struct net_rtc *r)
{
	static const char *const suitev[] = {"", "gcm-128", "cm-80"};
	const struct sa *peer;
	char addr[64] = "";
	json_t *o;

	if (!r)
		return NULL;

	peer = net_ice_peer(r->ice);
	if (peer)
		(void)re_snprintf(addr, sizeof(addr), "%J", peer);
	o = counters(r);
	if (o) {
		(void)json_object_set_new(o, "state",
			json_string(state_name(r->state)));
		(void)json_object_set_new(o, "peer", json_string(addr));
		(void)json_object_set_new(o, "srtp", json_string(
			suitev[r->srtp ? r->rtc.srtp : SRTP_NONE]));
	}

	return o;
}

/* ---- before the sandbox --------------------------------------------- */

int net_rtc_init(void)
{
	int err;

	err = net_dtls_init();
	if (!err)
		err = net_srtp_init();
	if (err)
		net_rtc_close();

	return err;
}

void net_rtc_close(void)
{
	net_srtp_close();
	net_dtls_close();
}
