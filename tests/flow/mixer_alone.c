/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/mixer_alone.c -- a meeting in the real tutti-mixer
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <png.h>

#include "base/clock.h"
#include "tests/fake/alone.h"
#include "tests/fake/playback.h"

static int test_hear_and_see(void)
{
	struct alone fx;
	json_t *stats;
	int err = 0;

	TEST_ERR(alone_init(&fx));
	err = alone_await(&fx, alone_hear, 5000);
	alone_print(&fx);
	TEST_ERR(err);
	err = alone_await(&fx, alone_see, 5000);
	alone_print(&fx);
	TEST_ERR(err);
	TEST_EQ(1280, fx.pv[0]->w);
	TEST_EQ(720, fx.pv[0]->h);

	caller_dtmf(fx.pv[1], '7');
	(void)alone_await(&fx, NULL, 1500);
	TEST_EQ('7', fx.digit);
	TEST_TRUE(fx.pv[0]->srs > 0);
	TEST_TRUE(fx.latched >= 2 * ALONE_PARTIES);
	TEST_TRUE(fx.pictures_live >= ALONE_PARTIES);

	TEST_ERR(alone_ask(&fx, MIX_STATS, json_object(), NULL, 0));
	stats = json_object_get(fx.done, "stats");
	TEST_TRUE(json_is_object(stats));
	TEST_EQ(3, json_integer_value(json_object_get(stats, "legs")));
	TEST_TRUE(json_is_object(json_object_get(stats, "audio")));
	TEST_TRUE(json_is_object(json_object_get(stats, "video")));
	TEST_TRUE(json_integer_value(json_object_get(stats, "rss_bytes"))
		  > 1000000);
	TEST_EQ(2 * ALONE_PARTIES, fx.quality);
	TEST_EQ(ENOSYS, alone_ask(&fx, "nonsense", json_object(), NULL, 0));
	TEST_EQ(EBADMSG, alone_ask(&fx, MIX_LEG_ADD, json_object(), NULL, 0));
	TEST_EQ(EEXIST, alone_ask(&fx, MIX_LEG_ADD,
			    json_pack("{so}", "ticket",
				      ticket_encode(&fx.pv[0]->ticket)),
			    fx.pv[0]->mixer_fdv, 4));
 out:
	alone_close(&fx);
	return err;
}


static bool two_hear_zero_not(struct alone *fx)
{
	return caller_hears(fx->pv[0], alone_cfgv[1].hz, 200) < ALONE_FAINT
		&& caller_hears(fx->pv[0], alone_cfgv[2].hz, 200) > ALONE_LOUD;
}


static int test_change(void)
{
	struct caller *p;
	struct alone fx;
	int err = 0;

	TEST_ERR(alone_init(&fx));
	TEST_ERR(alone_await(&fx, alone_hear, 5000));

	/* mute */
	p = fx.pv[1];
	p->ticket.muted = true;
	TEST_ERR(alone_ask(&fx, MIX_LEG_SET, json_pack("{so}", "ticket",
		  ticket_encode(&p->ticket)), NULL, 0));
	TEST_ERR(alone_await(&fx, two_hear_zero_not, 1000));

	/* back, on other descriptors of the same sockets */
	p->ticket.muted = false;
	TEST_ERR(alone_ask(&fx, MIX_LEG_SET, json_pack("{so}", "ticket",
		  ticket_encode(&p->ticket)), p->mixer_fdv, 4));
	TEST_ERR(alone_await(&fx, alone_hear, 1500));

	/* less: 320x180 fits 20 x 12 macroblocks */
	p = fx.pv[0];
	p->ticket.video.fmtv[0].level_idc = 11;
	p->ticket.video.max_kbps = 128;
	TEST_ERR(alone_ask(&fx, MIX_LEG_SET, json_pack("{so}", "ticket",
		  ticket_encode(&p->ticket)), NULL, 0));
	(void)alone_await(&fx, NULL, 1500);
	TEST_TRUE(p->w > 0 && p->w <= 352);

	/* gone */
	TEST_ERR(alone_ask(&fx, MIX_LEG_DEL, json_pack("{si}", "id", 12), NULL,
			   0));
	(void)alone_await(&fx, NULL, 500);
	TEST_TRUE(fx.pv[1]->byes >= 1);
	TEST_EQ(2, fx.quality);
	TEST_TRUE(caller_hears(fx.pv[0], alone_cfgv[1].hz, 200) < ALONE_FAINT);
 out:
	alone_print(&fx);
	alone_close(&fx);
	return err;
}


static int test_snapshot(void)
{
	static const uint8_t rgbv[ALONE_PARTIES][3] = {
		{254, 0, 0}, {0, 255, 1}, {0, 0, 255},
	};
	png_image img = {.version = PNG_IMAGE_VERSION};
	unsigned foundv[ALONE_PARTIES] = {0}, i, k;
	uint8_t *rgb = NULL;
	char png[256], jpeg[256];
	struct stat st;
	struct alone fx;
	int fd = -1, err = 0;

	alone_path(png, sizeof(png), "snapshot.png");
	alone_path(jpeg, sizeof(jpeg), "thumb.jpg");
	TEST_ERR(alone_init(&fx));
	TEST_ERR(alone_await(&fx, alone_see, 6000));

	fd = alone_open(png);
	TEST_ERR(alone_ask(&fx, MIX_SNAPSHOT, json_object(), &fd, 1));
	close(fd);
	fd = alone_open(jpeg);
	TEST_ERR(alone_ask(&fx, MIX_THUMB, json_object(), &fd, 1));
	TEST_EQ(0, stat(jpeg, &st));
	TEST_TRUE(st.st_size > 1000);

	TEST_TRUE(png_image_begin_read_from_file(&img, png));
	img.format = PNG_FORMAT_RGB;
	TEST_EQ(1280, img.width);
	TEST_EQ(720, img.height);
	rgb = malloc(PNG_IMAGE_SIZE(img));
	TEST_TRUE(png_image_finish_read(&img, NULL, rgb, 0, NULL));
	for (i = 0; i < 1280 * 720; i++)
		for (k = 0; k < ALONE_PARTIES; k++)
			foundv[k] += abs(rgb[3 * i] - rgbv[k][0]) < 30
				&& abs(rgb[3 * i + 1] - rgbv[k][1]) < 30
				&& abs(rgb[3 * i + 2] - rgbv[k][2]) < 30;
	for (k = 0; k < ALONE_PARTIES; k++)
		if (foundv[k] < 1280 * 720 / 10)
			TEST_FAIL("colour %u: %u pixels", k, foundv[k]);
 out:
	png_image_free(&img);
	free(rgb);
	if (fd >= 0)
		close(fd);
	alone_unkeep(png);
	alone_unkeep(jpeg);
	alone_close(&fx);
	return err;
}


/* kill -9: the same sockets and tickets go to another; so does the file. */
static int test_killed(void)
{
	struct playback pb;
	unsigned i;
	uint32_t ssrc;
	uint64_t t0, t1;
	char path[256];
	struct alone fx;
	int fd = -1, err = 0;

	alone_path(path, sizeof(path), "killed.mkv");
	TEST_ERR(alone_init(&fx));
	TEST_ERR(alone_await(&fx, alone_see, 6000));
	fd = alone_open(path);
	TEST_ERR(alone_ask(&fx, MIX_REC_START, alone_rec(), &fd, 1));
	TEST_ERR(alone_await(&fx, alone_recording, 3000));
	(void)alone_await(&fx, NULL, 3000);

	ssrc = fx.pv[0]->ssrc;
	t0 = clock_us();
	TEST_EQ(0, kill(fx.pid, SIGKILL));
	(void)waitpid(fx.pid, NULL, 0);
	for (i = 0; i < ALONE_PARTIES; i++)
		caller_deaf(fx.pv[i]);
	fx.ipc = mem_deref(fx.ipc);
	TEST_ERR(alone_spawn(&fx));
	TEST_ERR(alone_await(&fx, alone_ready, 5000));
	TEST_ERR(alone_add_legs(&fx));
	TEST_ERR(alone_await(&fx, alone_hear, 5000));
	t1 = clock_us();
	printf("# heard again after %u ms (200 of them the measurement)\n",
	       (unsigned)((t1 - t0) / 1000));
#ifndef SANITIZE
	TEST_TRUE(t1 - t0 < 1500000);
#endif
	TEST_TRUE(fx.pv[0]->ssrc != ssrc);
	TEST_ERR(alone_await(&fx, alone_see, 3000));

	TEST_ERR(playback_read(path, NULL, NULL, &pb));
	printf("# killed recording plays %lld ms\n", (long long)pb.ms);
	TEST_TRUE(pb.errors <= 2);
	TEST_TRUE(pb.ms >= 2000);
 out:
	alone_print(&fx);
	if (fd >= 0)
		close(fd);
	alone_unkeep(path);
	alone_close(&fx);
	return err;
}


/* ---- sources over socket pairs ---------------------------------------- */

enum { SOURCES = 3 };


static bool all_live(struct alone *fx)
{
	return fx->pictures_live >= ALONE_PARTIES + SOURCES;
}


static int test_sources(void)
{
	static const double hzv[SOURCES] = {261.6, 293.7, 329.6};
	pid_t pidv[SOURCES] = {0};
	double bestv[SOURCES];
	char png[256];
	struct stat st;
	struct alone fx;
	unsigned i, k;
	int fd = -1, err = 0;

	alone_path(png, sizeof(png), "sources.png");
	TEST_ERR(alone_init(&fx));
	for (i = 0; i < SOURCES; i++) {
		TEST_ERR(alone_source(&fx, i + 1, &pidv[i]));
	}
	TEST_ERR(alone_await(&fx, all_live, 8000));

	/* their tones come and go */
	for (i = 0; i < SOURCES; i++)
		bestv[i] = -120;
	for (i = 0; i < ALONE_PARTIES; i++)
		fx.pv[i]->silent = true;
	for (k = 0; k < 15; k++) {
		(void)alone_await(&fx, NULL, 200);
		for (i = 0; i < SOURCES; i++) {
			double db = caller_hears(fx.pv[0], hzv[i], 200);

			bestv[i] = db > bestv[i] ? db : bestv[i];
		}
	}
	printf("# sources heard at %.0f %.0f %.0f dB\n", bestv[0], bestv[1],
	       bestv[2]);
	for (i = 0; i < SOURCES; i++)
		TEST_TRUE(bestv[i] > -40);

	fd = alone_open(png);
	TEST_ERR(alone_ask(&fx, MIX_SNAPSHOT, json_object(), &fd, 1));
	TEST_EQ(0, fstat(fd, &st));
	TEST_TRUE(st.st_size > 5000);
 out:
	for (i = 0; i < SOURCES; i++)
		if (pidv[i] > 0) {
			(void)kill(pidv[i], SIGTERM);
			(void)waitpid(pidv[i], NULL, 0);
		}
	if (fd >= 0)
		close(fd);
	alone_unkeep(png);
	alone_close(&fx);
	return err;
}


static const struct test testv[] = {
	{"everyone hears and sees the others", test_hear_and_see},
	{"tickets change: mute, less picture, gone", test_change},
	{"a snapshot shows three tiles", test_snapshot},
	{"killed, another takes the sockets", test_killed},
	{"sources come in over socket pairs", test_sources},
};


int main(int argc, char **argv)
{
	return alone_main(argc, argv, testv, ARRAY_SIZE(testv));
}
