/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/ports.h -- RTP/RTCP socket pairs out of media_ports
 *
 * A port is an even UDP port for RTP and the next one for RTCP, bound to
 * one local address, non-blocking, close-on-exec, receive buffer raised.
 * tuttid keeps these descriptors for the life of the leg and passes
 * duplicates to mixers.  Chosen at random within the range, so that a
 * port just given up is not at once another's.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MEDIA_PORTS_H
#define TUTTI_MEDIA_PORTS_H

#include <re.h>

struct ports;                     /* the range                            */

struct port {
	struct ports *ports;
	struct sa laddr;          /* with the RTP port                    */
	int fd_rtp, fd_rtcp;      /* closed by the destructor             */
};

int ports_alloc(struct ports **portsp, uint16_t min, uint16_t max);

/** ENOSPC when the range is used up.  laddr may be 0.0.0.0 or ::. */
int port_alloc(struct port **portp, struct ports *ports,
	       const struct sa *laddr);

/** One socket for RTP, RTCP and all else (BUNDLE): fd_rtcp is -1, the odd
 *  port stays unused.  "::" takes IPv4 too; where there is no IPv6 it is
 *  0.0.0.0, as port->laddr says. */
int port_alloc_single(struct port **portp, struct ports *ports,
		      const struct sa *laddr);

unsigned ports_free(const struct ports *ports);

#endif
