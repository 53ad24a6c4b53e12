/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_leg_repair.c -- what is lost comes again, and no more of it
 */
#include <string.h>

#include "tests/fake/duo.h"
#include "tests/unit/test.h"


static void plain(struct ticket *t)
{
	t->video.fmtv[0].rtx_pt = 0;
}


/* complete: of 600 pictures; whole: those whose references were, too.
 * Key frames are asked for as a decoder would, and PLIs are lost as well. */
static int repair(unsigned loss, void (*change)(struct ticket *),
		  unsigned complete, unsigned whole, bool by_rtx)
{
	const struct wire_cfg cfg = {.seed = 5, .delay_us = 10 * MS,
		.jitter_us = 4 * MS, .loss = loss};
	const struct wire_cfg good = {.seed = 6, .delay_us = 10 * MS};
	struct duo *p = NULL;
	unsigned i, keys = 0;
	json_t *o = NULL;
	int err;

	err = duo_make(&p, &cfg, change);
	TEST_ERR(err);
	for (i = 0; i < 600; i++) {
		TEST_ERR(duo_picture(&p->a, i + 1, !i || p->a.keys > keys));
		keys = p->a.keys;
		duo_pass(p, 33);
		on_loop();
		/* nobody moves to a smaller rung here */
		leg_try(p->a.leg, 20000, p->now);
		if (rtp_frame_want_key(p->b.frame))
			(void)leg_want_key(p->b.leg, LEG_VIDEO, p->now);
	}
	wire_set(p->wire, &good);
	duo_pass(p, 500);
	printf("# loss %u: %u whole, %u broken, nacks %u\n", loss,
	       p->b.whole, p->b.broken, p->b.told.n[RTCP_ITEM_NACK]);
	TEST_TRUE(p->b.whole + p->b.broken >= complete);
	TEST_TRUE(p->b.whole >= whole);
	TEST_TRUE(p->b.told.n[RTCP_ITEM_NACK] > 100);

	on_loop();
	o = leg_stats(p->b.leg, LEG_VIDEO);
	TEST_TRUE(json_integer_value(json_object_get(o, "rx_repaired")) >
		  100);
	TEST_TRUE((json_integer_value(json_object_get(o, "rx_rtx_used")) >
		   100) == by_rtx);
	/* not one packet goes without a MID, RTX with them */
	TEST_EQ(0, p->a.no_mid);
	TEST_TRUE(p->a.exts > 3000);
 out:
	json_decref(o);
	duo_close(p);
	return err;
}


static int test_rtx_10(void)
{
	return repair(100, NULL, 596, 580, true);
}


static int test_rtx_30(void)
{
	return repair(300, NULL, 565, 350, true);
}


static int test_repeat_10(void)
{
	return repair(100, plain, 595, 580, false);
}


static int test_storm(void)
{
	struct duo *p = NULL;
	struct rtp_rtcp_buf buf;
	uint16_t seqv[RTP_NACK_ONCE];
	unsigned i, k, was;
	uint16_t first;
	int err;

	on_loop();
	err = duo_make(&p, NULL, NULL);
	TEST_ERR(err);
	for (i = 0; i < 60; i++) {
		TEST_ERR(duo_picture(&p->a, i + 1, !i));
		duo_pass(p, 10);
	}
	was = p->a.exts;
	first = (uint16_t)rand_u16();
	for (i = 0; i < 100; i++) {
		for (k = 0; k < 1024; k++) {
			const uint16_t at = (uint16_t)(first + k * 64);
			unsigned j;

			for (j = 0; j < RTP_NACK_ONCE; j++)
				seqv[j] = (uint16_t)(at + j);
			buf.n = 0;
			(void)rtp_rtcp_put_nack(&buf, 1, rtp_out_ssrc(
				p->a.leg->sidev[LEG_VIDEO].out), seqv,
				RTP_NACK_ONCE);
			leg_recv(p->a.leg, LEG_AUDIO, false, NULL, buf.b,
				 buf.n, p->now);
		}
		duo_pass(p, 10);
	}
	/* 1 s of asking for everything */
	printf("# sent again: %u\n", p->a.exts - was);
	TEST_TRUE(p->a.exts - was >= 200);
	TEST_TRUE(p->a.exts - was <= 1100);
 out:
	duo_close(p);
	return err;
}


static void without_rtx(struct ticket *t)
{
	t->video.fb_twcc = t->audio.fb_twcc = true;
	t->video.ext_twcc = t->audio.ext_twcc = EXT_TWCC;
	plain(t);
	t->video.ext_abs_send = EXT_ABS;
	t->video.ext_capture = EXT_CAPTURE;
}


static void nack_last(struct duo_end *e, uint64_t now)
{
	const uint16_t seq = (uint16_t)(e->last[2] << 8 | e->last[3]);
	struct rtp_rtcp_buf buf = {.n = 0};

	on_loop();
	(void)rtp_rtcp_put_nack(&buf, 1, rtp_out_ssrc(
			e->leg->sidev[LEG_VIDEO].out), &seq, 1);
	e->lastn = 0;
	leg_recv(e->leg, LEG_AUDIO, false, NULL, buf.b, buf.n, now);
}


/* Sealed with the nonce that it had, a plain repeat may differ in nothing,
 * not in its extensions either */
static int test_repeat_same(void)
{
	struct duo *p = NULL;
	uint8_t was[1500];
	size_t n;
	int err;

	on_loop();
	err = duo_make(&p, NULL, without_rtx);
	TEST_ERR(err);
	TEST_ERR(duo_picture(&p->a, 1, true));
	duo_pass(p, 30);
	n = p->a.lastn;
	TEST_TRUE(n > 1000);
	memcpy(was, p->a.last, n);
	nack_last(&p->a, p->now);
	TEST_EQ(n, p->a.lastn);
	TEST_TRUE(!memcmp(was, p->a.last, n));

	/* it could not be the same any more */
	p->a.t.video.ext_abs_send = EXT_ABS + 5;
	TEST_ERR(leg_set(p->a.leg, &p->a.t, p->now));
	duo_pass(p, 30);
	memcpy(p->a.last, was, n);
	nack_last(&p->a, p->now);
	TEST_EQ(0, p->a.lastn);
 out:
	duo_close(p);
	return err;
}


int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"a tenth lost, RTX brings it", test_rtx_10},
		{"a third lost, RTX brings it", test_rtx_30},
		{"a tenth lost, plain repeats", test_repeat_10},
		{"asked for everything, again and again", test_storm},
		{"a plain repeat is the same bytes", test_repeat_same},
	};
	int err = pkt_pool_init(1024);

	if (err)
		return 1;
	err = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return err;
}
