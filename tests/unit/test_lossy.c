/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_lossy.c -- the bad network of tutti-lossy, by a fake
 * clock, and the program itself between two sockets
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/load/impair.h"
#include "tests/unit/test.h"

enum { N = 20000 };

static int test_loss(void)
{
	struct impair im, again;
	const char *bad;
	uint64_t duev[2], d2[2];
	unsigned i, came = 0;
	int err;

	impair_init(&im, 7);
	impair_init(&again, 7);
	err = impair_set(&im, "loss=10,delay=50", &bad);
	TEST_ERR(err);
	err = impair_set(&again, "delay=50 loss=10", &bad);
	TEST_ERR(err);
	for (i = 0; i < N; i++) {
		const unsigned c = impair_packet(&im, 100, i * 1000, duev);

		TEST_EQ(c, impair_packet(&again, 100, i * 1000, d2));
		came += c;
		if (c)
			TEST_EQ(i * 1000 + 50000, duev[0]);
	}
	TEST_TRUE(came > N * 89 / 100 && came < N * 91 / 100);
	TEST_EQ(N, im.packets);
	TEST_EQ(N - came, im.lost);
 out:
	return err;
}

static int test_order(void)
{
	struct impair im;
	const char *bad;
	uint64_t duev[2], last = 0, low = UINT64_MAX, high = 0;
	unsigned i, back = 0;
	int err;

	impair_init(&im, 1);
	err = impair_set(&im, "delay=10,jitter=40", &bad);
	TEST_ERR(err);
	for (i = 0; i < N; i++) {
		TEST_EQ(1, impair_packet(&im, 100, i * 20000, duev));
		TEST_TRUE(duev[0] >= last);
		last = duev[0];
		low = min(low, duev[0] - i * 20000);
		high = max(high, duev[0] - i * 20000);
	}
	TEST_TRUE(low >= 10000 && low < 11000);
	TEST_TRUE(high <= 50000 && high > 49000);

	err = impair_set(&im, "jitter=0,reorder=5,dup=5", &bad);
	TEST_ERR(err);
	for (i = 0; i < N; i++) {
		impair_packet(&im, 100, (N + i) * 20000ull, duev);
		back += duev[0] < last;
		last = duev[0];
	}
	TEST_TRUE(back > N * 4 / 100 && back < N * 6 / 100);
	TEST_TRUE(im.doubled > N * 4 / 100 && im.doubled < N * 6 / 100);
	TEST_TRUE(im.reordered >= back);
 out:
	return err;
}

/* 1000 kbit/s through 500: half is lost, the rest waits 200 ms */
static int test_rate(void)
{
	struct impair im;
	const char *bad;
	uint64_t duev[2] = {0}, t = 0;
	unsigned i, came = 0;
	int err;

	impair_init(&im, 1);
	err = impair_set(&im, "rate=500,queue=200", &bad);
	TEST_ERR(err);
	for (i = 0; i < 1000; i++, t += 10000) {
		came += impair_packet(&im, 1250, t, duev);
		TEST_TRUE(duev[0] <= t + 225000);
	}
	TEST_TRUE(came >= 505 && came <= 515);
	TEST_EQ(1000 - came, im.full);
	/* idle again: no wait */
	TEST_EQ(1, impair_packet(&im, 1250, t + 1000000, duev));
	TEST_EQ(t + 1020000, duev[0]);
 out:
	return err;
}

static int test_words(void)
{
	static const char *const badv[] = {
		"loss", "loss=", "loss=101", "loss=-1", "loss=x", "lost=1",
		"delay=10001", "delay=1x", "=1", "loss=1,delay", "loss=nan",
	};
	struct impair im, was;
	const char *bad = NULL;
	size_t i;
	int err = 0;

	impair_init(&im, 1);
	was = im;
	for (i = 0; i < ARRAY_SIZE(badv); i++) {
		TEST_EQ(EINVAL, impair_set(&im, badv[i], &bad));
		TEST_TRUE(!memcmp(&im, &was, sizeof(im)));
	}
	TEST_EQ(0, impair_set(&im, "", &bad));
	TEST_EQ(0, impair_set(&im, "loss=0.5, rate=300", &bad));
	TEST_TRUE(im.loss == 0.5 && im.rate == 300);
 out:
	return err;
}

/* ---- the program ---------------------------------------------------- */

struct prog {
	pid_t pid;
	FILE *in, *out;
};

static int prog_start(struct prog *p, const char *const argv[])
{
	const char *top = getenv("top_builddir");
	char path[512], line[64];
	int a[2], b[2];

	(void)re_snprintf(path, sizeof(path), "%s/tests/load/tutti-lossy",
			  top ? top : ".");
	if (pipe2(a, O_CLOEXEC) || pipe2(b, O_CLOEXEC))
		return errno;
	p->pid = fork();
	if (p->pid < 0)
		return errno;
	if (!p->pid) {
		(void)dup2(a[0], 0);
		(void)dup2(b[1], 1);
		execv(path, (char *const *)argv);
		_exit(127);
	}
	close(a[0]);
	close(b[1]);
	p->in = fdopen(a[1], "w");
	p->out = fdopen(b[0], "r");
	if (!p->in || !p->out || !fgets(line, sizeof(line), p->out) ||
	    strcmp(line, "ready\n"))
		return EPROTO;

	return 0;
}

static int udp(uint16_t *port, const char *ip)
{
	struct sa sa;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	sa_set_str(&sa, ip, *port);
	if (fd < 0 || bind(fd, &sa.u.sa, sa.len) ||
	    getsockname(fd, &sa.u.sa, &sa.len))
		return -1;
	*port = sa_port(&sa);

	return fd;
}

/* Datagrams that come within 300 ms; where the last came from */
static unsigned count(int fd, struct sa *src)
{
	struct pollfd pfd = {fd, POLLIN, 0};
	char buf[64];
	unsigned n = 0;

	while (poll(&pfd, 1, 300) == 1) {
		src->len = sizeof(src->u);
		n += recvfrom(fd, buf, sizeof(buf), 0, &src->u.sa,
			      &src->len) > 0;
	}

	return n;
}

static int test_program(void)
{
	uint16_t sport = 0, cport = 0, rport = 0;
	const int server = udp(&sport, "127.0.0.2");
	const int client = udp(&cport, "127.0.0.1");
	struct prog p = {.pid = -1};
	struct sa relay, src, was, moved;
	char range[16], line[512];
	const char *argv[] = {"tutti-lossy", "-m", range, "-r", "127.0.0.2",
		"-u", "loss=50,delay=20", "-s", "3", "-t", "20", NULL};
	unsigned i, n;
	int err = 0, st, fd;

	/* is that number free on the relay's address as well? */
	rport = sport;
	fd = udp(&rport, "127.0.0.1");
	TEST_TRUE(server >= 0 && client >= 0 && fd >= 0);
	close(fd);
	(void)re_snprintf(range, sizeof(range), "%u-%u", sport, sport);
	err = prog_start(&p, argv);
	TEST_ERR(err);
	sa_set_str(&relay, "127.0.0.1", sport);
	for (i = 0; i < 100; i++)
		(void)sendto(client, "up", 2, 0, &relay.u.sa, relay.len);
	n = count(server, &src);
	TEST_TRUE(n > 30 && n < 70);
	TEST_TRUE(sa_port(&src) != cport);
	was = src;

	/* back by the same way, nothing lost; then all, by a word */
	for (i = 0; i < 50; i++)
		(void)sendto(server, "down", 4, 0, &src.u.sa, src.len);
	TEST_EQ(50, count(client, &src));
	TEST_TRUE(sa_cmp(&src, &relay, SA_ALL));
	(void)fputs("up loss=100\nup loss=1000\n", p.in);
	(void)fflush(p.in);
	TEST_TRUE(fgets(line, sizeof(line), p.out));
	TEST_STR("ok\n", line);
	TEST_TRUE(fgets(line, sizeof(line), p.out));
	TEST_STR("bad loss=1000\n", line);
	(void)sendto(client, "up", 2, 0, &relay.u.sa, relay.len);
	TEST_EQ(0, count(server, &src));

	/* another port towards the server, the same towards the client */
	(void)fputs("up loss=0\nmove\n", p.in);
	(void)fflush(p.in);
	for (i = 0; i < 2; i++) {
		TEST_TRUE(fgets(line, sizeof(line), p.out));
		TEST_STR("ok\n", line);
	}
	(void)sendto(client, "up", 2, 0, &relay.u.sa, relay.len);
	TEST_EQ(1, count(server, &moved));
	TEST_TRUE(!sa_cmp(&was, &moved, SA_ALL));
	(void)sendto(server, "down", 4, 0, &moved.u.sa, moved.len);
	TEST_EQ(1, count(client, &src));
	TEST_TRUE(sa_cmp(&src, &relay, SA_ALL));

	TEST_EQ(0, kill(p.pid, SIGTERM));
	TEST_TRUE(fgets(line, sizeof(line), p.out));
	TEST_TRUE(strstr(line, "\"flows\": 2,"));
	TEST_TRUE(strstr(line, "\"down\": {\"packets\": 51,"));
	TEST_EQ(p.pid, waitpid(p.pid, &st, 0));
	p.pid = -1;
	TEST_TRUE(WIFEXITED(st) && !WEXITSTATUS(st));
 out:
	if (p.pid > 0) {
		(void)kill(p.pid, SIGKILL);
		(void)waitpid(p.pid, &st, 0);
	}
	if (p.in)
		(void)fclose(p.in);
	if (p.out)
		(void)fclose(p.out);
	if (server >= 0)
		close(server);
	if (client >= 0)
		close(client);

	return err;
}

static const struct test testv[] = {
	{"loss and delay, the same again",       test_loss},
	{"jitter keeps the order, reorder not",  test_order},
	{"a bottleneck and its queue",           test_rate},
	{"words",                                test_words},
	{"the program",                          test_program},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
