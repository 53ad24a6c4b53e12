/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rtp_codecs.c -- VP9, AV1 and H.265 from packets to pixels
 *
 * Streams in tests/golden/video, made by FFmpeg's encoders (ten pictures of
 * 320x192, every fifth a key frame, the left half 0x20a040), are cut into
 * RTP payloads by packetizers of this file alone and must come out to the
 * byte, and be decodable.  Then payloads nobody should send.
 */
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>
#include <libavutil/log.h>

#include <re.h>

#include "mixer/codec_video.h"
#include "mixer/rtp_depack.h"
#include "mixer/rtp_frame.h"
#include "mixer/rtp_h265.h"
#include "mixer/video_canvas.h"
#include "tests/unit/test.h"

enum { PICTURES = 10, PACKETS_MAX = 4000, WIDTH = 320, HEIGHT = 192 };

struct chunk {
	const uint8_t *p;
	size_t n;
};

/* One packet's payload */
struct pay {
	uint8_t data[1200];
	size_t n;
	bool marker;
	unsigned picture;
};

struct stream {
	enum ticket_codec codec;
	uint8_t *file;
	size_t len;
	struct chunk picv[PICTURES];      /* as the decoder wants them    */
	uint8_t *annexb;                  /* H.265: with long start codes */
	unsigned picc;
	struct pay *payv;
	unsigned payc;
};

static const struct source {
	enum ticket_codec codec;
	const char *file;
} sourcev[] = {
	{CODEC_VP9,  TEST_GOLDEN "/video/test.vp9.ivf"},
	{CODEC_AV1,  TEST_GOLDEN "/video/test.av1.ivf"},
	{CODEC_H265, TEST_GOLDEN "/video/test.h265"},
};

/* --- reading ---------------------------------------------------------- */

static int load(struct stream *s, const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		return ENOENT;
	s->file = calloc(1, 1 << 18);
	s->len = s->file ? fread(s->file, 1, 1 << 18, f) : 0;
	fclose(f);

	return s->len > 64 ? 0 : ENODATA;
}

static void ivf_split(struct stream *s)
{
	size_t pos = 32;

	while (pos + 12 < s->len && s->picc < PICTURES) {
		const uint8_t *p = s->file + pos;
		size_t n = p[0] | p[1] << 8 | p[2] << 16;

		s->picv[s->picc].p = p + 12;
		s->picv[s->picc++].n = n;
		pos += 12 + n;
	}
}

/* The next NAL unit from pos; 0: none */
static size_t nal_next(const uint8_t *p, size_t n, size_t *pos,
		       const uint8_t **nal)
{
	size_t i = *pos, end;

	while (i + 3 < n && (p[i] || p[i + 1] || p[i + 2] != 1))
		i++;
	if (i + 3 >= n)
		return 0;
	i += 3;
	for (end = i; end < n; end++) {
		if (end + 2 < n && !p[end] && !p[end + 1] &&
		    p[end + 2] <= 1)
			break;
	}
	*nal = p + i;
	*pos = end;

	return end - i;
}

/* A picture ends before the next VPS, or the next first slice */
static void annexb_split(struct stream *s)
{
	size_t pos = 0, out = 0, n;
	bool slice = false;
	const uint8_t *nal;

	s->annexb = calloc(1, 2 * s->len);
	while ((n = nal_next(s->file, s->len, &pos, &nal))) {
		unsigned type = nal[0] >> 1 & 63;
		bool first = type < 32 && (nal[2] & 0x80);

		if (!s->picc || (slice && (type >= 32 || first))) {
			s->picv[s->picc++].p = s->annexb + out;
			slice = false;
		}
		slice |= type < 32;
		memcpy(s->annexb + out, "\0\0\0\1", 4);
		memcpy(s->annexb + out + 4, nal, n);
		s->picv[s->picc - 1].n += n + 4;
		out += n + 4;
	}
}

/* --- packetizers ------------------------------------------------------ */

static struct pay *pay_new(struct stream *s, unsigned picture)
{
	struct pay *p = &s->payv[s->payc++];

	memset(p, 0, sizeof(*p));
	p->picture = picture;

	return p;
}

static void pay_add(struct pay *p, const void *data, size_t n)
{
	memcpy(p->data + p->n, data, n);
	p->n += n;
}

/* how: 0 the shortest descriptor, 1 everything non-flexible, 2 flexible */
static void vp9_pack(struct stream *s, unsigned i, size_t max, unsigned how)
{
	const struct chunk *c = &s->picv[i];
	const bool key = i % 5 == 0;

	for (size_t pos = 0; pos < c->n; pos += max) {
		size_t n = c->n - pos < max ? c->n - pos : max;
		struct pay *p = pay_new(s, i);
		uint8_t d[32] = {0};
		size_t k = 1;

		d[0] = (uint8_t)((pos ? 0 : 8) | (pos + n == c->n ? 4 : 0) |
				 (key ? 0 : 0x40));
		if (how) {
			d[0] |= 0x80 | 0x20;
			d[k++] = (uint8_t)(0x80 | 1);     /* 15 bits      */
			d[k++] = (uint8_t)i;
			d[k++] = 0x10;                    /* U            */
		}
		if (how == 1)
			d[k++] = (uint8_t)i;              /* TL0PICIDX    */
		if (how == 2) {
			d[0] |= 0x10;
			if (!key) {
				d[k++] = 1 << 1 | 1;
				d[k++] = 2 << 1;
			}
		}
		if (how && key && !pos) {                 /* structure    */
			d[0] |= 2;
			d[k++] = 0x18;
			d[k++] = WIDTH >> 8;
			d[k++] = WIDTH & 255;
			d[k++] = HEIGHT >> 8;
			d[k++] = HEIGHT & 255;
			d[k++] = 2;
			d[k++] = 0;
			d[k++] = 1 << 2;
			d[k++] = 1;
		}
		pay_add(p, d, k);
		pay_add(p, c->p + pos, n);
	}
}

static size_t leb(uint8_t *p, size_t v)
{
	size_t n = 0;

	for (; v > 127; v >>= 7)
		p[n++] = (uint8_t)(v | 128);
	p[n++] = (uint8_t)v;

	return n;
}

/* how: 0 one element a packet (W = 1), 1 as many as fit, with sizes (W = 0),
 * 2 OBUs keep their own size field */
static void av1_pack(struct stream *s, unsigned i, size_t max, unsigned how)
{
	const struct chunk *c = &s->picv[i];
	struct pay *p = NULL;
	bool key = i % 5 == 0;
	size_t pos = 0;

	while (pos < c->n) {
		uint8_t obu[20000], tmp[4];
		size_t size = 0, n = 0, from = 0, at = pos + 1;

		for (unsigned sh = 0;; sh += 7) {
			size |= (size_t)(c->p[at] & 127) << sh;
			if (!(c->p[at++] & 128))
				break;
		}
		obu[n++] = how == 2 ? c->p[pos] : c->p[pos] & ~2;
		if (how == 2)
			n += leb(obu + n, size);
		memcpy(obu + n, c->p + at, size);
		n += size;
		pos = at + size;
		if ((obu[0] >> 3 & 15) == 2)
			continue;         /* a delimiter is not sent      */

		while (from < n) {
			size_t part = n - from, room;

			if (!p || how != 1 || p->n + 4 > max) {
				p = pay_new(s, i);
				p->data[p->n++] = (uint8_t)((from ? 128 : 0) |
					(how == 1 ? 0 : 16) | (key ? 8 : 0));
				key = false;
			}
			room = max - p->n - (how == 1 ? 2 : 0);
			part = part < room ? part : room;
			if (how == 1)
				pay_add(p, tmp, leb(tmp, part));
			pay_add(p, obu + from, part);
			from += part;
			if (from < n) {
				p->data[0] |= 64;
				p = NULL;
			}
		}
	}
}

/* how: 0 each NAL unit alone or in fragments, 1 small ones together */
static void h265_pack(struct stream *s, unsigned i, size_t max, unsigned how)
{
	const struct chunk *c = &s->picv[i];
	struct pay *ap = NULL;
	const uint8_t *nal;
	size_t pos = 0, n;

	while ((n = nal_next(c->p, c->n, &pos, &nal))) {
		const uint8_t len[2] = {(uint8_t)(n >> 8), (uint8_t)n};
		struct pay *p;

		if (how && n + 4 <= max / 2) {
			if (!ap || ap->n + n + 2 > max) {
				ap = pay_new(s, i);
				pay_add(ap, "\x60\x01", 2);
			}
			pay_add(ap, len, 2);
			pay_add(ap, nal, n);
			continue;
		}
		ap = NULL;
		if (n <= max) {
			p = pay_new(s, i);
			pay_add(p, nal, n);
			continue;
		}
		for (size_t k = 2; k < n;) {
			size_t part = n - k < max - 3 ? n - k : max - 3;
			uint8_t fu[3] = {
				(uint8_t)((nal[0] & 0x81) | 49 << 1), nal[1],
				(uint8_t)((k == 2 ? 128 : 0) |
					  (k + part == n ? 64 : 0) |
					  (nal[0] >> 1 & 63)),
			};

			p = pay_new(s, i);
			pay_add(p, fu, 3);
			pay_add(p, nal + k, part);
			k += part;
		}
	}
}

static int stream_open(struct stream *s, const struct source *src, size_t max,
		       unsigned how)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->codec = src->codec;
	err = load(s, src->file);
	if (err)
		return err;
	s->payv = calloc(PACKETS_MAX, sizeof(*s->payv));
	if (!s->payv)
		return ENOMEM;
	if (s->codec == CODEC_H265)
		annexb_split(s);
	else
		ivf_split(s);

	for (unsigned i = 0; i < s->picc; i++) {
		switch (s->codec) {
		case CODEC_VP9: vp9_pack(s, i, max, how);  break;
		case CODEC_AV1: av1_pack(s, i, max, how);  break;
		default:        h265_pack(s, i, max, how); break;
		}
		s->payv[s->payc - 1].marker = true;
	}

	return 0;
}

static void stream_close(struct stream *s)
{
	free(s->file);
	free(s->annexb);
	free(s->payv);
	memset(s, 0, sizeof(*s));
}

/* --- receiving -------------------------------------------------------- */

struct got {
	const struct stream *s;
	struct vdec *dec;
	unsigned frames, keys, wrong, broken, sizes;
	unsigned pictures, bad_pixels;
	struct rtp_frame_info last;
	uint8_t *data;            /* of the last                          */
};

static bool is_green(const AVFrame *f, int x, int y)
{
	const struct vcolour c = vcolour_rgb(0x20a040);

	return abs(f->data[0][y * f->linesize[0] + x] - c.y) < 12 &&
		abs(f->data[1][y / 2 * f->linesize[1] + x / 2] - c.u) < 12 &&
		abs(f->data[2][y / 2 * f->linesize[2] + x / 2] - c.v) < 12;
}

static void picture_handler(AVFrame *f, void *arg)
{
	struct got *g = arg;

	++g->pictures;
	if (f->width != WIDTH || f->height != HEIGHT ||
	    !is_green(f, 20, 20) || !is_green(f, 130, 170) ||
	    (is_green(f, 200, 100) && is_green(f, 300, 30) &&
	     is_green(f, 240, 170)))
		++g->bad_pixels;
}

static void frame_handler(const struct rtp_frame_info *info, void *arg)
{
	struct got *g = arg;
	const struct chunk *c = &g->s->picv[info->ts % PICTURES];

	++g->frames;
	g->keys += info->key;
	g->broken += info->broken;
	if (info->key != (info->ts % 5 == 0))
		++g->wrong;
	if (g->s->picc && (info->len != c->n ||
			   memcmp(info->data, c->p, c->n)))
		++g->wrong;
	if (info->key && info->width == WIDTH && info->height == HEIGHT)
		++g->sizes;
	free(g->data);
	g->data = malloc(info->len + RTP_FRAME_PAD);
	if (g->data)
		memcpy(g->data, info->data, info->len + RTP_FRAME_PAD);
	g->last = *info;
	if (g->dec && vdec_put(g->dec, info->data, info->len, info->ts,
			       picture_handler, g))
		++g->wrong;
}

static int put(struct rtp_frame *f, uint64_t seq, uint32_t ts, bool marker,
	       const uint8_t *p, size_t n)
{
	struct pkt *pkt = pkt_get();

	if (!pkt)
		return ENOMEM;
	pkt->rx_us = seq * 1000;
	pkt->ssrc = 7;
	pkt->seq = seq;
	pkt->ts = ts;
	pkt->marker = marker;
	pkt->pt = 96;
	pkt->len = (uint16_t)n;
	memcpy(pkt->data, p, n);
	rtp_frame_put(f, pkt, pkt->rx_us);

	return 0;
}

/* --- cases ------------------------------------------------------------ */

static int test_golden(void)
{
	static const size_t maxv[] = {60, 300, 1150};
	struct rtp_frame *f = NULL;
	struct stream s = {0};
	struct got g = {0};
	int err = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(sourcev) * 9; k++) {
		g = (struct got){.s = &s};
		TEST_ERR(stream_open(&s, &sourcev[k / 9], maxv[k % 3],
				     k / 3 % 3));
		TEST_EQ(PICTURES, s.picc);
		TEST_ERR(vdec_alloc(&g.dec, s.codec));
		TEST_ERR(rtp_frame_alloc(&f, s.codec, frame_handler, &g));
		for (unsigned i = 0; i < s.payc; i++) {
			const struct pay *p = &s.payv[i];

			TEST_ERR(put(f, 100 + i, p->picture, p->marker,
				     p->data, p->n));
		}
		TEST_EQ(PICTURES, g.frames);
		TEST_EQ(2, g.keys);
		TEST_EQ(2, g.sizes);
		TEST_EQ(0, g.wrong);
		TEST_EQ(0, g.broken);
		TEST_EQ(PICTURES, g.pictures);
		TEST_EQ(0, g.bad_pixels);
		TEST_EQ(0, rtp_frame_stats(f)->bad);
		f = mem_deref(f);
		g.dec = mem_deref(g.dec);
		stream_close(&s);
		free(g.data);
		g.data = NULL;
	}
 out:
	if (err)
		printf("# codec %s\n", codec_name(s.codec));
	mem_deref(f);
	mem_deref(g.dec);
	stream_close(&s);
	free(g.data);
	return err;
}

/* Any one packet lost: its picture is not shown, and what follows says
 * that it builds on it, up to the next key frame. */
static int test_loss(void)
{
	struct rtp_frame *f = NULL;
	struct stream s = {0};
	struct got g = {0};
	int err = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(sourcev); k++) {
		unsigned packets;

		TEST_ERR(stream_open(&s, &sourcev[k], 400, 1));
		packets = s.payc;
		for (unsigned drop = 1; drop + 1 < packets; drop += 3) {
			const unsigned pic = s.payv[drop].picture;

			/* parameter sets alone: the decoder may have them */
			if (s.codec == CODEC_H265 &&
			    s.payv[drop].data[0] >> 1 == H265_AP)
				continue;
			g = (struct got){.s = &s};
			TEST_ERR(rtp_frame_alloc(&f, s.codec, frame_handler,
						 &g));
			for (unsigned i = 0; i < packets; i++) {
				const struct pay *p = &s.payv[i];

				if (i != drop)
					TEST_ERR(put(f, 100 + i, p->picture,
						     p->marker, p->data,
						     p->n));
			}
			rtp_frame_run(f, 10000000);
			TEST_EQ(PICTURES - 1, g.frames);
			TEST_EQ(0, g.wrong);
			TEST_EQ(4 - pic % 5, g.broken);
			f = mem_deref(f);
			free(g.data);
			g.data = NULL;
		}
		stream_close(&s);
	}
 out:
	if (err)
		printf("# codec %s\n", codec_name(s.codec));
	mem_deref(f);
	stream_close(&s);
	free(g.data);
	return err;
}

/* Only where a key frame begins, whatever the packets look like */
static int test_key(void)
{
	struct stream s = {0};
	int err = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(sourcev) * 3; k++) {
		unsigned last = 99;

		TEST_ERR(stream_open(&s, &sourcev[k / 3], 300, k % 3));
		for (unsigned i = 0; i < s.payc; i++) {
			const struct pay *p = &s.payv[i];
			bool first = p->picture != last;
			bool key = rtp_depack_is_key(s.codec, p->data, p->n);

			last = p->picture;
			if (first)
				TEST_EQ(p->picture % 5 == 0, key);
			if (p->picture % 5)
				TEST_TRUE(!key);
			if (first)
				TEST_TRUE(rtp_depack_start(s.codec, p->data,
							   p->n, false));
			if (first && p->picture % 5 == 0)
				TEST_TRUE(rtp_depack_start(s.codec, p->data,
							   p->n, true));
		}
		stream_close(&s);
	}
 out:
	stream_close(&s);
	return err;
}

static const struct {
	enum ticket_codec codec;
	const char *hex;
	bool key;
} keyv[] = {
	{CODEC_H264, "6588", true},            {CODEC_H264, "4188", false},
	{CODEC_H264, "674200", true},          {CODEC_H264, "68ce", false},
	{CODEC_H264, "7c8588", true},          {CODEC_H264, "7c8188", false},
	{CODEC_H264, "78000267420002" "6588", true},
	{CODEC_H264, "780002419a", false},     {CODEC_H264, "78", false},
	{CODEC_H264, "78ffff67", false},       {CODEC_H264, "7c", false},
	{CODEC_VP8, "1000", true},             {CODEC_VP8, "1001", false},
	{CODEC_VP8, "0000", false},            {CODEC_VP8, "10", false},
	{CODEC_VP8, "9080810100", true},       {CODEC_VP8, "90", false},
	{CODEC_VP9, "0882498342", true},       {CODEC_VP9, "08", false},
	{CODEC_VP9, "0886498342", false},      {CODEC_VP9, "0882498343", false},
	{CODEC_VP9, "0082498342", false},
	{CODEC_AV1, "1808", true},             {CODEC_AV1, "9808", false},
	{CODEC_AV1, "1008", false},            {CODEC_AV1, "", false},
	{CODEC_H265, "2601af", true},          {CODEC_H265, "0201d0", false},
	{CODEC_H265, "400100", true},          {CODEC_H265, "620193af", true},
	{CODEC_H265, "620181af", false},       {CODEC_H265, "6001", false},
	{CODEC_OPUS, "6588", false},
};

static int test_is_key(void)
{
	uint8_t buf[64];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keyv); i++) {
		size_t n = strlen(keyv[i].hex) / 2;

		if (n)
			TEST_ERR(str_hex(buf, n, keyv[i].hex));
		if (rtp_depack_is_key(keyv[i].codec, buf, n) != keyv[i].key)
			TEST_FAIL("%s %s", codec_name(keyv[i].codec),
				  keyv[i].hex);
	}
	TEST_TRUE(!rtp_depack_is_key(CODEC_AV1, NULL, 0));
 out:
	return err;
}

/* Payloads of one frame, and what comes out; NULL: nothing */
static const struct {
	const char *what;
	enum ticket_codec codec;
	const char *payv[3], *want;
} payv[] = {
	{"vp9 alone", CODEC_VP9, {"0c86aabb"}, "86aabb"},
	{"vp9 in two", CODEC_VP9, {"0886aa", "04bb"}, "86aabb"},
	{"vp9 no beginning", CODEC_VP9, {"0486aa"}, NULL},
	{"vp9 descriptor only", CODEC_VP9, {"0c"}, NULL},
	{"vp9 picture id cut", CODEC_VP9, {"8c80"}, NULL},
	{"vp9 four references", CODEC_VP9, {"5c" "01010101" "86aa"}, NULL},
	{"vp9 structure cut", CODEC_VP9, {"0e" "1802"}, NULL},
	{"vp9 structure of all", CODEC_VP9,
	 {"0e" "f8" "00010001" "00010001" "00010001" "00010001" "00010001"
	  "00010001" "00010001" "00010001" "01" "0c" "010203" "86aa"},
	 "86aa"},
	{"vp9 two layers", CODEC_VP9, {"2c" "0000" "86aa", "2c" "0200"
				       "86bbcc"},
	 "86aa86bbccd9" "02000000" "03000000" "d9"},
	{"vp9 an upper layer alone", CODEC_VP9, {"2c" "0200" "86bb"},
	 "86bb"},
	{"av1 one", CODEC_AV1, {"1030aabb"}, "1200" "3202aabb"},
	{"av1 two counted", CODEC_AV1, {"20" "02" "30aa" "20cc"},
	 "1200" "3201aa" "2201cc"},
	{"av1 two with sizes", CODEC_AV1, {"00" "02" "30aa" "02" "20cc"},
	 "1200" "3201aa" "2201cc"},
	{"av1 parts", CODEC_AV1, {"5030aa", "9001"}, "1200" "3202aa01"},
	{"av1 part and one", CODEC_AV1, {"5030aa", "a0" "01" "bb" "20cc"},
	 "1200" "3202aabb" "2201cc"},
	{"av1 extension", CODEC_AV1, {"103440aa"}, "1200" "364001aa"},
	{"av1 own size", CODEC_AV1, {"103201aa"}, "1200" "3201aa"},
	{"av1 own size too large", CODEC_AV1, {"103209aa"}, NULL},
	{"av1 delimiter left out", CODEC_AV1, {"20" "01" "10" "30aa"},
	 "1200" "3201aa"},
	{"av1 only a delimiter", CODEC_AV1, {"1010"}, NULL},
	{"av1 header only", CODEC_AV1, {"10"}, NULL},
	{"av1 nothing", CODEC_AV1, {"00"}, NULL},
	{"av1 size beyond", CODEC_AV1, {"000930aa"}, NULL},
	{"av1 size endless", CODEC_AV1, {"00ffffffffffffffffffff"}, NULL},
	{"av1 size 0", CODEC_AV1, {"0000"}, NULL},
	{"av1 fewer than counted", CODEC_AV1, {"30" "0230aa"}, NULL},
	{"av1 forbidden bit", CODEC_AV1, {"10b0aa"}, NULL},
	{"av1 part without end", CODEC_AV1, {"5030aa"}, NULL},
	{"av1 part, then another", CODEC_AV1, {"5030aa", "1030bb"}, NULL},
	{"av1 end of nothing", CODEC_AV1, {"1030aa", "90bb"}, NULL},
	{"av1 extension cut", CODEC_AV1, {"1034"}, NULL},
	{"h265 one", CODEC_H265, {"0201d0aa"}, "000000010201d0aa"},
	{"h265 AP", CODEC_H265, {"6001" "0003400100" "00030201d0"},
	 "00000001400100000000010201d0"},
	{"h265 AP of nothing", CODEC_H265, {"6001"}, NULL},
	{"h265 AP over its end", CODEC_H265, {"6001" "0009400100"}, NULL},
	{"h265 AP empty part", CODEC_H265, {"6001" "0000"}, NULL},
	{"h265 AP short part", CODEC_H265, {"6001" "00024001"}, NULL},
	{"h265 FU", CODEC_H265, {"620181d0", "620101aa", "620141bb"},
	 "000000010201d0aabb"},
	{"h265 FU without start", CODEC_H265, {"620101aa"}, NULL},
	{"h265 FU empty", CODEC_H265, {"620181"}, NULL},
	{"h265 PACI", CODEC_H265, {"640100aa"}, NULL},
	{"h265 header only", CODEC_H265, {"0201"}, NULL},
};

static int test_payloads(void)
{
	static const struct stream none = {0};
	struct rtp_frame *f = NULL;
	struct got g = {0};
	uint8_t buf[128];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(payv); i++) {
		static const char *const firstv[] = {
			[CODEC_VP9] = "0c86", [CODEC_AV1] = "1830aa",
			[CODEC_H265] = "0201d0",
		};
		const char *const *hexv = payv[i].payv;
		uint64_t seq = 1000;
		size_t n;

		g = (struct got){.s = &none};
		TEST_ERR(rtp_frame_alloc(&f, payv[i].codec, frame_handler,
					 &g));
		n = strlen(firstv[payv[i].codec]) / 2;
		TEST_ERR(str_hex(buf, n, firstv[payv[i].codec]));
		TEST_ERR(put(f, seq++, 1, true, buf, n));
		TEST_EQ(1, g.frames);
		for (unsigned k = 0; k < 3 && hexv[k]; k++) {
			n = strlen(hexv[k]) / 2;
			TEST_ERR(str_hex(buf, n, hexv[k]));
			TEST_ERR(put(f, seq++, 2, k == 2 || !hexv[k + 1],
				     buf, n));
		}
		if (g.frames != 1u + !!payv[i].want)
			TEST_FAIL("%s: %u frames", payv[i].what, g.frames);
		if (payv[i].want) {
			n = strlen(payv[i].want) / 2;
			TEST_ERR(str_hex(buf, n, payv[i].want));
			if (g.last.len != n || memcmp(g.data, buf, n))
				TEST_FAIL("%s: wrong bytes", payv[i].what);
		}
		f = mem_deref(f);
		free(g.data);
		g.data = NULL;
	}
 out:
	mem_deref(f);
	free(g.data);
	return err;
}

/* Layers of a picture come to the decoder as one, and one picture out */
static int test_vp9_layers(void)
{
	struct rtp_frame *f = NULL;
	struct stream s = {0}, none = {0};
	struct got g = {.s = &none};
	uint64_t seq = 100;
	int err = 0;

	TEST_ERR(stream_open(&s, &sourcev[0], 1000, 0));
	TEST_ERR(vdec_alloc(&g.dec, CODEC_VP9));
	TEST_ERR(rtp_frame_alloc(&f, CODEC_VP9, frame_handler, &g));
	/* two frames in a row, as if they were two layers of one */
	for (unsigned i = 0; i < PICTURES; i++) {
		for (unsigned k = 0; k < s.payc; k++) {
			struct pay *p = &s.payv[k];
			uint8_t buf[1300];

			if (p->picture != i)
				continue;
			buf[0] = p->data[0] | 0x20;
			buf[1] = (uint8_t)((i & 1) << 1);
			buf[2] = 0;
			memcpy(buf + 3, p->data + 1, p->n - 1);
			TEST_ERR(put(f, seq++, i / 2, p->marker && (i & 1),
				     buf, p->n + 2));
		}
	}
	TEST_EQ(PICTURES / 2, g.frames);
	TEST_EQ(PICTURES / 2, g.pictures);
	TEST_EQ(0, g.bad_pixels);
 out:
	mem_deref(f);
	mem_deref(g.dec);
	stream_close(&s);
	free(g.data);
	return err;
}

static const struct test testv[] = {
	{"golden streams through RTP, to the byte", test_golden},
	{"one packet lost", test_loss},
	{"key frames of golden streams", test_key},
	{"key frames by their first bytes", test_is_key},
	{"payloads, good and bad", test_payloads},
	{"vp9 layers are one picture", test_vp9_layers},
};

int main(int argc, char **argv)
{
	int ret;

	av_log_set_level(AV_LOG_FATAL);
	if (pkt_pool_init(1024))
		return 1;
	ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return ret;
}
