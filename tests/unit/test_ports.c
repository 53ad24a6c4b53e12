/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/unit/test_ports.c -- the range of RTP ports */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>

#include "media/ports.h"
#include "tests/unit/test.h"

/* own range per process, so that tests may run side by side */
static uint16_t base(void)
{
	return 30000 + (getpid() % 250) * 20;
}

static int test_all_pairs(void)
{
	struct ports *ports = NULL;
	struct port *portv[4] = {NULL}, *more = NULL;
	struct sa laddr, sa;
	uint32_t seen = 0;
	int err, i;

	sa_set_str(&laddr, "127.0.0.1", 0);
	err = ports_alloc(&ports, base() + 1, base() + 10); /* 2-3 … 8-9 */
	TEST_ERR(err);
	TEST_EQ(4, ports_free(ports));

	for (i = 0; i < 4; i++) {
		unsigned n;

		err = port_alloc(&portv[i], ports, &laddr);
		TEST_ERR(err);
		n = sa_port(&portv[i]->laddr);
		TEST_EQ(0, n & 1);
		TEST_TRUE(n >= base() + 2u && n + 1 <= base() + 10u);
		TEST_EQ(0, seen & 1u << (n - base()));
		seen |= 1u << (n - base());

		sa_init(&sa, AF_INET);
		sa.len = sizeof(sa.u);
		TEST_EQ(0, getsockname(portv[i]->fd_rtcp, &sa.u.sa,
				       &sa.len));
		TEST_EQ(n + 1, sa_port(&sa));
		TEST_TRUE(fcntl(portv[i]->fd_rtp, F_GETFD) & FD_CLOEXEC);
		TEST_TRUE(fcntl(portv[i]->fd_rtp, F_GETFL) & O_NONBLOCK);
	}

	TEST_EQ(ENOSPC, port_alloc(&more, ports, &laddr));
	TEST_EQ(0, ports_free(ports));
	portv[2] = mem_deref(portv[2]);
	TEST_EQ(1, ports_free(ports));
	err = port_alloc(&more, ports, &laddr);
	TEST_ERR(err);

 out:
	mem_deref(more);
	for (i = 0; i < 4; i++)
		mem_deref(portv[i]);
	mem_deref(ports);
	return err;
}

static int test_single(void)
{
	struct ports *ports = NULL;
	struct port *port = NULL, *more = NULL;
	struct sa laddr, sa;
	int only = 1, err;
	socklen_t len = sizeof(only);

	sa_set_str(&laddr, "::", 0);
	err = ports_alloc(&ports, base() + 1, base() + 4);
	TEST_ERR(err);
	err = port_alloc_single(&port, ports, &laddr);
	TEST_ERR(err);
	TEST_EQ(-1, port->fd_rtcp);
	TEST_EQ(0, ports_free(ports));
	TEST_EQ(0, sa_port(&port->laddr) & 1);

	sa_init(&sa, AF_INET6);
	sa.len = sizeof(sa.u);
	TEST_EQ(0, getsockname(port->fd_rtp, &sa.u.sa, &sa.len));
	TEST_EQ(sa_af(&port->laddr), sa_af(&sa));
	TEST_EQ(sa_port(&port->laddr), sa_port(&sa));
	if (sa_af(&sa) == AF_INET6) {
		TEST_EQ(0, getsockopt(port->fd_rtp, IPPROTO_IPV6,
				      IPV6_V6ONLY, &only, &len));
		TEST_EQ(0, only);
	}

	TEST_EQ(ENOSPC, port_alloc_single(&more, ports, &laddr));
	port = mem_deref(port);
	TEST_EQ(1, ports_free(ports));
	err = port_alloc_single(&port, ports, &laddr);
	TEST_ERR(err);

 out:
	mem_deref(port);
	mem_deref(more);
	mem_deref(ports);
	return err;
}

static int test_taken_by_others(void)
{
	struct ports *ports = NULL, *others = NULL;
	struct port *port = NULL, *other = NULL;
	struct sa laddr;
	int err;

	sa_set_str(&laddr, "127.0.0.1", 0);
	err  = ports_alloc(&others, base() + 12, base() + 13);
	err |= ports_alloc(&ports, base() + 12, base() + 15);
	TEST_ERR(err);
	err = port_alloc(&other, others, &laddr);
	TEST_ERR(err);
	err = port_alloc(&port, ports, &laddr);
	TEST_ERR(err);
	TEST_EQ(base() + 14, sa_port(&port->laddr));

	/* the same port of another address is free */
	port = mem_deref(port);
	sa_set_str(&laddr, "127.0.0.2", 0);
	others = mem_deref(others);
	err = ports_alloc(&others, base() + 12, base() + 13);
	TEST_ERR(err);
	err = port_alloc(&port, others, &laddr);
	TEST_ERR(err);
 out:
	mem_deref(port);
	mem_deref(other);
	mem_deref(ports);
	mem_deref(others);
	return err;
}

static int test_bad(void)
{
	struct ports *ports = NULL;
	struct port *port = NULL;
	struct sa laddr;
	int err = 0;

	TEST_EQ(EINVAL, ports_alloc(&ports, 0, 9));
	TEST_EQ(EINVAL, ports_alloc(&ports, 20, 20));
	TEST_EQ(EINVAL, ports_alloc(&ports, 21, 22));
	err = ports_alloc(&ports, base() + 16, base() + 17);
	TEST_ERR(err);
	sa_init(&laddr, AF_UNSPEC);
	TEST_EQ(EINVAL, port_alloc(&port, ports, &laddr));
	sa_init(&laddr, AF_INET); /* behind NAT: every address            */
	err = port_alloc(&port, ports, &laddr);
	TEST_ERR(err);
	port = mem_deref(port);
	sa_set_str(&laddr, "192.0.2.77", 0);
	TEST_EQ(EADDRNOTAVAIL, port_alloc(&port, ports, &laddr));
	TEST_EQ(1, ports_free(ports));
	sa_set_str(&laddr, "::1", 0);
	err = port_alloc(&port, ports, &laddr);
	if (err == EADDRNOTAVAIL || err == EAFNOSUPPORT)
		err = 0;          /* a machine without IPv6               */
 out:
	mem_deref(port);
	mem_deref(ports);
	return err;
}

/* The last descriptors are not for calls. */
static int test_descriptors(void)
{
	struct port *portv[40] = {NULL};
	struct ports *ports = NULL;
	struct rlimit was, few;
	struct sa laddr;
	int err = 0, i = 0;

	TEST_EQ(0, getrlimit(RLIMIT_NOFILE, &was));
	few = was;
	few.rlim_cur = 160;
	TEST_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	sa_set_str(&laddr, "127.0.0.1", 0);
	err = ports_alloc(&ports, 10000, 10199);
	TEST_ERR(err);
	for (i = 0; i < 40; i++) {
		err = port_alloc(&portv[i], ports, &laddr);
		if (err)
			break;
	}
	TEST_EQ(EMFILE, err);
	TEST_TRUE(i > 0 && i <= 16);
	TEST_EQ(100 - i, ports_free(ports));
	err = 0;
 out:
	while (i > 0)
		mem_deref(portv[--i]);
	mem_deref(ports);
	(void)setrlimit(RLIMIT_NOFILE, &was);
	return err;
}

static const struct test testv[] = {
	{"every pair is given once and comes back", test_all_pairs},
	{"one socket for both families", test_single},
	{"a pair taken by others is stepped over", test_taken_by_others},
	{"descriptors are left for the rest", test_descriptors},
	{"bad ranges and addresses are refused", test_bad},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
