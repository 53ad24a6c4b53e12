/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/playback.h -- a recording, all of it decoded
 *
 * Threads: any.
 */
#ifndef TUTTI_TESTS_FAKE_PLAYBACK_H
#define TUTTI_TESTS_FAKE_PLAYBACK_H

#include <stdbool.h>
#include <stdint.h>

struct AVFrame;

struct playback {
	unsigned pictures, sounds;        /* decoded                      */
	unsigned errors;                  /* packets the decoder refused  */
	int64_t ms;                       /* length                       */
};

/** Borrowed for the call; ms: when it is shown or heard. */
typedef void (playback_h)(bool sound, const struct AVFrame *f, double ms,
			  void *arg);

/** A picture and a sound track; h may be NULL. */
int  playback_read(const char *path, playback_h *h, void *arg,
		   struct playback *pb);

#endif
