/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_mixer_client.c -- mixers that work, die, hang and refuse
 *
 * Against tests/fake/fake_mixer.  Real processes, so real time: each case
 * waits for the event it wants, at most 10 s.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "base/mixproto.h"
#include "media/mixer_client.h"
#include "tests/unit/test.h"

/* everything a case can ask for afterwards */
static struct {
	struct mixer_client *mc;
	struct mixer_leg *legv[3];
	int fdv[3][2];
	unsigned deaths, reborns, news, failed, dones;
	int died_err, status, done_err;
	uint64_t gap_ms;
	json_t *list;
	unsigned want_news;
	bool deref_when_dead;
} w;

static struct tmr tmr;

static void timeout_handler(void *arg)
{
	(void)arg;
	printf("# nothing happened for 10 s\n");
	re_cancel();
}

static void step(void)
{
	tmr_start(&tmr, 10000, timeout_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

static void pause_handler(void *arg)
{
	(void)arg;
	re_cancel();
}

static void run_ms(unsigned ms)
{
	tmr_start(&tmr, ms, pause_handler, NULL);
	(void)re_main(NULL);
}

static void msg_handler(const char *m, json_t *msg, void *arg)
{
	(void)msg;
	(void)arg;
	if (!strcmp(m, MIX_LEG_FAILED)) {
		++w.failed;
		re_cancel();
	}
	if (!strcmp(m, MIX_LEG_NEWS) && ++w.news == w.want_news)
		re_cancel();
}

static void died_handler(int status, int err, void *arg)
{
	(void)arg;
	++w.deaths;
	w.status   = status;
	w.died_err = err;
	if (w.deref_when_dead)
		w.mc = mem_deref(w.mc);
	if (err || w.deref_when_dead)
		re_cancel();
}

static void reborn_handler(uint64_t gap_ms, void *arg)
{
	(void)arg;
	++w.reborns;
	w.gap_ms = gap_ms;
	re_cancel();
}

static void done_handler(int err, const char *text, json_t *result, void *arg)
{
	(void)text;
	(void)arg;
	++w.dones;
	w.done_err = err;
	if (result) {
		json_decref(w.list);
		w.list = json_incref(result);
		re_cancel();
	}
}

static int start_path(const char *room, const char *path)
{
	struct mixer_client_cfg cfg = {
		.path = path, .meeting = 7, .room = room,
		.canvas_w = 1280, .canvas_h = 720, .fps = 30, .tones = true,
	};

	memset(&w, 0, sizeof(w));
	memset(w.fdv, 0xff, sizeof(w.fdv));

	return mixer_client_alloc(&w.mc, &cfg, msg_handler, died_handler,
				  reborn_handler, NULL);
}

static int start(const char *room)
{
	return start_path(room, "tests/fake/fake_mixer");
}

static int add_leg(unsigned i, uint32_t id)
{
	struct ticket t;
	struct sa sa;
	unsigned j;

	for (j = 0; j < 2; j++) {
		sa_set_str(&sa, "127.0.0.1", 0);
		w.fdv[i][j] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (bind(w.fdv[i][j], &sa.u.sa, sa.len))
			return errno;
	}
	ticket_init(&t, id);
	t.audio.on      = true;
	t.audio.ptime_ms = 20;
	t.audio.rtp_fd  = 0;
	t.audio.rtcp_fd = 1;

	return mixer_leg_alloc(&w.legv[i], w.mc, &t, w.fdv[i], 2, i == 1);
}

static uint16_t port_of(int fd)
{
	struct sa sa;

	sa_init(&sa, AF_INET);
	sa.len = sizeof(sa.u);
	(void)getsockname(fd, &sa.u.sa, &sa.len);

	return sa_port(&sa);
}

static void stop(void)
{
	unsigned i, j;

	for (i = 0; i < 3; i++) {
		w.legv[i] = mem_deref(w.legv[i]);
		for (j = 0; j < 2; j++)
			if (w.fdv[i][j] >= 0)
				close(w.fdv[i][j]);
	}
	w.mc = mem_deref(w.mc);
	w.list = (json_decref(w.list), NULL);
}

static int fake(const char *what, mixer_done_h *doneh)
{
	return mixer_request(w.mc, "fake", json_pack("{s:s}", "do", what),
			     NULL, 0, doneh, NULL);
}

static int ask_list(void)
{
	int err = mixer_request(w.mc, "list", NULL, NULL, 0, done_handler,
				NULL);

	if (!err)
		step();

	return err;
}

/** The mixer has legs 1 and 2 with our sockets. */
static int check_legs(const char *latched)
{
	json_t *legs, *leg;
	size_t i;
	int err;

	err = ask_list();
	TEST_ERR(err);
	legs = json_object_get(w.list, "legs");
	TEST_EQ(2, json_array_size(legs));
	for (i = 0; i < 2; i++) {
		leg = json_array_get(legs, i);
		TEST_EQ(i + 1, json_integer_value(
				json_object_get(leg, "id")));
		TEST_EQ(port_of(w.fdv[i][0]), json_integer_value(
				json_array_get(json_object_get(leg, "ports"),
					       0)));
		TEST_EQ(port_of(w.fdv[i][1]), json_integer_value(
				json_array_get(json_object_get(leg, "ports"),
					       1)));
		TEST_STR(latched, json_string_value(
				json_object_get(leg, "latched")));
	}
 out:
	return err;
}

static int two_legs(const char *room)
{
	int err;

	err = start(room);
	if (!err)
		err = add_leg(0, 1);
	if (!err)
		err = add_leg(1, 2);
	w.want_news = 2;
	if (!err)
		step();

	return err;
}

static int test_speaks(void)
{
	json_t *hello;
	int err;

	err = two_legs("standup");
	TEST_ERR(err);
	TEST_EQ(2, w.news);
	TEST_EQ(4000, sa_port(&mixer_leg_ticket(w.legv[0])->audio.latched));
	TEST_EQ(1001, mixer_leg_ticket(w.legv[0])->audio.rssrc);
	TEST_EQ(77, mixer_leg_ticket(w.legv[0])->audio.rseq);
	err = check_legs("");
	TEST_ERR(err);

	hello = json_object_get(w.list, "hello");
	TEST_EQ(7, json_integer_value(json_object_get(hello, "meeting")));
	TEST_STR("letterbox", json_string_value(json_object_get(hello,
								"fit")));
	TEST_EQ(1280, json_integer_value(json_object_get(hello,
							 "canvas_w")));

	err = mixer_request(w.mc, "nonsense", NULL, NULL, 0, done_handler,
			    NULL);
	TEST_ERR(err);
	step();
	TEST_EQ(ENOSYS, w.done_err);
	TEST_EQ(0, w.deaths);
 out:
	stop();
	return err;
}

static int test_replace(const char *what, int sig)
{
	struct pins spots = pins_one(0);
	pid_t pid;
	int err;

	err = two_legs("standup");
	TEST_ERR(err);
	pid = mixer_client_pid(w.mc);
	err = mixer_request(w.mc, MIX_ROOM_SET, json_pack(
				"{s:b, s:s, s:s, s:[i, i]}", "tones", 0,
				"fit", "crop", "layout", "speaker",
				"spotlights", 2, 1), NULL, 0, NULL,
				NULL);
	TEST_ERR(err);
	if (sig) {
		TEST_EQ(0, kill(pid, sig));
	}
	else {
		err = fake(what, done_handler);
		TEST_ERR(err);
	}
	step();
	TEST_EQ(1, w.deaths);
	TEST_EQ(0, w.died_err);
	TEST_EQ(1, w.reborns);
	printf("# gap %u ms, status 0x%x\n", (unsigned)w.gap_ms, w.status);
	TEST_TRUE(w.gap_ms < 1000);
	TEST_TRUE(pid != mixer_client_pid(w.mc));
	if (!sig) {
		TEST_EQ(1, w.dones);
		TEST_EQ(ECONNRESET, w.done_err);
	}
	err = check_legs("192.0.2.9:4000");
	TEST_ERR(err);
	TEST_STR("crop", json_string_value(json_object_get(
			json_object_get(w.list, "hello"), "fit")));
	TEST_EQ(1, json_is_false(json_object_get(
			json_object_get(w.list, "hello"), "tones")));
	TEST_STR("speaker", json_string_value(json_object_get(
			json_object_get(w.list, "hello"), "layout")));
	TEST_ERR(pins_decode(&spots, json_object_get(
			json_object_get(w.list, "hello"), "spotlights")));
	TEST_EQ(2, spots.legc);
	TEST_EQ(2, spots.legv[0]);
	TEST_EQ(1, spots.legv[1]);
 out:
	stop();
	return err;
}

static int test_kill(void)
{
	return test_replace("", SIGKILL);
}

static int test_abort(void)
{
	return test_replace("abort", 0);
}

static int test_exit(void)
{
	return test_replace("exit", 0);
}

static int test_close(void)
{
	return test_replace("close", 0);
}

static int test_hang(void)
{
	return test_replace("hang", 0);
}

static int test_gives_up(void)
{
	struct ticket t;
	int err;

	err = start("doomed");
	TEST_ERR(err);
	err = add_leg(0, 1);
	TEST_ERR(err);
	step();
	TEST_EQ(MIXER_TRIES, w.deaths);
	TEST_EQ(EPIPE, w.died_err);
	TEST_EQ(3 << 8, w.status);
	TEST_EQ(0, w.reborns);
	TEST_EQ(0, mixer_client_pid(w.mc));
	t = *mixer_leg_ticket(w.legv[0]);
	TEST_EQ(ENOTCONN, mixer_leg_set(w.legv[0], &t));
	TEST_EQ(ENOTCONN, fake("exit", NULL));
	TEST_EQ(ENOTCONN, mixer_leg_alloc(&w.legv[1], w.mc, &t, NULL, 0,
					  false));
 out:
	stop();
	return err;
}

static int test_let_go(void)
{
	int err;

	err = two_legs("standup");
	TEST_ERR(err);
	w.deref_when_dead = true;
	err = fake("exit", done_handler);
	TEST_ERR(err);
	step();
	TEST_EQ(1, w.deaths);
	TEST_EQ(0, w.dones);
	run_ms(300);
	TEST_EQ(0, w.reborns);
	TEST_EQ(0, w.dones);
 out:
	stop();
	return err;
}

/* A call that comes in the moment in which the mixer dies */
static int test_dead_unnoticed(void)
{
	siginfo_t si;
	json_t *legs;
	int err;

	err = two_legs("standup");
	TEST_ERR(err);
	TEST_EQ(0, kill(mixer_client_pid(w.mc), SIGKILL));
	TEST_EQ(0, waitid(P_PID, (id_t)mixer_client_pid(w.mc), &si,
			  WEXITED | WNOWAIT));
	err = add_leg(2, 3);
	TEST_ERR(err);
	step();
	TEST_EQ(1, w.deaths);
	TEST_EQ(1, w.reborns);
	err = ask_list();
	TEST_ERR(err);
	legs = json_object_get(w.list, "legs");
	TEST_EQ(3, json_array_size(legs));
 out:
	stop();
	return err;
}

static int test_requests_end(void)
{
	int err;

	err = two_legs("standup");
	TEST_ERR(err);
	err = fake("hang", done_handler);
	TEST_ERR(err);
	err = fake("exit", done_handler);
	TEST_ERR(err);
	mixer_requests_end(w.mc);
	TEST_EQ(2, w.dones);
	TEST_EQ(ECONNRESET, w.done_err);
	w.mc = mem_deref(w.mc);
	run_ms(50);
	TEST_EQ(2, w.dones);
	TEST_EQ(0, w.deaths);
 out:
	stop();
	return err;
}

static int test_set(void)
{
	struct ticket t;
	json_t *leg;
	int err, fd;

	err = two_legs("standup");
	TEST_ERR(err);
	t = *mixer_leg_ticket(w.legv[0]);
	str_ncpy(t.name, "Ann", sizeof(t.name));
	err = mixer_leg_set(w.legv[0], &t);
	TEST_ERR(err);
	err = ask_list();
	TEST_ERR(err);
	leg = json_array_get(json_object_get(w.list, "legs"), 0);
	TEST_STR("Ann", json_string_value(json_object_get(leg, "name")));
	TEST_STR("192.0.2.9:4000", json_string_value(
			json_object_get(leg, "latched")));

	/* the peer moved: latch anew; other sockets in place of ours */
	sa_set_str(&t.audio.raddr, "192.0.2.50", 6000);
	fd = w.fdv[1][0];
	err = mixer_leg_set_fds(w.legv[0], &t, &fd, 1);
	TEST_ERR(err);
	err = ask_list();
	TEST_ERR(err);
	leg = json_array_get(json_object_get(w.list, "legs"), 0);
	TEST_STR("", json_string_value(json_object_get(leg, "latched")));
	TEST_EQ(port_of(fd), json_integer_value(json_array_get(
			json_object_get(leg, "ports"), 0)));
	TEST_EQ(EBADF, mixer_leg_set_fds(w.legv[0], &t,
					 (const int[]){4711}, 1));

	w.legv[0] = mem_deref(w.legv[0]);
	err = ask_list();
	TEST_ERR(err);
	TEST_EQ(1, json_array_size(json_object_get(w.list, "legs")));
 out:
	stop();
	return err;
}

static json_t *rtc_news(uint32_t id)
{
	struct ticket_rtc rtc;
	unsigned i;

	memset(&rtc, 0, sizeof(rtc));
	sa_set_str(&rtc.peer, "192.0.2.80", 7000);
	rtc.srtp = SRTP_GCM_128;
	for (i = 0; i < ticket_srtp_len(SRTP_GCM_128); i++) {
		rtc.txkey[i] = (uint8_t)i;
		rtc.rxkey[i] = (uint8_t)(100 + i);
	}
	rtc.rocc = 1;
	rtc.rocv[0] = (struct ticket_roc){.ssrc = 5, .roc = 2, .seq = 9};

	return json_pack("{s:s, s:{s:s, s:I, s:o}}", "do", "say", "msg",
			 "m", MIX_LEG_NEWS, "id", (json_int_t)id,
			 "rtc", ticket_rtc_encode_news(&rtc));
}

/* What the mixer negotiated outlives it, and is of one leg alone. */
static int test_rtc(void)
{
	const struct ticket_rtc *rtc;
	struct ticket t;
	json_t *obj;
	int err;

	err = two_legs("standup");
	TEST_ERR(err);
	t = *mixer_leg_ticket(w.legv[0]);
	t.rtc.on = true;
	str_ncpy(t.rtc.lufrag, "abcd", sizeof(t.rtc.lufrag));
	err  = mixer_leg_set(w.legv[0], &t);
	err |= mixer_request(w.mc, "fake", rtc_news(1), NULL, 0, NULL, NULL);
	TEST_ERR(err);
	err = ask_list();
	TEST_ERR(err);
	rtc = &mixer_leg_ticket(w.legv[0])->rtc;
	TEST_EQ(7000, sa_port(&rtc->peer));
	TEST_EQ(SRTP_GCM_128, rtc->srtp);
	TEST_EQ(103, rtc->rxkey[3]);
	TEST_EQ(1, rtc->rocc);

	/* an owner's older copy does not undo it, nor does the next mixer */
	err = mixer_leg_set(w.legv[0], &t);
	TEST_ERR(err);
	TEST_EQ(3, mixer_leg_ticket(w.legv[0])->rtc.txkey[3]);
	TEST_EQ(0, kill(mixer_client_pid(w.mc), SIGKILL));
	step();
	TEST_EQ(1, w.reborns);
	err = ask_list();
	TEST_ERR(err);
	obj = json_object_get(json_array_get(json_object_get(w.list, "legs"),
					     0), "ticket");
	obj = json_object_get(obj, "rtc");
	TEST_STR("192.0.2.80:7000", json_string_value(json_object_get(obj,
								"peer")));
	TEST_EQ(1, json_array_size(json_object_get(obj, "roc")));

	/* said of the former leg with this number */
	err = mixer_request(w.mc, "fake", rtc_news(1), NULL, 0, NULL, NULL);
	TEST_ERR(err);
	w.legv[0] = mem_deref(w.legv[0]);
	(void)close(w.fdv[0][0]);
	(void)close(w.fdv[0][1]);
	err = add_leg(0, 1);
	TEST_ERR(err);
	err = ask_list();
	TEST_ERR(err);
	TEST_EQ(SRTP_NONE, mixer_leg_ticket(w.legv[0])->rtc.srtp);
	TEST_EQ(2, json_array_size(json_object_get(w.list, "legs")));

	/* and nonsense is no news */
	err = mixer_request(w.mc, "fake", json_pack(
				"{s:s, s:{s:s, s:i, s:{s:s}}}", "do", "say",
				"msg", "m", MIX_LEG_NEWS, "id", 1, "rtc",
				"peer", "nowhere"), NULL, 0, NULL, NULL);
	TEST_ERR(err);
	err = ask_list();
	TEST_ERR(err);
	TEST_TRUE(!sa_isset(&mixer_leg_ticket(w.legv[0])->rtc.peer, SA_ALL));
 out:
	stop();
	return err;
}

static int test_refused(void)
{
	int err;

	err = start("picky");
	TEST_ERR(err);
	err = add_leg(0, 2);
	TEST_ERR(err);
	step();
	TEST_EQ(1, w.failed);
 out:
	stop();
	return err;
}

static int test_no_program(void)
{
	struct mixer_client_cfg cfg = {.path = "/nonexistent/tutti-mixer"};
	int err = 0;

	memset(&w, 0, sizeof(w));
	TEST_EQ(ENOENT, mixer_client_alloc(&w.mc, &cfg, NULL, NULL, NULL,
					   NULL));
 out:
	return err;
}

/* A mixer whose program is away when it dies, for a while or for good */
static int no_replacement(bool comes_back)
{
	char dir[] = "/tmp/tutti-test-XXXXXX", path[64], real[4096];
	int err = 0;

	TEST_TRUE(mkdtemp(dir) != NULL);
	(void)re_snprintf(path, sizeof(path), "%s/mixer", dir);
	TEST_TRUE(realpath("tests/fake/fake_mixer", real) != NULL);
	TEST_EQ(0, symlink(real, path));
	TEST_ERR(start_path("standup", path));
	TEST_ERR(add_leg(0, 1));
	run_ms(200);
	TEST_EQ(0, unlink(path));
	TEST_EQ(0, kill(mixer_client_pid(w.mc), SIGKILL));
	for (unsigned i = 0; i < 100 && !w.deaths; i++)
		run_ms(50);
	TEST_EQ(1, w.deaths);
	TEST_EQ(0, w.died_err);
	TEST_EQ(0, mixer_client_pid(w.mc));

	/* who comes and who changes meanwhile is not turned away */
	TEST_ERR(add_leg(1, 2));
	TEST_ERR(mixer_leg_set(w.legv[0], mixer_leg_ticket(w.legv[0])));
	if (comes_back)
		TEST_EQ(0, symlink(real, path));
	step();
	TEST_EQ(comes_back, w.reborns == 1);
	TEST_EQ(comes_back ? 1 : 2, w.deaths);
	TEST_EQ(comes_back ? 0 : EPIPE, w.died_err);
	TEST_EQ(comes_back, mixer_client_pid(w.mc) > 0);
	if (comes_back) {
		TEST_ERR(ask_list());
		TEST_EQ(2, json_array_size(json_object_get(w.list, "legs")));
	}
 out:
	stop();
	(void)unlink(path);
	(void)rmdir(dir);
	return err;
}

static int test_replaced_late(void)
{
	return no_replacement(true);
}

static int test_never_replaced(void)
{
	return no_replacement(false);
}

static int test_goodbye(void)
{
	int err, i;

	err = two_legs("standup");
	TEST_ERR(err);
	err = fake("deaf", done_handler);
	TEST_ERR(err);
	step();
	stop();
	TEST_TRUE(mixer_client_leaving() >= 1);
	for (i = 0; i < 40 && mixer_client_leaving(); i++)
		run_ms(100);
	TEST_EQ(0, mixer_client_leaving());

	/* at the end of a program nobody waits */
	err = two_legs("standup");
	TEST_ERR(err);
	stop();
	TEST_EQ(1, mixer_client_leaving());
	mixer_client_reap();
	TEST_EQ(0, mixer_client_leaving());
 out:
	return err;
}

static const struct test testv[] = {
	{"a mixer is told everything", test_speaks},
	{"kill -9 is repaired", test_kill},
	{"an abort is repaired", test_abort},
	{"an exit is repaired", test_exit},
	{"a closed socket is repaired", test_close},
	{"a hung mixer is replaced", test_hang},
	{"a mixer that always dies is given up", test_gives_up},
	{"the owner may let go in the death handler", test_let_go},
	{"a leg for a mixer that has just died", test_dead_unnoticed},
	{"an owner who goes answers those who wait", test_requests_end},
	{"a changed ticket arrives, a moved peer latches anew", test_set},
	{"keys and peer of WebRTC outlive the mixer", test_rtc},
	{"a refused leg is reported", test_refused},
	{"a missing program is an error", test_no_program},
	{"a replacement that does not start is tried again",
	 test_replaced_late},
	{"but not for ever", test_never_replaced},
	{"a mixer that ignores goodbye is killed", test_goodbye},
};

int main(int argc, char **argv)
{
	const char *dir = getenv("top_builddir");
	int ret;

	if (dir && chdir(dir))
		return 99;
	log_init("test", LVL_ERROR, false);
	tmr_init(&tmr);
	ret = test_main(argc, argv, testv, ARRAY_SIZE(testv));
	mixer_client_reap();

	return ret;
}
