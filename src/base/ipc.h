/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ipc.h -- JSON messages with file descriptors on SOCK_SEQPACKET
 *
 * One message is one packet: a JSON object of at most IPC_MSG_MAX bytes and
 * at most IPC_FDS_MAX descriptors (SCM_RIGHTS, unix(7)).  What the kernel
 * does not take at once waits in a queue of IPC_QUEUE_MAX messages; when
 * that is full the peer is taken for dead (closeh, ENOBUFS).
 *
 * Threads: the loop that called ipc_alloc.
 */
#ifndef TUTTI_BASE_IPC_H
#define TUTTI_BASE_IPC_H

#include <stddef.h>
#include <jansson.h>

enum {
	IPC_MSG_MAX   = 65536,
	IPC_FDS_MAX   = 8,
	IPC_QUEUE_MAX = 4096,
};

struct ipc;

/** `msg` is borrowed.  Descriptors the handler keeps it replaces by -1 in
 *  fdv; the rest are closed after it returns. */
typedef void (ipc_recv_h)(json_t *msg, int *fdv, size_t fdc, void *arg);

/** The peer is gone (err 0: orderly) or unusable; called once, nothing
 *  follows.  The owner derefs the ipc. */
typedef void (ipc_close_h)(int err, void *arg);

int ipc_pair(int fdv[2]);             /* both close-on-exec, non-blocking */

/** Takes over fd. */
int ipc_alloc(struct ipc **ipcp, int fd, ipc_recv_h *recvh,
	      ipc_close_h *closeh, void *arg);

/** Steals the reference to msg, success or not; duplicates nothing: the
 *  descriptors are sent (or dup'd while queued) before it returns. */
int ipc_send(struct ipc *ipc, json_t *msg, const int *fdv, size_t fdc);

#endif
