/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_audio.c -- who hears whom, under a fake clock
 */
#include <math.h>
#include <stdlib.h>
#include <re.h>

#include "tests/fake/party.h"
#include "tests/unit/test.h"

#define NOTHING 0.01              /* amplitude that is not there          */


static const double hzv[] = { 440, 697, 1209, 1633, 2093 };


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
	int err = 0;

	TEST_ERR(meeting_alloc(&mt, NULL));
	for (i = 0; i < 4; i++) {
		TEST_ERR(party_alloc(&pv[i], mt, i + 1, codecv[i]));
		party_tone(pv[i], hzv[i], 0.1);
	}
	TEST_ERR(party_alloc(&ear, mt, 9, CODEC_OPUS));

	meeting_run(mt, 1500);
	TEST_ERR(all_hear(pv, 4, 0.1));
	for (i = 0; i < 4; i++) {
		double v = party_hears(ear, hzv[i], 400);

		if (v < 0.07 || v > 0.13)
			TEST_FAIL("the listener hears %u at %.4f", i, v);
	}
	for (i = 0; i < 4; i++)
		TEST_EQ(0, pv[i]->ts_breaks);
	TEST_EQ(0, party_stat(pv[0], "lost"));
	TEST_EQ(0, party_stat(pv[1], "concealed"));
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

		TEST_ERR(meeting_alloc(&mt, NULL));
		TEST_ERR(party_alloc(&a, mt, 1, v[i].codec));
		a->t.audio.ptime_ms = v[i].out_ms;
		a->ptime_ms = v[i].in_ms;
		TEST_ERR(party_set(a));
		TEST_ERR(party_alloc(&b, mt, 2, CODEC_OPUS));
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
		if (party_stat(a, "concealed") > 0 || party_stat(a, "late") >
		    0) TEST_FAIL("case %u: concealed %.0f late %.0f", i,
				 party_stat(a, "concealed"), party_stat(a,
			"late"));
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
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_PCMU, &b, CODEC_PCMU));
	party_tone(a, 440, 0.2);
	meeting_run(mt, 1000);
	TEST_TRUE(party_hears(b, 440, 400) > 0.15);
	TEST_TRUE(mt->talks_on == 1);

	/* the first tick fades (and 3 ms sit in the resampler), then
	 * nothing */
	on_loop();
	a->t.muted = true;
	TEST_ERR(audio_leg_set(a->leg, &a->t));
	meeting_run(mt, 20);
	decoded = party_stat(a, "decoded");
	party_forget(b);
	meeting_run(mt, 100);
	TEST_TRUE(party_hears(b, 440, 100) < 0.001);
	TEST_EQ(1, mt->talks_off);
	TEST_EQ(decoded, party_stat(a, "decoded"));

	a->t.muted = false;
	TEST_ERR(audio_leg_set(a->leg, &a->t));
	meeting_run(mt, 20);
	party_forget(b);
	meeting_run(mt, 100);
	TEST_TRUE(party_hears(b, 440, 100) > 0.15);
	TEST_EQ(0, party_stat(a, "lost"));
	TEST_EQ(0, party_stat(a, "concealed"));
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
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_PCMU, &b, CODEC_PCMU));
	TEST_ERR(party_alloc(&c, mt, 3, CODEC_OPUS));
	party_tone(a, 440, 0.1);
	party_tone(b, 697, 0.1);
	meeting_run(mt, 1000);

	on_loop();
	a->t.audio.send = a->t.audio.recv = false;
	TEST_ERR(audio_leg_set(a->leg, &a->t));
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
	TEST_ERR(audio_leg_set(a->leg, &a->t));
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
	int err = 0;

	TEST_ERR(meeting_alloc(&mt, NULL));
	for (i = 0; i < 3; i++) {
		TEST_ERR(party_alloc(&sp[i], mt, i + 1, CODEC_OPUS));
	}
	mt->decode = false;
	for (i = 0; i < 1000; i++) {
		err = party_alloc(&p, mt, 10 + i, i % 4 == 0 ? CODEC_PCMU :
				  i % 4 == 1 ? CODEC_G722 : CODEC_OPUS);
		TEST_ERR(err);
	}

	/* nobody speaks: three classes, three encodes a tick */
	meeting_run(mt, 200);
	TEST_EQ(3, meeting_stat(mt, "classes"));
	before = meeting_stat(mt, "encodes");
	mt->outs = 0;
	meeting_run(mt, 200);
	TEST_EQ(10 * 3, meeting_stat(mt, "encodes") - before);
	TEST_EQ(10 * 1003, mt->outs);

	for (i = 0; i < 3; i++)
		party_tone(sp[i], hzv[i], 0.1);
	meeting_run(mt, 500);
	before = meeting_stat(mt, "encodes");
	meeting_run(mt, 200);
	TEST_EQ(3, meeting_stat(mt, "own"));
	TEST_EQ(10 * 6, meeting_stat(mt, "encodes") - before);

	/* silent again: back to the shared one, but not at once */
	for (i = 0; i < 3; i++)
		sp[i]->sends = false;
	meeting_run(mt, 2000);
	TEST_EQ(3, meeting_stat(mt, "own"));
	meeting_run(mt, 2000);
	TEST_EQ(0, meeting_stat(mt, "own"));
	before = meeting_stat(mt, "encodes");
	meeting_run(mt, 200);
	TEST_EQ(10 * 3, meeting_stat(mt, "encodes") - before);
	TEST_EQ(0, sp[0]->ts_breaks);
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
	int err = 0;

	TEST_ERR(meeting_alloc(&mt, NULL));
	TEST_ERR(party_alloc(&ear, mt, 100, CODEC_PCMU));
	for (i = 0; i < 21; i++) {
		TEST_ERR(party_alloc(&p, mt, i + 1, CODEC_PCMU));
		party_tone(p, i ? 300 + i : 1000, i ? 0.002 : 0.1);
	}
	meeting_run(mt, 5000);
	TEST_EQ(1, meeting_stat(mt, "sources"));
	TEST_EQ(1, meeting_stat(mt, "own"));
	TEST_TRUE(party_hears(ear, 1000, 400) > 0.07);
 out:
	mem_deref(mt);
	return err;
}


static int test_speaker(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b, *c;
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_PCMU, &b, CODEC_PCMU));
	TEST_ERR(party_alloc(&c, mt, 3, CODEC_PCMU));
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
	int err = 0;

	TEST_ERR(meeting_alloc(&mt, NULL));
	for (i = 0; i < 4; i++) {
		TEST_ERR(party_alloc(&pv[i], mt, i + 1, CODEC_G722));
		party_tone(pv[i], 440, 0.9);
	}
	TEST_ERR(party_alloc(&ear, mt, 9, CODEC_G722));
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
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_OPUS, &b, CODEC_OPUS));
	TEST_ERR(party_alloc(&m, mt, 3, CODEC_PCMU));
	b->t.audio.fmtv[0].stereo = true;
	TEST_ERR(party_set(b));
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
		TEST_ERR(codec_opus.enc_alloc(&enc, &prm));
		for (k = 0; k < 100; k++) {
			struct pkt *pkt = pkt_get();
			size_t len = sizeof(buf);

			for (i = 0; i < 960; i++) {
				pcm[2 * i] = 0;
				pcm[2 * i + 1] = (int16_t)
					(6000 * sin(2 * M_PI * 697 *
						    (k * 960 + i) / 48000));
			}
			TEST_ERR(codec_opus.encode(enc, buf, &len, pcm, 960));
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
	int err = 0;

	TEST_ERR(meeting_alloc(&mt, getenv("prompt_dir")));
	TEST_ERR(party_alloc(&a, mt, 1, CODEC_OPUS));
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


static const struct test testv[] = {
	{"everyone hears the others and not himself", test_n_minus_one},
	{"packets of 10 to 60 ms, both ways", test_ptime},
	{"mute is heard at the next tick", test_mute},
	{"hold and resume disturb nobody", test_hold},
	{"one encode a class for 1000 listeners", test_sharing},
	{"in a crowd only who talks is mixed", test_crowd},
	{"the dominant speaker changes for good reason only", test_speaker},
	{"too loud is turned down, not cut", test_loud},
	{"stereo where somebody has it", test_stereo},
	{"tones, sentences and the recorder", test_prompts},
};


int main(int argc, char **argv)
{
	if (pkt_pool_init(4096))
		return 99;

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
