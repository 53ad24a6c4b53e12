/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/source_alone.c -- the real tutti-source and tutti-remux
 *
 * What the source sends over its socket pairs is decoded and measured; the
 * programs are those of $TUTTI_LIBEXEC or libexec/ of the build tree.
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <opus/opus.h>

#include "base/clock.h"
#include "mixer/pkt.h"
#include "mixer/record_mkv.h"
#include "mixer/rtp_frame.h"
#include "tests/fake/clip.h"
#include "tests/unit/test.h"

enum { EAR = 48000, PT_AUDIO = 111, PT_VIDEO = 98, FPS = 30 };

struct src {
	pid_t pid;
	int audio, video, event;  /* our ends                             */
	OpusDecoder *opus;
	AVCodecContext *h264;
	struct rtp_frame *frame;
	float earv[EAR];          /* the last second, left                */
	unsigned ear;
	unsigned packets, pictures, keys, srs;
	unsigned w, h, errors;
	uint64_t luma;            /* sum of the last picture              */
	unsigned moved;           /* pictures unlike the one before       */
	int64_t first_ts, last_ts;/* video RTP time                       */
	char events[2048];
};

static const char *program(char *path, size_t sz, const char *name)
{
	const char *dir = getenv("TUTTI_LIBEXEC");
	const char *top = getenv("top_builddir");

	if (dir)
		(void)re_snprintf(path, sz, "%s/%s", dir, name);
	else
		(void)re_snprintf(path, sz, "%s/libexec/%s",
				  top ? top : ".", name);

	return path;
}

static void frame_handler(const struct rtp_frame_info *info, void *arg)
{
	struct src *s = arg;
	AVPacket *pkt = av_packet_alloc();
	AVFrame *f = av_frame_alloc();

	s->keys += info->key;
	if (!av_new_packet(pkt, (int)info->len)) {
		memcpy(pkt->data, info->data, info->len);
		s->errors += avcodec_send_packet(s->h264, pkt) < 0;
	}
	while (!avcodec_receive_frame(s->h264, f)) {
		uint64_t luma = 0;
		int x, y;

		for (y = 0; y < f->height; y += 3)
			for (x = 0; x < f->width; x += 3)
				luma += (uint64_t)(x * 7 + y * 13)
					* f->data[0][y * f->linesize[0] + x];
		s->moved += luma != s->luma;
		s->luma = luma;
		s->w = f->width;
		s->h = f->height;
		++s->pictures;
	}
	av_packet_free(&pkt);
	av_frame_free(&f);
}

static void audio_in(struct src *s, const uint8_t *p, size_t n)
{
	float pcm[5760 * 2];
	int i, k;

	k = opus_decode_float(s->opus, p + 12, (int)n - 12, pcm, 5760, 0);
	for (i = 0; i < k; i++) {
		s->earv[s->ear] = pcm[2 * i];
		s->ear = (s->ear + 1) % EAR;
	}
	++s->packets;
}

static void video_in(struct src *s, const uint8_t *p, size_t n)
{
	struct pkt *pkt = pkt_get();

	if (!pkt)
		return;
	memset(pkt, 0, offsetof(struct pkt, data));
	pkt->rx_us = clock_us();
	pkt->seq = 65536 + (p[2] << 8 | p[3]);
	pkt->ts = (uint32_t)p[4] << 24 | p[5] << 16 | p[6] << 8 | p[7];
	pkt->ssrc = 1;
	pkt->pt = PT_VIDEO;
	pkt->marker = p[1] & 0x80;
	pkt->level = -1;
	pkt->len = n - 12;
	memcpy(pkt->data, p + 12, n - 12);
	if (s->first_ts < 0)
		s->first_ts = pkt->ts;
	s->last_ts = pkt->ts;
	rtp_frame_put(s->frame, pkt, pkt->rx_us);
}

static void read_rtp(struct src *s, int fd)
{
	uint8_t buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 12) {
		if (buf[1] == RTCP_SR)
			++s->srs;
		else if ((buf[1] & 0x7f) == PT_AUDIO && fd == s->audio)
			audio_in(s, buf, n);
		else if ((buf[1] & 0x7f) == PT_VIDEO && fd == s->video)
			video_in(s, buf, n);
	}
}

/* True: the event was said. */
static bool run(struct src *s, unsigned ms, const char *event)
{
	uint64_t end = clock_us() + ms * 1000ull;

	while (clock_us() < end) {
		struct pollfd pfdv[3] = {
			{.fd = s->audio, .events = POLLIN},
			{.fd = s->video, .events = POLLIN},
			{.fd = s->event, .events = POLLIN},
		};
		size_t len = strlen(s->events);

		(void)poll(pfdv, 3, 20);
		read_rtp(s, s->audio);
		read_rtp(s, s->video);
		if (pfdv[2].revents & POLLIN) {
			ssize_t n = read(s->event, s->events + len,
					 sizeof(s->events) - len - 1);
			s->events[len + (n > 0 ? n : 0)] = '\0';
		}
		if (event && strstr(s->events, event))
			return true;
	}

	return event == NULL;
}

static int start(struct src *s, const char *url, const char *opt)
{
	char path[512], afd[16], vfd[16], efd[16];
	int a[2], v[2], e[2], err;

	memset(s, 0, sizeof(*s));
	s->first_ts = -1;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, a)
	    || socketpair(AF_UNIX, SOCK_DGRAM, 0, v) || pipe(e))
		return errno;
	s->audio = a[0];
	s->video = v[0];
	s->event = e[0];
	(void)re_snprintf(afd, sizeof(afd), "%d", a[1]);
	(void)re_snprintf(vfd, sizeof(vfd), "%d", v[1]);
	(void)re_snprintf(efd, sizeof(efd), "%d", e[1]);
	s->opus = opus_decoder_create(48000, 2, &err);
	s->h264 = avcodec_alloc_context3(
			avcodec_find_decoder(AV_CODEC_ID_H264));
	s->h264->thread_count = 1;
	s->h264->flags |= AV_CODEC_FLAG_LOW_DELAY;
	if (avcodec_open2(s->h264, NULL, NULL)
	    || rtp_frame_alloc(&s->frame, CODEC_H264, frame_handler, s))
		return ENOMEM;

	(void)program(path, sizeof(path), "tutti-source");
	(void)fflush(stdout);
	s->pid = fork();
	if (!s->pid) {
		close(a[0]);
		close(v[0]);
		close(e[0]);
		execl(path, path, "--audio-fd", afd, "--audio-pt", "111",
		      "--video-fd", vfd, "--video-pt", "98", "--event-fd",
		      efd, opt ? opt : "--fps=30", url, NULL);
		_exit(127);
	}
	close(a[1]);
	close(v[1]);
	close(e[1]);

	return 0;
}

/* Its exit code; -1: it had to be killed. */
static int finish(struct src *s, int sig)
{
	int st = 0, i;

	if (sig)
		(void)kill(s->pid, sig);
	for (i = 0; i < 300; i++) {
		if (waitpid(s->pid, &st, WNOHANG) == s->pid)
			break;
		(void)run(s, 10, NULL);
	}
	if (i == 300) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, &st, 0);
	}
	s->pid = 0;

	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static void src_close(struct src *s)
{
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, NULL, 0);
	}
	if (s->audio)
		close(s->audio);
	if (s->video)
		close(s->video);
	if (s->event)
		close(s->event);
	if (s->opus)
		opus_decoder_destroy(s->opus);
	avcodec_free_context(&s->h264);
	mem_deref(s->frame);
	memset(s, 0, sizeof(*s));
}

/* Strongest tone among 10 Hz steps in the last second, and its level. */
static double pitch(const struct src *s, double *db)
{
	double best = 0, hz, found = 0;
	unsigned i;

	for (hz = 100; hz < 2000; hz += 5) {
		double s1 = 0, s2 = 0, k = 2 * cos(2 * M_PI * hz / 48000), e;

		for (i = 0; i < EAR; i++) {
			double s0 = s->earv[(s->ear + i) % EAR] + k * s1 - s2;

			s2 = s1;
			s1 = s0;
		}
		e = s1 * s1 + s2 * s2 - k * s1 * s2;
		if (e > best) {
			best = e;
			found = hz;
		}
	}
	*db = 10 * log10(best / ((double)EAR * EAR / 4) + 1e-12);

	return found;
}

static int test_picture(void)
{
	/* RFC 4585 section 6.3.1 */
	static const uint8_t pli[12] = {0x81, 206, 0, 2, 0, 0, 0, 1};
	struct src s;
	unsigned keys;
	double hz = 0, db;
	int err;

	err = start(&s, "test:3", NULL);
	TEST_ERR(err);
	TEST_TRUE(run(&s, 5000, "playing"));
	s.pictures = s.packets = 0;
	(void)run(&s, 2100, NULL);
	printf("# %u pictures %ux%u, %u sounds, %u reports in 2.1 s\n",
	       s.pictures, s.w, s.h, s.packets, s.srs);
	TEST_EQ(0, s.errors);
	TEST_EQ(1280, s.w);
	TEST_EQ(720, s.h);
	TEST_TRUE(s.pictures >= 55 && s.pictures <= 70);
	TEST_TRUE(s.moved >= s.pictures - 1);
	TEST_TRUE(s.packets >= 98 && s.packets <= 112);
	TEST_TRUE(s.srs >= 4);
	for (db = -99; db < -40; )
		if (!run(&s, 200, NULL) || (hz = pitch(&s, &db)) < 0)
			break;
	printf("# tone %.0f Hz %.0f dB\n", hz, db);
	TEST_TRUE(fabs(hz - 220 * pow(2, 7 / 12.0)) < 12);

	keys = s.keys;
	TEST_EQ(12, send(s.video, pli, sizeof(pli), 0));
	(void)run(&s, 800, NULL);
	TEST_EQ(keys + 1, s.keys);
	TEST_EQ(0, finish(&s, SIGTERM));
 out:
	src_close(&s);
	return err;
}

static int make_clip(const char *path, unsigned pictures, bool whole,
		     unsigned key_every)
{
	struct clip_video *video = NULL;
	struct clip_audio *audio = NULL;
	struct mkv *mkv = NULL;
	uint64_t a = 0;
	unsigned i;
	int err;

	err  = clip_video_alloc(&video, 320, 180, FPS, key_every);
	err |= clip_audio_alloc(&audio, 440);
	err |= mkv_alloc(&mkv, open(path, O_RDWR | O_CREAT | O_TRUNC, 0600),
			 320, 180, FPS);
	for (i = 0; i < pictures && !err; i++) {
		uint64_t t = 1000000ull * i / FPS;
		struct unit *unit = clip_video_next(video, 100, 90, 200, t);

		err = mkv_write(mkv, unit);
		unit_unref(unit);
		for (; a <= t; a += 20000) {
			unit = clip_audio_next(audio, a);
			err |= mkv_write(mkv, unit);
			unit_unref(unit);
		}
	}
	if (whole)
		err |= mkv_close(mkv);
	if (!whole && mkv && truncate(path, (off_t)mkv_bytes(mkv)))
		err = errno;
	/* closing patches the file: keep it as a crash leaves it */
	if (!whole && !err) {
		char crash[300];

		(void)re_snprintf(crash, sizeof(crash), "cp %s %s.k", path,
				  path);
		err = system(crash) ? EIO : 0;
		mkv = mem_deref(mkv);
		(void)re_snprintf(crash, sizeof(crash), "%s.k", path);
		if (rename(crash, path))
			err = errno;
	}
	mem_deref(mkv);
	mem_deref(video);
	mem_deref(audio);

	return err;
}

static void temp_path(char *path, size_t sz, const char *name)
{
	const char *tmp = getenv("TMPDIR");

	(void)re_snprintf(path, sz, "%s/tutti-source-%d-%s",
			  tmp ? tmp : "/tmp", getpid(), name);
}

static int test_file(void)
{
	char path[256];
	struct src s;
	double hz, db;
	int err;

	temp_path(path, sizeof(path), "a.mkv");
	memset(&s, 0, sizeof(s));
	err = make_clip(path, 45, true, 30);
	TEST_ERR(err);
	err = start(&s, path, NULL);
	TEST_ERR(err);
	TEST_TRUE(run(&s, 6000, "ended"));
	TEST_TRUE(strstr(s.events, "copied") != NULL);
	TEST_EQ(0, finish(&s, 0));
	TEST_EQ(45, s.pictures);
	TEST_EQ(0, s.errors);
	TEST_EQ(320, s.w);
	hz = pitch(&s, &db);
	TEST_TRUE(fabs(hz - 440) < 8 && db > -30);
 out:
	src_close(&s);
	unlink(path);
	return err;
}

static int test_loop(void)
{
	/* long groups: a key frame asked for makes it encode */
	static const uint8_t pli[12] = {0x81, 206, 0, 2, 0, 0, 0, 1};
	char path[256];
	struct src s;
	unsigned keys;
	int err;

	temp_path(path, sizeof(path), "b.mkv");
	memset(&s, 0, sizeof(s));
	err = make_clip(path, 75, true, 1000);
	TEST_ERR(err);
	err = start(&s, path, "--loop");
	TEST_ERR(err);
	TEST_TRUE(run(&s, 4000, "playing"));
	(void)run(&s, 300, NULL);
	keys = s.keys;
	TEST_EQ(12, send(s.video, pli, sizeof(pli), 0));
	(void)run(&s, 1300, NULL);
	TEST_EQ(keys + 1, s.keys);
	(void)run(&s, 3000, NULL);
	printf("# %u pictures, %u keys, ts %lld ms, %u errors\n", s.pictures,
	       s.keys, (long long)(s.last_ts - s.first_ts) / 90, s.errors);
	TEST_TRUE(strstr(s.events, "ended") == NULL);
	TEST_TRUE(s.pictures > 120);
	TEST_EQ(0, s.errors);
	/* time goes on over the seam */
	TEST_TRUE((s.last_ts - s.first_ts) / 90 > 4000);
	TEST_EQ(0, finish(&s, SIGTERM));
 out:
	src_close(&s);
	unlink(path);
	return err;
}

/* Another codec, size, rate and sound: made by ffmpeg(1) where it is. */
static int test_encoded(void)
{
	char path[256], cmd[600];
	struct src s;
	double hz, db;
	int err = 0;

	temp_path(path, sizeof(path), "c.avi");
	memset(&s, 0, sizeof(s));
	(void)re_snprintf(cmd, sizeof(cmd),
			  "ffmpeg -v quiet -y -f lavfi -i testsrc2=s=1920x800"
			  ":r=50:d=2 -f lavfi -i sine=f=660:d=2 -c:v mpeg4"
			  " -q:v 8 -c:a mp2 -ar 44100 -ac 1 %s", path);
	if (system(cmd)) {
		printf("# no ffmpeg(1)\n");
		return 0;
	}
	err = start(&s, path, NULL);
	TEST_ERR(err);
	TEST_TRUE(run(&s, 10000, "ended"));
	TEST_TRUE(strstr(s.events, "encoded") != NULL);
	printf("# %u pictures %ux%u %u sounds %s", s.pictures, s.w, s.h,
	       s.packets, s.events);
	TEST_TRUE(s.pictures >= 40 && s.pictures <= 62);
	TEST_EQ(1280, s.w);
	TEST_TRUE(s.h >= 532 && s.h <= 534);
	hz = pitch(&s, &db);
	TEST_TRUE(fabs(hz - 660) < 8 && db > -40);
 out:
	src_close(&s);
	unlink(path);
	return err;
}

/* A camera: RTMP from ffmpeg(1), which then goes away. */
static int test_live(void)
{
	char url[64], cmd[600];
	struct src s;
	pid_t pid = -1;
	unsigned port = 20000 + getpid() % 20000, i;
	int err = 0;

	memset(&s, 0, sizeof(s));
	if (system("ffmpeg -v quiet -version >/dev/null 2>&1")) {
		printf("# no ffmpeg(1)\n");
		return 0;
	}
	(void)re_snprintf(url, sizeof(url), "rtmp://127.0.0.1:%u/live/x",
			  port);
	(void)re_snprintf(cmd, sizeof(cmd),
			  "exec ffmpeg -v quiet -re -f lavfi -i"
			  " testsrc2=s=320x180:r=25 -f lavfi -i sine=f=550"
			  " -c:v flv1 -g 25 -c:a aac -f flv -listen 1 %s",
			  url);
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", cmd, NULL);
		_exit(127);
	}
	for (i = 0; i < 20; i++) {
		err = start(&s, url, NULL);
		TEST_ERR(err);
		if (run(&s, 6000, "\n") && strstr(s.events, "playing"))
			break;
		(void)finish(&s, SIGTERM);
		src_close(&s);
		sys_msleep(200);
	}
	TEST_TRUE(i < 20);
	(void)run(&s, 2000, NULL);
	printf("# %u pictures %ux%u %u sounds %s", s.pictures, s.w, s.h,
	       s.packets, s.events);
	TEST_TRUE(s.pictures >= 25);
	TEST_TRUE(s.packets >= 50);
	TEST_EQ(320, s.w);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	pid = -1;
	TEST_TRUE(run(&s, 10000, "failed"));
	TEST_EQ(1, finish(&s, 0));
 out:
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	src_close(&s);
	return err;
}

static int test_fails(void)
{
	static const struct {
		const char *url, *text;
	} badv[] = {
		{"/no/such/file.mp4",        "No such file"},
		{"rtsp://127.0.0.1:1/x",     "refused"},
		{"rtmp://127.0.0.1:1/x/y",   ""},
		{"test:0",                   "test:1"},
		{"gopher://x/",              "not known"},
		{"/etc/hostname",            ""},
	};
	struct src s;
	unsigned i;
	int err = 0;

	memset(&s, 0, sizeof(s));
	for (i = 0; i < ARRAY_SIZE(badv); i++) {
		err = start(&s, badv[i].url, NULL);
		TEST_ERR(err);
		if (!run(&s, 12000, "\"failed\"")
		    || !strstr(s.events, badv[i].text))
			TEST_FAIL("%s: %s", badv[i].url, s.events);
		TEST_EQ(1, finish(&s, 0));
		src_close(&s);
	}
 out:
	src_close(&s);
	return err;
}

static int test_gone(void)
{
	struct src s;
	int err;

	err = start(&s, "test:1", NULL);
	TEST_ERR(err);
	TEST_TRUE(run(&s, 5000, "playing"));
	close(s.audio);
	close(s.video);
	s.audio = s.video = open("/dev/null", O_RDONLY);
	TEST_EQ(0, finish(&s, 0));
	s.video = 0;
 out:
	src_close(&s);
	return err;
}

static int output_of(const char *cmd, char *buf, size_t sz)
{
	FILE *f = popen(cmd, "r");
	size_t n;

	if (!f)
		return -1;
	n = fread(buf, 1, sz - 1, f);
	buf[n] = '\0';

	return pclose(f);
}

static int test_join(void)
{
	char a[256], b[256], c[256], out[256], prog[512], cmd[1600];
	char text[1024];
	AVFormatContext *fmt = NULL;
	uint8_t head[64];
	json_t *o = NULL;
	int err, fd;

	temp_path(a, sizeof(a), "1.mkv");
	temp_path(b, sizeof(b), "2.mkv");
	temp_path(c, sizeof(c), "3.mkv");
	temp_path(out, sizeof(out), "o.mp4");
	(void)program(prog, sizeof(prog), "tutti-remux");
	err  = make_clip(a, 60, true, 30);
	err |= make_clip(b, 90, false, 30);
	close(open(c, O_RDWR | O_CREAT, 0600));
	TEST_ERR(err);

	(void)re_snprintf(cmd, sizeof(cmd), "%s --probe %s", prog, b);
	TEST_EQ(0, output_of(cmd, text, sizeof(text)));
	printf("# %s", text);
	o = json_loads(text, 0, NULL);
	TEST_TRUE(o != NULL);
	TEST_TRUE(json_integer_value(json_object_get(o, "duration_ms"))
		  > 2000);
	TEST_TRUE(json_is_false(json_object_get(o, "closed")));
	TEST_EQ(2, json_array_size(json_object_get(o, "streams")));

	(void)re_snprintf(cmd, sizeof(cmd), "%s %s %s %s %s 2>&1", prog, out,
			  a, c, b);
	TEST_EQ(0, output_of(cmd, text, sizeof(text)));
	printf("# %s", text);
	TEST_TRUE(strstr(text, "left out") != NULL);
	TEST_EQ(0, avformat_open_input(&fmt, out, NULL, NULL));
	TEST_EQ(2, fmt->nb_streams);
	TEST_EQ(AV_CODEC_ID_H264, fmt->streams[0]->codecpar->codec_id);
	TEST_EQ(AV_CODEC_ID_OPUS, fmt->streams[1]->codecpar->codec_id);
	printf("# joined %lld ms\n", (long long)fmt->duration / 1000);
	TEST_TRUE(fmt->duration > 4100000 && fmt->duration < 5100000);
	/* faststart: the index comes before the media */
	fd = open(out, O_RDONLY);
	TEST_EQ(sizeof(head), read(fd, head, sizeof(head)));
	close(fd);
	TEST_TRUE(memmem(head, sizeof(head), "moov", 4) != NULL);

	(void)re_snprintf(cmd, sizeof(cmd), "%s %s %s 2>&1", prog, out, c);
	TEST_TRUE(output_of(cmd, text, sizeof(text)) != 0);
	TEST_TRUE(strstr(text, "no segment") != NULL);
	(void)re_snprintf(cmd, sizeof(cmd), "%s /no/dir/o.mp4 %s 2>&1", prog,
			  a);
	TEST_TRUE(output_of(cmd, text, sizeof(text)) != 0);
	TEST_TRUE(strstr(text, "No such file") != NULL);
 out:
	json_decref(o);
	avformat_close_input(&fmt);
	unlink(a);
	unlink(b);
	unlink(c);
	unlink(out);
	return err;
}

static const struct test testv[] = {
	{"a test picture moves and sounds",        test_picture},
	{"a file that fits is copied",             test_file},
	{"a file in a loop, and a key frame of it", test_loop},
	{"a file that does not fit is encoded",    test_encoded},
	{"a camera plays, and fails when it goes", test_live},
	{"what cannot be played says why",         test_fails},
	{"it ends when nobody is there",           test_gone},
	{"segments become one MP4",                test_join},
};

int main(int argc, char **argv)
{
	char path[512];
	int err;

	if (access(program(path, sizeof(path), "tutti-source"), X_OK)) {
		printf("1..0 # SKIP no %s\n", path);
		return 0;
	}
	av_log_set_level(AV_LOG_QUIET);
	(void)signal(SIGPIPE, SIG_IGN);
	if (pkt_pool_init(1024))
		return 99;
	err = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	pkt_pool_close();

	return err;
}
