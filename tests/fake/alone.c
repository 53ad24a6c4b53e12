/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/alone.c -- the real tutti-mixer, tuttid's part played; see
 * alone.h
 */
#define _GNU_SOURCE 1
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libavutil/log.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "mixer/pkt.h"
#include "tests/fake/alone.h"

const struct caller_cfg alone_cfgv[ALONE_PARTIES] = {
	{11, "Ann",                        420, 81,  90,  240, CODEC_H264},
	{12, "\xd0\x91\xd0\xbe\xd1\x80\xd0\xb8\xd1\x81",
	                                   730, 145, 54,  34,  CODEC_VP8},
	{13, "\xe6\x9d\x8e\xe5\xa8\x9c",   1130, 41, 240, 110, CODEC_H264},
};


static void message(json_t *msg, int *fdv, size_t fdc, void *arg)
{
	struct alone *fx = arg;
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
	struct alone *fx = arg;

	(void)err;
	fx->closed = true;
	fx->ipc = mem_deref(fx->ipc);
}


static void tick(void *arg)
{
	struct alone *fx = arg;
	unsigned i;

	for (i = 0; i < ALONE_PARTIES; i++)
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


int alone_await(struct alone *fx, bool (*until)(struct alone *), unsigned ms)
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


bool alone_ready(struct alone *fx)
{
	return fx->ready || fx->closed;
}


static bool is_done(struct alone *fx)
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


int alone_spawn(struct alone *fx)
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


int alone_ask(struct alone *fx, const char *m, json_t *msg, const int *fdv,
	       size_t fdc)
{
	uint32_t n = 0;
	int err = 0;

	fx->done = (json_decref(fx->done), NULL);
	json_object_set_new(msg, "m", json_string(m));
	json_object_set_new(msg, "seq", json_integer(++fx->seq));
	err = ipc_send(fx->ipc, msg, fdv, fdc);
	if (!err)
		err = alone_await(fx, is_done, 5000);
	if (err)
		return err;
	if (!fx->done)
		return ECONNRESET;
	if (json_u32(fx->done, "seq", &n) || n != fx->seq)
		return EPROTO;
	(void)json_u32(fx->done, "err", &n);

	return (int)n;
}


int alone_add_legs(struct alone *fx)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < ALONE_PARTIES && !err; i++)
		err = alone_ask(fx, MIX_LEG_ADD,
			  json_pack("{so sb}", "ticket",
				    ticket_encode(&fx->pv[i]->ticket),
				    "join_tone", 0),
			  fx->pv[i]->mixer_fdv, 4);

	return err;
}


void alone_close(struct alone *fx)
{
	unsigned i;

	tmr_cancel(&fx->tick);
	tmr_cancel(&fx->end);
	if (fx->pid > 0) {
		(void)kill(fx->pid, SIGKILL);
		(void)waitpid(fx->pid, NULL, 0);
	}
	for (i = 0; i < ALONE_PARTIES; i++)
		fx->pv[i] = mem_deref(fx->pv[i]);
	fx->ipc = mem_deref(fx->ipc);
	json_decref(fx->done);
	fx->done = NULL;
}


int alone_init(struct alone *fx)
{
	unsigned i;
	int err = 0;

	memset(fx, 0, sizeof(*fx));
	tmr_init(&fx->tick);
	tmr_init(&fx->end);
	for (i = 0; i < ALONE_PARTIES && !err; i++)
		err = caller_alloc(&fx->pv[i], &alone_cfgv[i]);
	if (!err)
		err = alone_spawn(fx);
	if (!err)
		err = alone_await(fx, alone_ready, 5000);
	if (!err && fx->closed)
		err = ECONNRESET;
	if (!err)
		err = alone_add_legs(fx);

	return err;
}


bool alone_hear(struct alone *fx)
{
	unsigned i, k;

	for (i = 0; i < ALONE_PARTIES; i++)
		for (k = 0; k < ALONE_PARTIES; k++) {
			double db = caller_hears(fx->pv[i], alone_cfgv[k].hz,
						 200);

			if (i == k ? db > ALONE_FAINT : db < ALONE_LOUD)
				return false;
		}

	return true;
}


static bool sees_three(const struct caller *p)
{
	unsigned k;

	for (k = 0; k < ALONE_PARTIES; k++)
		if (caller_sees(p, alone_cfgv[k].y, alone_cfgv[k].u,
				alone_cfgv[k].v) < 0.1) return false;

	return true;
}


bool alone_see(struct alone *fx)
{
	unsigned i;

	for (i = 0; i < ALONE_PARTIES; i++)
		if (!fx->pv[i]->pictures || !sees_three(fx->pv[i]))
			return false;

	return true;
}


void alone_print(struct alone *fx)
{
	unsigned i, k;

	for (i = 0; i < ALONE_PARTIES; i++) {
		const struct caller *p = fx->pv[i];

		printf("# %u: packets %u pictures %u %ux%u srs %u hears",
		       p->cfg.id, p->packets, p->pictures, p->w, p->h,
		       p->srs);
		for (k = 0; k < ALONE_PARTIES; k++)
			printf(" %.0f", caller_hears(p, alone_cfgv[k].hz,
						     200));
		printf(" dB sees");
		for (k = 0; k < ALONE_PARTIES; k++)
			printf(" %.2f", caller_sees(p, alone_cfgv[k].y,
						    alone_cfgv[k].u,
						    alone_cfgv[k].v));
		printf("\n");
	}
}


void alone_path(char *path, size_t sz, const char *name)
{
	const char *keep = getenv("TUTTI_KEEP"), *tmp = getenv("TMPDIR");

	if (keep)
		(void)re_snprintf(path, sz, "%s/%s", keep, name);
	else
		(void)re_snprintf(path, sz, "%s/tutti-alone-%d-%s",
				  tmp ? tmp : "/tmp", getpid(), name);
}


void alone_unkeep(const char *path)
{
	if (!getenv("TUTTI_KEEP"))
		(void)unlink(path);
}


int alone_open(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}


bool alone_recording(struct alone *fx)
{
	return !strcmp(fx->rec, "open");
}


json_t *alone_rec(void)
{
	return json_pack("{si si sb}", "rec", 5, "segment", 1, "announce", 0);
}


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


int alone_source(struct alone *fx, unsigned n, pid_t *pid)
{
	int a[2], v[2], fdv[2], err;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, a)
	    || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, v))
		return errno;
	*pid = source_start(n, a[0], v[0]);
	fdv[0] = a[1];
	fdv[1] = v[1];
	err = alone_ask(fx, MIX_LEG_ADD, json_pack("{so}", "ticket",
		  source_ticket(20 + n)), fdv, 2);
	close(a[0]);
	close(v[0]);
	close(a[1]);
	close(v[1]);

	return err;
}


bool alone_closed(struct alone *fx)
{
	return fx->closed;
}


int alone_main(int argc, char **argv, const struct test *testv, size_t n)
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
	err = test_main(argc, argv, testv, n);
	pkt_pool_close();

	return err;
}
