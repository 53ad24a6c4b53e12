/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_load.c -- a mixer that has too much to do
 *
 * Who watches moves to smaller rungs as the governor says, and back; audio
 * misses no tick whatever video does.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/ipc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "base/thread.h"
#include "mixer/audio.h"
#include "mixer/codec_video.h"
#include "mixer/mixer_priv.h"
#include "mixer/video_gov.h"
#include "mixer/video_pool.h"
#include "mixer/video_priv.h"
#include "tests/unit/test.h"

enum { LEGS = 3, SATURATED_S = 3, TICKS_A_S = 50, JOBS_MAX = 64,
       W = 640, H = 360 };

/* ---- a mixer in this process ---- */

struct fx {
	struct mixer *mixer;
	struct ipc *ipc;
	struct tmr tmr;
	unsigned seq, answers, refused, loads, step, rungs;
	uint32_t heightv[LEGS + 1];
	char text[80];
	int peerv[LEGS];
};

static void end_handler(int err, void *arg)
{
	(void)err;
	(void)arg;
	re_cancel();
}

static void close_handler(int err, void *arg)
{
	(void)err;
	(void)arg;
}

static void message_handler(json_t *msg, int *fdv, size_t fdc, void *arg)
{
	const char *m = "", *text = "";
	struct fx *fx = arg;
	uint32_t id = 0, n = 0;

	(void)fdv;
	(void)fdc;
	(void)json_str(msg, "m", &m);
	if (!strcmp(m, MIX_DONE)) {
		++fx->answers;
		(void)json_u32(msg, "err", &n);
		fx->refused += n != 0;
	}
	else if (!strcmp(m, MIX_LOAD)) {
		++fx->loads;
		(void)json_u32(msg, "step", &fx->step);
		(void)json_str(msg, "text", &text);
		str_ncpy(fx->text, text, sizeof(fx->text));
	}
	else if (!strcmp(m, MIX_RUNG)) {
		(void)json_u32(msg, "id", &id);
		(void)json_u32(msg, "height", &n);
		++fx->rungs;
		if (id <= LEGS)
			fx->heightv[id] = n;
	}
}

static int tell(struct fx *fx, const char *m, json_t *msg, const int *fdv,
		size_t fdc)
{
	json_object_set_new(msg, "m", json_string(m));
	json_object_set_new(msg, "seq", json_integer(++fx->seq));

	return ipc_send(fx->ipc, msg, fdv, fdc);
}

static void stop_timeout(void *arg)
{
	(void)arg;
	re_cancel();
}

static void pass(struct fx *fx, unsigned ms)
{
	tmr_start(&fx->tmr, ms, stop_timeout, NULL);
	(void)re_main(NULL);
}

/* Somebody who only watches, at most this high */
static int watcher(struct fx *fx, uint32_t id, unsigned max_height)
{
	struct ticket t;
	int fdv[2], err;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fdv))
		return errno;
	fx->peerv[id - 1] = fdv[0];
	ticket_init(&t, id);
	t.watcher = true;
	t.max_height = (uint16_t)max_height;
	t.video.on = t.video.send = t.video.rtcp_mux = true;
	t.video.rtp_fd = 0;
	t.video.fmtc = 1;
	t.video.fmtv[0] = (struct ticket_fmt){.codec = CODEC_H264, .pt = 96,
		.tx_pt = 96, .clock_hz = 90000, .pkt_mode = 1,
		.profile_idc = 0x42, .profile_iop = 0xe0, .level_idc = 31};
	err = tell(fx, MIX_LEG_ADD, json_pack("{so}", "ticket",
		   ticket_encode(&t)), &fdv[1], 1);
	close(fdv[1]);

	return err;
}

static int fx_open(struct fx *fx)
{
	int fdv[2], err = 0;

	on_loop();
	memset(fx, 0, sizeof(*fx));
	for (unsigned i = 0; i < LEGS; i++)
		fx->peerv[i] = -1;
	TEST_ERR(ipc_pair(fdv));
	TEST_ERR(mixer_alloc(&fx->mixer, fdv[0], end_handler, fx));
	TEST_ERR(ipc_alloc(&fx->ipc, fdv[1], message_handler, close_handler,
			   fx));
	TEST_ERR(tell(fx, MIX_HELLO, json_pack("{si si si si}", "version",
		 1, "canvas_w", 1280, "canvas_h", 720, "fps", 30), NULL, 0));
	for (unsigned i = 0; i < 100 && !fx->answers; i++)
		pass(fx, 100);
	TEST_EQ(1, fx->answers);
 out:
	return err;
}

static void fx_close(struct fx *fx)
{
	tmr_cancel(&fx->tmr);
	mem_deref(fx->mixer);
	mem_deref(fx->ipc);
	for (unsigned i = 0; i < LEGS; i++)
		if (fx->peerv[i] >= 0)
			close(fx->peerv[i]);
}

/* As the governor says it, from a worker; until the mixer has passed it on */
static int govern(struct fx *fx, unsigned step)
{
	const struct video_cfg *cfg = &fx->mixer->video->cfg;
	unsigned loads = fx->loads;

	cfg->eventh(VIDEO_LOAD, step, cfg->arg);
	for (unsigned i = 0; i < 100 && fx->loads == loads; i++)
		pass(fx, 50);

	return fx->loads > loads && fx->step == step &&
		!strcmp(fx->text, gov_text(step)) ? 0 : EBADMSG;
}

static bool heights(struct fx *fx, unsigned a, unsigned b, unsigned c)
{
	const unsigned wantv[LEGS + 1] = {0, a, b, c};
	bool same = false;

	for (unsigned i = 0; i < 100 && !same; i++) {
		same = !memcmp(wantv, fx->heightv, sizeof(wantv));
		if (!same)
			pass(fx, 50);
	}
	if (!same)
		printf("# heights %u %u %u\n", fx->heightv[1],
		       fx->heightv[2], fx->heightv[3]);

	return same;
}

static unsigned rung_count(struct fx *fx)
{
	struct video *v = fx->mixer->video;
	unsigned n;

	video_lock(v);
	n = v->rungc;
	video_unlock(v);

	return n;
}

static int test_sizes(void)
{
	struct fx fx;
	int err;

	err = fx_open(&fx);
	TEST_ERR(err);
	TEST_ERR(watcher(&fx, 1, 0));
	TEST_ERR(watcher(&fx, 2, 0));
	TEST_ERR(watcher(&fx, 3, 180));
	TEST_TRUE(heights(&fx, 720, 720, 180));
	TEST_EQ(2, rung_count(&fx));

	/* the rate goes first */
	TEST_ERR(govern(&fx, 1));
	TEST_ERR(govern(&fx, 2));
	TEST_TRUE(heights(&fx, 720, 720, 180));

	/* then the top rung: who was on it moves one down, nobody else */
	TEST_ERR(govern(&fx, 3));
	TEST_TRUE(heights(&fx, 360, 360, 180));
	TEST_EQ(2, rung_count(&fx));

	/* then the size: one encode is left */
	TEST_ERR(govern(&fx, 5));
	TEST_TRUE(heights(&fx, 180, 180, 180));
	TEST_EQ(1, rung_count(&fx));

	/* and back, to what each may have */
	TEST_ERR(govern(&fx, 3));
	TEST_TRUE(heights(&fx, 360, 360, 180));
	TEST_ERR(govern(&fx, 0));
	TEST_TRUE(heights(&fx, 720, 720, 180));
	TEST_EQ(0, fx.refused);
	TEST_EQ(0, fx.mixer->load_height);

 out:
	fx_close(&fx);
	return err;
}

/* Who comes while it lasts begins where the others are */
static int test_newcomer(void)
{
	struct fx fx;
	int err;

	err = fx_open(&fx);
	TEST_ERR(err);
	TEST_ERR(watcher(&fx, 1, 0));
	TEST_TRUE(heights(&fx, 720, 0, 0));
	TEST_ERR(govern(&fx, 4));
	TEST_ERR(watcher(&fx, 2, 0));
	TEST_TRUE(heights(&fx, 180, 180, 0));

 out:
	fx_close(&fx);
	return err;
}

/* ---- audio against video that takes all there is ---- */

static struct {
	struct pool *pool;
	struct pool_job jobv[JOBS_MAX];
	struct venc *encv[JOBS_MAX];
	unsigned jobc;
	uint8_t planev[3][W * H];
	atomic_uint pictures;
	atomic_bool quit;
} busy;

static uint64_t no_clock(uint64_t now, void *arg)
{
	(void)now;
	(void)arg;

	return UINT64_MAX;
}

static void idle_handler(void *arg)
{
	(void)arg;
}

/* Encodes pictures without end, as a worker that cannot keep up does */
static void job_handler(void *arg, uint64_t now)
{
	struct venc **encp = arg;
	struct vpic pic = {.w = W, .h = H};
	struct venc_out out;

	(void)now;
	for (unsigned k = 0; k < 3; k++) {
		pic.data[k]   = busy.planev[k];
		pic.stride[k] = k ? W / 2 : W;
	}
	while (!atomic_load(&busy.quit)) {
		if (!venc_put(*encp, &pic, NULL, true, &out))
			atomic_fetch_add(&busy.pictures, 1);
	}
}

static int busy_start(void)
{
	const struct video_rung r = {CODEC_H264, W, H, 30, 5000, 1, 31};
	const long n = 2 * sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t x = 1;
	int err;

	memset(&busy, 0, sizeof(busy));
	busy.jobc = n > JOBS_MAX ? JOBS_MAX : (unsigned)n;
	for (unsigned k = 0; k < 3; k++)
		for (unsigned i = 0; i < W * H; i++) {
			x = x * 1664525u + 1013904223u;
			busy.planev[k][i] = (uint8_t)(x >> 24);
		}
	err = pool_alloc(&busy.pool, busy.jobc, no_clock, NULL);
	for (unsigned i = 0; i < busy.jobc && !err; i++) {
		err = venc_alloc(&busy.encv[i], &r, 1200);
		pool_job_init(busy.pool, &busy.jobv[i], job_handler,
			      idle_handler, &busy.encv[i]);
	}
	if (!err)
		err = pool_start(busy.pool);
	for (unsigned i = 0; i < busy.jobc && !err; i++)
		(void)pool_kick(busy.pool, &busy.jobv[i]);

	return err;
}

static void busy_stop(void)
{
	atomic_store(&busy.quit, true);
	busy.pool = mem_deref(busy.pool);
	for (unsigned i = 0; i < busy.jobc; i++)
		busy.encv[i] = mem_deref(busy.encv[i]);
}

struct heard {
	unsigned ticks, late, due;
};

static void out_handler(const struct audio_out *outv, unsigned outc,
			void *arg)
{
	(void)outv;
	(void)outc;
	(void)arg;
}

static uint32_t counter(const struct audio *a, const char *key)
{
	json_t *o;
	uint32_t n = 0;

	on_loop();
	o = audio_stats(a);
	(void)json_u32(o, key, &n);
	json_decref(o);

	return n;
}

/* So many ticks were done, so many of them late, so many were due */
static void listen_for(const struct audio *a, unsigned s, struct heard *h)
{
	const unsigned ticks = counter(a, "ticks"), late = counter(a, "late");
	const uint64_t from = clock_us();

	clock_sleep_until(from + s * 1000000ull);
	h->ticks = counter(a, "ticks") - ticks;
	h->late  = counter(a, "late") - late;
	h->due   = (unsigned)((clock_us() - from) / 20000);
}

static unsigned missed(const struct heard *h)
{
	return h->due > h->ticks + 1 ? h->due - h->ticks - 1 : 0;
}

static int test_saturated(void)
{
	struct audio_cfg cfg = {.outh = out_handler};
	struct heard calm, full;
	struct audio *a = NULL;
	int err = 0;

	on_loop();
	TEST_ERR(audio_alloc(&a, &cfg));
	TEST_ERR(audio_start(a));
	listen_for(a, SATURATED_S, &calm);
	TEST_ERR(busy_start());
	listen_for(a, SATURATED_S, &full);
	busy_stop();
	audio_stop(a);
	printf("# calm: %u of %u ticks, %u late; saturated: %u of %u, %u "
	       "late, %u pictures\n", calm.ticks, calm.due, calm.late,
	       full.ticks, full.due, full.late,
	       atomic_load(&busy.pictures));

	/* video had work for all cores, and did it */
	TEST_TRUE(atomic_load(&busy.pictures) > busy.jobc);
	/* no more is lost or late than in peace, whatever else runs here:
	 * nothing is lost, a tick in ten may be late by the luck of it */
	TEST_TRUE(missed(&full) <= missed(&calm));
	TEST_TRUE(full.late <= calm.late + full.due / 10);

 out:
	mem_deref(a);
	return err;
}

/* As nobody, who may not hurry: root always may. */
static int patient(void)
{
	const struct rlimit none = {0, 0};

	if (!geteuid() && setuid(65534) && errno != EINVAL)
		return 1;         /* EINVAL: root of a namespace only     */
	if (setrlimit(RLIMIT_RTPRIO, &none) ||
	    setrlimit(RLIMIT_NICE, &none))
		return 2;
	thread_prompt();
	if (getpriority(PRIO_PROCESS, 0) < 0)
		return 3;
	if (thread_urgent(pthread_self()))
		return 4;
	thread_patient();

	return getpriority(PRIO_PROCESS, 0) == 5 ? 0 : 5;
}

/* Where real time is not allowed video is what waits; in a process of its
 * own, because there is no way back */
static int test_patient(void)
{
	int status = -1, err = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(patient());
	TEST_TRUE(pid > 0);
	TEST_EQ(pid, waitpid(pid, &status, 0));
	TEST_TRUE(WIFEXITED(status));
	TEST_EQ(0, WEXITSTATUS(status));

 out:
	return err;
}

int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"audio while video takes every core", test_saturated},
		{"sizes go and come back", test_sizes},
		{"who comes meanwhile", test_newcomer},
		{"video waits where nobody may hurry", test_patient},
	};

	/* for a process of its own: here it would outlive the case */
	setenv("TUTTI_NO_SANDBOX", "1", 1);
	setenv("TUTTI_PROMPTS", "prompts", 0);
	log_init("test", getenv("VERBOSE") ? LVL_INFO : LVL_ERROR, false);

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
