/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/mixer_alone.c -- the real tutti-mixer, tuttid's part played
 *
 * Three parties with tones and colours on real sockets.  The program is
 * $TUTTI_LIBEXEC/tutti-mixer or libexec/ of the build tree.  With
 * TUTTI_KEEP=DIR the snapshot and the recording stay there.
 */
#define _GNU_SOURCE 1
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <png.h>

#include "base/clock.h"
#include "base/ipc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "mixer/pkt.h"
#include "tests/fake/caller.h"
#include "tests/unit/test.h"

enum { PARTIES = 3, LOUD = -32, FAINT = -48 };

static const struct caller_cfg cfgv[PARTIES] = {
	{11, "Ann",                        420, 81,  90,  240, CODEC_H264},
	{12, "\xd0\x91\xd0\xbe\xd1\x80\xd0\xb8\xd1\x81",
	                                   730, 145, 54,  34,  CODEC_VP8},
	{13, "\xe6\x9d\x8e\xe5\xa8\x9c",   1130, 41, 240, 110, CODEC_H264},
};

/* One meeting, seen from tuttid */
struct fx {
	pid_t pid;
	struct ipc *ipc;
	struct caller *pv[PARTIES];
	struct tmr tick, end;
	unsigned seq;
	json_t *done;             /* last answer                          */
	bool ready, closed;
	unsigned quality, talk, pictures_live, latched, speaker;
	char digit;
	char rec[16];             /* its last state                       */
	unsigned rec_ms;
	bool (*until)(struct fx *fx);
	bool met;
};

static void message(json_t *msg, int *fdv, size_t fdc, void *arg)
{
	struct fx *fx = arg;
	const char *m, *str;
	uint32_t n;

	(void)fdv;
	(void)fdc;
	if (json_str(msg, "m", &m))
		return;

	if (!strcmp(m, MIX_READY)) {
		fx->ready = true;
	}
	else if (!strcmp(m, MIX_DONE)) {
		json_decref(fx->done);
		fx->done = json_incref(msg);
	}
	else if (!strcmp(m, MIX_DTMF)) {
		if (!json_str(msg, "digit", &str))
			fx->digit = str[0];
	}
	else if (!strcmp(m, MIX_REC_STATE)) {
		(void)json_strcpy(msg, "state", fx->rec, sizeof(fx->rec));
		(void)json_u32(msg, "duration_ms", &fx->rec_ms);
	}
	else if (!strcmp(m, MIX_PICTURE)) {
		if (!json_str(msg, "state", &str) && !strcmp(str, "live"))
			++fx->pictures_live;
	}
	else if (!strcmp(m, MIX_LEG_NEWS)) {
		++fx->latched;
	}
	else if (!strcmp(m, MIX_SPEAKER)) {
		if (!json_u32(msg, "id", &n))
			fx->speaker = n;
	}
	fx->quality += !strcmp(m, MIX_QUALITY);
	fx->talk += !strcmp(m, MIX_TALK);
}

static void closed(int err, void *arg)
{
	struct fx *fx = arg;

	(void)err;
	fx->closed = true;
	fx->ipc = mem_deref(fx->ipc);
}

static void tick(void *arg)
{
	struct fx *fx = arg;
	unsigned i;

	for (i = 0; i < PARTIES; i++)
		if (fx->pv[i])
			caller_run(fx->pv[i], clock_us());
	if (fx->until && fx->until(fx)) {
		fx->met = true;
		re_cancel();
	}
	tmr_start(&fx->tick, 5, tick, fx);
}

static void stop(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Until it is so, at most ms (a sanitizer is given more). */
static int await(struct fx *fx, bool (*until)(struct fx *), unsigned ms)
{
#ifdef SANITIZE
	if (until)
		ms *= 5;
#endif
	fx->met = false;
	fx->until = until;
	tmr_start(&fx->tick, 0, tick, fx);
	tmr_start(&fx->end, ms, stop, NULL);
	(void)re_main(NULL);
	tmr_cancel(&fx->end);
	tmr_cancel(&fx->tick);
	fx->until = NULL;

	return until && !fx->met ? ETIMEDOUT : 0;
}

static bool is_ready(struct fx *fx)
{
	return fx->ready || fx->closed;
}

static bool is_done(struct fx *fx)
{
	return fx->done || fx->closed;
}

static const char *program(char *path, size_t sz)
{
	const char *dir = getenv("TUTTI_LIBEXEC");
	const char *top = getenv("top_builddir");

	if (dir)
		(void)re_snprintf(path, sz, "%s/tutti-mixer", dir);
	else
		(void)re_snprintf(path, sz, "%s/libexec/tutti-mixer",
				  top ? top : ".");

	return path;
}

static int spawn(struct fx *fx)
{
	char path[512];
	int fdv[2], err;

	err = ipc_pair(fdv);
	if (err)
		return err;

	(void)program(path, sizeof(path));
	if (!getenv("TUTTI_PROMPTS"))
		setenv("TUTTI_PROMPTS", "prompts", 1);
	fx->pid = fork();
	if (!fx->pid) {
		if (dup2(fdv[1], MIX_FD) < 0)
			_exit(127);
		(void)fcntl(MIX_FD, F_SETFD, 0);
		execl(path, path, getenv("TUTTI_VERBOSE") ? "-v" : NULL,
		      NULL);
		_exit(127);
	}
	close(fdv[1]);
	fx->ready = fx->closed = false;
	err = ipc_alloc(&fx->ipc, fdv[0], message, closed, fx);
	if (err)
		return err;

	return ipc_send(fx->ipc,
			json_pack("{ss si si ss si si si sb ss}", "m",
				  MIX_HELLO, "version", MIX_VERSION,
				  "meeting", 7, "room", "test",
				  "canvas_w", 1280, "canvas_h", 720,
				  "fps", 30, "tones", 0, "fit",
				  "letterbox"), NULL, 0);
}

/* Sends and waits for the answer; its error. */
static int ask(struct fx *fx, const char *m, json_t *msg, const int *fdv,
	       size_t fdc)
{
	uint32_t n = 0;
	int err;

	fx->done = (json_decref(fx->done), NULL);
	json_object_set_new(msg, "m", json_string(m));
	json_object_set_new(msg, "seq", json_integer(++fx->seq));
	err = ipc_send(fx->ipc, msg, fdv, fdc);
	if (!err)
		err = await(fx, is_done, 5000);
	if (err)
		return err;
	if (!fx->done)
		return ECONNRESET;
	if (json_u32(fx->done, "seq", &n) || n != fx->seq)
		return EPROTO;
	(void)json_u32(fx->done, "err", &n);

	return (int)n;
}

static int add_legs(struct fx *fx)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < PARTIES && !err; i++)
		err = ask(fx, MIX_LEG_ADD,
			  json_pack("{so sb}", "ticket",
				    ticket_encode(&fx->pv[i]->ticket),
				    "join_tone", 0),
			  fx->pv[i]->mixer_fdv, 4);

	return err;
}

static void fx_close(struct fx *fx)
{
	unsigned i;

	tmr_cancel(&fx->tick);
	tmr_cancel(&fx->end);
	if (fx->pid > 0) {
		(void)kill(fx->pid, SIGKILL);
		(void)waitpid(fx->pid, NULL, 0);
	}
	for (i = 0; i < PARTIES; i++)
		fx->pv[i] = mem_deref(fx->pv[i]);
	fx->ipc = mem_deref(fx->ipc);
	json_decref(fx->done);
	fx->done = NULL;
}

static int fx_init(struct fx *fx)
{
	unsigned i;
	int err = 0;

	memset(fx, 0, sizeof(*fx));
	tmr_init(&fx->tick);
	tmr_init(&fx->end);
	for (i = 0; i < PARTIES && !err; i++)
		err = caller_alloc(&fx->pv[i], &cfgv[i]);
	if (!err)
		err = spawn(fx);
	if (!err)
		err = await(fx, is_ready, 5000);
	if (!err && fx->closed)
		err = ECONNRESET;
	if (!err)
		err = add_legs(fx);

	return err;
}

/* Everyone hears the two others and not himself. */
static bool all_hear(struct fx *fx)
{
	unsigned i, k;

	for (i = 0; i < PARTIES; i++)
		for (k = 0; k < PARTIES; k++) {
			double db = caller_hears(fx->pv[i], cfgv[k].hz, 200);

			if (i == k ? db > FAINT : db < LOUD)
				return false;
		}

	return true;
}

static bool sees_three(const struct caller *p)
{
	unsigned k;

	for (k = 0; k < PARTIES; k++)
		if (caller_sees(p, cfgv[k].y, cfgv[k].u, cfgv[k].v) < 0.1)
			return false;

	return true;
}

static bool all_see(struct fx *fx)
{
	unsigned i;

	for (i = 0; i < PARTIES; i++)
		if (!fx->pv[i]->pictures || !sees_three(fx->pv[i]))
			return false;

	return true;
}

static void print_senses(struct fx *fx)
{
	unsigned i, k;

	for (i = 0; i < PARTIES; i++) {
		const struct caller *p = fx->pv[i];

		printf("# %u: packets %u pictures %u %ux%u srs %u hears",
		       p->cfg.id, p->packets, p->pictures, p->w, p->h,
		       p->srs);
		for (k = 0; k < PARTIES; k++)
			printf(" %.0f", caller_hears(p, cfgv[k].hz, 200));
		printf(" dB sees");
		for (k = 0; k < PARTIES; k++)
			printf(" %.2f", caller_sees(p, cfgv[k].y, cfgv[k].u,
						   cfgv[k].v));
		printf("\n");
	}
}

static int test_hear_and_see(void)
{
	struct fx fx;
	json_t *stats;
	int err;

	err = fx_init(&fx);
	TEST_ERR(err);
	err = await(&fx, all_hear, 5000);
	print_senses(&fx);
	TEST_ERR(err);
	err = await(&fx, all_see, 5000);
	print_senses(&fx);
	TEST_ERR(err);
	TEST_EQ(1280, fx.pv[0]->w);
	TEST_EQ(720, fx.pv[0]->h);

	caller_dtmf(fx.pv[1], '7');
	(void)await(&fx, NULL, 1500);
	TEST_EQ('7', fx.digit);
	TEST_TRUE(fx.pv[0]->srs > 0);
	TEST_TRUE(fx.latched >= 2 * PARTIES);
	TEST_TRUE(fx.pictures_live >= PARTIES);

	err = ask(&fx, MIX_STATS, json_object(), NULL, 0);
	TEST_ERR(err);
	stats = json_object_get(fx.done, "stats");
	TEST_TRUE(json_is_object(stats));
	TEST_EQ(3, json_integer_value(json_object_get(stats, "legs")));
	TEST_TRUE(json_is_object(json_object_get(stats, "audio")));
	TEST_TRUE(json_is_object(json_object_get(stats, "video")));
	TEST_TRUE(json_integer_value(json_object_get(stats, "rss_bytes"))
		  > 1000000);
	TEST_EQ(2 * PARTIES, fx.quality);
	TEST_EQ(ENOSYS, ask(&fx, "nonsense", json_object(), NULL, 0));
	TEST_EQ(EBADMSG, ask(&fx, MIX_LEG_ADD, json_object(), NULL, 0));
	TEST_EQ(EEXIST, ask(&fx, MIX_LEG_ADD,
			    json_pack("{so}", "ticket",
				      ticket_encode(&fx.pv[0]->ticket)),
			    fx.pv[0]->mixer_fdv, 4));
 out:
	fx_close(&fx);
	return err;
}

static bool two_hear_zero_not(struct fx *fx)
{
	return caller_hears(fx->pv[0], cfgv[1].hz, 200) < FAINT
		&& caller_hears(fx->pv[0], cfgv[2].hz, 200) > LOUD;
}

static int test_change(void)
{
	struct caller *p;
	struct fx fx;
	int err;

	err = fx_init(&fx);
	TEST_ERR(err);
	err = await(&fx, all_hear, 5000);
	TEST_ERR(err);

	/* mute */
	p = fx.pv[1];
	p->ticket.muted = true;
	err = ask(&fx, MIX_LEG_SET, json_pack("{so}", "ticket",
		  ticket_encode(&p->ticket)), NULL, 0);
	TEST_ERR(err);
	err = await(&fx, two_hear_zero_not, 1000);
	TEST_ERR(err);

	/* back, on other descriptors of the same sockets */
	p->ticket.muted = false;
	err = ask(&fx, MIX_LEG_SET, json_pack("{so}", "ticket",
		  ticket_encode(&p->ticket)), p->mixer_fdv, 4);
	TEST_ERR(err);
	err = await(&fx, all_hear, 1500);
	TEST_ERR(err);

	/* less: 320x180 fits 20 x 12 macroblocks */
	p = fx.pv[0];
	p->ticket.video.fmtv[0].level_idc = 11;
	p->ticket.video.max_kbps = 128;
	err = ask(&fx, MIX_LEG_SET, json_pack("{so}", "ticket",
		  ticket_encode(&p->ticket)), NULL, 0);
	TEST_ERR(err);
	(void)await(&fx, NULL, 1500);
	TEST_TRUE(p->w > 0 && p->w <= 352);

	/* gone */
	err = ask(&fx, MIX_LEG_DEL, json_pack("{si}", "id", 12), NULL, 0);
	TEST_ERR(err);
	(void)await(&fx, NULL, 500);
	TEST_TRUE(fx.pv[1]->byes >= 1);
	TEST_EQ(2, fx.quality);
	TEST_TRUE(caller_hears(fx.pv[0], cfgv[1].hz, 200) < FAINT);
 out:
	print_senses(&fx);
	fx_close(&fx);
	return err;
}

static void kept_path(char *path, size_t sz, const char *name)
{
	const char *keep = getenv("TUTTI_KEEP"), *tmp = getenv("TMPDIR");

	if (keep)
		(void)re_snprintf(path, sz, "%s/%s", keep, name);
	else
		(void)re_snprintf(path, sz, "%s/tutti-alone-%d-%s",
				  tmp ? tmp : "/tmp", getpid(), name);
}

static void unkeep(const char *path)
{
	if (!getenv("TUTTI_KEEP"))
		(void)unlink(path);
}

static int open_new(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static int test_snapshot(void)
{
	static const uint8_t rgbv[PARTIES][3] = {
		{254, 0, 0}, {0, 255, 1}, {0, 0, 255},
	};
	png_image img = {.version = PNG_IMAGE_VERSION};
	unsigned foundv[PARTIES] = {0}, i, k;
	uint8_t *rgb = NULL;
	char png[256], jpeg[256];
	struct stat st;
	struct fx fx;
	int fd = -1, err;

	kept_path(png, sizeof(png), "snapshot.png");
	kept_path(jpeg, sizeof(jpeg), "thumb.jpg");
	err = fx_init(&fx);
	TEST_ERR(err);
	err = await(&fx, all_see, 6000);
	TEST_ERR(err);

	fd = open_new(png);
	err = ask(&fx, MIX_SNAPSHOT, json_object(), &fd, 1);
	TEST_ERR(err);
	close(fd);
	fd = open_new(jpeg);
	err = ask(&fx, MIX_THUMB, json_object(), &fd, 1);
	TEST_ERR(err);
	TEST_EQ(0, stat(jpeg, &st));
	TEST_TRUE(st.st_size > 1000);

	TEST_TRUE(png_image_begin_read_from_file(&img, png));
	img.format = PNG_FORMAT_RGB;
	TEST_EQ(1280, img.width);
	TEST_EQ(720, img.height);
	rgb = malloc(PNG_IMAGE_SIZE(img));
	TEST_TRUE(png_image_finish_read(&img, NULL, rgb, 0, NULL));
	for (i = 0; i < 1280 * 720; i++)
		for (k = 0; k < PARTIES; k++)
			foundv[k] += abs(rgb[3 * i] - rgbv[k][0]) < 30
				&& abs(rgb[3 * i + 1] - rgbv[k][1]) < 30
				&& abs(rgb[3 * i + 2] - rgbv[k][2]) < 30;
	for (k = 0; k < PARTIES; k++)
		if (foundv[k] < 1280 * 720 / 10)
			TEST_FAIL("colour %u: %u pixels", k, foundv[k]);
 out:
	png_image_free(&img);
	free(rgb);
	if (fd >= 0)
		close(fd);
	unkeep(png);
	unkeep(jpeg);
	fx_close(&fx);
	return err;
}

/* Pictures, sounds and length of a recording, all of it decoded. */
static int read_back(const char *path, unsigned *pictures, unsigned *sounds,
		     unsigned *errors, int64_t *ms)
{
	AVCodecContext *ctxv[2] = {NULL, NULL};
	AVFormatContext *fmt = NULL;
	AVPacket *pkt = av_packet_alloc();
	AVFrame *f = av_frame_alloc();
	int i, err = 0;

	*pictures = *sounds = *errors = 0;
	*ms = 0;
	TEST_EQ(0, avformat_open_input(&fmt, path, NULL, NULL));
	TEST_EQ(2, fmt->nb_streams);
	for (i = 0; i < 2; i++) {
		AVCodecParameters *par = fmt->streams[i]->codecpar;

		ctxv[i] = avcodec_alloc_context3(
				avcodec_find_decoder(par->codec_id));
		avcodec_parameters_to_context(ctxv[i], par);
		ctxv[i]->thread_count = 1;
		TEST_EQ(0, avcodec_open2(ctxv[i], NULL, NULL));
	}
	while (av_read_frame(fmt, pkt) >= 0) {
		int64_t end = av_rescale_q(pkt->pts,
			fmt->streams[pkt->stream_index]->time_base,
			(AVRational){1, 1000});

		i = pkt->stream_index;
		*ms = end > *ms ? end : *ms;
		*errors += avcodec_send_packet(ctxv[i], pkt) < 0;
		while (!avcodec_receive_frame(ctxv[i], f)) {
			if (i)
				++*sounds;
			else
				++*pictures;
		}
		av_packet_unref(pkt);
	}
 out:
	for (i = 0; i < 2; i++)
		avcodec_free_context(&ctxv[i]);
	avformat_close_input(&fmt);
	av_packet_free(&pkt);
	av_frame_free(&f);
	return err;
}

static bool rec_open(struct fx *fx)
{
	return !strcmp(fx->rec, "open");
}

static json_t *rec_msg(void)
{
	return json_pack("{si si sb}", "rec", 5, "segment", 1, "announce", 0);
}

static int test_recording(void)
{
	unsigned pictures, sounds, errors;
	char path[256];
	struct fx fx;
	uint64_t t0;
	int64_t ms;
	int fd = -1, err;

	kept_path(path, sizeof(path), "recording.mkv");
	err = fx_init(&fx);
	TEST_ERR(err);
	t0 = clock_us();
	fd = open_new(path);
	err = ask(&fx, MIX_REC_START, rec_msg(), &fd, 1);
	TEST_ERR(err);
	err = await(&fx, rec_open, 3000);
	TEST_ERR(err);
	(void)await(&fx, NULL, 3000);
	err = ask(&fx, MIX_REC_PAUSE, json_pack("{si}", "rec", 5), NULL, 0);
	TEST_ERR(err);
	(void)await(&fx, NULL, 1500);
	TEST_STR("paused", fx.rec);
	err = ask(&fx, MIX_REC_RESUME, json_pack("{si}", "rec", 5), NULL, 0);
	TEST_ERR(err);
	(void)await(&fx, NULL, 2000);
	err = ask(&fx, MIX_REC_STOP, json_pack("{si}", "rec", 5), NULL, 0);
	TEST_ERR(err);
	TEST_STR("closed", fx.rec);
	/* 3 s and 2 s; a machine under load takes longer */
	TEST_TRUE(fx.rec_ms > 4000);
	TEST_TRUE(fx.rec_ms < (clock_us() - t0) / 1000 - 1000);
	err = read_back(path, &pictures, &sounds, &errors, &ms);
	TEST_ERR(err);
	printf("# %u pictures %u sounds %lld ms, said %u\n", pictures,
	       sounds, (long long)ms, fx.rec_ms);
	TEST_EQ(0, errors);
	TEST_TRUE(llabs(ms - fx.rec_ms) < 100);
	/* a machine under load has fewer */
	TEST_TRUE(pictures > fx.rec_ms * 9 / 1000);
	TEST_TRUE(sounds > fx.rec_ms / 20 * 9 / 10);
 out:
	if (fd >= 0)
		close(fd);
	unkeep(path);
	fx_close(&fx);
	return err;
}

static bool hear_and_new_ssrc(struct fx *fx)
{
	return all_hear(fx);
}

/* kill -9: the same sockets and tickets go to another; so does the file. */
static int test_killed(void)
{
	unsigned pictures, sounds, errors, i;
	uint32_t ssrc;
	uint64_t t0, t1;
	char path[256];
	struct fx fx;
	int64_t ms;
	int fd = -1, err;

	kept_path(path, sizeof(path), "killed.mkv");
	err = fx_init(&fx);
	TEST_ERR(err);
	err = await(&fx, all_see, 6000);
	TEST_ERR(err);
	fd = open_new(path);
	err = ask(&fx, MIX_REC_START, rec_msg(), &fd, 1);
	TEST_ERR(err);
	err = await(&fx, rec_open, 3000);
	TEST_ERR(err);
	(void)await(&fx, NULL, 3000);

	ssrc = fx.pv[0]->ssrc;
	t0 = clock_us();
	TEST_EQ(0, kill(fx.pid, SIGKILL));
	(void)waitpid(fx.pid, NULL, 0);
	for (i = 0; i < PARTIES; i++)
		caller_deaf(fx.pv[i]);
	fx.ipc = mem_deref(fx.ipc);
	err = spawn(&fx);
	TEST_ERR(err);
	err = await(&fx, is_ready, 5000);
	TEST_ERR(err);
	err = add_legs(&fx);
	TEST_ERR(err);
	err = await(&fx, hear_and_new_ssrc, 5000);
	TEST_ERR(err);
	t1 = clock_us();
	printf("# heard again after %u ms (200 of them the measurement)\n",
	       (unsigned)((t1 - t0) / 1000));
#ifndef SANITIZE
	TEST_TRUE(t1 - t0 < 1500000);
#endif
	TEST_TRUE(fx.pv[0]->ssrc != ssrc);
	err = await(&fx, all_see, 3000);
	TEST_ERR(err);

	err = read_back(path, &pictures, &sounds, &errors, &ms);
	TEST_ERR(err);
	printf("# killed recording plays %lld ms\n", (long long)ms);
	TEST_TRUE(errors <= 2);
	TEST_TRUE(ms >= 2000);
 out:
	print_senses(&fx);
	if (fd >= 0)
		close(fd);
	unkeep(path);
	fx_close(&fx);
	return err;
}

/* ---- sources over socket pairs ---------------------------------------- */

enum { SOURCES = 3 };

static pid_t source_start(unsigned n, int audio, int video)
{
	char path[512], afd[16], vfd[16], url[16];
	pid_t pid;

	str_ncpy(path, "", sizeof(path));
	(void)program(path, sizeof(path));
	(void)re_snprintf(strrchr(path, '/'), 16, "/tutti-source");
	(void)re_snprintf(afd, sizeof(afd), "%d", audio);
	(void)re_snprintf(vfd, sizeof(vfd), "%d", video);
	(void)re_snprintf(url, sizeof(url), "test:%u", n);
	pid = fork();
	if (pid)
		return pid;

	(void)fcntl(audio, F_SETFD, 0);
	(void)fcntl(video, F_SETFD, 0);
	execl(path, path, "--event-fd", "2", "--audio-fd", afd, "--audio-pt",
	      "96", "--video-fd", vfd, "--video-pt", "97", url, NULL);
	_exit(127);
}

static json_t *source_ticket(unsigned id)
{
	struct ticket t;

	ticket_init(&t, id);
	t.source = true;
	(void)re_snprintf(t.name, sizeof(t.name), "test:%u", id - 20);
	t.audio.on = t.audio.recv = t.audio.rtcp_mux = true;
	t.audio.ptime_ms = 20;
	t.audio.rtp_fd = 0;
	t.audio.fmtv[0] = (struct ticket_fmt){.codec = CODEC_OPUS, .pt = 96,
		.tx_pt = 96, .clock_hz = 48000, .channels = 2};
	t.audio.fmtc = 1;
	t.video.on = t.video.recv = t.video.rtcp_mux = true;
	t.video.fb_pli = true;
	t.video.rtp_fd = 1;
	t.video.fmtv[0] = (struct ticket_fmt){.codec = CODEC_H264, .pt = 97,
		.tx_pt = 97, .clock_hz = 90000, .pkt_mode = 1,
		.profile_idc = 0x42, .profile_iop = 0xe0, .level_idc = 31};
	t.video.fmtc = 1;

	return ticket_encode(&t);
}

static int source_add(struct fx *fx, unsigned n, pid_t *pid)
{
	int a[2], v[2], fdv[2], err;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, a)
	    || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, v))
		return errno;
	*pid = source_start(n, a[0], v[0]);
	fdv[0] = a[1];
	fdv[1] = v[1];
	err = ask(fx, MIX_LEG_ADD, json_pack("{so}", "ticket",
		  source_ticket(20 + n)), fdv, 2);
	close(a[0]);
	close(v[0]);
	close(a[1]);
	close(v[1]);

	return err;
}

static bool all_live(struct fx *fx)
{
	return fx->pictures_live >= PARTIES + SOURCES;
}

static int test_sources(void)
{
	static const double hzv[SOURCES] = {261.6, 293.7, 329.6};
	pid_t pidv[SOURCES] = {0};
	double bestv[SOURCES];
	char png[256];
	struct stat st;
	struct fx fx;
	unsigned i, k;
	int fd = -1, err;

	kept_path(png, sizeof(png), "sources.png");
	err = fx_init(&fx);
	TEST_ERR(err);
	for (i = 0; i < SOURCES; i++) {
		err = source_add(&fx, i + 1, &pidv[i]);
		TEST_ERR(err);
	}
	err = await(&fx, all_live, 8000);
	TEST_ERR(err);

	/* their tones come and go */
	for (i = 0; i < SOURCES; i++)
		bestv[i] = -120;
	for (i = 0; i < PARTIES; i++)
		fx.pv[i]->silent = true;
	for (k = 0; k < 15; k++) {
		(void)await(&fx, NULL, 200);
		for (i = 0; i < SOURCES; i++) {
			double db = caller_hears(fx.pv[0], hzv[i], 200);

			bestv[i] = db > bestv[i] ? db : bestv[i];
		}
	}
	printf("# sources heard at %.0f %.0f %.0f dB\n", bestv[0], bestv[1],
	       bestv[2]);
	for (i = 0; i < SOURCES; i++)
		TEST_TRUE(bestv[i] > -40);

	fd = open_new(png);
	err = ask(&fx, MIX_SNAPSHOT, json_object(), &fd, 1);
	TEST_ERR(err);
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
	unkeep(png);
	fx_close(&fx);
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

static int find_onsets(const char *path, struct onsets *o)
{
	AVCodecContext *ctxv[2] = {NULL, NULL};
	AVFormatContext *fmt = NULL;
	AVPacket *pkt = av_packet_alloc();
	AVFrame *f = av_frame_alloc();
	int i, err = 0;

	TEST_EQ(0, avformat_open_input(&fmt, path, NULL, NULL));
	for (i = 0; i < 2; i++) {
		AVStream *st = fmt->streams[i];

		ctxv[i] = avcodec_alloc_context3(
			avcodec_find_decoder(st->codecpar->codec_id));
		avcodec_parameters_to_context(ctxv[i], st->codecpar);
		ctxv[i]->thread_count = 1;
		ctxv[i]->pkt_timebase = st->time_base;
		TEST_EQ(0, avcodec_open2(ctxv[i], NULL, NULL));
	}
	while (av_read_frame(fmt, pkt) >= 0) {
		AVRational tb = fmt->streams[pkt->stream_index]->time_base;

		i = pkt->stream_index;
		(void)avcodec_send_packet(ctxv[i], pkt);
		while (!avcodec_receive_frame(ctxv[i], f)) {
			double ms = f->pts * av_q2d(tb) * 1000;

			if (i)
				listen_to(o, f, ms);
			else
				look(o, f, ms);
		}
		av_packet_unref(pkt);
	}
 out:
	for (i = 0; i < 2; i++)
		avcodec_free_context(&ctxv[i]);
	avformat_close_input(&fmt);
	av_packet_free(&pkt);
	av_frame_free(&f);
	return err;
}

static int test_lips(void)
{
	struct onsets o = {.quiet_ms = -1000};
	double off, sum = 0;
	pid_t pid = -1;
	unsigned i, k, n = 0;
	char path[256];
	struct fx fx;
	int fd = -1, err;

	kept_path(path, sizeof(path), "lips.mkv");
	err = fx_init(&fx);
	TEST_ERR(err);
	for (i = 0; i < PARTIES; i++) {
		err = ask(&fx, MIX_LEG_DEL, json_pack("{si}", "id", 11 + i),
			  NULL, 0);
		TEST_ERR(err);
	}
	err = source_add(&fx, 1, &pid);
	TEST_ERR(err);
	(void)await(&fx, NULL, 4000);
	fd = open_new(path);
	err = ask(&fx, MIX_REC_START, rec_msg(), &fd, 1);
	TEST_ERR(err);
	err = await(&fx, rec_open, 3000);
	TEST_ERR(err);
	(void)await(&fx, NULL, 9000);
	err = ask(&fx, MIX_REC_STOP, json_pack("{si}", "rec", 5), NULL, 0);
	TEST_ERR(err);

	err = find_onsets(path, &o);
	TEST_ERR(err);
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
	unkeep(path);
	fx_close(&fx);
	return err;
}

static bool is_closed(struct fx *fx)
{
	return fx->closed;
}

static int ended(struct fx *fx)
{
	unsigned pictures, sounds, errors, i;
	int64_t ms;
	char path[256];
	int st = 0, err;

	kept_path(path, sizeof(path), "ended.mkv");
	err = await(fx, is_closed, 5000);
	TEST_ERR(err);
	TEST_TRUE(waitpid(fx->pid, &st, 0) == fx->pid);
	fx->pid = -1;
	TEST_TRUE(WIFEXITED(st));
	TEST_EQ(0, WEXITSTATUS(st));
	(void)await(fx, NULL, 100);
	for (i = 0; i < PARTIES; i++)
		TEST_TRUE(fx->pv[i]->byes >= 1);
	err = read_back(path, &pictures, &sounds, &errors, &ms);
	TEST_ERR(err);
	TEST_EQ(0, errors);
	TEST_TRUE(ms > 1200);
 out:
	return err;
}

static int recording(struct fx *fx)
{
	char path[256];
	int fd, err;

	kept_path(path, sizeof(path), "ended.mkv");
	err = fx_init(fx);
	TEST_ERR(err);
	fd = open_new(path);
	err = ask(fx, MIX_REC_START, rec_msg(), &fd, 1);
	close(fd);
	TEST_ERR(err);
	err = await(fx, rec_open, 3000);
	TEST_ERR(err);
	(void)await(fx, NULL, 1500);
 out:
	return err;
}

static void forget(void)
{
	char path[256];

	kept_path(path, sizeof(path), "ended.mkv");
	unkeep(path);
}

static int test_bye(void)
{
	struct fx fx;
	int err;

	err = recording(&fx);
	TEST_ERR(err);
	err = ipc_send(fx.ipc, json_pack("{ss}", "m", MIX_BYE), NULL, 0);
	TEST_ERR(err);
	err = ended(&fx);
	TEST_STR("closed", fx.rec);
 out:
	fx_close(&fx);
	forget();
	return err;
}

static int test_sigterm(void)
{
	struct fx fx;
	int err;

	err = recording(&fx);
	TEST_ERR(err);
	TEST_EQ(0, kill(fx.pid, SIGTERM));
	err = ended(&fx);
 out:
	fx_close(&fx);
	forget();
	return err;
}

/* tuttid died: the socket is at its end. */
static int test_orphan(void)
{
	struct fx fx;
	int err;

	err = recording(&fx);
	TEST_ERR(err);
	fx.ipc = mem_deref(fx.ipc);
	fx.closed = true;
	err = ended(&fx);
 out:
	fx_close(&fx);
	forget();
	return err;
}

static const struct test testv[] = {
	{"everyone hears and sees the others", test_hear_and_see},
	{"tickets change: mute, less picture, gone", test_change},
	{"a snapshot shows three tiles",       test_snapshot},
	{"a recording pauses and plays",       test_recording},
	{"killed, another takes the sockets",  test_killed},
	{"sources come in over socket pairs",  test_sources},
	{"sound and picture stay together",    test_lips},
	{"bye ends calls and files",           test_bye},
	{"SIGTERM ends calls and files",       test_sigterm},
	{"without tuttid it ends by itself",   test_orphan},
};

int main(int argc, char **argv)
{
	char path[512];
	int err;

	if (access(program(path, sizeof(path)), X_OK)) {
		printf("1..0 # SKIP no %s\n", path);
		return 0;
	}
	log_init("mixer_alone", LVL_WARNING, false);
	av_log_set_level(AV_LOG_QUIET);
	if (pkt_pool_init(1024))
		return 99;
	err = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return err;
}
