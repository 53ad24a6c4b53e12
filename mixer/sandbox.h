/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/sandbox.h -- take everything away that a mixer does not need
 *
 * The decoders eat hostile bytes.  After sandbox_enter() the process and
 * all threads it starts can read fonts and what belongs to them, use the
 * descriptors it has and is given, and compute: no new socket, no program,
 * no file opened for writing, no look at other processes.
 *
 *	no_new_privs, not dumpable
 *	Landlock (Linux 5.13 and later, else skipped): files of the list in
 *	    sandbox.c, read-only
 *	seccomp: a list of system calls; others fail with EPERM, except that
 *	    execve and ptrace kill
 *
 * Threads: the first one, before it starts others (Landlock binds the
 * calling thread and those it makes later).
 */
#ifndef TUTTI_MIXER_SANDBOX_H
#define TUTTI_MIXER_SANDBOX_H

/** Does nothing in a sanitizer build and with TUTTI_NO_SANDBOX=1 in the
 *  environment.  `what` gets words for the log. */
int sandbox_enter(const char **what);

#endif
