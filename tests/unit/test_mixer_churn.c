/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_mixer_churn.c -- parties come and go, a thousand times
 *
 * A whole mixer in this process, its threads running, tuttid's part played
 * over a socket pair: legs with sound and pictures join, are held, muted,
 * lose their picture and leave, while it records and takes snapshots.
 * Nothing may be left of them.  What the sanitizers should see, too.
 */
#define _GNU_SOURCE 1
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/ipc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "base/thread.h"
#include "mixer/mixer.h"
#include "mixer/pkt.h"
#include "tests/fake/cam.h"
#include "tests/unit/test.h"

enum {
	LIVE  = 6,                /* at a time                            */
	PKTS  = 64,
	STEP_MS = 3,
	BURST = 1000,
	FDS = 8192,
	JOINS = 1000,
};

struct party {
	uint32_t id;
	int fdv[2];               /* ours, connected to the mixer's       */
	uint16_t seq[2];
	uint32_t ts;
	unsigned pic;             /* of the recorded packets              */
	struct ticket t;
};

struct fx {
	struct mixer *mixer;
	struct ipc *ipc;
	struct tmr tmr;
	struct party partyv[LIVE];
	unsigned joined, left, answers, refused, seq;
	unsigned n;               /* steps                                */
	struct pkt picv[PKTS];
	unsigned picc;
	int fds;                  /* open without any party               */
	size_t heap;              /* in use after the first hundred       */
	bool ended;
	unsigned shots, recs, failed;
};


static void end_handler(int err, void *arg)
{
	(void)err;
	((struct fx *)arg)->ended = true;
	re_cancel();
}


static void message_handler(json_t *msg, int *fdv, size_t fdc, void *arg)
{
	struct fx *fx = arg;
	const char *m, *state;
	uint32_t err = 0;

	(void)fdv;
	(void)fdc;
	if (json_str(msg, "m", &m))
		return;
	if (!strcmp(m, MIX_REC_STATE) && !json_str(msg, "state", &state))
		fx->failed += !strcmp(state, "failed");
	if (strcmp(m, MIX_DONE))
		return;

	++fx->answers;
	(void)json_u32(msg, "err", &err);
	if (err) {
		++fx->refused;
		printf("# refused: %s\n",
		       json_string_value(json_object_get(msg, "text")));
	}
}


static void close_handler(int err, void *arg)
{
	(void)err;
	((struct fx *)arg)->ended = true;
}


static int tell(struct fx *fx, const char *m, json_t *msg, const int *fdv,
		size_t fdc)
{
	json_object_set_new(msg, "m", json_string(m));
	json_object_set_new(msg, "seq", json_integer(++fx->seq));

	return ipc_send(fx->ipc, msg, fdv, fdc);
}


static int pair_open(int *ours, int *theirs)
{
	int fdv[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fdv))
		return errno;
	*ours = fdv[0];
	*theirs = fdv[1];

	return 0;
}


static void media(struct ticket_media *m, int fd)
{
	m->on = m->send = m->recv = m->rtcp_mux = true;
	m->rtp_fd = fd;
	m->fmtc = 1;
}


static int join(struct fx *fx, struct party *p)
{
	int fdv[2] = {-1, -1}, err;

	memset(p, 0, sizeof(*p));
	p->id = ++fx->joined;
	p->ts = p->id * 1000;
	err = pair_open(&p->fdv[0], &fdv[0]);
	err |= pair_open(&p->fdv[1], &fdv[1]);
	if (err)
		return err;

	ticket_init(&p->t, p->id);
	(void)re_snprintf(p->t.name, sizeof(p->t.name), "Party %u", p->id);
	media(&p->t.audio, 0);
	p->t.audio.ptime_ms = 20;
	p->t.audio.fmtv[0] = (struct ticket_fmt){.codec = CODEC_PCMU,
		.clock_hz = 8000, .channels = 1};
	media(&p->t.video, 1);
	p->t.video.fb_pli = true;
	p->t.video.fmtv[0] = (struct ticket_fmt){.codec = CODEC_H264,
		.pt = 96, .tx_pt = 96, .clock_hz = 90000, .pkt_mode = 1,
		.profile_idc = 0x42, .profile_iop = 0xe0,
		.level_idc = p->id % 3 ? 31 : 12};
	err = tell(fx, MIX_LEG_ADD, json_pack("{so sb}", "ticket",
		   ticket_encode(&p->t), "join_tone", p->id % 5 == 0), fdv, 2);
	close(fdv[0]);
	close(fdv[1]);

	return err;
}


static int leave(struct fx *fx, struct party *p)
{
	int err;

	err = tell(fx, MIX_LEG_DEL, json_pack("{sI}", "id",
					      (json_int_t)p->id), NULL, 0);
	close(p->fdv[0]);
	close(p->fdv[1]);
	p->id = 0;
	++fx->left;

	return err;
}


static int change(struct fx *fx, struct party *p)
{
	switch (rand_u16() % 4) {

	case 0:
		p->t.muted = !p->t.muted;
		break;
	case 1:
		p->t.audio.recv = !p->t.audio.recv;
		p->t.video.recv = p->t.audio.recv;
		break;
	case 2:
		p->t.video.on = !p->t.video.on;
		break;
	default:
		p->t.audio.on = !p->t.audio.on;
		break;
	}

	return tell(fx, MIX_LEG_SET, json_pack("{so}", "ticket",
		    ticket_encode(&p->t)), NULL, 0);
}


static void header(uint8_t *b, uint8_t pt, bool marker, uint16_t seq,
		   uint32_t ts, uint32_t ssrc)
{
	b[0] = 0x80;
	b[1] = (uint8_t)(pt | marker << 7);
	b[2] = (uint8_t)(seq >> 8);
	b[3] = (uint8_t)seq;
	for (unsigned i = 0; i < 4; i++) {
		b[4 + i] = (uint8_t)(ts >> (24 - 8 * i));
		b[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
	}
}


static void speak(struct fx *fx, struct party *p)
{
	uint8_t b[PKT_DATA_MAX + 12];
	const struct pkt *pic = &fx->picv[p->pic++ % fx->picc];

	header(b, 0, false, p->seq[0]++, p->ts, p->id);
	memset(b + 12, 0x20 + (p->seq[0] & 0x8f), 160);
	(void)!send(p->fdv[0], b, 12 + 160, MSG_DONTWAIT);
	p->ts += 160;

	header(b, 96, pic->marker, p->seq[1]++, pic->ts + p->pic / fx->picc *
	       3000 * PKTS, p->id + 100000);
	memcpy(b + 12, pic->data + pic->off, pic->len);
	(void)!send(p->fdv[1], b, 12u + pic->len, MSG_DONTWAIT);

	/* what we are sent is not looked at */
	for (unsigned i = 0; i < 2; i++) {
		while (recv(p->fdv[i], b, sizeof(b), MSG_DONTWAIT) > 0)
			;
	}
}


static int extras(struct fx *fx)
{
	int fd, err = 0;

	if (fx->n % 200 == 50) {
		fd = memfd_create("recording", MFD_CLOEXEC);
		err = tell(fx, MIX_REC_START, json_pack("{si si sb}", "rec",
			   (int)fx->n, "segment", 1, "announce", 1), &fd, 1);
		close(fd);
		++fx->recs;
	}
	if (fx->n % 200 == 150)
		err = tell(fx, MIX_REC_STOP, json_pack("{si}", "rec",
			   (int)fx->n - 100), NULL, 0);
	if (fx->n % 100 == 75) {
		fd = memfd_create("picture", MFD_CLOEXEC);
		err = tell(fx, fx->n % 200 == 75 ? MIX_THUMB : MIX_SNAPSHOT,
			   json_object(), &fd, 1);
		close(fd);
		++fx->shots;
	}
	if (fx->n % 50 == 0)
		err |= tell(fx, MIX_STATS, json_object(), NULL, 0);

	return err;
}


static int step(struct fx *fx)
{
	struct party *p = &fx->partyv[fx->n % LIVE];
	int err = 0;

	for (unsigned i = 0; i < LIVE; i++) {
		if (fx->partyv[i].id)
			speak(fx, &fx->partyv[i]);
	}
	if (fx->joined < JOINS) {
		if (p->id && fx->n % 3 == 0)
			err = change(fx, &fx->partyv[(fx->n + 3) % LIVE]);
		if (p->id && !err)
			err = leave(fx, p);
		if (!err)
			err = join(fx, p);
		if (!err)
			err = extras(fx);
	}
	else if (p->id) {
		err = leave(fx, p);
	}
	++fx->n;

	return err;
}


static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		++n;
	if (dir)
		closedir(dir);

	return n;
}


static void timeout(void *arg)
{
	struct fx *fx = arg;

	tmr_start(&fx->tmr, STEP_MS, timeout, fx);
	/* as fast as it follows, not faster */
	if (fx->seq - fx->answers > 20)
		return;
	if (fx->left == JOINS) {
		if (fx->seq == fx->answers)
			re_cancel();
		return;
	}
	if (step(fx))
		re_cancel();
	if (fx->joined == JOINS / 10 && !fx->heap)
		fx->heap = mallinfo2().uordblks;
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


static void keep(struct pkt *pkt, void *arg)
{
	struct fx *fx = arg;

	if (fx->picc < PKTS)
		fx->picv[fx->picc++] = *pkt;
	pkt_put(pkt);
}


static int pictures(struct fx *fx)
{
	struct cam *cam = NULL;
	int err;

	err = cam_alloc(&cam, CODEC_H264, 320, 180, 30, 1);
	for (unsigned i = 0; !err && fx->picc < PKTS; i++) {
		cam_move(cam);
		err = cam_send(cam, i * 3000, 0, i % 8 == 0, 0, keep, fx);
	}
	mem_deref(cam);

	return err;
}


static int fx_open(struct fx *fx)
{
	int fdv[2], err = 0;

	on_loop();
	memset(fx, 0, sizeof(*fx));
	TEST_ERR(ipc_pair(fdv));
	TEST_ERR(mixer_alloc(&fx->mixer, fdv[0], end_handler, fx));
	TEST_ERR(ipc_alloc(&fx->ipc, fdv[1], message_handler, close_handler,
			   fx));
	TEST_ERR(pictures(fx));
	TEST_ERR(tell(fx, MIX_HELLO, json_pack("{si si si si}", "version",
		 1, "canvas_w", 640, "canvas_h", 368, "fps", 30), NULL, 0));
	for (unsigned i = 0; i < 50 && !fx->answers; i++)
		pass(fx, 100);    /* the first loads what SRTP needs      */
	TEST_EQ(1, fx->answers);
 out:
	return err;
}


static void fx_close(struct fx *fx)
{
	tmr_cancel(&fx->tmr);
	mem_deref(fx->mixer);
	mem_deref(fx->ipc);
	for (unsigned i = 0; i < LIVE; i++) {
		if (!fx->partyv[i].id)
			continue;
		close(fx->partyv[i].fdv[0]);
		close(fx->partyv[i].fdv[1]);
	}
}


static int test_churn(void)
{
	struct fx fx;
	size_t heap;
	int err = 0;

	TEST_ERR(fx_open(&fx));
	fx.fds = open_fds();

	tmr_start(&fx.tmr, 0, timeout, &fx);
	(void)re_main(NULL);
	tmr_cancel(&fx.tmr);
	TEST_EQ(JOINS, fx.left);
	TEST_EQ(0, fx.refused);
	TEST_TRUE(open_fds() <= fx.fds);
	heap = mallinfo2().uordblks;
	printf("# %u joins, %u recordings, %u pictures; heap %zu then %zu\n",
	       fx.joined, fx.recs, fx.shots, fx.heap, heap);
#ifndef SANITIZE
	TEST_TRUE(heap < fx.heap + 4000000);
#endif
	on_loop();
	mixer_bye(fx.mixer);
	TEST_TRUE(fx.ended);
 out:
	fx_close(&fx);
	return err;
}


/* A picture has been asked for but not taken, a file is open. */
static int test_bye_early(void)
{
	struct fx fx;
	int fd, err = 0;

	TEST_ERR(fx_open(&fx));
	TEST_ERR(join(&fx, &fx.partyv[0]));
	fd = memfd_create("picture", MFD_CLOEXEC);
	err = tell(&fx, MIX_SNAPSHOT, json_object(), &fd, 1);
	close(fd);
	TEST_ERR(err);
	fd = memfd_create("recording", MFD_CLOEXEC);
	err = tell(&fx, MIX_REC_START, json_pack("{si}", "rec", 1), &fd, 1);
	close(fd);
	TEST_ERR(err);
	pass(&fx, 60);
	TEST_EQ(3, fx.answers);
	on_loop();
	mixer_bye(fx.mixer);
 out:
	fx_close(&fx);
	return err;
}


/* A recording that has failed cannot be resumed, only stopped. */
static int test_failed(void)
{
	struct fx fx;
	int fd, err = 0;

	TEST_ERR(fx_open(&fx));
	TEST_ERR(join(&fx, &fx.partyv[0]));
	fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	err = tell(&fx, MIX_REC_START, json_pack("{si}", "rec", 1), &fd, 1);
	close(fd);
	TEST_ERR(err);
	pass(&fx, 1500);
	TEST_EQ(1, fx.failed);
	TEST_EQ(0, fx.refused);
	TEST_ERR(tell(&fx, MIX_REC_RESUME, json_pack("{si}", "rec", 1), NULL,
		      0));
	pass(&fx, 50);
	TEST_EQ(1, fx.refused);
	TEST_ERR(tell(&fx, MIX_REC_STOP, json_pack("{si}", "rec", 1), NULL,
		      0));
	pass(&fx, 200);
	TEST_EQ(fx.seq, fx.answers);
	on_loop();
	mixer_bye(fx.mixer);
 out:
	fx_close(&fx);
	return err;
}


/* As when a mixer is replaced: all tickets in one go, before it reads one */
static int test_burst(void)
{
	struct ticket t;
	struct fx fx;
	int fdv[2], err = 0;

	TEST_ERR(fx_open(&fx));
	for (unsigned i = 0; i < BURST && !err; i++) {
		TEST_ERR(pair_open(&fdv[0], &fdv[1]));
		ticket_init(&t, i + 1);
		media(&t.audio, 0);
		t.audio.ptime_ms = 20;
		t.audio.fmtv[0] = (struct ticket_fmt){.codec = CODEC_PCMU,
			.clock_hz = 8000, .channels = 1};
		err = tell(&fx, MIX_LEG_ADD, json_pack("{so}", "ticket",
			   ticket_encode(&t)), &fdv[1], 1);
		close(fdv[0]);
		close(fdv[1]);
	}
	TEST_ERR(err);
	for (unsigned i = 0; i < 50 && fx.answers < fx.seq; i++)
		pass(&fx, 100);
	TEST_EQ(BURST + 1, fx.answers);
	TEST_EQ(0, fx.refused);
	TEST_TRUE(!fx.ended);
	on_loop();
	mixer_bye(fx.mixer);
 out:
	fx_close(&fx);
	return err;
}


static const struct test testv[] = {
	{"a thousand come and go", test_churn},
	{"goodbye while a picture is awaited", test_bye_early},
	{"a recording that failed stays so", test_failed},
	{"a thousand at once", test_burst},
};


int main(int argc, char **argv)
{
	struct rlimit rl = {FDS, FDS};

	on_loop();
	if (setrlimit(RLIMIT_NOFILE, &rl) || fd_setsize(FDS))
		return 99;
	/* for a process of its own: here it would outlive the case */
	setenv("TUTTI_NO_SANDBOX", "1", 1);
	setenv("TUTTI_PROMPTS", "prompts", 0);
	log_init("test", LVL_ERROR, false);

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
