/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_leg_fb.c -- what legs tell each other about the way
 */
#include <string.h>

#include "tests/fake/duo.h"
#include "tests/unit/test.h"


static void with_twcc(struct ticket *t)
{
	t->video.fb_twcc = t->audio.fb_twcc = true;
	t->video.ext_twcc = t->audio.ext_twcc = EXT_TWCC;
}


static void slides_twcc(struct ticket *t)
{
	duo_slides(t);
	with_twcc(t);
	t->slides.fb_twcc = true;
	t->slides.ext_twcc = EXT_TWCC;
}


/* No camera, only slides: feedback names an SSRC that the peer has */
static int test_twcc_about(void)
{
	static const uint8_t exts[] = {0xbe, 0xde, 0, 2,
		EXT_MID << 4, '2', EXT_TWCC << 4 | 1, 0, 0, 0, 0, 0};
	struct duo *p = NULL;
	uint8_t b[12 + sizeof(exts) + 100] = {0x90, 102};
	unsigned i;
	int err;

	on_loop();
	err = duo_make(&p, NULL, slides_twcc);
	TEST_ERR(err);
	memcpy(b + 12, exts, sizeof(exts));
	b[11] = 77;
	for (i = 0; i < 20; i++) {
		b[3] = b[12 + 8] = (uint8_t)i;
		leg_recv(p->b.leg, LEG_AUDIO, false, NULL, b, sizeof(b),
			 p->now);
		duo_pass(p, 20);
	}
	TEST_TRUE(p->b.told.n[RTCP_ITEM_TWCC] >= 3);
	TEST_EQ(77, p->b.told.twcc_ssrc);

	/* said goodbye: nothing is due for ever */
	on_loop();
	leg_bye(p->b.leg, p->now);
	leg_recv(p->b.leg, LEG_AUDIO, false, NULL, b, sizeof(b), p->now);
	i = p->b.told.n[RTCP_ITEM_TWCC];
	duo_pass(p, 500);
	TEST_EQ(i, p->b.told.n[RTCP_ITEM_TWCC]);
	TEST_TRUE(leg_due(p->b.leg) > p->now);
 out:
	duo_close(p);
	return err;
}


static int test_twcc_legs(void)
{
	const struct wire_cfg cfg = {.seed = 9, .delay_us = 20 * MS};
	struct duo *p = NULL;
	unsigned i;
	int err;

	err = duo_make(&p, &cfg, with_twcc);
	TEST_ERR(err);
	for (i = 0; i < 150; i++) {
		TEST_ERR(duo_picture(&p->a, i + 1, !i));
		duo_pass(p, 33);
	}
	/* 5 s: between 50 and 100 ms apart */
	TEST_TRUE(p->b.told.n[RTCP_ITEM_TWCC] >= 45);
	TEST_TRUE(p->b.told.n[RTCP_ITEM_TWCC] <= 110);
	TEST_EQ(0, p->b.told.n[RTCP_ITEM_REMB]);
	on_loop();
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) >= 1000000);
 out:
	duo_close(p);
	return err;
}


static void with_remb(struct ticket *t)
{
	t->video.fb_remb = true;
	t->video.ext_abs_send = EXT_ABS;
}


static int test_remb(void)
{
	const struct wire_cfg cfg = {.seed = 9, .delay_us = 20 * MS};
	const struct wire_cfg lossy = {.seed = 9, .delay_us = 20 * MS,
		.loss = 400};
	struct duo *p = NULL;
	unsigned i;
	uint64_t was, low;
	int err;

	err = duo_make(&p, &cfg, with_remb);
	TEST_ERR(err);
	on_loop();
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 640, 360, p->now));
	for (i = 0; i < 100; i++) {
		TEST_ERR(duo_picture(&p->a, i + 1, !i));
		duo_pass(p, 33);
	}
	TEST_TRUE(p->b.told.n[RTCP_ITEM_REMB] >= 3);
	TEST_TRUE(p->b.told.n[RTCP_ITEM_REMB] <= 20);
	TEST_TRUE(p->b.told.remb > 500000 && p->b.told.remb < 1000000);
	/* the other end obeys, but for what the coding rounds off */
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) / 10000 ==
		  p->b.told.remb / 10000);

	/* shown nowhere: next to nothing, at once */
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 0, 0, p->now));
	duo_pass(p, 300);
	TEST_TRUE(p->b.told.remb < 200000);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 1280, 720, p->now));
	duo_pass(p, 300);
	was = p->b.told.remb;
	TEST_TRUE(was > 2000000);

	low = was;
	wire_set(p->wire, &lossy);
	for (i = 100; i < 280; i++) {
		/* after a jam nothing goes out but a key frame */
		TEST_ERR(duo_picture(&p->a, i + 1, i % 10 == 0));
		duo_pass(p, 33);
		if (p->b.told.remb < low)
			low = p->b.told.remb;
	}
	printf("# with loss %u of %u\n", (unsigned)low, (unsigned)was);
	TEST_TRUE(low < was * 3 / 4);
 out:
	duo_close(p);
	return err;
}


static void with_share(struct ticket *t)
{
	with_remb(t);
	duo_slides(t);
	t->slides.fb_remb = true;
	t->slides.ext_abs_send = EXT_ABS;
}


/* A share that nobody bounds counts as long as it is there */
static int test_remb_share(void)
{
	const struct wire_cfg cfg = {.seed = 9, .delay_us = 20 * MS};
	struct duo *p = NULL;
	struct ticket t;
	unsigned i;
	int err;

	err = duo_make(&p, &cfg, with_share);
	TEST_ERR(err);
	on_loop();
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 320, 180, p->now));
	for (i = 0; i < 60; i++) {
		TEST_ERR(duo_picture(&p->a, i + 1, !i));
		duo_pass(p, 33);
	}
	TEST_TRUE(p->b.told.remb > 1000000);

	/* it ends: what is left is the camera's small tile, at once */
	t = p->b.t;
	t.slides.on = t.slides.recv = false;
	TEST_ERR(leg_set(p->b.leg, &t, p->now));
	duo_pass(p, 300);
	TEST_TRUE(p->b.told.remb > 200000 && p->b.told.remb < 500000);
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) < 500000);

	/* and comes again */
	TEST_ERR(leg_set(p->b.leg, &p->b.t, p->now));
	duo_pass(p, 300);
	TEST_TRUE(p->b.told.remb > 1000000);
 out:
	duo_close(p);
	return err;
}


static void as_sip(struct ticket *t)
{
	t->rtc.on = false;
	t->video.fb_tmmbr = true;
	t->video.rtcp_rsize = false;
}


static int test_tmmbr(void)
{
	const struct wire_cfg cfg = {.seed = 2, .delay_us = 5 * MS};
	struct duo *p = NULL;
	unsigned i, n;
	int err;

	err = duo_make(&p, &cfg, as_sip);
	TEST_ERR(err);
	for (i = 0; i < 10; i++) {
		TEST_ERR(duo_picture(&p->a, i + 1, !i));
		duo_pass(p, 33);
	}
	on_loop();
	TEST_EQ(0, p->b.told.n[RTCP_ITEM_TMMBR]);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 640, 360, p->now));
	duo_pass(p, 100);
	/* once: the other end answers */
	n = p->b.told.n[RTCP_ITEM_TMMBR];
	TEST_EQ(1, n);
	TEST_EQ(1, p->a.told.n[RTCP_ITEM_TMMBN]);
	TEST_TRUE(p->b.told.tmmbr > 600000 && p->b.told.tmmbr < 800000);
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) == p->b.told.tmmbr);
	duo_pass(p, 5000);
	TEST_EQ(n, p->b.told.n[RTCP_ITEM_TMMBR]);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 640, 368, p->now));
	duo_pass(p, 100);
	TEST_EQ(n, p->b.told.n[RTCP_ITEM_TMMBR]);

	/* shown nowhere: next to nothing; large again: at once all of it */
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 0, 0, p->now));
	duo_pass(p, 100);
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) < 40000);
	duo_pass(p, 3000);
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) < 40000);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 1280, 720, p->now));
	duo_pass(p, 100);
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) > 2500000);
	TEST_EQ(n + 2, p->b.told.n[RTCP_ITEM_TMMBR]);
 out:
	duo_close(p);
	return err;
}


int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"feedback is about an SSRC that is there", test_twcc_about},
		{"feedback between legs", test_twcc_legs},
		{"REMB: what is shown, what comes through", test_remb},
		{"REMB: a share that ended is not counted", test_remb_share},
		{"TMMBR to a SIP peer", test_tmmbr},
	};
	int err = pkt_pool_init(1024);

	if (err)
		return 1;
	err = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return err;
}
