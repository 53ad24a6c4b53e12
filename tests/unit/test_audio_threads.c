/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_audio_threads.c -- legs come and go while it runs
 */
#include <stdatomic.h>
#include <re.h>

#include "mixer/audio.h"
#include "tests/unit/test.h"

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
	int err = 0;

	on_loop();
	TEST_ERR(audio_alloc(&a, &cfg));
	TEST_ERR(audio_start(a));
	for (i = 0; i < 60; i++) {
		ticket_init(&t, i);
		t.audio.on = t.audio.send = t.audio.recv = true;
		t.audio.fmtc = 1;
		t.audio.fmtv[0].codec = i & 1 ? CODEC_PCMU : CODEC_OPUS;
		t.audio.fmtv[0].clock_hz = i & 1 ? 8000 : 48000;
		atomic_store(&w.alive[i], true);
		TEST_ERR(audio_leg_alloc(&legv[i], a, &t));
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
		TEST_ERR(audio_leg_set(legv[i], &t));
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
	{"legs come and go while the thread runs", test_thread},
};


int main(int argc, char **argv)
{
	if (pkt_pool_init(4096))
		return 99;

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
