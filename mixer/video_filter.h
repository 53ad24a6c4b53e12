/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_filter.h -- a room's canvas_filter: a graph of libavfilter
 *
 * Only filters of a short list, which can open neither file nor network;
 * none of the words with which an expression could run for ever; one
 * picture in, one of the same size out, and no more CPU than
 * VFILTER_US_MAX a picture.  The library is loaded when the first graph is
 * made: it would double what a mixer weighs.
 *
 * Threads: one at a time.
 */
#ifndef TUTTI_MIXER_VIDEO_FILTER_H
#define TUTTI_MIXER_VIDEO_FILTER_H

#include "mixer/video_canvas.h"

enum {
	VFILTER_MAX    = 16,      /* filters in a graph                   */
	VFILTER_US_MAX = 12000,   /* CPU for a picture of 720 lines,
	                           * others by their size                 */
	VFILTER_SLOW   = 15,      /* times that, in pictures in a row that
	                           * are all above it: out                */
};

struct vfilter;

/** What it says, without running it; EINVAL with one line for people. */
int vfilter_check(const char *graph, char *errbuf, size_t errsz);

/** A graph that was checked, configured for this size. */
int vfilter_alloc(struct vfilter **fp, const char *graph, unsigned width,
		  unsigned height, unsigned fps, char *errbuf, size_t errsz);
                                  /* mem_deref */

/** out: of the same size, the filter's until the next call.  EAGAIN: none
 *  yet; ETIME: too slow for too long; anything else: it is broken. */
int vfilter_run(struct vfilter *f, const struct vpic *in,
		const struct vpic **outp);

/** All of it: checked, set up and tried on a few pictures. */
int vfilter_try(const char *graph, unsigned width, unsigned height,
		unsigned fps, char *errbuf, size_t errsz);

#endif
