/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/web_export.c -- files that are the body of an answer
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <re.h>

#include "base/thread.h"
#include "tuttid/web_export.h"

enum { PATH_BUF = 1024 };

struct exports {
	struct list l;            /* struct export, last used first       */
	unsigned max;
	uint32_t ms;
};

struct export {
	struct le le;
	uint64_t id;
	int fd;
	struct tmr tmr;
};

static void exports_destructor(void *arg)
{
	struct exports *e = arg;

	list_flush(&e->l);
}

static void export_destructor(void *arg)
{
	struct export *x = arg;

	tmr_cancel(&x->tmr);
	list_unlink(&x->le);
	if (x->fd >= 0)
		(void)close(x->fd);
}

int exports_alloc(struct exports **ep, unsigned max, uint32_t ms)
{
	struct exports *e;

	if (!ep || !max)
		return EINVAL;

	e = mem_zalloc(sizeof(*e), exports_destructor);
	if (!e)
		return ENOMEM;

	e->max = max;
	e->ms  = ms;
	*ep = e;

	return 0;
}

static struct export *find(const struct exports *e, uint64_t id)
{
	struct le *le;

	LIST_FOREACH(&e->l, le) {
		struct export *x = le->data;

		if (x->id == id)
			return x;
	}

	return NULL;
}

static void timeout(void *arg)
{
	on_loop();
	mem_deref(arg);
}

static void used(struct exports *e, struct export *x)
{
	list_unlink(&x->le);
	list_prepend(&e->l, &x->le, x);
	tmr_start(&x->tmr, e->ms, timeout, x);
}

int export_reopen(int fd, int *fdp)
{
	char path[64];

	(void)re_snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*fdp = open(path, O_RDONLY | O_CLOEXEC);

	return *fdp < 0 ? errno : 0;
}

int exports_get(struct exports *e, uint64_t id, int *fdp)
{
	struct export *x;
	int err;

	if (!e || !fdp)
		return EINVAL;

	x = find(e, id);
	if (!x)
		return ENOENT;

	err = export_reopen(x->fd, fdp);
	if (!err)
		used(e, x);

	return err;
}

void exports_put(struct exports *e, uint64_t id, int fd)
{
	struct export *x;

	if (!e || find(e, id))
		return;

	x = mem_zalloc(sizeof(*x), export_destructor);
	if (!x)
		return;

	tmr_init(&x->tmr);
	x->id = id;
	if (export_reopen(fd, &x->fd)) {
		mem_deref(x);
		return;
	}
	if (list_count(&e->l) >= e->max)
		mem_deref(list_ledata(list_tail(&e->l)));
	used(e, x);
}

int export_file(const char *dir, int *fdp)
{
	char path[PATH_BUF];
	int fd;

	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		/* not every file system has files without a name */
		if (re_snprintf(path, sizeof(path), "%s/tmp-XXXXXX",
				dir) < 0)
			return ENAMETOOLONG;
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(path);
	}
	if (fd < 0)
		return errno;

	*fdp = fd;

	return 0;
}
