/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_audio.c -- any packets at any time to a party's input
 *
 * Input, again and again: a byte of payload type and what jumps, one of
 * how many ticks pass, one of length, then so many bytes.  Whatever comes,
 * every tick gives a frame or silence and no packet buffer is lost.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>

#include "mixer/audio_in.h"

enum { POOL = 256 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	enum ticket_codec codec;
	uint8_t pt;
	unsigned clock_hz;
} fmtv[] = {
	{CODEC_OPUS, 111, 48000}, {CODEC_PCMU, 0, 8000},
	{CODEC_PCMA, 8, 8000}, {CODEC_G722, 9, 8000},
	{CODEC_TELEV, 101, 8000}, {CODEC_CN, 13, 8000},
};


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;

	return libre_init() || pkt_pool_init(POOL);
}


static void check_pool(void)
{
	struct pkt *pktv[POOL];
	unsigned i;

	for (i = 0; i < POOL; i++) {
		pktv[i] = pkt_get();
		if (!pktv[i])
			abort();
	}
	while (i)
		pkt_put(pktv[--i]);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t now = 1000000, seq = 70000;
	struct audio_in *in;
	struct ticket_media m;
	uint32_t ts = 0;
	unsigned i, ch;

	memset(&m, 0, sizeof(m));
	for (i = 0; i < ARRAY_SIZE(fmtv); i++) {
		m.fmtv[i].codec = fmtv[i].codec;
		m.fmtv[i].pt = fmtv[i].pt;
		m.fmtv[i].clock_hz = fmtv[i].clock_hz;
		++m.fmtc;
	}
	if (audio_in_alloc(&in))
		return 0;
	audio_in_set(in, &m);

	while (size >= 3) {
		unsigned how = data[0], ticks = data[1] % 16;
		size_t len = data[2];
		struct pkt *pkt = pkt_get();

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		if (!pkt)
			abort();

		seq += how & 0x08 ? len : 1;
		ts  += how & 0x10 ? (uint32_t)len << 20 : 160;
		pkt->pt   = fmtv[how % ARRAY_SIZE(fmtv)].pt;
		pkt->seq  = how & 0x20 ? seq - len % 8 : seq;
		pkt->ts   = ts;
		pkt->ssrc = how >> 7;
		pkt->rx_us = now - len * 100;
		pkt->len  = (uint16_t)len;
		memcpy(pkt->data, data, len);
		data += len;
		size -= len;
		audio_in_put(in, pkt);
		if (how & 0x40)
			audio_in_hold(in, (unsigned)len);

		for (i = 0; i < ticks; i++) {
			now += 20000;
			(void)audio_in_tick(in, now, !(how & 0x04), how & 1,
					    &ch);
			if (ch != 1 && ch != 2)
				abort();
		}
	}

	mem_deref(in);
	check_pool();

	return 0;
}
