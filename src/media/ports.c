/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/ports.c -- RTP/RTCP socket pairs out of media_ports
 *
 * One bit per pair says that it is ours; the kernel says (EADDRINUSE) that
 * it is somebody else's.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>

#include "media/ports.h"

enum {
	RCVBUF_RTP  = 512 * 1024, /* an IDR of 1080p and a stalled loop   */
	SNDBUF_RTP  = 512 * 1024,
	FDS_KEPT    = 128,        /* for all that is not media            */
};

struct ports {
	uint16_t min;             /* first even port                      */
	unsigned pairc;
	unsigned free;
	uint8_t *usedv;           /* one byte per pair                    */
};

static void ports_destructor(void *arg)
{
	struct ports *ports = arg;

	mem_deref(ports->usedv);
}

int ports_alloc(struct ports **portsp, uint16_t min, uint16_t max)
{
	unsigned first = (min + 1u) & ~1u;
	struct ports *ports;

	if (!portsp || !min || max < first + 1)
		return EINVAL;

	ports = mem_zalloc(sizeof(*ports), ports_destructor);
	if (!ports)
		return ENOMEM;

	ports->min   = first;
	ports->pairc = (max - first + 1) / 2;
	ports->free  = ports->pairc;
	ports->usedv = mem_zalloc(ports->pairc, NULL);
	if (!ports->usedv) {
		mem_deref(ports);
		return ENOMEM;
	}

	*portsp = ports;

	return 0;
}

static void port_destructor(void *arg)
{
	struct port *port = arg;

	if (port->fd_rtp >= 0)
		close(port->fd_rtp);
	if (port->fd_rtcp >= 0)
		close(port->fd_rtcp);

	if (port->ports) {
		unsigned port_rtp = sa_port(&port->laddr);

		if (port_rtp) {
			unsigned i = (port_rtp - port->ports->min) / 2;

			port->ports->usedv[i] = 0;
			++port->ports->free;
		}
		mem_deref(port->ports);
	}
}

/* Descriptors are given lowest first.  Calls must not take the last: the
 * catalogue, the mixers and who wants to look would go without. */
static bool fds_left(int fd)
{
	struct rlimit rl;

	return getrlimit(RLIMIT_NOFILE, &rl) ||
		rl.rlim_cur == RLIM_INFINITY ||
		(rlim_t)fd + FDS_KEPT < rl.rlim_cur;
}

static int sock_bind(int *fdp, const struct sa *laddr, uint16_t port,
		     bool dual)
{
	const int only = !dual, rcv = RCVBUF_RTP, snd = SNDBUF_RTP;
	struct sa sa = *laddr;
	int fd, err = 0;

	sa_set_port(&sa, port);

	fd = socket(sa_af(&sa), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (!fds_left(fd)) {
		close(fd);
		return EMFILE;
	}

	if (sa_af(&sa) == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only,
				 sizeof(only));

	if (bind(fd, &sa.u.sa, sa.len) < 0) {
		err = errno;
		close(fd);
		return err;
	}

	/* the kernel caps these at rmem_max and wmem_max without a word */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcv, sizeof(rcv));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &snd, sizeof(snd));

	*fdp = fd;

	return 0;
}

static int pair_bind(struct port *port, const struct sa *laddr, uint16_t n)
{
	int err;

	err = sock_bind(&port->fd_rtp, laddr, n, false);
	if (err)
		return err;

	err = sock_bind(&port->fd_rtcp, laddr, n + 1, false);
	if (err) {
		close(port->fd_rtp);
		port->fd_rtp = -1;
	}

	return err;
}

static int find_pair(struct port **portp, struct ports *ports,
		     const struct sa *laddr, bool single)
{
	struct port *port;
	unsigned i, start;
	int err = ENOSPC;

	if (!portp || !ports || !laddr ||
	    (!sa_isset(laddr, SA_ADDR) && !sa_is_any(laddr)))
		return EINVAL;

	port = mem_zalloc(sizeof(*port), port_destructor);
	if (!port)
		return ENOMEM;

	port->ports   = mem_ref(ports);
	port->fd_rtp  = -1;
	port->fd_rtcp = -1;

	start = rand_u32() % ports->pairc;

	for (i = 0; i < ports->pairc; i++) {
		unsigned pair = (start + i) % ports->pairc;
		uint16_t n = ports->min + 2 * pair;

		if (ports->usedv[pair])
			continue;

		err = single ? sock_bind(&port->fd_rtp, laddr, n, true) :
			pair_bind(port, laddr, n);
		if (err == EADDRINUSE || err == EACCES) {
			err = ENOSPC;
			continue;
		}
		if (err)
			break;

		port->laddr = *laddr;
		sa_set_port(&port->laddr, n);
		ports->usedv[pair] = 1;
		--ports->free;
		break;
	}

	if (err)
		mem_deref(port);
	else
		*portp = port;

	return err;
}

int port_alloc(struct port **portp, struct ports *ports,
	       const struct sa *laddr)
{
	return find_pair(portp, ports, laddr, false);
}

int port_alloc_single(struct port **portp, struct ports *ports,
		      const struct sa *laddr)
{
	struct sa any4;
	int err;

	err = find_pair(portp, ports, laddr, true);
	if ((err != EAFNOSUPPORT && err != EADDRNOTAVAIL) ||
	    sa_af(laddr) != AF_INET6 || !sa_is_any(laddr))
		return err;

	sa_set_in(&any4, 0, 0);

	return find_pair(portp, ports, &any4, true);
}

unsigned ports_free(const struct ports *ports)
{
	return ports ? ports->free : 0;
}
