/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ipc.c -- JSON packets with descriptors; see ipc.h
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>

#include "base/ipc.h"
#include "base/log.h"


enum { RECV_BATCH = 32 };         /* messages per wake-up: others wait too */


/* a message the kernel did not take at once */
struct parked {
	struct le le;
	char *text;
	size_t len;
	int fdv[IPC_FDS_MAX];
	size_t fdc;
};


struct ipc {
	int fd;
	ipc_recv_h *recvh;
	ipc_close_h *closeh;          /* NULL once called                 */
	void *arg;
	struct list parkl;
	struct tmr tmr;               /* defers closeh out of ipc_send    */
	int err;
	char *buf;
};


static void fds_close(int *fdv, size_t fdc)
{
	size_t i;

	for (i = 0; i < fdc; i++)
		if (fdv[i] >= 0)
			close(fdv[i]);
}


static void parked_destructor(void *data)
{
	struct parked *p = data;

	list_unlink(&p->le);
	fds_close(p->fdv, p->fdc);
	free(p->text);
}


static void ipc_destructor(void *data)
{
	struct ipc *ipc = data;

	tmr_cancel(&ipc->tmr);
	list_flush(&ipc->parkl);
	if (ipc->fd >= 0) {
		fd_close(ipc->fd);
		close(ipc->fd);
	}
	free(ipc->buf);
}


/* The owner may deref the ipc in its handler: touch nothing after. */
static void ipc_closed(struct ipc *ipc, int err)
{
	ipc_close_h *closeh = ipc->closeh;

	tmr_cancel(&ipc->tmr);
	fd_close(ipc->fd);
	ipc->closeh = NULL;
	if (closeh)
		closeh(err, ipc->arg);
}


static void close_timeout(void *arg)
{
	struct ipc *ipc = arg;

	ipc_closed(ipc, ipc->err);
}


static int send_one(int fd, const char *text, size_t len, const int *fdv,
		    size_t fdc)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = { .iov_base = (void *)text, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fdc) {
		struct cmsghdr *cm;

		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control    = ctl.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * fdc);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type  = SCM_RIGHTS;
		cm->cmsg_len   = CMSG_LEN(sizeof(int) * fdc);
		memcpy(CMSG_DATA(cm), fdv, sizeof(int) * fdc);
	}

	do {
		n = sendmsg(fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);

	return n < 0 ? errno : 0;
}


static void flush_parked(struct ipc *ipc)
{
	struct le *le;

	while ((le = list_head(&ipc->parkl))) {
		struct parked *p = list_ledata(le);
		int err = send_one(ipc->fd, p->text, p->len, p->fdv, p->fdc);

		if (err == EAGAIN || err == ENOBUFS)
			return;
		mem_deref(p);
		if (err) {
			ipc_closed(ipc, err);
			return;
		}
	}
}


static size_t take_fds(struct msghdr *mh, int *fdv)
{
	struct cmsghdr *cm;
	size_t fdc = 0;

	for (cm = CMSG_FIRSTHDR(mh); cm; cm = CMSG_NXTHDR(mh, cm)) {
		size_t n;

		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > IPC_FDS_MAX - fdc)
			n = IPC_FDS_MAX - fdc;
		memcpy(fdv + fdc, CMSG_DATA(cm), n * sizeof(int));
		fdc += n;
	}

	return fdc;
}


/* EAGAIN: nothing more; 0: one handled; other: the end (-1 orderly) */
static int recv_one(struct ipc *ipc)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = { .iov_base = ipc->buf, .iov_len = IPC_MSG_MAX };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = ctl.buf, .msg_controllen = sizeof(ctl.buf),
	};
	int fdv[IPC_FDS_MAX];
	size_t fdc, i;
	json_error_t je;
	json_t *msg;
	ssize_t n;

	n = recvmsg(ipc->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EINTR ? 0 : errno;
	if (!n)
		return -1;

	for (i = 0; i < IPC_FDS_MAX; i++)
		fdv[i] = -1;
	fdc = take_fds(&mh, fdv);

	if (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		fds_close(fdv, fdc);
		return EMSGSIZE;
	}

	msg = json_loadb(ipc->buf, (size_t)n, JSON_REJECT_DUPLICATES, &je);
	if (!json_is_object(msg)) {
		warning("ipc message refused: %s", msg ? "not an object"
			: je.text);
		json_decref(msg);
		fds_close(fdv, fdc);
		return EBADMSG;
	}

	ipc->recvh(msg, fdv, fdc, ipc->arg);
	json_decref(msg);
	fds_close(fdv, fdc);

	return 0;
}


static void ipc_handler(int flags, void *arg)
{
	struct ipc *ipc = arg;
	unsigned i;
	int err = 0;

	mem_ref(ipc);             /* the handler may let go of it */

	if (flags & FD_WRITE) {
		flush_parked(ipc);
		if (ipc->closeh && list_isempty(&ipc->parkl))
			(void)fd_listen(ipc->fd, FD_READ, ipc_handler, ipc);
	}

	if (flags & (FD_READ | FD_EXCEPT)) {
		for (i = 0; i < RECV_BATCH && !err; i++) {
			if (!ipc->closeh || mem_nrefs(ipc) == 1)
				goto out;
			err = recv_one(ipc);
		}
		if (err && err != EAGAIN && ipc->closeh &&
		    mem_nrefs(ipc) > 1)
			ipc_closed(ipc, err < 0 ? 0 : err);
	}

 out:
	mem_deref(ipc);
}


int ipc_pair(int fdv[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, fdv))
		return errno;

	return 0;
}


int ipc_alloc(struct ipc **ipcp, int fd, ipc_recv_h *recvh,
	      ipc_close_h *closeh, void *arg)
{
	struct ipc *ipc;
	int err, sz = 4 * IPC_MSG_MAX;

	if (!ipcp || fd < 0 || !recvh || !closeh)
		return EINVAL;

	ipc = mem_zalloc(sizeof(*ipc), ipc_destructor);
	if (!ipc) {
		close(fd);
		return ENOMEM;
	}
	ipc->fd     = fd;
	ipc->recvh  = recvh;
	ipc->closeh = closeh;
	ipc->arg    = arg;
	tmr_init(&ipc->tmr);

	ipc->buf = malloc(IPC_MSG_MAX);
	if (!ipc->buf) {
		err = ENOMEM;
		goto out;
	}

	/* best effort: the default holds a few large messages already */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sz, sizeof(sz));

	err = fd_listen(fd, FD_READ, ipc_handler, ipc);

 out:
	if (err)
		mem_deref(ipc);
	else
		*ipcp = ipc;

	return err;
}


static int park(struct ipc *ipc, char *text, size_t len, const int *fdv,
		size_t fdc)
{
	struct parked *p;
	size_t i;
	int err;

	if (list_count(&ipc->parkl) >= IPC_QUEUE_MAX)
		return ENOBUFS;

	p = mem_zalloc(sizeof(*p), parked_destructor);
	if (!p)
		return ENOMEM;
	for (i = 0; i < fdc; i++) {
		p->fdv[i] = fcntl(fdv[i], F_DUPFD_CLOEXEC, 3);
		if (p->fdv[i] < 0) {
			p->fdc = i;
			mem_deref(p);
			return errno;
		}
	}
	p->fdc  = fdc;
	p->text = text;
	p->len  = len;
	list_append(&ipc->parkl, &p->le, p);

	err = fd_listen(ipc->fd, FD_READ | FD_WRITE, ipc_handler, ipc);
	if (err) {
		p->text = NULL;           /* is the caller's again        */
		mem_deref(p);
	}

	return err;
}


int ipc_send(struct ipc *ipc, json_t *msg, const int *fdv, size_t fdc)
{
	char *text;
	size_t len;
	int err;

	if (!ipc || !msg || fdc > IPC_FDS_MAX) {
		json_decref(msg);
		return EINVAL;
	}

	text = json_dumps(msg, JSON_COMPACT);
	json_decref(msg);
	if (!text)
		return ENOMEM;
	len = strlen(text);
	if (len > IPC_MSG_MAX) {
		free(text);
		return EMSGSIZE;
	}
	if (!ipc->closeh || ipc->err) {
		free(text);
		return ENOTCONN;
	}

	err = list_isempty(&ipc->parkl) ?
		send_one(ipc->fd, text, len, fdv, fdc) : EAGAIN;
	if (err == EAGAIN || err == ENOBUFS) {
		err = park(ipc, text, len, fdv, fdc);
		if (!err)
			return 0;
	}
	free(text);

	/* the owner hears of it from the loop, not from inside this call */
	if (err && err != ENOMEM) {
		ipc->err = err;
		tmr_start(&ipc->tmr, 0, close_timeout, ipc);
	}

	return err;
}
