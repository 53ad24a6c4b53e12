/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/task.c -- a verb that takes its time: check, backup, export
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "base/conf.h"
#include "base/thread.h"
#include "tuttid/job.h"
#include "tuttid/req.h"
#include "tuttid/server.h"
#include "tuttid/task.h"

enum { COPY_CHUNK = 1 << 20 };

static void task_destructor(void *arg)
{
	struct task *task = arg;

	list_unlink(&task->le);
	mem_deref(task->obj);
	if (task->fd >= 0) {
		(void)close(task->fd);
		(void)unlink(task->tmp);
	}
	json_decref(task->result);
	mem_deref(task->req);
}

int task_alloc(struct task **taskp, struct server *srv, struct req *req)
{
	struct task *task;

	task = mem_zalloc(sizeof(*task), task_destructor);
	if (!task) {
		req_fail_errno(req, ENOMEM, "No memory");
		return ENOMEM;
	}

	task->srv = srv;
	task->req = mem_ref(req);
	task->fd  = -1;
	list_append(&srv->taskl, &task->le, task);
	*taskp = task;

	return 0;
}

int task_output(struct task *task, const char *file, const char *suffix)
{
	static unsigned serial;
	int err;

	if (file[0] != '/') {
		req_fail(task->req, 400, "Not an absolute path", "%s", file);
		return EINVAL;
	}
	if (strlen(file) >= sizeof(task->file)) {
		req_fail(task->req, 400, "Path too long", NULL);
		return EINVAL;
	}

	str_ncpy(task->file, file, sizeof(task->file));
	str_ncpy(task->tmp, file, sizeof(task->tmp));
	if (req_same_user(task->req))
		return 0;

	err = req_open(task->req, file, &task->fd);
	if (err)
		return err;

	return re_snprintf(task->tmp, sizeof(task->tmp), "%s/tmp-%u%s",
			   config_str(task->srv->conf, "data_dir"), ++serial,
			   suffix) < 0 ? EOVERFLOW : 0;
}

/* On a thread of its own */
static int copy_handler(void *arg)
{
	const struct task *task = arg;
	ssize_t n;
	int fd;

	fd = open(task->tmp, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;

	do {
		if (jobs_stopping(task->srv->jobs)) {
			(void)close(fd);
			return ECANCELED;
		}
		n = copy_file_range(fd, NULL, task->fd, NULL, COPY_CHUNK, 0);
	} while (n > 0);
	if (n < 0 && (errno == EXDEV || errno == EINVAL)) {
		char buf[65536];

		/* another file system, or no file at all */
		while ((n = read(fd, buf, sizeof(buf))) > 0) {
			errno = ENOSPC;         /* not all of it */
			if (write(task->fd, buf, n) != n) {
				n = -1;
				break;
			}
		}
	}
	/* done is said when it is on the disk; a pipe has none */
	if (!n && fsync(task->fd) && errno != EINVAL && errno != EROFS)
		n = -1;
	n = n < 0 ? errno : 0;
	(void)close(fd);

	return (int)n;
}

static void copied_handler(int err, void *arg)
{
	struct task *task = arg;

	on_loop();
	if (err)
		req_fail_errno(task->req, err, "Not written");
	else
		req_ok(task->req, json_incref(task->result));
	mem_deref(task);
}

void task_deliver(struct task *task, json_t *result)
{
	if (task->fd < 0) {
		req_ok(task->req, result);
		return;
	}

	task->result = result;
	if (job_run(task->srv->jobs, copy_handler, copied_handler,
		    mem_ref(task))) {
		req_fail(task->req, 500, "Not written", NULL);
		mem_deref(task);
	}
}
