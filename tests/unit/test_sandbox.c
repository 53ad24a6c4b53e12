/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_sandbox.c -- what a mixer can and cannot do inside
 *
 * Each case forks, enters the sandbox in the child and reports by exit
 * code: 0 good, EXIT_SKIP when the sandbox is off, else the line.
 */
#define _GNU_SOURCE 1
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <pango/pangocairo.h>

#include "mixer/net_rtc.h"
#include "mixer/sandbox.h"
#include "tests/fake/clip.h"
#include "tests/fake/rtc_wire.h"
#include "tests/unit/test.h"

enum { GOOD = 0, BAD = 1, OFF = 77 };

static int in_sandbox(int (*childh)(void), int *statusp)
{
	const char *what = "";
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		return errno;
	if (!pid) {
		alarm(20);
		if (sandbox_enter(&what))
			_exit(BAD);
		_exit(strcmp(what, "off") ? childh() : OFF);
	}
	while (waitpid(pid, statusp, 0) < 0)
		if (errno != EINTR)
			return errno;

	return 0;
}

static int run(int (*childh)(void))
{
	int st = 0, err;

	err = in_sandbox(childh, &st);
	TEST_ERR(err);
	if (WIFEXITED(st) && WEXITSTATUS(st) == OFF) {
		printf("# sandbox is off in this build\n");
		return 0;
	}
	TEST_TRUE(WIFEXITED(st));
	TEST_EQ(GOOD, WEXITSTATUS(st));
 out:
	return err;
}

static int run_killed(int (*childh)(void))
{
	int st = 0, err;

	err = in_sandbox(childh, &st);
	TEST_ERR(err);
	if (WIFEXITED(st) && WEXITSTATUS(st) == OFF)
		return 0;
	TEST_TRUE(WIFSIGNALED(st));
	TEST_EQ(SIGSYS, WTERMSIG(st));
 out:
	return err;
}

static int no_socket(void)
{
	int fd[2];

	if (socket(AF_INET, SOCK_DGRAM, 0) >= 0 || errno != EPERM)
		return BAD;
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		return BAD;
	if (!socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		return BAD;

	return GOOD;
}

static int no_write(void)
{
	if (open("/tmp/tutti-sandbox", O_RDWR | O_CREAT, 0600) >= 0)
		return BAD;
	if (open("/dev/null", O_WRONLY) >= 0 || errno != EPERM)
		return BAD;
	if (!unlink("/tmp/tutti-sandbox") || errno != EPERM)
		return BAD;

	return GOOD;
}

/* Landlock may be missing in the kernel. */
static int no_secrets(void)
{
	const char *what = "";

	if (open("/etc/passwd", O_RDONLY) < 0)
		return errno == EACCES ? GOOD : BAD;

	/* nothing is stacked a second time: only the word is wanted */
	(void)sandbox_enter(&what);

	return strstr(what, "landlock") ? BAD : GOOD;
}

static int no_fork(void)
{
	return fork() < 0 ? GOOD : BAD;
}

static int exec_child(void)
{
	char *argv[] = {(char *)"/bin/true", NULL};

	execv(argv[0], argv);

	return BAD;
}

static int ptrace_child(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);

	return BAD;
}

static int decode(struct unit *unit, AVCodecContext *ctx, AVFrame *f)
{
	AVPacket *pkt = av_packet_alloc();
	int err;

	if (!pkt || av_new_packet(pkt, (int)unit->len))
		return BAD;
	memcpy(pkt->data, unit->data, unit->len);
	err = avcodec_send_packet(ctx, pkt);
	av_packet_free(&pkt);
	if (err)
		return BAD;
	if (avcodec_send_packet(ctx, NULL))
		return BAD;

	return avcodec_receive_frame(ctx, f) ? BAD : GOOD;
}

/* Encoder, decoder with threads of its own, sound. */
static int codecs(void)
{
	struct clip_video *video;
	struct clip_audio *audio;
	AVCodecContext *ctx = avcodec_alloc_context3(
			avcodec_find_decoder(AV_CODEC_ID_H264));
	AVFrame *f = av_frame_alloc();
	struct unit *unit;

	if (clip_video_alloc(&video, 320, 180, 30, 30)
	    || clip_audio_alloc(&audio, 440) || !ctx || !f)
		return BAD;
	unit = clip_audio_next(audio, 0);
	if (!unit)
		return BAD;
	unit = clip_video_next(video, 100, 90, 80, 0);
	if (!unit || !unit->key)
		return BAD;
	ctx->thread_count = 2;
	if (avcodec_open2(ctx, NULL, NULL) || decode(unit, ctx, f))
		return BAD;

	return f->width == 320 && f->data[0][5000] > 90 ? GOOD : BAD;
}

/* Fonts are found, opened and drawn inside. */
static int label(void)
{
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_A8, 256,
							48);
	cairo_t *cr = cairo_create(s);
	PangoLayout *layout = pango_cairo_create_layout(cr);
	PangoFontDescription *font =
		pango_font_description_from_string("Sans 20");
	unsigned char *p;
	unsigned long sum = 0;
	int i, n, w = 0, h = 0;

	pango_layout_set_font_description(layout, font);
	pango_layout_set_text(layout, "Ann \xd0\x9f\xd0\xb5\xd1\x82\xd1\x80"
			      " \xe5\xbc\xa0\xe4\xbc\x9f", -1);
	pango_cairo_show_layout(cr, layout);
	pango_layout_get_pixel_size(layout, &w, &h);
	cairo_surface_flush(s);
	p = cairo_image_surface_get_data(s);
	n = cairo_image_surface_get_stride(s) * 48;
	for (i = 0; i < n; i++)
		sum += p[i];

	return w > 20 && h > 10 && sum > 1000 ? GOOD : BAD;
}

static void *thread_main(void *arg)
{
	*(int *)arg = socket(AF_INET, SOCK_DGRAM, 0) < 0 ? GOOD : BAD;

	return NULL;
}

static int threads(void)
{
	pthread_t thread;
	int res = BAD;

	if (pthread_create(&thread, NULL, thread_main, &res))
		return BAD;
	(void)pthread_join(thread, NULL);

	return res;
}

static struct rtc_wire *wire;

/* A leg is made inside: certificate read, DTLS, keys, packets both ways. */
static int handshake(void)
{
	if (rtc_wire_takeover(wire) || rtc_wire_connect(wire))
		return BAD;
	if (!rtc_wire_works(wire) || rtc_wire_takeover(wire))
		return BAD;

	return rtc_wire_works(wire) ? GOOD : BAD;
}

static int handshake_of(bool active, const char *profiles)
{
	const struct rtc_peer_cfg cfg = {.profiles = profiles};
	int err;

	/* the peer's socket is made outside */
	err = net_rtc_init();
	TEST_ERR(err);
	err = rtc_wire_alloc(&wire, &cfg, active);
	TEST_ERR(err);
	err = run(handshake);
 out:
	wire = mem_deref(wire);
	net_rtc_close();

	return err;
}

static int test_handshake(void)
{
	int err = handshake_of(false, "SRTP_AEAD_AES_128_GCM");

	return err ? err : handshake_of(true, "SRTP_AES128_CM_SHA1_80");
}

static int test_no_socket(void)  { return run(no_socket); }
static int test_no_write(void)   { return run(no_write); }
static int test_no_secrets(void) { return run(no_secrets); }
static int test_no_fork(void)    { return run(no_fork); }
static int test_exec(void)       { return run_killed(exec_child); }
static int test_ptrace(void)     { return run_killed(ptrace_child); }
static int test_codecs(void)     { return run(codecs); }
static int test_label(void)      { return run(label); }
static int test_threads(void)    { return run(threads); }

static const struct test testv[] = {
	{"no new socket",                      test_no_socket},
	{"no file is opened for writing",      test_no_write},
	{"no file but fonts and the like",     test_no_secrets},
	{"no new process",                     test_no_fork},
	{"a program started kills",            test_exec},
	{"a look at other processes kills",    test_ptrace},
	{"codecs work",                        test_codecs},
	{"labels are drawn in any script",     test_label},
	{"threads start and are bound too",    test_threads},
	{"a DTLS handshake, SRTP",             test_handshake},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
