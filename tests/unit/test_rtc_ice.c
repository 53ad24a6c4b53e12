/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rtc_ice.c -- who is the peer, is it still there, and what
 * bytes of anybody can do
 */
#include "mixer/net_ice.h"
#include "tests/fake/rtc_wire.h"
#include "tests/unit/test.h"

static const struct rtc_peer_cfg plain = {.mtu = 1200};

static const struct {
	const char *name;
	unsigned flags;
	unsigned ok, refused;
	unsigned code;            /* 0: silence                           */
	const char *stat;
	bool mi;                  /* the answer has our integrity         */
} checkv[] = {
	{"good", 0, 1, 0, 0, "checks", true},
	{"good, nominated", CHECK_NOMINATE, 1, 0, 0, "checks", true},
	{"wrong password", CHECK_BAD_MI, 0, 1, 401, "checks_refused", false},
	{"wrong user", CHECK_BAD_USER, 0, 1, 401, "checks_refused", false},
	{"no integrity", CHECK_NO_MI, 0, 1, 400, "checks_refused", false},
	{"wrong fingerprint", CHECK_BAD_FP, 0, 0, 0, "checks_ignored", false},
	{"controlled too", CHECK_CONTROLLED, 0, 1, 487, "role_conflicts",
	 true},
	{"unknown attribute", CHECK_UNKNOWN, 0, 1, 420, NULL, true},
	{"all of it wrong", CHECK_UNKNOWN | CHECK_BAD_MI, 0, 1, 401,
	 "checks_refused", false},
};

static int check(unsigned i)
{
	struct rtc_wire *w = NULL;
	uint8_t buf[512];
	size_t n;
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	n = rtc_peer_check(w->p, checkv[i].flags, buf, sizeof(buf));
	TEST_TRUE(n > 0);
	net_rtc_recv(w->r, &w->src, buf, n, w->now);
	rtc_wire_run(w, 6);
	TEST_EQ(checkv[i].ok, w->p->ok);
	TEST_EQ(checkv[i].refused, w->p->refused);
	TEST_EQ(checkv[i].code, w->p->code);
	TEST_EQ(checkv[i].ok + checkv[i].refused, w->sent);
	TEST_EQ(0, w->p->bad);
	if (w->sent) {
		TEST_EQ(!checkv[i].mi, w->p->mi_bad);
		TEST_TRUE(w->p->reply_len <= n);
	}
	if (checkv[i].ok)
		TEST_TRUE(sa_cmp(&w->p->mapped, &w->src, SA_ALL));
	if (checkv[i].stat)
		TEST_EQ(1, rtc_wire_stat(w, checkv[i].stat));
	TEST_EQ(checkv[i].flags == CHECK_NOMINATE,
		sa_isset(&w->t.rtc.peer, SA_ALL));
 out:
	if (err)
		printf("# %s\n", checkv[i].name);
	mem_deref(w);

	return err;
}

static int test_checks(void)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(checkv) && !err; i++)
		err = check(i);

	return err;
}

static int test_ipv6(void)
{
	struct rtc_wire *w = NULL;
	int err = 0;

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	sa_set_str(&w->src, "2001:db8::7", 40000);
	TEST_ERR(rtc_wire_connect(w));
	TEST_TRUE(sa_cmp(&w->p->mapped, &w->src, SA_ALL));
	TEST_ERR(rtc_wire_takeover(w));
	TEST_TRUE(rtc_wire_works(w));
 out:
	mem_deref(w);

	return err;
}

/* What is not a check whose every byte is in its place gets no answer:
 * nothing behind the integrity counts, nothing is answered with more. */
static int test_frames(void)
{
	static const uint8_t tiny[28] = {0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x80, 0x28, 0, 4};
	struct rtc_wire *w = NULL;
	uint8_t buf[600], bad[600];
	uint32_t crc;
	size_t n, i;
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	n = rtc_peer_check(w->p, CHECK_NOMINATE, buf, sizeof(buf));

	/* every truncation, every byte changed */
	for (i = 0; i < n; i++)
		net_rtc_recv(w->r, &w->src, buf, i, w->now);
	TEST_EQ(0, w->sent);
	for (i = 0; i < n; i++) {
		memcpy(bad, buf, n);
		bad[i] ^= 0x41;
		net_rtc_recv(w->r, &w->src, bad, n, w->now);
	}
	TEST_EQ(0, w->sent);

	/* indications, answers, other methods */
	for (i = 0; i < 0x120; i++) {
		if (i == 1)
			continue;
		memcpy(bad, buf, n);
		bad[0] = (uint8_t)(i >> 8);
		bad[1] = (uint8_t)i;
		crc = htonl(crc32(0, bad, (uint32_t)n - 8) ^ 0x5354554e);
		memcpy(bad + n - 4, &crc, 4);
		net_rtc_recv(w->r, &w->src, bad, n, w->now);
	}
	TEST_EQ(0, w->sent);

	/* USE-CANDIDATE glued on behind the integrity */
	n = rtc_peer_check(w->p, 0, buf, sizeof(buf));
	memcpy(bad, buf, n - 8);
	memcpy(bad + n - 8, "\0\x25\0\0\x80\x28\0\4", 8);
	bad[3] = (uint8_t)(n - 16);
	crc = htonl(crc32(0, bad, (uint32_t)n - 4) ^ 0x5354554e);
	memcpy(bad + n, &crc, 4);
	net_rtc_recv(w->r, &w->src, bad, n + 4, w->now);
	TEST_EQ(0, w->sent);

	/* the smallest request there is would get a larger answer */
	memcpy(bad, tiny, sizeof(tiny));
	crc = htonl(crc32(0, bad, 20) ^ 0x5354554e);
	memcpy(bad + 24, &crc, 4);
	net_rtc_recv(w->r, &w->src, bad, sizeof(tiny), w->now);
	TEST_EQ(0, w->sent);
	TEST_EQ(1, rtc_wire_stat(w, "checks_refused"));

	net_rtc_recv(w->r, &w->src, buf, n, w->now);
	TEST_EQ(1, w->sent);
 out:
	mem_deref(w);

	return err;
}

static int test_restart(void)
{
	static const char pwd2[] = "zyxwvutsrqponmlkjihgfe";
	struct rtc_wire *w = NULL;
	struct rtc_peer_cfg old;
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_up(&w, &plain));
	old = w->p->cfg;
	memcpy(w->t.rtc.old_lufrag, w->t.rtc.lufrag, TICKET_ID_MAX);
	memcpy(w->t.rtc.old_lpwd, w->t.rtc.lpwd, TICKET_ID_MAX);
	str_ncpy(w->t.rtc.lufrag, "anew", TICKET_ID_MAX);
	str_ncpy(w->t.rtc.lpwd, pwd2, TICKET_ID_MAX);
	str_ncpy(w->t.rtc.rufrag, "theirs2", TICKET_ID_MAX);
	TEST_ERR(net_rtc_set(w->r, &w->t.rtc, w->now));

	/* the old pair is good until … */
	w->p->ok = 0;
	rtc_wire_check(w, CHECK_NOMINATE);
	TEST_EQ(1, w->p->ok);
	TEST_TRUE(rtc_wire_works(w));

	/* … the first check with the new, from somewhere else */
	w->p->cfg.user = "anew:theirs2";
	w->p->cfg.pwd = pwd2;
	sa_set_str(&w->src, "198.51.100.9", 1234);
	rtc_wire_check(w, CHECK_NOMINATE);
	TEST_EQ(2, w->p->ok);
	TEST_TRUE(rtc_wire_works(w));
	w->p->cfg = old;
	rtc_wire_check(w, CHECK_NOMINATE);
	TEST_EQ(2, w->p->ok);
	TEST_EQ(401, w->p->code);

	/* the same again is no restart: the old pair stays dead */
	TEST_ERR(net_rtc_set(w->r, &w->t.rtc, w->now));
	rtc_wire_check(w, CHECK_NOMINATE);
	TEST_EQ(2, w->p->ok);
	TEST_TRUE(rtc_wire_works(w));
	TEST_EQ(1, rtc_wire_stat(w, "handshakes"));
	TEST_EQ(1, rtc_wire_stat(w, "moves"));
	rtc_wire_run(w, 300);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &w->src, SA_ALL));
 out:
	mem_deref(w);

	return err;
}

/* The last nomination wins; a NAT that changed its mind is followed. */
static int test_move(void)
{
	struct rtc_wire *w = NULL;
	struct sa one, two;
	unsigned newsc, i;
	int err = 0;

	TEST_ERR(rtc_wire_up(&w, &plain));
	rtc_wire_run(w, 300);
	one = w->src;
	sa_set_str(&two, "198.51.100.9", 1234);

	/* a check without nomination moves nothing while the old one lives */
	w->src = two;
	rtc_wire_check(w, 0);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &one, SA_ALL));
	newsc = w->newsc;
	rtc_wire_check(w, CHECK_NOMINATE);
	rtc_wire_run(w, 300);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &two, SA_ALL));
	TEST_EQ(newsc + 1, w->newsc);
	TEST_TRUE(rtc_wire_works(w));

	/* back and forth: tuttid is told five times a second at most */
	newsc = w->newsc;
	for (i = 0; i < 40; i++) {
		w->src = i & 1 ? one : two;
		rtc_wire_check(w, CHECK_NOMINATE);
	}
	rtc_wire_run(w, 300);
	TEST_TRUE(w->newsc - newsc <= 5);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &one, SA_ALL));
	TEST_EQ(RTC_CONNECTED, w->state);

	/* silence there, checks here, none of them nominating (Firefox) */
	rtc_wire_run(w, 7100);
	TEST_EQ(RTC_TROUBLE, w->state);
	w->src = two;
	rtc_wire_check(w, 0);
	TEST_EQ(RTC_CONNECTED, w->state);
	rtc_wire_run(w, 300);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &two, SA_ALL));
	TEST_TRUE(rtc_wire_works(w));
 out:
	mem_deref(w);

	return err;
}

/* Every pair is nominated, the worst last, and another one used (Firefox):
 * whoever sends sealed packets while the peer is silent is the peer. */
static int test_all_nominated(void)
{
	struct rtc_wire *w = NULL;
	struct sa used, other;
	unsigned i, newsc;
	int err = 0;

	on_loop();
	TEST_ERR(rtc_wire_up(&w, &plain));
	used = w->src;
	sa_set_str(&other, "198.51.100.9", 1234);
	w->src = other;
	rtc_wire_check(w, CHECK_NOMINATE);
	rtc_wire_run(w, 300);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &other, SA_ALL));

	/* what is late from the pair of before moves nothing */
	w->src = used;
	rtc_wire_rtp(w, 3, 1);
	rtc_wire_run(w, 600);
	rtc_wire_rtp(w, 3, 2);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &other, SA_ALL));

	newsc = w->newsc;
	for (i = 0; i < 100; i++) {
		rtc_wire_run(w, 100);
		rtc_wire_rtp(w, 3, (uint16_t)(3 + i));
	}
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &used, SA_ALL));
	TEST_TRUE(w->newsc > newsc);
	TEST_EQ(RTC_CONNECTED, w->state);
	TEST_EQ(1, w->statec);

	/* a good check without packets is no peer, nor is a bad seal */
	w->src = other;
	rtc_wire_run(w, 2000);
	net_rtc_recv(w->r, &w->src, (const uint8_t *)"\x80\x60nothing at all",
		     16, w->now);
	rtc_wire_check(w, 0);
	rtc_wire_run(w, 300);
	TEST_TRUE(sa_cmp(&w->t.rtc.peer, &used, SA_ALL));
 out:
	mem_deref(w);

	return err;
}

/* Eight places: a ninth source takes that of the longest silent, and never
 * that of the peer. */
static int test_sources(void)
{
	struct rtc_wire *w = NULL;
	struct sa peer;
	unsigned i, stray;
	int err = 0;

	TEST_ERR(rtc_wire_up(&w, &plain));
	peer = w->src;
	for (i = 0; i < 8; i++) {
		sa_set_port(&w->src, (uint16_t)(50000 + i));
		rtc_wire_check(w, 0);
	}
	stray = (unsigned)rtc_wire_stat(w, "stray");
	sa_set_port(&w->src, 50000);
	rtc_wire_rtp(w, 3, 1);
	TEST_EQ(stray + 1, rtc_wire_stat(w, "stray"));
	sa_set_port(&w->src, 50001);
	rtc_wire_rtp(w, 3, 2);
	TEST_EQ(1, w->rtp);
	w->src = peer;
	TEST_TRUE(rtc_wire_works(w));

	/* who was silent for 30 s is a stranger again */
	for (i = 0; i < 31; i++) {
		rtc_wire_run(w, 1000);
		rtc_wire_check(w, CHECK_NOMINATE);
	}
	sa_set_port(&w->src, 50001);
	rtc_wire_rtp(w, 3, 3);
	TEST_EQ(stray + 2, rtc_wire_stat(w, "stray"));
 out:
	mem_deref(w);

	return err;
}

static int test_consent(void)
{
	struct rtc_wire *w = NULL;
	struct iovec iov = {(void *)"\x80\0\0\0\0\0\0\0\0\0\0\1", 12};
	unsigned i;
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_up(&w, &plain));

	/* what has a good seal says as much as a check */
	for (i = 0; i < 10; i++) {
		rtc_wire_run(w, 6000);
		rtc_wire_rtp(w, 5, (uint16_t)i);
	}
	TEST_EQ(RTC_CONNECTED, w->state);
	TEST_EQ(1, w->statec);

	rtc_wire_run(w, 6900);
	TEST_EQ(RTC_CONNECTED, w->state);
	rtc_wire_run(w, 150);
	TEST_EQ(RTC_TROUBLE, w->state);
	TEST_EQ(0, net_rtc_send_rtp(w->r, &iov, 1));
	rtc_wire_check(w, 0);
	TEST_EQ(RTC_CONNECTED, w->state);

	rtc_wire_run(w, 29900);
	TEST_EQ(RTC_TROUBLE, w->state);
	rtc_wire_run(w, 150);
	TEST_EQ(RTC_FAILED, w->state);
	TEST_STR("not heard for 30 s", w->text);
	TEST_EQ(ENOTCONN, net_rtc_send_rtp(w->r, &iov, 1));
	TEST_EQ(UINT64_MAX, net_rtc_due(w->r));

	/* an unsealed packet brings nothing back, a check does */
	net_rtc_recv(w->r, &w->src, (const uint8_t *)"\x80\x60nothing at all",
		     16, w->now);
	TEST_EQ(RTC_FAILED, w->state);
	rtc_wire_check(w, 0);
	TEST_EQ(RTC_CONNECTED, w->state);
	TEST_TRUE(rtc_wire_works(w));
 out:
	mem_deref(w);

	return err;
}

static uint32_t rnd(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;

	return x;
}

/* Random bytes with every first byte, before, during and after */
static void noise(struct rtc_wire *w, unsigned count)
{
	uint8_t buf[2200];
	size_t i, n;

	on_loop();

	while (count--) {
		n = rnd() % (rnd() & 1 ? sizeof(buf) : 64);
		for (i = 0; i < n; i++)
			buf[i] = (uint8_t)rnd();
		if (n > 13 && rnd() & 1) {
			/* a record of plausible type, version and length */
			buf[0] = (uint8_t)(20 + rnd() % 5);
			buf[1] = 0xfe;
			buf[2] = 0xfd;
			memset(buf + 3, 0, 8);
			buf[11] = (uint8_t)((n - 13) >> 8);
			buf[12] = (uint8_t)(n - 13);
			if (rnd() & 1)
				buf[11] = 0xff;
		}
		net_rtc_recv(w->r, &w->src, buf, n, w->now);
	}
}

static int test_noise(void)
{
	struct rtc_wire *w = NULL;
	int err = 0;

	TEST_ERR(rtc_wire_alloc(&w, &plain, false));
	noise(w, 2000);
	TEST_EQ(0, w->sent);
	TEST_ERR(rtc_wire_connect(w));
	noise(w, 5000);
	rtc_wire_run(w, 100);
	TEST_EQ(RTC_CONNECTED, w->state);
	TEST_EQ(0, w->rtp);
	TEST_TRUE(rtc_wire_works(w));
	TEST_ERR(rtc_wire_takeover(w));
	noise(w, 5000);
	rtc_wire_run(w, 100);
	TEST_TRUE(rtc_wire_works(w));
 out:
	mem_deref(w);

	return err;
}

/* A handshake cut short at any byte of any datagram fails alone */
static int test_cut(void)
{
	static uint8_t hellov[2][2048];
	static size_t lenv[2];
	struct rtc_peer_cfg cfg = {.big_hello = true};
	struct rtc_wire *w = NULL;
	size_t i, k;
	int err = 0;

	on_loop();

	TEST_ERR(rtc_wire_alloc(&w, &cfg, false));
	rtc_peer_start(w->p);
	for (i = 0; i < 2; i++)
		lenv[i] = rtc_wire_take(w, hellov[i], sizeof(hellov[i]));
	TEST_TRUE(lenv[0] > 1000 && lenv[1] > 100);
	w = mem_deref(w);

	for (i = 0; i < 2; i++)
		for (k = 1; k < lenv[i]; k += 7) {
			TEST_ERR(rtc_wire_alloc(&w, &plain, false));
			rtc_wire_check(w, CHECK_NOMINATE);
			net_rtc_recv(w->r, &w->src, hellov[i], k, w->now);
			/* DTLS drops what is no record: still open to all */
			TEST_ERR(rtc_wire_connect(w));
			w = mem_deref(w);
		}
 out:
	mem_deref(w);

	return err;
}

static const struct test testv[] = {
	{"checks and their answers",            test_checks},
	{"IPv6",                                test_ipv6},
	{"what is no check",                    test_frames},
	{"a restart, and the pair of before",   test_restart},
	{"the peer moves",                      test_move},
	{"of pairs all nominated, the used one", test_all_nominated},
	{"eight sources",                       test_sources},
	{"consent: trouble, failed and back",   test_consent},
	{"noise",                               test_noise},
	{"a ClientHello cut short",             test_cut},
};

int main(int argc, char **argv)
{
	if (net_rtc_init())
		return 99;

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
