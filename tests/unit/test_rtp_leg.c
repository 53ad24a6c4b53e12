/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rtp_leg.c -- two legs with a wire between them
 *
 * Both ends are legs, so what one sends the other must understand; where
 * a peer misbehaves, packets are written by hand.
 */
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "mixer/leg.h"
#include "mixer/rtp_pack.h"
#include "tests/fake/wire.h"
#include "tests/unit/test.h"

enum { MS = 1000, SEC = 1000000 };

/* One end and what was seen there */
struct end {
	struct pair *pair;
	struct leg *leg;
	struct ticket t;
	struct sa addr[2];        /* RTP, by medium; RTCP is one above    */
	unsigned packets[2], keys, byes[2], latches[2];
	uint32_t ts[2];           /* of the last packet                   */
	uint64_t seq[2];
	bool marker[2];
	uint8_t pt[2];
	uint8_t data[PKT_DATA_MAX];
	struct rtp_sync sync[2];
	float loss[2];
	unsigned losses[2];
	char digits[8];
	unsigned quiet[2], quiets;
	unsigned rtp, rtcp;       /* sent                                 */
	uint16_t tx_seq;          /* of the last RTP packet               */
	uint8_t last_rtcp[1500];
	size_t last_rtcp_n;
	unsigned rtcp_fb;         /* PLI and FIR sent                     */
	struct sa dst;            /* of the last datagram                 */
	uint32_t shown;           /* pictures                             */
	bool hoard;               /* pictures are kept                    */
	struct pkt *hoardl;
};

struct pair {
	struct wire *wire;
	uint64_t now;
	struct end a, b;
};


static void send_handler(enum leg_media media, bool rtcp,
			 const struct sa *dst, const struct iovec *iov,
			 unsigned iovc, void *arg)
{
	struct end *e = arg;
	struct sa src = e->addr[media];
	const unsigned to_b = e == &e->pair->a;
	const uint8_t *p = iov[0].iov_base;

	if (rtcp)
		sa_set_port(&src, sa_port(&src) + 1);
	e->dst = *dst;
	if (p[1] >= 200 && p[1] <= 206) {
		size_t pos = 0;

		++e->rtcp;
		memcpy(e->last_rtcp, p, iov[0].iov_len);
		e->last_rtcp_n = iov[0].iov_len;
		while (pos + 4 <= iov[0].iov_len) {
			e->rtcp_fb += p[pos + 1] == 206;
			pos += 4 * ((p[pos + 2] << 8 | p[pos + 3]) + 1u);
		}
	}
	else {
		++e->rtp;
		e->tx_seq = (uint16_t)(p[2] << 8 | p[3]);
	}
	wire_put(e->pair->wire, to_b << 2 | media << 1 | rtcp, &src, iov,
		 iovc, e->pair->now);
}


static void packet_handler(enum leg_media media, struct pkt *pkt, void *arg)
{
	struct end *e = arg;

	++e->packets[media];
	e->ts[media]     = pkt->ts;
	e->seq[media]    = pkt->seq;
	e->marker[media] = pkt->marker;
	e->pt[media]     = pkt->pt;
	memcpy(e->data, pkt->data + pkt->off, pkt->len);
	if (e->hoard && media == LEG_VIDEO) {
		pkt->next = e->hoardl;
		e->hoardl = pkt;
		return;
	}
	pkt_put(pkt);
}


static void sync_handler(enum leg_media media, const struct rtp_sync *sync,
			 void *arg)
{
	((struct end *)arg)->sync[media] = *sync;
}


static void key_handler(void *arg)
{
	++((struct end *)arg)->keys;
}


static void loss_handler(enum leg_media media, float loss, void *arg)
{
	struct end *e = arg;

	e->loss[media] += loss;
	++e->losses[media];
}


static void dtmf_handler(char digit, unsigned duration_ms, void *arg)
{
	struct end *e = arg;
	const size_t n = strlen(e->digits);

	(void)duration_ms;
	if (n < sizeof(e->digits) - 1)
		e->digits[n] = digit;
}


static void latch_handler(enum leg_media media, const struct sa *src,
			  uint32_t ssrc, uint16_t seq, void *arg)
{
	struct end *e = arg;

	(void)src;
	(void)ssrc;
	(void)seq;
	++e->latches[media];
}


static void bye_handler(enum leg_media media, void *arg)
{
	++((struct end *)arg)->byes[media];
}


static void quiet_handler(enum leg_media media, unsigned quiet_ms, void *arg)
{
	struct end *e = arg;

	e->quiet[media] = quiet_ms;
	++e->quiets;
}


static const struct leg_h handlers = {
	.sendh = send_handler, .packeth = packet_handler,
	.synch = sync_handler, .keyh = key_handler, .lossh = loss_handler,
	.dtmfh = dtmf_handler, .latchh = latch_handler,
	.byeh = bye_handler, .quieth = quiet_handler,
};


static void wire_handler(unsigned tag, const struct sa *src,
			 const uint8_t *p, size_t n, uint64_t now, void *arg)
{
	struct pair *pair = arg;
	struct end *e = tag & 4 ? &pair->b : &pair->a;

	on_loop();
	leg_recv(e->leg, tag >> 1 & 1, tag & 1, src, p, n, now);
}


static void media(struct ticket_media *m, enum ticket_codec codec,
		  uint8_t pt, uint32_t hz, const struct sa *raddr)
{
	m->on = m->send = m->recv = true;
	m->fb_pli = m->fb_nack = codec == CODEC_H264;
	m->raddr = m->raddr_rtcp = *raddr;
	sa_set_port(&m->raddr_rtcp, sa_port(raddr) + 1);
	m->fmtv[0].codec = codec;
	m->fmtv[0].pt = m->fmtv[0].tx_pt = pt;
	m->fmtv[0].clock_hz = hz;
	m->fmtc = 1;
}


static void ends(struct end *e, struct end *peer, struct pair *pair,
		 uint32_t id)
{
	struct ticket_media *m = &e->t.audio;

	e->pair = pair;
	ticket_init(&e->t, id);
	media(m, CODEC_OPUS, 111, 48000, &peer->addr[LEG_AUDIO]);
	m->fmtv[1].codec = CODEC_PCMU;
	m->fmtv[1].clock_hz = 8000;
	m->fmtv[2].codec = CODEC_TELEV;
	m->fmtv[2].pt = m->fmtv[2].tx_pt = 101;
	m->fmtv[2].clock_hz = 8000;
	m->fmtc = 3;
	media(&e->t.video, CODEC_H264, 96, 90000, &peer->addr[LEG_VIDEO]);
}


static void pair_destructor(void *arg)
{
	struct pair *p = arg;

	mem_deref(p->a.leg);
	mem_deref(p->b.leg);
	mem_deref(p->wire);
}


static int pair_alloc(struct pair **pp, const struct wire_cfg *cfg)
{
	struct pair *p = mem_zalloc(sizeof(*p), pair_destructor);
	int err;

	on_loop();
	if (!p)
		return ENOMEM;

	p->now = 100 * (uint64_t)SEC;
	sa_set_str(&p->a.addr[LEG_AUDIO], "192.0.2.1", 4000);
	sa_set_str(&p->a.addr[LEG_VIDEO], "192.0.2.1", 4002);
	sa_set_str(&p->b.addr[LEG_AUDIO], "192.0.2.2", 5000);
	sa_set_str(&p->b.addr[LEG_VIDEO], "192.0.2.2", 5002);
	ends(&p->a, &p->b, p, 1);
	ends(&p->b, &p->a, p, 2);
	err  = wire_alloc(&p->wire, cfg, wire_handler, p);
	err |= leg_alloc(&p->a.leg, &p->a.t, &handlers, &p->a, p->now);
	err |= leg_alloc(&p->b.leg, &p->b.t, &handlers, &p->b, p->now);
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}


/* Let time pass, visiting everything that is due on the way */
static void pass(struct pair *p, uint64_t us)
{
	const uint64_t end = p->now + us;

	on_loop();
	for (;;) {
		uint64_t due = min(leg_due(p->a.leg), leg_due(p->b.leg));

		due = min(due, wire_due(p->wire));
		if (due > end)
			break;
		p->now = max(p->now, due);
		wire_run(p->wire, p->now);
		leg_run(p->a.leg, p->now);
		leg_run(p->b.leg, p->now);
	}
	p->now = end;
}


static void set(struct end *e)
{
	on_loop();
	(void)leg_set(e->leg, &e->t, e->pair->now);
}


static void say(struct end *e, enum ticket_codec codec, uint32_t ts48)
{
	struct unit *unit = NULL;

	on_loop();
	if (rtp_pack_audio(&unit, codec, (const uint8_t *)"sound", 5))
		return;
	unit->pts_us = e->pair->now;
	leg_send_audio(e->leg, unit, ts48, e->pair->now);
	unit_unref(unit);
}


static void show(struct end *e, bool key, uint32_t stream, size_t size)
{
	struct rtp_pack pk = {
		.codec = CODEC_H264, .pkt_mode = 1, .max = 1200,
	};
	struct unit *unit = NULL;
	uint8_t *p = malloc(size);

	on_loop();
	memset(p, 0x55, size);
	memcpy(p, "\0\0\1", 3);
	p[3] = key ? 0x65 : 0x41;
	if (!rtp_pack_video(&unit, &pk, p, size)) {
		unit->key    = key;
		unit->stream = stream;
		unit->seq    = e->shown++;
		unit->pts_us = e->pair->now;
		leg_send_video(e->leg, unit, e->pair->now);
		unit_unref(unit);
	}
	free(p);
}


/* Sound and pictures from a to b for so many ms */
static void talk(struct pair *p, unsigned ms, uint32_t *ts48)
{
	unsigned t;

	for (t = 0; t < ms; t += 20) {
		say(&p->a, CODEC_OPUS, *ts48);
		if (t % 40 == 0)
			show(&p->a, t == 0, 1, 3000);
		*ts48 += 960;
		pass(p, 20 * MS);
	}
}


/* ---- tests ---------------------------------------------------------- */

static int test_clean(void)
{
	const struct wire_cfg cfg = { .seed = 1, .delay_us = 50000 };
	struct pair *p = NULL;
	uint32_t ts48 = 0xffffff00;
	uint64_t sound, picture;
	json_t *stats = NULL;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	talk(p, 20000, &ts48);
	TEST_EQ(1000 - 2, p->b.packets[LEG_AUDIO]);
	TEST_TRUE(p->b.packets[LEG_VIDEO] >= 498 * 3);
	TEST_EQ(1, p->b.latches[LEG_AUDIO]);
	TEST_EQ(1, p->b.latches[LEG_VIDEO]);
	TEST_TRUE(!memcmp(p->b.data, "sound", 5));
	TEST_EQ(111, p->b.pt[LEG_AUDIO]);

	/* lip sync: last sound and last picture were sent 20 ms apart */
	TEST_TRUE(p->b.sync[LEG_AUDIO].valid && p->b.sync[LEG_VIDEO].valid);
	sound   = rtp_sync_us(&p->b.sync[LEG_AUDIO], p->b.ts[LEG_AUDIO]);
	picture = rtp_sync_us(&p->b.sync[LEG_VIDEO], p->b.ts[LEG_VIDEO]);
	TEST_TRUE(sound - picture > 19000 && sound - picture < 21000);

	/* reports: nothing lost, 100 ms there and back */
	TEST_TRUE(p->a.losses[LEG_AUDIO] >= 2);
	TEST_EQ(0, p->a.loss[LEG_AUDIO] * 1000);
	stats = leg_stats(p->a.leg, LEG_AUDIO);
	TEST_TRUE(stats != NULL);
	TEST_TRUE(json_real_value(json_object_get(stats, "rtt_ms")) > 99);
	TEST_TRUE(json_real_value(json_object_get(stats, "rtt_ms")) < 102);
	TEST_EQ(1000, json_integer_value(json_object_get(stats,
							 "tx_packets")));
	TEST_STR("opus", json_string_value(json_object_get(stats,
							   "codec_tx")));
 out:
	json_decref(stats);
	mem_deref(p);

	return err;
}


static int test_loss(void)
{
	const struct wire_cfg cfg = {
		.seed = 2, .delay_us = 20000, .jitter_us = 5000,
		.loss = 100, .dup = 50, .reorder = 20,
	};
	struct pair *p = NULL;
	uint32_t ts48 = 0;
	float loss;
	json_t *stats = NULL;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	talk(p, 60000, &ts48);
	TEST_TRUE(p->a.losses[LEG_AUDIO] > 5);
	loss = p->a.loss[LEG_AUDIO] / p->a.losses[LEG_AUDIO];
	TEST_TRUE(loss > 0.07 && loss < 0.13);
	stats = leg_stats(p->b.leg, LEG_AUDIO);
	TEST_TRUE(json_integer_value(json_object_get(stats, "rx_lost")) >
		  240);
	TEST_TRUE(json_real_value(json_object_get(stats, "rx_jitter_ms")) <
		  5);
 out:
	json_decref(stats);
	mem_deref(p);

	return err;
}


static int test_keys(void)
{
	const struct wire_cfg cfg = { .seed = 3, .delay_us = 1000 };
	static const uint8_t fir[] = {
		0x80, 201, 0, 1, 0, 0, 0, 9,
		0x84, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 77, 0,
		0, 0,
	};
	struct pair *p = NULL;
	uint32_t ts48 = 0;
	struct sa rtcp;
	unsigned i, before;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));

	/* nobody to ask yet; then one, and one more when it is time */
	TEST_ERR(leg_want_key(p->b.leg, LEG_VIDEO, p->now));
	TEST_EQ(0, p->b.rtcp_fb);
	talk(p, 200, &ts48);
	before = p->a.keys;
	for (i = 0; i < 40; i++) {
		TEST_ERR(leg_want_key(p->b.leg, LEG_VIDEO, p->now));
		pass(p, 10 * MS);
	}
	TEST_EQ(1, p->b.rtcp_fb);
	pass(p, 2000 * MS);
	TEST_EQ(2, p->b.rtcp_fb);
	TEST_EQ(before + 2, p->a.keys);

	/* FIR by ticket; a repeated command is one command */
	p->b.t.video.fb_pli = false;
	p->b.t.video.fb_fir = true;
	set(&p->b);
	TEST_ERR(leg_want_key(p->b.leg, LEG_VIDEO, p->now));
	pass(p, 600 * MS);
	TEST_EQ(before + 3, p->a.keys);
	TEST_ERR(leg_want_key(p->b.leg, LEG_VIDEO, p->now));
	pass(p, 600 * MS);
	TEST_EQ(before + 4, p->a.keys);
	rtcp = p->b.addr[LEG_VIDEO];
	sa_set_port(&rtcp, 5003);
	for (i = 0; i < 5; i++)
		leg_recv(p->a.leg, LEG_VIDEO, true, &rtcp, fir, sizeof(fir),
			 p->now);
	TEST_EQ(before + 5, p->a.keys);

	/* not from elsewhere */
	sa_set_str(&rtcp, "192.0.2.66", 5003);
	for (i = 0; i < 5; i++)
		leg_recv(p->a.leg, LEG_VIDEO, true, &rtcp, p->b.last_rtcp,
			 p->b.last_rtcp_n, p->now);
	TEST_EQ(before + 5, p->a.keys);

	p->b.t.video.fb_fir = false;
	set(&p->b);
	TEST_EQ(ENOTSUP, leg_want_key(p->b.leg, LEG_VIDEO, p->now));
 out:
	mem_deref(p);

	return err;
}


static int test_gates(void)
{
	const struct wire_cfg cfg = { .seed = 4 };
	struct pair *p = NULL;
	unsigned n;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));

	/* a rung begins with a key frame, and one is asked for */
	show(&p->a, false, 1, 100);
	show(&p->a, false, 1, 100);
	TEST_EQ(0, p->a.rtp);
	TEST_EQ(1, p->a.keys);
	show(&p->a, true, 1, 100);
	show(&p->a, false, 1, 100);
	TEST_EQ(2, p->a.rtp);
	show(&p->a, false, 2, 100);
	TEST_EQ(2, p->a.rtp);
	show(&p->a, true, 2, 100);
	TEST_EQ(3, p->a.rtp);
	say(&p->a, CODEC_OPUS, 0);
	TEST_EQ(4, p->a.rtp);
	say(&p->a, CODEC_G722, 0);        /* nobody agreed on that        */
	TEST_EQ(4, p->a.rtp);
	pass(p, 10 * MS);
	TEST_EQ(3, p->b.packets[LEG_VIDEO]);
	TEST_EQ(1, p->b.packets[LEG_AUDIO]);
	TEST_TRUE(p->b.marker[LEG_AUDIO]);

	/* on hold nothing goes out; afterwards a key frame first */
	p->a.t.video.send = p->a.t.audio.send = false;
	set(&p->a);
	show(&p->a, true, 2, 100);
	say(&p->a, CODEC_OPUS, 960);
	TEST_EQ(4, p->a.rtp);
	n = p->a.rtcp;
	pass(p, 20 * SEC);
	TEST_TRUE(p->a.rtcp > n);         /* RTCP goes on                 */
	p->a.t.video.send = p->a.t.audio.send = true;
	set(&p->a);
	show(&p->a, false, 2, 100);
	TEST_EQ(4, p->a.rtp);
	show(&p->a, true, 2, 100);
	say(&p->a, CODEC_OPUS, 960);
	say(&p->a, CODEC_OPUS, 1920);
	TEST_EQ(7, p->a.rtp);
	pass(p, 10 * MS);
	TEST_TRUE(!p->b.marker[LEG_AUDIO]);

	/* not listening: nothing comes through, statistics go on */
	n = p->b.packets[LEG_AUDIO];
	p->b.t.audio.recv = false;
	set(&p->b);
	say(&p->a, CODEC_OPUS, 2880);
	pass(p, 10 * MS);
	TEST_EQ(n, p->b.packets[LEG_AUDIO]);
	p->b.t.audio.recv = true;
	set(&p->b);
	say(&p->a, CODEC_OPUS, 3840);
	pass(p, 10 * MS);
	TEST_EQ(n + 1, p->b.packets[LEG_AUDIO]);
	TEST_EQ(1, p->b.latches[LEG_AUDIO]);

	/* off altogether */
	p->b.t.video.on = false;
	set(&p->b);
	n = p->b.packets[LEG_VIDEO];
	show(&p->a, true, 2, 100);
	pass(p, 10 * MS);
	TEST_EQ(n, p->b.packets[LEG_VIDEO]);
 out:
	mem_deref(p);

	return err;
}


static int test_clocks(void)
{
	const struct wire_cfg cfg = { .seed = 5 };
	struct pair *p = NULL;
	struct unit *unit = NULL;
	uint32_t ts48 = 0xfffffff0u / 960 * 960, ts;
	uint64_t seq;
	unsigned i;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	say(&p->a, CODEC_PCMU, ts48);
	pass(p, 20 * MS);

	/* 48000 to 8000, over the wrap of the engine's clock */
	for (i = 0; i < 10; i++) {
		ts = p->b.ts[LEG_AUDIO];
		seq = p->b.seq[LEG_AUDIO];
		ts48 += 960;
		say(&p->a, CODEC_PCMU, ts48);
		pass(p, 20 * MS);
		TEST_EQ(160, p->b.ts[LEG_AUDIO] - ts);
		TEST_EQ(seq + 1, p->b.seq[LEG_AUDIO]);
	}

	/* another codec: same SSRC, goes on in its own units */
	ts = p->b.ts[LEG_AUDIO];
	ts48 += 960;
	say(&p->a, CODEC_OPUS, ts48);
	pass(p, 20 * MS);
	TEST_TRUE(p->b.ts[LEG_AUDIO] - ts <= 960);
	TEST_EQ(111, p->b.pt[LEG_AUDIO]);
	TEST_EQ(1, p->b.latches[LEG_AUDIO]);
	ts = p->b.ts[LEG_AUDIO];
	ts48 += 960;
	say(&p->a, CODEC_OPUS, ts48);
	pass(p, 20 * MS);
	TEST_EQ(960, p->b.ts[LEG_AUDIO] - ts);

	/* silence is not sent, and the next spurt says that it is one */
	i = p->a.rtp;
	TEST_ERR(rtp_pack_audio(&unit, CODEC_OPUS, NULL, 0));
	unit->silence = true;
	ts48 += 960;
	leg_send_audio(p->a.leg, unit, ts48, p->now);
	TEST_EQ(i, p->a.rtp);
	ts = p->b.ts[LEG_AUDIO];
	ts48 += 960;
	say(&p->a, CODEC_OPUS, ts48);
	pass(p, 20 * MS);
	TEST_EQ(1920, p->b.ts[LEG_AUDIO] - ts);
	TEST_TRUE(p->b.marker[LEG_AUDIO]);

	/* pictures: 90 kHz from the time they stand for */
	show(&p->a, true, 1, 100);
	pass(p, 40 * MS);
	ts = p->b.ts[LEG_VIDEO];
	show(&p->a, false, 1, 100);
	pass(p, 10 * MS);
	TEST_EQ(3600, p->b.ts[LEG_VIDEO] - ts);
 out:
	unit_unref(unit);
	mem_deref(p);

	return err;
}


static void by_hand(struct end *e, const struct sa *src, uint8_t pt,
		    uint16_t seq, uint32_t ts, uint32_t ssrc, const void *pay,
		    size_t n)
{
	uint8_t p[64] = {
		0x80, pt, (uint8_t)(seq >> 8), (uint8_t)seq,
		(uint8_t)(ts >> 24), (uint8_t)(ts >> 16), (uint8_t)(ts >> 8),
		(uint8_t)ts, (uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16),
		(uint8_t)(ssrc >> 8), (uint8_t)ssrc,
	};

	on_loop();
	memcpy(p + 12, pay, n);
	leg_recv(e->leg, LEG_AUDIO, false, src, p, 12 + n, e->pair->now);
}


static int test_events(void)
{
	const struct wire_cfg cfg = { .seed = 6 };
	struct pair *p = NULL;
	const struct sa *src;
	json_t *stats = NULL;
	uint16_t seq = 1;
	unsigned i;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	src = &p->a.addr[LEG_AUDIO];

	by_hand(&p->b, src, 111, seq++, 0, 7, "x", 1);
	for (i = 0; i < 3; i++)
		by_hand(&p->b, src, 101, seq++, 960, 7, "\x03\x8a\x03\x20", 4);
	TEST_STR("3", p->b.digits);
	TEST_EQ(4, p->b.packets[LEG_AUDIO]);      /* for their numbers    */

	/* its end never comes */
	p->now += SEC;
	by_hand(&p->b, src, 101, seq++, 9600, 7, "\x0b\x0a\x03\x20", 4);
	pass(p, SEC);
	TEST_STR("3#", p->b.digits);

	/* comfort noise: by its static number; unknown ones not at all */
	by_hand(&p->b, src, 13, seq++, 20000, 7, "\x40", 1);
	TEST_EQ(6, p->b.packets[LEG_AUDIO]);
	TEST_EQ(13, p->b.pt[LEG_AUDIO]);
	by_hand(&p->b, src, 99, seq++, 20000, 7, "\x40", 1);
	TEST_EQ(6, p->b.packets[LEG_AUDIO]);
	by_hand(&p->b, src, 111, seq++, 20960, 7, "x", 1);
	by_hand(&p->b, src, 111, seq - 1, 20960, 7, "x", 1);
	TEST_EQ(7, p->b.packets[LEG_AUDIO]);
	stats = leg_stats(p->b.leg, LEG_AUDIO);
	TEST_EQ(0, json_integer_value(json_object_get(stats, "rx_lost")));

	/* silence is told, and its end */
	p->b.quiets = 0;
	pass(p, 2100 * MS);
	TEST_EQ(2000, p->b.quiet[LEG_AUDIO]);
	pass(p, 3 * SEC);
	TEST_EQ(5000, p->b.quiet[LEG_AUDIO]);
	pass(p, 5 * SEC);
	TEST_EQ(10000, p->b.quiet[LEG_AUDIO]);
	pass(p, 9 * SEC);
	TEST_EQ(10000, p->b.quiet[LEG_AUDIO]);
	pass(p, 1 * SEC);
	TEST_EQ(20000, p->b.quiet[LEG_AUDIO]);
	by_hand(&p->b, src, 111, seq++, 30000, 7, "x", 1);
	TEST_EQ(0, p->b.quiet[LEG_AUDIO]);
 out:
	json_decref(stats);
	mem_deref(p);

	return err;
}


static int test_nat(void)
{
	const struct wire_cfg cfg = { .seed = 7 };
	struct pair *p = NULL;
	struct sa nat, thief;
	unsigned i;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	sa_set_str(&nat, "198.51.100.9", 61000);
	sa_set_str(&thief, "198.51.100.66", 61000);

	/* what came on probation is not lost */
	by_hand(&p->b, &nat, 111, 1, 0, 7, "x", 1);
	by_hand(&p->b, &thief, 111, 500, 0, 8, "x", 1);
	by_hand(&p->b, &nat, 111, 2, 960, 7, "x", 1);
	TEST_EQ(0, p->b.packets[LEG_AUDIO]);
	by_hand(&p->b, &nat, 111, 3, 1920, 7, "x", 1);
	TEST_EQ(2, p->b.packets[LEG_AUDIO]);
	TEST_EQ(1, p->b.latches[LEG_AUDIO]);

	say(&p->b, CODEC_OPUS, 0);
	TEST_TRUE(sa_cmp(&p->b.dst, &nat, SA_ALL));
	pass(p, 10 * MS);                 /* the report beside it         */
	TEST_TRUE(sa_cmp(&p->b.dst, &nat, SA_ADDR));
	TEST_EQ(61001, sa_port(&p->b.dst));

	for (i = 0; i < 10; i++)
		by_hand(&p->b, &thief, 111, 4 + i, 2880, 7, "x", 1);
	TEST_EQ(2, p->b.packets[LEG_AUDIO]);

	/* an SSRC a packet does not make news a packet */
	for (i = 0; i < 1000; i++) {
		p->now += 100;
		by_hand(&p->b, &nat, 111, 2 * i, 0, 100 + i, "x", 1);
		by_hand(&p->b, &nat, 111, 2 * i + 1, 0, 100 + i, "x", 1);
	}
	TEST_EQ(1, p->b.latches[LEG_AUDIO]);
	p->now += 200 * MS;
	by_hand(&p->b, &nat, 111, 2000, 0, 1099, "x", 1);
	TEST_EQ(2, p->b.latches[LEG_AUDIO]);
 out:
	mem_deref(p);

	return err;
}


static int test_resend(void)
{
	const struct wire_cfg cfg = { .seed = 8 };
	uint8_t nack[] = {
		0x80, 201, 0, 1, 0, 0, 0, 9,
		0x81, 205, 0, 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0x07,
	};
	struct pair *p = NULL;
	struct sa rtcp;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	show(&p->a, true, 1, 4000);
	pass(p, 20 * MS);
	TEST_EQ(4, p->b.packets[LEG_VIDEO]);
	nack[20] = (uint8_t)((p->b.seq[LEG_VIDEO] - 3) >> 8);
	nack[21] = (uint8_t)(p->b.seq[LEG_VIDEO] - 3);
	rtcp = p->b.addr[LEG_VIDEO];
	sa_set_port(&rtcp, 5003);
	leg_recv(p->a.leg, LEG_VIDEO, true, &rtcp, nack, sizeof(nack),
		 p->now);
	TEST_EQ(8, p->a.rtp);

	p->a.t.video.fb_nack = false;
	set(&p->a);
	pass(p, 20 * MS);
	leg_recv(p->a.leg, LEG_VIDEO, true, &rtcp, nack, sizeof(nack),
		 p->now);
	TEST_EQ(8, p->a.rtp);
	TEST_EQ(4, p->b.packets[LEG_VIDEO]);      /* twice is once        */
 out:
	mem_deref(p);

	return err;
}


static int test_bye(void)
{
	const struct wire_cfg cfg = { .seed = 9 };
	struct pair *p = NULL;
	uint32_t ts48 = 0;
	unsigned n;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	talk(p, 100, &ts48);
	leg_bye(p->a.leg, p->now);
	leg_bye(p->a.leg, p->now);
	n = p->a.rtp + p->a.rtcp;
	talk(p, 100, &ts48);
	pass(p, 20 * SEC);
	TEST_EQ(1, p->b.byes[LEG_AUDIO]);
	TEST_EQ(1, p->b.byes[LEG_VIDEO]);
	TEST_EQ(n, p->a.rtp + p->a.rtcp);
 out:
	mem_deref(p);

	return err;
}


/* A replacement knows where the peer was, and sends there at once */
static int test_moved(void)
{
	const struct wire_cfg cfg = { .seed = 10 };
	struct pair *p = NULL;
	uint16_t was;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	say(&p->b, CODEC_OPUS, 0);
	was = p->b.tx_seq;
	p->b.leg = mem_deref(p->b.leg);
	p->now += 100 * MS;
	sa_set_str(&p->b.t.audio.latched, "198.51.100.9", 61000);
	p->b.t.audio.rssrc = 7;
	p->b.t.audio.rseq = 99;
	p->b.t.video.rssrc = 8;
	TEST_ERR(leg_alloc(&p->b.leg, &p->b.t, &handlers, &p->b, p->now));
	say(&p->b, CODEC_OPUS, 0);
	TEST_TRUE(sa_cmp(&p->b.dst, &p->b.t.audio.latched, SA_ALL));

	/* its numbers go on upwards, for jitter buffers that just began */
	TEST_EQ(5, (uint16_t)(p->b.tx_seq - was));

	/* and need not wait for a picture to ask for a whole one */
	TEST_ERR(leg_want_key(p->b.leg, LEG_VIDEO, p->now));
	TEST_EQ(1, p->b.rtcp_fb);
 out:
	mem_deref(p);

	return err;
}


/* Nothing a peer sends may do harm: bits changed at random everywhere */
/* When pictures are decoded too slowly to give packets back */
static int test_starved(void)
{
	const struct wire_cfg cfg = { .seed = 1, .delay_us = 10000 };
	struct pair *p = NULL;
	uint32_t ts48 = 0;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	p->b.hoard = true;
	talk(p, 2000, &ts48);
	pass(p, 100 * MS);
	TEST_TRUE(p->b.packets[LEG_VIDEO] < 64);
	TEST_EQ(100, p->b.packets[LEG_AUDIO]);
 out:
	while (p && p->b.hoardl) {
		struct pkt *pkt = p->b.hoardl;

		p->b.hoardl = pkt->next;
		pkt_put(pkt);
	}
	mem_deref(p);
	return err;
}


/* A picture that was lost on its way to us is not built on. */
static int test_hole(void)
{
	const struct wire_cfg cfg = { .seed = 1, .delay_us = 10000 };
	struct pair *p = NULL;
	unsigned n;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	pass(p, 1000 * MS);
	for (n = 0; n < 5; n++) {
		show(&p->a, n == 0, 1, 100);
		pass(p, 40 * MS);
	}
	n = p->b.packets[LEG_VIDEO];
	TEST_TRUE(n >= 3 && !p->a.keys);

	++p->a.shown;
	show(&p->a, false, 1, 100);
	show(&p->a, false, 1, 100);
	pass(p, 40 * MS);
	TEST_EQ(n, p->b.packets[LEG_VIDEO]);
	TEST_EQ(1, p->a.keys);
	show(&p->a, true, 1, 100);
	show(&p->a, false, 1, 100);
	pass(p, 40 * MS);
	TEST_EQ(n + 2, p->b.packets[LEG_VIDEO]);
 out:
	mem_deref(p);
	return err;
}


static int test_corrupt(void)
{
	const struct wire_cfg cfg = {
		.seed = 11, .delay_us = 5000, .jitter_us = 20000,
		.reorder = 100, .loss = 50, .dup = 100, .corrupt = 300,
	};
	struct pair *p = NULL;
	uint32_t ts48 = 0;
	uint64_t rnd = 12;
	unsigned i;
	int err = 0;

	on_loop();
	TEST_ERR(pair_alloc(&p, &cfg));
	for (i = 0; i < 50; i++) {
		uint8_t buf[128];
		size_t n = wire_rand(&rnd) % sizeof(buf), j;

		talk(p, 200, &ts48);
		for (j = 0; j < n; j++)
			buf[j] = (uint8_t)wire_rand(&rnd);
		if (n)
			buf[0] = 0x80 | (buf[0] & 0x3f);
		leg_recv(p->b.leg, i & 1, i & 2, &p->a.addr[i & 1], buf, n,
			 p->now);
		(void)leg_want_key(p->b.leg, LEG_VIDEO, p->now);
	}
	TEST_TRUE(p->b.packets[LEG_AUDIO] > 300);
 out:
	mem_deref(p);

	return err;
}


static const struct test testv[] = {
	{"a clean wire: media, sync, reports", test_clean},
	{"a lossy wire: what the reports say", test_loss},
	{"key frames: asked, merged, heard",   test_keys},
	{"directions, rungs, hold",            test_gates},
	{"clocks of codecs",                   test_clocks},
	{"digits, comfort noise, silence",     test_events},
	{"behind a NAT, beside a thief",       test_nat},
	{"nack",                               test_resend},
	{"bye",                                test_bye},
	{"moved from another mixer",           test_moved},
	{"slow decoders cost no sound",        test_starved},
	{"a hole before us is no hole after",  test_hole},
	{"a wire that changes bits",           test_corrupt},
};


int main(int argc, char **argv)
{
	int ret;

	if (pkt_pool_init(64))
		return 99;
	ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return ret;
}
