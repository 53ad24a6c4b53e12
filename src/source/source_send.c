/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source_send.c -- RTP at its time, RTCP both ways, events
 *
 * Media time becomes wall time by one anchor for sound and picture, so the
 * sender reports keep them together.  A maker that falls behind or runs
 * ahead (a camera's clock, a stalled disk) moves the anchor, for both.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/clock.h"
#include "source/source.h"

enum {
	HDR = 12,
	START_US = 50000,         /* first unit after it was made         */
	LATE_US  = 400000,        /* later than that: move the anchor     */
	EARLY_US = 1500000,
	SR_US    = 1000000,
	FULL_MS  = 100,           /* wait for room in the socket          */
	PSFB_FIR = 4,             /* RFC 5104                             */
};

struct stream {
	int fd;
	uint8_t pt;
	uint32_t clock;
	uint32_t ssrc, ts0;
	uint16_t seq;
	uint32_t packets, octets;
	uint64_t sr_us;           /* next report                          */
	bool sent;
};

struct send {
	const struct source_cfg *cfg;
	struct source_queue *q;
	struct stream audio, video;
	uint64_t base_us;         /* monotonic time of media time 0       */
	bool anchored;
	bool playing;             /* said so                              */
	bool gone;                /* nobody at the other ends             */
};

static volatile sig_atomic_t stopped;

void source_send_stop(void)
{
	stopped = 1;
}

static void event(const struct send *s, json_t *obj)
{
	char *text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;

	if (text && dprintf(s->cfg->event_fd, "%s\n", text) < 0)
		text[0] = '\0';
	free(text);
	json_decref(obj);
}

static void be16(uint8_t *p, unsigned v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static void be32(uint8_t *p, uint32_t v)
{
	be16(p, v >> 16);
	be16(p + 2, v & 0xffff);
}

/* The pair holds few datagrams: wait a little for the reader. */
static void transmit(struct send *s, struct stream *st,
		     const struct iovec *iov, size_t iovc)
{
	struct msghdr msg = {.msg_iov = (struct iovec *)iov,
			     .msg_iovlen = iovc};
	struct pollfd pfd = {.fd = st->fd, .events = POLLOUT};

	for (;;) {
		if (sendmsg(st->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return;
		if (errno == EINTR)
			continue;
		if (errno == ECONNREFUSED || errno == EPIPE
		    || errno == ENOTCONN || errno == ECONNRESET) {
			s->gone = true;
			return;
		}
		if (errno != EAGAIN && errno != ENOBUFS)
			return;
		if (poll(&pfd, 1, FULL_MS) <= 0)
			return;
	}
}

static uint32_t rtp_ts(const struct stream *st, uint64_t pts_us)
{
	return st->ts0 + (uint32_t)(pts_us * (st->clock / 1000) / 1000);
}

static void send_rtp(struct send *s, struct stream *st, uint32_t ts,
		     bool marker, struct iovec *iov, size_t iovc)
{
	uint8_t hdr[HDR];
	size_t i, n = 0;

	hdr[0] = 0x80;
	hdr[1] = st->pt | (marker ? 0x80 : 0);
	be16(hdr + 2, st->seq++);
	be32(hdr + 4, ts);
	be32(hdr + 8, st->ssrc);
	iov[0].iov_base = hdr;
	iov[0].iov_len = HDR;
	for (i = 1; i < iovc; i++)
		n += iov[i].iov_len;

	transmit(s, st, iov, iovc);
	++st->packets;
	st->octets += n;
}

static void send_unit(struct send *s, struct unit *unit)
{
	bool video = codec_is_video(unit->codec);
	struct stream *st = video ? &s->video : &s->audio;
	uint32_t ts = rtp_ts(st, unit->pts_us);
	struct iovec iov[3];
	unsigned i;

	if (st->fd < 0)
		return;

	if (!video) {
		iov[1].iov_base = unit->data;
		iov[1].iov_len = unit->len;
		send_rtp(s, st, ts, !st->sent, iov, 2);
	}
	for (i = 0; video && i < unit->payc; i++) {
		struct unit_payload *pay = &unit->payv[i];

		iov[1].iov_base = pay->hdr;
		iov[1].iov_len = pay->hdrlen;
		iov[2].iov_base = unit->data + pay->off;
		iov[2].iov_len = pay->len;
		send_rtp(s, st, ts, pay->marker, iov, 3);
	}
	st->sent = true;
}

/* RFC 3550 section 6.4.1 and 6.5: SR, SDES with CNAME, maybe BYE */
static void send_sr(struct send *s, struct stream *st, uint64_t now,
		    bool bye)
{
	static const char cname[] = "tutti-source";
	const size_t cn = sizeof(cname) - 1;
	uint64_t pts = now > s->base_us ? now - s->base_us : 0;
	uint64_t ntp = clock_ntp(now);
	uint8_t p[80] = {0};
	struct iovec iov = {p, 0};
	size_t n = 28, sdes;

	if (st->fd < 0 || !st->sent)
		return;

	p[0] = 0x80;
	p[1] = RTCP_SR;
	be16(p + 2, 6);
	be32(p + 4, st->ssrc);
	be32(p + 8, ntp >> 32);
	be32(p + 12, (uint32_t)ntp);
	be32(p + 16, rtp_ts(st, pts));
	be32(p + 20, st->packets);
	be32(p + 24, st->octets);

	sdes = (4 + 4 + 2 + cn + 1 + 3) & ~3u;
	p[n] = 0x81;
	p[n + 1] = RTCP_SDES;
	be16(p + n + 2, sdes / 4 - 1);
	be32(p + n + 4, st->ssrc);
	p[n + 8] = 1;
	p[n + 9] = cn;
	memcpy(p + n + 10, cname, cn);
	n += sdes;

	if (bye) {
		p[n] = 0x81;
		p[n + 1] = RTCP_BYE;
		be16(p + n + 2, 1);
		be32(p + n + 4, st->ssrc);
		n += 8;
	}
	iov.iov_len = n;
	transmit(s, st, &iov, 1);
	st->sr_us = now + SR_US;
}

/* What the mixer says: only its wish for a key frame matters. */
static void rtcp(struct send *s, const uint8_t *p, size_t n)
{
	while (n >= 4) {
		size_t len = 4 + 4 * (((size_t)p[2] << 8) | p[3]);
		unsigned fmt = p[0] & 0x1f;

		if ((p[0] & 0xc0) != 0x80 || len > n)
			return;
		if (p[1] == RTCP_FIR
		    || (p[1] == RTCP_PSFB
			&& (fmt == RTCP_PSFB_PLI || fmt == PSFB_FIR)))
			source_queue_want_key(s->q);
		p += len;
		n -= len;
	}
}

static void receive(struct send *s, struct stream *st)
{
	uint8_t buf[2048];
	ssize_t n;
	int i;

	for (i = 0; i < 32; i++) {
		n = recv(st->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0) {
			s->gone = s->gone || errno == ECONNRESET
				|| errno == ENOTCONN;
			return;
		}
		if (n >= 8 && buf[1] >= 192 && buf[1] <= 223)
			rtcp(s, buf, n);
	}
}

/* When the first unit is due. */
static uint64_t due_of(struct send *s, uint64_t pts, uint64_t now)
{
	uint64_t due;

	if (!s->anchored) {
		s->anchored = true;
		s->base_us = now + START_US - pts;
	}
	due = s->base_us + pts;
	if (now > due + LATE_US)
		s->base_us += now - due;
	else if (due > now + EARLY_US)
		s->base_us -= due - now - START_US;

	return s->base_us + pts;
}

static void say_playing(struct send *s)
{
	const char *audio, *video;

	s->playing = true;
	source_queue_description(s->q, &audio, &video);
	event(s, json_pack("{ss ss ss}", "event", "playing",
			   "audio", audio, "video", video));
}

static uint64_t send_due(struct send *s, uint64_t now)
{
	uint64_t pts, due;

	while ((pts = source_queue_first(s->q)) != UINT64_MAX) {
		struct unit *unit;

		due = due_of(s, pts, now);
		if (due > now)
			return due;

		unit = source_queue_get(s->q);
		if (!unit)
			break;
		send_unit(s, unit);
		unit_unref(unit);
		if (!s->playing)
			say_playing(s);
	}

	return UINT64_MAX;
}

static void reports(struct send *s, uint64_t now)
{
	if (now >= s->audio.sr_us)
		send_sr(s, &s->audio, now, false);
	if (now >= s->video.sr_us)
		send_sr(s, &s->video, now, false);
}

static void wait_for(struct send *s, uint64_t due, uint64_t now)
{
	struct pollfd pfdv[3] = {
		{.fd = source_queue_fd(s->q), .events = POLLIN},
		{.fd = s->audio.fd, .events = POLLIN},
		{.fd = s->video.fd, .events = POLLIN},
	};
	int64_t us = due == UINT64_MAX ? 500000 : (int64_t)(due - now);
	struct timespec ts;
	uint64_t n;

	if (us > 500000)
		us = 500000;
	ts.tv_sec = us / 1000000;
	ts.tv_nsec = us % 1000000 * 1000;
	if (ppoll(pfdv, 3, &ts, NULL) <= 0)
		return;

	if (pfdv[0].revents && read(pfdv[0].fd, &n, sizeof(n)) < 0
	    && errno != EAGAIN)
		s->gone = true;
	if (pfdv[1].revents)
		receive(s, &s->audio);
	if (pfdv[2].revents)
		receive(s, &s->video);
}

static void stream_init(struct stream *st, int fd, uint8_t pt, uint32_t clock)
{
	st->fd = fd;
	st->pt = pt;
	st->clock = clock;
	st->ssrc = rand_u32();
	st->ts0 = rand_u32();
	st->seq = rand_u16() & 0x7fff;
}

int source_send_run(const struct source_cfg *cfg, struct source_queue *q)
{
	struct send s = {.cfg = cfg, .q = q};
	const char *text = NULL;
	bool ended = false;
	uint64_t now;

	stream_init(&s.audio, cfg->audio_fd, cfg->audio_pt, 48000);
	stream_init(&s.video, cfg->video_fd, cfg->video_pt, 90000);

	while (!stopped && !s.gone) {
		uint64_t due;

		now = clock_us();
		due = send_due(&s, now);
		reports(&s, now);
		ended = source_queue_ended(q, &text);
		if (ended)
			break;
		wait_for(&s, due, clock_us());
	}

	now = clock_us();
	send_sr(&s, &s.audio, now, true);
	send_sr(&s, &s.video, now, true);
	if (ended && text)
		event(&s, json_pack("{ss ss}", "event", "failed", "text",
				    text));
	else if (ended)
		event(&s, json_pack("{ss}", "event", "ended"));

	return ended && text ? 1 : 0;
}
