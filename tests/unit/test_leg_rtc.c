/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_leg_rtc.c -- WebRTC legs, a bad wire and no sockets
 *
 * Two legs speak with each other; where a browser does what we do not
 * (simulcast, RED), its packets are written by hand.
 */
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "mixer/leg.h"
#include "mixer/leg_priv.h"
#include "mixer/rtp_frame.h"
#include "mixer/rtp_key.h"
#include "mixer/rtp_red.h"
#include "tests/fake/wire.h"
#include "tests/unit/test.h"

enum {
	MS = 1000, SEC = 1000000,
	PT_OPUS = 111, PT_RED = 63, PT_VP8 = 96, PT_RTX = 97,
	EXT_MID = 4, EXT_RID = 10, EXT_RRID = 11, EXT_TWCC = 3, EXT_ABS = 2,
	EXT_CAPTURE = 12,
	LOG = 4096,
};

/* What went out as RTCP */
struct told {
	unsigned n[RTCP_ITEM_REMB + 1];
	uint32_t key_ssrc;        /* of the last PLI                      */
	uint32_t twcc_ssrc;       /* of the last feedback                 */
	uint64_t remb, tmmbr;
	unsigned blocks;          /* of the last report with any          */
};

struct end {
	struct pair *pair;
	struct leg *leg;
	struct ticket t;
	unsigned packets[3], keys;
	uint32_t ssrc[3];         /* of the last packet                   */
	uint64_t seqv[LOG];       /* audio                                */
	uint8_t pt;
	unsigned no_mid, exts;    /* sent without, with a MID             */
	uint8_t last[1500];       /* the RTP packet sent last             */
	size_t lastn;
	struct told told;
	struct rtp_frame *frame;
	unsigned whole, broken, breaks;
	uint16_t width;           /* of the last key frame                */
};

struct pair {
	struct wire *wire;
	uint64_t now;
	struct end a, b;
};


/* ---- an end ---------------------------------------------------------- */

static void told_handler(const struct rtp_rtcp_item *it, void *arg)
{
	struct told *told = arg;

	++told->n[it->kind];
	if (it->kind == RTCP_ITEM_PLI)
		told->key_ssrc = it->media;
	else if (it->kind == RTCP_ITEM_TWCC)
		told->twcc_ssrc = it->media;
	else if (it->kind == RTCP_ITEM_REMB)
		told->remb = it->u.limit.bps;
	else if (it->kind == RTCP_ITEM_TMMBR)
		told->tmmbr = it->u.limit.bps;
	else if (it->kind == RTCP_ITEM_BLOCK)
		++told->blocks;
}


static void sent(struct end *e, const uint8_t *p, size_t n)
{
	struct rtp_in_hdr h;
	struct rtp_ext x;

	if (rtp_in_is_rtcp(p, n)) {
		(void)rtp_rtcp_parse(p, n, told_handler, &e->told);
		return;
	}
	if (rtp_in_parse(&h, p, n) || n > sizeof(e->last))
		return;
	memcpy(e->last, p, n);
	e->lastn = n;
	rtp_ext_parse(&x, &e->t.video, h.ext_profile, p + h.ext_off,
		      h.ext_len);
	if (x.mid[0])
		++e->exts;
	else
		++e->no_mid;
}


static void send_handler(enum leg_media media, bool rtcp,
			 const struct sa *dst, const struct iovec *iov,
			 unsigned iovc, void *arg)
{
	struct end *e = arg;
	uint8_t buf[2048];
	size_t n = 0;
	unsigned i;

	(void)rtcp;
	(void)dst;
	for (i = 0; i < iovc && n + iov[i].iov_len <= sizeof(buf); i++) {
		memcpy(buf + n, iov[i].iov_base, iov[i].iov_len);
		n += iov[i].iov_len;
	}
	sent(e, buf, n);
	if (e->pair->wire)
		wire_put(e->pair->wire, (e == &e->pair->a) | media << 1,
			 NULL, iov, iovc, e->pair->now);
}


static void frame_handler(const struct rtp_frame_info *info, void *arg)
{
	struct end *e = arg;

	if (info->key)
		e->width = info->width;
	if (info->broken)
		++e->broken;
	else
		++e->whole;
	e->breaks += info->lost_before;
}


static void packet_handler(enum leg_media media, struct pkt *pkt, void *arg)
{
	struct end *e = arg;

	on_loop();
	if (media == LEG_AUDIO && e->packets[0] < LOG)
		e->seqv[e->packets[0]] = pkt->seq;
	++e->packets[media];
	e->ssrc[media] = pkt->ssrc;
	e->pt = pkt->pt;
	if (media == LEG_VIDEO && e->frame) {
		rtp_frame_wait(e->frame, leg_wait_ms(e->leg, media));
		rtp_frame_put(e->frame, pkt, e->pair->now);
		return;
	}
	pkt_put(pkt);
}


static void sync_handler(enum leg_media media, const struct rtp_sync *sync,
			 void *arg)
{
	(void)media;
	(void)sync;
	(void)arg;
}


static void key_handler(void *arg)
{
	++((struct end *)arg)->keys;
}


static void loss_handler(enum leg_media media, float loss, void *arg)
{
	(void)media;
	(void)loss;
	(void)arg;
}


static void dtmf_handler(char digit, unsigned duration_ms, void *arg)
{
	(void)digit;
	(void)duration_ms;
	(void)arg;
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


static const struct leg_h handlers = {
	.sendh = send_handler, .packeth = packet_handler,
	.synch = sync_handler, .keyh = key_handler, .lossh = loss_handler,
	.dtmfh = dtmf_handler, .latchh = latch_handler,
	.byeh = bye_handler, .quieth = quiet_handler,
};


static struct ticket_fmt *fmt(struct ticket_media *m, enum ticket_codec codec,
			      uint8_t pt, uint32_t hz)
{
	struct ticket_fmt *f = &m->fmtv[m->fmtc++];

	f->codec = codec;
	f->pt = f->tx_pt = pt;
	f->clock_hz = hz;
	f->channels = 2;

	return f;
}


static void media(struct ticket_media *m, const char *mid)
{
	m->on = m->send = m->recv = m->rtcp_mux = m->rtcp_rsize = true;
	m->rtcp_fd = -1;
	m->ext_mid = EXT_MID;
	(void)re_snprintf(m->mid, sizeof(m->mid), "%s", mid);
}


static void ticket_make(struct ticket *t)
{
	ticket_init(t, 1);
	t->rtc.on = true;
	media(&t->audio, "0");
	fmt(&t->audio, CODEC_OPUS, PT_OPUS, 48000);
	fmt(&t->audio, CODEC_RED, PT_RED, 48000);
	media(&t->video, "1");
	fmt(&t->video, CODEC_VP8, PT_VP8, 90000)->rtx_pt = PT_RTX;
	t->video.fb_pli = t->video.fb_nack = true;
	t->video.ext_rid  = EXT_RID;
	t->video.ext_rrid = EXT_RRID;
}


static int end_init(struct end *e, struct pair *p)
{
	int err;

	on_loop();
	e->pair = p;
	err = leg_alloc(&e->leg, &e->t, &handlers, e, p->now);
	if (err)
		return err;
	leg_ready(e->leg, true, p->now);

	return rtp_frame_alloc(&e->frame, CODEC_VP8, frame_handler, e);
}


static void wire_handler(unsigned tag, const struct sa *src,
			 const uint8_t *p, size_t n, uint64_t now, void *arg)
{
	struct pair *pair = arg;

	on_loop();
	(void)src;
	leg_recv(tag & 1 ? pair->b.leg : pair->a.leg, tag >> 1, false, NULL,
		 p, n, now);
}


static int pair_make(struct pair **pp, const struct wire_cfg *cfg,
		     void (*change)(struct ticket *t))
{
	struct pair *p = calloc(1, sizeof(*p));
	int err = 0;

	on_loop();
	*pp = p;
	if (!p)
		return ENOMEM;
	p->now = 10 * SEC;
	ticket_make(&p->a.t);
	if (change)
		change(&p->a.t);
	p->b.t = p->a.t;
	if (cfg)
		err = wire_alloc(&p->wire, cfg, wire_handler, p);
	if (!err)
		err = end_init(&p->a, p);
	if (!err)
		err = end_init(&p->b, p);

	return err;
}


static void pair_close(struct pair *p)
{
	if (!p)
		return;
	mem_deref(p->a.leg);
	mem_deref(p->b.leg);
	mem_deref(p->a.frame);
	mem_deref(p->b.frame);
	mem_deref(p->wire);
	free(p);
}


static void end_run(struct end *e, uint64_t now)
{
	on_loop();
	if (leg_due(e->leg) <= now)
		leg_run(e->leg, now);
	if (rtp_frame_due(e->frame) <= now)
		rtp_frame_run(e->frame, now);
}


static void pass(struct pair *p, unsigned ms)
{
	on_loop();
	while (ms--) {
		p->now += MS;
		if (p->wire)
			wire_run(p->wire, p->now);
		end_run(&p->a, p->now);
		end_run(&p->b, p->now);
	}
}


/* ---- what a browser sends -------------------------------------------- */

struct raw {
	uint32_t ssrc, ts;
	uint16_t seq;
	uint8_t pt;
	bool marker;
	const char *mid, *rid, *rrid;
};


static size_t put_id(uint8_t *p, uint8_t id, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (!n)
		return 0;
	p[0] = (uint8_t)(id << 4 | (n - 1));
	memcpy(p + 1, s, n);

	return n + 1;
}


static void give(struct end *e, const struct raw *r, const void *payload,
		 size_t n)
{
	uint8_t b[1500] = {0x80, r->marker << 7 | r->pt, r->seq >> 8,
		r->seq & 0xff, r->ts >> 24, r->ts >> 16, r->ts >> 8, r->ts,
		r->ssrc >> 24, r->ssrc >> 16, r->ssrc >> 8, r->ssrc};
	size_t pos = 16, x;

	on_loop();
	x = put_id(b + pos, EXT_MID, r->mid);
	x += put_id(b + pos + x, EXT_RID, r->rid);
	x += put_id(b + pos + x, EXT_RRID, r->rrid);
	if (x) {
		b[0] |= 0x10;
		b[12] = 0xbe;
		b[13] = 0xde;
		b[15] = (uint8_t)((x + 3) / 4);
		pos += (x + 3) / 4 * 4;
	}
	else {
		pos = 12;
	}
	memcpy(b + pos, payload, n);
	leg_recv(e->leg, LEG_AUDIO, false, NULL, b, pos + n, e->pair->now);
}


static size_t vp8(uint8_t *p, bool key, unsigned w, unsigned h)
{
	const uint8_t head[11] = {0x10, key ? 0x00 : 0x01, 0, 0, 0x9d, 0x01,
		0x2a, w & 0xff, w >> 8, h & 0xff, h >> 8};

	memset(p, 0x55, 200);
	memcpy(p, head, key ? sizeof(head) : 4);

	return 200;
}


/* ---- cases ----------------------------------------------------------- */

static void with_slides(struct ticket *t)
{
	media(&t->slides, "2");
	t->slides.send = false;
	fmt(&t->slides, CODEC_VP8, PT_VP8, 90000)->rtx_pt = PT_RTX;
	fmt(&t->slides, CODEC_H264, 102, 90000);
}


static int test_demux(void)
{
	static const struct {
		const char *what, *mid;
		uint32_t ssrc;
		uint8_t pt;
		int media;                /* -1: nobody's                 */
	} tabv[] = {
		{"MID of sound",              "0",    1, PT_OPUS,  0},
		{"known by its SSRC",         NULL,   1, PT_OPUS,  0},
		{"MID of video",              "1",    2, PT_VP8,   1},
		{"known again",               NULL,   2, PT_VP8,   1},
		{"MID of slides",             "2",    3, PT_VP8,   2},
		{"unknown MID",               "9",    4, PT_VP8,  -1},
		{"unknown MID, known type",   "9",    5, PT_OPUS, -1},
		{"no MID, its type alone",    NULL,   6, PT_OPUS,  0},
		{"no MID, type of slides",    NULL,   7, 102,      2},
		{"no MID, type of two",       NULL,   8, PT_VP8,  -1},
		{"no MID, type of nobody",    NULL,   9, 77,      -1},
		{"MID, type of nobody",       "1",   10, 77,      -1},
		{"type of another medium",    "0",   11, PT_VP8,  -1},
	};
	struct pair *p = NULL;
	uint8_t buf[256];
	size_t i;
	int err;

	err = pair_make(&p, NULL, with_slides);
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		struct end *e = &p->b;
		struct raw r = {.ssrc = tabv[i].ssrc, .pt = tabv[i].pt,
			.seq = (uint16_t)(100 + i), .mid = tabv[i].mid};
		unsigned was[3], m;

		/* an older SSRC of the medium is no longer there */
		p->now += SEC;
		memcpy(was, e->packets, sizeof(was));
		give(e, &r, buf, vp8(buf, true, 320, 180));
		for (m = 0; m < 3; m++)
			if (e->packets[m] - was[m] !=
			    (unsigned)((int)m == tabv[i].media))
				TEST_FAIL("%s: medium %u", tabv[i].what, m);
	}

	/* an SSRC that is given to another m-line goes there */
	give(&p->b, &(struct raw){.ssrc = 2, .pt = PT_VP8, .seq = 120,
	     .mid = "2"}, buf, vp8(buf, true, 320, 180));
	p->now += SEC;
	give(&p->b, &(struct raw){.ssrc = 2, .pt = PT_VP8, .seq = 121},
	     buf, 200);
	TEST_EQ(2, p->b.ssrc[LEG_SLIDES]);
 out:
	pair_close(p);
	return err;
}


static int test_ext(void)
{
	struct ticket_media m = {.ext_mid = EXT_MID, .ext_twcc = EXT_TWCC,
		.ext_abs_send = EXT_ABS, .ext_capture = 7};
	struct rtp_ext x = {.mid = "video-0", .twcc_on = true,
		.twcc = 0xfffe, .abs_on = true, .abs_send = 0xabcdef,
		.capture_on = true, .capture_ntp = 0x123456789abcdef0}, y;
	uint8_t b[RTP_EXT_MAX];
	uint64_t seed = 3;
	unsigned i, k;
	size_t n;
	int err = 0;

	/* one-byte elements, two-byte for a large id or a long MID */
	for (i = 0; i < 3; i++) {
		n = rtp_ext_write(b, &m, &x);
		TEST_TRUE(n >= 4 && n % 4 == 0 && n <= RTP_EXT_MAX);
		TEST_EQ(i ? 0x10 : 0xbe, b[0]);
		rtp_ext_parse(&y, &m, (uint16_t)(b[0] << 8 | b[1]), b + 4,
			      n - 4);
		TEST_TRUE(!strcmp(x.mid, y.mid));
		TEST_EQ(x.twcc, y.twcc);
		TEST_EQ(x.abs_send, y.abs_send);
		TEST_TRUE(x.capture_ntp == y.capture_ntp);
		m.ext_twcc = 200;
		if (i)
			strcpy(x.mid, "0123456789012345678901234567890");
	}

	/* garbage says nothing that is not text */
	for (i = 0; i < 20000; i++) {
		for (k = 0; k < sizeof(b); k++)
			b[k] = (uint8_t)wire_rand(&seed);
		rtp_ext_parse(&y, &m, i & 1 ? 0xbede : 0x1000, b,
			      i % sizeof(b));
		TEST_TRUE(strlen(y.mid) < TICKET_ID_MAX);
		for (k = 0; y.mid[k]; k++)
			TEST_TRUE(y.mid[k] > ' ' && y.mid[k] < 127);
	}
 out:
	return err;
}


/* A picture of five packets */
static int picture(struct end *e, unsigned n, bool key)
{
	struct unit *u = unit_alloc(5000, 5);
	unsigned i;

	on_loop();
	if (!u)
		return ENOMEM;
	memset(u->data, 0x55, 5000);
	(void)vp8(u->data, key, 640, 360);
	u->data[0] = key ? 0 : 1;
	memcpy(u->data + 1, "\0\0\x9d\x01\x2a\x80\x02\x68\x01", 9);
	u->codec  = CODEC_VP8;
	u->stream = 7;
	u->seq    = n;
	u->key    = key;
	u->pts_us = e->pair->now;
	for (i = 0; i < 5; i++)
		u->payv[i] = (struct unit_payload){
			.hdr = {i ? 0 : 0x10}, .hdrlen = 1,
			.marker = i == 4, .off = 1000 * i, .len = 1000 };
	leg_send_video(e->leg, u, e->pair->now);
	unit_unref(u);

	return 0;
}


static void plain(struct ticket *t)
{
	t->video.fmtv[0].rtx_pt = 0;
}


/* complete: of 600 pictures; whole: those whose references were, too.
 * Key frames are asked for as a decoder would, and PLIs are lost as well. */
static int repair(unsigned loss, void (*change)(struct ticket *),
		  unsigned complete, unsigned whole, bool by_rtx)
{
	const struct wire_cfg cfg = {.seed = 5, .delay_us = 10 * MS,
		.jitter_us = 4 * MS, .loss = loss};
	const struct wire_cfg good = {.seed = 6, .delay_us = 10 * MS};
	struct pair *p = NULL;
	unsigned i, keys = 0;
	json_t *o = NULL;
	int err;

	err = pair_make(&p, &cfg, change);
	TEST_ERR(err);
	for (i = 0; i < 600; i++) {
		TEST_ERR(picture(&p->a, i + 1, !i || p->a.keys > keys));
		keys = p->a.keys;
		pass(p, 33);
		on_loop();
		if (rtp_frame_want_key(p->b.frame))
			(void)leg_want_key(p->b.leg, LEG_VIDEO, p->now);
	}
	wire_set(p->wire, &good);
	pass(p, 500);
	printf("# loss %u: %u whole, %u broken, nacks %u\n", loss,
	       p->b.whole, p->b.broken, p->b.told.n[RTCP_ITEM_NACK]);
	TEST_TRUE(p->b.whole + p->b.broken >= complete);
	TEST_TRUE(p->b.whole >= whole);
	TEST_TRUE(p->b.told.n[RTCP_ITEM_NACK] > 100);

	on_loop();
	o = leg_stats(p->b.leg, LEG_VIDEO);
	TEST_TRUE(json_integer_value(json_object_get(o, "rx_repaired")) >
		  100);
	TEST_TRUE((json_integer_value(json_object_get(o, "rx_rtx_used")) >
		   100) == by_rtx);
	/* not one packet goes without a MID, RTX with them */
	TEST_EQ(0, p->a.no_mid);
	TEST_TRUE(p->a.exts > 3000);
 out:
	json_decref(o);
	pair_close(p);
	return err;
}


static int test_rtx_10(void)
{
	return repair(100, NULL, 596, 580, true);
}


static int test_rtx_30(void)
{
	return repair(300, NULL, 565, 350, true);
}


static int test_repeat_10(void)
{
	return repair(100, plain, 595, 580, false);
}


static int test_storm(void)
{
	struct pair *p = NULL;
	struct rtp_rtcp_buf buf;
	uint16_t seqv[RTP_NACK_ONCE];
	unsigned i, k, was;
	uint16_t first;
	int err;

	on_loop();
	err = pair_make(&p, NULL, NULL);
	TEST_ERR(err);
	for (i = 0; i < 60; i++) {
		TEST_ERR(picture(&p->a, i + 1, !i));
		pass(p, 10);
	}
	was = p->a.exts;
	first = (uint16_t)rand_u16();
	for (i = 0; i < 100; i++) {
		for (k = 0; k < 1024; k++) {
			const uint16_t at = (uint16_t)(first + k * 64);
			unsigned j;

			for (j = 0; j < RTP_NACK_ONCE; j++)
				seqv[j] = (uint16_t)(at + j);
			buf.n = 0;
			(void)rtp_rtcp_put_nack(&buf, 1, rtp_out_ssrc(
				p->a.leg->sidev[LEG_VIDEO].out), seqv,
				RTP_NACK_ONCE);
			leg_recv(p->a.leg, LEG_AUDIO, false, NULL, buf.b,
				 buf.n, p->now);
		}
		pass(p, 10);
	}
	/* 1 s of asking for everything */
	printf("# sent again: %u\n", p->a.exts - was);
	TEST_TRUE(p->a.exts - was >= 200);
	TEST_TRUE(p->a.exts - was <= 1100);
 out:
	pair_close(p);
	return err;
}


static void layers(struct ticket *t)
{
	t->video.ridc = 3;
	strcpy(t->video.ridv[0], "q");
	strcpy(t->video.ridv[1], "h");
	strcpy(t->video.ridv[2], "f");
}


/* One picture of each layer that is on; keyv: as asked */
struct cast {
	bool on[3], key[3];
	uint16_t seq[3];
	uint32_t ts;
	bool silent;              /* no MID: we were heard                */
};


static void cast_send(struct end *e, struct cast *c)
{
	static const char *ridv[3] = {"q", "h", "f"};
	uint8_t buf[256];
	unsigned i;

	c->ts += 3000;
	for (i = 0; i < 3; i++) {
		struct raw r = {.ssrc = 100 + i, .pt = PT_VP8,
			.ts = c->ts, .seq = c->seq[i],
			.mid = c->silent ? NULL : "1",
			.rid = c->seq[i] < 3 ? ridv[i] : NULL};
		struct raw r2 = r;

		if (!c->on[i])
			continue;
		c->seq[i] += 2;
		r2.seq++;
		r2.marker = true;
		/* the second overtakes the first now and then */
		if (c->seq[i] % 10 == 0) {
			memset(buf, 0, sizeof(buf));
			give(e, &r2, buf, 200);
			give(e, &r, buf, vp8(buf, c->key[i], 320u << i,
					     180u << i));
		}
		else {
			give(e, &r, buf, vp8(buf, c->key[i], 320u << i,
					     180u << i));
			memset(buf, 0, sizeof(buf));
			give(e, &r2, buf, 200);
		}
		c->key[i] = false;
	}
}


/* A second of pictures; a PLI makes the next one of that layer a key */
static void cast_run(struct pair *p, struct cast *c, unsigned ms)
{
	unsigned i, plis;

	for (i = 0; i < ms; i += 33) {
		plis = p->b.told.n[RTCP_ITEM_PLI];
		cast_send(&p->b, c);
		pass(p, 33);
		if (p->b.told.n[RTCP_ITEM_PLI] != plis &&
		    p->b.told.key_ssrc - 100 < 3)
			c->key[p->b.told.key_ssrc - 100] = true;
	}
}


static int test_layers(void)
{
	static const struct {
		const char *what;
		unsigned w, h;
		bool on[3];
		unsigned width;           /* of what goes up              */
	} tabv[] = {
		{"a small tile",     320,  180, {1, 1, 1}, 320},
		{"a large one",     1280,  720, {1, 1, 1}, 1280},
		{"one between",      500,  280, {1, 1, 1}, 640},
		{"a tenth too large", 700, 390, {1, 1, 1}, 640},
		{"larger than all", 1920, 1080, {1, 1, 1}, 1280},
		{"the large stops", 1920, 1080, {1, 1, 0}, 640},
		{"two stop",        1920, 1080, {1, 0, 0}, 320},
		{"all come back",   1920, 1080, {1, 1, 1}, 1280},
	};
	struct pair *p = NULL;
	struct cast c = {.on = {1, 1, 1}, .key = {1, 1, 1}};
	unsigned i, asked;
	int err;

	on_loop();
	err = pair_make(&p, NULL, layers);
	TEST_ERR(err);
	cast_run(p, &c, 300);
	TEST_TRUE(p->b.whole > 5);
	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		memcpy(c.on, tabv[i].on, sizeof(c.on));
		TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, tabv[i].w,
				      tabv[i].h, p->now));
		cast_run(p, &c, 2500);
		if (p->b.width != tabv[i].width)
			TEST_FAIL("%s: %u wide", tabv[i].what, p->b.width);
	}
	/* nothing that a decoder would stumble over, ever */
	TEST_EQ(0, p->b.broken);
	TEST_EQ(0, p->b.breaks);
	TEST_TRUE(p->b.whole > 400);

	/* what is shown nowhere is worth no key frame */
	asked = p->b.told.n[RTCP_ITEM_PLI];
	TEST_TRUE(asked >= 6 && asked < 20);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 0, 0, p->now));
	cast_run(p, &c, 2000);
	TEST_EQ(asked, p->b.told.n[RTCP_ITEM_PLI]);

	/* all layers are reported, one block each */
	p->b.told.blocks = 0;
	cast_run(p, &c, 1000);
	TEST_TRUE(p->b.told.blocks >= 3);
	TEST_EQ(0, p->b.told.blocks % 3);
 out:
	pair_close(p);
	return err;
}


static struct ticket_rtc named;

static void layers_told(struct ticket *t)
{
	layers(t);
	memcpy(t->rtc.rocv, named.rocv, sizeof(named.rocv));
	t->rtc.rocc = named.rocc;
}


/* Another mixer goes on with SSRCs that say no longer what they are */
static int test_moved(void)
{
	struct pair *p = NULL;
	struct cast c = {.on = {1, 1, 1}, .key = {1, 1, 1}};
	unsigned i;
	int err;

	on_loop();
	err = pair_make(&p, NULL, layers);
	TEST_ERR(err);
	cast_run(p, &c, 300);
	for (i = 0; i < 4; i++)
		named.rocv[i] = (struct ticket_roc) {.ssrc = 100 + i};
	named.rocc = 4;
	leg_rtc_name(p->b.leg, &named);
	for (i = 0; i < 3; i++) {
		TEST_EQ(1 + LEG_VIDEO, named.rocv[i].media);
		TEST_EQ(i, named.rocv[i].layer);
	}
	TEST_EQ(0, named.rocv[3].media);
	pair_close(p);
	p = NULL;

	c.silent = true;
	err = pair_make(&p, NULL, layers_told);
	TEST_ERR(err);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 1280, 720, p->now));
	memset(c.key, 1, sizeof(c.key));
	cast_run(p, &c, 1500);
	TEST_TRUE(p->b.whole > 20);
	TEST_EQ(1280, p->b.width);
	/* what was not heard since is told on all the same */
	named.rocv[0] = (struct ticket_roc) {.ssrc = 101};
	named.rocc = 1;
	leg_rtc_name(p->b.leg, &named);
	TEST_EQ(1 + LEG_VIDEO, named.rocv[0].media);
	TEST_EQ(1, named.rocv[0].layer);
 out:
	pair_close(p);
	return err;
}


/* ---- congestion ------------------------------------------------------ */

struct seen {
	uint64_t atv[4096];
	bool comev[4096];
	unsigned n, came;
	uint16_t next;
	bool on, holes;
};


static void twcc_handler(uint16_t seq, bool came, uint64_t at, void *arg)
{
	struct seen *s = arg;

	s->holes |= s->on && seq != s->next;
	s->on = true;
	s->next = (uint16_t)(seq + 1);
	if (s->n == ARRAY_SIZE(s->atv))
		return;
	s->comev[s->n] = came;
	s->atv[s->n++] = at;
	s->came += came;
}


static int test_twcc(void)
{
	static const struct {
		const char *what;
		unsigned loss;            /* per mille                    */
		unsigned step_us, jitter_us;
	} tabv[] = {
		{"all came, evenly", 0, 1000, 0},
		{"half are lost", 500, 1000, 0},
		{"most are lost", 950, 500, 0},
		{"slowly: large deltas", 100, 90000, 0},
		{"any times", 100, 20000, 200000},
		{"at once", 10, 0, 0},
	};
	static struct rtp_twcc t;
	static struct seen s;
	uint8_t fci[RTP_TWCC_FCI_MAX];
	uint64_t seed = 1, at[2000], now, d;
	size_t k, n;
	unsigned i;
	int err = 0;

	for (k = 0; k < ARRAY_SIZE(tabv); k++) {
		memset(&t, 0, sizeof(t));
		memset(&s, 0, sizeof(s));
		/* the reference time of 24 bits wraps under way */
		now = RTP_TWCC_CLOCK_US * 3 - 500000;
		for (i = 0; i < 2000; i++) {
			now += tabv[k].step_us + (tabv[k].jitter_us ?
				wire_rand(&seed) % tabv[k].jitter_us : 0);
			at[i] = 0;
			/* the first and last come, numbers wrap */
			if (i && i < 1999 &&
			    wire_rand(&seed) % 1000 < tabv[k].loss)
				goto report;
			at[i] = now;
			rtp_twcc_got(&t, (uint16_t)(65000 + i), now);
 report:
			if (i % 100 != 99)
				continue;
			while ((n = rtp_twcc_write(&t, fci, now))) {
				TEST_TRUE(n <= sizeof(fci) && n % 4 == 0);
				TEST_ERR(rtp_twcc_parse(fci, n, twcc_handler,
							&s));
			}
		}
		TEST_EQ(2000, s.n);
		TEST_TRUE(!s.holes);
		for (i = 0; i < 2000; i++) {
			if (s.comev[i] != !!at[i])
				TEST_FAIL("%s: %u", tabv[k].what, i);
			d = (at[i] % RTP_TWCC_CLOCK_US) - s.atv[i];
			if (at[i] && d >= 250)
				TEST_FAIL("%s: %u off %lld", tabv[k].what, i,
					  (long long)d);
		}
	}

	/* a jump of the numbers is not thirty thousand losses */
	rtp_twcc_got(&t, 1000, now);
	rtp_twcc_got(&t, 20000, now + 1000);
	s.n = 0;
	while ((n = rtp_twcc_write(&t, fci, now)))
		TEST_ERR(rtp_twcc_parse(fci, n, twcc_handler, &s));
	TEST_TRUE(s.n <= RTP_TWCC_WINDOW);

	/* hostile: counts more than it has */
	memset(fci, 0, sizeof(fci));
	fci[2] = fci[3] = 0xff;
	TEST_EQ(EBADMSG, rtp_twcc_parse(fci, 7, twcc_handler, &s));
	TEST_EQ(EBADMSG, rtp_twcc_parse(fci, 16, twcc_handler, &s));
	fci[8] = 0x20;
	TEST_EQ(EBADMSG, rtp_twcc_parse(fci, 10, twcc_handler, &s));
 out:
	return err;
}


/* A link of so many bit/s with a queue of 300 ms, feedback each 100 ms */
static int link_run(struct rtp_bwe *b, unsigned bps, unsigned seconds,
		    uint64_t *nowp, uint64_t *freep, struct rtp_twcc *t)
{
	uint8_t fci[RTP_TWCC_FCI_MAX];
	uint64_t now = *nowp, end = now + seconds * 1000000ull, at, debt = 0;
	uint64_t fb = now;
	uint16_t seq;
	size_t n;

	for (; now < end; now += MS) {
		debt += rtp_bwe_bps(b) ? rtp_bwe_bps(b) / 8 : 125000;
		while (debt >= 1000000) {
			debt -= 1000000;
			seq = rtp_bwe_sent(b, 1000, now);
			at = max(now, *freep);
			if (at - now > 300 * MS)
				continue;
			*freep = at + 8000ull * 1000000 / bps;
			rtp_twcc_got(t, seq, *freep + 20 * MS);
		}
		if (now - fb < 100 * MS)
			continue;
		fb = now;
		while ((n = rtp_twcc_write(t, fci, now)))
			if (rtp_bwe_feedback(b, fci, n, 40 * MS, now))
				return EBADMSG;
	}
	*nowp = now;

	return 0;
}


static int test_bwe(void)
{
	static struct rtp_twcc t;
	struct rtp_bwe *b = NULL;
	uint64_t now = SEC, free = 0, sum, i, bps;
	int err;

	memset(&t, 0, sizeof(t));
	err = rtp_bwe_alloc(&b);
	TEST_ERR(err);
	TEST_EQ(0, rtp_bwe_bps(b));
	TEST_ERR(link_run(b, 500000, 15, &now, &free, &t));
	for (i = 0, sum = 0; i < 20; i++) {
		TEST_ERR(link_run(b, 500000, 1, &now, &free, &t));
		bps = rtp_bwe_bps(b);
		sum += bps;
		TEST_TRUE(bps > 300000 && bps < 650000);
	}
	printf("# on 500 kbit/s: %u\n", (unsigned)(sum / 20));
	TEST_TRUE(sum / 20 > 380000 && sum / 20 < 520000);

	/* the link becomes better, then worse */
	TEST_ERR(link_run(b, 2000000, 30, &now, &free, &t));
	printf("# on 2000 kbit/s: %u\n", (unsigned)rtp_bwe_bps(b));
	TEST_TRUE(rtp_bwe_bps(b) > 900000);
	TEST_ERR(link_run(b, 300000, 20, &now, &free, &t));
	printf("# on 300 kbit/s: %u\n", (unsigned)rtp_bwe_bps(b));
	TEST_TRUE(rtp_bwe_bps(b) < 400000);
 out:
	mem_deref(b);
	return err;
}


static void with_twcc(struct ticket *t)
{
	t->video.fb_twcc = t->audio.fb_twcc = true;
	t->video.ext_twcc = t->audio.ext_twcc = EXT_TWCC;
}


static void without_rtx(struct ticket *t)
{
	with_twcc(t);
	plain(t);
	t->video.ext_abs_send = EXT_ABS;
	t->video.ext_capture = EXT_CAPTURE;
}


static void nack_last(struct end *e, uint64_t now)
{
	const uint16_t seq = (uint16_t)(e->last[2] << 8 | e->last[3]);
	struct rtp_rtcp_buf buf = {.n = 0};

	on_loop();
	(void)rtp_rtcp_put_nack(&buf, 1, rtp_out_ssrc(
			e->leg->sidev[LEG_VIDEO].out), &seq, 1);
	e->lastn = 0;
	leg_recv(e->leg, LEG_AUDIO, false, NULL, buf.b, buf.n, now);
}


/* Sealed with the nonce that it had, a plain repeat may differ in nothing,
 * not in its extensions either */
static int test_repeat_same(void)
{
	struct pair *p = NULL;
	uint8_t was[1500];
	size_t n;
	int err;

	on_loop();
	err = pair_make(&p, NULL, without_rtx);
	TEST_ERR(err);
	TEST_ERR(picture(&p->a, 1, true));
	pass(p, 30);
	n = p->a.lastn;
	TEST_TRUE(n > 1000);
	memcpy(was, p->a.last, n);
	nack_last(&p->a, p->now);
	TEST_EQ(n, p->a.lastn);
	TEST_TRUE(!memcmp(was, p->a.last, n));

	/* it could not be the same any more */
	p->a.t.video.ext_abs_send = EXT_ABS + 5;
	TEST_ERR(leg_set(p->a.leg, &p->a.t, p->now));
	pass(p, 30);
	memcpy(p->a.last, was, n);
	nack_last(&p->a, p->now);
	TEST_EQ(0, p->a.lastn);
 out:
	pair_close(p);
	return err;
}


static int test_ssrcs(void)
{
	struct pair *p = NULL;
	uint32_t v[2 * LEG_SIDES];
	unsigned round, i, k;
	int err = 0;

	for (round = 0; round < 100; round++) {
		err = pair_make(&p, NULL, NULL);
		TEST_ERR(err);
		for (i = 0; i < LEG_SIDES; i++) {
			struct rtp_out *o = p->a.leg->sidev[i].out;

			v[2 * i]     = rtp_out_ssrc(o);
			v[2 * i + 1] = rtp_out_rtx_ssrc(o);
		}
		for (i = 0; i < ARRAY_SIZE(v); i++) {
			TEST_TRUE(v[i]);
			TEST_EQ(i, v[i] & 7);
			for (k = 0; k < i; k++)
				TEST_TRUE(v[k] != v[i]);
		}
		pair_close(p);
		p = NULL;
	}
 out:
	pair_close(p);
	return err;
}


static void slides_twcc(struct ticket *t)
{
	with_slides(t);
	with_twcc(t);
	t->slides.fb_twcc = true;
	t->slides.ext_twcc = EXT_TWCC;
}


/* No camera, only slides: feedback names an SSRC that the peer has */
static int test_twcc_about(void)
{
	static const uint8_t exts[] = {0xbe, 0xde, 0, 2,
		EXT_MID << 4, '2', EXT_TWCC << 4 | 1, 0, 0, 0, 0, 0};
	struct pair *p = NULL;
	uint8_t b[12 + sizeof(exts) + 100] = {0x90, 102};
	unsigned i;
	int err;

	on_loop();
	err = pair_make(&p, NULL, slides_twcc);
	TEST_ERR(err);
	memcpy(b + 12, exts, sizeof(exts));
	b[11] = 77;
	for (i = 0; i < 20; i++) {
		b[3] = b[12 + 8] = (uint8_t)i;
		leg_recv(p->b.leg, LEG_AUDIO, false, NULL, b, sizeof(b),
			 p->now);
		pass(p, 20);
	}
	TEST_TRUE(p->b.told.n[RTCP_ITEM_TWCC] >= 3);
	TEST_EQ(77, p->b.told.twcc_ssrc);

	/* said goodbye: nothing is due for ever */
	on_loop();
	leg_bye(p->b.leg, p->now);
	leg_recv(p->b.leg, LEG_AUDIO, false, NULL, b, sizeof(b), p->now);
	i = p->b.told.n[RTCP_ITEM_TWCC];
	pass(p, 500);
	TEST_EQ(i, p->b.told.n[RTCP_ITEM_TWCC]);
	TEST_TRUE(leg_due(p->b.leg) > p->now);
 out:
	pair_close(p);
	return err;
}


static void count_handler(uint16_t seq, bool came, uint64_t at, void *arg)
{
	(void)seq;
	(void)came;
	(void)at;
	++*(unsigned *)arg;
}


/* 24 bytes that speak of 65535 packets */
static int test_twcc_huge(void)
{
	uint8_t fci[24] = {0, 1, 0xff, 0xff, 0, 0, 0, 0};
	unsigned i, n = 0;
	int err = 0;

	for (i = 8; i < sizeof(fci); i += 2) {
		fci[i] = 0x1f;
		fci[i + 1] = 0xff;
	}
	TEST_EQ(EBADMSG, rtp_twcc_parse(fci, sizeof(fci), count_handler,
					&n));
	TEST_EQ(0, n);
	fci[2] = RTP_TWCC_TOLD_MAX >> 8;
	fci[3] = RTP_TWCC_TOLD_MAX & 0xff;
	TEST_ERR(rtp_twcc_parse(fci, sizeof(fci), count_handler, &n));
	TEST_EQ(RTP_TWCC_TOLD_MAX, n);
 out:
	return err;
}


static int test_twcc_legs(void)
{
	const struct wire_cfg cfg = {.seed = 9, .delay_us = 20 * MS};
	struct pair *p = NULL;
	unsigned i;
	int err;

	err = pair_make(&p, &cfg, with_twcc);
	TEST_ERR(err);
	for (i = 0; i < 150; i++) {
		TEST_ERR(picture(&p->a, i + 1, !i));
		pass(p, 33);
	}
	/* 5 s: between 50 and 100 ms apart */
	TEST_TRUE(p->b.told.n[RTCP_ITEM_TWCC] >= 45);
	TEST_TRUE(p->b.told.n[RTCP_ITEM_TWCC] <= 110);
	TEST_EQ(0, p->b.told.n[RTCP_ITEM_REMB]);
	on_loop();
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) >= 1000000);
 out:
	pair_close(p);
	return err;
}


static void with_remb(struct ticket *t)
{
	t->video.fb_remb = true;
	t->video.ext_abs_send = EXT_ABS;
}


static int test_remb(void)
{
	const struct wire_cfg cfg = {.seed = 9, .delay_us = 20 * MS};
	const struct wire_cfg lossy = {.seed = 9, .delay_us = 20 * MS,
		.loss = 400};
	struct pair *p = NULL;
	unsigned i;
	uint64_t was;
	int err;

	err = pair_make(&p, &cfg, with_remb);
	TEST_ERR(err);
	on_loop();
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 640, 360, p->now));
	for (i = 0; i < 100; i++) {
		TEST_ERR(picture(&p->a, i + 1, !i));
		pass(p, 33);
	}
	TEST_TRUE(p->b.told.n[RTCP_ITEM_REMB] >= 3);
	TEST_TRUE(p->b.told.n[RTCP_ITEM_REMB] <= 20);
	TEST_TRUE(p->b.told.remb > 500000 && p->b.told.remb < 1000000);
	/* the other end obeys, but for what the coding rounds off */
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) / 10000 ==
		  p->b.told.remb / 10000);

	/* shown nowhere: next to nothing, at once */
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 0, 0, p->now));
	pass(p, 300);
	TEST_TRUE(p->b.told.remb < 200000);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 1280, 720, p->now));
	pass(p, 300);
	was = p->b.told.remb;
	TEST_TRUE(was > 2000000);

	wire_set(p->wire, &lossy);
	for (i = 100; i < 250; i++) {
		TEST_ERR(picture(&p->a, i + 1, !i));
		pass(p, 33);
	}
	printf("# after loss %u\n", (unsigned)p->b.told.remb);
	TEST_TRUE(p->b.told.remb < was * 2 / 3);
 out:
	pair_close(p);
	return err;
}


static void with_share(struct ticket *t)
{
	with_remb(t);
	with_slides(t);
	t->slides.fb_remb = true;
	t->slides.ext_abs_send = EXT_ABS;
}


/* A share that nobody bounds counts as long as it is there */
static int test_remb_share(void)
{
	const struct wire_cfg cfg = {.seed = 9, .delay_us = 20 * MS};
	struct pair *p = NULL;
	struct ticket t;
	unsigned i;
	int err;

	err = pair_make(&p, &cfg, with_share);
	TEST_ERR(err);
	on_loop();
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 320, 180, p->now));
	for (i = 0; i < 60; i++) {
		TEST_ERR(picture(&p->a, i + 1, !i));
		pass(p, 33);
	}
	TEST_TRUE(p->b.told.remb > 1000000);

	/* it ends: what is left is the camera's small tile, at once */
	t = p->b.t;
	t.slides.on = t.slides.recv = false;
	TEST_ERR(leg_set(p->b.leg, &t, p->now));
	pass(p, 300);
	TEST_TRUE(p->b.told.remb > 200000 && p->b.told.remb < 500000);
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) < 500000);

	/* and comes again */
	TEST_ERR(leg_set(p->b.leg, &p->b.t, p->now));
	pass(p, 300);
	TEST_TRUE(p->b.told.remb > 1000000);
 out:
	pair_close(p);
	return err;
}


/* ---- hostile, and the rest ------------------------------------------- */

static int test_flood(void)
{
	struct pair *p = NULL;
	uint8_t buf[256] = {0};
	uint64_t seed = 4;
	unsigned i, heard;
	json_t *o;
	int err;

	err = pair_make(&p, NULL, NULL);
	TEST_ERR(err);
	for (i = 0; i < 20000; i++) {
		struct raw r = {.ssrc = (uint32_t)wire_rand(&seed),
			.pt = PT_VP8, .seq = (uint16_t)i, .mid = "1"};

		give(&p->b, &r, buf, 50);
		/* a voice that goes on meanwhile is heard */
		if (i % 20 == 0) {
			r = (struct raw){.ssrc = 7, .pt = PT_OPUS,
				.seq = (uint16_t)(i / 20), .mid = "0"};
			give(&p->b, &r, buf, 50);
		}
		if (i % 100 == 0)
			pass(p, 5);
	}
	heard = p->b.packets[LEG_AUDIO];
	TEST_EQ(1000, heard);
	for (i = 0; i < LEG_STREAMS; i++)
		TEST_TRUE(p->b.leg->rtc->streamv[i].on);
	on_loop();
	o = leg_stats(p->b.leg, LEG_AUDIO);
	TEST_EQ(0, json_integer_value(json_object_get(o, "rx_lost")));
	json_decref(o);

	/* two dozen that prove themselves keep others out, till they stop */
	for (i = 0; i < 40 * 24; i++) {
		struct raw r = {.ssrc = 1000 + i % 40, .pt = PT_VP8,
			.seq = (uint16_t)(i / 40), .mid = "1"};

		give(&p->b, &r, buf, 50);
	}
	p->now += 3 * SEC;
	give(&p->b, &(struct raw){.ssrc = 5, .pt = PT_OPUS, .mid = "0"},
	     buf, 50);
	TEST_EQ(heard + 1, p->b.packets[LEG_AUDIO]);
 out:
	pair_close(p);
	return err;
}


static int test_red(void)
{
	struct pair *p = NULL;
	uint8_t b[64] = {0x80 | PT_OPUS, 1920 * 4 >> 8, (uint8_t)(1920 * 4),
		4, 0x80 | PT_OPUS, 960 * 4 >> 8, (uint8_t)(960 * 4), 3,
		PT_OPUS, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'};
	struct rtp_red_block v[RTP_RED_MAX];
	unsigned i;
	int err = 0;

	TEST_EQ(3, rtp_red_parse(v, b, 18));
	TEST_EQ(1920, v[0].back);
	TEST_EQ(4, v[0].n);
	TEST_EQ(3, v[1].n);
	TEST_EQ(2, v[2].n);
	TEST_TRUE(!memcmp(v[2].p, "hi", 2));
	for (i = 0; i < 16; i++)
		TEST_EQ(0, rtp_red_parse(v, b, i));
	memset(b + 18, 0x80, 46);
	TEST_EQ(0, rtp_red_parse(v, b + 18, 46));

	TEST_ERR(pair_make(&p, NULL, NULL));
	for (i = 10; i < 30; i++) {
		const struct raw r = {.ssrc = 1, .pt = PT_RED,
			.seq = (uint16_t)i, .ts = i * 960, .mid = "0"};

		/* two in a row are lost, and one */
		if (i == 15 || i == 16 || i == 20)
			continue;
		give(&p->b, &r, b, 18);
	}
	/* all are there, once each and in order */
	TEST_EQ(20, p->b.packets[LEG_AUDIO]);
	for (i = 1; i < 20; i++)
		TEST_EQ(p->b.seqv[0] + i, p->b.seqv[i]);
	TEST_EQ(PT_OPUS, p->b.pt);
 out:
	pair_close(p);
	return err;
}


static int test_key(void)
{
	static const struct {
		const char *what, *hex;
		enum ticket_codec codec;
		bool key;
		unsigned w;
	} tabv[] = {
		{"VP8 key", "1000000" "09d012a40016800", CODEC_VP8, true,
		 320},
		{"VP8 with picture id", "9080" "8123"
		 "0000009d012a40016800", CODEC_VP8, true, 320},
		{"VP8 inter", "10010000", CODEC_VP8, false, 0},
		{"VP8 not the first", "0000000000", CODEC_VP8, false, 0},
		{"VP8 cut descriptor", "9080", CODEC_VP8, false, 0},
		{"VP8 nothing", "", CODEC_VP8, false, 0},
		{"IDR", "6588", CODEC_H264, true, 0},
		{"slice", "4188", CODEC_H264, false, 0},
		{"SPS in STAP-A", "78000267420003680102", CODEC_H264, true,
		 0},
		{"slices in STAP-A", "780002410100024101", CODEC_H264, false,
		 0},
		{"STAP-A over its end", "78ffff67", CODEC_H264, false, 0},
		{"FU-A of an IDR", "7c8588", CODEC_H264, true, 0},
		{"its second", "7c0588", CODEC_H264, false, 0},
		{"FU-A cut", "7c", CODEC_H264, false, 0},
		{"AV1", "1000", CODEC_AV1, false, 0},
	};
	uint8_t b[64];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		const size_t n = strlen(tabv[i].hex) / 2;
		uint16_t w = 0, h = 0;

		TEST_ERR(n ? str_hex(b, n, tabv[i].hex) : 0);
		if (tabv[i].key != rtp_key_start(tabv[i].codec, b, n, &w, &h)
		    || w != tabv[i].w)
			TEST_FAIL("%s: %u", tabv[i].what, w);
	}
 out:
	return err;
}


/* A track that stops has lost nothing by it, and is asked for nothing */
static int test_bye(void)
{
	struct pair *p = NULL;
	struct raw r = {.ssrc = 7, .pt = PT_VP8, .mid = "1"};
	struct rtp_rtcp_buf buf = {.n = 0};
	uint8_t pay[256];
	json_t *o = NULL;
	unsigned i;
	int err;

	err = pair_make(&p, NULL, NULL);
	TEST_ERR(err);
	for (i = 0; i < 10; i++) {
		r.seq += 1 + (i == 9);    /* one is missing               */
		give(&p->b, &r, pay, vp8(pay, !i, 320, 180));
	}
	on_loop();
	(void)rtp_rtcp_put_bye(&buf, r.ssrc);
	leg_recv(p->b.leg, LEG_AUDIO, false, NULL, buf.b, buf.n, p->now);
	TEST_ERR(leg_want_key(p->b.leg, LEG_VIDEO, p->now));
	pass(p, 1000);
	TEST_EQ(0, p->b.told.n[RTCP_ITEM_NACK]);
	TEST_EQ(0, p->b.told.n[RTCP_ITEM_PLI]);
	on_loop();
	o = leg_stats(p->b.leg, LEG_VIDEO);
	TEST_EQ(1, json_integer_value(json_object_get(o, "rx_lost")));
 out:
	json_decref(o);
	pair_close(p);
	return err;
}


static int test_ready(void)
{
	struct pair *p = NULL;
	int err;

	err = pair_make(&p, NULL, NULL);
	TEST_ERR(err);
	on_loop();
	leg_ready(p->a.leg, false, p->now);
	TEST_ERR(picture(&p->a, 1, true));
	TEST_EQ(0, p->a.exts);
	leg_ready(p->a.leg, true, p->now);
	/* what went before is lost on it: a key frame is asked for */
	TEST_ERR(picture(&p->a, 2, false));
	TEST_EQ(0, p->a.exts);
	TEST_EQ(1, p->a.keys);
	TEST_ERR(picture(&p->a, 3, true));
	TEST_EQ(5, p->a.exts);
 out:
	pair_close(p);
	return err;
}


static void as_sip(struct ticket *t)
{
	t->rtc.on = false;
	t->video.fb_tmmbr = true;
	t->video.rtcp_rsize = false;
}


static int test_tmmbr(void)
{
	const struct wire_cfg cfg = {.seed = 2, .delay_us = 5 * MS};
	struct pair *p = NULL;
	unsigned i, n;
	int err;

	err = pair_make(&p, &cfg, as_sip);
	TEST_ERR(err);
	for (i = 0; i < 10; i++) {
		TEST_ERR(picture(&p->a, i + 1, !i));
		pass(p, 33);
	}
	on_loop();
	TEST_EQ(0, p->b.told.n[RTCP_ITEM_TMMBR]);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 640, 360, p->now));
	pass(p, 100);
	/* once: the other end answers */
	n = p->b.told.n[RTCP_ITEM_TMMBR];
	TEST_EQ(1, n);
	TEST_EQ(1, p->a.told.n[RTCP_ITEM_TMMBN]);
	TEST_TRUE(p->b.told.tmmbr > 600000 && p->b.told.tmmbr < 800000);
	TEST_TRUE(leg_tx_limit(p->a.leg, LEG_VIDEO) == p->b.told.tmmbr);
	pass(p, 5000);
	TEST_EQ(n, p->b.told.n[RTCP_ITEM_TMMBR]);
	TEST_ERR(leg_set_need(p->b.leg, LEG_VIDEO, 640, 368, p->now));
	pass(p, 100);
	TEST_EQ(n, p->b.told.n[RTCP_ITEM_TMMBR]);
 out:
	pair_close(p);
	return err;
}


int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"whose packet it is",                test_demux},
		{"another mixer knows whose it is",   test_moved},
		{"header extensions and garbage",     test_ext},
		{"a tenth lost, RTX brings it",       test_rtx_10},
		{"a third lost, RTX brings it",       test_rtx_30},
		{"a tenth lost, plain repeats",       test_repeat_10},
		{"asked for everything, again and again", test_storm},
		{"the layer that the tile needs",     test_layers},
		{"key frames by their first packet",  test_key},
		{"transport-wide feedback, there and back", test_twcc},
		{"feedback about too much",           test_twcc_huge},
		{"feedback is about an SSRC that is there", test_twcc_about},
		{"a plain repeat is the same bytes",  test_repeat_same},
		{"no two SSRCs of ours are the same", test_ssrcs},
		{"the estimate finds a link's rate",  test_bwe},
		{"feedback between legs",             test_twcc_legs},
		{"REMB: what is shown, what comes through", test_remb},
		{"REMB: a share that ended is not counted", test_remb_share},
		{"a flood of SSRCs",                  test_flood},
		{"redundant sound fills holes",       test_red},
		{"an SSRC says goodbye",              test_bye},
		{"nothing before there are keys",     test_ready},
		{"TMMBR to a SIP peer",               test_tmmbr},
	};
	int err = pkt_pool_init(1024);

	if (err)
		return 1;
	err = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return err;
}
