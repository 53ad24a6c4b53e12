/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_record.c -- recordings are read back with libavformat
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <png.h>

#include "mixer/record.h"
#include "mixer/record_image.h"
#include "mixer/record_mkv.h"
#include "tests/fake/clip.h"
#include "tests/unit/test.h"

enum { W = 320, H = 180, FPS = 30, STEP_US = 1000000 / FPS };

struct readback {
	int64_t header_ms;        /* duration the header claims           */
	int64_t first_ms, last_ms;/* video time stamps                    */
	int64_t gap_ms;           /* largest step between pictures        */
	int64_t audio_gap_ms;
	unsigned pictures, sounds, errors;
	unsigned w, h;            /* of the last picture                  */
	bool back;                /* a time stamp ran back                */
};

static int temp_fd(char *path, size_t sz)
{
	const char *dir = getenv("TMPDIR");

	(void)re_snprintf(path, sz, "%s/tutti-record-XXXXXX",
			  dir ? dir : "/tmp");

	return mkstemp(path);
}

static void decode(AVCodecContext *ctx, AVPacket *pkt, struct readback *rb)
{
	AVFrame *f = av_frame_alloc();

	if (avcodec_send_packet(ctx, pkt))
		++rb->errors;
	while (!avcodec_receive_frame(ctx, f)) {
		if (ctx->codec_type == AVMEDIA_TYPE_VIDEO) {
			++rb->pictures;
			rb->w = f->width;
			rb->h = f->height;
		}
		else {
			++rb->sounds;
		}
	}
	av_frame_free(&f);
}

static void times(const AVStream *st, const AVPacket *pkt,
		  struct readback *rb, int64_t *prev)
{
	int64_t ms = av_rescale_q(pkt->pts, st->time_base,
				  (AVRational){1, 1000});
	int64_t gap = *prev == INT64_MIN ? 0 : ms - *prev;

	rb->back = rb->back || gap < 0;
	if (st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
		if (*prev == INT64_MIN)
			rb->first_ms = ms;
		rb->last_ms = ms;
		if (gap > rb->gap_ms)
			rb->gap_ms = gap;
	}
	else if (gap > rb->audio_gap_ms) {
		rb->audio_gap_ms = gap;
	}
	*prev = ms;
}

static int read_back(const char *path, struct readback *rb)
{
	int64_t prev[2] = {INT64_MIN, INT64_MIN};
	AVCodecContext *ctxv[2] = {NULL, NULL};
	AVFormatContext *fmt = NULL;
	AVPacket *pkt = av_packet_alloc();
	unsigned i;
	int err = 0;

	memset(rb, 0, sizeof(*rb));
	rb->last_ms = -1;
	TEST_EQ(0, avformat_open_input(&fmt, path, NULL, NULL));
	TEST_EQ(2, fmt->nb_streams);
	rb->header_ms = fmt->duration == AV_NOPTS_VALUE ? -1 :
		fmt->duration / 1000;
	for (i = 0; i < 2; i++) {
		AVCodecParameters *par = fmt->streams[i]->codecpar;

		ctxv[i] = avcodec_alloc_context3(
				avcodec_find_decoder(par->codec_id));
		TEST_TRUE(ctxv[i] != NULL);
		avcodec_parameters_to_context(ctxv[i], par);
		ctxv[i]->thread_count = 1;
		ctxv[i]->err_recognition = AV_EF_EXPLODE;
		TEST_EQ(0, avcodec_open2(ctxv[i], NULL, NULL));
	}
	while (av_read_frame(fmt, pkt) >= 0) {
		i = pkt->stream_index;
		times(fmt->streams[i], pkt, rb, &prev[i]);
		decode(ctxv[i], pkt, rb);
		av_packet_unref(pkt);
	}
	for (i = 0; i < 2; i++)
		decode(ctxv[i], NULL, rb);

 out:
	for (i = 0; i < 2; i++)
		avcodec_free_context(&ctxv[i]);
	avformat_close_input(&fmt);
	av_packet_free(&pkt);
	return err;
}

/* Where the bytes were after each picture */
struct track {
	unsigned n;
	uint64_t bytes[1024];
	unsigned ms[1024];
};

struct feed {
	struct clip_video *video;
	struct clip_audio *audio;
	uint64_t now_us;          /* of the next picture                  */
	uint64_t audio_us;
};

static int feed_init(struct feed *fd, unsigned w, unsigned h)
{
	int err;

	memset(fd, 0, sizeof(*fd));
	fd->now_us = fd->audio_us = 5000000;
	err  = clip_video_alloc(&fd->video, w, h, FPS, 45);
	err |= clip_audio_alloc(&fd->audio, 440);

	return err;
}

static void feed_close(struct feed *fd)
{
	fd->video = mem_deref(fd->video);
	fd->audio = mem_deref(fd->audio);
}

/* One picture and the sound up to it, to a file or a recorder. */
static int feed_step(struct feed *fd, struct mkv *mkv, struct record *rec)
{
	struct unit *unit;
	int err = 0;

	unit = clip_video_next(fd->video, 120, 90, 160, fd->now_us);
	if (!unit)
		return ENOMEM;
	if (mkv)
		err = mkv_write(mkv, unit);
	else
		record_put(rec, unit);
	unit_unref(unit);
	fd->now_us += STEP_US;

	while (fd->audio_us < fd->now_us && !err) {
		unit = clip_audio_next(fd->audio, fd->audio_us);
		if (!unit)
			return ENOMEM;
		if (mkv)
			err = mkv_write(mkv, unit);
		else
			record_put(rec, unit);
		unit_unref(unit);
		fd->audio_us += 20000;
	}

	return err;
}

static int write_clip(int fd, unsigned pictures, struct track *track,
		      struct mkv **mkvp)
{
	struct mkv *mkv = NULL;
	struct feed feed;
	unsigned i;
	int err;

	err = feed_init(&feed, W, H);
	TEST_ERR(err);
	err = mkv_alloc(&mkv, fd, W, H, FPS);
	TEST_ERR(err);
	for (i = 0; i < pictures; i++) {
		err = feed_step(&feed, mkv, NULL);
		TEST_ERR(err);
		if (track && track->n < ARRAY_SIZE(track->ms)) {
			track->bytes[track->n] = mkv_bytes(mkv);
			track->ms[track->n++] = i * 1000 / FPS;
		}
	}
	if (mkvp) {
		*mkvp = mkv;
		mkv = NULL;
	}
	else {
		err = mkv_close(mkv);
		TEST_ERR(err);
	}

 out:
	mem_deref(mkv);
	feed_close(&feed);
	return err;
}

static int test_whole(void)
{
	struct readback rb;
	char path[128];
	int err, fd = temp_fd(path, sizeof(path));

	err = write_clip(fd, 150, NULL, NULL);
	TEST_ERR(err);
	err = read_back(path, &rb);
	TEST_ERR(err);
	TEST_EQ(150, rb.pictures);
	TEST_EQ(0, rb.errors);
	TEST_EQ(0, rb.first_ms);
	TEST_TRUE(rb.sounds >= 249 && rb.sounds <= 251);
	TEST_TRUE(!rb.back);
	TEST_TRUE(rb.header_ms >= 4980 && rb.header_ms <= 5040);
	TEST_TRUE(rb.audio_gap_ms <= 21);
	TEST_EQ(W, rb.w);
	TEST_EQ(H, rb.h);
 out:
	unlink(path);
	return err;
}

/* kill -9: the header claims nothing, the file ends anywhere. */
static int test_killed(void)
{
	struct track *track = calloc(1, sizeof(*track));
	struct mkv *mkv = NULL;
	struct readback rb;
	struct stat st;
	char path[128], cut[140];
	unsigned i, k;
	int err, fd = temp_fd(path, sizeof(path));

	(void)re_snprintf(cut, sizeof(cut), "%s.cut", path);
	err = write_clip(fd, 300, track, &mkv);
	TEST_ERR(err);
	TEST_EQ(0, stat(path, &st));

	for (i = 1; i <= 60; i++) {
		off_t size = st.st_size * i / 60;
		unsigned ms = 0;
		int in = open(path, O_RDONLY);
		int out = open(cut, O_RDWR | O_CREAT | O_TRUNC, 0600);

		while (size > 0) {
			ssize_t n = copy_file_range(in, NULL, out, NULL,
						    size, 0);
			if (n <= 0)
				break;
			size -= n;
		}
		close(in);
		close(out);
		TEST_EQ(0, size);

		/* until when had everything been written at this size? */
		size = st.st_size * i / 60;
		for (k = 0; k < track->n; k++)
			if (track->bytes[k] <= (uint64_t)size)
				ms = track->ms[k];
		if (ms < 1000)
			continue;
		err = read_back(cut, &rb);
		TEST_ERR(err);
		if (rb.last_ms + 1000 < ms)
			TEST_FAIL("cut at %lld: plays to %lld ms of %u",
				  (long long)size, (long long)rb.last_ms,
				  ms);
		/* the very last packet may be cut in two */
		TEST_TRUE(rb.errors <= 2);
	}
 out:
	mem_deref(mkv);
	free(track);
	unlink(path);
	unlink(cut);
	return err;
}

static int test_pause(void)
{
	struct mkv *mkv = NULL;
	struct readback rb;
	struct feed feed;
	char path[128];
	unsigned i;
	int err, fd = temp_fd(path, sizeof(path));

	err = feed_init(&feed, W, H);
	TEST_ERR(err);
	err = mkv_alloc(&mkv, fd, W, H, FPS);
	TEST_ERR(err);
	for (i = 0; i < 240; i++) {
		if (i == 60 || i == 160)
			mkv_pause(mkv, i == 60);
		err = feed_step(&feed, mkv, NULL);
		TEST_ERR(err);
	}
	err = mkv_close(mkv);
	TEST_ERR(err);
	err = read_back(path, &rb);
	TEST_ERR(err);
	/* key frames every 45: it goes on with picture 180 */
	TEST_EQ(120, rb.pictures);
	TEST_EQ(0, rb.errors);
	TEST_TRUE(!rb.back);
	TEST_TRUE(rb.gap_ms <= 60);
	TEST_TRUE(rb.audio_gap_ms <= 80);
	TEST_TRUE(rb.header_ms >= 3980 && rb.header_ms <= 4080);
 out:
	mem_deref(mkv);
	feed_close(&feed);
	unlink(path);
	return err;
}

static int test_new_size(void)
{
	struct mkv *mkv = NULL;
	struct readback rb;
	struct feed feed;
	char path[128];
	unsigned i;
	int err, fd = temp_fd(path, sizeof(path));

	err = feed_init(&feed, W, H);
	TEST_ERR(err);
	err = mkv_alloc(&mkv, fd, W, H, FPS);
	TEST_ERR(err);
	for (i = 0; i < 90; i++) {
		if (i == 45) {
			mem_deref(feed.video);
			feed.video = NULL;
			err = clip_video_alloc(&feed.video, 640, 360, FPS,
					       45);
			TEST_ERR(err);
		}
		err = feed_step(&feed, mkv, NULL);
		TEST_ERR(err);
	}
	err = mkv_close(mkv);
	TEST_ERR(err);
	err = read_back(path, &rb);
	TEST_ERR(err);
	TEST_EQ(90, rb.pictures);
	TEST_EQ(0, rb.errors);
	TEST_EQ(640, rb.w);
 out:
	mem_deref(mkv);
	feed_close(&feed);
	unlink(path);
	return err;
}

struct said {
	sem_t hold;               /* the writer waits here at REC_OPEN    */
	bool block;
	int statev[32];
	unsigned n;
	char text[128];
	uint64_t duration_ms, bytes;
};

static void state_handler(enum record_state st, uint64_t duration_ms,
			  uint64_t bytes, const char *text, void *arg)
{
	struct said *said = arg;

	if (said->n < ARRAY_SIZE(said->statev))
		said->statev[said->n++] = st;
	if (text[0])
		str_ncpy(said->text, text, sizeof(said->text));
	said->duration_ms = duration_ms;
	said->bytes = bytes;
	if (said->block && st == REC_OPEN) {
		said->block = false;
		while (sem_wait(&said->hold) && errno == EINTR)
			;
	}
}

static int test_states(void)
{
	struct recorder *r = NULL;
	struct record *rec = NULL;
	struct said said = {.n = 0};
	struct readback rb;
	struct feed feed;
	struct stat st;
	char path[128];
	unsigned i;
	int err, fd = temp_fd(path, sizeof(path));

	on_loop();
	err = feed_init(&feed, W, H);
	TEST_ERR(err);
	err = recorder_alloc(&r);
	TEST_ERR(err);
	err = record_alloc(&rec, r, fd, W, H, FPS, state_handler, &said);
	TEST_ERR(err);
	for (i = 0; i < 135; i++) {
		if (i == 40 || i == 80)
			record_pause(rec, i == 40);
		err = feed_step(&feed, NULL, rec);
		TEST_ERR(err);
	}
	record_stop(rec);
	rec = mem_deref(rec);   /* waits until it is closed */
	TEST_EQ(4, said.n);
	TEST_EQ(REC_OPEN, said.statev[0]);
	TEST_EQ(REC_PAUSED, said.statev[1]);
	TEST_EQ(REC_OPEN, said.statev[2]);
	TEST_EQ(REC_CLOSED, said.statev[3]);
	TEST_EQ(0, stat(path, &st));
	TEST_EQ(st.st_size, said.bytes);
	err = read_back(path, &rb);
	TEST_ERR(err);
	TEST_EQ(85, rb.pictures);
	TEST_TRUE(labs((long)(rb.header_ms - (long)said.duration_ms)) <= 20);
 out:
	mem_deref(rec);
	mem_deref(r);
	feed_close(&feed);
	unlink(path);
	return err;
}

/* What is dropped when the writer hangs leaves no broken picture. */
static int test_slow_disk(void)
{
	struct recorder *r = NULL;
	struct record *rec = NULL;
	struct said said = {.block = true};
	struct readback rb;
	struct feed feed;
	char path[128];
	unsigned i;
	int err, fd = temp_fd(path, sizeof(path));

	on_loop();
	sem_init(&said.hold, 0, 0);
	err = feed_init(&feed, 64, 64);
	TEST_ERR(err);
	err = recorder_alloc(&r);
	TEST_ERR(err);
	err = record_alloc(&rec, r, fd, 64, 64, FPS, state_handler, &said);
	TEST_ERR(err);
	for (i = 0; i < 900; i++) {
		err = feed_step(&feed, NULL, rec);
		TEST_ERR(err);
	}
	sem_post(&said.hold);
	while (said.n < 1 || said.duration_ms == 0)
		sys_msleep(1);
	sys_msleep(200);        /* it catches up */
	for (i = 0; i < 100; i++) {
		err = feed_step(&feed, NULL, rec);
		TEST_ERR(err);
	}
	rec = mem_deref(rec);
	TEST_TRUE(strstr(said.text, "dropped") != NULL);
	err = read_back(path, &rb);
	TEST_ERR(err);
	TEST_EQ(0, rb.errors);
	TEST_TRUE(rb.pictures > 300 && rb.pictures < 900);
	TEST_TRUE(rb.last_ms > 31000);
 out:
	mem_deref(rec);
	mem_deref(r);
	feed_close(&feed);
	sem_destroy(&said.hold);
	unlink(path);
	return err;
}

static int test_disk_full(void)
{
	struct recorder *r = NULL;
	struct record *rec = NULL;
	struct said said = {.n = 0};
	struct feed feed;
	unsigned i;
	int err, fd = open("/dev/full", O_RDWR);

	on_loop();
	err = feed_init(&feed, W, H);
	TEST_ERR(err);
	err = recorder_alloc(&r);
	TEST_ERR(err);
	err = record_alloc(&rec, r, fd, W, H, FPS, state_handler, &said);
	TEST_ERR(err);
	for (i = 0; i < 90; i++) {
		err = feed_step(&feed, NULL, rec);
		TEST_ERR(err);
	}
	rec = mem_deref(rec);
	TEST_EQ(2, said.n);
	TEST_EQ(REC_FAILED, said.statev[0]);
	TEST_EQ(REC_CLOSED, said.statev[1]);
	TEST_TRUE(strstr(said.text, "No space") != NULL);
 out:
	mem_deref(rec);
	mem_deref(r);
	feed_close(&feed);
	return err;
}

static AVFrame *colour(int w, int h, int y, int u, int v)
{
	AVFrame *f = av_frame_alloc();
	int i;

	f->format = AV_PIX_FMT_YUV420P;
	f->width = w;
	f->height = h;
	if (av_frame_get_buffer(f, 0)) {
		av_frame_free(&f);
		return NULL;
	}
	for (i = 0; i < h; i++)
		memset(f->data[0] + i * f->linesize[0], y, w);
	for (i = 0; i < h / 2; i++) {
		memset(f->data[1] + i * f->linesize[1], u, w / 2);
		memset(f->data[2] + i * f->linesize[2], v, w / 2);
	}

	return f;
}

static void done_handler(int err, void *arg)
{
	struct said *said = arg;

	said->statev[0] = err;
	sem_post(&said->hold);
}

static int test_png(void)
{
	struct recorder *r = NULL;
	struct said said = {.n = 0};
	png_image img = {.version = PNG_IMAGE_VERSION};
	AVFrame *f = colour(640, 360, 81, 90, 240);     /* BT.601 red */
	uint8_t *rgb = NULL;
	char path[128];
	int err, fd = temp_fd(path, sizeof(path));

	on_loop();
	sem_init(&said.hold, 0, 0);
	err = recorder_alloc(&r);
	TEST_ERR(err);
	err = record_png(r, f, fd, done_handler, &said);
	TEST_ERR(err);
	sem_wait(&said.hold);
	TEST_EQ(0, said.statev[0]);
	TEST_TRUE(png_image_begin_read_from_file(&img, path));
	img.format = PNG_FORMAT_RGB;
	TEST_EQ(640, img.width);
	TEST_EQ(360, img.height);
	rgb = malloc(PNG_IMAGE_SIZE(img));
	TEST_TRUE(png_image_finish_read(&img, NULL, rgb, 0, NULL));
	TEST_TRUE(rgb[0] > 250 && rgb[1] < 5 && rgb[2] < 5);
 out:
	png_image_free(&img);
	free(rgb);
	av_frame_free(&f);
	mem_deref(r);
	sem_destroy(&said.hold);
	unlink(path);
	return err;
}

static int test_jpeg(void)
{
	AVFrame *f = colour(1280, 720, 235, 128, 128), *got = NULL;
	AVCodecContext *ctx = NULL;
	AVPacket *pkt = av_packet_alloc();
	uint8_t buf[65536 + 64] = {0};
	char path[128];
	int err = 0, fd = temp_fd(path, sizeof(path));

	TEST_EQ(0, image_jpeg(f, fd, 320));
	pkt->size = (int)pread(fd, buf, 65536, 0);
	TEST_TRUE(pkt->size > 100);
	pkt->data = buf;
	ctx = avcodec_alloc_context3(
			avcodec_find_decoder(AV_CODEC_ID_MJPEG));
	got = av_frame_alloc();
	TEST_EQ(0, avcodec_open2(ctx, NULL, NULL));
	TEST_EQ(0, avcodec_send_packet(ctx, pkt));
	TEST_EQ(0, avcodec_send_packet(ctx, NULL));
	TEST_EQ(0, avcodec_receive_frame(ctx, got));
	TEST_EQ(320, got->width);
	TEST_EQ(180, got->height);
	TEST_TRUE(got->data[0][5000] >= 253);   /* limited to full range */
 out:
	av_packet_free(&pkt);
	avcodec_free_context(&ctx);
	av_frame_free(&f);
	av_frame_free(&got);
	close(fd);
	unlink(path);
	return err;
}

static const struct test testv[] = {
	{"a recording reads back whole",            test_whole},
	{"killed at any byte loses a second at most", test_killed},
	{"a pause leaves no hole",                  test_pause},
	{"a new picture size is followed",          test_new_size},
	{"states are told in order",                test_states},
	{"a slow disk drops whole groups",          test_slow_disk},
	{"a full disk is told and ends well",       test_disk_full},
	{"a PNG has the colours of the canvas",     test_png},
	{"a JPEG is scaled and full range",         test_jpeg},
};

int main(int argc, char **argv)
{
	av_log_set_level(AV_LOG_QUIET);

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
