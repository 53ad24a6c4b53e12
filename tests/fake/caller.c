/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/caller.c -- a caller without signalling
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>
#include <libavutil/frame.h>

#include "base/clock.h"
#include "mixer/codec_audio.h"
#include "mixer/codec_video.h"
#include "mixer/pkt.h"
#include "mixer/rtp_frame.h"
#include "mixer/rtp_pack.h"
#include "mixer/video.h"
#include "tests/fake/caller.h"

enum {
	AUDIO = 0, VIDEO = 1,
	PT_PCMU = 0, PT_DTMF = 101, PT_VIDEO = 97,
	W = 640, H = 360, FPS = 25,
	SAMPLES = 160,
	PAYLOAD = 1200,
};

struct out {
	uint32_t ssrc, ts;
	uint16_t seq;
	uint64_t due;
};

struct sock {
	struct caller *party;
	int idx;
	int fd;
};

struct caller_priv {
	struct caller *party;
	struct sock sockv[4];     /* ours, connected to the mixer's       */
	struct out outv[2];
	double phase;
	void *enc;                /* PCMU                                 */
	void *dec;
	struct venc *venc;
	struct vpic pic;
	unsigned n;               /* pictures sent                        */
	struct rtp_pack pack;
	struct rtp_frame *frame;
	struct vdec *vdec;
	uint64_t cycles;          /* extends sequence numbers             */
	uint16_t last;
	bool got;
};

static void be32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

static uint32_t rd32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void header(uint8_t *p, struct out *o, uint8_t pt, bool marker)
{
	p[0] = 0x80;
	p[1] = pt | (marker ? 0x80 : 0);
	p[2] = o->seq >> 8;
	p[3] = o->seq & 0xff;
	be32(p + 4, o->ts);
	be32(p + 8, o->ssrc);
	++o->seq;
}

/* ---- sending ---------------------------------------------------------- */

static void send_audio(struct caller_priv *pv)
{
	const struct codec_audio *pcmu = codec_audio_find(CODEC_PCMU);
	struct out *o = &pv->outv[AUDIO];
	int16_t pcm[SAMPLES];
	uint8_t buf[12 + SAMPLES];
	size_t len = SAMPLES;
	int i;

	for (i = 0; i < SAMPLES; i++) {
		pcm[i] = (int16_t)(4000 * sin(pv->phase));
		pv->phase += 2 * M_PI * pv->party->cfg.hz / CALLER_HZ;
	}
	header(buf, o, PT_PCMU, false);
	if (!pcmu->encode(pv->enc, buf + 12, &len, pcm, SAMPLES)
	    && send(pv->sockv[0].fd, buf, 12 + len, MSG_DONTWAIT) < 0)
		return;
	o->ts += SAMPLES;
}

static void draw(struct caller_priv *pv)
{
	const struct caller_cfg *c = &pv->party->cfg;
	unsigned x = pv->n * 8 % (W - 32), row;

	memset(pv->pic.data[0], c->y, (size_t)pv->pic.stride[0] * H);
	memset(pv->pic.data[1], c->u, (size_t)pv->pic.stride[1] * H / 2);
	memset(pv->pic.data[2], c->v, (size_t)pv->pic.stride[2] * H / 2);
	for (row = 0; row < 16; row++)
		memset(pv->pic.data[0] + row * pv->pic.stride[0] + x, 235,
		       32);
}

static void send_video(struct caller_priv *pv)
{
	struct out *o = &pv->outv[VIDEO];
	struct venc_out out;
	struct unit *unit = NULL;
	unsigned i;

	draw(pv);
	/* a key frame a second: this test is not about feedback */
	if (venc_put(pv->venc, &pv->pic, NULL, pv->n++ % FPS == 0, &out)
	    || rtp_pack_video(&unit, &pv->pack, out.data, out.len))
		return;

	for (i = 0; i < unit->payc; i++) {
		const struct unit_payload *pay = &unit->payv[i];
		uint8_t buf[2048];

		header(buf, o, PT_VIDEO, pay->marker);
		memcpy(buf + 12, pay->hdr, pay->hdrlen);
		memcpy(buf + 12 + pay->hdrlen, unit->data + pay->off,
		       pay->len);
		if (send(pv->sockv[2].fd, buf, 12 + pay->hdrlen + pay->len,
			 MSG_DONTWAIT) < 0)
			break;
	}
	unit_unref(unit);
	o->ts += 90000 / FPS;
}

void caller_run(struct caller *p, uint64_t now)
{
	struct caller_priv *pv = p->priv;

	if (p->silent) {
		pv->outv[AUDIO].due = pv->outv[VIDEO].due = now;
		return;
	}
	while (pv->outv[AUDIO].due <= now) {
		send_audio(pv);
		pv->outv[AUDIO].due += 20000;
	}
	while (pv->venc && pv->outv[VIDEO].due <= now) {
		send_video(pv);
		pv->outv[VIDEO].due += 1000000 / FPS;
	}
	if (pv->frame)
		rtp_frame_run(pv->frame, now);
}

void caller_dtmf(struct caller *p, char digit)
{
	struct caller_priv *pv = p->priv;
	struct out *o = &pv->outv[AUDIO];
	static const char digits[] = "0123456789*#ABCD";
	const char *at = strchr(digits, digit);
	unsigned i;

	if (!at)
		return;
	for (i = 0; i < 6; i++) {
		uint8_t buf[16];
		unsigned dur = 400 * (i < 3 ? i + 1 : 4);

		header(buf, o, PT_DTMF, i == 0);
		buf[12] = (uint8_t)(at - digits);
		buf[13] = (i >= 3 ? 0x80 : 0) | 10;
		buf[14] = dur >> 8;
		buf[15] = dur & 0xff;
		if (send(pv->sockv[0].fd, buf, sizeof(buf), MSG_DONTWAIT) < 0)
			return;
	}
	o->ts += 1600;
}

/* ---- receiving -------------------------------------------------------- */

static void rtcp(struct caller *p, const uint8_t *b, size_t n)
{
	while (n >= 4) {
		size_t len = 4 + 4 * ((size_t)b[2] << 8 | b[3]);

		if (len > n)
			return;
		p->byes += b[1] == RTCP_BYE;
		p->srs += b[1] == RTCP_SR;
		b += len;
		n -= len;
	}
}

static void audio_in(struct caller *p, const uint8_t *b, size_t n)
{
	const struct codec_audio *pcmu = codec_audio_find(CODEC_PCMU);
	int16_t pcm[960];
	unsigned k = 960, i;

	if (n <= 12 || (b[1] & 0x7f) != PT_PCMU)
		return;
	if (pcmu->decode(p->priv->dec, pcm, &k, b + 12, n - 12))
		return;
	++p->packets;
	p->ssrc = rd32(b + 8);
	for (i = 0; i < k; i++) {
		p->earv[p->ear] = pcm[i];
		p->ear = (p->ear + 1) % CALLER_EAR;
	}
}

static void picture_handler(AVFrame *f, void *arg)
{
	struct caller *p = arg;
	unsigned i, row;

	if (p->w != (unsigned)f->width || p->h != (unsigned)f->height) {
		for (i = 0; i < 3; i++) {
			free(p->pic[i]);
			p->pic[i] = malloc((size_t)f->width * f->height);
		}
		p->w = f->width;
		p->h = f->height;
	}
	for (i = 0; i < 3; i++) {
		unsigned w = i ? p->w / 2 : p->w, h = i ? p->h / 2 : p->h;

		for (row = 0; row < h && p->pic[i]; row++)
			memcpy(p->pic[i] + row * w,
			       f->data[i] + row * f->linesize[i], w);
	}
	++p->pictures;
}

static void frame_handler(const struct rtp_frame_info *info, void *arg)
{
	struct caller *p = arg;

	if (!info->broken)
		(void)vdec_put(p->priv->vdec, info->data, info->len,
			       info->ts, picture_handler, p);
}

static void video_in(struct caller *p, const uint8_t *b, size_t n)
{
	struct caller_priv *pv = p->priv;
	uint16_t seq = b[2] << 8 | b[3];
	struct pkt *pkt;

	if (n <= 12 || (b[1] & 0x7f) != PT_VIDEO)
		return;
	pkt = pkt_get();
	if (!pkt)
		return;
	if (pv->got && seq < 0x4000 && pv->last > 0xc000)
		pv->cycles += 65536;
	pv->got = true;
	pv->last = seq;
	memset(pkt, 0, offsetof(struct pkt, data));
	pkt->rx_us = clock_us();
	pkt->seq = pv->cycles + 65536 + seq;
	pkt->ts = rd32(b + 4);
	pkt->ssrc = rd32(b + 8);
	pkt->pt = PT_VIDEO;
	pkt->marker = b[1] & 0x80;
	pkt->level = -1;
	pkt->len = n - 12;
	memcpy(pkt->data, b + 12, n - 12);
	rtp_frame_put(pv->frame, pkt, pkt->rx_us);
}

static void read_handler(int flags, void *arg)
{
	struct sock *sock = arg;
	uint8_t buf[4096];
	ssize_t n;

	(void)flags;

	while ((n = recv(sock->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		if (sock->idx == 0)
			audio_in(sock->party, buf, n);
		else if (sock->idx == 2)
			video_in(sock->party, buf, n);
		else
			rtcp(sock->party, buf, n);
	}
}

/* ---- measuring -------------------------------------------------------- */

void caller_deaf(struct caller *p)
{
	memset(p->earv, 0, sizeof(p->earv));
}

double caller_hears(const struct caller *p, double hz, unsigned ms)
{
	unsigned n = CALLER_HZ / 1000 * ms, i;
	double s1 = 0, s2 = 0, k = 2 * cos(2 * M_PI * hz / CALLER_HZ), power;

	for (i = 0; i < n; i++) {
		unsigned at = (p->ear + CALLER_EAR - n + i) % CALLER_EAR;
		double s0 = p->earv[at] / 32768.0 + k * s1 - s2;

		s2 = s1;
		s1 = s0;
	}
	power = (s1 * s1 + s2 * s2 - k * s1 * s2) / ((double)n * n / 4);

	return 10 * log10(power + 1e-12);
}

static bool near(uint8_t a, uint8_t b)
{
	return abs((int)a - b) < 14;
}

double caller_sees(const struct caller *p, uint8_t y, uint8_t u, uint8_t v)
{
	unsigned x, row, n = 0;

	if (!p->pic[0])
		return 0;
	for (row = 0; row < p->h; row += 2) {
		for (x = 0; x < p->w; x += 2) {
			unsigned c = row / 2 * (p->w / 2) + x / 2;

			n += near(p->pic[0][row * p->w + x], y)
				&& near(p->pic[1][c], u)
				&& near(p->pic[2][c], v);
		}
	}

	return n * 4.0 / (p->w * p->h);
}

/* ---- set-up ----------------------------------------------------------- */

static int bound(struct sa *addr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin))
	    || getsockname(fd, (struct sockaddr *)&sin, &len)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	sa_set_sa(addr, (struct sockaddr *)&sin);

	return fd;
}

static int sockets(struct caller *p)
{
	struct ticket *t = &p->ticket;
	struct sa *raddrv[4] = {&t->audio.raddr, &t->audio.raddr_rtcp,
				&t->video.raddr, &t->video.raddr_rtcp};
	int i;

	for (i = 0; i < 4; i++) {
		struct sock *sock = &p->priv->sockv[i];
		struct sa there;

		sock->party = p;
		sock->idx = i;
		sock->fd = bound(raddrv[i]);
		p->mixer_fdv[i] = bound(&there);
		if (sock->fd < 0 || p->mixer_fdv[i] < 0
		    || connect(sock->fd, &there.u.sa, there.len)
		    || fd_listen(sock->fd, FD_READ, read_handler, sock))
			return EADDRNOTAVAIL;
	}

	return 0;
}

static void ticket(struct caller *p)
{
	struct ticket *t = &p->ticket;
	struct ticket_media *m = &t->audio;

	str_ncpy(t->name, p->cfg.name, sizeof(t->name));
	m->on = m->send = m->recv = true;
	m->rtp_fd = 0;
	m->rtcp_fd = 1;
	m->ptime_ms = 20;
	m->fmtv[0] = (struct ticket_fmt){.codec = CODEC_PCMU, .pt = PT_PCMU,
		.tx_pt = PT_PCMU, .clock_hz = 8000, .channels = 1};
	m->fmtv[1] = (struct ticket_fmt){.codec = CODEC_TELEV, .pt = PT_DTMF,
		.tx_pt = PT_DTMF, .clock_hz = 8000, .channels = 1};
	m->fmtc = 2;

	m = &t->video;
	m->rtp_fd = 2;
	m->rtcp_fd = 3;
	if (p->cfg.video == CODEC_NONE)
		return;
	m->on = m->send = m->recv = true;
	m->fb_pli = true;
	m->fmtv[0] = (struct ticket_fmt){.codec = p->cfg.video,
		.pt = PT_VIDEO, .tx_pt = PT_VIDEO, .clock_hz = 90000,
		.pkt_mode = 1, .profile_idc = 0x42, .profile_iop = 0xe0,
		.level_idc = 31};
	m->fmtc = 1;
}

static int codecs(struct caller_priv *pv, enum ticket_codec video)
{
	const struct codec_audio *pcmu = codec_audio_find(CODEC_PCMU);
	const struct codec_audio_prm prm = {.channels = 1, .ptime_ms = 20};
	const struct video_rung rung = {
		.codec = video, .width = W, .height = H, .fps = FPS,
		.kbps = 500, .pkt_mode = 1, .level_idc = 31,
	};
	int err = 0;

	if (pcmu->enc_alloc)
		err |= pcmu->enc_alloc(&pv->enc, &prm);
	if (pcmu->dec_alloc)
		err |= pcmu->dec_alloc(&pv->dec, 1);
	pv->pack = (struct rtp_pack){.codec = video, .pkt_mode = 1,
				     .max = PAYLOAD};
	if (err || video == CODEC_NONE)
		return err;

	err |= vpic_init(&pv->pic, W, H);
	err |= venc_alloc(&pv->venc, &rung, PAYLOAD);
	err |= vdec_alloc(&pv->vdec, video);
	err |= rtp_frame_alloc(&pv->frame, video, frame_handler, pv->party);

	return err;
}

static void destructor(void *data)
{
	struct caller *p = data;
	struct caller_priv *pv = p->priv;
	int i;

	for (i = 0; i < 4; i++) {
		if (p->mixer_fdv[i] >= 0)
			close(p->mixer_fdv[i]);
		if (pv && pv->sockv[i].fd >= 0) {
			fd_close(pv->sockv[i].fd);
			close(pv->sockv[i].fd);
		}
	}
	if (pv) {
		mem_deref(pv->enc);
		mem_deref(pv->dec);
		mem_deref(pv->venc);
		mem_deref(pv->vdec);
		mem_deref(pv->frame);
		vpic_close(&pv->pic);
	}
	for (i = 0; i < 3; i++)
		free(p->pic[i]);
	mem_deref(pv);
}

int caller_alloc(struct caller **pp, const struct caller_cfg *cfg)
{
	struct caller *p = mem_zalloc(sizeof(*p), destructor);
	uint64_t now = clock_us();
	int i, err;

	if (!p)
		return ENOMEM;
	p->priv = mem_zalloc(sizeof(*p->priv), NULL);
	for (i = 0; i < 4; i++) {
		p->mixer_fdv[i] = -1;
		if (p->priv)
			p->priv->sockv[i].fd = -1;
	}
	if (!p->priv) {
		mem_deref(p);
		return ENOMEM;
	}
	p->cfg = *cfg;
	p->priv->party = p;
	for (i = 0; i < 2; i++) {
		p->priv->outv[i].ssrc = rand_u32();
		p->priv->outv[i].ts = rand_u32();
		p->priv->outv[i].seq = rand_u16() & 0x7fff;
		p->priv->outv[i].due = now;
	}
	ticket_init(&p->ticket, cfg->id);
	ticket(p);
	err = sockets(p);
	if (!err)
		err = codecs(p->priv, cfg->video);
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}
