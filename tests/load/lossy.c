/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/lossy.c -- tutti-lossy, a UDP relay with a bad network inside
 *
 *	tutti-lossy [-s SEED] [-t SECONDS] [-l ADDRESS] [-o ADDRESS]
 *	            [-u WORDS] [-d WORDS] -p PORT -r ADDRESS:PORT
 *	tutti-lossy …  -m FIRST-LAST -r ADDRESS
 *
 *	-p, --port     listen here and forward to -r
 *	-m, --mirror   listen on a range of ports, and forward what comes to
 *	               one to the same port of -r (another address: the
 *	               media_ports of a server whose public_address is -l)
 *	-r, --to       where the server is
 *	-l, --listen   our address towards clients (127.0.0.1)
 *	-o, --out      our address towards the server (chosen by the kernel)
 *	-u, --up       impairments from client to server, -d, --down back:
 *	               see impair.h; without words packets just pass
 *	-s, --seed     the same dice again (1)
 *	-t, --time     end after so many seconds (600)
 *	-n, --new      more clients than this are refused (256)
 *
 * Each client address has a socket of its own towards the server, so the
 * server tells them apart; one that was silent for 60 s gives its place to
 * a new one.  Says "ready" on stdout when it listens.  Lines "up WORDS" and
 * "down WORDS" on stdin change the network while it runs, each answered by
 * "ok" or "bad WORD"; "move" gives each client another port towards the
 * server, as a NAT that has forgotten them; "stats" by the counters, which it also prints at the
 * end (SIGTERM, SIGINT or -t) as one line of JSON.  Nothing is ever queued
 * without bound: HELD_MAX datagrams are on their way, what is more is lost
 * and counted.  No root, one thread.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "tests/load/impair.h"

enum {
	PORTS_MAX  = 4096,
	FLOWS_MAX  = 4096,
	HELD_MAX   = 8192,
	DGRAM_MAX  = 2048,
	IDLE_US    = 60000000,
	BATCH      = 64,
	LINE_MAX_  = 256,
};

enum { UP, DOWN };

enum what { W_PORT, W_FLOW, W_SIGNAL, W_STDIN };

struct source {
	enum what what;
	int fd;
};

struct port {
	struct source s;
	uint16_t number;
};

struct flow {
	struct source s;          /* towards the server; fd -1: free      */
	struct port *port;
	struct sa client;
	uint64_t used;
	uint64_t serial;          /* so that no late packet goes astray   */
};

struct held {
	uint64_t due, order;
	uint64_t serial;
	struct flow *flow;
	int dir;
	size_t n;
	uint8_t b[DGRAM_MAX];
};

static struct {
	struct impair im[2];
	struct port *portv;
	unsigned portc;
	struct flow *flowv;
	unsigned flowc;
	struct held *pool;
	struct held **freev;
	struct held **heap;       /* by due, then as they came            */
	unsigned freec, heapc;
	struct sa listen, out, to;
	bool mirror, quit;
	uint64_t end, order, serial;
	uint64_t flows, refused, overrun, failed;
	int epfd;
	char line[LINE_MAX_];
	size_t linec;
} app;

static void die(const char *what)
{
	(void)fprintf(stderr, "tutti-lossy: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(const char *why)
{
	(void)fprintf(stderr, "tutti-lossy: %s\n"
		"usage: tutti-lossy [-s seed] [-t seconds] [-l address]"
		" [-o address] [-n clients]\n"
		"                   [-u words] [-d words]"
		" {-p port -r address:port | -m first-last -r address}\n",
		why);
	exit(2);
}

/* ---- what is on its way --------------------------------------------- */

static bool before(const struct held *a, const struct held *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void heap_push(struct held *h)
{
	unsigned i = app.heapc++;

	while (i && before(h, app.heap[(i - 1) / 2])) {
		app.heap[i] = app.heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	app.heap[i] = h;
}

static struct held *heap_pop(void)
{
	struct held *top = app.heap[0], *h = app.heap[--app.heapc];
	unsigned i = 0, k;

	while ((k = 2 * i + 1) < app.heapc) {
		if (k + 1 < app.heapc &&
		    before(app.heap[k + 1], app.heap[k]))
			++k;
		if (!before(app.heap[k], h))
			break;
		app.heap[i] = app.heap[k];
		i = k;
	}
	app.heap[i] = h;

	return top;
}

static void hold(struct flow *f, int dir, const uint8_t *p, size_t n,
		 uint64_t now)
{
	uint64_t duev[2];
	unsigned i, c = impair_packet(&app.im[dir], n, now, duev);

	for (i = 0; i < c; i++) {
		struct held *h;

		if (!app.freec) {
			++app.overrun;
			return;
		}
		h = app.freev[--app.freec];
		h->due = duev[i];
		h->order = app.order++;
		h->flow = f;
		h->serial = f->serial;
		h->dir = dir;
		h->n = n;
		memcpy(h->b, p, n);
		heap_push(h);
	}
}

static void deliver(uint64_t now)
{
	while (app.heapc && app.heap[0]->due <= now) {
		struct held *h = heap_pop();
		const struct flow *f = h->flow;
		ssize_t n = (ssize_t)h->n;

		if (f->serial == h->serial && f->s.fd >= 0) {
			if (h->dir == UP)
				n = send(f->s.fd, h->b, h->n, 0);
			else
				n = sendto(f->port->s.fd, h->b, h->n, 0,
					   &f->client.u.sa, f->client.len);
		}
		app.failed += n != (ssize_t)h->n;
		app.freev[app.freec++] = h;
	}
}

/* ---- sockets -------------------------------------------------------- */

static int udp_open(const struct sa *local)
{
	const int size = 1 << 20;
	int fd = socket(sa_af(local), SOCK_DGRAM | SOCK_NONBLOCK |
			SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (bind(fd, &local->u.sa, local->len)) {
		close(fd);
		return -1;
	}

	return fd;
}

static int watch(struct source *s)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = s};

	return epoll_ctl(app.epfd, EPOLL_CTL_ADD, s->fd, &ev);
}

static int flow_open(struct flow *f, struct port *port,
		     const struct sa *client)
{
	struct sa to = app.to;

	f->s.what = W_FLOW;
	f->s.fd = udp_open(&app.out);
	if (f->s.fd < 0)
		return errno;
	if (app.mirror)
		sa_set_port(&to, port->number);
	if (connect(f->s.fd, &to.u.sa, to.len) || watch(&f->s)) {
		close(f->s.fd);
		f->s.fd = -1;
		return errno;
	}
	f->port = port;
	f->client = *client;
	f->serial = ++app.serial;
	++app.flows;

	return 0;
}

/* NULL: no room, or no socket */
static struct flow *flow_get(struct port *port, const struct sa *client,
			     uint64_t now)
{
	struct flow *spare = NULL;
	unsigned i;

	for (i = 0; i < app.flowc; i++) {
		struct flow *f = &app.flowv[i];

		if (f->s.fd >= 0 && f->port == port &&
		    sa_cmp(&f->client, client, SA_ALL))
			return f;
		if (f->s.fd < 0) {
			if (!spare || spare->s.fd >= 0)
				spare = f;
		}
		else if (now > f->used + IDLE_US && !spare) {
			spare = f;
		}
	}
	if (!spare)
		return NULL;
	if (spare->s.fd >= 0) {
		close(spare->s.fd);
		spare->s.fd = -1;
	}

	return flow_open(spare, port, client) ? NULL : spare;
}

static void port_read(struct port *port)
{
	uint64_t now = clock_us();
	uint8_t b[DGRAM_MAX];
	struct flow *f;
	struct sa src;
	unsigned i;
	ssize_t n;

	for (i = 0; i < BATCH; i++) {
		sa_init(&src, AF_UNSPEC);
		src.len = sizeof(src.u);
		n = recvfrom(port->s.fd, b, sizeof(b), MSG_TRUNC,
			     &src.u.sa, &src.len);
		if (n < 0)
			return;
		f = n <= DGRAM_MAX ? flow_get(port, &src, now) : NULL;
		if (!f) {
			++app.refused;
			continue;
		}
		f->used = now;
		hold(f, UP, b, (size_t)n, now);
	}
}

static void flow_read(struct flow *f)
{
	uint64_t now = clock_us();
	uint8_t b[DGRAM_MAX];
	unsigned i;
	ssize_t n;

	for (i = 0; i < BATCH; i++) {
		n = recv(f->s.fd, b, sizeof(b), MSG_TRUNC);
		if (n < 0 && errno == ECONNREFUSED)
			continue;             /* the port is shut: wait   */
		if (n < 0)
			return;
		if (n > DGRAM_MAX) {
			++app.refused;
			continue;
		}
		f->used = now;
		hold(f, DOWN, b, (size_t)n, now);
	}
}

/* ---- talk ----------------------------------------------------------- */

static void stats(void)
{
	static const char *const namev[2] = {"up", "down"};
	int i;

	(void)printf("{\"flows\": %llu, \"refused\": %llu, \"overrun\": %llu,"
		     " \"failed\": %llu", (unsigned long long)app.flows,
		     (unsigned long long)app.refused,
		     (unsigned long long)app.overrun,
		     (unsigned long long)app.failed);
	for (i = 0; i < 2; i++) {
		const struct impair *im = &app.im[i];

		(void)printf(", \"%s\": {\"packets\": %llu, \"bytes\": %llu,"
			     " \"lost\": %llu, \"full\": %llu,"
			     " \"doubled\": %llu, \"reordered\": %llu}",
			     namev[i], (unsigned long long)im->packets,
			     (unsigned long long)im->bytes,
			     (unsigned long long)im->lost,
			     (unsigned long long)im->full,
			     (unsigned long long)im->doubled,
			     (unsigned long long)im->reordered);
	}
	(void)printf("}\n");
	(void)fflush(stdout);
}

static int move(void)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < app.flowc; i++) {
		struct flow *f = &app.flowv[i];
		int was = f->s.fd;
		struct sa client = f->client;

		if (was < 0)
			continue;
		err |= flow_open(f, f->port, &client);
		close(was);       /* later, so that the port is another   */
	}

	return err;
}

static void line_handle(const char *line)
{
	const char *bad = line;
	int err = EINVAL;

	if (!strcmp(line, "stats")) {
		stats();
		return;
	}
	if (!strncmp(line, "up ", 3))
		err = impair_set(&app.im[UP], line + 3, &bad);
	else if (!strncmp(line, "down ", 5))
		err = impair_set(&app.im[DOWN], line + 5, &bad);
	else if (!strcmp(line, "move"))
		err = move();
	if (err)
		(void)printf("bad %s\n", bad);
	else
		(void)printf("ok\n");
	(void)fflush(stdout);
}

static void stdin_read(struct source *s)
{
	ssize_t n = read(s->fd, app.line + app.linec,
			 sizeof(app.line) - 1 - app.linec);
	char *nl;

	if (n <= 0) {
		(void)epoll_ctl(app.epfd, EPOLL_CTL_DEL, s->fd, NULL);
		return;
	}
	app.linec += (size_t)n;
	app.line[app.linec] = '\0';
	while ((nl = strchr(app.line, '\n'))) {
		*nl = '\0';
		line_handle(app.line);
		app.linec -= (size_t)(nl + 1 - app.line);
		memmove(app.line, nl + 1, app.linec + 1);
	}
	if (app.linec == sizeof(app.line) - 1) {
		(void)printf("bad line, too long\n");
		(void)fflush(stdout);
		app.linec = 0;
	}
}

/* ---- set up --------------------------------------------------------- */

static unsigned number(const char *s, unsigned lo, unsigned hi)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*end || end == s || v < lo || v > hi)
		usage("a number is out of range");

	return (unsigned)v;
}

static void range(const char *s, unsigned *lo, unsigned *hi)
{
	if (re_regex(s, strlen(s), "[0-9]+-[0-9]+", NULL, NULL) ||
	    sscanf(s, "%5u-%5u", lo, hi) != 2 || !*lo || *hi > 65535 ||
	    *lo > *hi || *hi - *lo >= PORTS_MAX)
		usage("a range is FIRST-LAST, at most 4096 ports");
}

static void words(int dir, const char *s)
{
	const char *bad = "";
	char why[LINE_MAX_];

	if (!impair_set(&app.im[dir], s, &bad))
		return;
	(void)snprintf(why, sizeof(why), "bad \"%s\"", bad);
	usage(why);
}

static void listen_all(unsigned first, unsigned last)
{
	unsigned i;

	app.portc = last - first + 1;
	app.portv = calloc(app.portc, sizeof(*app.portv));
	if (!app.portv)
		die("ports");
	for (i = 0; i < app.portc; i++) {
		struct port *port = &app.portv[i];
		struct sa sa = app.listen;

		port->number = (uint16_t)(first + i);
		sa_set_port(&sa, port->number);
		port->s.what = W_PORT;
		port->s.fd = udp_open(&sa);
		if (port->s.fd < 0 || watch(&port->s))
			die("listen");
	}
}

static void tables(unsigned flows)
{
	unsigned i;

	app.flowc = flows;
	app.flowv = calloc(flows, sizeof(*app.flowv));
	app.pool = calloc(HELD_MAX, sizeof(*app.pool));
	app.freev = calloc(HELD_MAX, sizeof(*app.freev));
	app.heap = calloc(HELD_MAX, sizeof(*app.heap));
	if (!app.flowv || !app.pool || !app.freev || !app.heap)
		die("memory");
	for (i = 0; i < flows; i++)
		app.flowv[i].s.fd = -1;
	for (i = 0; i < HELD_MAX; i++)
		app.freev[app.freec++] = &app.pool[i];
}

static void options(int argc, char *argv[], unsigned *first, unsigned *last)
{
	static const struct option optv[] = {
		{"port", 1, NULL, 'p'}, {"mirror", 1, NULL, 'm'},
		{"to", 1, NULL, 'r'}, {"listen", 1, NULL, 'l'},
		{"out", 1, NULL, 'o'}, {"up", 1, NULL, 'u'},
		{"down", 1, NULL, 'd'}, {"seed", 1, NULL, 's'},
		{"time", 1, NULL, 't'}, {"new", 1, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	unsigned secs = 600, seed = 1, flows = 256;
	const char *to = NULL, *up = "", *down = "", *out = NULL;
	const char *local = "127.0.0.1";
	int c;

	while ((c = getopt_long(argc, argv, "p:m:r:l:o:u:d:s:t:n:", optv,
				NULL)) != -1)
		switch (c) {

		case 'p': *first = *last = number(optarg, 1, 65535); break;
		case 'm':
			app.mirror = true;
			range(optarg, first, last);
			break;
		case 'r': to = optarg; break;
		case 'l': local = optarg; break;
		case 'o': out = optarg; break;
		case 'u': up = optarg; break;
		case 'd': down = optarg; break;
		case 's': seed = number(optarg, 0, UINT32_MAX); break;
		case 't': secs = number(optarg, 1, 86400); break;
		case 'n': flows = number(optarg, 1, FLOWS_MAX); break;
		default: usage("what is that?");
		}
	if (optind != argc || !*first || !to)
		usage("-r and one of -p and -m are needed");

	if (app.mirror ? sa_set_str(&app.to, to, 0)
	    : sa_decode(&app.to, to, strlen(to)) || !sa_port(&app.to))
		usage("-r is an address, with a port unless -m");
	if (sa_set_str(&app.listen, local, 0))
		usage("-l is an address");
	if (sa_set_str(&app.out, out ? out : sa_af(&app.to) == AF_INET6 ?
		       "::" : "0.0.0.0", 0))
		usage("-o is an address");
	if (sa_af(&app.out) != sa_af(&app.to))
		usage("-o and -r are of two families");
	if (app.mirror && sa_cmp(&app.listen, &app.to, SA_ADDR))
		usage("-m needs two addresses");

	impair_init(&app.im[UP], seed);
	impair_init(&app.im[DOWN], ~(uint64_t)seed);
	words(UP, up);
	words(DOWN, down);
	tables(flows);
	app.end = clock_us() + secs * 1000000ull;
}

static void loop(void)
{
	struct epoll_event evv[BATCH];
	uint64_t now;
	int i, n, ms;

	while (!app.quit) {
		now = clock_us();
		deliver(now);
		if (now >= app.end)
			break;
		ms = (int)min((app.end - now) / 1000 + 1, 1000u);
		if (app.heapc && app.heap[0]->due < now + ms * 1000ull)
			ms = (int)((app.heap[0]->due - min(now,
				app.heap[0]->due) + 999) / 1000);
		n = epoll_wait(app.epfd, evv, BATCH, ms);
		for (i = 0; i < n; i++) {
			struct source *s = evv[i].data.ptr;

			switch (s->what) {

			case W_PORT:   port_read((struct port *)s); break;
			case W_FLOW:
				if (s->fd >= 0)
					flow_read((struct flow *)s);
				break;
			case W_STDIN:  stdin_read(s); break;
			case W_SIGNAL: app.quit = true; break;
			}
		}
	}
}

int main(int argc, char *argv[])
{
	static struct source sig = {W_SIGNAL, -1}, in = {W_STDIN, 0};
	unsigned first = 0, last = 0, i;
	sigset_t set;

	app.epfd = epoll_create1(EPOLL_CLOEXEC);
	if (app.epfd < 0)
		die("epoll");
	options(argc, argv, &first, &last);

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	sig.fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (sig.fd < 0 || watch(&sig))
		die("signals");
	(void)watch(&in);             /* a file cannot be watched: no talk */
	listen_all(first, last);
	(void)printf("ready\n");
	(void)fflush(stdout);

	loop();
	stats();

	for (i = 0; i < app.flowc; i++)
		if (app.flowv[i].s.fd >= 0)
			close(app.flowv[i].s.fd);
	for (i = 0; i < app.portc; i++)
		close(app.portv[i].s.fd);
	free(app.portv);
	free(app.flowv);
	free(app.pool);
	free(app.freev);
	free(app.heap);

	return 0;
}
