/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/mixer_alone_rec.c -- tutti-mixer: recordings and ends
 */
#include "config.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libavutil/frame.h>

#include "base/clock.h"
#include "tests/fake/alone.h"
#include "tests/fake/playback.h"

static int test_recording(void)
{
	struct playback pb;
	char path[256];
	struct alone fx;
	uint64_t t0;
	int fd = -1, err = 0;

	alone_path(path, sizeof(path), "recording.mkv");
	TEST_ERR(alone_init(&fx));
	t0 = clock_us();
	fd = alone_open(path);
	TEST_ERR(alone_ask(&fx, MIX_REC_START, alone_rec(), &fd, 1));
	TEST_ERR(alone_await(&fx, alone_recording, 3000));
	(void)alone_await(&fx, NULL, 3000);
	TEST_ERR(alone_ask(&fx, MIX_REC_PAUSE, json_pack("{si}", "rec", 5),
			   NULL, 0));
	(void)alone_await(&fx, NULL, 1500);
	TEST_STR("paused", fx.rec);
	TEST_ERR(alone_ask(&fx, MIX_REC_RESUME, json_pack("{si}", "rec", 5),
			   NULL, 0));
	(void)alone_await(&fx, NULL, 2000);
	TEST_ERR(alone_ask(&fx, MIX_REC_STOP, json_pack("{si}", "rec", 5),
			   NULL, 0));
	TEST_STR("closed", fx.rec);
	/* 3 s and 2 s; a machine under load takes longer */
	TEST_TRUE(fx.rec_ms > 4000);
	TEST_TRUE(fx.rec_ms < (clock_us() - t0) / 1000 - 1000);
	TEST_ERR(playback_read(path, NULL, NULL, &pb));
	printf("# %u pictures %u sounds %lld ms, said %u\n", pb.pictures,
	       pb.sounds, (long long)pb.ms, fx.rec_ms);
	TEST_EQ(0, pb.errors);
	TEST_TRUE(llabs(pb.ms - fx.rec_ms) < 100);
	/* a machine under load has fewer */
	TEST_TRUE(pb.pictures > fx.rec_ms * 9 / 1000);
	TEST_TRUE(pb.sounds > fx.rec_ms / 20 * 9 / 10);
 out:
	if (fd >= 0)
		close(fd);
	alone_unkeep(path);
	alone_close(&fx);
	return err;
}


/* ---- lip sync -------------------------------------------------------- */

enum { ONSETS = 32, BAR_ROW0 = 38, BAR_ROW1 = 58 };


struct onsets {
	double picture[ONSETS], sound[ONSETS];  /* [ms]                   */
	unsigned pictures, sounds;
	bool white, loud;
	double quiet_ms;
};


/* The bar of a test picture turns white with its tone. */
static void look(struct onsets *o, const AVFrame *f, double ms)
{
	unsigned n = 0;
	int x, y;
	bool white;

	for (y = BAR_ROW0; y < BAR_ROW1; y++)
		for (x = 0; x < f->width; x++)
			n += f->data[0][y * f->linesize[0] + x] > 190;
	white = n > 200;
	if (white && !o->white && o->pictures < ONSETS)
		o->picture[o->pictures++] = ms;
	o->white = white;
}


static void listen_to(struct onsets *o, const AVFrame *f, double ms)
{
	const float *pcm = (const float *)(void *)f->data[0];
	int i, k, n = f->sample_rate / 200;

	for (i = 0; i + n <= f->nb_samples; i += n) {
		double e = 0, t = ms + i * 1000.0 / f->sample_rate;

		for (k = 0; k < n; k++)
			e += pcm[i + k] * pcm[i + k];
		if (sqrt(e / n) > 0.006) {
			if (!o->loud && t - o->quiet_ms > 500
			    && o->sounds < ONSETS)
				o->sound[o->sounds++] = t;
			o->loud = true;
			o->quiet_ms = t;
		}
		else {
			o->loud = false;
		}
	}
}


static void onset_handler(bool sound, const AVFrame *f, double ms, void *arg)
{
	if (sound)
		listen_to(arg, f, ms);
	else
		look(arg, f, ms);
}


static int test_lips(void)
{
	struct playback pb;
	struct onsets o = {.quiet_ms = -1000};
	double off, sum = 0;
	pid_t pid = -1;
	unsigned i, k, n = 0;
	char path[256];
	struct alone fx;
	int fd = -1, err = 0;

	alone_path(path, sizeof(path), "lips.mkv");
	TEST_ERR(alone_init(&fx));
	for (i = 0; i < ALONE_PARTIES; i++) {
		TEST_ERR(alone_ask(&fx, MIX_LEG_DEL, json_pack("{si}", "id", 11
							       + i), NULL, 0));
	}
	TEST_ERR(alone_source(&fx, 1, &pid));
	(void)alone_await(&fx, NULL, 4000);
	fd = alone_open(path);
	TEST_ERR(alone_ask(&fx, MIX_REC_START, alone_rec(), &fd, 1));
	TEST_ERR(alone_await(&fx, alone_recording, 3000));
	(void)alone_await(&fx, NULL, 9000);
	TEST_ERR(alone_ask(&fx, MIX_REC_STOP, json_pack("{si}", "rec", 5),
			   NULL, 0));

	TEST_ERR(playback_read(path, onset_handler, &o, &pb));
	for (i = 0; i < o.sounds; i++)
		for (k = 0; k < o.pictures; k++) {
			off = o.picture[k] - o.sound[i];
			/* one may have been on when the file began */
			if (fabs(off) > 400 || o.picture[k] < 300
			    || o.sound[i] < 300)
				continue;
			printf("# picture %+.0f ms after its sound\n", off);
			sum += off;
			++n;
		}
	TEST_TRUE(n >= 3);
	printf("# on average %+.0f ms\n", sum / n);
#ifndef SANITIZE
	TEST_TRUE(fabs(sum / n) <= 40);
#endif
 out:
	if (pid > 0) {
		(void)kill(pid, SIGTERM);
		(void)waitpid(pid, NULL, 0);
	}
	if (fd >= 0)
		close(fd);
	alone_unkeep(path);
	alone_close(&fx);
	return err;
}


static int ended(struct alone *fx)
{
	struct playback pb;
	unsigned i;
	char path[256];
	int st = 0, err = 0;

	alone_path(path, sizeof(path), "ended.mkv");
	TEST_ERR(alone_await(fx, alone_closed, 5000));
	TEST_TRUE(waitpid(fx->pid, &st, 0) == fx->pid);
	fx->pid = -1;
	TEST_TRUE(WIFEXITED(st));
	TEST_EQ(0, WEXITSTATUS(st));
	(void)alone_await(fx, NULL, 100);
	for (i = 0; i < ALONE_PARTIES; i++)
		TEST_TRUE(fx->pv[i]->byes >= 1);
	TEST_ERR(playback_read(path, NULL, NULL, &pb));
	TEST_EQ(0, pb.errors);
	TEST_TRUE(pb.ms > 1200);
 out:
	return err;
}


static int recording(struct alone *fx)
{
	char path[256];
	int fd, err = 0;

	alone_path(path, sizeof(path), "ended.mkv");
	TEST_ERR(alone_init(fx));
	fd = alone_open(path);
	err = alone_ask(fx, MIX_REC_START, alone_rec(), &fd, 1);
	close(fd);
	TEST_ERR(err);
	TEST_ERR(alone_await(fx, alone_recording, 3000));
	(void)alone_await(fx, NULL, 1500);
 out:
	return err;
}


static void forget(void)
{
	char path[256];

	alone_path(path, sizeof(path), "ended.mkv");
	alone_unkeep(path);
}


static int test_bye(void)
{
	struct alone fx;
	int err = 0;

	TEST_ERR(recording(&fx));
	TEST_ERR(ipc_send(fx.ipc, json_pack("{ss}", "m", MIX_BYE), NULL, 0));
	err = ended(&fx);
	TEST_STR("closed", fx.rec);
 out:
	alone_close(&fx);
	forget();
	return err;
}


static int test_sigterm(void)
{
	struct alone fx;
	int err = 0;

	TEST_ERR(recording(&fx));
	TEST_EQ(0, kill(fx.pid, SIGTERM));
	err = ended(&fx);
 out:
	alone_close(&fx);
	forget();
	return err;
}


/* tuttid died: the socket is at its end. */
static int test_orphan(void)
{
	struct alone fx;
	int err = 0;

	TEST_ERR(recording(&fx));
	fx.ipc = mem_deref(fx.ipc);
	fx.closed = true;
	err = ended(&fx);
 out:
	alone_close(&fx);
	forget();
	return err;
}


static const struct test testv[] = {
	{"a recording pauses and plays", test_recording},
	{"sound and picture stay together", test_lips},
	{"bye ends calls and files", test_bye},
	{"SIGTERM ends calls and files", test_sigterm},
	{"without tuttid it ends by itself", test_orphan},
};


int main(int argc, char **argv)
{
	return alone_main(argc, argv, testv, ARRAY_SIZE(testv));
}
