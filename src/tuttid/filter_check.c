/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/filter_check.c -- a canvas_filter is tried before it is kept
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <re.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/look.h"
#include "base/thread.h"
#include "media/mixer_client.h"
#include "tuttid/child.h"
#include "tuttid/filter_check.h"
#include "tuttid/req.h"
#include "tuttid/server.h"
#include "tuttid/task.h"
#include "tuttid/text.h"

/* Each may take a core for ten seconds, and hosts may ask for them. */
enum { TRIALS_MAX = 2 };

static unsigned trialc;

struct trial {
	struct task *task;        /* weak: it owns us                     */
	struct child *child;
	verb_h *thenh;
};

static void trial_destructor(void *arg)
{
	struct trial *trial = arg;

	--trialc;
	mem_deref(trial->child);
}

/* What it prints is made of what somebody typed. */
static void line_handler(const char *line, void *arg)
{
	struct trial *trial = arg;

	text_tidy(trial->task->text, sizeof(trial->task->text), line);
}

static void exit_handler(int status, void *arg)
{
	struct trial *trial = arg;
	struct task *task = trial->task;

	on_loop();
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		trial->thenh(task->srv, task->req, task->result);
	else if (WIFEXITED(status))
		req_fail(task->req, 400, "Bad argument", "canvas_filter: %s",
			 task->text[0] ? task->text : "cannot be tried");
	else
		req_fail(task->req, 400, "Bad argument", "canvas_filter: it "
			 "takes too much time or memory");
	mem_deref(task);
}

static int start(struct trial *trial, const char *graph)
{
	const struct config *conf = trial->task->srv->conf;
	char w[16], h[16];
	unsigned width = 1280, height = 720;
	const char *const argv[] = {
		"tutti-mixer", "--check-filter", graph, w, h,
		config_str(conf, "canvas_fps"), NULL,
	};

	(void)sscanf(config_str(conf, "canvas"), "%ux%u", &width, &height);
	(void)re_snprintf(w, sizeof(w), "%u", width);
	(void)re_snprintf(h, sizeof(h), "%u", height);

	return child_spawn(&trial->child, mixer_client_path(), argv, NULL, 0,
			   false, line_handler, exit_handler, trial);
}

void filter_check(struct server *srv, struct req *req, const json_t *args,
		  verb_h *thenh)
{
	struct task *task = NULL;
	const char *graph = "";
	struct trial *trial;
	int err;

	(void)json_str(args, "canvas_filter", &graph);
	if (!graph[0] || strlen(graph) >= LOOK_FILTER_MAX) {
		thenh(srv, req, args);
		return;
	}
	if (trialc >= TRIALS_MAX) {
		req_fail(req, 503, "Too many at a time", "canvas_filter: "
			 "others are being tried, ask again");
		return;
	}
	if (task_alloc(&task, srv, req))
		return;

	trial = mem_zalloc(sizeof(*trial), trial_destructor);
	trialc += trial != NULL;
	task->obj    = trial;
	task->result = json_incref((json_t *)(uintptr_t)args);
	err = trial ? 0 : ENOMEM;
	if (!err) {
		trial->task  = task;
		trial->thenh = thenh;
		err = start(trial, graph);
	}
	if (err) {
		req_fail_errno(req, err, "canvas_filter cannot be tried");
		mem_deref(task);
	}
}
