/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/bench_rtc.c -- what a browser's leg costs more than a phone's
 *
 *	bench_rtc [packets]
 *
 * CPU microseconds to seal and to open one packet of sound (160 bytes of
 * payload) and of picture (1150), per suite; and what that makes for a leg
 * that sends and receives 50 packets of sound and 165 of picture a second
 * (1500 kbit/s).  In one process, without sockets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <re.h>

#include "mixer/net_srtp.h"

enum { HDR = 12, PER_S_AUDIO = 50, PER_S_VIDEO = 165 };

struct cost {
	double seal_us, open_us;
};


static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}


static size_t packet(uint8_t *p, unsigned seq, size_t len)
{
	memset(p, 0x55, HDR + len);
	p[0] = 0x80;
	p[1] = 111;
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;

	return HDR + len;
}


/* Batches, so that reading the clock does not count */
static ON(loop) int measure(struct cost *cost, enum ticket_srtp suite,
			    size_t len, unsigned packets)
{
	enum { BATCH = 500 };
	static uint8_t bufv[BATCH][2048];
	static size_t nv[BATCH];
	struct net_srtp *a = NULL, *b = NULL;
	struct ticket_rtc rtc = { .on = true, .srtp = suite };
	unsigned i, k, seq = 1;
	double t;
	int err;

	rand_bytes(rtc.txkey, sizeof(rtc.txkey));
	memcpy(rtc.rxkey, rtc.txkey, sizeof(rtc.rxkey));
	err  = net_srtp_alloc(&a, &rtc);
	err |= net_srtp_alloc(&b, &rtc);
	memset(cost, 0, sizeof(*cost));
	for (k = 0; k < packets / BATCH && !err; k++) {
		for (i = 0; i < BATCH; i++)
			nv[i] = packet(bufv[i], seq++, len);
		t = cpu_us();
		for (i = 0; i < BATCH; i++)
			err |= net_srtp_seal_rtp(a, bufv[i], &nv[i]);
		cost->seal_us += cpu_us() - t;
		t = cpu_us();
		for (i = 0; i < BATCH; i++)
			err |= net_srtp_open_rtp(b, bufv[i], &nv[i], 1);
		cost->open_us += cpu_us() - t;
	}
	cost->seal_us /= (packets / BATCH) * (double)BATCH;
	cost->open_us /= (packets / BATCH) * (double)BATCH;
	mem_deref(a);
	mem_deref(b);

	return err;
}


int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		enum ticket_srtp suite;
	} suitev[] = {
		{"AEAD_AES_128_GCM", SRTP_GCM_128},
		{"AES_CM_128_HMAC_SHA1_80", SRTP_CM_80},
	};
	unsigned packets = argc > 1 ? (unsigned)atoi(argv[1]) : 50000;
	struct cost sound, picture;
	unsigned i;
	int err = 0;

	if (packets < 1000)
		return 2;

	on_loop();
	if (libre_init() || net_srtp_init())
		return 1;

	for (i = 0; i < ARRAY_SIZE(suitev) && !err; i++) {
		err  = measure(&sound, suitev[i].suite, 160, packets);
		err |= measure(&picture, suitev[i].suite, 1150, packets);
		printf("srtp suite=%s sound_seal_us=%.2f sound_open_us=%.2f "
		       "picture_seal_us=%.2f picture_open_us=%.2f "
		       "leg_ms_per_s=%.2f\n", suitev[i].name, sound.seal_us,
		       sound.open_us, picture.seal_us, picture.open_us,
		       ((sound.seal_us + sound.open_us) * PER_S_AUDIO +
			(picture.seal_us + picture.open_us) * PER_S_VIDEO) /
		       1000);
	}

	net_srtp_close();
	libre_close();

	return err ? 1 : 0;
}
