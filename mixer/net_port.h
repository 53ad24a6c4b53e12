/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_port.h -- one datagram socket on the loop, in batches
 *
 * Adopts a UDP socket or one end of an AF_UNIX datagram or seqpacket pair.
 * Reads with recvmmsg, at most NET_PORT_ROUNDS batches per wake-up, so that
 * a flood at one port does not starve the others; while datagrams keep
 * coming all ports are read every NET_PORT_REST_MS, and so much is arrival
 * late at most; writes are collected and
 * go out with sendmmsg, datagrams of one size to one address as one message
 * that the kernel cuts (UDP GSO) unless it or the path cannot.  Never blocks: what the kernel does not take at
 * once is dropped and counted.  The buffers are shared by all ports of the
 * loop, so an idle port costs a descriptor and this struct.
 * On an IPv6 socket that takes IPv4 too, IPv4 peers have IPv4 addresses in
 * both directions, never ::ffff:a.b.c.d.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_NET_PORT_H
#define TUTTI_MIXER_NET_PORT_H

#include <sys/uio.h>
#include <re.h>

#include "base/thread.h"

enum {
	NET_PORT_BATCH  = 32,     /* datagrams per system call            */
	NET_PORT_ROUNDS = 4,      /* batches read per wake-up             */
	NET_PORT_REST_MS = 2,     /* between two wake-ups                 */
};

struct net_port;

/** One datagram, borrowed; src NULL when the sender has no IP address (a
 *  socket pair).  now: arrival, one clock reading per batch.  p NULL: the
 *  other end of a seqpacket pair is gone, the last call.  The handler may
 *  mem_deref the port. */
typedef void (net_port_h)(const struct sa *src, const uint8_t *p, size_t n,
			  uint64_t now, void *arg);

struct net_port_stats {
	uint64_t rx, tx;          /* datagrams                            */
	uint64_t rx_over;         /* truncated: dropped                   */
	uint64_t tx_full;         /* EAGAIN, ENOBUFS: dropped             */
	uint64_t tx_err;          /* other errors: dropped                */
};

/** Takes over fd, also when it fails. */
int  net_port_alloc(struct net_port **npp, int fd, net_port_h *recvh,
		    void *arg) ON(loop);

/** Queue one datagram (copied); dst NULL or unset: a connected socket.
 *  EMSGSIZE when it is larger than PKT_DATA_MAX.  A batch that is full, or
 *  another port's, is flushed first. */
int  net_port_send(struct net_port *np, const struct sa *dst,
		   const struct iovec *iov, unsigned iovc) ON(loop);

/** Send what is queued, whichever port it belongs to.  Done by itself after
 *  each wake-up of a port; timers and queues of the loop call it. */
void net_port_flush(void) ON(loop);

/** Does the kernel cut, as far as was tried? */
bool net_port_gso(const struct net_port *np);

const struct net_port_stats *net_port_stats(const struct net_port *np);

#endif
