/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/studio.h -- the whole video engine on a fake clock
 *
 * Cameras and screens without a network send into it; each stream that comes
 * out has a viewer.  A test is the loop and the worker in one.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FAKE_STUDIO_H
#define TUTTI_TESTS_FAKE_STUDIO_H

#include <jansson.h>

#include "base/thread.h"
#include "mixer/video.h"
#include "tests/fake/cam.h"

enum {
	STUDIO_PARTIES = 40, STUDIO_RUNGS = 12,
	STUDIO_STEP_US = 33334,
};

struct AVFrame;

struct studio_party {
	struct video_src *src, *slides;
	struct cam *cam, *screen;
	struct ticket ticket;
	unsigned evv[VIDEO_LOAD + 1];
	bool move;                /* its camera sees some motion          */
	bool still;               /* its screen sends nothing             */
	unsigned hold;
};

struct studio {
	struct video *v;
	struct studio_party partyv[STUDIO_PARTIES + 1];   /* index = leg  */
	uint64_t now;
	struct {
		uint32_t id;
		unsigned units, keys, fails;
		uint64_t pts_us;
		struct viewer *viewer;
	} rungv[STUDIO_RUNGS];    /* in the order of their first unit     */
	unsigned rungc;
	unsigned fails;           /* of all, and what belongs to none     */
	struct AVFrame *shot;
	int shot_err;
	unsigned shots;
	int64_t offset;
};

/** 720p30 in H.264 */
extern const struct video_rung studio_top;

/** A colour for each leg of studio_person() */
extern const unsigned studio_rgbv[STUDIO_PARTIES + 1];

int  studio_open(struct studio *f) ASSERTS(loop) ASSERTS(worker);
void studio_close(struct studio *f);

/** CODEC_NONE: a card. */
int  studio_join(struct studio *f, uint32_t id, const char *name,
		 enum ticket_codec codec, unsigned w, unsigned h,
		 unsigned rgb) ASSERTS(loop);
/** "P1" …, a small camera of its colour. */
int  studio_person(struct studio *f, uint32_t id) ASSERTS(loop);
int  studio_share(struct studio *f, uint32_t id, unsigned w, unsigned h,
		  unsigned rgb) ASSERTS(loop);
void studio_leave(struct studio *f, uint32_t id);

/** The room's layout, and one in its spotlight; 0: nobody */
void studio_room(struct studio *f, const char *layout, uint32_t spotlight)
	ASSERTS(loop);

/** A camera's frame without a tick; drop: lose so many of its packets. */
int  studio_frame(struct studio *f, uint32_t id, bool key, unsigned drop);

/** Frames from all cameras and screens, each followed by a tick. */
int  studio_step(struct studio *f, unsigned frames)
	ASSERTS(loop) ASSERTS(worker);

/** Time without a frame from anybody. */
void studio_idle(struct studio *f, unsigned ticks) ASSERTS(worker);

/** The room's canvas into f->shot, with one tick. */
int  studio_shot(struct studio *f) ASSERTS(loop) ASSERTS(worker);

/** … which is kept as a file of that name where TUTTI_PNG_DIR says so. */
int  studio_png(const struct studio *f, const char *fmt, ...);

/** false: and says what it is. */
bool studio_is(const struct AVFrame *f, unsigned x, unsigned y, unsigned rgb,
	       int tol);

/** What this watcher sees, NULL: nothing yet */
const struct AVFrame *studio_seen(const struct studio *f,
				  const struct video_watch *w) ASSERTS(loop);

/** A number of video_stats(), or the length of a list of it */
json_int_t studio_stat(const struct studio *f, const char *key) ASSERTS(loop);

#endif
