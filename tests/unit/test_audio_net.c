/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_audio_net.c -- what networks do to sound, under a fake clock
 */
#include <stdlib.h>
#include <re.h>

#include "tests/fake/party.h"
#include "tests/unit/test.h"

#define NOTHING 0.01              /* amplitude that is not there          */


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


/* Packet in to packet out, by the sound in them: a tone begins at the start
 * of a packet that arrives at t; when does its first loud sample leave?
 * For Opus that counts the delay of both encoders, 9 ms, too. */
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

			TEST_ERR(meeting_two(&mt, &a, codecv[i], &b,
					     codecv[i]));
			a->phase_us = 1000 + 2000 * k;
			party_tone(a, 2000, 0);
			meeting_run(mt, 1000);
			a->amp = 0.5;
			all[n] = -a->t_us;
			meeting_run(mt, 500);
			TEST_TRUE(b->onset_us != 0);
			all[n] = (all[n] + (double)b->onset_us) / 1000;
			++n;

			TEST_EQ(5, party_stat(a, "target_ms"));
			TEST_EQ(0, party_stat(a, "concealed"));
			TEST_EQ(0, party_stat(a, "late"));
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
	int clean = 0, err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_G722, &b, CODEC_G722));
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
		if (round == 1 && party_stat(a, "delay_ms") < 100)
			TEST_FAIL("delay %.1f", party_stat(a, "delay_ms"));
		audio_leg_hold(a->leg, round ? 0 : 100);
	}
	TEST_TRUE(party_stat(a, "delay_ms") < 30);
	TEST_EQ(0, party_stat(a, "concealed"));
	TEST_EQ(0, party_stat(a, "late"));
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
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_PCMU, &b, CODEC_PCMU));
	a->t.audio.fmtc = 2;            /* not CN: it comes all the same */
	a->t.audio.fmtv[1].codec = CODEC_TELEV;
	a->t.audio.fmtv[1].pt = 101;
	TEST_ERR(party_set(a));
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
	TEST_EQ(0, party_stat(a, "lost"));
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

		TEST_ERR(meeting_two(&mt, &a, v[i].codec, &b, CODEC_PCMU));
		a->ptime_ms  = v[i].ptime_ms;
		a->jitter_us = v[i].jitter_us;
		a->loss_pct  = v[i].loss_pct;
		party_tone(a, 440, 0.1);
		meeting_run(mt, 10000);
		heard = hears_mean(b, 440);
		conc  = party_stat(a, "concealed") / 48;
		if (heard < v[i].hears || conc > v[i].concealed_ms)
			TEST_FAIL("case %u: heard %.4f concealed %.0f ms "
				  "delay %.1f target %.1f", i, heard, conc,
				  party_stat(a, "delay_ms"),
				  party_stat(a, "target_ms"));
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
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_OPUS, &b, CODEC_OPUS));
	a->t.audio.fmtv[0].fec = true;
	TEST_ERR(party_set(a));
	a->loss_pct = 8;
	a->am_hz = 3;                   /* only what changes is repeated  */
	party_tone(a, 440, 0.2);
	meeting_run(mt, 10000);
	TEST_TRUE(party_stat(a, "lost") > 20);
	if (party_stat(a, "fec") < party_stat(a, "lost") * 0.3)
		TEST_FAIL("lost %.0f fec %.0f", party_stat(a, "lost"),
			  party_stat(a, "fec"));
	TEST_TRUE(party_hears(b, 440, 400) > 0.07);
 out:
	mem_deref(mt);
	return err;
}


/* The first loss somebody reports brings FEC, for him alone, and the sound
 * goes on without a hole. */
static int test_fec_asked(void)
{
	struct meeting *mt = NULL;
	struct party *a, *b, *c;
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_OPUS, &b, CODEC_OPUS));
	TEST_ERR(party_alloc(&c, mt, 3, CODEC_OPUS));
	b->t.audio.fmtv[0].fec = c->t.audio.fmtv[0].fec = true;
	TEST_ERR(party_set(b));
	TEST_ERR(party_set(c));
	a->am_hz = 3;
	party_tone(a, 440, 0.2);
	meeting_run(mt, 3000);
	TEST_EQ(0, b->fecs + c->fecs);
	TEST_EQ(1, meeting_stat(mt, "own"));

	on_loop();
	audio_leg_loss(b->leg, 1.0f / 256);
	party_forget(b);
	b->ts_breaks = 0;
	meeting_run(mt, 3000);
	TEST_TRUE(b->fecs > 75);
	TEST_EQ(0, b->ts_breaks);
	TEST_EQ(0, c->fecs);
	TEST_TRUE(hears_mean(b, 440) > 0.07);
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

		TEST_ERR(meeting_two(&mt, &a, codecv[i], &b, CODEC_OPUS));
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
		if (party_stat(a, "lost") != 1 || max > clean * 2 ||
		    low < lowestv[i])
			TEST_FAIL("case %u: lost %.0f, step %d, clean %d, "
				  "lowest %d", i, party_stat(a, "lost"), max,
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
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_PCMU, &b, CODEC_PCMU));
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
	TEST_EQ(0, party_stat(a, "lost"));
	TEST_TRUE(party_stat(a, "delay_ms") < 27);

	/* ours: an Opus listener with dtx hears silence as DTX */
	b->t.audio.fmtv[0].codec = CODEC_OPUS;
	b->t.audio.fmtv[0].dtx = true;
	TEST_ERR(party_set(b));
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
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_PCMU, &b, CODEC_PCMU));
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
	int err = 0;

	TEST_ERR(meeting_two(&mt, &a, CODEC_OPUS, &b, CODEC_PCMU));
	party_tone(a, 440, 0.1);
	meeting_run(mt, 1000);
	ts = b->ts48;
	mt->tick += 700000;
	mt->now  += 700000;
	meeting_run(mt, 20);
	TEST_EQ(ts + 48 * 720, b->ts48);
	meeting_run(mt, 4000);
	TEST_TRUE(party_hears(b, 440, 200) > 0.07);
	TEST_TRUE(party_stat(a, "delay_ms") < 60);
	TEST_EQ(35, meeting_stat(mt, "skipped"));
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
	int err = 0;

	TEST_ERR(meeting_alloc(&mt, NULL));
	TEST_ERR(party_alloc(&a, mt, 1, CODEC_PCMU));
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


static const struct test testv[] = {
	{"at most 30 ms from packet to packet", test_delay},
	{"a longer or shorter delay makes no click", test_stretch},
	{"events and comfort noise are no loss", test_events},
	{"jitter and loss are lived with", test_bad_networks},
	{"a lost Opus packet comes out of the next one", test_fec},
	{"who reports loss is sent FEC", test_fec_asked},
	{"a lost packet makes no click", test_plc},
	{"a pause is not a loss", test_dtx},
	{"new SSRC, jumps in time and number", test_resync},
	{"ticks are left out after a stall", test_stall},
	{"offset and hold for lip sync", test_lipsync},
};


int main(int argc, char **argv)
{
	if (pkt_pool_init(4096))
		return 99;

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
