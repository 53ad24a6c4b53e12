/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/viewer.c -- a party at the end of a narrow path; see viewer.h
 */
#include <string.h>

#include "mixer/rtp_in.h"
#include "mixer/rtp_rtcp.h"
#include "tests/fake/leg_stub.h"
#include "tests/fake/viewer.h"

enum {
	MS = 1000,
	PT_OPUS = 111, PT_VP8 = 96, PT_RTX = 97,
	SIP_REPORT_US = 5000000,  /* as libre's                           */
	KEY_US  = 500000,         /* key frames are merged, as in a rung  */
	PAYLOAD = 1100,
};

const struct video_rung viewer_rungv[] = {
	{.codec = CODEC_VP8, .width =  640, .height = 360, .fps = 5,
	 .kbps = 24},
	{.codec = CODEC_VP8, .width =  320, .height = 180, .fps = 15,
	 .kbps = 150},
	{.codec = CODEC_VP8, .width =  640, .height = 360, .fps = 30,
	 .kbps = 500},
	{.codec = CODEC_VP8, .width = 1280, .height = 720, .fps = 30,
	 .kbps = 1500},
};
const unsigned viewer_rungc = ARRAY_SIZE(viewer_rungv);


/* ---- our side --------------------------------------------------------- */

static void put(struct wire *w, unsigned tag, const struct iovec *iov,
		unsigned iovc, uint64_t now)
{
	wire_put(w, tag, NULL, iov, iovc, now);
}


static void a_send_handler(enum leg_media media, bool rtcp,
			   const struct sa *dst, const struct iovec *iov,
			   unsigned iovc, void *arg)
{
	struct viewer *v = arg;

	(void)rtcp;
	(void)dst;
	put(v->down, v->tag << 3 | (unsigned)media << 1, iov, iovc, v->now);
}


static void a_packet_handler(enum leg_media media, struct pkt *pkt,
			     void *arg)
{
	(void)media;
	(void)arg;
	pkt_put(pkt);
}


static void a_key_handler(void *arg)
{
	((struct viewer *)arg)->key = true;
}


/* ---- its side ---------------------------------------------------------- */

/* Reports of libre come every five seconds whatever the rate is */
static bool report_passes(struct viewer *v, enum leg_media media,
			  const uint8_t *p, size_t n)
{
	const bool feedback = n >= 2 && (p[1] == 205 || p[1] == 206);
	size_t pos = 0;

	if (v->deaf || v->kind == VIEWER_DEAF)
		return false;
	if (v->kind != VIEWER_SIP && v->kind != VIEWER_SIP_MUTE)
		return true;
	/* a compound with feedback in it */
	while (pos + 4 <= n) {
		if (p[pos + 1] == 205 || p[pos + 1] == 206)
			return v->kind == VIEWER_SIP;
		pos += 4 + 4 * (size_t)(p[pos + 2] << 8 | p[pos + 3]);
	}
	if (feedback)
		return v->kind == VIEWER_SIP;
	if (v->now - v->rr_us[media] < SIP_REPORT_US)
		return false;
	v->rr_us[media] = v->now;

	return true;
}


static void b_send_handler(enum leg_media media, bool rtcp,
			   const struct sa *dst, const struct iovec *iov,
			   unsigned iovc, void *arg)
{
	struct viewer *v = arg;
	uint8_t buf[2048] = {0};
	size_t n = 0;
	unsigned i;

	(void)rtcp;
	(void)dst;
	for (i = 0; i < iovc && n + iov[i].iov_len <= sizeof(buf); i++) {
		memcpy(buf + n, iov[i].iov_base, iov[i].iov_len);
		n += iov[i].iov_len;
	}
	if (rtp_in_is_rtcp(buf, n) && !report_passes(v, media, buf, n))
		return;
	put(v->up, v->tag << 3 | (unsigned)media << 1 | 1, iov, iovc, v->now);
}


static void b_packet_handler(enum leg_media media, struct pkt *pkt, void *arg)
{
	struct viewer *v = arg;

	on_loop();
	if (v->secs < VIEWER_SECS)
		v->kbpsv[v->secs] += pkt->len;
	if (media == LEG_AUDIO) {
		if (v->heard_us)
			v->gap_us = max(v->gap_us, v->now - v->heard_us);
		v->heard_us = v->now;
		++v->heard;
	}
	else {
		if (v->seen_us)
			v->dark_us = max(v->dark_us, v->now - v->seen_us);
		v->seen_us = v->now;
		++v->seen;
		if (v->seq_high && pkt->seq > v->seq_high + 1) {
			++v->breaks;
			(void)leg_want_key(v->b, LEG_VIDEO, v->now);
		}
		v->seq_high = max(v->seq_high, pkt->seq);
	}
	pkt_put(pkt);
}


/* ---- both -------------------------------------------------------------- */

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


static void media(struct ticket_media *m, const struct viewer *v,
		  const char *mid)
{
	const bool web = v->kind == VIEWER_TWCC || v->kind == VIEWER_REMB;

	m->on = m->send = m->recv = m->rtcp_mux = true;
	m->rtcp_fd = -1;
	if (!web)
		return;
	m->rtcp_rsize = true;
	m->ext_mid = 4;
	(void)re_snprintf(m->mid, sizeof(m->mid), "%s", mid);
	if (v->kind == VIEWER_TWCC)
		m->ext_twcc = 3;
	else
		m->ext_abs_send = 2;
}


static void ticket_make(struct ticket *t, const struct viewer *v)
{
	const bool web = v->kind == VIEWER_TWCC || v->kind == VIEWER_REMB;
	struct ticket_fmt *f;

	ticket_init(t, 1);
	t->rtc.on = web;
	media(&t->audio, v, "0");
	fmt(&t->audio, CODEC_OPUS, PT_OPUS, 48000);
	media(&t->video, v, "1");
	f = fmt(&t->video, CODEC_VP8, PT_VP8, 90000);
	t->video.fb_pli = true;
	t->video.max_kbps = 2000;
	if (web) {
		f->rtx_pt = PT_RTX;
		t->video.fb_twcc = v->kind == VIEWER_TWCC;
		t->video.fb_remb = v->kind == VIEWER_REMB;
	}
}


static void destructor(void *arg)
{
	struct viewer *v = arg;

	mem_deref(v->a);
	mem_deref(v->b);
}


int viewer_alloc(struct viewer **vp, enum viewer_kind kind, unsigned tag,
		 struct wire *down, struct wire *up, uint64_t now)
{
	struct leg_h ha = leg_stub, hb = leg_stub;
	struct viewer *v;
	struct ticket t;
	int err;

	on_loop();
	v = mem_zalloc(sizeof(*v), destructor);
	if (!v)
		return ENOMEM;
	v->kind = kind;
	v->tag  = tag;
	v->down = down;
	v->up   = up;
	v->now  = v->start = now;
	v->budget = UINT32_MAX;
	v->rung = viewer_rungc;
	v->stream = 1;
	v->key  = true;
	v->audio_us = v->video_us = now;
	v->audio_bytes = 60;              /* 24 kbit/s                    */
	v->audio_ms = 20;
	audio_net_init(&v->net);
	ticket_make(&t, v);
	ha.sendh = a_send_handler;
	ha.packeth = a_packet_handler;
	ha.keyh = a_key_handler;
	hb.sendh = b_send_handler;
	hb.packeth = b_packet_handler;
	err  = leg_alloc(&v->a, &t, &ha, v, now);
	if (!err)
		err = leg_alloc(&v->b, &t, &hb, v, now);
	if (err) {
		mem_deref(v);
		return err;
	}
	leg_ready(v->a, true, now);
	leg_ready(v->b, true, now);
	*vp = v;

	return 0;
}


bool viewer_recv(struct viewer *v, unsigned tag, const uint8_t *p, size_t n,
		 uint64_t now)
{
	on_loop();
	if (tag >> 3 != v->tag)
		return false;
	v->now = max(v->now, now);
	leg_recv(tag & 1 ? v->a : v->b, tag >> 1 & 3, false, NULL, p, n,
		 v->now);

	return true;
}


/* ---- the encoder ------------------------------------------------------- */

static void send_sound(struct viewer *v)
{
	struct unit *u = unit_alloc(v->audio_bytes, 1);

	on_loop();
	if (!u)
		return;
	u->codec  = CODEC_OPUS;
	u->pts_us = v->audio_us;
	u->payv[0].len = v->audio_bytes;
	leg_send_audio(v->a, u, (uint32_t)(v->audio_us * 48 / 1000), v->now);
	unit_unref(u);
	++v->sent;
}


/* A key frame is six times as large as the others, as of a picture in
 * which something moves; those after it are smaller for a second. */
static void send_picture(struct viewer *v)
{
	const struct video_rung *r = &viewer_rungv[v->rung - 1];
	size_t n = r->kbps * 125 / r->fps, i, c;
	bool key = v->key && v->now - v->key_us >= KEY_US;
	struct unit *u;

	on_loop();
	if (key) {
		v->key = false;
		v->key_us = v->now;
		n = min(6 * n, r->kbps * 75ul);
	}
	else if (v->now - v->key_us < 1000 * MS) {
		n = n * 4 / 5;
	}
	c = (n + PAYLOAD - 1) / PAYLOAD;
	u = unit_alloc(n, (unsigned)c);
	if (!u)
		return;
	memset(u->data, key ? 0 : 1, n);
	u->codec  = CODEC_VP8;
	u->stream = v->stream;
	u->seq    = ++v->seq;
	u->key    = key;
	u->pts_us = v->now;
	for (i = 0; i < c; i++)
		u->payv[i] = (struct unit_payload){
			.hdr = {i ? 0 : 0x10}, .hdrlen = 1,
			.marker = i + 1 == c, .off = (uint32_t)i * PAYLOAD,
			.len = (uint32_t)min((size_t)PAYLOAD,
					     n - i * PAYLOAD)};
	leg_send_video(v->a, u, v->now);
	unit_unref(u);
}


static void go(struct viewer *v, uint32_t cost, bool down)
{
	unsigned i = viewer_rungc;

	on_loop();
	while (i && leg_rate_cost(&viewer_rungv[i - 1]) > cost)
		--i;
	if (down)
		leg_drop_video(v->a);
	if (i == v->rung) {
		v->key = true;
		return;
	}
	v->rung = i;
	++v->stream;
	v->seq = 0;
	v->key = true;
	v->key_us = 0;
}


/* As the mixer does it, with numbers as of audio_class.c */
static void sound(struct viewer *v, struct leg_path *path)
{
	on_loop();
	if (!audio_net_path(&v->net, path->bound ? path->kbps : 0, v->now))
		return;

	v->audio_ms = v->net.width == AUDIO_THIN ? 60 : 20;
	v->audio_bytes = v->net.width == AUDIO_THIN ? 120 : 60;
	leg_sound_less(v->a, audio_net_cost(v->net.width));
	leg_path(v->a, path, v->now);
}


static void look(struct viewer *v)
{
	struct leg_rate_in in = {
		.cur = v->rung ? leg_rate_cost(&viewer_rungv[v->rung - 1])
			: 0,
		.next = v->rung < viewer_rungc ?
			leg_rate_cost(&viewer_rungv[v->rung]) : 0,
		.last = v->rung == 1,
	};
	struct leg_rate_out out;

	on_loop();
	leg_path(v->a, &in.path, v->now);
	sound(v, &in.path);
	switch (leg_rate_step(&v->rate, &in, &out, v->now)) {

	case LEG_RATE_DOWN:  go(v, out.kbps, true); break;
	case LEG_RATE_TRY:
		leg_try(v->a, out.path_kbps, v->now);
		go(v, out.kbps, false);
		break;
	case LEG_RATE_UP:    go(v, out.kbps, false); break;
	case LEG_RATE_PROBE: leg_probe(v->a, out.path_kbps, v->now); break;
	case LEG_RATE_STAY:  break;
	}
}


static void end_run(struct leg *leg, uint64_t now)
{
	on_loop();
	if (leg_due(leg) <= now)
		leg_run(leg, now);
}


void viewer_run(struct viewer *v, uint64_t now)
{
	on_loop();
	v->now = max(v->now, now);
	while (v->audio_us <= v->now) {
		send_sound(v);
		v->audio_us += v->audio_ms * MS;
	}
	while (v->video_us <= v->now) {
		if (v->rung)
			send_picture(v);
		v->video_us += 1000000 / (v->rung ?
			viewer_rungv[v->rung - 1].fps : 5);
	}
	end_run(v->a, v->now);
	end_run(v->b, v->now);
	if (v->now - v->rate_us >= LEG_RATE_MS * MS) {
		v->rate_us = v->now;
		look(v);
	}
	v->secs = (unsigned)((v->now - v->start) / 1000000);
	if (v->secs < VIEWER_SECS)
		v->rungv[v->secs] = (uint8_t)v->rung;
}


void viewer_clear(struct viewer *v)
{
	v->heard = v->sent = v->seen = v->breaks = 0;
	v->heard_us = v->gap_us = v->seen_us = v->dark_us = 0;
}


unsigned viewer_lost(const struct viewer *v)
{
	return v->sent > v->heard ?
		(v->sent - v->heard) * 1000 / v->sent : 0;
}
