/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/child.h -- a helper process: start it, read its lines, see it end
 *
 * The child gets nothing of ours but stdin (/dev/null), a pipe as stdout,
 * our stderr (or the pipe again) and the descriptors asked for, from 3 up.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_CHILD_H
#define TUTTI_TUTTID_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHILD_FDS_MAX = 8, CHILD_LINE_MAX = 4096 };

struct child;

/** A line it printed, without the newline; longer ones are cut. */
typedef void (child_line_h)(const char *line, void *arg);

/** status as from waitpid(2); the last line has been seen. */
typedef void (child_exit_h)(int status, void *arg);

/** The path of a program of ours: in $TUTTI_LIBEXEC, else PKGLIBEXECDIR. */
int child_path(char *buf, size_t size, const char *name);

/** argv ends with NULL; with `both` stderr is read too.  mem_deref before the exit handler ran: SIGTERM,
 *  SIGKILL after 2 s, no handler any more. */
int child_spawn(struct child **childp, const char *path,
		const char *const *argv, const int *fdv, size_t fdc,
		bool both, child_line_h *lineh, child_exit_h *exith,
		void *arg);

pid_t child_pid(const struct child *child);

#endif
