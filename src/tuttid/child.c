/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/child.c -- a helper process: start it, read its lines, see it end
 *
 * libre's sockets are not close-on-exec, hence closefrom in the child; its
 * exit is seen on a pidfd, so SIGCHLD and its races are not needed.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "base/thread.h"
#include "tuttid/child.h"

extern char **environ;

enum { KILL_AFTER_MS = 2000, FD_FIRST = 3, FD_CLEAR = 64 };

/* The process itself; outlives a child that its owner let go. */
struct proc {
	struct tmr tmr_kill;
	struct child *child;      /* weak, NULL when abandoned            */
	pid_t pid;
	int pidfd;
};

struct child {
	struct proc *proc;        /* NULL once it has ended               */
	int fd_out;
	char line[CHILD_LINE_MAX];
	size_t len;
	child_line_h *lineh;
	child_exit_h *exith;
	void *arg;
};

static void proc_destructor(void *arg)
{
	struct proc *proc = arg;

	tmr_cancel(&proc->tmr_kill);
	if (proc->pidfd >= 0) {
		fd_close(proc->pidfd);
		(void)close(proc->pidfd);
	}
}

static void close_out(struct child *child)
{
	if (child->fd_out < 0)
		return;

	fd_close(child->fd_out);
	(void)close(child->fd_out);
	child->fd_out = -1;
}

static void kill_handler(void *arg)
{
	struct proc *proc = arg;

	on_loop();
	(void)kill(proc->pid, SIGKILL);
}

static void child_destructor(void *arg)
{
	struct child *child = arg;

	close_out(child);
	if (child->proc) {
		/* it ends without us: the pidfd's handler frees it */
		child->proc->child = NULL;
		(void)kill(child->proc->pid, SIGTERM);
		tmr_start(&child->proc->tmr_kill, KILL_AFTER_MS,
			  kill_handler, child->proc);
	}
}

/* Callers hold a reference of their own: with no other the owner has let
 * go of it and hears nothing any more. */
static bool abandoned(const struct child *child)
{
	return mem_nrefs(child) < 2;
}

static void end_line(struct child *child)
{
	child->line[child->len] = '\0';
	if (child->len && child->lineh && !abandoned(child))
		child->lineh(child->line, child->arg);
	child->len = 0;
}

/* Reads what is there; false when nothing more will come. */
static bool read_out(struct child *child)
{
	char buf[2048];
	ssize_t n, i;

	n = read(child->fd_out, buf, sizeof(buf));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;

	for (i = 0; i < n; i++) {
		if (buf[i] == '\n')
			end_line(child);
		else if (child->len < sizeof(child->line) - 1)
			child->line[child->len++] = buf[i];
	}

	return n > 0;
}

static void out_handler(int flags, void *arg)
{
	struct child *child = mem_ref(arg);

	(void)flags;
	on_loop();
	if (child->fd_out >= 0 && !read_out(child))
		close_out(child);
	mem_deref(child);
}

/* What it printed just before it ended; bounded, as a grandchild may hold
 * the pipe open and go on. */
static void drain(struct child *child)
{
	unsigned i;

	for (i = 0; i < 64 && child->fd_out >= 0; i++) {
		errno = 0;
		if (!read_out(child) || errno == EAGAIN)
			break;
	}
	close_out(child);
	end_line(child);
}

static void exit_handler(int flags, void *arg)
{
	struct proc *proc = arg;
	struct child *child = proc->child;
	int status = 0;

	(void)flags;
	on_loop();

	if (waitpid(proc->pid, &status, WNOHANG) == 0)
		return;

	if (child) {
		mem_ref(child);
		drain(child);
		child->proc = NULL;
		if (child->exith && !abandoned(child))
			child->exith(status, child->arg);
		mem_deref(child);
	}
	mem_deref(proc);
}

int child_path(char *buf, size_t size, const char *name)
{
	const char *dir = getenv("TUTTI_LIBEXEC");

	return re_snprintf(buf, size, "%s/%s", dir && *dir ? dir
			   : PKGLIBEXECDIR, name) < 0 ? EOVERFLOW : 0;
}

/* Descriptors are first copied out of the way of their targets. */
static int map_fds(posix_spawn_file_actions_t *fa, int out, bool both,
		   const int *fdv, size_t fdc, int *tmpv)
{
	size_t i;
	int err;

	err  = posix_spawn_file_actions_addopen(fa, 0, "/dev/null",
						O_RDONLY, 0);
	err |= posix_spawn_file_actions_adddup2(fa, out, 1);
	if (both)
		err |= posix_spawn_file_actions_adddup2(fa, out, 2);

	for (i = 0; i < fdc && !err; i++) {
		tmpv[i] = fcntl(fdv[i], F_DUPFD_CLOEXEC, FD_CLEAR);
		if (tmpv[i] < 0)
			return errno;
		err = posix_spawn_file_actions_adddup2(fa, tmpv[i],
						       FD_FIRST + (int)i);
	}

	return err | posix_spawn_file_actions_addclosefrom_np(
		fa, FD_FIRST + (int)fdc);
}

static int spawn(pid_t *pidp, const char *path, const char *const *argv,
		 int out, bool both, const int *fdv, size_t fdc)
{
	int tmpv[CHILD_FDS_MAX] = {-1, -1, -1, -1, -1, -1, -1, -1};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t set;
	size_t i;
	int err;

	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);

	err = map_fds(&fa, out, both, fdv, fdc, tmpv);
	if (!err)
		err = posix_spawn(pidp, path, &fa, &attr,
				  (char *const *)(uintptr_t)argv, environ);

	for (i = 0; i < ARRAY_SIZE(tmpv); i++) {
		if (tmpv[i] >= 0)
			(void)close(tmpv[i]);
	}
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);

	return err;
}

static int watch(struct child *child, pid_t pid)
{
	struct proc *proc;
	int err;

	proc = mem_zalloc(sizeof(*proc), proc_destructor);
	if (!proc)
		return ENOMEM;

	proc->pid   = pid;
	proc->pidfd = pidfd_open(pid, 0);
	err = proc->pidfd < 0 ? errno : 0;
	if (!err)
		err = fd_listen(proc->pidfd, FD_READ, exit_handler, proc);
	if (err) {
		mem_deref(proc);
		return err;
	}

	proc->child = child;
	child->proc = proc;

	return 0;
}

int child_spawn(struct child **childp, const char *path,
		const char *const *argv, const int *fdv, size_t fdc,
		bool both, child_line_h *lineh, child_exit_h *exith,
		void *arg)
{
	struct child *child;
	int pipev[2] = {-1, -1};
	pid_t pid = 0;
	int err;

	if (!childp || !path || !argv || fdc > CHILD_FDS_MAX)
		return EINVAL;

	child = mem_zalloc(sizeof(*child), child_destructor);
	if (!child)
		return ENOMEM;

	child->fd_out = -1;
	child->lineh  = lineh;
	child->exith  = exith;
	child->arg    = arg;

	if (pipe2(pipev, O_CLOEXEC)) {
		err = errno;
		goto out;
	}
	child->fd_out = pipev[0];
	(void)fcntl(child->fd_out, F_SETFL, O_NONBLOCK);

	err = spawn(&pid, path, argv, pipev[1], both, fdv, fdc);
	if (err)
		goto out;

	err = watch(child, pid);
	if (err) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		goto out;
	}

	err = fd_listen(child->fd_out, FD_READ, out_handler, child);

 out:
	if (pipev[1] >= 0)
		(void)close(pipev[1]);
	if (err)
		mem_deref(child);
	else
		*childp = child;

	return err;
}

pid_t child_pid(const struct child *child)
{
	return child && child->proc ? child->proc->pid : 0;
}
