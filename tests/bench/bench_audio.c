/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/bench_audio.c -- what the audio of a meeting costs
 *
 *	bench_audio [speakers [listeners [seconds]]]
 *
 * Opus speakers and listeners in one engine under a fake clock, as fast as
 * it goes; CPU milliseconds per second of meeting, by stage.  The packets
 * are encoded beforehand, so only the engine is measured.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <re.h>

#include "mixer/audio.h"
#include "mixer/codec_audio.h"

enum { LOOP_PKTS = 100, SPEAKERS_MAX = 64 };

static struct { uint8_t v[SPEAKERS_MAX][LOOP_PKTS][400]; } data;
static size_t lenv[SPEAKERS_MAX][LOOP_PKTS];
static uint64_t outs;


static void out_handler(const struct audio_out *outv, unsigned outc,
			void *arg)
{
	(void)outv;
	(void)arg;
	outs += outc;
}


/* Something like speech: a gliding buzz in syllables */
static int prepare(unsigned who)
{
	struct codec_audio_prm prm = {
		.channels = 1, .ptime_ms = 20, .bitrate = 32000,
		.playback_hz = 48000,
	};
	double ph = 0;
	void *enc;
	unsigned k, i;
	int err;

	err = codec_opus.enc_alloc(&enc, &prm);
	for (k = 0; k < LOOP_PKTS && !err; k++) {
		int16_t pcm[960];

		for (i = 0; i < 960; i++) {
			double t = (k * 960 + i) / 48000.0;
			double amp = 0.5 + 0.5 * sin(2 * M_PI * 4 * t);

			ph += (110 + 20 * who + 30 * sin(5 * t)) / 48000;
			pcm[i] = (int16_t)(6000 * amp *
				(2 * (ph - floor(ph)) - 1) + rand() % 100);
		}
		lenv[who][k] = sizeof(data.v[0][0]);
		err = codec_opus.encode(enc, data.v[who][k], &lenv[who][k],
					pcm, 960);
	}
	mem_deref(enc);

	return err;
}


static void ON(loop) send_one(struct audio_leg *leg, unsigned who, unsigned k,
		     uint64_t now)
{
	struct pkt *pkt = pkt_get();

	if (!pkt)
		return;
	pkt->rx_us = now - 10000;
	pkt->ssrc  = who;
	pkt->seq   = k;
	pkt->ts    = k * 960;
	pkt->pt    = 111;
	pkt->len   = (uint16_t)lenv[who][k % LOOP_PKTS];
	memcpy(pkt->data, data.v[who][k % LOOP_PKTS], pkt->len);
	audio_leg_put(leg, pkt);
}


static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}


static void ON(loop) print(const struct audio *a, double ms, unsigned speakers,
		  unsigned listeners, unsigned sec)
{
	json_t *o = audio_stats(a), *cpu = json_object_get(o, "cpu_us");
	static const char *const stagev[] = { "decode", "mix", "encode" };
	unsigned i;

	printf("audio_cpu speakers=%u listeners=%u ms_per_s=%.2f", speakers,
	       listeners, ms / sec);
	for (i = 0; i < ARRAY_SIZE(stagev); i++)
		printf(" %s=%.2f", stagev[i], (double)json_integer_value(
			json_object_get(cpu, stagev[i])) / 1e3 / sec);
	printf(" encodes_per_s=%lld packets_per_s=%llu\n",
	       (long long)json_integer_value(json_object_get(o, "encodes"))
	       / (long long)sec, (unsigned long long)(outs / sec));
	json_decref(o);
}


int main(int argc, char **argv)
{
	unsigned speakers  = argc > 1 ? (unsigned)atoi(argv[1]) : 3;
	unsigned listeners = argc > 2 ? (unsigned)atoi(argv[2]) : 1000;
	unsigned sec       = argc > 3 ? (unsigned)atoi(argv[3]) : 10;
	struct audio_cfg cfg = { .outh = out_handler };
	static struct audio_leg *legv[AUDIO_LEGS_MAX];
	struct audio *a;
	struct ticket t;
	unsigned i, k;
	double ms;
	int err;

	if (speakers > SPEAKERS_MAX || !sec ||
	    speakers + listeners > AUDIO_LEGS_MAX)
		return 2;

	on_loop();
	on_ticker();
	err  = libre_init();
	err |= pkt_pool_init(1024);
	err |= audio_alloc(&a, &cfg);
	for (i = 0; i < speakers && !err; i++)
		err = prepare(i);
	for (i = 0; i < speakers + listeners && !err; i++) {
		ticket_init(&t, i + 1);
		t.audio.on = t.audio.send = t.audio.recv = true;
		t.audio.ptime_ms = 20;
		t.audio.fmtc = 1;
		t.audio.fmtv[0].codec = CODEC_OPUS;
		t.audio.fmtv[0].pt = 111;
		t.audio.fmtv[0].clock_hz = 48000;
		err = audio_leg_alloc(&legv[i], a, &t);
	}
	if (err)
		return 1;

	ms = cpu_ms();
	for (k = 1; k <= sec * 50; k++) {
		uint64_t now = 1000000 + k * 20000ull;

		for (i = 0; i < speakers; i++)
			send_one(legv[i], i, k, now);
		audio_tick(a, now);
	}
	print(a, cpu_ms() - ms, speakers, listeners, sec);

	for (i = 0; i < speakers + listeners; i++)
		mem_deref(legv[i]);
	mem_deref(a);
	pkt_pool_close();
	libre_close();

	return 0;
}
