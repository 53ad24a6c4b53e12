/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/peer_rtp.c -- RTP and RTCP by hand, counting what comes
 *
 * Threads: one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tests/flow/peer.h"

enum { NTP_1970 = 2208988800u };


static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}


static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}


int stream_open(struct stream *s, struct call *c, bool video)
{
	int port = peer.port + CALL_PORTS * c->idx + (video ? 2 : 0);

	c->idx = (int)(c - peer.callv);
	port = peer.port + CALL_PORTS * c->idx + (video ? 2 : 0);
	s->video = video;
	s->ssrc  = (uint32_t)now_us() * 2654435761u + video;
	s->seq   = (uint16_t)(s->ssrc >> 8);
	s->ts    = s->ssrc >> 3;
	(void)snprintf(s->name, sizeof(s->name), "%s%d", video ? "eye" :
		       "ear", c->idx);
	s->fdv[0] = sock_bind(peer.ip, port, false);
	s->fdv[1] = sock_bind(peer.ip, port + 1, false);
	stream_forget(s);

	return s->fdv[0] < 0 || s->fdv[1] < 0 ? EIO : 0;
}


void stream_forget(struct stream *s)
{
	memset(&s->c, 0, sizeof(s->c));
	s->c.idr_gap_ms = UINT64_MAX;
	s->rx_any = false;
	if (s->out)
		(void)fclose(s->out);
	s->out = NULL;
}


void stream_remote(struct stream *s, const char *ip, int port, int rtcp,
		   bool mux)
{
	(void)addr_set(&s->tov[0], ip, port);
	(void)addr_set(&s->tov[1], ip, mux ? port : rtcp);
	s->mux = mux;
	if (!port)
		s->tov[0].len = s->tov[1].len = 0;
}


/* One m-line and what is in it, up to the next */
static void sdp_media(struct call *c, const char *m, const char *end,
		      const char *session_ip)
{
	struct stream *s = !strncmp(m, "m=video", 7) ? &c->v : &c->a;
	char ip[64];
	const char *p;
	int port = atoi(m + 8), rtcp = port + 1;
	bool mux = false;

	(void)snprintf(ip, sizeof(ip), "%s", session_ip);
	for (p = m; p && p < end; p = strstr(p, "\n"), p = p ? p + 1 : p) {
		if (!strncmp(p, "c=IN IP", 7))
			(void)sscanf(p + 9, "%63s", ip);
		else if (!strncmp(p, "a=rtcp:", 7))
			rtcp = atoi(p + 7);
		else if (!strncmp(p, "a=rtcp-mux", 10))
			mux = true;
	}
	stream_remote(s, ip, port, rtcp, mux);
}


void call_sdp(struct call *c, const char *sdp)
{
	const char *p = strstr(sdp, "c=IN IP"), *m, *next;
	char ip[64] = "";
	bool seen[2] = {false, false};    /* the first of each counts */

	m = strstr(sdp, "\nm=");
	if (p && m && p < m)
		(void)sscanf(p + 9, "%63s", ip);
	for (; m; m = next) {
		int video = !strncmp(m, "\nm=video", 8);

		next = strstr(m + 1, "\nm=");
		if ((video || !strncmp(m, "\nm=audio", 8)) && !seen[video])
			sdp_media(c, m + 1, next ? next : m + strlen(m), ip);
		seen[video] |= video || !strncmp(m, "\nm=audio", 8);
	}
}


void stream_send(struct stream *s, const uint8_t *p, size_t n, uint32_t ts,
		 bool marker, int pt)
{
	uint8_t buf[2000];

	if (!s->tov[0].len || n > sizeof(buf) - 12)
		return;
	buf[0] = 0x80;
	buf[1] = (uint8_t)((marker ? 0x80 : 0) | pt);
	buf[2] = (uint8_t)(s->seq >> 8);
	buf[3] = (uint8_t)s->seq;
	++s->seq;
	put32(buf + 4, ts);
	put32(buf + 8, s->ssrc);
	memcpy(buf + 12, p, n);
	++s->tx_packets;
	s->tx_bytes += (uint32_t)n;
	if (s->drop && s->tx_packets % s->drop == 0)
		return;
	(void)sendto(s->fdv[0], buf, n + 12, 0,
		     (struct sockaddr *)&s->tov[0].ss, s->tov[0].len);
}


static void rtcp_send(struct stream *s, const uint8_t *p, size_t n)
{
	if (s->tov[1].len)
		(void)sendto(s->fdv[s->mux ? 0 : 1], p, n, 0,
			     (struct sockaddr *)&s->tov[1].ss,
			     s->tov[1].len);
}


static size_t head(uint8_t *p, unsigned count, unsigned type, size_t words,
		   uint32_t ssrc)
{
	p[0] = (uint8_t)(0x80 | count);
	p[1] = (uint8_t)type;
	p[2] = 0;
	p[3] = (uint8_t)(words - 1);
	put32(p + 4, ssrc);

	return words * 4;
}


/* SR or RR, and who we are */
static size_t report(struct stream *s, uint8_t *buf)
{
	struct timespec ts;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (s->sending) {
		n = head(buf, 0, 200, 7, s->ssrc);
		put32(buf + 8, (uint32_t)ts.tv_sec + NTP_1970);
		put32(buf + 12, (uint32_t)((double)ts.tv_nsec * 4.294967296));
		put32(buf + 16, s->ts);
		put32(buf + 20, s->tx_packets);
		put32(buf + 24, s->tx_bytes);
	}
	else
		n = head(buf, 0, 201, 2, s->ssrc);
	(void)head(buf + n, 1, 202, 4, s->ssrc);
	memcpy(buf + n + 8, "\1\4peer\0\0", 8);

	return n + 16;
}


void stream_rtcp(struct stream *s, uint64_t now)
{
	uint8_t buf[100];

	if (s->rtcp_us > now || s->quiet)
		return;
	s->rtcp_us = now + 1000000;
	rtcp_send(s, buf, report(s, buf));
}


void stream_ask(struct stream *s, bool fir)
{
	static uint8_t seq;
	uint8_t buf[140];
	size_t n = report(s, buf);

	(void)head(buf + n, fir ? 4 : 1, 206, fir ? 5 : 3, s->ssrc);
	put32(buf + n + 8, fir ? 0 : s->c.ssrc);
	put32(buf + n + 12, s->c.ssrc);
	put32(buf + n + 16, (uint32_t)seq++ << 24);
	rtcp_send(s, buf, n + (fir ? 20 : 12));
}


/* RFC 5104 section 4.2.1: not more than that, without headers */
void stream_limit(struct stream *s, unsigned kbps)
{
	uint32_t mantissa = kbps * 1000, exp = 0;
	uint8_t buf[200];
	size_t n = report(s, buf);

	while (mantissa > 0x1ffff) {
		mantissa >>= 1;
		++exp;
	}
	(void)head(buf + n, 3, 205, 5, s->ssrc);
	put32(buf + n + 8, 0);
	put32(buf + n + 12, s->c.ssrc);
	put32(buf + n + 16, exp << 26 | mantissa << 9);
	rtcp_send(s, buf, n + 20);
}


void stream_bye(struct stream *s)
{
	uint8_t buf[140];
	size_t n = report(s, buf);

	rtcp_send(s, buf, n + head(buf + n, 1, 203, 2, s->ssrc));
}


static void sr_received(struct counts *c, const uint8_t *p)
{
	struct timespec ts;
	long off;

	clock_gettime(CLOCK_REALTIME, &ts);
	off = (long)((int64_t)get32(p + 8) - NTP_1970 - ts.tv_sec) * 1000 +
		(long)(get32(p + 12) / 4294967.296) - ts.tv_nsec / 1000000;
	++c->sr;
	c->sr_off_ms = off;
	if (labs(off) > c->sr_off_max)
		c->sr_off_max = labs(off);
}


static void feedback(struct stream *s, unsigned pt, unsigned fmt)
{
	struct counts *c = &s->c;

	c->pli   += pt == 206 && fmt == 1;
	c->fir   += pt == 206 && fmt == 4;
	c->remb  += pt == 206 && fmt == 15;
	c->tmmbr += pt == 205 && fmt == 3;
	if (pt == 206 && (fmt == 1 || fmt == 4))
		video_key(s);
}


static void rtcp_received(struct stream *s, const uint8_t *p, size_t n)
{
	struct counts *c = &s->c;

	while (n >= 8) {
		size_t len = ((size_t)p[2] << 8 | p[3]) * 4 + 4;

		if (len > n || p[0] >> 6 != 2) {
			++c->bad;
			return;
		}
		if (p[1] == 200 && len >= 28)
			sr_received(c, p);
		c->rr   += (p[1] == 200 || p[1] == 201) && (p[0] & 31);
		c->bye  += p[1] == 203;
		if (p[1] == 202 && len > 10) {
			++c->sdes;
			if (p[8] == 1)
				(void)snprintf(c->cname, sizeof(c->cname),
					       "%.*s", p[9], p + 10);
		}
		feedback(s, p[1], p[0] & 31);
		p += len;
		n -= len;
	}
	if (n)
		++c->bad;
}


static void rtp_received(struct stream *s, uint8_t *p, size_t n)
{
	struct counts *c = &s->c;
	uint16_t seq = (uint16_t)(p[2] << 8 | p[3]);
	uint32_t ts = get32(p + 4);
	uint64_t ms = now_us() / 1000;
	size_t off = 12 + (size_t)(p[0] & 15) * 4;
	bool lost = false;

	if (p[0] & 0x10 && n >= off + 4)
		off += 4 + ((size_t)p[off + 2] << 8 | p[off + 3]) * 4;
	if (n < off)
		return;
	if (s->rx_any && seq != (uint16_t)(s->rx_seq + 1)) {
		lost = true;
		c->lost += (uint16_t)(seq - s->rx_seq - 1);
	}
	if (s->rx_any && ts != s->rx_ts)
		c->ts_step = ts - s->rx_ts;
	s->rx_any = true;
	s->rx_seq = seq;
	s->rx_ts  = ts;
	if (!c->packets)
		c->first_ms = ms;
	c->last_ms = ms;
	++c->packets;
	c->bytes += n;
	c->pt = p[1] & 0x7f;
	++c->ptc[c->pt];
	c->ssrc = get32(p + 8);
	if (n - off > c->size_max)
		c->size_max = (unsigned)(n - off);
	if (s->video)
		video_seen(s, p + off, n - off, ts, p[1] & 0x80, lost);
	else
		audio_heard(s, (int)c->pt, p + off, n - off);
}


void stream_receive(struct stream *s, int i)
{
	uint8_t buf[2048];
	ssize_t n;

	while ((n = recv(s->fdv[i], buf, sizeof(buf), MSG_DONTWAIT)) >= 12 ||
	       n >= 8) {
		if (buf[1] >= 200 && buf[1] <= 207) {
			if (i)
				++s->c.sep;
			else
				++s->c.mux;
			rtcp_received(s, buf, (size_t)n);
		}
		else if (n >= 12)
			rtp_received(s, buf, (size_t)n);
	}
}


void stream_print(FILE *f, const struct stream *s)
{
	const struct counts *c = &s->c;
	int i, any = 0;

	(void)fprintf(f, "\"%s\":{\"packets\":%llu,\"bytes\":%llu,"
		"\"frames\":%llu,\"idrs\":%llu,\"idr_gap_ms\":%lld,"
		"\"lost\":%llu,\"ms\":%llu,\"size_max\":%u,\"ts_step\":%u,"
		"\"pt\":%u,\"fu\":%llu,\"stap\":%llu,\"single\":%llu,"
		"\"cn\":%llu,\"te\":%llu,\"stereo\":%llu,",
		s->video ? "video" : "audio",
		(unsigned long long)c->packets, (unsigned long long)c->bytes,
		(unsigned long long)c->frames, (unsigned long long)c->idrs,
		c->idr_gap_ms == UINT64_MAX ? -1 : (long long)c->idr_gap_ms,
		(unsigned long long)c->lost,
		(unsigned long long)(c->last_ms - c->first_ms), c->size_max,
		c->ts_step, c->pt, (unsigned long long)c->fu,
		(unsigned long long)c->stap, (unsigned long long)c->single,
		(unsigned long long)c->cn, (unsigned long long)c->te,
		(unsigned long long)c->stereo);
	(void)fprintf(f, "\"sr\":%u,\"rr\":%u,\"sdes\":%u,\"bye\":%u,"
		"\"pli\":%u,\"fir\":%u,\"tmmbr\":%u,\"remb\":%u,\"mux\":%u,"
		"\"sep\":%u,\"bad\":%u,\"sr_off_ms\":%ld,"
		"\"sr_off_max\":%ld,\"cname\":\"%s\",\"pts\":{", c->sr, c->rr,
		c->sdes, c->bye, c->pli, c->fir, c->tmmbr, c->remb, c->mux,
		c->sep, c->bad, c->sr_off_ms, c->sr_off_max, c->cname);
	for (i = 0; i < 128; i++)
		if (c->ptc[i])
			(void)fprintf(f, "%s\"%d\":%u", any++ ? "," : "", i,
				      c->ptc[i]);
	(void)fputs("}}", f);
}
