/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rate.c -- legs on narrow, lossy and changing paths
 *
 * Nobody sleeps: minutes of a call with a bottleneck pass in a moment, the
 * same every time.  What must hold: down within a second or two, up again
 * when there is room, sound all the time, and nobody is fooled for long.
 */
#include "mixer/rtp_bwe.h"
#include "mixer/rtp_loss.h"
#include "tests/fake/viewer.h"
#include "tests/unit/test.h"


enum { MS = 1000, SEC = 1000000, VIEWERS = 2, MTU_HEAD = 28 };

struct net {
	struct wire *down, *up;
	struct wire_cfg dcfg, ucfg;
	struct viewer *v[VIEWERS];
	unsigned c;
	uint64_t now;
};


static void wire_handler(unsigned tag, const struct sa *src,
			 const uint8_t *p, size_t n, uint64_t now, void *arg)
{
	struct net *net = arg;
	unsigned i;

	on_loop();
	(void)src;
	for (i = 0; i < net->c; i++)
		if (viewer_recv(net->v[i], tag, p, n, now))
			return;
}


static void net_close(struct net *net)
{
	unsigned i;

	for (i = 0; i < net->c; i++)
		mem_deref(net->v[i]);
	mem_deref(net->down);
	mem_deref(net->up);
	memset(net, 0, sizeof(*net));
}


static int net_make(struct net *net, enum viewer_kind kind, unsigned c,
		    unsigned kbps)
{
	int err;

	on_loop();
	memset(net, 0, sizeof(*net));
	net->now = 100ull * SEC;
	net->dcfg = (struct wire_cfg){
		.seed = 7, .delay_us = 20 * MS, .kbps = kbps,
		.queue_ms = 250, .head = MTU_HEAD,
	};
	net->ucfg = (struct wire_cfg){ .seed = 8, .delay_us = 20 * MS };
	err = wire_alloc(&net->down, &net->dcfg, wire_handler, net);
	if (!err)
		err = wire_alloc(&net->up, &net->ucfg, wire_handler, net);
	for (; !err && net->c < c; net->c++)
		err = viewer_alloc(&net->v[net->c], kind, net->c, net->down,
				   net->up, net->now);

	return err;
}


static void net_kbps(struct net *net, unsigned kbps)
{
	net->dcfg.kbps = kbps;
	wire_set(net->down, &net->dcfg);
}


static void net_run(struct net *net, unsigned ms)
{
	unsigned i;

	on_loop();
	while (ms--) {
		net->now += MS;
		wire_run(net->down, net->now);
		wire_run(net->up, net->now);
		for (i = 0; i < net->c; i++)
			viewer_run(net->v[i], net->now);
	}
}


static void print(const struct net *net, const char *what)
{
	const struct viewer *v;
	unsigned i, k;

	for (k = 0; k < net->c; k++) {
		v = net->v[k];
		printf("# %s: rungs ", what);
		for (i = 0; i < v->secs && i < VIEWER_SECS; i++)
			printf("%u", v->rungv[i]);
		printf("\n#   sound lost %u/1000, gap %u ms; pictures: breaks %u, "
		       "dark %u ms; down %u up %u\n", viewer_lost(v),
		       (unsigned)(v->gap_us / MS), v->breaks,
		       (unsigned)(v->dark_us / MS), v->rate.downs,
		       v->rate.ups);
	}
}


/* Until the rung is at most that; ms, or limit */
static unsigned until_down(struct net *net, unsigned rung, unsigned limit)
{
	unsigned ms = 0;

	while (net->v[0]->rung > rung && ms < limit) {
		net_run(net, 10);
		ms += 10;
	}

	return ms;
}


static unsigned until_up(struct net *net, unsigned rung, unsigned limit)
{
	unsigned ms = 0;

	while (net->v[0]->rung < rung && ms < limit) {
		net_run(net, 10);
		ms += 10;
	}

	return ms;
}


static const char *const kindv[] = {"feedback", "REMB", "reports and PLI",
	"reports"};

/* ---- links ------------------------------------------------------------- */

/* A path as wide as that from the beginning on: the best rung that fits, or
 * one so near to it, most of the time, after at most so long; and sound. */
static int links(enum viewer_kind kind, unsigned settle_s, unsigned near,
		 unsigned lost)
{
	static const struct { unsigned kbps, rung; } tabv[] = {
		{60, 1}, {100, 1}, {300, 2}, {1000, 3}, {5000, 4},
	};
	struct net net = {0};
	char what[64];
	unsigned i, s, good;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		TEST_ERR(net_make(&net, kind, 1, tabv[i].kbps));
		net_run(&net, settle_s * 1000);
		viewer_clear(net.v[0]);
		net_run(&net, 60000);
		(void)re_snprintf(what, sizeof(what), "%u kbit/s by %s",
				  tabv[i].kbps, kindv[kind]);
		print(&net, what);
		good = 0;
		for (s = settle_s; s < settle_s + 60; s++)
			good += net.v[0]->rungv[s] <= tabv[i].rung + near &&
				net.v[0]->rungv[s] + near >= tabv[i].rung;
		TEST_TRUE(good >= 45);
		TEST_TRUE(viewer_lost(net.v[0]) <= lost);
		net_close(&net);
	}
 out:
	net_close(&net);
	return err;
}


static int test_links_twcc(void) { return links(VIEWER_TWCC, 8, 0, 10); }
static int test_links_remb(void) { return links(VIEWER_REMB, 12, 1, 30); }
static int test_links_sip(void)  { return links(VIEWER_SIP, 20, 1, 250); }


/* ---- steps ------------------------------------------------------------- */

/* 5000 -> 300 -> 5000 kbit/s */
static int steps(enum viewer_kind kind, unsigned down_ms, unsigned fit_ms,
		 unsigned up_ms, unsigned lost)
{
	struct net net = {0};
	unsigned first, fit, up;
	int err;

	err = net_make(&net, kind, 1, 5000);
	TEST_ERR(err);
	net_run(&net, 20000);
	TEST_EQ(4, net.v[0]->rung);
	viewer_clear(net.v[0]);
	net_kbps(&net, 300);
	first = until_down(&net, 3, 30000);
	fit = first + until_down(&net, 2, 30000);
	net_run(&net, 20000);
	print(&net, kindv[kind]);
	TEST_TRUE(net.v[0]->rung <= 3);
	TEST_TRUE(viewer_lost(net.v[0]) <= lost);
	net_kbps(&net, 5000);
	viewer_clear(net.v[0]);
	up = until_up(&net, 4, 120000);
	print(&net, kindv[kind]);
	printf("# by %s: first step down after %u ms, fits after %u ms, up "
	       "again after %u ms\n", kindv[kind], first, fit, up);
	TEST_TRUE(viewer_lost(net.v[0]) <= 5);
	TEST_TRUE(first <= down_ms);
	TEST_TRUE(fit <= fit_ms);
	TEST_TRUE(up <= up_ms);
 out:
	net_close(&net);
	return err;
}


static int test_steps_twcc(void)
{
	return steps(VIEWER_TWCC, 1000, 1500, 40000, 50);
}


static int test_steps_remb(void)
{
	return steps(VIEWER_REMB, 1500, 4000, 90000, 60);
}


static int test_steps_sip(void)
{
	return steps(VIEWER_SIP, 2500, 8000, 120000, 200);
}


static int test_steps_reports(void)
{
	return steps(VIEWER_SIP_MUTE, 7000, 14000, 120000, 300);
}


/* ---- not congestion ---------------------------------------------------- */

/* A tenth is lost whatever is sent: no reason to send less for long */
static int losses(enum viewer_kind kind)
{
	struct net net = {0};
	unsigned s, good = 0;
	int err;

	err = net_make(&net, kind, 1, 5000);
	TEST_ERR(err);
	net.dcfg.loss = 100;
	wire_set(net.down, &net.dcfg);
	net_run(&net, 120000);
	print(&net, "a tenth is lost");
	for (s = 60; s < 120; s++)
		good += net.v[0]->rungv[s] >= 3;
	TEST_TRUE(good >= 50);
 out:
	net_close(&net);
	return err;
}


/* The same with other dice, jitter, and feedback that is lost as well: there
 * is a picture all the time, a good one most of it */
static int losses_many(enum viewer_kind kind, unsigned loss, unsigned share)
{
	struct net net = {0};
	unsigned s, i, good = 0, none = 0;
	char what[64];
	int err = 0;

	for (i = 0; i < 8; i++) {
		TEST_ERR(net_make(&net, kind, 1, 5000));
		net_run(&net, 3000 + 137 * i);
		net.dcfg.loss = net.ucfg.loss = loss;
		net.dcfg.jitter_us = net.ucfg.jitter_us = 8 * MS;
		net.dcfg.seed = 100 + i;
		net.ucfg.seed = 200 + i;
		wire_set(net.down, &net.dcfg);
		wire_set(net.up, &net.ucfg);
		net_run(&net, 60000);
		(void)re_snprintf(what, sizeof(what), "%u of 1000 lost, %s",
				  loss, kindv[kind]);
		print(&net, what);
		for (s = 3; s < 63; s++) {
			good += net.v[0]->rungv[s] >= 3;
			none += !net.v[0]->rungv[s];
		}
		net_close(&net);
	}
	printf("# good for %u of 480 s, none for %u s\n", good, none);
	TEST_EQ(0, none);
	TEST_TRUE(good * 100 >= 480 * share);
 out:
	net_close(&net);
	return err;
}


static int test_losses_twcc(void)
{
	int err = losses_many(VIEWER_TWCC, 50, 90);

	if (!err)
		err = losses_many(VIEWER_TWCC, 100, 85);
	if (!err)
		err = losses_many(VIEWER_TWCC, 150, 70);

	return err;
}


static int test_losses_sip(void)
{
	int err = losses_many(VIEWER_SIP, 50, 70);

	return err ? err : losses_many(VIEWER_SIP, 100, 70);
}


/* One in a hundred: a phone's picture breaks all the time, and it asks for
 * key frames all the time; its reports say that there is nothing to it */
static int test_little_loss(void)
{
	struct net net = {0};
	unsigned s, good = 0;
	int err;

	err = net_make(&net, VIEWER_SIP, 1, 5000);
	TEST_ERR(err);
	net.dcfg.loss = 10;
	wire_set(net.down, &net.dcfg);
	net_run(&net, 120000);
	print(&net, "one in a hundred is lost");
	for (s = 30; s < 120; s++)
		good += net.v[0]->rungv[s] == 4;
	TEST_TRUE(good >= 70);
 out:
	net_close(&net);
	return err;
}


static int test_loss_twcc(void) { return losses(VIEWER_TWCC); }
static int test_loss_sip(void)  { return losses(VIEWER_SIP); }


/* A busy machine, a radio: packets late by up to 60 ms, no queue */
static int test_jitter(void)
{
	struct net net = {0};
	unsigned s, good = 0;
	int err;

	err = net_make(&net, VIEWER_TWCC, 1, 0);
	TEST_ERR(err);
	net.dcfg.jitter_us = 60 * MS;
	wire_set(net.down, &net.dcfg);
	net_run(&net, 60000);
	print(&net, "60 ms of jitter");
	for (s = 10; s < 60; s++)
		good += net.v[0]->rungv[s] == 4;
	TEST_TRUE(good >= 40);
 out:
	net_close(&net);
	return err;
}


/* ---- sharing ----------------------------------------------------------- */

static int test_share(void)
{
	struct net net = {0};
	uint64_t sumv[2] = {0};
	unsigned i, s;
	int err;

	err = net_make(&net, VIEWER_TWCC, 2, 1300);
	TEST_ERR(err);
	net_run(&net, 30000);
	viewer_clear(net.v[0]);
	viewer_clear(net.v[1]);
	net_run(&net, 90000);
	print(&net, "two on 1300 kbit/s");
	for (i = 0; i < 2; i++) {
		for (s = 30; s < 120; s++)
			sumv[i] += net.v[i]->kbpsv[s] / 125;
		sumv[i] /= 90;
		TEST_TRUE(viewer_lost(net.v[i]) <= 20);
	}
	printf("# %u and %u kbit/s\n", (unsigned)sumv[0], (unsigned)sumv[1]);
	TEST_TRUE(sumv[0] + sumv[1] >= 650);
	TEST_TRUE(sumv[0] * 4 >= sumv[1] && sumv[1] * 4 >= sumv[0]);
 out:
	net_close(&net);
	return err;
}


/* ---- feedback lost, feedback that lies --------------------------------- */

static int test_feedback_lost(void)
{
	struct net net = {0};
	int err;

	/* half of it: nothing to fear */
	err = net_make(&net, VIEWER_TWCC, 1, 5000);
	TEST_ERR(err);
	net.ucfg.loss = 500;
	wire_set(net.up, &net.ucfg);
	net_run(&net, 30000);
	print(&net, "half of the feedback lost");
	TEST_EQ(4, net.v[0]->rung);

	/* all of it: down, and up again when it comes */
	net.v[0]->deaf = true;
	net_run(&net, 12000);
	print(&net, "all of the feedback lost");
	TEST_TRUE(net.v[0]->rung <= 1);
	net.v[0]->deaf = false;
	net.ucfg.loss = 0;
	wire_set(net.up, &net.ucfg);
	TEST_TRUE(until_up(&net, 4, 60000) < 60000);
	net_close(&net);

	/* who never said anything is sent what was agreed */
	err = net_make(&net, VIEWER_DEAF, 1, 5000);
	TEST_ERR(err);
	net_run(&net, 20000);
	TEST_EQ(4, net.v[0]->rung);
 out:
	net_close(&net);
	return err;
}


static void be(uint8_t *p, uint64_t v, unsigned n)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}


/* Any times and any fates: what comes out is a number in its bounds */
static int test_hostile_twcc(void)
{
	struct rtp_bwe *b = NULL;
	uint8_t fci[64];
	uint64_t seed = 5, now = SEC, bps;
	unsigned i, k;
	uint16_t seq;
	int err;

	err = rtp_bwe_alloc(&b, true);
	TEST_ERR(err);
	for (i = 0; i < 20000; i++) {
		now += 5 * MS;
		if (i % 1000 == 500)
			rtp_bwe_probe(b, now);
		if (i % 1000 == 520)
			rtp_bwe_probed(b, now);
		seq = rtp_bwe_sent(b, 1000, now);
		rtp_bwe_bytes(b, 1000, now);
		for (k = 0; k < sizeof(fci); k++)
			fci[k] = (uint8_t)wire_rand(&seed);
		be(fci, (uint64_t)(seq - 4), 2);
		be(fci + 2, 1 + wire_rand(&seed) % 8, 2);
		(void)rtp_bwe_feedback(b, fci, sizeof(fci),
				       (int64_t)(wire_rand(&seed) % SEC) - 1,
				       now);
		rtp_bwe_report(b, (double)(wire_rand(&seed) % 256) / 256,
			       (unsigned)wire_rand(&seed) % 100, (int64_t)wire_rand(&seed), now - SEC, now);
		rtp_bwe_remb(b, wire_rand(&seed), now);
		rtp_bwe_run(b, now);
		bps = rtp_bwe_bps(b);
		TEST_TRUE(bps <= RTP_EST_MAX_BPS);
		TEST_TRUE(!rtp_bwe_told(b) || bps >= RTP_EST_MIN_BPS);
	}
 out:
	mem_deref(b);
	return err;
}


/* Who says that all is lost is sent no picture, and harms nobody else; who
 * says that nothing is, no more than was agreed */
static int test_hostile_reports(void)
{
	struct rtp_loss l = {0};
	uint64_t now = SEC;
	unsigned i;
	int err = 0;

	for (i = 0; i < 100; i++, now += SEC)
		rtp_loss_told(&l, 1.0, 100, 1000000, now - SEC, now);
	TEST_TRUE(l.bps <= RTP_EST_MIN_BPS + 1);
	rtp_loss_told(&l, 0.0 / 0.0, 100, 1000000, now - SEC, now);
	rtp_loss_told(&l, -3, 100, 1000000, now - SEC, now);
	rtp_loss_told(&l, 7, 100, 0, now + SEC, now);
	TEST_TRUE(l.bps >= RTP_EST_MIN_BPS - 1);
	for (i = 0; i < 1000; i++, now += SEC)
		rtp_loss_told(&l, 0, 100, 500000, now - SEC, now);
	TEST_TRUE(l.bps <= 800000);
 out:
	return err;
}


/* A TMMBR obeyed at once; one that comes and goes moves nobody to and fro */
static int test_asked(void)
{
	struct leg_rate r = {0};
	struct leg_rate_in in = {
		.path = {.sending_kbps = 1600, .audio_kbps = 50},
		.cur = 1590, .next = 0,
	};
	struct leg_rate_out out;
	uint64_t now = SEC;
	unsigned i, ups = 0;
	int err = 0;

	TEST_EQ(LEG_RATE_STAY, leg_rate_step(&r, &in, &out, now));
	in.path.video_kbps = 300;
	now += 100 * MS;
	TEST_EQ(LEG_RATE_DOWN, leg_rate_step(&r, &in, &out, now));
	TEST_EQ(300, out.kbps);
	for (i = 0; i < 600; i++, now += 100 * MS) {
		const bool low = i % 10 < 5;

		in.path.video_kbps = low ? 300 : 3000;
		in.cur  = in.path.video_kbps;
		in.next = low ? 3000 : 0;
		if (!low && in.cur == 3000)
			in.cur = 300, in.next = 3000;
		ups += leg_rate_step(&r, &in, &out, now) == LEG_RATE_UP;
	}
	printf("# %u steps up in a minute\n", ups);
	TEST_TRUE(ups <= 40);
 out:
	return err;
}


/* Whoever fails upwards again and again waits longer and longer */
static int test_hysteresis(void)
{
	struct net net = {0};
	unsigned early, late;
	int err;

	/* 360p and a little, never 720p: probes know, tries must learn */
	err = net_make(&net, VIEWER_SIP, 1, 900);
	TEST_ERR(err);
	net_run(&net, 60000);
	early = net.v[0]->rate.ups;
	net_run(&net, 120000);
	late = net.v[0]->rate.ups;
	net_run(&net, 110000);
	print(&net, "900 kbit/s, by trying");
	printf("# ups after 60, 180 and 290 s: %u %u %u\n", early, late,
	       net.v[0]->rate.ups);
	TEST_TRUE(early >= 1 && early <= 6);
	TEST_TRUE(net.v[0]->rate.ups - late <= 3);
 out:
	net_close(&net);
	return err;
}


int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"links of 60 to 5000 kbit/s, feedback", test_links_twcc},
		{"links, REMB", test_links_remb},
		{"links, reports and PLI", test_links_sip},
		{"a step down and up, feedback", test_steps_twcc},
		{"a step down and up, REMB", test_steps_remb},
		{"a step down and up, reports and PLI", test_steps_sip},
		{"a step down and up, reports alone", test_steps_reports},
		{"a tenth lost without congestion, feedback", test_loss_twcc},
		{"a tenth lost without congestion, reports", test_loss_sip},
		{"losses of all kinds, feedback", test_losses_twcc},
		{"losses of all kinds, reports", test_losses_sip},
		{"one in a hundred lost, reports and PLI", test_little_loss},
		{"jitter is no congestion", test_jitter},
		{"two share a bottleneck", test_share},
		{"feedback lost", test_feedback_lost},
		{"feedback that lies", test_hostile_twcc},
		{"reports that lie", test_hostile_reports},
		{"what a peer asks for is obeyed", test_asked},
		{"failures upwards make patient", test_hysteresis},
	};

	if (pkt_pool_init(256))
		return 1;

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
