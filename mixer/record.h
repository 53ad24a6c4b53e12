/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/record.h -- the writer: one thread, recordings and pictures to fds
 *
 * H.264 and Opus units are muxed as they are into Matroska, clusters of at
 * most 1 s, each written and handed to the kernel when it ends, so that
 * after SIGKILL all but the last second plays.  The queue is bounded
 * (RECORD_QUEUE units); when the disk is slower than that, whole groups of
 * pictures are dropped up to the next key frame, and a handler says so.
 *
 * Threads: calls ON(loop) or any thread where said; handlers run on the
 * writer and must not block.
 */
#ifndef TUTTI_MIXER_RECORD_H
#define TUTTI_MIXER_RECORD_H

#include "base/thread.h"
#include "mixer/unit.h"

enum { RECORD_QUEUE = 1024 };

struct record;
struct recorder;                  /* the thread                           */

enum record_state { REC_OPEN, REC_PAUSED, REC_CLOSED, REC_FAILED };
typedef void (record_state_h)(enum record_state st, uint64_t duration_ms,
			      uint64_t bytes, const char *text, void *arg);

int recorder_alloc(struct recorder **rp) ON(loop);    /* starts the thread */

/** Takes over fd (seekable, empty, read-write). */
int record_alloc(struct record **recp, struct recorder *r, int fd,
		 unsigned width, unsigned height, unsigned fps,
		 record_state_h *stateh, void *arg) ON(loop);

/** Any thread.  Starts at the first key frame; pts_us must not run back. */
void record_put(struct record *rec, struct unit *unit);
void record_pause(struct record *rec, bool on) ON(loop);

/** Ends the file; REC_CLOSED follows.  mem_deref without it is a cancel
 *  that also ends the file, waiting for what is queued (bounded, 5 s). */
void record_stop(struct record *rec) ON(loop);

/** A picture to fd (taken over), on the writer; done handler with errno.
 *  The frame (I420, BT.601) is referenced, not taken.  EBUSY: too many
 *  wait already.  If it fails here, fd is closed and doneh not called. */
struct AVFrame;
typedef void (record_image_h)(int err, void *arg);
int record_png(struct recorder *r, struct AVFrame *frame, int fd,
	       record_image_h *doneh, void *arg);
int record_jpeg(struct recorder *r, struct AVFrame *frame, int fd,
		unsigned width, record_image_h *doneh, void *arg);

#endif
