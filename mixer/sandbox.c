/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/sandbox.c -- take everything away that a mixer does not need
 *
 * EPERM rather than death for what is not on the list: a C library that
 * tries something new must not end a meeting, and a call that fails does an
 * attacker no good.
 */
#define _GNU_SOURCE 1
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif

#include <re.h>
#include <seccomp.h>

#include "mixer/sandbox.h"

/* Whatever the arguments are. */
static const int plainv[] = {
	/* descriptors we have */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev),
	SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(lseek),
	SCMP_SYS(close), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fcntl),
	SCMP_SYS(dup), SCMP_SYS(dup3),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg),
	SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
	SCMP_SYS(getpeername), SCMP_SYS(shutdown),
	/* looking at files; Landlock says which may be opened */
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs),
	SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
	SCMP_SYS(fadvise64), SCMP_SYS(flock),
	/* memory */
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mprotect),
	SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(mincore), SCMP_SYS(membarrier),
	/* threads and waiting */
	SCMP_SYS(futex), SCMP_SYS(set_robust_list),
	SCMP_SYS(get_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(set_tid_address), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_setscheduler),
	SCMP_SYS(sched_getscheduler), SCMP_SYS(sched_getparam),
	SCMP_SYS(sched_setparam), SCMP_SYS(sched_get_priority_max),
	SCMP_SYS(sched_get_priority_min), SCMP_SYS(getpriority),
	SCMP_SYS(setpriority), SCMP_SYS(getcpu),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_create),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select),
	SCMP_SYS(pselect6), SCMP_SYS(eventfd2), SCMP_SYS(pipe),
	SCMP_SYS(pipe2), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
	SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(restart_syscall),
	/* signals */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	/* asking */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
	SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname),
	SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(getppid),
	SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getpgrp),
};

static const int deadlyv[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
};

static int rules(scmp_filter_ctx ctx)
{
	const uint64_t wr = O_ACCMODE | O_CREAT | O_TRUNC;
	size_t i;
	int e = 0;

	for (i = 0; i < ARRAY_SIZE(plainv) && !e; i++)
		e = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, plainv[i], 0);
	for (i = 0; i < ARRAY_SIZE(deadlyv) && !e; i++)
		e = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, deadlyv[i],
				     0);
	if (e)
		return e;

	e |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			      SCMP_A2(SCMP_CMP_MASKED_EQ, wr, O_RDONLY));
	e |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
			      SCMP_A1(SCMP_CMP_MASKED_EQ, wr, O_RDONLY));
	/* threads, not processes; the C library falls back from clone3,
	 * whose flags no filter can see */
	e |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD,
				      CLONE_THREAD));
	e |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
			      0);
	e |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
			      SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	e |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
			      SCMP_A2(SCMP_CMP_EQ, 0, 0));
	e |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(),
				      0));
	e |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
			      SCMP_A1(SCMP_CMP_EQ, FIONBIO, 0));
	e |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
			      SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0));

	return e;
}

static int filter(void)
{
	scmp_filter_ctx ctx;
	int e;

	ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!ctx)
		return ENOMEM;

	e = rules(ctx);
	if (!e) {
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
		e = seccomp_load(ctx);
	}
	seccomp_release(ctx);

	return e < 0 ? -e : e;
}

#ifdef HAVE_LINUX_LANDLOCK_H
/* Fonts, their configuration and cache, locale data; what a library may
 * load late (/usr holds nothing that is secret); our own data. */
static const char *const pathv[] = {
	"/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache",
	"/etc/localtime", "/var/cache/fontconfig", "/dev/null",
	"/dev/urandom", "/sys/devices/system/cpu", "/proc/self",
	PKGDATADIR,
};

static int allow(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr attr = {0};
	struct stat st;
	int e = 0;

	attr.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (attr.parent_fd < 0)
		return 0;

	attr.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
	if (!fstat(attr.parent_fd, &st) && S_ISDIR(st.st_mode))
		attr.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	if (syscall(SYS_landlock_add_rule, ruleset,
		    LANDLOCK_RULE_PATH_BENEATH, &attr, 0))
		e = errno;
	close(attr.parent_fd);

	return e;
}

/* EOPNOTSUPP, ENOSYS: the kernel has none. */
static int landlock(void)
{
	/* the first ABI: every later kernel knows these */
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,
	};
	const char *home = getenv("HOME");
	char fonts[512];
	size_t i;
	int fd, e = 0;

	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr),
			  0);
	if (fd < 0)
		return errno;

	for (i = 0; i < ARRAY_SIZE(pathv) && !e; i++)
		e = allow(fd, pathv[i]);
	if (home && !e
	    && re_snprintf(fonts, sizeof(fonts), "%s/.fonts", home) > 0)
		e = allow(fd, fonts);
	if (!e && syscall(SYS_landlock_restrict_self, fd, 0))
		e = errno;
	close(fd);

	return e;
}
#else
static int landlock(void)
{
	return ENOSYS;
}
#endif

int sandbox_enter(const char **what)
{
	const char *off = getenv("TUTTI_NO_SANDBOX");
	const char *word = "seccomp landlock";
	int err;

#ifdef SANITIZE
	off = "1";
#endif
	if (off && !strcmp(off, "1")) {
		if (what)
			*what = "off";
		return 0;
	}

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	    || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return errno;

	err = landlock();
	if (err)
		word = "seccomp";

	err = filter();
	if (!err && what)
		*what = word;

	return err;
}
