/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_net_port.c -- real sockets on loopback, in batches
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/thread.h"
#include "mixer/net_gso.h"
#include "mixer/net_port.h"
#include "mixer/pkt.h"
#include "tests/unit/test.h"

struct seen {
	struct net_port *np;
	unsigned n, want;
	size_t bytes;
	struct sa src;
	bool has_src, end, die;
};


static void recv_handler(const struct sa *src, const uint8_t *p, size_t n,
			 uint64_t now, void *arg)
{
	struct seen *s = arg;

	(void)now;
	if (!p) {
		s->end = true;
		re_cancel();
		return;
	}
	s->bytes += n;
	s->has_src = src != NULL;
	if (src)
		s->src = *src;
	if (++s->n == s->want)
		re_cancel();
	if (s->die)
		s->np = mem_deref(s->np);
}


static void stop(void *arg)
{
	(void)arg;
	re_cancel();
}


static void run(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, stop, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}


static int udp(int *fdp, struct sa *sa)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	sa_set_str(sa, "127.0.0.1", 0);
	if (fd < 0 || bind(fd, &sa->u.sa, sa->len) ||
	    getsockname(fd, &sa->u.sa, &sa->len))
		return errno;
	*fdp = fd;

	return 0;
}


static int test_udp(void)
{
	struct seen a = { .np = NULL }, b = { .np = NULL, .want = 100 };
	const struct net_port_stats *st;
	struct sa sa, sb;
	struct iovec iov[3] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
	int fda = -1, fdb = -1, i, err = 0;
	char big[PKT_DATA_MAX + 100] = "x";

	on_loop();
	TEST_ERR(udp(&fda, &sa));
	TEST_ERR(udp(&fdb, &sb));
	TEST_ERR(net_port_alloc(&a.np, fda, recv_handler, &a));
	TEST_ERR(net_port_alloc(&b.np, fdb, recv_handler, &b));

	for (i = 0; i < 100; i++)
		TEST_ERR(net_port_send(a.np, &sb, iov, 3));
	net_port_flush();
	TEST_EQ(100, net_port_stats(a.np)->tx);
	run(2000);
	TEST_EQ(100, b.n);
	TEST_EQ(500, b.bytes);
	TEST_TRUE(b.has_src && sa_cmp(&b.src, &sa, SA_ALL));
	TEST_EQ(100, net_port_stats(b.np)->rx);

	/* two ports in turn, answered from within a handler's wake-up */
	TEST_ERR(net_port_send(a.np, &sb, iov, 1));
	TEST_ERR(net_port_send(b.np, &sa, iov, 1));
	net_port_flush();
	a.want = 1;
	run(2000);
	TEST_EQ(1, a.n);

	/* too large, both ways; nowhere to go */
	iov[0].iov_base = big;
	iov[0].iov_len = sizeof(big);
	TEST_EQ(EMSGSIZE, net_port_send(a.np, &sb, iov, 1));
	if (sendto(fda, big, sizeof(big), 0, &sb.u.sa, sb.len) < 0)
		TEST_ERR(errno);
	run(50);
	st = net_port_stats(b.np);
	TEST_EQ(1, st->rx_over);
	iov[0].iov_len = 10;
	TEST_ERR(net_port_send(a.np, NULL, iov, 1));
	TEST_ERR(net_port_send(a.np, &sb, iov, 1));
	net_port_flush();
	TEST_EQ(1, net_port_stats(a.np)->tx_err);
	TEST_EQ(102, net_port_stats(a.np)->tx);

	/* the handler ends its port with more waiting */
	b.die = true;
	for (i = 0; i < 10; i++)
		TEST_ERR(net_port_send(a.np, &sb, iov, 1));
	net_port_flush();
	run(50);
	TEST_TRUE(b.np == NULL);
 out:
	mem_deref(a.np);
	mem_deref(b.np);

	return err;
}


/* Sends one datagram a millisecond */
struct drip {
	struct tmr tmr;
	struct net_port *np;
	struct sa dst;
	unsigned left;
};


static void send_handler(void *arg)
{
	struct drip *d = arg;
	struct iovec iov = {"drip", 4};

	on_loop();
	(void)net_port_send(d->np, &d->dst, &iov, 1);
	net_port_flush();
	if (--d->left)
		tmr_start(&d->tmr, 1, send_handler, d);
}


/* Many ports that are read together while something comes all the time: all
 * that was sent is read, none waits for another, also when some of them go
 * in the middle of it, and the next burst wakes the loop again. */
static int test_many(void)
{
	enum { PORTS = 100 };
	struct seen *v = mem_zalloc(PORTS * sizeof(*v), NULL), a = {0};
	struct drip d = {.np = NULL};
	struct iovec iov = {"abc", 3};
	struct sa sa;
	int fd = -1, err = 0;
	unsigned i, n, round;

	on_loop();
	tmr_init(&d.tmr);
	if (!v)
		return ENOMEM;
	TEST_ERR(udp(&fd, &sa));
	TEST_ERR(net_port_alloc(&a.np, fd, recv_handler, &a));
	for (round = 0; round < 2; round++) {
		for (i = 0; i < PORTS; i++) {
			TEST_ERR(udp(&fd, &d.dst));
			TEST_ERR(net_port_alloc(&v[i].np, fd, recv_handler,
						&v[i]));
			v[i].n = 0;
			v[i].die = i % 3 == 1;
			TEST_ERR(net_port_send(a.np, &d.dst, &iov, 1));
		}
		d.np = a.np;            /* and the last of them more      */
		d.left = 50;
		tmr_start(&d.tmr, 1, send_handler, &d);
		v[PORTS - 1].want = 51;
		run(5000);
		for (i = n = 0; i < PORTS; i++) {
			n += v[i].n;
			TEST_EQ(v[i].die, !v[i].np);
		}
		TEST_EQ(PORTS + 50, n);
		for (i = 0; i < PORTS; i++)
			v[i].np = mem_deref(v[i].np);
	}
 out:
	tmr_cancel(&d.tmr);
	mem_deref(a.np);
	for (i = 0; v && i < PORTS; i++)
		mem_deref(v[i].np);
	mem_deref(v);

	return err;
}


/* What a picture is: packets of one size and a shorter one, to one and to
 * another, and one that fits none.  All arrive as they were, in order. */
struct sizes {
	struct net_port *np;
	size_t v[64];
	uint8_t first[64];
	unsigned n, want;
};


static void sizes_handler(const struct sa *src, const uint8_t *p, size_t n,
			  uint64_t now, void *arg)
{
	struct sizes *s = arg;

	(void)src;
	(void)now;
	if (s->n < ARRAY_SIZE(s->v)) {
		s->v[s->n] = n;
		s->first[s->n] = p[0];
	}
	if (++s->n == s->want)
		re_cancel();
}


static const size_t sizev[] = {
	900, 900, 900, 900, 400,  400, 900, 100, 100, 100, 1, 1, 1200,
};


static int ON(loop) send_sizes(struct net_port *np, const struct sa *dst)
{
	uint8_t buf[1200] = {0};
	struct iovec iov = {buf, 0};
	unsigned i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(sizev) && !err; i++) {
		buf[0] = (uint8_t)i;
		iov.iov_len = sizev[i];
		err = net_port_send(np, dst, &iov, 1);
	}

	return err;
}


static int sizes_right(const struct sizes *s, unsigned times)
{
	const unsigned c = ARRAY_SIZE(sizev);
	unsigned i;
	int err = 0;

	TEST_EQ(c * times, s->n);
	for (i = 0; i < c * times; i++) {
		TEST_EQ(sizev[i % c], s->v[i]);
		TEST_EQ(i % c, s->first[i]);
	}
 out:
	return err;
}


static int test_gso(void)
{
	struct sizes b = {0}, c = {0};
	struct seen a = {0};
	struct sa sa, sb, sc;
	int fd, fda, err = 0, one = 1;
	unsigned n = ARRAY_SIZE(sizev);

	on_loop();
	TEST_ERR(udp(&fda, &sa));
	TEST_ERR(net_port_alloc(&a.np, fda, recv_handler, &a));
	TEST_ERR(udp(&fd, &sb));
	TEST_ERR(net_port_alloc(&b.np, fd, sizes_handler, &b));
	TEST_ERR(udp(&fd, &sc));
	TEST_ERR(net_port_alloc(&c.np, fd, sizes_handler, &c));

	TEST_ERR(send_sizes(a.np, &sb));
	TEST_ERR(send_sizes(a.np, &sc));
	net_port_flush();
	TEST_EQ(2 * n, net_port_stats(a.np)->tx);
	if (!net_port_gso(a.np))
		printf("# this kernel does not cut\n");
	b.want = c.want = n;
	run(200);
	run(200);
	TEST_ERR(sizes_right(&b, 1));
	TEST_ERR(sizes_right(&c, 1));

	/* without checksums there is no GSO: it is tried, and then not */
	TEST_ERR(setsockopt(fda, SOL_SOCKET, SO_NO_CHECK, &one, sizeof(one)));
	TEST_ERR(send_sizes(a.np, &sb));
	net_port_flush();
	TEST_TRUE(!net_port_gso(a.np));
	TEST_EQ(3 * n, net_port_stats(a.np)->tx);
	TEST_ERR(send_sizes(a.np, &sb));
	net_port_flush();
	TEST_EQ(4 * n, net_port_stats(a.np)->tx);
	TEST_EQ(0, net_port_stats(a.np)->tx_err);
	b.want = 3 * n;
	run(2000);
	TEST_ERR(sizes_right(&b, 3));
 out:
	mem_deref(a.np);
	mem_deref(b.np);
	mem_deref(c.np);

	return err;
}


/* Which go together: the plan alone */
static int test_gso_plan(void)
{
	static const struct {
		size_t sizev[6];
		unsigned to[6], n, groupv[6], c;
	} v[] = {
		{{9, 9, 9, 9, 9, 9}, {0}, 6, {6}, 1},
		{{9, 9, 5, 9, 9, 5}, {0}, 6, {3, 3}, 2},
		{{5, 9, 9, 5, 5, 5}, {0}, 6, {1, 3, 2}, 3},
		{{9, 9, 9, 9}, {0, 0, 1, 1}, 4, {2, 2}, 2},
		{{9, 9, 9, 9}, {0, 1, 0, 1}, 4, {1, 1, 1, 1}, 4},
		{{30000, 30000, 30000, 1}, {0}, 4, {2, 2}, 2},
		{{9}, {0}, 1, {1}, 1},
	};
	struct mmsghdr hdrv[6];
	struct iovec iovv[6];
	union net_gso segv[6];
	unsigned groupv[6], i, k, n, pos;
	struct sa sav[2];
	int err = 0;

	sa_set_str(&sav[0], "192.0.2.1", 1);
	sa_set_str(&sav[1], "192.0.2.1", 2);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		memset(hdrv, 0, sizeof(hdrv));
		for (k = 0; k < v[i].n; k++) {
			struct msghdr *m = &hdrv[k].msg_hdr;

			iovv[k] = (struct iovec){NULL, v[i].sizev[k]};
			m->msg_iov    = &iovv[k];
			m->msg_iovlen = 1;
			m->msg_name   = &sav[v[i].to[k]].u;
			m->msg_namelen = sav[0].len;
		}
		n = net_gso_group(hdrv, v[i].n, segv, groupv, true);
		TEST_EQ(v[i].c, n);
		for (k = pos = 0; k < n; pos += groupv[k++]) {
			TEST_EQ(v[i].groupv[k], groupv[k]);
			TEST_EQ(groupv[k], hdrv[k].msg_hdr.msg_iovlen);
			TEST_TRUE(hdrv[k].msg_hdr.msg_iov == &iovv[pos]);
			TEST_EQ(groupv[k] > 1,
				hdrv[k].msg_hdr.msg_controllen > 0);
		}
	}
 out:
	return err;
}


static int pairs(int type)
{
	struct seen a = { .np = NULL };
	struct iovec iov = {"hello", 5};
	int fdv[2], i, err = 0;
	char buf[16];

	on_loop();
	if (socketpair(AF_UNIX, type, 0, fdv))
		return errno;
	TEST_ERR(net_port_alloc(&a.np, fdv[0], recv_handler, &a));
	TEST_TRUE(fcntl(fdv[0], F_GETFL) & O_NONBLOCK);

	TEST_EQ(5, write(fdv[1], "12345", 5));
	a.want = 1;
	run(2000);
	TEST_EQ(1, a.n);
	TEST_TRUE(!a.has_src);
	TEST_ERR(net_port_send(a.np, NULL, &iov, 1));
	net_port_flush();
	TEST_EQ(5, read(fdv[1], buf, sizeof(buf)));

	/* nobody reads: counted, not waited for */
	for (i = 0; i < 10000; i++)
		TEST_ERR(net_port_send(a.np, NULL, &iov, 1));
	net_port_flush();
	TEST_TRUE(net_port_stats(a.np)->tx_full > 0);
	TEST_EQ(10001, net_port_stats(a.np)->tx_full +
		net_port_stats(a.np)->tx);

	(void)close(fdv[1]);
	fdv[1] = -1;
	if (type == SOCK_SEQPACKET) {
		run(2000);
		TEST_TRUE(a.end);
	}
	TEST_ERR(net_port_send(a.np, NULL, &iov, 1));
	net_port_flush();
	TEST_TRUE(net_port_stats(a.np)->tx_err > 0);
 out:
	mem_deref(a.np);
	if (fdv[1] >= 0)
		(void)close(fdv[1]);

	return err;
}


static int test_dgram_pair(void)
{
	return pairs(SOCK_DGRAM);
}


static int test_seqpacket_pair(void)
{
	return pairs(SOCK_SEQPACKET);
}


/* one socket for both families: an IPv4 peer looks like an IPv4 peer */
static int test_both_families(void)
{
	struct seen a = { .want = 1 }, b = { .want = 1 }, c = { .want = 1 };
	struct iovec iov = {"abc", 3};
	struct sa sa, sb, sc, s6;
	int fda = -1, fdb = -1, fdc = -1, off = 0, err = 0;

	on_loop();
	TEST_ERR(udp(&fdb, &sb));
	fda = socket(AF_INET6, SOCK_DGRAM, 0);
	sa_set_str(&sa, "::", 0);
	if (fda < 0 || setsockopt(fda, IPPROTO_IPV6, IPV6_V6ONLY, &off,
				  sizeof(off)) ||
	    bind(fda, &sa.u.sa, sa.len)) {
		printf("# no IPv6 here\n");
		goto out;
	}
	TEST_ERR(getsockname(fda, &sa.u.sa, &sa.len));
	TEST_ERR(net_port_alloc(&a.np, fda, recv_handler, &a));
	fda = -1;
	TEST_ERR(net_port_alloc(&b.np, fdb, recv_handler, &b));
	fdb = -1;

	sa_set_str(&s6, "127.0.0.1", sa_port(&sa));
	TEST_ERR(net_port_send(b.np, &s6, &iov, 1));
	net_port_flush();
	run(2000);
	TEST_EQ(1, a.n);
	TEST_EQ(AF_INET, sa_af(&a.src));
	TEST_TRUE(sa_cmp(&a.src, &sb, SA_ALL));

	TEST_ERR(net_port_send(a.np, &a.src, &iov, 1));
	net_port_flush();
	run(2000);
	TEST_EQ(1, b.n);
	TEST_TRUE(sa_cmp(&b.src, &s6, SA_ALL));

	/* and IPv6 is IPv6, where there is a loopback of it */
	fdc = socket(AF_INET6, SOCK_DGRAM, 0);
	sa_set_str(&sc, "::1", 0);
	if (fdc < 0 || bind(fdc, &sc.u.sa, sc.len))
		goto out;
	TEST_ERR(getsockname(fdc, &sc.u.sa, &sc.len));
	TEST_ERR(net_port_alloc(&c.np, fdc, recv_handler, &c));
	fdc = -1;
	TEST_ERR(net_port_send(a.np, &sc, &iov, 1));
	net_port_flush();
	run(2000);
	TEST_EQ(1, c.n);
	TEST_EQ(AF_INET6, sa_af(&c.src));
	a.want = 2;
	TEST_ERR(net_port_send(c.np, &c.src, &iov, 1));
	net_port_flush();
	run(2000);
	TEST_EQ(2, a.n);
	TEST_TRUE(sa_cmp(&a.src, &sc, SA_ALL));

 out:
	if (fda >= 0)
		(void)close(fda);
	if (fdb >= 0)
		(void)close(fdb);
	if (fdc >= 0)
		(void)close(fdc);
	mem_deref(a.np);
	mem_deref(b.np);
	mem_deref(c.np);

	return err;
}


static int test_refused(void)
{
	struct net_port *np = NULL;
	int fdv[2], err = 0;

	on_loop();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fdv))
		return errno;
	TEST_EQ(ENOTSUP, net_port_alloc(&np, fdv[0], recv_handler, NULL));
	TEST_EQ(-1, fcntl(fdv[0], F_GETFL));      /* taken over, closed   */
	TEST_TRUE(!np);
 out:
	(void)close(fdv[1]);

	return err;
}


static const struct test testv[] = {
	{"udp in batches",          test_udp},
	{"a hundred, read together", test_many},
	{"a picture in one message, or not", test_gso},
	{"what goes into one message", test_gso_plan},
	{"a datagram pair",         test_dgram_pair},
	{"a seqpacket pair",        test_seqpacket_pair},
	{"IPv4 and IPv6 on one socket", test_both_families},
	{"a stream is refused",     test_refused},
};


int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
