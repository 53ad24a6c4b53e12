/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rtp_video.c -- frames to packets and back, on bad wires
 */
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "mixer/rtp_depack.h"
#include "mixer/rtp_frame.h"
#include "mixer/rtp_h264.h"
#include "mixer/rtp_pack.h"
#include "tests/fake/wire.h"
#include "tests/unit/test.h"

enum { MS = 1000, FRAMES_MAX = 400 };

/* What came out: enough to compare */
struct got {
	struct {
		uint32_t ts, crc;
		size_t len;
		bool key, lost, broken;
		uint16_t w, h;
	} v[FRAMES_MAX];
	unsigned n;
};

struct sender {
	uint16_t seq;
	uint64_t ext;
	uint32_t ssrc;
};


static uint32_t sum(const uint8_t *p, size_t n)
{
	uint32_t v = 2166136261u;

	while (n--)
		v = (v ^ *p++) * 16777619u;

	return v;
}


static void frame_handler(const struct rtp_frame_info *info, void *arg)
{
	struct got *g = arg;

	if (g->n == FRAMES_MAX)
		return;
	g->v[g->n].ts   = info->ts;
	g->v[g->n].crc  = sum(info->data, info->len);
	g->v[g->n].len  = info->len;
	g->v[g->n].key  = info->key;
	g->v[g->n].lost = info->lost_before;
	g->v[g->n].broken = info->broken;
	g->v[g->n].w = info->width;
	g->v[g->n].h = info->height;
	++g->n;
}


static struct pkt *make(uint64_t seq, uint32_t ts, bool marker,
			const void *p, size_t n, uint64_t now)
{
	struct pkt *pkt = pkt_get();

	if (!pkt)
		return NULL;
	pkt->rx_us  = now;
	pkt->ssrc   = 7;
	pkt->seq    = seq;
	pkt->ts     = ts;
	pkt->marker = marker;
	pkt->pt     = 96;
	pkt->len    = (uint16_t)n;
	memcpy(pkt->data, p, n);

	return pkt;
}


static int put_hex(struct rtp_frame *f, uint64_t seq, uint32_t ts,
		   bool marker, const char *hex)
{
	uint8_t buf[256];
	const size_t n = strlen(hex) / 2;

	if (str_hex(buf, n, hex))
		return EINVAL;
	rtp_frame_put(f, make(seq, ts, marker, buf, n, seq), seq);

	return 0;
}


/* ---- H.264 ---------------------------------------------------------- */

static int test_h264_depack(void)
{
	/* payloads of one frame -> Annex B */
	static const struct {
		const char *what;
		const char *payv[4];
		const char *want;         /* NULL: nothing comes out      */
		bool key;
	} tabv[] = {
		{"single", {"6588aa"}, "000000016588aa", true},
		{"single P", {"4199aa"}, "000000014199aa", false},
		{"two slices", {"6588aa", "6542bb"},
		 "000000016588aa000000016542bb", true},
		{"STAP-A", {"78" "0003674200" "000268ce" "00036588aa"},
		 "000000016742000000000168ce000000016588aa", true},
		{"STAP-A of nothing", {"78"}, NULL, false},
		{"STAP-A over its end", {"78000367"}, NULL, false},
		{"STAP-A with an empty part", {"780000"}, NULL, false},
		{"STAP-A cut in a length", {"7800016700"}, NULL, false},
		{"STAP-B", {"79" "1234" "00036588aa"}, "000000016588aa",
		 true},
		{"STAP-B without DON", {"7912"}, NULL, false},
		{"FU-A", {"7c85" "88aa", "7c05" "bb", "7c45" "cc"},
		 "000000016588aabbcc", true},
		{"FU-A in one", {"7cc5" "88aa"}, "000000016588aa", true},
		{"FU-A without start", {"7c05" "bb", "7c45" "cc"}, NULL,
		 false},
		{"FU-A empty", {"7c85"}, NULL, false},
		{"FU-A of one byte", {"7c"}, NULL, false},
		{"FU-A, end missing, no loss", {"7c85" "88aa", "6542bb"},
		 "000000016588aa000000016542bb", true},
		{"FU-B", {"7d85" "0001" "88aa", "7c45" "cc"},
		 "000000016588aacc", true},
		{"FU-B without DON", {"7d8500"}, NULL, false},
		{"MTAP", {"7a00000000"}, NULL, false},
		{"type 0", {"600000"}, NULL, false},
		{"recovery point", {"0606018480", "419a00"},
		 "000000010606018480" "00000001419a00", true},
		{"other SEI", {"0605018480", "419a00"},
		 "000000010605018480" "00000001419a00", false},
		{"SPS and I slice", {"674200", "4188ff"},
		 "00000001674200000000014188ff", true},
		{"SPS alone", {"674200"}, "00000001674200", false},
	};
	struct got *g = calloc(1, sizeof(*g));
	struct rtp_frame *f = NULL;
	uint8_t want[256];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		uint64_t seq = 1000;
		unsigned j, n = 0;

		g->n = 0;
		TEST_ERR(rtp_frame_alloc(&f, CODEC_H264, frame_handler, g));
		while (n < 4 && tabv[i].payv[n])
			++n;
		/* a packet of the frame before, so that it is not the first */
		TEST_ERR(put_hex(f, seq++, 1, true, "4188"));
		g->n = 0;
		for (j = 0; j < n; j++)
			TEST_ERR(put_hex(f, seq++, 2, j + 1 == n,
					 tabv[i].payv[j]));
		if (g->n != !!tabv[i].want)
			TEST_FAIL("%s: %u frames", tabv[i].what, g->n);
		if (tabv[i].want) {
			n = (unsigned)strlen(tabv[i].want) / 2;
			TEST_ERR(str_hex(want, n, tabv[i].want));
			if (g->v[0].len != n || g->v[0].crc != sum(want, n))
				TEST_FAIL("%s: wrong bytes", tabv[i].what);
			if (g->v[0].key != tabv[i].key)
				TEST_FAIL("%s: key", tabv[i].what);
			if (g->v[0].broken == tabv[i].key)
				TEST_FAIL("%s: broken", tabv[i].what);
		}
		f = mem_deref(f);
	}
 out:
	mem_deref(f);
	free(g);

	return err;
}


static int test_h264_size(void)
{
	static const struct {
		const char *hex;
		int err;
		unsigned w, h;
	} tabv[] = {
		/* made by x264; the last one is cropped and interlaced */
		{"6742c01ed900a02ff970110000030001000003003c0f162e48", 0,
		 640, 360},
		{"6764001eacb201405ff2e022000003000200000300781e2c5c90", 0,
		 640, 360},
		{"6742c01fd9005005bb0110000003001000000303c0f1832480", 0,
		 1280, 720},
		{"67640028acd94078044fde0220000003002000000643e2c5b2c0", 0,
		 1920, 1080},
		{"67", EBADMSG, 0, 0},
		{"6742001f", EBADMSG, 0, 0},
		{"6742001f00000000000000000000", EBADMSG, 0, 0},
		{"6742001fffffffffffffffffffff", 0, 16, 16},
	};
	uint8_t buf[64];
	uint16_t w, h;
	size_t i;
	int e, err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		const size_t n = strlen(tabv[i].hex) / 2;

		TEST_ERR(str_hex(buf, n, tabv[i].hex));
		w = h = 0;
		e = rtp_h264_sps(buf, n, &w, &h);
		TEST_EQ(tabv[i].err, e);
		TEST_EQ(tabv[i].w, w);
		TEST_EQ(tabv[i].h, h);
	}
 out:
	return err;
}


/* ---- VP8 ------------------------------------------------------------ */

static int test_vp8_depack(void)
{
	static const char key[] = "d00100" "9d012a" "8002" "6801";
	static const struct {
		const char *what;
		const char *payv[3];
		int frames;
		size_t len;
		bool key;
	} tabv[] = {
		{"no extension", {"10", NULL}, 1, 10, true},
		{"7 bit picture id", {"9080" "05"}, 1, 10, true},
		{"15 bit picture id", {"9080" "8005"}, 1, 10, true},
		{"TL0PICIDX", {"90c0" "8005" "07"}, 1, 10, true},
		{"TID", {"90a0" "05" "40"}, 1, 10, true},
		{"KEYIDX", {"9010" "01"}, 1, 10, true},
		{"everything", {"90f0" "8005" "07" "41"}, 1, 10, true},
		{"partitions", {"10", "1141", "124242"}, 1, 13, true},
		{"partitions in pieces", {"10", "0041", "114242"}, 1, 13,
		 true},
		{"no start", {"00"}, 0, 0, false},
		{"starts with partition 1", {"11"}, 0, 0, false},
	};
	static const char *const badv[] = {
		"90", "9080", "908080", "90c005", "90f0800507", "9070",
	};
	struct got *g = calloc(1, sizeof(*g));
	struct rtp_frame *f = NULL;
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		char hex[64];
		uint64_t seq = 100;
		unsigned j, n = 1;

		while (n < 3 && tabv[i].payv[n])
			++n;
		g->n = 0;
		TEST_ERR(rtp_frame_alloc(&f, CODEC_VP8, frame_handler, g));
		re_snprintf(hex, sizeof(hex), "%s%s", tabv[i].payv[0], key);
		TEST_ERR(put_hex(f, seq++, 1, n == 1, hex));
		for (j = 1; j < n; j++)
			TEST_ERR(put_hex(f, seq++, 1, j + 1 == n,
					 tabv[i].payv[j]));
		if ((int)g->n != tabv[i].frames)
			TEST_FAIL("%s: %u frames", tabv[i].what, g->n);
		if (g->n) {
			TEST_EQ(tabv[i].len, g->v[0].len);
			TEST_EQ(tabv[i].key, g->v[0].key);
			TEST_EQ(640, g->v[0].w);
			TEST_EQ(360, g->v[0].h);
		}
		f = mem_deref(f);
	}

	TEST_ERR(rtp_frame_alloc(&f, CODEC_VP8, frame_handler, g));
	g->n = 0;
	for (i = 0; i < ARRAY_SIZE(badv); i++)
		TEST_ERR(put_hex(f, i, (uint32_t)i, true, badv[i]));
	TEST_EQ(0, g->n);
	TEST_TRUE(rtp_frame_want_key(f));
	/* an inter frame after loss is handed out, and said to be broken */
	TEST_ERR(put_hex(f, i, 99, true, "10d10100ffff"));
	TEST_EQ(1, g->n);
	TEST_TRUE(g->v[0].broken && g->v[0].lost && !g->v[0].key);
 out:
	mem_deref(f);
	free(g);

	return err;
}


/* ---- the window ----------------------------------------------------- */

/* Sequence numbers in order of arrival; three packets a frame, a marker on
 * the third; '.' lets 50 ms pass.  Frames expected, by number. */
static int window_run(const char *arrival, const char *want, bool markers)
{
	struct got *g = calloc(1, sizeof(*g));
	struct rtp_frame *f = NULL;
	uint64_t now = 1000 * MS;
	char out[64] = "";
	unsigned i;
	int err = 0;

	TEST_ERR(rtp_frame_alloc(&f, CODEC_H264, frame_handler, g));
	for (; *arrival; arrival++) {
		const unsigned n = (unsigned)*arrival - 'a';
		const uint8_t p[3] = {0x41, n % 3 ? 0x40 : 0x9a, (uint8_t)n};

		if (*arrival == '.') {
			now += 50 * MS;
			rtp_frame_run(f, now);
			continue;
		}
		now += MS;
		rtp_frame_put(f, make(500 + n, n / 3, markers && n % 3 == 2,
				      p, sizeof(p), now), now);
	}
	for (i = 0; i < g->n; i++)
		re_snprintf(out + strlen(out), sizeof(out) - strlen(out),
			    "%u%s", g->v[i].ts, g->v[i].lost ? "!" : "");
	TEST_STR(want, out);
 out:
	mem_deref(f);
	free(g);

	return err;
}


static int test_window(void)
{
	int err = 0;

	TEST_ERR(window_run("abcdefghi", "012", true));
	/* no marker: the next one ends it */
	TEST_ERR(window_run("abcdefghi", "01", false));
	TEST_ERR(window_run("abcdefghij", "012", false));
	TEST_ERR(window_run("acbdfeghi", "012", true));  /* reordered      */
	TEST_ERR(window_run("abfedcghi", "012", true));
	TEST_ERR(window_run("aabbccdde" "effghi", "012", true));  /* twice */
	TEST_ERR(window_run("abcdfghi.", "02!", true));  /* e is lost      */
	TEST_ERR(window_run("abcdfghi", "0", true));     /* still waited for */
	TEST_ERR(window_run("abcdfghi.e", "02!", true)); /* too late       */
	TEST_ERR(window_run("abcefghi.", "02!", true));  /* first of a frame */
	TEST_ERR(window_run("abcdeghi.", "02!", true));  /* its last       */
	TEST_ERR(window_run("abcghi.", "02!", true));    /* all of it      */
	TEST_ERR(window_run("bcdefghi.", "1!2", true));   /* in the middle  */
	TEST_ERR(window_run("bacdef", "01", true));      /* from the start */
	TEST_ERR(window_run("abcdfghijl.mno.", "02!4!", true));
	TEST_ERR(window_run("abcdeghij.", "02!", false));  /* whose was f?   */
 out:
	return err;
}


static int test_window_edges(void)
{
	static const uint8_t nal[2] = {0x41, 0x9a};
	struct got *g = calloc(1, sizeof(*g));
	struct rtp_frame *f = NULL;
	const struct rtp_frame_stats *st;
	struct pkt *pkt;
	unsigned i;
	int err = 0;

	TEST_ERR(rtp_frame_alloc(&f, CODEC_H264, frame_handler, g));
	st = rtp_frame_stats(f);

	/* a hole is given up when the window is full, not only by time */
	rtp_frame_put(f, make(0, 0, true, nal, 2, 0), 0);
	for (i = 2; i < 2 + RTP_FRAME_WINDOW; i++)
		rtp_frame_put(f, make(i, i, true, nal, 2, 0), 0);
	TEST_EQ(1 + RTP_FRAME_WINDOW, g->n);
	TEST_EQ(1, st->lost);

	/* a leap of any size */
	g->n = 0;
	rtp_frame_put(f, make(1000000, 5, true, nal, 2, 0), 0);
	rtp_frame_put(f, make((uint64_t)1 << 40, 6, true, nal, 2, 0), 0);
	rtp_frame_put(f, make(((uint64_t)1 << 40) + 1, 7, true, nal, 2, 0),
		      0);
	rtp_frame_run(f, 100 * MS);
	TEST_EQ(3, g->n);
	TEST_TRUE(rtp_frame_due(f) == UINT64_MAX);

	/* padding only packets are not missing */
	g->n = 0;
	rtp_frame_put(f, make(((uint64_t)1 << 40) + 2, 8, false, nal, 0, 0),
		      0);
	rtp_frame_put(f, make(((uint64_t)1 << 40) + 3, 9, true, nal, 2, 0),
		      0);
	TEST_EQ(1, g->n);
	TEST_TRUE(!g->v[0].lost);

	/* a new SSRC starts afresh, even with lower numbers */
	g->n = 0;
	pkt = make(3, 1, true, nal, 2, 0);
	pkt->ssrc = 8;
	rtp_frame_put(f, pkt, 0);
	TEST_EQ(1, g->n);
	TEST_TRUE(g->v[0].broken);
 out:
	mem_deref(f);
	free(g);

	return err;
}


static int test_frame_max(void)
{
	static uint8_t fu[1402] = {0x7c, 0x85, 0x88};
	struct got *g = calloc(1, sizeof(*g));
	struct rtp_frame *f = NULL;
	unsigned i;
	int err = 0;

	TEST_ERR(rtp_frame_alloc(&f, CODEC_H264, frame_handler, g));
	for (i = 0; i < 4000; i++) {
		rtp_frame_put(f, make(i, 1, i == 3999, fu, sizeof(fu), 0), 0);
		fu[1] = 0x05;
	}
	TEST_EQ(0, g->n);
	TEST_EQ(1, rtp_frame_stats(f)->dropped);

	fu[1] = 0x85;
	for (i = 4000; i < 6000; i++) {
		rtp_frame_put(f, make(i, 2, i == 5999, fu, sizeof(fu), 0), 0);
		fu[1] = 0x05;
	}
	TEST_EQ(1, g->n);
	TEST_EQ(5 + 2000 * 1400, g->v[0].len);
 out:
	mem_deref(f);
	free(g);

	return err;
}


/* ---- there and back ------------------------------------------------- */

static size_t make_h264(uint8_t *p, unsigned n, bool key, size_t max_nal,
			uint64_t *rnd)
{
	static const uint8_t sets[] = {
		0, 0, 0, 1, 0x09, 0xf0,
		0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f,
		0xf9, 0x70, 0x11, 0, 0, 3, 0, 1, 0, 0, 3, 0, 0x3c, 0x0f,
		0x16, 0x2e, 0x48,
		0, 0, 0, 1, 0x68, 0xce, 0x32, 0xc8,
		0, 0, 1, 0x06, 0x05, 0x01, 0xaa, 0x80,
	};
	size_t len = 0, nal, i;
	unsigned slice;

	if (key) {
		memcpy(p, sets, sizeof(sets));
		len = sizeof(sets);
	}
	for (slice = 0; slice < 1 + n % 3; slice++) {
		nal = 3 + wire_rand(rnd) % (max_nal - 3);
		memcpy(p + len, "\0\0\1", 3);
		len += 3;
		p[len]     = key ? 0x65 : 0x41;
		p[len + 1] = slice ? 0x42 : 0x9a;
		for (i = 2; i < nal; i++)
			p[len + i] = (uint8_t)(wire_rand(rnd) | 4);
		len += nal;
	}

	return len;
}


/* What a depacketizer makes of it: 4 byte start codes, no AUD, no SEI */
static uint32_t sum_h264(const uint8_t *p, size_t n, size_t *lenp)
{
	uint8_t *q = malloc(n + n / 3 + 64);
	size_t pos = 0, off, nlen, len = 0;
	uint32_t v;

	while (!rtp_pack_nal(p, n, &pos, &off, &nlen)) {
		const uint8_t type = p[off] & 0x1f;

		if (type == 6 || type == 9)
			continue;
		memcpy(q + len, "\0\0\0\1", 4);
		memcpy(q + len + 4, p + off, nlen);
		len += 4 + nlen;
	}
	v = sum(q, len);
	free(q);
	*lenp = len;

	return v;
}


static size_t make_vp8(uint8_t *p, unsigned n, bool key, size_t max,
		       uint64_t *rnd)
{
	static const uint8_t head[10] = {
		0xd0, 1, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1,
	};
	const size_t len = 10 + wire_rand(rnd) % max;
	size_t i;

	(void)n;
	memcpy(p, head, sizeof(head));
	p[0] |= !key;
	for (i = 10; i < len; i++)
		p[i] = (uint8_t)wire_rand(rnd);

	return len;
}


struct path {
	struct rtp_frame *f;
	bool corrupt;
};


static void path_handler(unsigned tag, const struct sa *src,
			 const uint8_t *p, size_t n, uint64_t now, void *arg)
{
	struct path *path = arg;
	uint64_t seq;
	uint32_t ts;

	(void)src;
	(void)tag;
	memcpy(&seq, p, 8);
	memcpy(&ts, p + 8, 4);
	rtp_frame_put(path->f, make(seq, ts, p[12], p + 13, n - 13, now),
		      now);
}


/* 300 frames over a wire; every frame that comes out must be one that went
 * in, in order, and one after a loss must say so */
static int round_trip(enum ticket_codec codec, uint8_t mode,
		      const struct wire_cfg *cfg, unsigned min_frames)
{
	static struct { uint32_t crc; size_t len; } in[300];
	struct got *g = calloc(1, sizeof(*g));
	struct rtp_pack pk = {
		.codec = codec, .pkt_mode = mode, .max = 1200,
		.picture_id = 0x7ff0,
	};
	struct path path = { .f = NULL };
	uint8_t *buf = malloc(70000);
	struct unit *unit = NULL;
	struct wire *w = NULL;
	uint64_t rnd = cfg->seed, seq = 0, now = 0;
	unsigned i, j, last = 0;
	int err = 0;

	TEST_ERR(rtp_frame_alloc(&path.f, codec, frame_handler, g));
	TEST_ERR(wire_alloc(&w, cfg, path_handler, &path));

	for (i = 0; i < 300; i++) {
		const bool key = i % 30 == 0;
		size_t n;

		if (codec == CODEC_H264)
			n = make_h264(buf, i, key, mode ? 9000 : 1190, &rnd);
		else
			n = make_vp8(buf, i, key, 9000, &rnd);
		in[i].len = n;
		in[i].crc = codec == CODEC_H264 ?
			sum_h264(buf, n, &in[i].len) : sum(buf, n);

		TEST_ERR(rtp_pack_video(&unit, &pk, buf, n));
		TEST_TRUE(!memcmp(unit->data, buf, n) && unit->len == n);
		for (j = 0; j < unit->payc; j++) {
			struct unit_payload *p = &unit->payv[j];
			uint8_t hdr[13];
			struct iovec iov[3] = {
				{ hdr, 13 }, { p->hdr, p->hdrlen },
				{ unit->data + p->off, p->len },
			};

			TEST_TRUE(p->hdrlen + p->len <= 1200u);
			TEST_EQ(j + 1 == unit->payc, p->marker);
			memcpy(hdr, &seq, 8);
			memcpy(hdr + 8, &i, 4);
			hdr[12] = p->marker;
			++seq;
			wire_put(w, 0, NULL, iov, 3, now + j * 100);
		}
		unit_unref(unit);
		unit = NULL;
		now += 33 * MS;
		wire_run(w, now);
		rtp_frame_run(path.f, now);
	}
	wire_run(w, now + 1000 * MS);
	rtp_frame_run(path.f, now + 2000 * MS);

	for (i = 0; i < g->n; i++) {
		const uint32_t ts = g->v[i].ts;

		TEST_TRUE(ts < 300 && (!i || ts > last));
		TEST_EQ(in[ts].len, g->v[i].len);
		TEST_EQ(in[ts].crc, g->v[i].crc);
		TEST_EQ(ts % 30 == 0, g->v[i].key);
		TEST_EQ(i ? ts != last + 1 : ts != 0, g->v[i].lost);
		if (g->v[i].key) {
			TEST_EQ(640, g->v[i].w);
			TEST_EQ(360, g->v[i].h);
		}
		last = ts;
	}
	if (g->n < min_frames)
		TEST_FAIL("%u frames of 300", g->n);
 out:
	unit_unref(unit);
	mem_deref(w);
	mem_deref(path.f);
	free(buf);
	free(g);

	return err;
}


static int test_round_trips(void)
{
	static const struct {
		struct wire_cfg cfg;
		unsigned frames;
	} tabv[] = {
		{{ .seed = 1 }, 300},
		{{ .seed = 2, .delay_us = 20000, .jitter_us = 10000 }, 300},
		{{ .seed = 3, .delay_us = 20000, .reorder = 100 }, 300},
		{{ .seed = 4, .dup = 200, .delay_us = 5000, .jitter_us = 9000,
		   .reorder = 50 }, 300},
		{{ .seed = 5, .delay_us = 20000, .loss = 10 }, 200},
		{{ .seed = 6, .delay_us = 20000, .loss = 5, .burst = 6,
		   .reorder = 30, .dup = 30, .jitter_us = 30000 }, 150},
	};
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		TEST_ERR(round_trip(CODEC_H264, 1, &tabv[i].cfg,
				    tabv[i].frames));
		TEST_ERR(round_trip(CODEC_H264, 0, &tabv[i].cfg,
				    tabv[i].frames));
		TEST_ERR(round_trip(CODEC_VP8, 0, &tabv[i].cfg,
				    tabv[i].frames));
	}
 out:
	return err;
}


static int test_pack_limits(void)
{
	static uint8_t big[5000] = {0, 0, 1, 0x65, 0x88};
	static const uint8_t only_sei[] = {0, 0, 1, 6, 5, 1, 1, 0x80};
	static const uint8_t sets[] = {
		0, 0, 0, 1, 0x67, 1, 2, 3, 0, 0, 0, 1, 0x68, 4, 0, 0, 1,
		0x65, 0x88, 0xff, 0, 0,
	};
	struct rtp_pack pk = { .codec = CODEC_H264, .max = 1200 };
	struct unit *unit = NULL;
	unsigned i;
	int err = 0;

	memset(big + 5, 0x55, sizeof(big) - 5);
	TEST_EQ(EMSGSIZE, rtp_pack_video(&unit, &pk, big, sizeof(big)));
	TEST_EQ(EBADMSG, rtp_pack_video(&unit, &pk, only_sei,
					sizeof(only_sei)));
	TEST_EQ(EBADMSG, rtp_pack_video(&unit, &pk, big + 3, 100));
	TEST_EQ(EINVAL, rtp_pack_video(&unit, &pk, big, 0));
	TEST_ERR(rtp_pack_video(&unit, &pk, sets, sizeof(sets)));
	TEST_EQ(3, unit->payc);
	TEST_EQ(3, unit->payv[2].len);
	unit_unref(unit);
	unit = NULL;

	pk.pkt_mode = 1;
	TEST_ERR(rtp_pack_video(&unit, &pk, sets, sizeof(sets)));
	TEST_EQ(2, unit->payc);
	TEST_EQ(1 + 2 + 4 + 2 + 2, unit->payv[0].len);
	TEST_TRUE(!memcmp(unit->data + unit->payv[0].off,
			  "\x78\0\4\x67\1\2\3\0\2\x68\4", 11));
	unit_unref(unit);
	unit = NULL;

	/* fragments of like size */
	TEST_ERR(rtp_pack_video(&unit, &pk, big, sizeof(big)));
	TEST_EQ(5, unit->payc);
	for (i = 0; i < 5; i++)
		TEST_TRUE(unit->payv[i].len >= 990 &&
			  unit->payv[i].len <= 1000);
	unit_unref(unit);
	unit = NULL;

	TEST_ERR(rtp_pack_audio(&unit, CODEC_OPUS, big, 80));
	TEST_EQ(1, unit->payc);
	TEST_EQ(80, unit->payv[0].len);
	unit_unref(unit);
	unit = NULL;
	TEST_ERR(rtp_pack_audio(&unit, CODEC_OPUS, NULL, 0));
	TEST_EQ(0, unit->payc);
 out:
	unit_unref(unit);

	return err;
}


static const struct test testv[] = {
	{"h264 payloads",                   test_h264_depack},
	{"h264 picture size",               test_h264_size},
	{"vp8 payloads",                    test_vp8_depack},
	{"reorder window",                  test_window},
	{"reorder window, its edges",       test_window_edges},
	{"frames are bounded",              test_frame_max},
	{"packetizer limits",               test_pack_limits},
	{"there and back on bad wires",     test_round_trips},
};


int main(int argc, char **argv)
{
	int ret;

	if (pkt_pool_init(600))
		return 99;
	ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return ret;
}
