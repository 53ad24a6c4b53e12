/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_third.h -- scaling a plane to exactly 2/3 or 1/3
 *
 * What 360p and 720p pictures need in a canvas of three columns, and what
 * libyuv has no fast path for.  Box filters.  Threads: any, pure.
 */
#ifndef TUTTI_MIXER_VIDEO_THIRD_H
#define TUTTI_MIXER_VIDEO_THIRD_H

#include <stdint.h>

/** Reads dst_w * 3/2 by dst_h * 3/2 pixels; dst sizes even. */
void third_two(uint8_t *dst, int dst_stride, const uint8_t *src,
	       int src_stride, unsigned dst_w, unsigned dst_h);

/** Reads dst_w * 3 by dst_h * 3 pixels. */
void third_one(uint8_t *dst, int dst_stride, const uint8_t *src,
	       int src_stride, unsigned dst_w, unsigned dst_h);

/** The same without SIMD, to the bit: for the test. */
void third_two_c(uint8_t *dst, int dst_stride, const uint8_t *src,
		 int src_stride, unsigned dst_w, unsigned dst_h);
void third_one_c(uint8_t *dst, int dst_stride, const uint8_t *src,
		 int src_stride, unsigned dst_w, unsigned dst_h);

#endif
