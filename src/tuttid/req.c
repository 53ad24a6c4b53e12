/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/req.c -- one request of a client and its answer
 */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>

#include "tuttid/req.h"

enum { DETAIL_MAX = 512 };

struct req {
	json_t *id;
	struct req_who who;
	req_line_h *lineh;        /* NULL once the client is gone         */
	req_waiting_h *waitingh;  /* NULL: nobody knows                   */
	req_open_h *openh;        /* NULL: a path of the client           */
	void *arg;
	req_gone_h *goneh;
	void *gone_arg;
	bool answered;
};

static void req_destructor(void *arg)
{
	struct req *req = arg;

	if (!req->answered)
		req_fail(req, 500, "Not answered", NULL);
	json_decref(req->id);
}

int req_alloc(struct req **reqp, json_t *id, const struct req_who *who,
	      req_line_h *lineh, void *arg)
{
	struct req *req;

	if (!reqp || !who || !lineh)
		return EINVAL;

	req = mem_zalloc(sizeof(*req), req_destructor);
	if (!req)
		return ENOMEM;

	req->id    = json_incref(id);
	req->who   = *who;
	req->lineh = lineh;
	req->arg   = arg;

	*reqp = req;

	return 0;
}

void req_detach(struct req *req)
{
	req_gone_h *goneh;

	if (!req)
		return;

	goneh = req->goneh;
	req->answered = true;
	req->lineh = NULL;
	req->goneh = NULL;
	if (goneh)
		goneh(req->gone_arg);
}

static void say(struct req *req, json_t *line, bool last)
{
	req_line_h *lineh = req->lineh;

	if (last)
		req->lineh = NULL;
	if (lineh && line)
		lineh(line, last, req->arg);
	json_decref(line);
}

static void answer(struct req *req, bool ok, const char *key, json_t *val)
{
	json_t *line;

	if (req->answered) {
		json_decref(val);
		return;
	}

	req->answered = true;
	line = json_pack("{s:b, s:o}", "ok", ok, key,
			 val ? val : json_object());
	if (line && req->id)
		(void)json_object_set(line, "id", req->id);
	say(req, line, true);
}

void req_ok(struct req *req, json_t *result)
{
	if (!req) {
		json_decref(result);
		return;
	}

	answer(req, true, "result", result);
}

void req_fail(struct req *req, int status, const char *title,
	      const char *fmt, ...)
{
	char detail[DETAIL_MAX] = "";
	json_t *error;
	va_list ap;

	if (!req)
		return;

	if (fmt) {
		va_start(ap, fmt);
		(void)re_vsnprintf(detail, sizeof(detail), fmt, ap);
		va_end(ap);
	}

	error = json_pack("{s:i, s:s}", "status", status, "title", title);
	if (error && detail[0]) {
		json_t *s = json_string(detail);

		/* the cut of a long text may have split a character */
		if (!s)
			s = json_string("(not UTF-8)");
		(void)json_object_set_new(error, "detail", s);
	}
	answer(req, false, "error", error);
}

void req_fail_errno(struct req *req, int err, const char *title)
{
	int status;

	switch (err) {
	case EINVAL:
	case EBADMSG:    status = 400; break;
	case EACCES:
	case EPERM:      status = 403; break;
	case ENOENT:     status = 404; break;
	case EALREADY:
	case EEXIST:
	case EPROTO:     status = 409; break;
	case ENOSPC:     status = 507; break;
	case EAGAIN:
	case ECONNRESET:
	case ETIMEDOUT:  status = 503; break;
	default:         status = 500; break;
	}

	req_fail(req, status, title, "%m", err);
}

void req_begin(struct req *req)
{
	json_t *line;

	if (!req)
		return;

	line = json_pack("{s:b}", "ok", 1);
	if (line && req->id)
		(void)json_object_set(line, "id", req->id);
	say(req, line, false);
}

void req_push(struct req *req, json_t *line)
{
	if (!req) {
		json_decref(line);
		return;
	}

	say(req, line, false);
}

void req_on_gone(struct req *req, req_gone_h *goneh, void *arg)
{
	if (!req)
		return;

	req->goneh    = goneh;
	req->gone_arg = arg;
}

void req_set_waiting(struct req *req, req_waiting_h *waitingh)
{
	if (req)
		req->waitingh = waitingh;
}

size_t req_waiting(const struct req *req)
{
	return req && req->lineh && req->waitingh ? req->waitingh(req->arg)
						  : 0;
}

const struct req_who *req_asker(const struct req *req)
{
	static const struct req_who nobody = {
		.uid = (uid_t)-1, .gid = (gid_t)-1, .role = VERB_GUEST,
	};

	return req ? &req->who : &nobody;
}

void req_set_open(struct req *req, req_open_h *openh)
{
	if (req)
		req->openh = openh;
}

bool req_has_open(const struct req *req)
{
	return req && req->openh;
}

bool req_takes_files(const struct req *req)
{
	return req && (req->openh || req->who.uid != (uid_t)-1);
}

bool req_same_user(const struct req *req)
{
	return req && (req->who.uid == geteuid() || req->who.uid == 0);
}

bool req_answered(const struct req *req)
{
	return req && req->answered;
}

/* open(2) as the client would: tuttid may run with more rights than the
 * members of its group who may talk to it. */
static int open_as(const struct req_who *who, const char *path)
{
	const bool other = who->uid != geteuid() && !geteuid();
	int fd, err;

	if (other) {
		(void)setfsgid(who->gid);
		(void)setfsuid(who->uid);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY |
		  O_CLOEXEC, 0644);
	err = errno;
	if (other) {
		(void)setfsuid(geteuid());
		(void)setfsgid(getegid());
	}
	errno = err;

	return fd;
}

int req_open(struct req *req, const char *path, int *fdp)
{
	struct stat st;
	int fd, err = 0;

	if (!req || !path || !fdp)
		return EINVAL;

	if (req->openh) {
		err = req->lineh ? req->openh(path, fdp, req->arg) : EPIPE;
		if (err)
			req_fail_errno(req, err, "Cannot make a file");
		return err;
	}

	if (path[0] != '/') {
		req_fail(req, 400, "Not an absolute path", "%s", path);
		return EINVAL;
	}

	fd = open_as(&req->who, path);
	if (fd < 0) {
		err = errno;
		req_fail_errno(req, err, "Cannot open the file");
		return err;
	}

	/* a device or pipe is written as it is, a file begins anew */
	if (fstat(fd, &st))
		err = errno;
	else if (S_ISREG(st.st_mode) && ftruncate(fd, 0))
		err = errno;
	if (err) {
		req_fail_errno(req, err, "Cannot write the file");
		(void)close(fd);
		return err;
	}

	*fdp = fd;

	return 0;
}
