/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_filter.c -- a room's canvas_filter
 */
#include <errno.h>
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "base/look.h"
#include "mixer/video_filter.h"
#include "tests/fake/studio.h"
#include "tests/unit/test.h"

#define FOUR_NULLS "null,null,null,null,"
static const char seventeen[] =
	FOUR_NULLS FOUR_NULLS FOUR_NULLS FOUR_NULLS "null";

/* What may be in a graph, and what may not, however it is written */
static int test_filter_text(void)
{
	static const char *const goodv[] = {
		"hue=s=0", "negate", " vignette , noise=alls=20:allf=t ",
		"split=2[a][b];[a]hue=s=0[c];[b][c]overlay=x=10",
		"[in]hue=h='2*PI*t'[out]", "drawbox=x=1:color=red@0.5,vflip",
	};
	static const char *const badv[] = {
		"", ",", "hue,", "movie=/etc/passwd", "mo\\vie=x", "'movie'=x",
		"hue=s=0;movie=/x[a]", "[a]movie=/x", "amovie=x", "sendcmd=f=x",
		"drawtext=textfile=/etc/passwd", "lut3d=file=/x", "zmq",
		"subtitles=/x", "scale=64000:64000", "split=900",
		"hue=h=while(1\\,1)", "hue=h='wh'ile(1,1)",
		"hue=h=wh\\ile(1\\,1)", "hue=h=taylor(1\\,1)", "hue@x=s=0",
		"sws_flags=bilinear;hue=s=0",
		"null['],null='];[\\],null=]drawtext=textfile=/proc/self/status",
		"null[\\],null];movie=/x", "hue=h=wh\vile(1\\,1)",
		seventeen,
	};
	char text[160];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(goodv); i++) {
		text[0] = '\0';
		TEST_ERR(vfilter_check(goodv[i], text, sizeof(text)));
		TEST_ERR(vfilter_try(goodv[i], 320, 180, 30, text,
				     sizeof(text)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		text[0] = '\0';
		TEST_EQ(EINVAL, vfilter_check(badv[i], text, sizeof(text)));
		TEST_TRUE(text[0]);
	}
	/* allowed words that make no graph */
	TEST_EQ(EINVAL, vfilter_try("hue=nosuch=1", 320, 180, 30, text,
				    sizeof(text)));
	TEST_EQ(EINVAL, vfilter_try("overlay", 320, 180, 30, text,
				    sizeof(text)));
 out:
	return err;
}

/* A filter goes live with the next picture; one that is none is taken out,
 * said once, and the room goes on. */
static int test_filter(void)
{
	struct look look = {.filter = "negate"};
	struct video_watch *w = NULL;
	char text[160] = "";
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_join(&f, 1, "Ann", CODEC_VP8, 320, 180, 0x20a020));
	TEST_ERR(studio_step(&f, 40));
	video_look(f.v, &look);
	TEST_ERR(studio_step(&f, 20));
	TEST_ERR(studio_shot(&f));
	TEST_TRUE(studio_is(f.shot, 640, 300, 0xdf5fdf, 12));
	TEST_TRUE(studio_is(studio_seen(&f, w), 640, 300, 0xdf5fdf, 16));

	str_ncpy(look.filter, "movie=/etc/passwd", sizeof(look.filter));
	video_look(f.v, &look);
	TEST_ERR(studio_step(&f, 20));
	TEST_ERR(studio_shot(&f));
	TEST_TRUE(studio_is(f.shot, 640, 300, 0x20a020, 6));
	TEST_TRUE(studio_is(studio_seen(&f, w), 640, 300, 0x20a020, 8));
	TEST_EQ(1, f.partyv[0].evv[VIDEO_FILTER_BAD]);
	video_filter_text(f.v, text, sizeof(text));
	TEST_TRUE(strstr(text, "movie"));
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* Eight of a blur that begins with the n-th picture */
static void slow_from(char *buf, size_t size, unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < 8; i++)
		len += (size_t)re_snprintf(buf + len, size - len,
			"%sgblur=sigma=90:steps=6:enable='gt(n,%u)'",
			i ? "," : "", n);
}

/* One that takes too long: found out before it is kept; or, if it only
 * becomes so, taken out while it runs, once.  The same again is tried again. */
static int test_filter_slow(void)
{
	struct video_watch *w = NULL;
	struct look look = {.clock = false};
	char text[160] = "";
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	slow_from(look.filter, sizeof(look.filter), 0);
	TEST_EQ(EINVAL, vfilter_try(look.filter, 1280, 720, 30, text,
				    sizeof(text)));
	TEST_TRUE(strstr(text, "12 ms a picture"));
	slow_from(look.filter, sizeof(look.filter), 20);
	TEST_ERR(vfilter_try(look.filter, 1280, 720, 30, text, sizeof(text)));

	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_join(&f, 1, "Ann", CODEC_VP8, 320, 180, 0x20a020));
	for (unsigned times = 1; times <= 2; times++) {
		video_look(f.v, &look);
		TEST_ERR(studio_step(&f, 15));
		TEST_EQ(times - 1, f.partyv[0].evv[VIDEO_FILTER_BAD]);
		TEST_ERR(studio_step(&f, 30));
		TEST_EQ(times, f.partyv[0].evv[VIDEO_FILTER_BAD]);
		video_filter_text(f.v, text, sizeof(text));
		TEST_TRUE(strstr(text, "too long"));
	}
	TEST_ERR(studio_step(&f, 30));
	TEST_EQ(2, f.partyv[0].evv[VIDEO_FILTER_BAD]);
	TEST_ERR(studio_shot(&f));
	TEST_TRUE(studio_is(f.shot, 640, 300, 0x20a020, 6));
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

static const struct test testv[] = {
	{"what may be in a filter", test_filter_text},
	{"a filter in a room, and out of it", test_filter},
	{"one that is too slow, or becomes it", test_filter_slow},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
