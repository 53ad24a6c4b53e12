/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_depack.c -- any packets to frames, and frames to packets
 *
 * Input: a byte of codec, then packets: a byte of sequence step, one of
 * timestamp step and marker, one of length, the payload.  Frames come out
 * bounded and in order, can be packetized again and give the same bytes
 * back, and no packet buffer is lost.
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_depack.h"
#include "mixer/rtp_frame.h"
#include "mixer/rtp_pack.h"

enum { POOL = RTP_FRAME_WINDOW + 4 };

struct fuzz {
	enum ticket_codec codec;
	uint64_t rx_us;
	bool again;               /* a frame of our own making            */
	const struct unit *unit;
	unsigned frames;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void pass(struct rtp_frame *f, const struct unit *unit)
{
	unsigned i;

	for (i = 0; i < unit->payc; i++) {
		const struct unit_payload *pay = &unit->payv[i];
		struct pkt *pkt = pkt_get();

		if (!pkt || pay->hdrlen + pay->len > 1200)
			abort();
		pkt->ssrc = 1;
		pkt->seq  = 100 + i;
		pkt->ts   = 1;
		pkt->marker = pay->marker;
		pkt->len  = (uint16_t)(pay->hdrlen + pay->len);
		memcpy(pkt->data, pay->hdr, pay->hdrlen);
		memcpy(pkt->data + pay->hdrlen, unit->data + pay->off,
		       pay->len);
		rtp_frame_put(f, pkt, 0);
	}
	rtp_frame_run(f, 1000000);
}


static void again_handler(const struct rtp_frame_info *info, void *arg)
{
	struct fuzz *z = arg;

	++z->frames;
	if (z->codec == CODEC_VP8 &&
	    (info->len != z->unit->len ||
	     memcmp(info->data, z->unit->data, info->len)))
		abort();
}


static void frame_handler(const struct rtp_frame_info *info, void *arg)
{
	struct fuzz *z = arg;
	struct fuzz inner = { .codec = z->codec };
	struct rtp_pack pk = {
		.codec = z->codec, .pkt_mode = 1, .max = 1200,
	};
	struct rtp_frame *f = NULL;
	struct unit *unit = NULL;
	unsigned i;

	if (!info->len || info->len > RTP_FRAME_MAX ||
	    info->rx_first_us > info->rx_last_us)
		abort();
	for (i = 0; i < RTP_FRAME_PAD; i++)
		if (info->data[info->len + i])
			abort();

	if (z->codec != CODEC_H264 && z->codec != CODEC_VP8)
		return;           /* those are only received              */
	if (rtp_pack_video(&unit, &pk, info->data, info->len))
		return;           /* nothing but SEI, say                 */
	if (rtp_frame_alloc(&f, z->codec, again_handler, &inner))
		abort();
	inner.unit = unit;
	pass(f, unit);
	if (z->codec == CODEC_VP8 && inner.frames != 1)
		abort();
	mem_deref(f);
	unit_unref(unit);
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;

	return pkt_pool_init(2 * POOL);
}


/* Towards what a depacketizer takes for a beginning */
static void dress(enum ticket_codec codec, uint8_t *p, size_t n, uint8_t how)
{
	static const uint8_t nalv[8] = {
		0x65, 0x41, 0x67, 0x78, 0x7c, 0x79, 0x7d, 0x06,
	};

	static const uint8_t nal265v[8] = {
		0x26, 0x02, 0x40, 0x42, 0x44, 0x60, 0x62, 0x62,
	};

	if (!n || !(how & 0x80))
		return;
	switch (codec) {

	case CODEC_H264:
		p[0] = nalv[how & 7];
		break;
	case CODEC_VP8:
		p[0] = (uint8_t)(0x10 | (p[0] & 0x80));
		break;
	case CODEC_VP9:
		p[0] |= 0x08;
		break;
	case CODEC_AV1:
		p[0] &= how & 1 ? 0x7f : 0xff;
		break;
	default:
		p[0] = nal265v[how & 7];
		break;
	}
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ticket_codec codecv[] = {
		CODEC_H264, CODEC_VP8, CODEC_VP9, CODEC_AV1, CODEC_H265,
	};
	struct fuzz z;
	struct rtp_frame *f = NULL;
	struct pkt *pktv[2 * POOL];
	uint64_t seq = 1000, now = 1000000;
	uint32_t ts = 0;
	unsigned i;

	if (!size)
		return 0;
	memset(&z, 0, sizeof(z));
	z.codec = codecv[data[0] % ARRAY_SIZE(codecv)];
	++data;
	--size;
	if (rtp_frame_alloc(&f, z.codec, frame_handler, &z))
		abort();

	while (size > 4) {
		const size_t n = min((size_t)data[3], size - 4);
		struct pkt *pkt = pkt_get();

		if (!pkt)
			abort();
		/* mostly the next one, sometimes back, rarely far ahead */
		seq += data[0] < 200 ? 1 : data[0] < 250 ?
			(uint64_t)(data[0] - 225) : 1000;
		ts += (data[1] & 0x7f) % 3 == 0;
		now += data[1] >> 4 & 1 ? 30000 : 100;
		pkt->rx_us  = now;
		pkt->ssrc   = data[0] == 255;
		pkt->seq    = seq;
		pkt->ts     = ts;
		pkt->marker = data[1] >> 7;
		pkt->len    = (uint16_t)n;
		memcpy(pkt->data, data + 4, n);
		dress(z.codec, pkt->data, n, data[2]);
		(void)rtp_depack_is_key(z.codec, pkt->data, n);
		rtp_frame_put(f, pkt, now);
		data += 4 + n;
		size -= 4 + n;
	}
	rtp_frame_run(f, now + 1000000);
	if (rtp_frame_due(f) != UINT64_MAX)
		abort();
	mem_deref(f);

	for (i = 0; i < 2 * POOL; i++) {
		pktv[i] = pkt_get();
		if (!pktv[i])
			abort();
	}
	while (i)
		pkt_put(pktv[--i]);

	return 0;
}
