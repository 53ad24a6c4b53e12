/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_audio_parts.c -- codecs, limiter, time scaling, speaker
 */
#include <math.h>
#include <stdlib.h>
#include <re.h>

#include "mixer/audio_class.h"
#include "mixer/audio_level.h"
#include "mixer/audio_mix.h"
#include "mixer/audio_scale.h"
#include "mixer/audio_speaker.h"
#include "mixer/codec_audio.h"
#include "tests/fake/party.h"
#include "tests/unit/test.h"


static void sine(int16_t *x, unsigned n, unsigned at, double hz, double rate,
		 double amp)
{
	unsigned i;

	for (i = 0; i < n; i++)
		x[i] = (int16_t)(amp * sin(2 * M_PI * hz * (at + i) / rate));
}


static int test_codecs(void)
{
	static const struct {
		enum ticket_codec codec;
		double dist;
	} v[] = {
		{CODEC_PCMU, 0.025}, {CODEC_PCMA, 0.025},
		{CODEC_G722, 0.03}, {CODEC_OPUS, 0.15},
	};
	int16_t in[960], out[5760], all[48000];
	void *enc = NULL, *dec = NULL;
	unsigned i, k, n, at;
	uint8_t buf[1500];
	size_t len;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const struct codec_audio *c = codec_audio_find(v[i].codec);
		struct codec_audio_prm prm = {
			.channels = 1, .ptime_ms = 20, .bitrate = 64000,
			.playback_hz = 48000,
		};
		double d;

		TEST_TRUE(c != NULL);
		err  = c->enc_alloc(&enc, &prm);
		err |= c->dec_alloc(&dec, 1);
		TEST_ERR(err);
		for (k = at = 0; k < 40; k++) {
			n = c->hz / 50;
			sine(in, n, k * n, 1000, c->hz, 8000);
			len = sizeof(buf);
			err = c->encode(enc, buf, &len, in, n);
			TEST_ERR(err);
			TEST_EQ(960, c->dur48(buf, len));
			n = ARRAY_SIZE(out);
			err = c->decode(dec, out, &n, buf, len);
			TEST_ERR(err);
			TEST_EQ(c->hz / 50, n);
			memcpy(all + at, out, n * sizeof(*out));
			at += n;
		}
		d = distortion(all + at / 2, at / 2, 1000, c->hz);
		if (d > v[i].dist)
			TEST_FAIL("%s: distortion %.4f",
				  codec_name(v[i].codec), d);

		/* garbage is refused or decoded, never worse */
		for (k = 0; k < 2000; k++) {
			for (n = 0; n < sizeof(buf); n++)
				buf[n] = (uint8_t)rand();
			n = ARRAY_SIZE(out);
			len = (size_t)rand() % sizeof(buf);
			(void)c->dur48(buf, len);
			(void)codec_opus_has_fec(buf, len);
			(void)c->decode(dec, out, &n, buf, len);
		}
		n = ARRAY_SIZE(out);
		TEST_EQ(EBADMSG, c->decode(dec, out, &n, buf, 0));
		enc = mem_deref(enc);
		dec = mem_deref(dec);
	}
	TEST_EQ(20, codec_audio_ptime(CODEC_OPUS, 30));
	TEST_EQ(40, codec_audio_ptime(CODEC_OPUS, 50));
	TEST_EQ(30, codec_audio_ptime(CODEC_PCMU, 30));
	TEST_EQ(60, codec_audio_ptime(CODEC_PCMU, 100));
	TEST_EQ(20, codec_audio_ptime(CODEC_G722, 0));
 out:
	mem_deref(enc);
	mem_deref(dec);
	return err;
}


/* Where it starts in the frame, how loud, and how far it may be bent */
static int test_limiter(void)
{
	static const struct { double hz, amp, dist; } v[] = {
		{1000, 20000, 1e-4}, {1000, 32767, 0.002},
		{997, 65534, 0.002}, {50, 60000, 0.01}, {3000, 300000, 0.002},
	};
	struct audio_mix mix;
	static int16_t all[48000];
	unsigned i, k, n;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct audio_limiter lim = {0};
		double d;
		int peak = 0;

		for (k = 0; k < 50; k++) {
			audio_mix_begin(&mix, 1);
			for (n = 0; n < MIX_FRAME; n++)
				mix.sum[n] = (int32_t)(v[i].amp * sin(
					2 * M_PI * v[i].hz *
					(k * MIX_FRAME + n) / 48000));
			audio_mix_out(&mix, all + k * MIX_FRAME, 1, NULL, 0,
				      &lim);
		}
		for (n = 0; n < 48000; n++)
			peak = abs(all[n]) > peak ? abs(all[n]) : peak;
		d = distortion(all + 24000, 24000, v[i].hz, 48000);
		if (d > v[i].dist || peak > 32767 ||
		    (v[i].amp > 30000 && peak < 29000))
			TEST_FAIL("%.0f Hz %.0f: distortion %.5f peak %d",
				  v[i].hz, v[i].amp, d, peak);
	}
 out:
	return err;
}


static int test_mix(void)
{
	struct audio_limiter lim = {0};
	struct audio_mix mix;
	int16_t a[1920], b[960], out[1920];
	unsigned i;
	int err = 0;

	for (i = 0; i < 960; i++) {
		a[2 * i] = 1000;
		a[2 * i + 1] = -3000;
		b[i] = 500;
	}
	audio_mix_begin(&mix, 2);
	audio_mix_add(&mix, a, 2);
	audio_mix_add(&mix, b, 1);
	audio_mix_out(&mix, out, 2, NULL, 0, &lim);
	TEST_EQ(1500, out[10]);
	TEST_EQ(-2500, out[11]);
	audio_mix_out(&mix, out, 2, b, 1, &lim);
	TEST_EQ(1000, out[10]);
	TEST_EQ(-3000, out[11]);
	audio_mix_out(&mix, out, 1, a, 2, &lim);
	TEST_EQ(500, out[10]);
	audio_mix_out(&mix, out, 1, NULL, 0, &lim);
	TEST_EQ(-500, out[10]);

	audio_mix_begin(&mix, 1);
	audio_mix_add(&mix, a, 2);
	audio_mix_add(&mix, b, 1);
	audio_mix_out(&mix, out, 2, a, 2, &lim);
	TEST_EQ(500, out[10]);
	TEST_EQ(500, out[11]);
 out:
	return err;
}


static int largest_step(const int16_t *x, unsigned n)
{
	int max = 0;

	for (unsigned i = 1; i < n; i++)
		max = abs(x[i] - x[i - 1]) > max ? abs(x[i] - x[i - 1])
						 : max;

	return max;
}


static int test_scale(void)
{
	int16_t x[4000], hist[SCALE_HIST], y[4800];
	struct audio_conceal c;
	unsigned lag, hz;
	int err = 0;

	for (hz = 90; hz < 400; hz += 37) {
		int clean;

		sine(x, 1920, 0, hz, 48000, 10000);
		clean = largest_step(x, 1920);
		lag = audio_scale_pitch(x, 1920, 1, 120, 720);
		audio_scale_cut(x, 1920, 1, lag);
		if (largest_step(x, 1920 - lag) > clean * 3 / 2)
			TEST_FAIL("cut %u Hz: %d, clean %d", hz,
				  largest_step(x, 1920 - lag), clean);

		sine(x, 1920, 0, hz, 48000, 10000);
		lag = audio_scale_pitch(x, 1920, 1, 120, 720);
		audio_scale_add(x, 1920, 1, lag);
		if (largest_step(x, 1920 + lag) > clean * 3 / 2)
			TEST_FAIL("add %u Hz: %d, clean %d", hz,
				  largest_step(x, 1920 + lag), clean);

		sine(hist, SCALE_HIST, 0, hz, 48000, 10000);
		audio_conceal_start(&c, hist, 1, 480, 2880);
		y[0] = hist[SCALE_HIST - 1];
		TEST_TRUE(audio_conceal_make(&c, y + 1, 960, 1));
		sine(x, 960, SCALE_HIST + 960, hz, 48000, 10000);
		audio_conceal_merge(&c, x, 960, 1);
		memcpy(y + 961, x, 960 * sizeof(*x));
		if (largest_step(y, 1921) > clean * 2)
			TEST_FAIL("conceal %u Hz: %d, clean %d", hz,
				  largest_step(y, 1921), clean);
	}
	audio_conceal_start(&c, hist, 1, 480, 2880);
	while (audio_conceal_make(&c, y, 960, 1))
		;
	TEST_EQ(3840, c.at);
	TEST_EQ(0, y[959]);
 out:
	return err;
}


static int test_level(void)
{
	struct audio_level l;
	int16_t x[960];
	unsigned i;
	int err = 0;

	audio_level_init(&l);
	sine(x, 960, 0, 1000, 48000, 3277);
	for (i = 0; i < 2; i++)
		TEST_TRUE(!audio_level_run(&l, x, 960));
	TEST_TRUE(audio_level_run(&l, x, 960));
	TEST_TRUE(l.talking);
	TEST_EQ(-23, (int)l.db);
	/* short breaks do not end it, half a second does */
	for (i = 0; i < 24; i++)
		TEST_TRUE(!audio_level_run(&l, NULL, 0));
	TEST_TRUE(audio_level_run(&l, NULL, 0));
	TEST_TRUE(!l.talking);
	/* a fan at -50 dBFS is not talk once it is known */
	sine(x, 960, 0, 150, 48000, 147);
	for (i = 0; i < 1500; i++)
		(void)audio_level_run(&l, x, 960);
	TEST_TRUE(!l.talking);
 out:
	return err;
}


static void feed(struct audio_speaker *sp, struct speaker_part *pv,
		 const float *dbv, unsigned ticks, unsigned *changes)
{
	unsigned i;

	while (ticks--) {
		for (i = 0; i < 3; i++)
			audio_speaker_feed(&pv[i], dbv[i]);
		*changes += audio_speaker_run(sp);
	}
}


static int test_speaker(void)
{
	static const float nobody[3] = {0, 0, 0}, first[3] = {25, 0, 0};
	static const float second[3] = {0, 25, 0}, both[3] = {25, 30, 0};
	struct audio_speaker sp = {0};
	struct speaker_part pv[3];
	unsigned i, changes = 0;
	int err = 0;

	for (i = 0; i < 3; i++)
		audio_speaker_join(&sp, &pv[i], i + 1);
	feed(&sp, pv, nobody, 200, &changes);
	TEST_EQ(0, sp.id);
	feed(&sp, pv, first, 60, &changes);
	TEST_EQ(1, sp.id);
	feed(&sp, pv, second, 15, &changes);    /* "yes"                  */
	feed(&sp, pv, first, 100, &changes);
	TEST_EQ(1, changes);
	feed(&sp, pv, both, 200, &changes);     /* interrupting in vain   */
	TEST_EQ(1, changes);
	feed(&sp, pv, second, 130, &changes);
	TEST_EQ(2, sp.id);
	TEST_EQ(2, changes);
	feed(&sp, pv, nobody, 500, &changes);
	TEST_EQ(2, sp.id);
	audio_speaker_leave(&sp, &pv[1]);
	feed(&sp, pv, nobody, 1, &changes);
	TEST_EQ(0, sp.id);
 out:
	list_clear(&sp.partl);
	return err;
}


/* How many classes the networks there are make of one medium */
static int classes_of(const struct ticket_media *m, unsigned *np)
{
	static const unsigned lossv[] = {0, 8, 20};
	struct class_key keyv[9];
	unsigned i, k;
	int err;

	*np = 0;
	for (i = 0; i < 9; i++) {
		const struct audio_net net = {
			.loss_pct = lossv[i % 3],
			.width = (enum audio_width)(i / 3),
		};

		err = audio_class_key(&keyv[*np], m, &net);
		if (err)
			return err;
		for (k = 0; k < *np; k++)
			if (!memcmp(&keyv[k], &keyv[*np], sizeof(keyv[0])))
				break;
		if (k == *np)
			++*np;
	}

	return 0;
}


static int test_keys(void)
{
	const struct audio_net low = {.loss_pct = 8}, high = {.loss_pct = 20};
	struct audio_net slim = {.width = AUDIO_THIN};
	unsigned n;
	struct ticket_media m;
	struct class_key a, b;
	struct ticket t;
	int err = 0;

	ticket_init(&t, 1);
	m = t.audio;
	m.fmtc = 0;
	TEST_EQ(ENOTSUP, audio_class_key(&a, &m, &low));

	m.on = true;
	m.fmtc = 1;
	m.fmtv[0].codec = CODEC_OPUS;
	m.ptime_ms = 20;
	err = audio_class_key(&a, &m, &low);
	TEST_ERR(err);
	TEST_EQ(32000, a.prm.bitrate);
	m.fmtv[0].pt = 99;                      /* no matter              */
	err = audio_class_key(&b, &m, &high);      /* no matter without FEC  */
	TEST_ERR(err);
	TEST_TRUE(!memcmp(&a, &b, sizeof(a)));
	TEST_ERR(audio_class_key(&b, &m, &slim));
	TEST_EQ(16000, b.prm.bitrate);
	TEST_EQ(60, b.prm.ptime_ms);
	TEST_TRUE(b.prm.dtx && !b.prm.fec);
	m.fmtv[0].fec = true;
	slim.loss_pct = 8;
	TEST_ERR(audio_class_key(&b, &m, &slim));
	TEST_TRUE(b.prm.fec && b.prm.loss_pct == 8);
	m.fmtv[0].fec = false;
	m.fmtv[0].stereo = true;
	err = audio_class_key(&a, &m, &low);
	TEST_ERR(err);
	TEST_EQ(64000, a.prm.bitrate);
	TEST_EQ(2, a.prm.channels);
	m.fmtv[0].max_bitrate = 20000;
	err = audio_class_key(&a, &m, &low);
	TEST_ERR(err);
	TEST_EQ(20000, a.prm.bitrate);
	m.max_kbps = 12;
	err = audio_class_key(&a, &m, &low);
	TEST_ERR(err);
	TEST_EQ(12000, a.prm.bitrate);

	/* every network: a small number of classes */
	m.max_kbps = 0;
	m.fmtv[0].max_bitrate = 0;
	m.fmtv[0].fec = true;
	TEST_ERR(classes_of(&m, &n));
	TEST_TRUE(n > 6 && n <= 9);
 out:
	return err;
}


enum { S = 1000000 };

/* Worse at once, better after a while, at an edge no change at all */
static int test_net(void)
{
	struct audio_net net;
	unsigned i, moves = 0;
	int err = 0;

	audio_net_init(&net);
	TEST_EQ(0, net.loss_pct);
	TEST_EQ(AUDIO_WIDE, net.width);
	TEST_TRUE(!audio_net_loss(&net, 0.0f, 1 * S));
	TEST_TRUE(audio_net_loss(&net, 1.0f / 256, 1 * S));
	TEST_EQ(8, net.loss_pct);
	TEST_TRUE(audio_net_loss(&net, 0.2f, 1 * S));
	TEST_EQ(20, net.loss_pct);
	TEST_TRUE(!audio_net_loss(&net, 0.0f, 5 * S));
	TEST_TRUE(audio_net_loss(&net, 0.0f, 10 * S));
	TEST_EQ(8, net.loss_pct);
	TEST_TRUE(!audio_net_loss(&net, 0.0f, 11 * S));
	TEST_TRUE(!audio_net_loss(&net, 0.0f, 29 * S));
	TEST_TRUE(audio_net_loss(&net, 0.0f, 31 * S));
	TEST_EQ(0, net.loss_pct);

	TEST_TRUE(audio_net_path(&net, 64, 40 * S));
	TEST_EQ(AUDIO_THIN, net.width);
	TEST_TRUE(!audio_net_path(&net, 0, 41 * S));
	TEST_TRUE(audio_net_path(&net, 0, 50 * S));
	TEST_EQ(AUDIO_NARROW, net.width);
	TEST_TRUE(!audio_net_path(&net, 300, 60 * S));
	TEST_TRUE(audio_net_path(&net, 400, 70 * S));
	TEST_EQ(AUDIO_WIDE, net.width);

	/* ten minutes of an estimate that swings around every edge */
	for (i = 0; i < 6000; i++) {
		const uint64_t now = 100ull * S + i * (S / 10);

		moves += audio_net_path(&net, i & 1 ? 90 : 120, now);
		moves += audio_net_loss(&net, i & 1 ? 0.015f : 0.021f, now);
	}
	TEST_EQ(3, moves);

	/* a packet lost now and then, and around the upper edge */
	for (i = moves = 0; i < 6000; i++)
		moves += audio_net_loss(&net, i % 150 ? 0 : 0.012f,
					700ull * S + i * (S / 10));
	TEST_EQ(0, moves);
	for (i = moves = 0; i < 6000; i++)
		moves += audio_net_loss(&net, i & 1 ? 0.06f : 0.11f,
					1300ull * S + i * (S / 10));
	TEST_EQ(1, moves);

	/* and one that goes up and down in full, as fast as it can: a step
	 * better after the pause, back, and that is all */
	for (i = moves = 0; i < 6000; i++)
		moves += audio_net_path(&net, i & 1 ? 64 : 0,
					2000ull * S + i * (S / 10));
	TEST_EQ(2, moves);
 out:
	return err;
}


/* Where nothing is lost the speech layer and its FEC are saved; but not
 * what somebody asked for */
static int test_clean(void)
{
	struct audio_net net = {0};
	struct ticket_fmt *fmt;
	struct ticket_media m;
	struct class_key key;
	struct ticket t;
	int err = 0;

	ticket_init(&t, 1);
	m = t.audio;
	m.on = true;
	m.fmtc = 1;
	m.ptime_ms = 20;
	fmt = &m.fmtv[0];
	fmt->codec = CODEC_OPUS;
	fmt->fec = true;

	TEST_ERR(audio_class_key(&key, &m, &net));
	TEST_TRUE(!key.prm.fec && key.prm.music && key.prm.swift);
	TEST_EQ(40000, key.prm.bitrate);
	fmt->stereo = true;
	TEST_ERR(audio_class_key(&key, &m, &net));
	TEST_TRUE(key.prm.swift && key.prm.bitrate == 64000);
	fmt->stereo = false;
	net.loss_pct = 8;
	TEST_ERR(audio_class_key(&key, &m, &net));
	TEST_TRUE(key.prm.fec && !key.prm.music && !key.prm.swift);
	TEST_EQ(32000, key.prm.bitrate);
	net.loss_pct = 0;
	net.width = AUDIO_NARROW;
	TEST_ERR(audio_class_key(&key, &m, &net));
	TEST_TRUE(!key.prm.fec && !key.prm.music);
	TEST_EQ(24000, key.prm.bitrate);
	net.width = AUDIO_WIDE;

	fmt->dtx = true;
	TEST_ERR(audio_class_key(&key, &m, &net));
	TEST_TRUE(!key.prm.music && key.prm.dtx);
	fmt->dtx = false;
	fmt->max_bitrate = 36000;
	TEST_ERR(audio_class_key(&key, &m, &net));
	TEST_TRUE(!key.prm.music && key.prm.bitrate == 32000);
	fmt->max_bitrate = 0;
	m.max_kbps = 30;
	TEST_ERR(audio_class_key(&key, &m, &net));
	TEST_TRUE(!key.prm.music && key.prm.bitrate == 30000);
	m.max_kbps = 0;
	fmt->max_playback_hz = 16000;
	TEST_ERR(audio_class_key(&key, &m, &net));
	TEST_TRUE(!key.prm.music && key.prm.bitrate == 24000);
 out:
	return err;
}


static const struct test testv[] = {
	{"nothing is lost: no FEC, no speech layer", test_clean},
	{"a network's steps: no flapping", test_net},
	{"codecs there and back, and garbage", test_codecs},
	{"the limiter bends nothing", test_limiter},
	{"mono and stereo sums, less self", test_mix},
	{"longer, shorter, concealed without clicks", test_scale},
	{"levels and voice", test_level},
	{"dominant speaker", test_speaker},
	{"what may share an encoder", test_keys},
};


int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
