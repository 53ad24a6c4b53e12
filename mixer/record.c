/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/record.c -- the writer thread: jobs in, files and pictures out
 *
 *	record_put (any thread) -+
 *	pause, stop (loop) ------+-> recorder.jobl -> writer -> mkv, image
 *	record_png, _jpeg -------+
 *
 * One list in order of arrival.  Each recording may have RECORD_QUEUE units
 * in it; when it has, its pictures are dropped up to the next key frame
 * that finds room again, because what depends on a lost picture is
 * worthless, and its sound only while there is no room at all.
 *
 * What the loop and the writer both hold of a recording is `struct file`,
 * with a count of its own (libre's are not atomic); struct record is the
 * loop's handle on it.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/frame.h>
#include <re.h>

#include "base/log.h"
#include "base/thread.h"
#include "mixer/record.h"
#include "mixer/record_image.h"
#include "mixer/record_mkv.h"

enum {
	CLOSE_WAIT_S = 5,         /* for a disk that hangs                */
	IMAGES_MAX   = 16,
};

/* Locks: [I] set at creation  [W] writer only  [m] recorder.mtx
 *        [h] hmtx  [a] atomic */
struct file {
	atomic_uint refs;         /* [a]                                  */
	struct mkv *mkv;          /* [W]                                  */
	bool failed;              /* [W] REC_FAILED was said              */
	bool open;                /* [W] REC_OPEN was said                */
	bool paused;              /* [W]                                  */
	uint64_t said;            /* [W] drops reported so far            */
	unsigned queued;          /* [m] units in jobl                    */
	bool dropping;            /* [m] until a key frame finds room     */
	bool stopping;            /* [m] the stop job is queued           */
	bool done;                /* [m] closed                           */
	atomic_ullong dropped;    /* [a] units                            */
	pthread_mutex_t hmtx;
	record_state_h *stateh;   /* [h] NULL: nobody listens             */
	void *arg;                /* [h]                                  */
};

enum job_type { JOB_UNIT, JOB_PAUSE, JOB_RESUME, JOB_STOP, JOB_PNG, JOB_JPEG };

struct job {
	struct job *next;
	enum job_type type;
	struct file *file;        /* strong                               */
	struct unit *unit;        /* strong                               */
	AVFrame *frame;
	int fd;
	unsigned width;
	record_image_h *doneh;
	void *arg;
};

/* The thread's half; freed by whoever lets go last, so that a writer stuck
 * in the kernel does not hold up our end. */
struct core {
	atomic_uint refs;
	pthread_mutex_t mtx;
	pthread_cond_t cond;      /* a job, or a file is done             */
	struct job *head, **tail; /* [m]                                  */
	unsigned images;          /* [m]                                  */
	bool quit;                /* [m]                                  */
};

struct recorder {
	struct core *core;        /* [I]                                  */
	pthread_t thread;         /* [I]                                  */
	bool run;                 /* [I]                                  */
};

struct record {
	struct recorder *recorder;/* [I] strong                           */
	struct file *file;        /* [I] strong                           */
};

static void file_unref(struct file *file)
{
	if (!file || atomic_fetch_sub(&file->refs, 1) != 1)
		return;

	mem_deref(file->mkv);
	pthread_mutex_destroy(&file->hmtx);
	free(file);
}

static void core_unref(struct core *core)
{
	if (!core || atomic_fetch_sub(&core->refs, 1) != 1)
		return;

	pthread_cond_destroy(&core->cond);
	pthread_mutex_destroy(&core->mtx);
	free(core);
}

static void job_free(struct job *job)
{
	if (!job)
		return;

	unit_unref(job->unit);
	file_unref(job->file);
	av_frame_free(&job->frame);
	if (job->fd >= 0)
		close(job->fd);
	free(job);
}

static struct job *job_new(enum job_type type, struct file *file)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;

	job->type = type;
	job->fd = -1;
	if (file) {
		atomic_fetch_add(&file->refs, 1);
		job->file = file;
	}

	return job;
}

/* With core->mtx held. */
static void job_push(struct core *core, struct job *job)
{
	job->next = NULL;
	*core->tail = job;
	core->tail = &job->next;
	pthread_cond_broadcast(&core->cond);
}

static void say(struct file *file, enum record_state st, const char *text)
{
	pthread_mutex_lock(&file->hmtx);
	if (file->stateh)
		file->stateh(st, mkv_duration_ms(file->mkv),
			     mkv_bytes(file->mkv), text, file->arg);
	pthread_mutex_unlock(&file->hmtx);
}

static void say_failed(struct file *file, int err)
{
	char text[128];

	if (file->failed)
		return;

	file->failed = true;
	(void)re_snprintf(text, sizeof(text), "cannot write: %m", err);
	say(file, REC_FAILED, text);
}

static void do_unit(struct file *file, const struct unit *unit)
{
	unsigned long long dropped = atomic_load(&file->dropped);
	int err;

	err = mkv_write(file->mkv, unit);
	if (err) {
		say_failed(file, err);
		return;
	}
	if (!file->open && mkv_duration_ms(file->mkv)) {
		file->open = true;
		say(file, REC_OPEN, "");
	}
	/* said when it is over, so that the number is whole */
	if (file->open && dropped != file->said && unit->key
	    && unit->codec == CODEC_H264) {
		char text[128];

		(void)re_snprintf(text, sizeof(text),
				  "disk too slow: dropped %llu frames",
				  dropped - file->said);
		file->said = dropped;
		say(file, REC_OPEN, text);
	}
}

static void do_pause(struct file *file, bool on)
{
	if (file->paused == on || file->failed)
		return;

	file->paused = on;
	mkv_pause(file->mkv, on);
	say(file, on ? REC_PAUSED : REC_OPEN, "");
}

static void do_stop(struct core *core, struct file *file)
{
	int err = mkv_close(file->mkv);

	if (err && !file->failed)
		say_failed(file, err);
	say(file, REC_CLOSED, "");

	pthread_mutex_lock(&core->mtx);
	file->done = true;
	pthread_cond_broadcast(&core->cond);
	pthread_mutex_unlock(&core->mtx);
}

static void do_image(struct core *core, struct job *job)
{
	int err;

	if (job->type == JOB_PNG)
		err = image_png(job->frame, job->fd);
	else
		err = image_jpeg(job->frame, job->fd, job->width);

	/* whoever is told may read the file: all of it is there */
	if (close(job->fd) && !err)
		err = errno;
	job->fd = -1;
	if (job->doneh)
		job->doneh(err, job->arg);

	pthread_mutex_lock(&core->mtx);
	--core->images;
	pthread_mutex_unlock(&core->mtx);
}

static void job_run(struct core *core, struct job *job)
{
	switch (job->type) {

	case JOB_UNIT:
		do_unit(job->file, job->unit);
		break;
	case JOB_PAUSE:
	case JOB_RESUME:
		do_pause(job->file, job->type == JOB_PAUSE);
		break;
	case JOB_STOP:
		do_stop(core, job->file);
		break;
	case JOB_PNG:
	case JOB_JPEG:
		do_image(core, job);
		break;
	}
}

static void *writer_main(void *arg)
{
	struct core *core = arg;

	thread_ordinary();
	(void)pthread_setname_np(pthread_self(), "writer");
	for (;;) {
		struct job *job;

		pthread_mutex_lock(&core->mtx);
		while (!core->head && !core->quit)
			pthread_cond_wait(&core->cond, &core->mtx);
		job = core->head;
		if (job) {
			core->head = job->next;
			if (!core->head)
				core->tail = &core->head;
			if (job->type == JOB_UNIT)
				--job->file->queued;
		}
		pthread_mutex_unlock(&core->mtx);
		if (!job)
			break;

		job_run(core, job);
		job_free(job);
	}
	core_unref(core);

	return NULL;
}

static void deadline(struct timespec *ts)
{
	clock_gettime(CLOCK_REALTIME, ts);
	ts->tv_sec += CLOSE_WAIT_S;
}

static void recorder_destructor(void *data)
{
	struct recorder *r = data;
	struct timespec ts;

	if (r->run) {
		pthread_mutex_lock(&r->core->mtx);
		r->core->quit = true;
		pthread_cond_broadcast(&r->core->cond);
		pthread_mutex_unlock(&r->core->mtx);

		deadline(&ts);
		if (pthread_timedjoin_np(r->thread, NULL, &ts)) {
			warning("writer hangs in the kernel, left behind\n");
			pthread_detach(r->thread);
		}
	}
	core_unref(r->core);
}

int recorder_alloc(struct recorder **rp)
{
	struct recorder *r;
	struct core *core;
	int err;

	if (!rp)
		return EINVAL;

	r = mem_zalloc(sizeof(*r), recorder_destructor);
	core = calloc(1, sizeof(*core));
	if (!r || !core) {
		mem_deref(r);
		free(core);
		return ENOMEM;
	}
	r->core = core;
	atomic_init(&core->refs, 2);
	core->tail = &core->head;
	pthread_mutex_init(&core->mtx, NULL);
	pthread_cond_init(&core->cond, NULL);

	err = pthread_create(&r->thread, NULL, writer_main, core);
	if (err) {
		core_unref(core);
		mem_deref(r);
		return err;
	}
	r->run = true;
	*rp = r;

	return 0;
}

static ON(loop) void record_destructor(void *data)
{
	struct record *rec = data;
	struct core *core = rec->recorder ? rec->recorder->core : NULL;
	struct file *file = rec->file;
	struct timespec ts;
	int err = 0;

	if (file && core) {
		record_stop(rec);

		deadline(&ts);
		pthread_mutex_lock(&core->mtx);
		while (!file->done && file->stopping && !err)
			err = pthread_cond_timedwait(&core->cond, &core->mtx,
						     &ts);
		pthread_mutex_unlock(&core->mtx);
		if (err)
			warning("recording not closed in time: %m\n", err);

		pthread_mutex_lock(&file->hmtx);
		file->stateh = NULL;
		pthread_mutex_unlock(&file->hmtx);
	}
	file_unref(file);
	mem_deref(rec->recorder);
}

int record_alloc(struct record **recp, struct recorder *r, int fd,
		 unsigned width, unsigned height, unsigned fps,
		 record_state_h *stateh, void *arg)
{
	struct record *rec = NULL;
	struct file *file;
	struct mkv *mkv;
	int err;

	if (fd < 0)
		return EINVAL;
	if (!recp || !r) {
		close(fd);
		return EINVAL;
	}

	err = mkv_alloc(&mkv, fd, width, height, fps);
	if (err)
		return err;

	rec = mem_zalloc(sizeof(*rec), record_destructor);
	file = calloc(1, sizeof(*file));
	if (!rec || !file) {
		mem_deref(mkv);
		mem_deref(rec);
		free(file);
		return ENOMEM;
	}
	atomic_init(&file->refs, 1);
	pthread_mutex_init(&file->hmtx, NULL);
	file->mkv = mkv;
	file->stateh = stateh;
	file->arg = arg;

	rec->file = file;
	rec->recorder = mem_ref(r);
	*recp = rec;

	return 0;
}

/* With core->mtx held: is there a place for this unit? */
static bool admit(struct file *file, const struct unit *unit)
{
	bool video = unit->codec == CODEC_H264;
	bool room = file->queued < RECORD_QUEUE;

	if (file->stopping)
		return false;
	if (video && file->dropping && unit->key
	    && file->queued < RECORD_QUEUE / 2)
		file->dropping = false;
	if (video && !room)
		file->dropping = true;
	if (!room || (video && file->dropping)) {
		atomic_fetch_add(&file->dropped, 1);
		return false;
	}
	++file->queued;

	return true;
}

void record_put(struct record *rec, struct unit *unit)
{
	struct core *core;
	struct job *job;

	if (!rec || !unit)
		return;

	job = job_new(JOB_UNIT, rec->file);
	if (!job)
		return;
	job->unit = unit_ref(unit);

	core = rec->recorder->core;
	pthread_mutex_lock(&core->mtx);
	if (admit(rec->file, unit)) {
		job_push(core, job);
		job = NULL;
	}
	pthread_mutex_unlock(&core->mtx);
	job_free(job);
}

void record_pause(struct record *rec, bool on)
{
	struct core *core;
	struct job *job;

	if (!rec)
		return;

	job = job_new(on ? JOB_PAUSE : JOB_RESUME, rec->file);
	if (!job)
		return;

	core = rec->recorder->core;
	pthread_mutex_lock(&core->mtx);
	job_push(core, job);
	pthread_mutex_unlock(&core->mtx);
}

void record_stop(struct record *rec)
{
	struct core *core;
	struct job *job;

	if (!rec)
		return;

	job = job_new(JOB_STOP, rec->file);
	if (!job)
		return;

	core = rec->recorder->core;
	pthread_mutex_lock(&core->mtx);
	if (!rec->file->stopping) {
		rec->file->stopping = true;
		job_push(core, job);
		job = NULL;
	}
	pthread_mutex_unlock(&core->mtx);
	job_free(job);
}

static int image(struct recorder *r, enum job_type type, AVFrame *frame,
		 int fd, unsigned width, record_image_h *doneh, void *arg)
{
	struct core *core;
	struct job *job;
	bool full;

	if (fd < 0)
		return EINVAL;

	job = job_new(type, NULL);
	if (!job) {
		close(fd);
		return ENOMEM;
	}
	job->fd = fd;
	job->width = width;
	job->doneh = doneh;
	job->arg = arg;
	job->frame = frame ? av_frame_clone(frame) : NULL;
	if (!r || !job->frame) {
		job_free(job);
		return r && frame ? ENOMEM : EINVAL;
	}

	core = r->core;
	pthread_mutex_lock(&core->mtx);
	full = core->images >= IMAGES_MAX;
	if (!full) {
		++core->images;
		job_push(core, job);
	}
	pthread_mutex_unlock(&core->mtx);
	if (full)
		job_free(job);

	return full ? EBUSY : 0;
}

int record_png(struct recorder *r, AVFrame *frame, int fd,
	       record_image_h *doneh, void *arg)
{
	return image(r, JOB_PNG, frame, fd, 0, doneh, arg);
}

int record_jpeg(struct recorder *r, AVFrame *frame, int fd, unsigned width,
		record_image_h *doneh, void *arg)
{
	return image(r, JOB_JPEG, frame, fd, width, doneh, arg);
}
