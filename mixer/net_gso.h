/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_gso.h -- datagrams of one size as one message (UDP GSO)
 *
 * The packets of a picture are of like size: as one message with the size
 * told the kernel looks up the route and goes through its layers once, and
 * cuts at the end, or lets the card do it.  Eight packets cost what two do.
 *
 * Threads: any; plain functions.
 */
#ifndef TUTTI_MIXER_NET_GSO_H
#define TUTTI_MIXER_NET_GSO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { NET_GSO_BYTES = 60000 };   /* in a message of many datagrams       */

/** What tells the kernel the size */
union net_gso {
	char buf[CMSG_SPACE(sizeof(uint16_t))];
	struct cmsghdr align;
};

/** n datagrams, a message of one part each, the parts one after the other in
 *  an array, become fewer messages, at the beginning of hdrv; how many.
 *  groupv: datagrams in each.  on false: nothing changes.  segv belongs to
 *  the messages, room for n. */
unsigned net_gso_group(struct mmsghdr *hdrv, unsigned n, union net_gso *segv,
		       unsigned *groupv, bool on);

/** Does this errno say that a message cannot be cut here?  An old kernel, a
 *  device without checksums, a path with a smaller MTU. */
bool net_gso_refused(int err);

#endif
