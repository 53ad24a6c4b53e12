/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rtc.c -- DTLS and SRTP of a WebRTC leg: handshakes with
 * every loss, the wrong people, another mixer taking over
 */
#include "tests/fake/rtc_wire.h"
#include "tests/unit/test.h"

static const struct rtc_peer_cfg plain = {.mtu = 1200};

static const struct {
	const char *name;
	struct rtc_peer_cfg cfg;
	bool active;
	enum ticket_srtp srtp;
} shakev[] = {
	{"passive, GCM first",   {.mtu = 1200}, false, SRTP_GCM_128},
	{"active",               {.profiles = "SRTP_AEAD_AES_128_GCM"},
	 true, SRTP_GCM_128},
	{"passive, CM only",     {.profiles = "SRTP_AES128_CM_SHA1_80"},
	 false, SRTP_CM_80},
	{"active, CM only",      {.profiles = "SRTP_AES128_CM_SHA1_80"},
	 true, SRTP_CM_80},
	{"ClientHello in parts", {.big_hello = true}, false, SRTP_GCM_128},
	{"small datagrams",      {.mtu = 400, .big_hello = true}, false,
	 SRTP_GCM_128},
	{"small, active",        {.mtu = 400}, true, SRTP_CM_80},
};

/* One handshake, spoilt as w says, and packets both ways after it */
static int shake(unsigned i, int dir, int drop, int hold, bool dup,
		 unsigned max_ms)
{
	struct rtc_wire *w = NULL;
	uint64_t t;
	int err = 0;

	TEST_ERR(rtc_wire_alloc(&w, &shakev[i].cfg, shakev[i].active));
	w->dropv[dir] = drop;
	w->holdv[dir] = hold;
	w->dup = dup;
	t = w->now;
	TEST_ERR(rtc_wire_connect(w));
	TEST_TRUE(w->now - t < max_ms * 1000ull);
	TEST_EQ(shakev[i].srtp, w->t.rtc.srtp);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &w->src, SA_ALL));
	rtc_wire_run(w, 2200);       /* until nobody repeats anything     */
	TEST_TRUE(w->p->done);
	TEST_TRUE(rtc_wire_works(w));
	TEST_TRUE(rtc_wire_works(w));
	TEST_TRUE(w->largest <= RTC_MTU);
	TEST_EQ(1, rtc_wire_stat(w, "handshakes"));
	TEST_EQ(0, rtc_wire_stat(w, "bad_seal"));
	TEST_EQ(0, w->p->bad);
 out:
	if (err)
		printf("# %s, dir=%d drop=%d hold=%d\n", shakev[i].name, dir,
		       drop, hold);
	mem_deref(w);

	return err;
}

static int test_shake(void)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(shakev) && !err; i++)
		err = shake(i, IN, -1, -1, false, 150);

	return err;
}

/* The peer repeats after one second, as OpenSSL does */
static int test_loss(void)
{
	unsigned i;
	int n, err = 0;

	for (i = 0; i < ARRAY_SIZE(shakev) && !err; i++)
		for (n = 0; n < 6 && !err; n++) {
			err = shake(i, IN, n, -1, false, 2300);
			if (!err)
				err = shake(i, OUT, n, -1, false, 2300);
		}

	return err;
}

static int test_our_loss(void)
{
	struct rtc_wire *w = NULL;
	uint64_t t;
	int err = 0;

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	rtc_wire_check(w, CHECK_NOMINATE);
	w->dropv[OUT] = 0;
	t = w->now;
	rtc_peer_start(w->p);
	TEST_ERR(rtc_wire_until(w, RTC_CONNECTED, 1000));
	TEST_TRUE(w->now - t < 200000);
 out:
	mem_deref(w);

	return err;
}

static int test_reorder(void)
{
	unsigned i;
	int n, err = 0;

	for (i = 0; i < ARRAY_SIZE(shakev) && !err; i++) {
		err = shake(i, IN, -1, -1, true, 2300);
		for (n = 0; n < 4 && !err; n++) {
			err = shake(i, IN, -1, n, false, 2300);
			if (!err)
				err = shake(i, OUT, -1, n, true, 2300);
		}
	}

	return err;
}

/* ---- the wrong people ----------------------------------------------- */

static int refused(bool active, bool no_cert, const char *text)
{
	struct rtc_peer_cfg cfg = {.no_cert = no_cert};
	struct rtc_wire *w = NULL;
	struct ticket_rtc rtc;
	struct iovec iov = {(void *)"\x80\0\0\0\0\0\0\0\0\0\0\1", 12};
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_alloc(&w, &cfg, active));
	if (!no_cert) {
		rtc = w->t.rtc;
		rtc.fingerprint[31] ^= 1;
		TEST_ERR(net_rtc_set(w->r, &rtc, w->now));
	}
	TEST_EQ(ETIMEDOUT, rtc_wire_connect(w));
	err = 0;
	TEST_EQ(RTC_FAILED, w->state);
	TEST_STR(text, w->text);
	TEST_EQ(SRTP_NONE, w->t.rtc.srtp);
	TEST_EQ(ENOTCONN, net_rtc_send_rtp(w->r, &iov, 1));
	TEST_TRUE(!net_rtc_ready(w->r));
 out:
	mem_deref(w);

	return err;
}

static int test_fingerprint(void)
{
	int err = refused(false, false, "wrong DTLS fingerprint");

	return err ? err : refused(true, false, "wrong DTLS fingerprint");
}

static int test_no_cert(void)
{
	return refused(false, true, "no DTLS certificate");
}

/* Nothing but an authenticated check opens the door. */
static int test_stranger(void)
{
	struct rtc_wire *w = NULL;
	int err = 0;

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	rtc_peer_start(w->p);
	rtc_wire_run(w, 3000);
	TEST_EQ(0, w->sent);
	TEST_TRUE(rtc_wire_stat(w, "stray") >= 2);
	TEST_EQ(RTC_NEW, w->state);

	/* any checked source, nominated or not: Chromium begins before */
	rtc_wire_check(w, 0);
	rtc_wire_run(w, 5000);
	TEST_TRUE(w->p->done);
	TEST_EQ(RTC_NEW, w->state);
	TEST_TRUE(!net_rtc_ready(w->r));
	rtc_wire_check(w, CHECK_NOMINATE);
	TEST_EQ(RTC_CONNECTED, w->state);
	TEST_TRUE(rtc_wire_works(w));
 out:
	mem_deref(w);

	return err;
}

static int test_deadline(void)
{
	struct rtc_wire *w = NULL;
	int err = 0;

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	rtc_wire_run(w, 29990);
	TEST_EQ(RTC_NEW, w->state);
	rtc_wire_run(w, 20);
	TEST_EQ(RTC_FAILED, w->state);
	TEST_STR("no ICE check came", w->text);
	w = mem_deref(w);

	TEST_ERR(rtc_wire_alloc(&w, &plain, true));
	w->dropv[OUT] = 0;
	rtc_wire_check(w, CHECK_NOMINATE);
	w->deaf = true;
	rtc_wire_run(w, 14970);
	TEST_EQ(RTC_NEW, w->state);
	/* 0, 100, 300, 700, 1500, 3100, 5100 … 13100 ms */
	TEST_EQ(11, w->countv[OUT]);
	rtc_wire_run(w, 40);
	TEST_EQ(RTC_FAILED, w->state);
	TEST_STR("no DTLS handshake in time", w->text);
	TEST_EQ(UINT64_MAX, net_rtc_due(w->r));
 out:
	mem_deref(w);

	return err;
}

/* ---- ends ----------------------------------------------------------- */

static int test_close(void)
{
	struct rtc_wire *w = NULL;
	unsigned sent;
	int err = 0;

	on_loop();

	/* theirs */
	TEST_ERR(rtc_wire_up(&w, &plain));
	rtc_peer_bye(w->p);
	rtc_wire_run(w, 10);
	TEST_EQ(RTC_CLOSED, w->state);
	TEST_STR("closed by the peer", w->text);
	rtc_peer_bye(w->p);
	rtc_wire_run(w, 10);
	TEST_EQ(2, w->statec);
	w = mem_deref(w);

	/* ours, said */
	TEST_ERR(rtc_wire_up(&w, &plain));
	net_rtc_bye(w->r, w->now);
	rtc_wire_run(w, 10);
	TEST_TRUE(w->p->closed);
	w = mem_deref(w);

	/* ours, silent: the leg moves */
	TEST_ERR(rtc_wire_up(&w, &plain));
	sent = w->sent;
	w->r = mem_deref(w->r);
	TEST_EQ(sent, w->sent);
 out:
	mem_deref(w);

	return err;
}

/* ---- packets -------------------------------------------------------- */

static int test_replay(void)
{
	struct rtc_wire *w = NULL;
	uint8_t buf[512], spoilt[512];
	size_t n;
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_up(&w, &plain));
	n = rtc_peer_rtp(w->p, 5, 100, 200, buf);
	memcpy(spoilt, buf, n);
	spoilt[50] ^= 1;
	net_rtc_recv(w->r, &w->src, spoilt, n, w->now);
	TEST_EQ(0, w->rtp);
	TEST_EQ(1, rtc_wire_stat(w, "bad_seal"));
	net_rtc_recv(w->r, &w->src, buf, n, w->now);
	TEST_EQ(1, w->rtp);
	net_rtc_recv(w->r, &w->src, buf, n, w->now);
	TEST_EQ(1, w->rtp);
	TEST_EQ(1, rtc_wire_stat(w, "replayed"));
	n = rtc_peer_rtcp(w->p, 5, buf);
	net_rtc_recv(w->r, &w->src, buf, n, w->now);
	net_rtc_recv(w->r, &w->src, buf, n, w->now);
	TEST_EQ(1, w->rtcp);
	TEST_EQ(2, rtc_wire_stat(w, "replayed"));
 out:
	mem_deref(w);

	return err;
}

/* An authenticated peer cannot make us grow. */
static int test_ssrcs(void)
{
	struct rtc_wire *w = NULL;
	uint8_t first[512], buf[512];
	size_t n, fn;
	uint32_t i;
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_up(&w, &plain));
	fn = rtc_peer_rtp(w->p, 1000, 5, 100, first);
	net_rtc_recv(w->r, &w->src, first, fn, w->now);
	for (i = 1; i < 100; i++)
		rtc_wire_rtp(w, 1000 + i, 5);
	TEST_EQ(64, w->rtp);
	TEST_EQ(64, rtc_wire_stat(w, "ssrcs"));
	TEST_EQ(36, rtc_wire_stat(w, "ssrcs_refused"));
	TEST_EQ(TICKET_ROCS_MAX, w->t.rtc.rocc);

	/* the silent ones give way, and are forgotten: 1000 may come anew */
	rtc_wire_check(w, CHECK_NOMINATE);
	rtc_wire_run(w, 29000);
	rtc_wire_check(w, CHECK_NOMINATE);
	rtc_wire_run(w, 2000);
	n = rtc_peer_rtp(w->p, 2000, 5, 100, buf);
	net_rtc_recv(w->r, &w->src, buf, n, w->now);
	TEST_EQ(65, w->rtp);
	net_rtc_recv(w->r, &w->src, first, fn, w->now);
	TEST_EQ(66, w->rtp);
	TEST_EQ(64, rtc_wire_stat(w, "ssrcs"));
	/* the last heard are in the ticket */
	rtc_wire_run(w, 300);
	TEST_TRUE(w->t.rtc.rocv[0].ssrc == 1000 ||
		  w->t.rtc.rocv[0].ssrc == 2000);
 out:
	mem_deref(w);

	return err;
}

static int test_sizes(void)
{
	static uint8_t big[2100] = {0x80, 96};
	struct rtc_wire *w = NULL;
	struct iovec iov = {big, 1500};
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	TEST_EQ(ENOTCONN, net_rtc_send_rtp(w->r, &iov, 1));
	TEST_ERR(rtc_wire_connect(w));
	TEST_EQ(0, net_rtc_send_rtp(w->r, &iov, 1));
	iov.iov_len = sizeof(big);
	TEST_EQ(EMSGSIZE, net_rtc_send_rtp(w->r, &iov, 1));
	iov.iov_len = 11;
	TEST_EQ(EINVAL, net_rtc_send_rtp(w->r, &iov, 1));
	iov.iov_len = 4;
	TEST_EQ(EINVAL, net_rtc_send_rtcp(w->r, &iov, 1));
	net_rtc_recv(w->r, &w->src, big, sizeof(big), w->now);
	TEST_EQ(0, w->rtp);
 out:
	mem_deref(w);

	return err;
}

/* ---- another mixer -------------------------------------------------- */

static uint32_t roc_of(const struct rtc_wire *w, uint32_t ssrc)
{
	unsigned i;

	for (i = 0; i < w->t.rtc.rocc; i++)
		if (w->t.rtc.rocv[i].ssrc == ssrc)
			return w->t.rtc.rocv[i].roc;

	return UINT32_MAX;
}

/* Numbers up to `seq` of the fourth round */
static void wrap3(struct rtc_wire *w, uint32_t ssrc, uint16_t seq)
{
	static const uint16_t roundv[] = {0, 22000, 44000, 65000};
	unsigned i, k;

	for (k = 0; k < 3; k++)
		for (i = 0; i < ARRAY_SIZE(roundv); i++)
			rtc_wire_rtp(w, ssrc, roundv[i]);
	for (i = 0; i < 3 && roundv[i] < seq; i++)
		rtc_wire_rtp(w, ssrc, roundv[i]);
	rtc_wire_rtp(w, ssrc, seq);
	rtc_wire_run(w, 300);
}

static const struct {
	const char *name;
	uint16_t last;
	uint16_t lost;            /* sent to nobody meanwhile             */
	uint16_t next[3];
	uint32_t roc;
} overv[] = {
	{"just on",                 500, 501, {502, 503, 504}, 3},
	{"over the wrap",           65000, 0, {10, 11, 12}, 4},
	{"over the wrap, and back", 65000, 0, {10, 65535, 11}, 4},
	{"more than half a cycle",  100, 20000, {40000, 40001, 40002}, 3},
	{"half a cycle and a wrap", 50000, 10, {20000, 20001, 20002}, 4},
};

static int takeover(unsigned i, const char *profile)
{
	const struct rtc_peer_cfg cfg = {.profiles = profile};
	struct rtc_wire *w = NULL;
	uint8_t buf[512];
	unsigned k, rtp;
	int err = 0;

	TEST_ERR(rtc_wire_up(&w, &cfg));
	wrap3(w, 4711, overv[i].last);
	TEST_EQ(3, roc_of(w, 4711));
	TEST_ERR(rtc_wire_takeover(w));
	TEST_TRUE(net_rtc_ready(w->r));
	rtc_wire_run(w, 5);
	TEST_EQ(RTC_CONNECTED, w->state);
	rtp = w->rtp;
	(void)rtc_peer_rtp(w->p, 4711, overv[i].lost, 100, buf);
	for (k = 0; k < 3; k++)
		rtc_wire_rtp(w, 4711, overv[i].next[k]);
	TEST_EQ(rtp + 3, w->rtp);
	TEST_TRUE(rtc_wire_works(w));
	TEST_EQ(0, rtc_wire_stat(w, "bad_seal"));
	TEST_EQ(0, rtc_wire_stat(w, "handshakes"));
	rtc_wire_run(w, 300);
	TEST_EQ(overv[i].roc, roc_of(w, 4711));
	/* and a third */
	TEST_ERR(rtc_wire_takeover(w));
	rtc_wire_rtp(w, 4711, (uint16_t)(overv[i].next[2] + 1));
	TEST_EQ(rtp + 5, w->rtp);
 out:
	if (err)
		printf("# %s\n", overv[i].name);
	mem_deref(w);

	return err;
}

static int test_takeover(void)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(overv) && !err; i++) {
		err = takeover(i, "SRTP_AEAD_AES_128_GCM");
		if (!err)
			err = takeover(i, "SRTP_AES128_CM_SHA1_80");
	}

	return err;
}

/* What the ticket has is never half a cycle old, and few messages do it. */
static int test_news(void)
{
	struct rtc_wire *w = NULL;
	unsigned i, newsc;
	int err = 0;

	TEST_ERR(rtc_wire_up(&w, &plain));
	TEST_TRUE(w->newsc >= 1 && w->newsc <= 2);
	rtc_wire_rtp(w, 8, 1000);
	rtc_wire_run(w, 250);
	TEST_EQ(0, roc_of(w, 8));
	newsc = w->newsc;
	for (i = 0; i < 40; i++) {
		rtc_wire_rtp(w, 8, (uint16_t)(1000 + i * 1000));
		rtc_wire_run(w, 100);
		TEST_TRUE(1000 + i * 1000 - w->t.rtc.rocv[0].seq < 9400);
	}
	TEST_TRUE(w->newsc >= newsc + 4 && w->newsc <= newsc + 5);
 out:
	mem_deref(w);

	return err;
}

/* The peer begins a handshake with a mixer that only has the keys */
static int anew(bool right)
{
	struct rtc_wire *w = NULL;
	struct rtc_peer_cfg cfg;
	struct rtc_peer *old, *p = NULL;
	unsigned rtp;
	int err = 0;

	TEST_ERR(rtc_wire_up(&w, &plain));
	rtc_wire_rtp(w, 6, 1);
	TEST_ERR(rtc_wire_takeover(w));
	rtc_wire_run(w, 5);
	old = w->p;
	cfg = old->cfg;
	cfg.twin = right ? old : NULL;
	TEST_ERR(rtc_peer_alloc(&p, &cfg, old->sendh, w));
	w->p = p;
	w->dropv[IN] = (int)w->countv[IN] + 1;  /* its second flight      */
	rtc_peer_start(p);
	rtc_wire_run(w, 200);

	/* the old keys are good meanwhile */
	w->p = old;
	rtp = w->rtp;
	rtc_wire_rtp(w, 6, 2);
	TEST_EQ(rtp + 1, w->rtp);
	w->p = p;
	rtc_wire_run(w, 3000);
	TEST_EQ(right, p->done);
	TEST_EQ(right, rtc_wire_stat(w, "handshakes"));
	if (!right)
		w->p = old;
	TEST_TRUE(rtc_wire_works(w));
	TEST_EQ(RTC_CONNECTED, w->state);
	if (right) {
		/* the new keys are in the ticket, and it goes on from them */
		TEST_ERR(rtc_wire_takeover(w));
		TEST_TRUE(rtc_wire_works(w));
	}
	w->p = p;
	mem_deref(old);
	old = NULL;
 out:
	mem_deref(w);

	return err;
}

static int test_anew(void)
{
	int err = anew(true);

	return err ? err : anew(false);
}

/* A new certificate is agreed on: after a failure, and in mid-call */
static int renew(bool running)
{
	struct rtc_wire *w = NULL;
	struct rtc_peer *old, *p = NULL;
	struct ticket_rtc rtc;
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	rtc = w->t.rtc;
	if (!running) {
		rtc.fingerprint[0] ^= 1;
		TEST_ERR(net_rtc_set(w->r, &rtc, w->now));
	}
	TEST_EQ(running ? 0 : ETIMEDOUT, rtc_wire_connect(w));
	err = 0;
	TEST_EQ(running ? RTC_CONNECTED : RTC_FAILED, w->state);
	old = w->p;
	TEST_ERR(rtc_peer_alloc(&p, &old->cfg, old->sendh, w));
	memcpy(rtc.fingerprint, p->fingerprint, sizeof(rtc.fingerprint));
	TEST_ERR(net_rtc_set(w->r, &rtc, w->now));
	TEST_EQ(running, net_rtc_ready(w->r));
	w->p = p;
	mem_deref(old);
	rtc_wire_check(w, CHECK_NOMINATE);
	rtc_peer_start(p);
	rtc_wire_run(w, 3000);
	TEST_EQ(RTC_CONNECTED, w->state);
	TEST_TRUE(p->done);
	TEST_TRUE(rtc_wire_works(w));
 out:
	mem_deref(w);

	return err;
}

static int test_renew(void)
{
	int err = renew(false);

	return err ? err : renew(true);
}

/* Late datagrams of the association that went with the old mixer */
static int test_late(void)
{
	struct rtc_wire *w = NULL;
	int err = 0;

	TEST_ERR(rtc_wire_up(&w, &plain));
	TEST_ERR(rtc_wire_takeover(w));
	rtc_peer_bye(w->p);
	rtc_wire_run(w, 10);
	TEST_EQ(1, rtc_wire_stat(w, "late"));
	TEST_EQ(RTC_CONNECTED, w->state);
 out:
	mem_deref(w);

	return err;
}

static const struct test testv[] = {
	{"handshakes, both roles, both suites",  test_shake},
	{"any one datagram lost",                test_loss},
	{"our first flight lost costs 100 ms",   test_our_loss},
	{"any one held up, all doubled",         test_reorder},
	{"a wrong fingerprint",                  test_fingerprint},
	{"no certificate",                       test_no_cert},
	{"DTLS of who passed no check",          test_stranger},
	{"nobody comes, nobody answers",         test_deadline},
	{"goodbyes, and none when a leg moves",  test_close},
	{"bad seals and replays",                test_replay},
	{"too many SSRCs",                       test_ssrcs},
	{"sizes",                                test_sizes},
	{"another mixer goes on",                test_takeover},
	{"news of roll-overs",                   test_news},
	{"a handshake begun anew",               test_anew},
	{"another certificate",                  test_renew},
	{"late DTLS of before",                  test_late},
};

int main(int argc, char **argv)
{
	if (net_rtc_init())
		return 99;

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
