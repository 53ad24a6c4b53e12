/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_audio.c -- the audio engine, whole, under a fake clock
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <re.h>

#include "mixer/audio.h"
#include "mixer/audio_class.h"
#include "tests/fake/party.h"
#include "tests/unit/test.h"

#define NOTHING 0.01              /* amplitude that is not there          */

static const double hzv[] = { 440, 697, 1209, 1633, 2093 };


static double stat_f(const struct party *p, const char *key)
{
	json_t *o;
	double v;

	on_loop();
	o = audio_leg_stats(p->leg);
	v = json_number_value(json_object_get(o, key));
	json_decref(o);

	return v;
}


static long long engine_stat(const struct meeting *mt, const char *key)
{
	json_t *o;
	long long v;

	on_loop();
	o = audio_stats(mt->a);
	v = json_integer_value(json_object_get(o, key));
	json_decref(o);

	return v;
}


/* The same over 2 s: concealment moves a tone's phase, so long windows
 * cancel */
static double hears_mean(struct party *p, double hz)
{
	unsigned i, n = p->c->hz / 20, keep = p->heardn;
	double sum = 0;

	for (i = 0; i < 40 && p->heardn > n; i++, p->heardn -= n)
		sum += party_hears(p, hz, 50);
	p->heardn = keep;

	return sum / 40;
}


/* Each of partyv sends its tone; each must hear the others' only. */
static int all_hear(struct party **partyv, unsigned n, double amp)
{
	unsigned i, k;
	int err = 0;

	for (i = 0; i < n; i++) {
		for (k = 0; k < n; k++) {
			double v = party_hears(partyv[i], hzv[k], 400);

			if (i == k && v > NOTHING)
				TEST_FAIL("%u hears itself: %.4f", i, v);
			if (i != k && (v < amp * 0.7 || v > amp * 1.3))
				TEST_FAIL("%u hears %u at %.4f", i, k, v);
		}
	}
 out:
	return err;
}


static int test_n_minus_one(void)
{
	static const enum ticket_codec codecv[] = {
		CODEC_OPUS, CODEC_PCMU, CODEC_G722, CODEC_PCMA,
	};
	struct meeting *mt = NULL;
	struct party *pv[4], *ear;
	unsigned i;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	for (i = 0; i < 4; i++) {
		err = party_alloc(&pv[i], mt, i + 1, codecv[i]);
		TEST_ERR(err);
		party_tone(pv[i], hzv[i], 0.1);
	}
	err = party_alloc(&ear, mt, 9, CODEC_OPUS);
	TEST_ERR(err);

	meeting_run(mt, 1500);
	err = all_hear(pv, 4, 0.1);
	TEST_ERR(err);
	for (i = 0; i < 4; i++) {
		double v = party_hears(ear, hzv[i], 400);

		if (v < 0.07 || v > 0.13)
			TEST_FAIL("the listener hears %u at %.4f", i, v);
	}
	for (i = 0; i < 4; i++)
		TEST_EQ(0, pv[i]->ts_breaks);
	TEST_EQ(0, stat_f(pv[0], "lost"));
	TEST_EQ(0, stat_f(pv[1], "concealed"));
 out:
	mem_deref(mt);
	return err;
}


static int test_ptime(void)
{
	static const struct {
		enum ticket_codec codec;
		unsigned in_ms, out_ms;
	} v[] = {
		{CODEC_PCMU, 10, 10}, {CODEC_PCMU, 30, 30},
		{CODEC_PCMA, 60, 60}, {CODEC_G722, 40, 40},
		{CODEC_G722, 50, 50}, {CODEC_OPUS, 10, 10},
		{CODEC_OPUS, 40, 40}, {CODEC_OPUS, 60, 60},
	};
	struct meeting *mt = NULL;
	unsigned i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct party *a, *b;
		double heard;

		err = meeting_alloc(&mt, NULL);
		TEST_ERR(err);
		err = party_alloc(&a, mt, 1, v[i].codec);
		TEST_ERR(err);
		a->t.audio.ptime_ms = v[i].out_ms;
		a->ptime_ms = v[i].in_ms;
		err = party_set(a);
		TEST_ERR(err);
		err = party_alloc(&b, mt, 2, CODEC_OPUS);
		TEST_ERR(err);
		party_tone(a, 440, 0.1);
		party_tone(b, 697, 0.1);
		meeting_run(mt, 2000);

		heard = party_hears(b, 440, 400);
		if (heard < 0.07)
			TEST_FAIL("case %u: b hears %.4f", i, heard);
		heard = party_hears(a, 697, 400);
		if (heard < 0.07)
			TEST_FAIL("case %u: a hears %.4f", i, heard);
		if (party_hears(a, 440, 400) > NOTHING)
			TEST_FAIL("case %u: a hears itself", i);
		if (a->ts_breaks || a->units < 1880 / v[i].out_ms ||
		    a->units > 2000 / v[i].out_ms)
			TEST_FAIL("case %u: %u units, %u breaks", i,
				  a->units, a->ts_breaks);
		if (stat_f(a, "concealed") > 0 || stat_f(a, "late") > 0)
			TEST_FAIL("case %u: concealed %.0f late %.0f", i,
				  stat_f(a, "concealed"),
				  stat_f(a, "late"));
		mt = mem_deref(mt);
	}
 out:
	mem_deref(mt);
	return err;
}


static int test_mute(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b;
	double decoded;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err = party_alloc(&a, mt, 1, CODEC_PCMU);
	TEST_ERR(err);
	err = party_alloc(&b, mt, 2, CODEC_PCMU);
	TEST_ERR(err);
	party_tone(a, 440, 0.2);
	meeting_run(mt, 1000);
	TEST_TRUE(party_hears(b, 440, 400) > 0.15);
	TEST_TRUE(mt->talks_on == 1);

	/* the first tick fades (and 3 ms sit in the resampler), then
	 * nothing */
	on_loop();
	a->t.muted = true;
	err = audio_leg_set(a->leg, &a->t);
	TEST_ERR(err);
	meeting_run(mt, 20);
	decoded = stat_f(a, "decoded");
	party_forget(b);
	meeting_run(mt, 100);
	TEST_TRUE(party_hears(b, 440, 100) < 0.001);
	TEST_EQ(1, mt->talks_off);
	TEST_EQ(decoded, stat_f(a, "decoded"));

	a->t.muted = false;
	err = audio_leg_set(a->leg, &a->t);
	TEST_ERR(err);
	meeting_run(mt, 20);
	party_forget(b);
	meeting_run(mt, 100);
	TEST_TRUE(party_hears(b, 440, 100) > 0.15);
	TEST_EQ(0, stat_f(a, "lost"));
	TEST_EQ(0, stat_f(a, "concealed"));
 out:
	mem_deref(mt);
	return err;
}


/* Hold and resume: what the others hear of each other goes on untouched */
static int test_hold(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b, *c;
	unsigned n;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_PCMU);
	err |= party_alloc(&b, mt, 2, CODEC_PCMU);
	err |= party_alloc(&c, mt, 3, CODEC_OPUS);
	TEST_ERR(err);
	party_tone(a, 440, 0.1);
	party_tone(b, 697, 0.1);
	meeting_run(mt, 1000);

	on_loop();
	a->t.audio.send = a->t.audio.recv = false;
	err = audio_leg_set(a->leg, &a->t);
	TEST_ERR(err);
	meeting_run(mt, 20);
	n = a->units;
	party_forget(b);
	party_forget(c);
	meeting_run(mt, 500);
	TEST_EQ(n, a->units);
	TEST_EQ(4160, b->heardn - b->heardn % 160 + 160);
	TEST_TRUE(party_hears(c, 697, 400) > 0.07);
	TEST_TRUE(party_hears(c, 440, 400) < NOTHING);
	TEST_TRUE(party_hears(b, 440, 400) < NOTHING);

	a->t.audio.send = a->t.audio.recv = true;
	err = audio_leg_set(a->leg, &a->t);
	TEST_ERR(err);
	meeting_run(mt, 600);
	TEST_TRUE(party_hears(c, 697, 400) > 0.07);
	TEST_TRUE(party_hears(c, 440, 400) > 0.07);
	TEST_TRUE(party_hears(a, 697, 400) > 0.07);
	TEST_EQ(0, b->ts_breaks);
	TEST_EQ(0, c->ts_breaks);
 out:
	mem_deref(mt);
	return err;
}


static int test_sharing(void)
{
	struct meeting *mt = NULL;
	struct party *p, *sp[3] = {0};
	long long before;
	unsigned i;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	for (i = 0; i < 3; i++) {
		err = party_alloc(&sp[i], mt, i + 1, CODEC_OPUS);
		TEST_ERR(err);
	}
	mt->decode = false;
	for (i = 0; i < 1000; i++) {
		err = party_alloc(&p, mt, 10 + i, i % 4 == 0 ? CODEC_PCMU :
				  i % 4 == 1 ? CODEC_G722 : CODEC_OPUS);
		TEST_ERR(err);
	}

	/* nobody speaks: three classes, three encodes a tick */
	meeting_run(mt, 200);
	TEST_EQ(3, engine_stat(mt, "classes"));
	before = engine_stat(mt, "encodes");
	mt->outs = 0;
	meeting_run(mt, 200);
	TEST_EQ(10 * 3, engine_stat(mt, "encodes") - before);
	TEST_EQ(10 * 1003, mt->outs);

	for (i = 0; i < 3; i++)
		party_tone(sp[i], hzv[i], 0.1);
	meeting_run(mt, 500);
	before = engine_stat(mt, "encodes");
	meeting_run(mt, 200);
	TEST_EQ(3, engine_stat(mt, "own"));
	TEST_EQ(10 * 6, engine_stat(mt, "encodes") - before);

	/* silent again: back to the shared one, but not at once */
	for (i = 0; i < 3; i++)
		sp[i]->sends = false;
	meeting_run(mt, 2000);
	TEST_EQ(3, engine_stat(mt, "own"));
	meeting_run(mt, 2000);
	TEST_EQ(0, engine_stat(mt, "own"));
	before = engine_stat(mt, "encodes");
	meeting_run(mt, 200);
	TEST_EQ(10 * 3, engine_stat(mt, "encodes") - before);
	TEST_EQ(0, sp[0]->ts_breaks);
 out:
	mem_deref(mt);
	return err;
}


/* Packet in to packet out, by the sound in them: a tone begins at the start
 * of a packet that arrives at t; when does its first loud sample leave?
 * For Opus that counts the delay of both encoders, 13 ms, too. */
static int test_delay(void)
{
	static const enum ticket_codec codecv[] = { CODEC_PCMU, CODEC_OPUS };
	static const double maxv[] = { 30, 30 };
	struct meeting *mt = NULL;
	double all[16], swap;
	unsigned i, k, n, m;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(codecv); i++) {

		for (k = n = 0; k < 10; k++) {
			struct party *a, *b;

			err = meeting_alloc(&mt, NULL);
			TEST_ERR(err);
			err  = party_alloc(&a, mt, 1, codecv[i]);
			err |= party_alloc(&b, mt, 2, codecv[i]);
			TEST_ERR(err);
			a->phase_us = 1000 + 2000 * k;
			party_tone(a, 2000, 0);
			meeting_run(mt, 1000);
			a->amp = 0.5;
			all[n] = -a->t_us;
			meeting_run(mt, 500);
			TEST_TRUE(b->onset_us != 0);
			all[n] = (all[n] + (double)b->onset_us) / 1000;
			++n;

			TEST_EQ(5, stat_f(a, "target_ms"));
			TEST_EQ(0, stat_f(a, "concealed"));
			TEST_EQ(0, stat_f(a, "late"));
			mt = mem_deref(mt);
		}
		for (k = 0; k < n; k++) {
			for (m = k + 1; m < n; m++) {
				if (all[m] < all[k]) {
					swap = all[m];
					all[m] = all[k];
					all[k] = swap;
				}
			}
		}
		printf("# %s: added delay %.1f … %.1f … %.1f ms\n",
		       codec_name(codecv[i]), all[0], all[n / 2], all[n - 1]);
		if (all[n / 2] > maxv[i])
			TEST_FAIL("%s: median %.1f ms",
				  codec_name(codecv[i]), all[n / 2]);
	}
 out:
	mem_deref(mt);
	return err;
}


/* Neither longer nor shorter is heard: the delay goes up by 100 ms and down
 * again under a steady tone */
static int test_stretch(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b;
	unsigned round, k;
	int clean = 0, err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_G722);
	err |= party_alloc(&b, mt, 2, CODEC_G722);
	TEST_ERR(err);
	party_tone(a, 215, 0.2);
	meeting_run(mt, 1000);

	for (round = 0; round < 3; round++) {
		int max = 0;

		party_forget(b);
		meeting_run(mt, 3900);
		for (k = 1601; k < b->heardn; k++) {
			int d = abs(b->heard[k] - b->heard[k - 1]);

			max = d > max ? d : max;
		}
		if (!round)
			clean = max;
		else if (max > clean * 3 / 2)
			TEST_FAIL("round %u: step %d, clean %d", round, max,
				  clean);
		if (round == 1 && stat_f(a, "delay_ms") < 100)
			TEST_FAIL("delay %.1f", stat_f(a, "delay_ms"));
		audio_leg_hold(a->leg, round ? 0 : 100);
	}
	TEST_TRUE(stat_f(a, "delay_ms") < 30);
	TEST_EQ(0, stat_f(a, "concealed"));
	TEST_EQ(0, stat_f(a, "late"));
 out:
	mem_deref(mt);
	return err;
}


/* Twenty open microphones with a little noise each, and one who talks: only
 * he is mixed, and only he costs an encoder */
static int test_crowd(void)
{
	struct meeting *mt = NULL;
	struct party *p, *ear;
	unsigned i;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err = party_alloc(&ear, mt, 100, CODEC_PCMU);
	TEST_ERR(err);
	for (i = 0; i < 21; i++) {
		err = party_alloc(&p, mt, i + 1, CODEC_PCMU);
		TEST_ERR(err);
		party_tone(p, i ? 300 + i : 1000, i ? 0.002 : 0.1);
	}
	meeting_run(mt, 5000);
	TEST_EQ(1, engine_stat(mt, "sources"));
	TEST_EQ(1, engine_stat(mt, "own"));
	TEST_TRUE(party_hears(ear, 1000, 400) > 0.07);
 out:
	mem_deref(mt);
	return err;
}


/* Key presses and comfort noise have numbers like any packet, but no sound */
static int test_events(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b;
	unsigned i;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_PCMU);
	err |= party_alloc(&b, mt, 2, CODEC_PCMU);
	TEST_ERR(err);
	a->t.audio.fmtc = 2;            /* not CN: it comes all the same */
	a->t.audio.fmtv[1].codec = CODEC_TELEV;
	a->t.audio.fmtv[1].pt = 101;
	err = party_set(a);
	TEST_ERR(err);
	party_tone(a, 440, 0.1);
	meeting_run(mt, 1000);

	a->sends = false;
	for (i = 0; i < 10; i++) {
		struct pkt *pkt = pkt_get();

		pkt->rx_us = mt->now + 10000;
		pkt->ssrc  = a->ssrc;
		pkt->seq   = a->seq++;
		pkt->ts    = a->ts;             /* of the beginning       */
		pkt->pt    = i < 9 ? 101 : 13;
		pkt->len   = 4;
		memset(pkt->data, 0, 4);
		on_loop();
		audio_leg_put(a->leg, pkt);
		meeting_run(mt, 20);
	}
	a->ts += 1600;
	a->t_us += 200000;
	a->sends = true;
	meeting_run(mt, 500);
	TEST_TRUE(party_hears(b, 440, 300) > 0.07);
	TEST_EQ(0, stat_f(a, "lost"));
 out:
	mem_deref(mt);
	return err;
}


static int test_bad_networks(void)
{
	static const struct {
		enum ticket_codec codec;
		uint32_t jitter_us;
		unsigned loss_pct, ptime_ms;
		double hears, concealed_ms;   /* in 10 s */
	} v[] = {
		{CODEC_OPUS,  10000,  0, 20, 0.08,  200},
		{CODEC_PCMU,  40000,  0, 20, 0.08,  500},
		{CODEC_PCMU, 100000,  0, 20, 0.06,  900},
		{CODEC_PCMU,      0,  5, 20, 0.07,  900},
		{CODEC_OPUS,  20000, 10, 20, 0.06, 1800},
		{CODEC_G722,  30000,  3, 30, 0.06,  900},
		{CODEC_PCMA,  30000,  3, 60, 0.05, 1200},
		{CODEC_PCMA,  10000,  3, 10, 0.07,  900},
	};
	struct meeting *mt = NULL;
	unsigned i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct party *a, *b;
		double heard, conc;

		err = meeting_alloc(&mt, NULL);
		TEST_ERR(err);
		err  = party_alloc(&a, mt, 1, v[i].codec);
		err |= party_alloc(&b, mt, 2, CODEC_PCMU);
		TEST_ERR(err);
		a->ptime_ms  = v[i].ptime_ms;
		a->jitter_us = v[i].jitter_us;
		a->loss_pct  = v[i].loss_pct;
		party_tone(a, 440, 0.1);
		meeting_run(mt, 10000);
		heard = hears_mean(b, 440);
		conc  = stat_f(a, "concealed") / 48;
		if (heard < v[i].hears || conc > v[i].concealed_ms)
			TEST_FAIL("case %u: heard %.4f concealed %.0f ms "
				  "delay %.1f target %.1f", i, heard, conc,
				  stat_f(a, "delay_ms"),
				  stat_f(a, "target_ms"));
		mt = mem_deref(mt);
	}
 out:
	mem_deref(mt);
	return err;
}


static int test_fec(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_OPUS);
	err |= party_alloc(&b, mt, 2, CODEC_OPUS);
	TEST_ERR(err);
	a->t.audio.fmtv[0].fec = true;
	err = party_set(a);
	TEST_ERR(err);
	a->loss_pct = 8;
	a->am_hz = 3;                   /* only what changes is repeated  */
	party_tone(a, 440, 0.2);
	meeting_run(mt, 10000);
	TEST_TRUE(stat_f(a, "lost") > 20);
	if (stat_f(a, "fec") < stat_f(a, "lost") * 0.3)
		TEST_FAIL("lost %.0f fec %.0f", stat_f(a, "lost"),
			  stat_f(a, "fec"));
	TEST_TRUE(party_hears(b, 440, 400) > 0.07);
 out:
	mem_deref(mt);
	return err;
}


/* A lost packet of a tone must not be heard as a click: no sample jumps
 * further than the tone itself does */
static int test_plc(void)
{
	static const enum ticket_codec codecv[] = {
		CODEC_PCMU, CODEC_G722, CODEC_OPUS
	};
	static const int lowestv[] = { 2000, 2000, 500 };
	struct meeting *mt = NULL;
	unsigned i, k;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(codecv); i++) {
		struct party *a, *b;
		int max = 0, clean = 0, low = 32767, peak = 0;

		err = meeting_alloc(&mt, NULL);
		TEST_ERR(err);
		err  = party_alloc(&a, mt, 1, codecv[i]);
		err |= party_alloc(&b, mt, 2, CODEC_OPUS);
		TEST_ERR(err);
		a->drop_at = 80;
		party_tone(a, 430, 0.2);
		meeting_run(mt, 1400);
		for (k = 1; k < b->heardn; k++) {
			int d = abs(b->heard[k] - b->heard[k - 1]);

			if (k > 48000 && d > clean)
				clean = d;
		}
		party_forget(b);
		meeting_run(mt, 800);
		for (k = 1; k < b->heardn; k++) {
			int d = abs(b->heard[k] - b->heard[k - 1]);

			max = d > max ? d : max;
			peak = abs(b->heard[k]) > peak ? abs(b->heard[k])
						       : peak;
			if (k % 240 == 0) {
				low = peak < low ? peak : low;
				peak = 0;
			}
		}
		if (stat_f(a, "lost") != 1 || max > clean * 2 ||
		    low < lowestv[i])
			TEST_FAIL("case %u: lost %.0f, step %d, clean %d, "
				  "lowest %d", i, stat_f(a, "lost"), max,
				  clean, low);
		mt = mem_deref(mt);
	}
 out:
	mem_deref(mt);
	return err;
}


static int test_dtx(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_PCMU);
	err |= party_alloc(&b, mt, 2, CODEC_PCMU);
	TEST_ERR(err);
	party_tone(a, 440, 0.1);
	meeting_run(mt, 1000);

	/* ten pauses in which nothing is sent but time goes on */
	for (unsigned i = 0; i < 10; i++) {
		a->sends = false;
		meeting_run(mt, 500 + 70 * i);
		a->ts += 8 * (500 + 70 * i);
		a->t_us += 1e3 * (500 + 70 * i);
		a->sends = true;
		meeting_run(mt, 300);
		if (party_hears(b, 440, 200) < 0.07)
			TEST_FAIL("pause %u: %.4f", i,
				  party_hears(b, 440, 200));
	}
	TEST_EQ(0, stat_f(a, "lost"));
	TEST_TRUE(stat_f(a, "delay_ms") < 27);

	/* ours: an Opus listener with dtx hears silence as DTX */
	b->t.audio.fmtv[0].codec = CODEC_OPUS;
	b->t.audio.fmtv[0].dtx = true;
	err = party_set(b);
	TEST_ERR(err);
	a->sends = false;
	meeting_run(mt, 3000);
	TEST_TRUE(b->last_silence);
 out:
	mem_deref(mt);
	return err;
}


static int test_resync(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_PCMU);
	err |= party_alloc(&b, mt, 2, CODEC_PCMU);
	TEST_ERR(err);
	party_tone(a, 440, 0.1);
	meeting_run(mt, 1000);

	a->ssrc ^= 0xffff;              /* new SSRC                      */
	a->ts += 123456789;
	a->seq = 17;
	meeting_run(mt, 300);
	TEST_TRUE(party_hears(b, 440, 200) > 0.07);

	a->ts += 80000;                 /* time jumps forward by 10 s    */
	meeting_run(mt, 300);
	TEST_TRUE(party_hears(b, 440, 200) > 0.07);

	a->ts -= 4000;                  /* and back by half a second     */
	meeting_run(mt, 600);
	TEST_TRUE(party_hears(b, 440, 200) > 0.07);

	a->seq += 20000;                /* numbers jump                  */
	meeting_run(mt, 300);
	TEST_TRUE(party_hears(b, 440, 200) > 0.07);

	a->t_us += 1500000;             /* the network stops for 1.5 s   */
	meeting_run(mt, 1500);
	TEST_TRUE(party_hears(b, 440, 200) < NOTHING);
	meeting_run(mt, 1000);
	TEST_TRUE(party_hears(b, 440, 200) > 0.07);
 out:
	mem_deref(mt);
	return err;
}


/* The engine itself is stopped for a while: skip, then go on */
static int test_stall(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b;
	uint32_t ts;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_OPUS);
	err |= party_alloc(&b, mt, 2, CODEC_PCMU);
	TEST_ERR(err);
	party_tone(a, 440, 0.1);
	meeting_run(mt, 1000);
	ts = b->ts48;
	mt->tick += 700000;
	mt->now  += 700000;
	meeting_run(mt, 20);
	TEST_EQ(ts + 48 * 720, b->ts48);
	meeting_run(mt, 4000);
	TEST_TRUE(party_hears(b, 440, 200) > 0.07);
	TEST_TRUE(stat_f(a, "delay_ms") < 60);
	TEST_EQ(35, engine_stat(mt, "skipped"));
 out:
	mem_deref(mt);
	return err;
}


static int test_speaker(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b, *c;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_PCMU);
	err |= party_alloc(&b, mt, 2, CODEC_PCMU);
	err |= party_alloc(&c, mt, 3, CODEC_PCMU);
	TEST_ERR(err);
	party_tone(a, 440, 0.2);
	party_tone(b, 697, 0);
	meeting_run(mt, 1500);
	TEST_EQ(1, mt->speaker);
	TEST_EQ(1, mt->speakers);

	b->amp = 0.3;                   /* a cough, louder than a        */
	meeting_run(mt, 300);
	b->amp = 0;
	meeting_run(mt, 1000);
	TEST_EQ(1, mt->speakers);

	a->amp = 0;                     /* b takes over                  */
	b->amp = 0.2;
	meeting_run(mt, 3000);
	TEST_EQ(2, mt->speaker);
	TEST_EQ(2, mt->speakers);

	b->amp = 0;                     /* everyone thinks               */
	meeting_run(mt, 3000);
	TEST_EQ(2, mt->speakers);

	mem_deref(b);
	meeting_run(mt, 400);
	TEST_EQ(0, mt->speaker);
 out:
	mem_deref(mt);
	return err;
}


static int test_loud(void)
{
	struct meeting *mt = NULL;
	struct party *pv[5], *ear;
	unsigned i;
	double d;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	for (i = 0; i < 4; i++) {
		err = party_alloc(&pv[i], mt, i + 1, CODEC_G722);
		TEST_ERR(err);
		party_tone(pv[i], 440, 0.9);
	}
	err = party_alloc(&ear, mt, 9, CODEC_G722);
	TEST_ERR(err);
	meeting_run(mt, 2000);
	/* four in phase are 3.6 times too loud, but still one pure tone */
	d = distortion(ear->heard + ear->heardn - 8000, 8000, 440, 16000);
	if (d > 0.05 || party_hears(ear, 440, 400) < 0.8)
		TEST_FAIL("distortion %.4f amplitude %.4f", d,
			  party_hears(ear, 440, 400));
 out:
	mem_deref(mt);
	return err;
}


static int test_stereo(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b, *m;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err  = party_alloc(&a, mt, 1, CODEC_OPUS);
	err |= party_alloc(&b, mt, 2, CODEC_OPUS);
	err |= party_alloc(&m, mt, 3, CODEC_PCMU);
	TEST_ERR(err);
	b->t.audio.fmtv[0].stereo = true;
	err = party_set(b);
	TEST_ERR(err);
	party_tone(a, 440, 0.1);
	meeting_run(mt, 1000);
	TEST_TRUE(party_hears(b, 440, 400) > 0.07);
	TEST_TRUE(goertzel(b->heard + 1 + (b->heardn - 9600) * 2, 9600, 2,
			   440, 48000) > 0.07);

	/* a's right channel only */
	{
		struct codec_audio_prm prm = {
			.channels = 2, .ptime_ms = 20, .bitrate = 96000,
			.playback_hz = 48000, .music = true,
		};
		int16_t pcm[1920];
		uint8_t buf[1275];
		void *enc;
		unsigned k, i;

		a->sends = false;
		err = codec_opus.enc_alloc(&enc, &prm);
		TEST_ERR(err);
		for (k = 0; k < 100; k++) {
			struct pkt *pkt = pkt_get();
			size_t len = sizeof(buf);

			for (i = 0; i < 960; i++) {
				pcm[2 * i] = 0;
				pcm[2 * i + 1] = (int16_t)
					(6000 * sin(2 * M_PI * 697 *
						    (k * 960 + i) / 48000));
			}
			err = codec_opus.encode(enc, buf, &len, pcm, 960);
			TEST_ERR(err);
			pkt->rx_us = mt->now + 10000;
			pkt->ssrc = 77;
			pkt->seq = 5 + k;
			pkt->ts  = k * 960;
			pkt->pt  = 111;
			pkt->len = (uint16_t)len;
			memcpy(pkt->data, buf, len);
			on_loop();
			audio_leg_put(a->leg, pkt);
			meeting_run(mt, 20);
		}
		mem_deref(enc);
	}
	TEST_TRUE(party_hears(b, 697, 400) < 0.03);
	TEST_TRUE(goertzel(b->heard + 1 + (b->heardn - 9600) * 2, 9600, 2,
			   697, 48000) > 0.12);
	TEST_TRUE(party_hears(m, 697, 400) > 0.06);
	TEST_TRUE(party_hears(m, 697, 400) < 0.12);
 out:
	mem_deref(mt);
	return err;
}


static int test_prompts(void)
{
	struct meeting *mt = NULL;
	struct party *a;
	int err;

	err = meeting_alloc(&mt, getenv("prompt_dir"));
	TEST_ERR(err);
	err = party_alloc(&a, mt, 1, CODEC_OPUS);
	TEST_ERR(err);
	meeting_run(mt, 200);
	on_loop();
	audio_record(mt->a, true);
	audio_play(mt->a, PROMPT_JOIN);
	meeting_run(mt, 20);
	party_forget(a);
	meeting_run(mt, 100);
	TEST_TRUE(party_hears(a, 659.3, 80) > 0.02);
	meeting_run(mt, 980);
	TEST_TRUE(party_hears(a, 880, 400) < 0.001);
	TEST_EQ(55, mt->recs);
	TEST_EQ(1100, mt->rec_ms);

	audio_tones(mt->a, false, true);
	audio_play(mt->a, PROMPT_JOIN);
	meeting_run(mt, 100);
	TEST_TRUE(party_hears(a, 659.3, 100) < 0.001);

	audio_record(mt->a, false);
	audio_play(mt->a, PROMPT_REC_OFF);
	mt->recs = 0;
	party_forget(a);
	meeting_run(mt, 500);
	TEST_EQ(0, mt->recs);
	{
		double e = 0;
		unsigned i;

		for (i = 0; i < a->heardn; i++)
			e += (double)a->heard[i] * a->heard[i];
		TEST_TRUE(sqrt(e / a->heardn) > 200);
	}
 out:
	mem_deref(mt);
	return err;
}


static int test_lipsync(void)
{
	struct rtp_sync sync = { .valid = true, .clock_hz = 8000 };
	struct meeting *mt = NULL;
	struct party *a;
	int64_t off, want;
	int err;

	err = meeting_alloc(&mt, NULL);
	TEST_ERR(err);
	err = party_alloc(&a, mt, 1, CODEC_PCMU);
	TEST_ERR(err);
	TEST_TRUE(audio_leg_offset(a->leg) == INT64_MIN);

	/* its clock says 5000 s when it makes the packet that arrives 3 ms
	 * later, at party_tone's first moment */
	sync.ssrc = a->ssrc;
	sync.rtp_ts = a->ts;
	sync.ntp = 5000ull << 32;
	party_tone(a, 440, 0.1);
	want = (int64_t)a->t_us - 3000 - 5000000000ll;
	on_loop();
	audio_leg_sync(a->leg, &sync);
	meeting_run(mt, 500);
	off = audio_leg_offset(a->leg);
	/* arrives 10 ms before the tick: heard 13 ms after it was made */
	TEST_EQ(13, (off - want + 500) / 1000);

	audio_leg_hold(a->leg, 200);
	meeting_run(mt, 6000);          /* 1 ms a tick                   */
	off = (audio_leg_offset(a->leg) - want) / 1000;
	if (off < 205 || off > 240)
		TEST_FAIL("held %lld ms", (long long)off);
	audio_leg_hold(a->leg, 0);
	meeting_run(mt, 8000);
	off = (audio_leg_offset(a->leg) - want) / 1000;
	if (off < 5 || off > 35)
		TEST_FAIL("let go %lld ms", (long long)off);
 out:
	mem_deref(mt);
	return err;
}


/* After mem_deref no handler runs for a leg: alive tells */
struct watch {
	atomic_bool alive[64];
	atomic_uint outs, wrong;
};


static void watch_out(const struct audio_out *outv, unsigned outc, void *arg)
{
	struct watch *w = arg;
	unsigned i;

	for (i = 0; i < outc; i++) {
		if (!atomic_load(&w->alive[outv[i].leg]))
			atomic_fetch_add(&w->wrong, 1);
	}
	atomic_fetch_add(&w->outs, outc);
}


static int test_thread(void)
{
	static struct watch w;
	struct audio_cfg cfg = { .outh = watch_out, .arg = &w };
	struct audio_leg *legv[64] = {0};
	struct audio *a = NULL;
	struct ticket t;
	unsigned i, k;
	int err;

	on_loop();
	err = audio_alloc(&a, &cfg);
	TEST_ERR(err);
	err = audio_start(a);
	TEST_ERR(err);
	for (i = 0; i < 60; i++) {
		ticket_init(&t, i);
		t.audio.on = t.audio.send = t.audio.recv = true;
		t.audio.fmtc = 1;
		t.audio.fmtv[0].codec = i & 1 ? CODEC_PCMU : CODEC_OPUS;
		t.audio.fmtv[0].clock_hz = i & 1 ? 8000 : 48000;
		atomic_store(&w.alive[i], true);
		err = audio_leg_alloc(&legv[i], a, &t);
		TEST_ERR(err);
		for (k = 0; k < 5; k++) {
			struct pkt *pkt = pkt_get();

			memset(pkt, 0, sizeof(*pkt));
			pkt->seq = k;
			pkt->ts  = k * 160;
			pkt->len = 160;
			memset(pkt->data, 0x80, 160);
			audio_leg_put(legv[i], pkt);
		}
		audio_leg_hold(legv[i], i);
		audio_leg_loss(legv[i], 0.2f);
		audio_play(a, PROMPT_JOIN);
		sys_msleep(7);
		json_decref(audio_leg_stats(legv[i]));
		json_decref(audio_stats(a));
		t.muted = true;
		err = audio_leg_set(legv[i], &t);
		TEST_ERR(err);
		if (i % 3 == 0) {
			legv[i] = mem_deref(legv[i]);
			atomic_store(&w.alive[i], false);
		}
	}
	TEST_TRUE(atomic_load(&w.outs) > 60);
	TEST_EQ(0, atomic_load(&w.wrong));
 out:
	for (i = 0; i < 64; i++)
		mem_deref(legv[i]);
	mem_deref(a);
	return err;
}


static const struct test testv[] = {
	{"everyone hears the others and not himself", test_n_minus_one},
	{"packets of 10 to 60 ms, both ways", test_ptime},
	{"mute is heard at the next tick", test_mute},
	{"hold and resume disturb nobody", test_hold},
	{"one encode a class for 1000 listeners", test_sharing},
	{"at most 30 ms from packet to packet", test_delay},
	{"a longer or shorter delay makes no click", test_stretch},
	{"in a crowd only who talks is mixed", test_crowd},
	{"events and comfort noise are no loss", test_events},
	{"jitter and loss are lived with", test_bad_networks},
	{"a lost Opus packet comes out of the next one", test_fec},
	{"a lost packet makes no click", test_plc},
	{"a pause is not a loss", test_dtx},
	{"new SSRC, jumps in time and number", test_resync},
	{"ticks are left out after a stall", test_stall},
	{"the dominant speaker changes for good reason only", test_speaker},
	{"too loud is turned down, not cut", test_loud},
	{"stereo where somebody has it", test_stereo},
	{"tones, sentences and the recorder", test_prompts},
	{"offset and hold for lip sync", test_lipsync},
	{"legs come and go while the thread runs", test_thread},
};


int main(int argc, char **argv)
{
	if (pkt_pool_init(4096))
		return 99;

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
