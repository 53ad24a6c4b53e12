/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_leg_rtc.c -- any clear RTP and RTCP to a WebRTC leg, and
 * any bytes to the parsers below it
 *
 * Input: a byte of how and how long after, one of length, then so many
 * bytes; again and again.  Whatever comes, no packet buffer is lost and
 * feedback we write ourselves can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "mixer/leg.h"
#include "mixer/rtp_ext.h"
#include "mixer/rtp_key.h"
#include "mixer/rtp_red.h"
#include "mixer/rtp_rtcp.h"
#include "mixer/rtp_twcc.h"
#include "tests/fake/leg_stub.h"

enum { POOL = 256 };

struct fuzz {
	struct leg_h h;
	struct leg *leg;
	struct ticket t;
	uint64_t now;
};

static struct fuzz fuzz;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void item_handler(const struct rtp_rtcp_item *it, void *arg)
{
	(void)it;
	(void)arg;
}


static void send_handler(enum leg_media media, bool rtcp,
			 const struct sa *dst, const struct iovec *iov,
			 unsigned iovc, void *arg)
{
	(void)media;
	(void)dst;
	(void)arg;
	if (!iovc || (rtcp && rtp_rtcp_parse(iov[0].iov_base,
					     iov[0].iov_len, item_handler,
					     NULL)))
		abort();
}


static void packet_handler(enum leg_media media, struct pkt *pkt, void *arg)
{
	(void)arg;
	if (media > LEG_SLIDES || pkt->len > PKT_DATA_MAX)
		abort();
	pkt_put(pkt);
}


static void latch_handler(enum leg_media media, const struct sa *src,
			  uint32_t ssrc, uint16_t seq, void *arg)
{
	(void)media;
	(void)src;
	(void)ssrc;
	(void)seq;
	(void)arg;
	abort();                  /* there is nothing to latch            */
}


static void media(struct ticket_media *m, const char *mid,
		  enum ticket_codec codec, uint8_t pt, uint32_t hz)
{
	m->on = m->send = m->recv = m->rtcp_mux = m->rtcp_rsize = true;
	m->fb_pli = m->fb_nack = true;
	m->ext_level = 1;
	m->ext_abs_send = 2;
	m->ext_twcc = 3;
	m->ext_mid = 4;
	m->ext_rid = 5;
	m->ext_rrid = 6;
	m->ext_capture = 7;
	(void)re_snprintf(m->mid, sizeof(m->mid), "%s", mid);
	m->fmtv[0] = (struct ticket_fmt){.codec = codec, .pt = pt,
		.tx_pt = pt, .clock_hz = hz, .rtx_pt = pt + 1};
	m->fmtc = 1;
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct ticket *t = &fuzz.t;

	(void)argc;
	(void)argv;
	if (pkt_pool_init(POOL))
		abort();

	fuzz.h = leg_stub;
	fuzz.h.sendh = send_handler;
	fuzz.h.packeth = packet_handler;
	fuzz.h.latchh = latch_handler;
	ticket_init(t, 1);
	t->rtc.on = true;
	media(&t->audio, "0", CODEC_OPUS, 111, 48000);
	t->audio.fmtv[1] = (struct ticket_fmt){.codec = CODEC_RED, .pt = 63,
		.tx_pt = 63, .clock_hz = 48000};
	t->audio.fmtc = 2;
	media(&t->video, "1", CODEC_VP8, 96, 90000);
	t->video.ridc = 3;
	t->video.ridv[0][0] = 'q';
	t->video.ridv[1][0] = 'h';
	t->video.ridv[2][0] = 'f';
	media(&t->slides, "2", CODEC_H264, 102, 90000);

	return 0;
}


/* Half of them are made to look like what a browser sends */
static void dress(uint8_t *p, size_t n, uint8_t how)
{
	static const uint8_t ptv[8] = {111, 96, 97, 102, 103, 63, 96, 102};

	if (!(how & 0x80) || n < 24)
		return;
	p[0] = 0x90;
	p[1] = (p[1] & 0x80) | ptv[how & 7];
	memset(p + 8, 0, 3);
	p[11] &= 7;
	p[12] = 0xbe;
	p[13] = 0xde;
	p[14] = 0;
	p[15] = 2;
	if (how & 0x40) {
		p[16] = 0x40;
		p[17] = '0' + (p[17] & 3);
		p[18] = 0x50;
		p[19] = "qhfx"[p[19] & 3];
	}
}


static void twcc_handler(uint16_t seq, bool came, uint64_t at_us, void *arg)
{
	(void)seq;
	(void)came;
	(void)arg;
	if (at_us >= RTP_TWCC_CLOCK_US)
		abort();
}


static void parsers(const uint8_t *data, size_t size)
{
	static const enum ticket_codec codecv[] = {
		CODEC_H264, CODEC_VP8, CODEC_VP9, CODEC_AV1,
	};
	struct rtp_red_block v[RTP_RED_MAX];
	struct rtp_ext x;
	uint16_t w, h;
	size_t i, n;

	n = rtp_red_parse(v, data, size);
	for (i = 0; i < n; i++)
		if (v[i].p < data || v[i].p + v[i].n > data + size)
			abort();
	for (i = 0; i < ARRAY_SIZE(codecv); i++)
		(void)rtp_key_start(codecv[i], data, size, &w, &h);
	rtp_ext_parse(&x, &fuzz.t.video, 0xbede, data, size);
	rtp_ext_parse(&x, &fuzz.t.video, 0x1000, data, size);
	(void)rtp_twcc_parse(data, size, twcc_handler, NULL);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz *f = &fuzz;

	on_loop();
	parsers(data, size);
	f->t.video.fb_remb = size & 1;
	f->t.video.fb_twcc = !(size & 1);
	f->now = 1000000;
	if (leg_alloc(&f->leg, &f->t, &f->h, f, f->now))
		abort();
	leg_ready(f->leg, true, f->now);

	while (size > 2) {
		const uint8_t how = data[0];
		const size_t n = min((size_t)data[1], size - 2);
		uint8_t buf[256];

		memcpy(buf, data + 2, n);
		dress(buf, n, how);
		f->now += (uint64_t)(how & 0x38) * (how & 0x38) * 200;
		leg_recv(f->leg, LEG_AUDIO, false, NULL, buf, n, f->now);
		if (how & 0x20)
			leg_run(f->leg, f->now);
		if (how & 0x10)
			(void)leg_set_need(f->leg, LEG_VIDEO, how * 8u,
					   how * 4u, f->now);
		data += 2 + n;
		size -= 2 + n;
	}
	(void)leg_want_key(f->leg, LEG_SLIDES, f->now);
	leg_bye(f->leg, f->now);
	json_decref(leg_stats(f->leg, LEG_VIDEO));
	f->leg = mem_deref(f->leg);

	leg_stub_pool(POOL);

	return 0;
}
