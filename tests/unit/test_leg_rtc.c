/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_leg_rtc.c -- whose a packet is, and which go up
 */
#include <stdlib.h>
#include <string.h>

#include "mixer/rtp_red.h"
#include "tests/fake/duo.h"
#include "tests/unit/test.h"


static int test_demux(void)
{
	static const struct {
		const char *what, *mid;
		uint32_t ssrc;
		uint8_t pt;
		int media;                /* -1: nobody's                 */
	} tabv[] = {
		{"MID of sound",              "0",    1, PT_OPUS,  0},
		{"known by its SSRC",         NULL,   1, PT_OPUS,  0},
		{"MID of video",              "1",    2, PT_VP8,   1},
		{"known again",               NULL,   2, PT_VP8,   1},
		{"MID of slides",             "2",    3, PT_VP8,   2},
		{"unknown MID",               "9",    4, PT_VP8,  -1},
		{"unknown MID, known type",   "9",    5, PT_OPUS, -1},
		{"no MID, its type alone",    NULL,   6, PT_OPUS,  0},
		{"no MID, type of slides",    NULL,   7, 102,      2},
		{"no MID, type of two",       NULL,   8, PT_VP8,  -1},
		{"no MID, type of nobody",    NULL,   9, 77,      -1},
		{"MID, type of nobody",       "1",   10, 77,      -1},
		{"type of another medium",    "0",   11, PT_VP8,  -1},
	};
	struct duo *p = NULL;
	uint8_t buf[256];
	size_t i;
	int err;

	err = duo_make(&p, NULL, duo_slides);
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		struct duo_end *e = &p->b;
		struct duo_raw r = {.ssrc = tabv[i].ssrc, .pt = tabv[i].pt,
			.seq = (uint16_t)(100 + i), .mid = tabv[i].mid};
		unsigned was[3], m;

		/* an older SSRC of the medium is no longer there */
		p->now += SEC;
		memcpy(was, e->packets, sizeof(was));
		duo_give(e, &r, buf, duo_vp8(buf, true, 320, 180));
		for (m = 0; m < 3; m++)
			if (e->packets[m] - was[m] !=
			    (unsigned)((int)m == tabv[i].media))
				TEST_FAIL("%s: medium %u", tabv[i].what, m);
	}

	/* an SSRC that is given to another m-line goes there */
	duo_give(&p->b, &(struct duo_raw){.ssrc = 2, .pt = PT_VP8, .seq = 120,
	     .mid = "2"}, buf, duo_vp8(buf, true, 320, 180));
	p->now += SEC;
	duo_give(&p->b, &(struct duo_raw){.ssrc = 2, .pt = PT_VP8, .seq = 121},
	     buf, 200);
	TEST_EQ(2, p->b.ssrc[LEG_SLIDES]);
 out:
	duo_close(p);
	return err;
}


static void layers(struct ticket *t)
{
	t->video.ridc = 3;
	strcpy(t->video.ridv[0], "q");
	strcpy(t->video.ridv[1], "h");
	strcpy(t->video.ridv[2], "f");
}


/* One picture of each layer that is on; keyv: as asked */
struct cast {
	bool on[3], key[3];
	uint16_t seq[3];
	uint32_t ts;
	bool silent;              /* no MID: we were heard                */
};


static void cast_send(struct duo_end *e, struct cast *c)
{
	static const char *ridv[3] = {"q", "h", "f"};
	uint8_t buf[256];
	unsigned i;

	c->ts += 3000;
	for (i = 0; i < 3; i++) {
		struct duo_raw r = {.ssrc = 100 + i, .pt = PT_VP8,
			.ts = c->ts, .seq = c->seq[i],
			.mid = c->silent ? NULL : "1",
			.rid = c->seq[i] < 3 ? ridv[i] : NULL};
		struct duo_raw r2 = r;

		if (!c->on[i])
			continue;
		c->seq[i] += 2;
		r2.seq++;
		r2.marker = true;
		/* the second overtakes the first now and then */
		if (c->seq[i] % 10 == 0) {
			memset(buf, 0, sizeof(buf));
			duo_give(e, &r2, buf, 200);
			duo_give(e, &r, buf, duo_vp8(buf, c->key[i], 320u << i,
					     180u << i));
		}
		else {
			duo_give(e, &r, buf, duo_vp8(buf, c->key[i], 320u << i,
					     180u << i));
			memset(buf, 0, sizeof(buf));
			duo_give(e, &r2, buf, 200);
		}
		c->key[i] = false;
	}
}


/* A second of pictures; a PLI makes the next one of that layer a key */
static void cast_run(struct duo *p, struct cast *c, unsigned ms)
{
	unsigned i, plis;

	for (i = 0; i < ms; i += 33) {
		plis = p->b.told.n[RTCP_ITEM_PLI];
		cast_send(&p->b, c);
		duo_pass(p, 33);
		if (p->b.told.n[RTCP_ITEM_PLI] != plis &&
		    p->b.told.key_ssrc - 100 < 3)
			c->key[p->b.told.key_ssrc - 100] = true;
	}
}


static int test_layers(void)
{
	static const struct {
		const char *what;
		unsigned w, h;
		bool on[3];
		unsigned width;           /* of what goes up              */
	} tabv[] = {
		{"a small tile",     320,  180, {1, 1, 1}, 320},
		{"a large one",     1280,  720, {1, 1, 1}, 1280},
		{"one between",      500,  280, {1, 1, 1}, 640},
		{"a tenth too large", 700, 390, {1, 1, 1}, 640},
		{"larger than all", 1920, 1080, {1, 1, 1}, 1280},
		{"the large stops", 1920, 1080, {1, 1, 0}, 640},
		{"two stop",        1920, 1080, {1, 0, 0}, 320},
		{"all come back",   1920, 1080, {1, 1, 1}, 1280},
	};
	struct duo *p = NULL;
	struct cast c = {.on = {1, 1, 1}, .key = {1, 1, 1}};
	unsigned i, asked;
	int err;

	on_loop();
	err = duo_make(&p, NULL, layers);
	TEST_ERR(err);
	cast_run(p, &c, 300);
	TEST_TRUE(p->b.whole > 5);
	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		memcpy(c.on, tabv[i].on, sizeof(c.on));
		TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, tabv[i].w,
				      tabv[i].h, p->now));
		cast_run(p, &c, 2500);
		if (p->b.width != tabv[i].width)
			TEST_FAIL("%s: %u wide", tabv[i].what, p->b.width);
	}
	/* nothing that a decoder would stumble over, ever */
	TEST_EQ(0, p->b.broken);
	TEST_EQ(0, p->b.breaks);
	TEST_TRUE(p->b.whole > 400);

	/* what is shown nowhere is worth no key frame */
	asked = p->b.told.n[RTCP_ITEM_PLI];
	TEST_TRUE(asked >= 6 && asked < 20);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 0, 0, p->now));
	cast_run(p, &c, 2000);
	TEST_EQ(asked, p->b.told.n[RTCP_ITEM_PLI]);

	/* all layers are reported, one block each */
	p->b.told.blocks = 0;
	cast_run(p, &c, 1000);
	TEST_TRUE(p->b.told.blocks >= 3);
	TEST_EQ(0, p->b.told.blocks % 3);
 out:
	duo_close(p);
	return err;
}


static struct ticket_rtc named;


static void layers_told(struct ticket *t)
{
	layers(t);
	memcpy(t->rtc.rocv, named.rocv, sizeof(named.rocv));
	t->rtc.rocc = named.rocc;
}


/* Another mixer goes on with SSRCs that say no longer what they are */
static int test_moved(void)
{
	struct duo *p = NULL;
	struct cast c = {.on = {1, 1, 1}, .key = {1, 1, 1}};
	unsigned i;
	int err;

	on_loop();
	err = duo_make(&p, NULL, layers);
	TEST_ERR(err);
	cast_run(p, &c, 300);
	for (i = 0; i < 4; i++)
		named.rocv[i] = (struct ticket_roc) {.ssrc = 100 + i};
	named.rocc = 4;
	leg_rtc_name(p->b.leg, &named);
	for (i = 0; i < 3; i++) {
		TEST_EQ(1 + LEG_VIDEO, named.rocv[i].media);
		TEST_EQ(i, named.rocv[i].layer);
	}
	TEST_EQ(0, named.rocv[3].media);
	duo_close(p);
	p = NULL;

	c.silent = true;
	err = duo_make(&p, NULL, layers_told);
	TEST_ERR(err);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 1280, 720, p->now));
	memset(c.key, 1, sizeof(c.key));
	cast_run(p, &c, 1500);
	TEST_TRUE(p->b.whole > 20);
	TEST_EQ(1280, p->b.width);
	/* what was not heard since is told on all the same */
	named.rocv[0] = (struct ticket_roc) {.ssrc = 101};
	named.rocc = 1;
	leg_rtc_name(p->b.leg, &named);
	TEST_EQ(1 + LEG_VIDEO, named.rocv[0].media);
	TEST_EQ(1, named.rocv[0].layer);
 out:
	duo_close(p);
	return err;
}


static int test_ssrcs(void)
{
	struct duo *p = NULL;
	uint32_t v[2 * LEG_SIDES];
	unsigned round, i, k;
	int err = 0;

	for (round = 0; round < 100; round++) {
		err = duo_make(&p, NULL, NULL);
		TEST_ERR(err);
		for (i = 0; i < LEG_SIDES; i++) {
			struct rtp_out *o = p->a.leg->sidev[i].out;

			v[2 * i]     = rtp_out_ssrc(o);
			v[2 * i + 1] = rtp_out_rtx_ssrc(o);
		}
		for (i = 0; i < ARRAY_SIZE(v); i++) {
			TEST_TRUE(v[i]);
			TEST_EQ(i, v[i] & 7);
			for (k = 0; k < i; k++)
				TEST_TRUE(v[k] != v[i]);
		}
		duo_close(p);
		p = NULL;
	}
 out:
	duo_close(p);
	return err;
}


/* ---- hostile, and the rest ------------------------------------------- */

static int test_flood(void)
{
	struct duo *p = NULL;
	uint8_t buf[256] = {0};
	uint64_t seed = 4;
	unsigned i, heard;
	json_t *o;
	int err;

	err = duo_make(&p, NULL, NULL);
	TEST_ERR(err);
	for (i = 0; i < 20000; i++) {
		struct duo_raw r = {.ssrc = (uint32_t)wire_rand(&seed),
			.pt = PT_VP8, .seq = (uint16_t)i, .mid = "1"};

		duo_give(&p->b, &r, buf, 50);
		/* a voice that goes on meanwhile is heard */
		if (i % 20 == 0) {
			r = (struct duo_raw){.ssrc = 7, .pt = PT_OPUS,
				.seq = (uint16_t)(i / 20), .mid = "0"};
			duo_give(&p->b, &r, buf, 50);
		}
		if (i % 100 == 0)
			duo_pass(p, 5);
	}
	heard = p->b.packets[LEG_AUDIO];
	TEST_EQ(1000, heard);
	for (i = 0; i < LEG_STREAMS; i++)
		TEST_TRUE(p->b.leg->rtc->streamv[i].on);
	on_loop();
	o = leg_stats(p->b.leg, LEG_AUDIO);
	TEST_EQ(0, json_integer_value(json_object_get(o, "rx_lost")));
	json_decref(o);

	/* two dozen that prove themselves keep others out, till they stop */
	for (i = 0; i < 40 * 24; i++) {
		struct duo_raw r = {.ssrc = 1000 + i % 40, .pt = PT_VP8,
			.seq = (uint16_t)(i / 40), .mid = "1"};

		duo_give(&p->b, &r, buf, 50);
	}
	p->now += 3 * SEC;
	duo_give(&p->b, &(struct duo_raw){.ssrc = 5, .pt = PT_OPUS, .mid =
					  "0"}, buf, 50);
	TEST_EQ(heard + 1, p->b.packets[LEG_AUDIO]);
 out:
	duo_close(p);
	return err;
}


static int test_red(void)
{
	struct duo *p = NULL;
	uint8_t b[64] = {0x80 | PT_OPUS, 1920 * 4 >> 8, (uint8_t)(1920 * 4),
		4, 0x80 | PT_OPUS, 960 * 4 >> 8, (uint8_t)(960 * 4), 3,
		PT_OPUS, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'};
	struct rtp_red_block v[RTP_RED_MAX];
	unsigned i;
	int err = 0;

	TEST_EQ(3, rtp_red_parse(v, b, 18));
	TEST_EQ(1920, v[0].back);
	TEST_EQ(4, v[0].n);
	TEST_EQ(3, v[1].n);
	TEST_EQ(2, v[2].n);
	TEST_TRUE(!memcmp(v[2].p, "hi", 2));
	for (i = 0; i < 16; i++)
		TEST_EQ(0, rtp_red_parse(v, b, i));
	memset(b + 18, 0x80, 46);
	TEST_EQ(0, rtp_red_parse(v, b + 18, 46));

	TEST_ERR(duo_make(&p, NULL, NULL));
	for (i = 10; i < 30; i++) {
		const struct duo_raw r = {.ssrc = 1, .pt = PT_RED,
			.seq = (uint16_t)i, .ts = i * 960, .mid = "0"};

		/* two in a row are lost, and one */
		if (i == 15 || i == 16 || i == 20)
			continue;
		duo_give(&p->b, &r, b, 18);
	}
	/* all are there, once each and in order */
	TEST_EQ(20, p->b.packets[LEG_AUDIO]);
	for (i = 1; i < 20; i++)
		TEST_EQ(p->b.seqv[0] + i, p->b.seqv[i]);
	TEST_EQ(PT_OPUS, p->b.pt);
 out:
	duo_close(p);
	return err;
}


/* A track that stops has lost nothing by it, and is asked for nothing */
static int test_bye(void)
{
	struct duo *p = NULL;
	struct duo_raw r = {.ssrc = 7, .pt = PT_VP8, .mid = "1"};
	struct rtp_rtcp_buf buf = {.n = 0};
	uint8_t pay[256];
	json_t *o = NULL;
	unsigned i;
	int err;

	err = duo_make(&p, NULL, NULL);
	TEST_ERR(err);
	for (i = 0; i < 10; i++) {
		r.seq += 1 + (i == 9);    /* one is missing               */
		duo_give(&p->b, &r, pay, duo_vp8(pay, !i, 320, 180));
	}
	on_loop();
	(void)rtp_rtcp_put_bye(&buf, r.ssrc);
	leg_recv(p->b.leg, LEG_AUDIO, false, NULL, buf.b, buf.n, p->now);
	TEST_ERR(leg_want_key(p->b.leg, LEG_VIDEO, p->now));
	duo_pass(p, 1000);
	TEST_EQ(0, p->b.told.n[RTCP_ITEM_NACK]);
	TEST_EQ(0, p->b.told.n[RTCP_ITEM_PLI]);
	on_loop();
	o = leg_stats(p->b.leg, LEG_VIDEO);
	TEST_EQ(1, json_integer_value(json_object_get(o, "rx_lost")));
 out:
	json_decref(o);
	duo_close(p);
	return err;
}


static int test_ready(void)
{
	struct duo *p = NULL;
	int err;

	err = duo_make(&p, NULL, NULL);
	TEST_ERR(err);
	on_loop();
	leg_ready(p->a.leg, false, p->now);
	TEST_ERR(duo_picture(&p->a, 1, true));
	TEST_EQ(0, p->a.exts);
	leg_ready(p->a.leg, true, p->now);
	/* what went before is lost on it: a key frame is asked for */
	TEST_ERR(duo_picture(&p->a, 2, false));
	TEST_EQ(0, p->a.exts);
	TEST_EQ(1, p->a.keys);
	TEST_ERR(duo_picture(&p->a, 3, true));
	TEST_EQ(5, p->a.exts);
 out:
	duo_close(p);
	return err;
}


int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"whose packet it is", test_demux},
		{"the layer that the tile needs", test_layers},
		{"another mixer knows whose it is", test_moved},
		{"no two SSRCs of ours are the same", test_ssrcs},
		{"a flood of SSRCs", test_flood},
		{"redundant sound fills holes", test_red},
		{"an SSRC says goodbye", test_bye},
		{"nothing before there are keys", test_ready},
	};
	int err = pkt_pool_init(1024);

	if (err)
		return 1;
	err = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return err;
}
