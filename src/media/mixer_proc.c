/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/mixer_proc.c -- one tutti-mixer process and its socket
 *
 * A process is followed by its pidfd, not by SIGCHLD: that signal belongs
 * to whoever owns the program, and a pidfd cannot mean another process.
 * A process is let go only when it has been reaped; until then the object
 * is in `leavingl`.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <re.h>

#include "base/ipc.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "media/mixer_client.h"
#include "media/mixer_proc.h"

enum {
	PING_SEQ    = 1,          /* requests start above it              */
	PING_MS     = 500,
	PING_MISSES = 4,          /* 4 x 500 ms without an answer         */
	START_MS    = 15000,      /* to say "ready"; sanitizers are slow  */
	KILL_MS     = 2000,       /* from "bye" to SIGKILL                */
	REAP_MS     = 500,        /* from SIGKILL to "gone all the same"  */
};

struct mixer_proc {
	struct le le;             /* in leavingl                          */
	struct ipc *ipc;
	pid_t pid;
	bool reaped;
	int pidfd;
	struct tmr tmr;           /* start, ping, kill, reap: one at once */
	unsigned unanswered;      /* pings                                */
	bool killed;
	proc_msg_h *msgh;         /* NULL: the owner is gone or was told  */
	proc_died_h *diedh;
	void *arg;
};

static struct list leavingl = LIST_INIT;

static void proc_destructor(void *arg)
{
	struct mixer_proc *mp = arg;

	tmr_cancel(&mp->tmr);
	list_unlink(&mp->le);
	mem_deref(mp->ipc);
	if (mp->pidfd >= 0) {
		fd_close(mp->pidfd);
		close(mp->pidfd);
	}
	if (mp->pid > 0 && !mp->reaped) { /* or the program ends */
		(void)kill(mp->pid, SIGKILL);
		while (waitpid(mp->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

/** The end of it: tells the owner, or goes if there is none. */
static void proc_gone(struct mixer_proc *mp, int status)
{
	proc_died_h *diedh = mp->diedh;

	tmr_cancel(&mp->tmr);
	mp->msgh  = NULL;
	mp->diedh = NULL;

	if (diedh)
		diedh(status, mp->arg);
	else if (mp->le.list && mp->reaped)
		mem_deref(mp);
}

static void reap_timeout(void *arg)
{
	struct mixer_proc *mp = arg;

	/* in the kernel and not coming back: do not wait for it */
	warning("mixer %d does not die", (int)mp->pid);
	proc_gone(mp, 0);
}

static void proc_kill(struct mixer_proc *mp)
{
	if (mp->killed || mp->reaped)
		return;

	mp->killed = true;
	(void)kill(mp->pid, SIGKILL);
	tmr_start(&mp->tmr, REAP_MS, reap_timeout, mp);
}

static void pidfd_handler(int flags, void *arg)
{
	struct mixer_proc *mp = arg;
	int status = 0;
	pid_t pid;
	(void)flags;

	pid = waitpid(mp->pid, &status, WNOHANG);
	if (!pid || (pid < 0 && errno == EINTR))
		return;

	fd_close(mp->pidfd);
	close(mp->pidfd);
	mp->pidfd  = -1;
	mp->reaped = true;
	proc_gone(mp, status);
}

static void ipc_close_handler(int err, void *arg)
{
	struct mixer_proc *mp = arg;

	if (err && mp->diedh)
		warning("mixer %d closed its socket: %m", (int)mp->pid, err);

	mp->ipc = mem_deref(mp->ipc);

	/* when leaving, closed is as it should be and exit is next */
	if (mp->diedh)
		proc_kill(mp);
}

static void ipc_recv_handler(json_t *msg, int *fdv, size_t fdc, void *arg)
{
	struct mixer_proc *mp = arg;
	(void)fdv;
	(void)fdc;

	mp->unanswered = 0;

	if (mp->msgh)
		mp->msgh(msg, mp->arg);
}

static void ping_timeout(void *arg)
{
	struct mixer_proc *mp = arg;

	if (mp->unanswered >= PING_MISSES) {
		warning("mixer %d hung, killed", (int)mp->pid);
		proc_kill(mp);
		return;
	}

	++mp->unanswered;
	tmr_start(&mp->tmr, PING_MS, ping_timeout, mp);
	(void)mixer_proc_send(mp, json_pack("{s:s, s:I}", "m", MIX_PING,
					    "seq", (json_int_t)PING_SEQ),
			      NULL, 0);
}

static void start_timeout(void *arg)
{
	struct mixer_proc *mp = arg;

	warning("mixer %d did not start within %u ms, killed",
		(int)mp->pid, START_MS);
	proc_kill(mp);
}

/** Only stderr and MIX_FD are handed on, whatever else is open. */
static int proc_spawn(pid_t *pidp, const char *path, int fd)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	char *argv[] = {(char *)"tutti-mixer", NULL};
	sigset_t none, dflt;
	int err;

	sigemptyset(&none);
	sigemptyset(&dflt);
	sigaddset(&dflt, SIGPIPE);
	sigaddset(&dflt, SIGINT);
	sigaddset(&dflt, SIGTERM);
	sigaddset(&dflt, SIGHUP);

	err = posix_spawn_file_actions_init(&fa);
	if (err)
		return err;
	err = posix_spawnattr_init(&attr);
	if (err) {
		posix_spawn_file_actions_destroy(&fa);
		return err;
	}

	/* own process group: Ctrl-C is for tuttid, which says goodbye */
	err |= posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
					POSIX_SPAWN_SETSIGDEF |
					POSIX_SPAWN_SETPGROUP);
	err |= posix_spawnattr_setpgroup(&attr, 0);
	err |= posix_spawnattr_setsigmask(&attr, &none);
	err |= posix_spawnattr_setsigdefault(&attr, &dflt);
	err |= posix_spawn_file_actions_adddup2(&fa, fd, MIX_FD);
	err |= posix_spawn_file_actions_addopen(&fa, 0, "/dev/null",
						O_RDONLY, 0);
	err |= posix_spawn_file_actions_adddup2(&fa, 2, 1);
	err |= posix_spawn_file_actions_addclosefrom_np(&fa, MIX_FD + 1);
	if (!err)
		err = posix_spawn(pidp, path, &fa, &attr, argv, environ);

	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);

	return err;
}

int mixer_proc_alloc(struct mixer_proc **mpp, const char *path,
		     proc_msg_h *msgh, proc_died_h *diedh, void *arg)
{
	struct mixer_proc *mp;
	int fdv[2] = {-1, -1};
	int err;

	if (!mpp || !path || !msgh || !diedh)
		return EINVAL;

	mp = mem_zalloc(sizeof(*mp), proc_destructor);
	if (!mp)
		return ENOMEM;

	mp->pidfd = -1;
	mp->msgh  = msgh;
	mp->diedh = diedh;
	mp->arg   = arg;
	tmr_init(&mp->tmr);

	err = ipc_pair(fdv);
	if (err)
		goto out;

	err = proc_spawn(&mp->pid, path, fdv[1]);
	if (err) {
		mp->pid = 0;
		goto out;
	}

	mp->pidfd = (int)syscall(SYS_pidfd_open, mp->pid, 0);
	if (mp->pidfd < 0) {
		err = errno;
		goto out;
	}
	(void)fcntl(mp->pidfd, F_SETFD, FD_CLOEXEC);

	err = fd_listen(mp->pidfd, FD_READ, pidfd_handler, mp);
	if (err)
		goto out;

	err = ipc_alloc(&mp->ipc, fdv[0], ipc_recv_handler,
			ipc_close_handler, mp);
	fdv[0] = -1;
	if (err)
		goto out;

	tmr_start(&mp->tmr, START_MS, start_timeout, mp);

 out:
	if (fdv[0] >= 0)
		close(fdv[0]);
	if (fdv[1] >= 0)
		close(fdv[1]);
	if (err)
		mem_deref(mp);
	else
		*mpp = mp;

	return err;
}

int mixer_proc_send(struct mixer_proc *mp, json_t *msg, const int *fdv,
		    size_t fdc)
{
	if (!mp || !msg || !mp->ipc) {
		json_decref(msg);
		return mp && msg ? ENOTCONN : EINVAL;
	}

	return ipc_send(mp->ipc, msg, fdv, fdc);
}

void mixer_proc_watch(struct mixer_proc *mp)
{
	if (!mp || mp->killed)
		return;

	mp->unanswered = 0;
	tmr_start(&mp->tmr, PING_MS, ping_timeout, mp);
}

pid_t mixer_proc_pid(const struct mixer_proc *mp)
{
	return mp ? mp->pid : 0;
}

static void leave_timeout(void *arg)
{
	struct mixer_proc *mp = arg;

	warning("mixer %d did not end by itself, killed", (int)mp->pid);
	proc_kill(mp);
}

void mixer_proc_leave(struct mixer_proc *mp)
{
	if (!mp)
		return;

	mp->msgh  = NULL;
	mp->diedh = NULL;

	if (mp->reaped) {
		mem_deref(mp);
		return;
	}

	list_append(&leavingl, &mp->le, mp);
	if (mp->killed)
		return;           /* pidfd or reap_timeout follows        */

	tmr_start(&mp->tmr, KILL_MS, leave_timeout, mp);
	(void)mixer_proc_send(mp, json_pack("{s:s}", "m", MIX_BYE), NULL, 0);
}

unsigned mixer_client_leaving(void)
{
	return list_count(&leavingl);
}

void mixer_client_reap(void)
{
	list_flush(&leavingl);
}
