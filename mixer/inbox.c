/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/inbox.c -- what the other threads hand to the net thread
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libavutil/frame.h>
#include <re.h>

#include "base/clock.h"
#include "mixer/bq.h"
#include "mixer/inbox.h"

enum { TURN_US = 10000 };         /* of media; then others have theirs    */

static void run(struct inbox *ib, uint64_t end);

/* Locks: [I] set at creation; the queues have their own */
struct inbox {
	struct bq *media;         /* [I]                                  */
	struct bq *news;          /* [I]                                  */
	int fd;                   /* [I] eventfd                          */
	inbox_h *h;               /* [I]                                  */
	inbox_done_h *doneh;      /* [I]                                  */
	void *arg;                /* [I]                                  */
};

static void post_free(struct post *post)
{
	unsigned i;

	if (!post)
		return;

	for (i = 0; i < post->outc; i++)
		unit_unref(post->outv[i].unit);
	unit_unref(post->unit);
	av_frame_free(&post->frame);
	free(post);
}

static void post_drop(void *item)
{
	post_free(item);
}

static void destructor(void *data)
{
	struct inbox *ib = data;

	if (ib->fd >= 0) {
		fd_close(ib->fd);
		close(ib->fd);
	}
	mem_deref(ib->media);
	mem_deref(ib->news);
}

static void wake_handler(int flags, void *arg)
{
	struct inbox *ib = arg;
	uint64_t n;

	(void)flags;
	on_loop();

	if (read(ib->fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;

	run(ib, clock_us() + TURN_US);
}

int inbox_alloc(struct inbox **ibp, inbox_h *h, inbox_done_h *doneh,
		void *arg)
{
	struct inbox *ib;
	int err;

	if (!ibp || !h)
		return EINVAL;

	ib = mem_zalloc(sizeof(*ib), destructor);
	if (!ib)
		return ENOMEM;

	ib->h = h;
	ib->doneh = doneh;
	ib->arg = arg;
	ib->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ib->fd < 0) {
		err = errno;
		goto out;
	}

	err  = bq_alloc(&ib->media, INBOX_MEDIA, post_drop);
	err |= bq_alloc(&ib->news, INBOX_NEWS, post_drop);
	if (err) {
		err = ENOMEM;
		goto out;
	}

	err = fd_listen(ib->fd, FD_READ, wake_handler, ib);

 out:
	if (err)
		mem_deref(ib);
	else
		*ibp = ib;

	return err;
}

struct post *inbox_new(enum post_type type, unsigned outc)
{
	struct post *post;

	post = calloc(1, sizeof(*post) + outc * sizeof(post->outv[0]));
	if (!post)
		return NULL;

	post->type = type;

	return post;
}

void inbox_post(struct inbox *ib, struct post *post)
{
	static const uint64_t one = 1;
	bool media;

	if (!post)
		return;
	if (!ib) {
		post_free(post);
		return;
	}

	media = post->type == POST_AUDIO || post->type == POST_VIDEO
		|| post->type == POST_AUDIO_REC;

	if (!bq_push(media ? ib->media : ib->news, post))
		return;

	while (write(ib->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* No more than were there at the start, and not after `end`: who produces
 * fast must not keep the sockets and tuttid from being read. */
static void drain(struct inbox *ib, struct bq *bq, uint64_t end)
{
	unsigned n = bq_count(bq);

	while (n--) {
		struct post *post = bq_pop(bq);

		if (!post)
			return;
		ib->h(post, ib->arg);
		post_free(post);
		if (clock_us() >= end)
			return;
	}
}

static void run(struct inbox *ib, uint64_t end)
{
	static const uint64_t one = 1;

	drain(ib, ib->news, UINT64_MAX);
	drain(ib, ib->media, end);
	if (ib->doneh)
		ib->doneh(ib->arg);

	/* a push into a queue that was not empty does not wake us */
	if ((bq_count(ib->media) || bq_count(ib->news))
	    && write(ib->fd, &one, sizeof(one)) < 0)
		return;
}

void inbox_drain(struct inbox *ib)
{
	if (ib)
		run(ib, UINT64_MAX);
}

uint64_t inbox_dropped(const struct inbox *ib)
{
	return ib ? bq_dropped(ib->media) + bq_dropped(ib->news) : 0;
}
