/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/mixer_proc.h -- one tutti-mixer process and its socket
 *
 * Says when the process is ready, when it speaks and when it is dead: it
 * exited, closed its socket or left pings unanswered for 2 s (the last two
 * are ended with SIGKILL first, so a dead mixer never reads its sockets
 * again).  Private to src/media.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MEDIA_MIXER_PROC_H
#define TUTTI_MEDIA_MIXER_PROC_H

#include <re.h>
#include <jansson.h>

struct mixer_proc;

/** msg borrowed; answers to pings (seq 1) are among them. */
typedef void (proc_msg_h)(json_t *msg, void *arg);

/** Called once; status as from waitpid(2).  The owner lets go. */
typedef void (proc_died_h)(int status, void *arg);

/** errno of exec(2) too. */
int mixer_proc_alloc(struct mixer_proc **mpp, const char *path,
		     proc_msg_h *msgh, proc_died_h *diedh, void *arg);

/** Steals msg. */
int mixer_proc_send(struct mixer_proc *mp, json_t *msg, const int *fdv,
		    size_t fdc);

/** It said "ready": from now on silence is death. */
void mixer_proc_watch(struct mixer_proc *mp);

pid_t mixer_proc_pid(const struct mixer_proc *mp);

/** Takes over the owner's reference: "bye", SIGKILL after 2 s, reaped by
 *  the loop; no handler runs any more. */
void mixer_proc_leave(struct mixer_proc *mp);

#endif
