/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/task.h -- a verb that takes its time: check, backup, export
 *
 * The server owns it until it is done.  A file that the client asked for is
 * written straight to its place when he and we are the same user; else into
 * data_dir, and copied (beside the loop) to a descriptor that was opened
 * with the client's rights before the work began.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_TASK_H
#define TUTTI_TUTTID_TASK_H

#include <re.h>
#include <jansson.h>

struct child;
struct req;
struct server;

enum { TASK_PATH_MAX = 1024, TASK_TEXT_MAX = 256 };

struct task {
	struct le le;             /* server->taskl                        */
	struct server *srv;       /* weak                                 */
	struct req *req;
	void *obj;                /* ours: db_check, db_backup, child     */
	char file[TASK_PATH_MAX]; /* where the client wants it            */
	char tmp[TASK_PATH_MAX];  /* where the work writes                */
	int fd;                   /* the client's file, or -1: tmp is it  */
	uint64_t id;              /* of a recording                       */
	char text[TASK_TEXT_MAX]; /* last line of a child                 */
	json_t *result;
};

/** Fails the req when it cannot. */
int task_alloc(struct task **taskp, struct server *srv, struct req *req);

/** Sets file, tmp and fd; fails the req when it cannot. */
int task_output(struct task *task, const char *file, const char *suffix);

/** The work is done: the file to its place, then the answer with result
 *  (stolen).  Holds the task meanwhile. */
void task_deliver(struct task *task, json_t *result);

#endif
