/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/duo.c -- two WebRTC legs that speak with each other; see duo.h
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fake/duo.h"
#include "tests/fake/leg_stub.h"


/* ---- an end ---------------------------------------------------------- */

static void told_handler(const struct rtp_rtcp_item *it, void *arg)
{
	struct duo_told *told = arg;

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


static void sent(struct duo_end *e, const uint8_t *p, size_t n)
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
	struct duo_end *e = arg;
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
	if (e->duo->wire)
		wire_put(e->duo->wire, (e == &e->duo->a) | media << 1,
			 NULL, iov, iovc, e->duo->now);
}


static void frame_handler(const struct rtp_frame_info *info, void *arg)
{
	struct duo_end *e = arg;

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
	struct duo_end *e = arg;

	on_loop();
	if (media == LEG_AUDIO && e->packets[0] < LOG)
		e->seqv[e->packets[0]] = pkt->seq;
	++e->packets[media];
	e->ssrc[media] = pkt->ssrc;
	e->pt = pkt->pt;
	if (media == LEG_VIDEO && e->frame) {
		rtp_frame_wait(e->frame, leg_wait_ms(e->leg, media));
		rtp_frame_put(e->frame, pkt, e->duo->now);
		return;
	}
	pkt_put(pkt);
}


static void key_handler(void *arg)
{
	++((struct duo_end *)arg)->keys;
}


struct ticket_fmt *duo_fmt(struct ticket_media *m, enum ticket_codec codec,
			      uint8_t pt, uint32_t hz)
{
	struct ticket_fmt *f = &m->fmtv[m->fmtc++];

	f->codec = codec;
	f->pt = f->tx_pt = pt;
	f->clock_hz = hz;
	f->channels = 2;

	return f;
}


void duo_media(struct ticket_media *m, const char *mid)
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
	duo_media(&t->audio, "0");
	duo_fmt(&t->audio, CODEC_OPUS, PT_OPUS, 48000);
	duo_fmt(&t->audio, CODEC_RED, PT_RED, 48000);
	duo_media(&t->video, "1");
	duo_fmt(&t->video, CODEC_VP8, PT_VP8, 90000)->rtx_pt = PT_RTX;
	t->video.fb_pli = t->video.fb_nack = true;
	t->video.ext_rid  = EXT_RID;
	t->video.ext_rrid = EXT_RRID;
}


/* ---- cases ----------------------------------------------------------- */

void duo_slides(struct ticket *t)
{
	duo_media(&t->slides, "2");
	t->slides.send = false;
	duo_fmt(&t->slides, CODEC_VP8, PT_VP8, 90000)->rtx_pt = PT_RTX;
	duo_fmt(&t->slides, CODEC_H264, 102, 90000);
}


static int end_init(struct duo_end *e, struct duo *p)
{
	struct leg_h h = leg_stub;
	int err;

	on_loop();
	h.sendh = send_handler;
	h.packeth = packet_handler;
	h.keyh = key_handler;
	e->duo = p;
	err = leg_alloc(&e->leg, &e->t, &h, e, p->now);
	if (err)
		return err;
	leg_ready(e->leg, true, p->now);

	return rtp_frame_alloc(&e->frame, CODEC_VP8, frame_handler, e);
}


static void wire_handler(unsigned tag, const struct sa *src,
			 const uint8_t *p, size_t n, uint64_t now, void *arg)
{
	struct duo *duo = arg;

	on_loop();
	(void)src;
	leg_recv(tag & 1 ? duo->b.leg : duo->a.leg, tag >> 1, false, NULL,
		 p, n, now);
}


int duo_make(struct duo **pp, const struct wire_cfg *cfg,
		     void (*change)(struct ticket *t))
{
	struct duo *p = calloc(1, sizeof(*p));
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


void duo_close(struct duo *p)
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


static void end_run(struct duo_end *e, uint64_t now)
{
	on_loop();
	if (leg_due(e->leg) <= now)
		leg_run(e->leg, now);
	if (rtp_frame_due(e->frame) <= now)
		rtp_frame_run(e->frame, now);
}


void duo_pass(struct duo *p, unsigned ms)
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


static size_t put_id(uint8_t *p, uint8_t id, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (!n)
		return 0;
	p[0] = (uint8_t)(id << 4 | (n - 1));
	memcpy(p + 1, s, n);

	return n + 1;
}


void duo_give(struct duo_end *e, const struct duo_raw *r, const void *payload,
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
	leg_recv(e->leg, LEG_AUDIO, false, NULL, b, pos + n, e->duo->now);
}


size_t duo_vp8(uint8_t *p, bool key, unsigned w, unsigned h)
{
	const uint8_t head[11] = {0x10, key ? 0x00 : 0x01, 0, 0, 0x9d, 0x01,
		0x2a, w & 0xff, w >> 8, h & 0xff, h >> 8};

	memset(p, 0x55, 200);
	memcpy(p, head, key ? sizeof(head) : 4);

	return 200;
}


/* A picture of five packets */
int duo_picture(struct duo_end *e, unsigned n, bool key)
{
	struct unit *u = unit_alloc(5000, 5);
	unsigned i;

	on_loop();
	if (!u)
		return ENOMEM;
	memset(u->data, 0x55, 5000);
	(void)duo_vp8(u->data, key, 640, 360);
	u->data[0] = key ? 0 : 1;
	memcpy(u->data + 1, "\0\0\x9d\x01\x2a\x80\x02\x68\x01", 9);
	u->codec  = CODEC_VP8;
	u->stream = 7;
	u->seq    = n;
	u->key    = key;
	u->pts_us = e->duo->now;
	for (i = 0; i < 5; i++)
		u->payv[i] = (struct unit_payload){
			.hdr = {i ? 0 : 0x10}, .hdrlen = 1,
			.marker = i == 4, .off = 1000 * i, .len = 1000 };
	leg_send_video(e->leg, u, e->duo->now);
	unit_unref(u);

	return 0;
}
