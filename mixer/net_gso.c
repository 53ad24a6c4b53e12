/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_gso.c -- datagrams of one size as one message; see net_gso.h
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>

#include "mixer/net_gso.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103           /* Linux 4.18                           */
#endif


/* Datagrams that the first message can carry: to one address and of one
 * size, only the last may be shorter */
static unsigned group_len(const struct mmsghdr *hdrv, unsigned n)
{
	const struct msghdr *a = &hdrv->msg_hdr;
	const size_t size = a->msg_iov->iov_len;
	size_t sum = size;
	unsigned i;

	for (i = 1; i < n; i++) {
		const struct msghdr *b = &hdrv[i].msg_hdr;
		const size_t len = b->msg_iov->iov_len;

		sum += len;
		if (len > size || sum > NET_GSO_BYTES ||
		    b->msg_namelen != a->msg_namelen ||
		    (a->msg_namelen && memcmp(b->msg_name, a->msg_name,
					      a->msg_namelen)))
			break;
		if (len < size)
			return i + 1;
	}

	return i;
}


/* The parts stay where they are: one message of n of them */
static void group_set(struct msghdr *msg, union net_gso *seg, unsigned n)
{
	const uint16_t size = (uint16_t)msg->msg_iov->iov_len;
	struct cmsghdr *c;

	memset(seg, 0, sizeof(*seg));
	msg->msg_iovlen     = n;
	msg->msg_control    = seg->buf;
	msg->msg_controllen = sizeof(seg->buf);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type  = UDP_SEGMENT;
	c->cmsg_len   = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(c), &size, sizeof(size));
}


unsigned net_gso_group(struct mmsghdr *hdrv, unsigned n, union net_gso *segv,
		       unsigned *groupv, bool on)
{
	unsigned pos, c = 0;

	for (pos = 0; pos < n; pos += groupv[c++]) {
		groupv[c] = on ? group_len(hdrv + pos, n - pos) : 1;
		if (c != pos)
			hdrv[c] = hdrv[pos];
		if (groupv[c] > 1)
			group_set(&hdrv[c].msg_hdr, &segv[c], groupv[c]);
	}

	return c;
}


bool net_gso_refused(int err)
{
	return err == EINVAL || err == EIO || err == EOPNOTSUPP ||
		err == ENOPROTOOPT || err == EMSGSIZE;
}
