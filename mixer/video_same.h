/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_same.h -- does a picture show anything that another does not?
 *
 * A page that is shared, or a camera that is switched to a still picture,
 * comes thirty times a second, and encoders go on mending it by the smallest
 * step there is.  What nobody can see need not be drawn and encoded.
 *
 * Threads: any, pure.
 */
#ifndef TUTTI_MIXER_VIDEO_SAME_H
#define TUTTI_MIXER_VIDEO_SAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct AVFrame;

enum { SAME_STEP = 1 };           /* of 255: what one pixel may differ by */

/** Both 4:2:0, of the same size and kind, and no pixel differs by more than
 *  SAME_STEP: of what is shown, so nothing adds up.  Moving pictures differ
 *  in their first lines, so to ask costs next to nothing there.  a may be
 *  NULL. */
bool video_same(const struct AVFrame *a, const struct AVFrame *b);

/** n pixels of a row; the plain one is for the test */
bool video_same_row(const uint8_t *a, const uint8_t *b, size_t n);
bool video_same_row_c(const uint8_t *a, const uint8_t *b, size_t n);

#endif
