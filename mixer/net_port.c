/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_port.c -- datagrams in batches; see net_port.h
 *
 * One pair of buffers serves all ports of the loop: reads are handed out
 * before the handler returns, and a batch to send belongs to one port at a
 * time (ports are visited one after the other anyway).
 *
 * Ports do not wake the loop one by one: they are in an epoll set of their
 * own, and after a wake-up that set is let alone for NET_PORT_REST_MS.  What
 * has come by then is read in one go; when nothing has, the next datagram
 * wakes at once again.  A meeting's packets come every millisecond, and
 * going to sleep and waking up cost as much as all else about them.
 *
 * Between that set and the loop's is a third with it alone, the gate.  Who
 * adds a set to a set has the kernel walk all there is below, so the loop
 * keeps the gate for good and the gate is shut and opened by EPOLL_CTL_MOD.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "mixer/net_gso.h"
#include "mixer/net_port.h"
#include "mixer/pkt.h"

enum { EVENTS = 64 };             /* ports read per wake-up               */

struct net_port {
	int fd;                   /* [I] owned                            */
	bool waits;               /* its descriptor is in io.ep           */
	bool seqpacket;           /* [I] a read of 0 bytes is the end     */
	bool v6;                  /* [I] IPv4 peers are v4-mapped to it   */
	bool gso;                 /* the kernel cuts, as far as we know   */
	bool *gonep;              /* set by the destructor while reading  */
	net_port_h *recvh;        /* [I]                                  */
	void *arg;                /* [I]                                  */
	struct net_port_stats st;
};

/* A batch in one direction; one byte more than we take tells truncation */
struct batch {
	struct mmsghdr hdrv[NET_PORT_BATCH];
	struct iovec iovv[NET_PORT_BATCH];
	struct sa sav[NET_PORT_BATCH];
	uint8_t data[NET_PORT_BATCH][PKT_DATA_MAX];
};

static struct {
	unsigned users;           /* ports                                */
	struct batch *rx, *tx;
	bool reading;             /* rx is in use                         */
	struct net_port *np;      /* whose tx is                          */
	unsigned txc;
	union net_gso segv[NET_PORT_BATCH];
	unsigned groupv[NET_PORT_BATCH];  /* datagrams in each message    */
	int ep;                   /* all ports that wait for something    */
	int gate;                 /* ep, or nothing while it is shut      */
	struct tmr tmr;           /* runs: it is shut                     */
	struct epoll_event evv[EVENTS];   /* what came, while it is read  */
	unsigned evc;
} io;


static void io_handler(int flags, void *arg);


static void io_end(void)
{
	tmr_cancel(&io.tmr);
	if (io.gate >= 0) {
		fd_close(io.gate);
		(void)close(io.gate);
	}
	if (io.ep >= 0)
		(void)close(io.ep);
	io.rx = mem_deref(io.rx);
	io.tx = mem_deref(io.tx);
}


static int gate_set(int op, bool open)
{
	struct epoll_event ev = { .events = open ? EPOLLIN : 0 };

	return epoll_ctl(io.gate, op, io.ep, &ev) ? errno : 0;
}


static int sets_alloc(void)
{
	int err;

	io.ep = epoll_create1(EPOLL_CLOEXEC);
	io.gate = epoll_create1(EPOLL_CLOEXEC);
	if (io.ep < 0 || io.gate < 0)
		return errno;

	err = gate_set(EPOLL_CTL_ADD, true);
	if (err)
		return err;

	return fd_listen(io.gate, FD_READ, io_handler, NULL);
}


static int io_use(void)
{
	int err;

	if (io.users)
		goto out;

	tmr_init(&io.tmr);
	io.rx = mem_zalloc(sizeof(*io.rx), NULL);
	io.tx = mem_zalloc(sizeof(*io.tx), NULL);
	err = sets_alloc();
	if (!io.rx || !io.tx)
		err = ENOMEM;
	if (err) {
		io_end();
		return err;
	}
 out:
	++io.users;

	return 0;
}


static void io_unuse(void)
{
	if (!--io.users)
		io_end();
}


static int wait_start(struct net_port *np)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = np };

	if (epoll_ctl(io.ep, EPOLL_CTL_ADD, np->fd, &ev))
		return errno;
	np->waits = true;

	return 0;
}


/* Also when it goes while what came is handed out */
static void wait_stop(struct net_port *np)
{
	unsigned i;

	if (!np->waits)
		return;

	(void)epoll_ctl(io.ep, EPOLL_CTL_DEL, np->fd, NULL);
	np->waits = false;
	for (i = 0; i < io.evc; i++) {
		if (io.evv[i].data.ptr == np)
			io.evv[i].data.ptr = NULL;
	}
}


static void destructor(void *arg)
{
	struct net_port *np = arg;

	on_loop();
	if (np->gonep)
		*np->gonep = true;
	if (np->fd < 0)
		return;

	if (io.np == np)
		net_port_flush();
	wait_stop(np);
	(void)close(np->fd);
	io_unuse();
}


static void rx_prepare(struct batch *b)
{
	unsigned i;

	for (i = 0; i < NET_PORT_BATCH; i++) {
		struct msghdr *msg = &b->hdrv[i].msg_hdr;

		memset(msg, 0, sizeof(*msg));
		b->iovv[i].iov_base = b->data[i];
		b->iovv[i].iov_len  = PKT_DATA_MAX;
		b->sav[i].len = sizeof(b->sav[i].u);
		msg->msg_name    = &b->sav[i].u;
		msg->msg_namelen = b->sav[i].len;
		msg->msg_iov     = &b->iovv[i];
		msg->msg_iovlen  = 1;
	}
}


/* ::ffff:192.0.2.1, as a socket of both families has it, is 192.0.2.1 to
 * everybody else: an address has one form */
static void sa_unmap(struct sa *sa)
{
	const struct in6_addr *in6 = &sa->u.in6.sin6_addr;
	uint32_t addr;

	if (sa->u.sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(in6))
		return;

	memcpy(&addr, &in6->s6_addr[12], sizeof(addr));
	sa_set_in(sa, ntohl(addr), ntohs(sa->u.in6.sin6_port));
}


static void sa_map(struct sa *sa)
{
	uint8_t in6[16] = {[10] = 0xff, [11] = 0xff};

	if (sa_af(sa) != AF_INET)
		return;

	memcpy(&in6[12], &sa->u.in.sin_addr, 4);
	sa_set_in6(sa, in6, sa_port(sa));
}


/* Hand out one batch; false when the port has gone or is at its end */
static bool rx_deliver(struct net_port *np, unsigned n, const bool *gone)
{
	const uint64_t now = clock_us();
	unsigned i;

	for (i = 0; i < n; i++) {
		const struct mmsghdr *h = &io.rx->hdrv[i];
		struct sa *sa = &io.rx->sav[i];
		bool inet;

		if (!h->msg_len) {
			if (!np->seqpacket)
				continue;
			wait_stop(np);
			np->recvh(NULL, NULL, 0, now, np->arg);
			return false;
		}
		++np->st.rx;
		if (h->msg_hdr.msg_flags & MSG_TRUNC) {
			++np->st.rx_over;
			continue;
		}

		sa->len = h->msg_hdr.msg_namelen;
		inet = sa->len && (sa->u.sa.sa_family == AF_INET ||
				   sa->u.sa.sa_family == AF_INET6);
		if (inet)
			sa_unmap(sa);
		np->recvh(inet ? sa : NULL, io.rx->data[i], h->msg_len, now,
			  np->arg);
		if (*gone)
			return false;
	}

	return true;
}


/* false: there is more to read */
static bool read_port(struct net_port *np)
{
	unsigned round;
	bool gone = false;
	int n;

	np->gonep = &gone;
	for (round = 0; round < NET_PORT_ROUNDS; round++) {
		rx_prepare(io.rx);
		n = recvmmsg(np->fd, io.rx->hdrv, NET_PORT_BATCH,
			     MSG_DONTWAIT, NULL);
		if (n < 0 && errno == ECONNRESET && np->seqpacket) {
			/* the other end left without reading all of ours */
			io.rx->hdrv[0].msg_len = 0;
			n = 1;
		}
		if (n <= 0)
			break;
		if (!rx_deliver(np, (unsigned)n, &gone) ||
		    n < NET_PORT_BATCH)
			break;
	}
	if (!gone)
		np->gonep = NULL;

	return round < NET_PORT_ROUNDS;
}


/* How many ports had something; *morep: there is more to read now */
static ON(loop) unsigned read_all(bool *morep)
{
	unsigned i, evc;
	int n;

	*morep = false;

	/* a handler that runs the loop again must not overwrite our batch */
	if (io.reading)
		return 0;

	n = epoll_wait(io.ep, io.evv, EVENTS, 0);
	if (n <= 0)
		return 0;

	*morep = n == EVENTS;
	io.reading = true;
	io.evc = evc = (unsigned)n;
	for (i = 0; i < evc; i++) {
		if (io.evv[i].data.ptr && !read_port(io.evv[i].data.ptr))
			*morep = true;
	}
	io.evc = 0;
	io.reading = false;
	net_port_flush();

	return evc;
}


static void rest_handler(void *arg)
{
	bool more;
	unsigned n;

	(void)arg;
	on_loop();

	n = read_all(&more);
	if (!io.users)                  /* the last port went meanwhile   */
		return;
	if ((n && !more) || gate_set(EPOLL_CTL_MOD, true))
		tmr_start(&io.tmr, NET_PORT_REST_MS, rest_handler, NULL);
}


static void io_handler(int flags, void *arg)
{
	bool more;
	unsigned n;

	(void)flags;
	(void)arg;
	on_loop();

	n = read_all(&more);
	if (!io.users || !n || more || gate_set(EPOLL_CTL_MOD, false))
		return;

	tmr_start(&io.tmr, NET_PORT_REST_MS, rest_handler, NULL);
}


int net_port_alloc(struct net_port **npp, int fd, net_port_h *recvh,
		   void *arg)
{
	struct net_port *np = NULL;
	int type = 0, fl, err;
	socklen_t len = sizeof(type);

	if (fd < 0)
		return EINVAL;
	if (!npp || !recvh) {
		err = EINVAL;
		goto out;
	}

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len)) {
		err = errno;
		goto out;
	}
	if (type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
		err = ENOTSUP;
		goto out;
	}
	fl = fcntl(fd, F_GETFL);
	if (fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK)) {
		err = errno;
		goto out;
	}

	np = mem_zalloc(sizeof(*np), destructor);
	if (!np) {
		err = ENOMEM;
		goto out;
	}
	np->fd = -1;
	np->recvh = recvh;
	np->arg   = arg;
	np->seqpacket = type == SOCK_SEQPACKET;
	len = sizeof(fl);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &fl, &len))
		fl = AF_UNSPEC;
	np->v6  = fl == AF_INET6;
	np->gso = fl == AF_INET6 || fl == AF_INET;

	err = io_use();
	if (err)
		goto out;
	np->fd = fd;
	err = wait_start(np);
	if (err) {
		np->fd = -1;
		io_unuse();
	}

 out:
	if (err) {
		(void)close(fd);
		mem_deref(np);
	}
	else {
		*npp = np;
	}

	return err;
}


int net_port_send(struct net_port *np, const struct sa *dst,
		  const struct iovec *iov, unsigned iovc)
{
	const bool addr = dst && sa_isset(dst, SA_ALL);
	struct msghdr *msg;
	size_t n = 0;
	unsigned i;

	if (!np || !iov)
		return EINVAL;

	for (i = 0; i < iovc; i++)
		n += iov[i].iov_len;
	if (!n || n > PKT_DATA_MAX)
		return EMSGSIZE;

	if (io.txc == NET_PORT_BATCH || (io.txc && io.np != np))
		net_port_flush();
	io.np = np;

	msg = &io.tx->hdrv[io.txc].msg_hdr;
	memset(msg, 0, sizeof(*msg));
	msg->msg_iov    = &io.tx->iovv[io.txc];
	msg->msg_iovlen = 1;
	msg->msg_iov->iov_base = io.tx->data[io.txc];
	msg->msg_iov->iov_len  = n;
	if (addr) {
		struct sa *sa = &io.tx->sav[io.txc];

		*sa = *dst;
		if (np->v6)
			sa_map(sa);
		msg->msg_name    = &sa->u;
		msg->msg_namelen = sa->len;
	}

	n = 0;
	for (i = 0; i < iovc; i++) {
		if (iov[i].iov_len)
			memcpy(io.tx->data[io.txc] + n, iov[i].iov_base,
			       iov[i].iov_len);
		n += iov[i].iov_len;
	}
	++io.txc;

	return 0;
}


/* The kernel or this path cannot cut: each of them for itself */
static void group_split(struct net_port *np, const struct msghdr *msg)
{
	const struct iovec *iov = msg->msg_iov;
	size_t i;

	for (i = 0; i < msg->msg_iovlen; i++) {
		if (sendto(np->fd, iov[i].iov_base, iov[i].iov_len,
			   MSG_DONTWAIT | MSG_NOSIGNAL, msg->msg_name,
			   msg->msg_namelen) >= 0)
			++np->st.tx;
		else if (errno == EAGAIN || errno == ENOBUFS)
			++np->st.tx_full;
		else
			++np->st.tx_err;
	}
}


/* How many messages went out.  A listener's port has one packet a tick: that
 * is what most calls are for, so no array is copied for it. */
static int tx_some(const struct net_port *np, unsigned pos, unsigned c)
{
	const struct msghdr *msg = &io.tx->hdrv[pos].msg_hdr;

	if (c - pos > 1)
		return sendmmsg(np->fd, io.tx->hdrv + pos, c - pos,
				MSG_DONTWAIT | MSG_NOSIGNAL);

	if (msg->msg_controllen)
		return sendmsg(np->fd, msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0
			? -1 : 1;

	return sendto(np->fd, msg->msg_iov->iov_base, msg->msg_iov->iov_len,
		      MSG_DONTWAIT | MSG_NOSIGNAL, msg->msg_name,
		      msg->msg_namelen) < 0 ? -1 : 1;
}


void net_port_flush(void)
{
	struct net_port *np = io.np;
	unsigned pos = 0, tries = io.txc + NET_PORT_BATCH, i;
	const unsigned c = io.txc ? net_gso_group(io.tx->hdrv, io.txc,
		io.segv, io.groupv, np->gso) : 0;

	while (pos < c && tries--) {
		const int n = tx_some(np, pos, c);

		for (i = 0; n > 0 && i < (unsigned)n; i++)
			np->st.tx += io.groupv[pos++];
		if (n > 0 || errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS)
			break;
		if (io.groupv[pos] > 1) {
			np->gso = np->gso && !net_gso_refused(errno);
			group_split(np, &io.tx->hdrv[pos].msg_hdr);
		}
		else {
			/* this one failed, or an old ICMP error is reported
			 * on it */
			++np->st.tx_err;
		}
		++pos;
	}
	for (; pos < c; pos++)
		np->st.tx_full += io.groupv[pos];

	io.txc = 0;
	io.np  = NULL;
}


bool net_port_gso(const struct net_port *np)
{
	return np && np->gso;
}


const struct net_port_stats *net_port_stats(const struct net_port *np)
{
	return np ? &np->st : NULL;
}
