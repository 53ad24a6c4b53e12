/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/leg_stub.c -- who owns a leg and looks at nothing; see leg_stub.h
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fake/leg_stub.h"

enum { POOL_MAX = 1024 };


static void sync_handler(enum leg_media media, const struct rtp_sync *sync,
			 void *arg)
{
	(void)media;
	(void)arg;
	if (!sync->valid || !sync->clock_hz)
		abort();
}


static void key_handler(void *arg)
{
	(void)arg;
}


static void loss_handler(enum leg_media media, float loss, void *arg)
{
	(void)media;
	(void)arg;
	if (!(loss >= 0 && loss <= 1))
		abort();
}


static void dtmf_handler(char digit, unsigned duration_ms, void *arg)
{
	(void)duration_ms;
	(void)arg;
	if (!digit || !strchr("0123456789*#ABCD", digit))
		abort();
}


static void latch_handler(enum leg_media media, const struct sa *src,
			  uint32_t ssrc, uint16_t seq, void *arg)
{
	(void)media;
	(void)src;
	(void)ssrc;
	(void)seq;
	(void)arg;
}


static void bye_handler(enum leg_media media, void *arg)
{
	(void)media;
	(void)arg;
}


static void quiet_handler(enum leg_media media, unsigned quiet_ms, void *arg)
{
	(void)media;
	(void)quiet_ms;
	(void)arg;
}


const struct leg_h leg_stub = {
	.synch = sync_handler, .keyh = key_handler, .lossh = loss_handler,
	.dtmfh = dtmf_handler, .latchh = latch_handler,
	.byeh = bye_handler, .quieth = quiet_handler,
};


void leg_stub_pool(unsigned poolc)
{
	struct pkt *pktv[POOL_MAX];
	unsigned i;

	if (poolc > POOL_MAX)
		abort();
	for (i = 0; i < poolc; i++) {
		pktv[i] = pkt_get();
		if (!pktv[i])
			abort();
	}
	while (i)
		pkt_put(pktv[--i]);
}
