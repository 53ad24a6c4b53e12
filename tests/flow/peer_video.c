/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/peer_video.c -- a file out, again and again; what is seen into
 * DIR/eyeN.h264 or .ivf
 *
 * Files: H.264 Annex B, or VP8 in IVF with 1, 2, 4 or 8 token partitions.
 * A key frame request takes it back to its first frame.
 *
 * Threads: one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/flow/peer.h"

enum { FRAMES_MAX = 4000, NALS_MAX = 64 };

struct span {
	const uint8_t *p;
	size_t n;
};

struct peer_video {
	char *file;
	struct span framev[FRAMES_MAX];
	unsigned framec, at, fps;
	bool vp8, parts, mode0, rx_vp8;
	unsigned pic, keys_asked;

	/* what comes */
	uint8_t rx[1 << 20];
	size_t rxn;
	bool rx_idr;
};


static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
		(uint32_t)p[1] << 8 | p[0];
}


/* The next NAL unit in p..end, without its start code */
static struct span nal_next(const uint8_t **pp, const uint8_t *end)
{
	const uint8_t *p = *pp, *q;
	struct span s = {NULL, 0};

	while (p + 3 < end && (p[0] || p[1] || p[2] != 1))
		++p;
	if (p + 3 >= end) {
		*pp = end;
		return s;
	}
	p += 3;
	for (q = p; q + 2 < end && (q[0] || q[1] || q[2] > 1); q++)
		;
	if (q + 2 >= end)
		q = end;
	s.p = p;
	s.n = (size_t)(q - p);
	*pp = q;

	return s;
}


static void h264_frames(struct peer_video *v, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *start = NULL, *at;
	bool pics = false;

	for (at = p; at < end;) {
		struct span s = nal_next(&at, end);
		unsigned type = s.n > 1 ? s.p[0] & 31 : 0;
		bool pic = type == 1 || type == 5;

		if (!s.p)
			break;
		/* another picture begins: its parameters or its slice 0 */
		if (start && pics && v->framec < FRAMES_MAX &&
		    (!pic || s.p[1] & 0x80)) {
			v->framev[v->framec].p = start;
			v->framev[v->framec++].n = (size_t)(s.p - 3 - start);
			start = NULL;
			pics = false;
		}
		if (!start)
			start = s.p - 3;
		pics |= pic;
	}
	if (start && v->framec < FRAMES_MAX) {
		v->framev[v->framec].p = start;
		v->framev[v->framec++].n = (size_t)(end - start);
	}
}


static void ivf_frames(struct peer_video *v, const uint8_t *p, size_t n)
{
	size_t at = 32;

	while (at + 12 < n && v->framec < FRAMES_MAX) {
		size_t len = le32(p + at);

		if (at + 12 + len > n)
			break;
		v->framev[v->framec].p = p + at + 12;
		v->framev[v->framec++].n = len;
		at += 12 + len;
	}
}


int video_start(struct stream *s, const char *file, const char *how,
		unsigned fps, int pt)
{
	struct peer_video *v = s->vid;
	size_t n = 0;

	if (!v)
		v = s->vid = calloc(1, sizeof(*v));
	if (!v)
		abort();
	free(v->file);
	v->framec = v->at = 0;
	v->fps   = fps;
	v->vp8   = !strncmp(how, "vp8", 3);
	v->parts = !strcmp(how, "vp8part");
	v->mode0 = !strcmp(how, "h264-0");
	v->file  = file_read(file, &n);
	if (!v->file)
		return ENOENT;
	if (v->vp8)
		ivf_frames(v, (uint8_t *)v->file, n);
	else
		h264_frames(v, (uint8_t *)v->file, n);
	note("video %u frames", v->framec);
	s->pt = pt;
	s->next_us = now_us();
	s->sending = v->framec > 0;

	return 0;
}


void video_key(struct stream *s)
{
	if (!s->vid)
		return;
	++s->vid->keys_asked;
	s->vid->at = 0;
}


static void nal_send(struct stream *s, const uint8_t *p, size_t n, bool last)
{
	uint8_t buf[PKT_MAX];
	unsigned start = 0x80;
	uint8_t ind = (uint8_t)((p[0] & 0xe0) | 28), type = p[0] & 0x1f;

	if (n <= PKT_MAX) {
		stream_send(s, p, n, s->ts, last, s->pt);
		return;
	}
	if (s->vid->mode0)
		note("error NAL unit of %zu", n);
	for (++p, --n; n; start = 0) {
		size_t k = n < PKT_MAX - 2 ? n : PKT_MAX - 2;

		buf[0] = ind;
		buf[1] = (uint8_t)(start | (k == n ? 0x40 : 0) | type);
		memcpy(buf + 2, p, k);
		stream_send(s, buf, k + 2, s->ts, last && k == n, s->pt);
		p += k;
		n -= k;
	}
}


/* SPS and PPS together in a STAP-A */
static void stap_send(struct stream *s, const struct span *a,
		      const struct span *b)
{
	uint8_t buf[PKT_MAX] = {24 | 0x60};
	size_t n = 1;
	int i;

	for (i = 0; i < 2; i++) {
		const struct span *x = i ? b : a;

		if (n + 2 + x->n > sizeof(buf))
			return;
		buf[n++] = (uint8_t)(x->n >> 8);
		buf[n++] = (uint8_t)x->n;
		memcpy(buf + n, x->p, x->n);
		n += x->n;
	}
	stream_send(s, buf, n, s->ts, false, s->pt);
}


static void h264_send(struct stream *s, const struct span *f)
{
	const uint8_t *at = f->p, *end = f->p + f->n;
	struct span nalv[NALS_MAX];
	unsigned c = 0, i = 0;

	while (at < end && c < NALS_MAX) {
		struct span x = nal_next(&at, end);

		/* a trailing zero belongs to the next start code */
		while (x.n && !x.p[x.n - 1])
			--x.n;
		if (x.n && (x.p[0] & 31) != 6)
			nalv[c++] = x;
	}
	if (!s->vid->mode0 && c > 2 && (nalv[0].p[0] & 31) == 7 &&
	    (nalv[1].p[0] & 31) == 8) {
		stap_send(s, &nalv[0], &nalv[1]);
		i = 2;
	}
	for (; i < c; i++)
		nal_send(s, nalv[i].p, nalv[i].n, i + 1 == c);
}


/* One partition as packets of RFC 7741 */
static void vp8_part(struct stream *s, const uint8_t *p, size_t n,
		     unsigned pid, bool last)
{
	uint8_t buf[PKT_MAX];
	bool first = true;

	while (n) {
		size_t k = n < PKT_MAX - 4 ? n : PKT_MAX - 4;

		buf[0] = (uint8_t)(0x80 | (first ? 0x10 : 0) | pid);
		buf[1] = 0x80;
		buf[2] = (uint8_t)(0x80 | (s->vid->pic >> 8 & 0x7f));
		buf[3] = (uint8_t)s->vid->pic;
		memcpy(buf + 4, p, k);
		stream_send(s, buf, k + 4, s->ts, last && k == n, s->pt);
		first = false;
		p += k;
		n -= k;
	}
}


/* As libvpx hands them out with VPX_CODEC_USE_OUTPUT_PARTITION: the first
 * partition (with the table of sizes), then each token partition; one of
 * these here */
static void vp8_send(struct stream *s, const struct span *f)
{
	size_t first = ((size_t)f->p[0] | (size_t)f->p[1] << 8 |
			(size_t)f->p[2] << 16) >> 5;

	++s->vid->pic;
	first += f->p[0] & 1 ? 3 : 10;
	if (!s->vid->parts || first >= f->n) {
		vp8_part(s, f->p, f->n, 0, true);
		return;
	}
	vp8_part(s, f->p, first, 0, false);
	vp8_part(s, f->p + first, f->n - first, 1, true);
}


void video_run(struct stream *s, uint64_t now)
{
	struct peer_video *v = s->vid;

	while (s->sending && s->next_us <= now) {
		const struct span *f = &v->framev[v->at++ % v->framec];

		s->ts += 90000 / v->fps;
		s->next_us += 1000000 / v->fps;
		if (v->vp8)
			vp8_send(s, f);
		else
			h264_send(s, f);
	}
}


/* ---- what comes ---- */

static void rx_add(struct peer_video *v, const void *p, size_t n)
{
	if (v->rxn + n > sizeof(v->rx))
		return;
	memcpy(v->rx + v->rxn, p, n);
	v->rxn += n;
}


static void rx_nal(struct peer_video *v, const uint8_t *p, size_t n)
{
	v->rx_idr |= n && (p[0] & 31) == 5;
	rx_add(v, "\0\0\0\1", 4);
	rx_add(v, p, n);
}


static void h264_seen(struct stream *s, const uint8_t *p, size_t n)
{
	struct peer_video *v = s->vid;
	unsigned type = p[0] & 31;
	uint8_t nal;

	if (type == 28 && n > 2) {
		++s->c.fu;
		nal = (uint8_t)((p[0] & 0xe0) | (p[1] & 31));
		if (p[1] & 0x80)
			rx_nal(v, &nal, 1);
		rx_add(v, p + 2, n - 2);
	}
	else if (type == 24) {
		++s->c.stap;
		for (++p, --n; n > 2;) {
			size_t k = (size_t)p[0] << 8 | p[1];

			if (k + 2 > n)
				break;
			rx_nal(v, p + 2, k);
			p += k + 2;
			n -= k + 2;
		}
	}
	else {
		++s->c.single;
		rx_nal(v, p, n);
	}
}


static void vp8_seen(struct stream *s, const uint8_t *p, size_t n)
{
	size_t off = 1;

	if (p[0] & 0x80) {
		uint8_t x = p[1];

		off = 2;
		if (x & 0x80)
			off += p[2] & 0x80 ? 2 : 1;
		off += !!(x & 0x40);
		off += !!(x & 0x30);
	}
	if (off < n) {
		if (!s->vid->rxn)
			s->vid->rx_idr = !(p[off] & 1);
		rx_add(s->vid, p + off, n - off);
	}
}


static void frame_write(struct stream *s)
{
	struct peer_video *v = s->vid;
	uint8_t ivf[32] = "DKIF\0\0\40\0VP80";
	uint32_t n = (uint32_t)v->rxn, t = (uint32_t)s->c.frames;
	char path[600];

	if (!s->out && v->rx_idr) {
		(void)snprintf(path, sizeof(path), "%s/%s.%s", peer.dir,
			       s->name, v->rx_vp8 ? "ivf" : "h264");
		s->out = fopen(path, "w");
		/* whoever reads meanwhile finds whole frames */
		if (s->out)
			(void)setvbuf(s->out, NULL, _IOFBF, sizeof(v->rx));
		ivf[16] = 30;
		ivf[20] = 1;
		if (s->out && v->rx_vp8)
			(void)fwrite(ivf, 1, sizeof(ivf), s->out);
	}
	if (!s->out)
		return;
	if (v->rx_vp8) {
		(void)fwrite(&n, 4, 1, s->out);
		(void)fwrite(&t, 4, 1, s->out);
		t = 0;
		(void)fwrite(&t, 4, 1, s->out);
	}
	(void)fwrite(v->rx, 1, v->rxn, s->out);
	(void)fflush(s->out);
}


void video_seen(struct stream *s, const uint8_t *p, size_t n, uint32_t ts,
		bool marker, bool lost)
{
	struct peer_video *v = s->vid;
	(void)ts;
	(void)lost;

	if (!v)
		v = s->vid = calloc(1, sizeof(*v));
	if (!v)
		abort();
	if (!n)
		return;
	/* by habit of these tests 98 and 100 are VP8 */
	v->rx_vp8 = s->c.pt == 98 || s->c.pt == 100;
	if (v->rx_vp8)
		vp8_seen(s, p, n);
	else
		h264_seen(s, p, n);
	if (!marker)
		return;

	++s->c.frames;
	if (v->rx_idr) {
		uint64_t now = now_us() / 1000;

		if (s->c.idrs++ && now - s->c.idr_ms < s->c.idr_gap_ms)
			s->c.idr_gap_ms = now - s->c.idr_ms;
		s->c.idr_ms = now;
	}
	frame_write(s);
	v->rxn = 0;
	v->rx_idr = false;
}
