/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_ladder.c -- the ladder's text, and who gets which
 * rung of it
 */
#include <jansson.h>

#include "mixer/video_ladder.h"
#include "tests/unit/test.h"

static const struct {
	const char *text;
	bool ok;
	enum ticket_codec codec;
	unsigned height, fps, kbps;
} textv[] = {
	{"720p30 1500", true, CODEC_NONE, 720, 30, 1500},
	{"360p15 100 vp9", true, CODEC_VP9, 360, 15, 100},
	{"180p5\t16 AV1", true, CODEC_AV1, 180, 5, 16},
	{"1080p60 50000 h264", true, CODEC_H264, 1080, 60, 50000},
	{"90p1 16 vp8", true, CODEC_VP8, 90, 1, 16},
	{"", false, 0, 0, 0, 0},
	{"720p30", false, 0, 0, 0, 0},
	{"720p30 ", false, 0, 0, 0, 0},
	{"720 30 1500", false, 0, 0, 0, 0},
	{"720p30 1500 h265", false, 0, 0, 0, 0},
	{"720p30 1500 opus", false, 0, 0, 0, 0},
	{"720p30 1500 vp9 av1", false, 0, 0, 0, 0},
	{"720p30 1500k", false, 0, 0, 0, 0},
	{"721p30 1500", false, 0, 0, 0, 0},
	{"88p30 1500", false, 0, 0, 0, 0},
	{"4320p30 1500", false, 0, 0, 0, 0},
	{"65896p30 1500", false, 0, 0, 0, 0},
	{"720p0 1500", false, 0, 0, 0, 0},
	{"720p286 1500", false, 0, 0, 0, 0},
	{"720p30 15", false, 0, 0, 0, 0},
	{"720p30 99999999999999999999", false, 0, 0, 0, 0},
	{"-720p30 1500", false, 0, 0, 0, 0},
	{"720p30 -1500", false, 0, 0, 0, 0},
};

static int test_text(void)
{
	char why[256];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(textv); i++) {
		struct ladder_rung r = {.kbps = 7};
		int e;

		printf("# \"%s\"\n", textv[i].text);
		why[0] = '\0';
		e = ladder_parse(&r, textv[i].text, why, sizeof(why));
		TEST_EQ(textv[i].ok ? 0 : EBADMSG, e);
		if (e) {
			TEST_TRUE(strstr(why, "HEIGHTpFPS") != NULL);
			TEST_EQ(7, r.kbps);
			continue;
		}
		TEST_EQ(textv[i].codec, r.codec);
		TEST_EQ(textv[i].height, r.height);
		TEST_EQ(textv[i].fps, r.fps);
		TEST_EQ(textv[i].kbps, r.kbps);
	}
 out:
	return err;
}

/* Best first, however it is written; bounded; there and back as JSON */
static int test_order(void)
{
	struct video_ladder l, back;
	struct ladder_rung r = {CODEC_NONE, 180, 15, 150};
	json_t *arr = NULL;
	int err = 0;

	memset(&l, 0, sizeof(l));
	memset(&back, 0, sizeof(back));
	TEST_ERR(ladder_add(&l, &r));
	TEST_EQ(EEXIST, ladder_add(&l, &r));
	for (unsigned i = 1; i < LADDER_MAX; i++) {
		r.kbps = i % 2 ? 150 + i : 150 - i;
		TEST_ERR(ladder_add(&l, &r));
	}
	r.kbps = 1;
	TEST_EQ(EOVERFLOW, ladder_add(&l, &r));
	for (unsigned i = 1; i < l.rungc; i++)
		TEST_TRUE(l.rungv[i - 1].kbps > l.rungv[i].kbps);

	ladder_default(&l);
	TEST_TRUE(l.rungc >= 4);
	arr = ladder_encode(&l);
	TEST_ERR(ladder_decode(&back, arr));
	TEST_EQ(l.rungc, back.rungc);
	for (unsigned i = 0; i < l.rungc; i++) {
		TEST_EQ(l.rungv[i].codec, back.rungv[i].codec);
		TEST_EQ(l.rungv[i].height, back.rungv[i].height);
		TEST_EQ(l.rungv[i].fps, back.rungv[i].fps);
		TEST_EQ(l.rungv[i].kbps, back.rungv[i].kbps);
	}

	/* hostile: all or nothing */
	json_object_set_new(json_array_get(arr, 1), "fps", json_integer(0));
	back.rungc = 0;
	TEST_EQ(EBADMSG, ladder_decode(&back, arr));
	TEST_EQ(0, back.rungc);
	TEST_EQ(EBADMSG, ladder_decode(&back, NULL));
	json_array_clear(arr);
	TEST_EQ(EBADMSG, ladder_decode(&back, arr));
 out:
	json_decref(arr);
	return err;
}

/* --- what a leg can be sent ------------------------------------------- */

static const struct {
	const char *name;
	enum ticket_codec codec;
	uint8_t level;
	uint32_t max_fs, max_mbps, max_br, max_fr, max_kbps;
	unsigned w, h, fps, kbps;
} fitv[] = {
	{"720p device, level 3.1", CODEC_H264, 31, 0, 0, 0, 0, 0,
	 1280, 720, 30, 1500},
	{"b=AS 1000: still 720p", CODEC_H264, 31, 0, 0, 0, 0, 1000,
	 1280, 720, 30, 900},
	{"room system, level 1.3 raised to 720p30", CODEC_H264, 13,
	 3600, 108000, 1920, 0, 1920, 1280, 720, 30, 1500},
	{"room system, level 1.3, 720p15 only", CODEC_H264, 13,
	 3600, 54000, 1920, 0, 1920, 1280, 720, 15, 1125},
	{"level 3.0 phone", CODEC_H264, 30, 0, 0, 0, 0, 0,
	 640, 360, 30, 500},
	{"CIF, level 1.1", CODEC_H264, 11, 0, 0, 0, 0, 0, 320, 180, 10, 112},
	{"CIF, level 1.3", CODEC_H264, 13, 0, 0, 0, 0, 0, 320, 180, 15, 150},
	{"level 1: below the ladder", CODEC_H264, 10, 0, 0, 0, 0, 0,
	 160, 90, 15, 45},
	{"thin link, 384", CODEC_H264, 31, 0, 0, 0, 0, 384,
	 640, 360, 30, 360},
	{"thin link, 128", CODEC_H264, 31, 0, 0, 0, 0, 128,
	 320, 180, 15, 120},
	{"very thin link, 64: slow but to be read", CODEC_H264, 31,
	 0, 0, 0, 0, 64, 640, 360, 5, 24},
	{"max-fr 15", CODEC_H264, 31, 0, 0, 0, 15, 0, 1280, 720, 15, 1125},
	{"VP8 without limits", CODEC_VP8, 0, 0, 0, 0, 0, 0,
	 1280, 720, 30, 1500},
	{"VP8, max-fs of 360p", CODEC_VP8, 0, 920, 0, 0, 0, 0,
	 640, 360, 30, 500},
	{"VP9 alone takes every rung", CODEC_VP9, 0, 0, 0, 0, 0, 0,
	 1280, 720, 30, 1500},
	{"AV1, 200 kbit/s", CODEC_AV1, 0, 0, 0, 0, 0, 220,
	 640, 360, 30, 200},
};

static int pick(struct video_rung *r, const struct ticket_media *m,
		unsigned canvas_h, unsigned height, unsigned fps,
		uint32_t kbps)
{
	struct video_ladder l;

	ladder_default(&l);

	return video_ladder_pick(&l, m, canvas_h * 16 / 9, canvas_h, 30,
				 height, fps, kbps, r);
}

static int test_fit(void)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fitv); i++) {
		struct ticket_media m = {.on = true, .fmtc = 1};
		struct ticket_fmt *f = &m.fmtv[0];
		struct video_rung r;

		f->codec = fitv[i].codec;
		f->level_idc = fitv[i].level;
		f->profile_idc = 66;
		f->max_fs = fitv[i].max_fs;
		f->max_mbps = fitv[i].max_mbps;
		f->max_br = fitv[i].max_br;
		f->max_fr = fitv[i].max_fr;
		m.max_kbps = fitv[i].max_kbps;
		printf("# %s\n", fitv[i].name);
		TEST_ERR(pick(&r, &m, 720, 0, 0, 0));
		TEST_EQ(fitv[i].codec, r.codec);
		TEST_EQ(fitv[i].w, r.width);
		TEST_EQ(fitv[i].h, r.height);
		TEST_EQ(fitv[i].fps, r.fps);
		TEST_EQ(fitv[i].kbps, r.kbps);
		if (f->codec == CODEC_H264 && !f->max_fs)
			TEST_TRUE(r.level_idc && r.level_idc <= f->level_idc);
		if (f->codec == CODEC_H264 && r.width == 1280 && r.fps == 30)
			TEST_EQ(31, r.level_idc);
	}
 out:
	return err;
}

/* Whatever is offered and wished: never above it, nor above the link */
static int test_never_more(void)
{
	static const uint8_t levels[] = {9, 10, 11, 12, 13, 20, 21, 22, 30,
		31, 40, 52};
	static const uint32_t fs[] = {99, 396, 792, 1620, 3600, 5120, 8192};
	static const uint32_t mbps[] = {1485, 3000, 11880, 19800, 20250,
		40500, 108000, 245760};
	static const enum ticket_codec codecv[] = {
		CODEC_H264, CODEC_VP8, CODEC_VP9, CODEC_AV1,
	};
	unsigned picked = 0;
	int err = 0;

	for (unsigned i = 0; i < 8000; i++) {
		struct ticket_media m = {.on = true, .fmtc = 1};
		struct ticket_fmt *f = &m.fmtv[0];
		unsigned high = i % 11 ? 0 : i % 1100, link = i % 3 * i;
		struct video_rung r;
		uint32_t n;

		f->codec = codecv[i % 4];
		f->max_fs = fs[i / 2 % 7];
		f->max_mbps = i % 4 ? 0 : mbps[i / 14 % 8];
		f->level_idc = i % 4 ? 0 : 10;
		f->max_fr = i % 5 ? 0 : i % 31;
		m.max_kbps = i % 3 ? 40 + i : 0;
		if (pick(&r, &m, i % 7 ? 720 : 1080, high, 0, link))
			continue;
		++picked;
		n = ((r.width + 15u) / 16) * ((r.height + 15u) / 16);
		TEST_TRUE(n <= f->max_fs);
		TEST_TRUE(!f->max_mbps || n * r.fps <= f->max_mbps);
		TEST_TRUE(!f->max_fr || r.fps <= f->max_fr);
		TEST_TRUE(!m.max_kbps || r.kbps <= m.max_kbps);
		TEST_TRUE(!link || r.kbps <= link);
		TEST_TRUE(!high || r.height <= high || r.height <= 134);
		TEST_TRUE(r.kbps && r.fps && 30 % r.fps == 0);
		TEST_EQ(0, r.width % 2 + r.height % 2);
	}
	TEST_TRUE(picked > 4000);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		struct ticket_media m = {.on = true, .fmtc = 1};
		struct video_rung r;

		m.fmtv[0].codec = CODEC_H264;
		m.fmtv[0].level_idc = levels[i];
		TEST_ERR(pick(&r, &m, 720, 0, 0, 0));
		TEST_TRUE(r.level_idc <= levels[i] || levels[i] == 9);
	}
 out:
	return err;
}

/* What one wishes for oneself, whatever the codec */
static int test_wish(void)
{
	static const struct {
		unsigned height, fps;
		unsigned w, h, r;
	} wishv[] = {
		{0, 0, 1280, 720, 30},   {1080, 0, 1280, 720, 30},
		{720, 0, 1280, 720, 30}, {540, 0, 640, 360, 30},
		{360, 0, 640, 360, 30},  {180, 0, 320, 180, 15},
		{180, 5, 320, 180, 5},   {360, 5, 640, 360, 5},
		{1, 0, 160, 90, 30},  {0, 15, 1280, 720, 15},
	};
	int err = 0;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(wishv); i++) {
		struct ticket_media m = {.on = true, .fmtc = 1};
		struct video_rung r;
		const size_t k = i / 2;

		m.fmtv[0].codec = i & 1 ? CODEC_VP8 : CODEC_H264;
		m.fmtv[0].level_idc = i & 1 ? 0 : 31;
		TEST_ERR(pick(&r, &m, 720, wishv[k].height, wishv[k].fps, 0));
		TEST_EQ(wishv[k].w, r.width);
		TEST_EQ(wishv[k].h, r.height);
		TEST_EQ(wishv[k].r, r.fps);
	}
 out:
	return err;
}

/* A browser with everything, a phone, on links that get thinner */
static int test_links(void)
{
	static const struct {
		uint32_t link;
		enum ticket_codec codec;
		unsigned h, fps, kbps;    /* of the browser               */
		unsigned sip_h, sip_fps, sip_kbps;
	} linkv[] = {
		{0, CODEC_H264, 1080, 30, 3000, 1080, 30, 3000},
		{2999, CODEC_H264, 720, 30, 1500, 720, 30, 1500},
		{1499, CODEC_H264, 360, 30, 500, 360, 30, 500},
		{499, CODEC_AV1, 360, 30, 200, 180, 15, 150},
		{199, CODEC_H264, 180, 15, 150, 180, 15, 150},
		{149, CODEC_AV1, 360, 15, 100, 360, 5, 24},
		{24, CODEC_AV1, 360, 5, 24, 360, 5, 24},
		{23, CODEC_NONE, 0, 0, 0, 0, 0, 0},
	};
	struct ticket_media web = {.on = true, .fmtc = 4};
	struct ticket_media sip = {.on = true, .fmtc = 1};
	int err = 0;

	web.fmtv[0].codec = CODEC_AV1;    /* whatever comes first         */
	web.fmtv[1].codec = CODEC_VP8;
	web.fmtv[1].rx_only = true;
	web.fmtv[2].codec = CODEC_H264;
	web.fmtv[2].level_idc = 40;
	web.fmtv[2].pkt_mode = 1;
	web.fmtv[3].codec = CODEC_VP9;
	sip.fmtv[0] = web.fmtv[2];
	for (size_t i = 0; i < ARRAY_SIZE(linkv); i++) {
		struct video_rung a, b;
		int e, want = linkv[i].h ? 0 : EAGAIN;

		printf("# %u kbit/s\n", linkv[i].link);
		e = pick(&a, &web, 1080, 0, 0, linkv[i].link);
		TEST_EQ(want, e);
		e = pick(&b, &sip, 1080, 0, 0, linkv[i].link);
		TEST_EQ(want, e);
		if (e)
			continue;
		TEST_EQ(linkv[i].codec, a.codec);
		TEST_EQ(linkv[i].h, a.height);
		TEST_EQ(linkv[i].fps, a.fps);
		TEST_EQ(linkv[i].kbps, a.kbps);
		TEST_EQ(CODEC_H264, b.codec);
		TEST_EQ(linkv[i].sip_h, b.height);
		TEST_EQ(linkv[i].sip_fps, b.fps);
		TEST_EQ(linkv[i].sip_kbps, b.kbps);
		if (a.codec == b.codec)
			TEST_TRUE(video_rung_same(&a, &b));
	}
 out:
	return err;
}

/* A canvas lower than the ladder's top, without a rung of its height */
static int test_canvas(void)
{
	struct ticket_media m = {.on = true, .fmtc = 1};
	struct video_rung r;
	int err = 0;

	m.fmtv[0].codec = CODEC_VP8;
	TEST_ERR(pick(&r, &m, 540, 0, 0, 0));
	TEST_EQ(960, r.width);
	TEST_EQ(540, r.height);
	TEST_TRUE(r.kbps > 700 && r.kbps < 1500);
	TEST_ERR(pick(&r, &m, 360, 0, 0, 0));
	TEST_EQ(360, r.height);
	TEST_EQ(500, r.kbps);
	TEST_ERR(pick(&r, &m, 1080, 0, 0, 0));
	TEST_EQ(1920, r.width);
	TEST_EQ(1080, r.height);
 out:
	return err;
}

static int test_none(void)
{
	struct ticket_media m = {.on = true};
	struct video_ladder l = {.rungc = 0};
	struct video_rung r;
	int err = 0;

	TEST_EQ(ENOTSUP, pick(&r, &m, 720, 0, 0, 0));
	m.fmtc = 2;
	m.fmtv[0].codec = CODEC_H265;
	m.fmtv[1].codec = CODEC_VP9;
	m.fmtv[1].rx_only = true;
	TEST_EQ(ENOTSUP, pick(&r, &m, 720, 0, 0, 0));
	TEST_EQ(EINVAL, pick(NULL, &m, 720, 0, 0, 0));

	/* a ladder that has nothing for it: the floor */
	m.fmtv[0].codec = CODEC_VP8;
	l.rungc = 1;
	l.rungv[0] = (struct ladder_rung){CODEC_AV1, 360, 30, 200};
	TEST_ERR(video_ladder_pick(&l, &m, 1280, 720, 30, 0, 0, 0, &r));
	TEST_EQ(90, r.height);
	TEST_EQ(EAGAIN, video_ladder_pick(&l, &m, 1280, 720, 30, 0, 0, 50,
					  &r));
 out:
	return err;
}

static const struct test testv[] = {
	{"a rung's text", test_text},
	{"best first, bounded, there and back", test_order},
	{"offers to rungs", test_fit},
	{"a rung never asks for more than was offered", test_never_more},
	{"a wish is kept, whatever the codec", test_wish},
	{"links that get thinner", test_links},
	{"canvases of other heights", test_canvas},
	{"no codec, no rung", test_none},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
