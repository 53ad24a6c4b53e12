/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_same.c -- does a picture show anything that another does not?
 */
#include <stdlib.h>

#include <libavutil/frame.h>

#include "mixer/video_same.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

bool video_same_row_c(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (abs(a[i] - b[i]) > SAME_STEP)
			return false;
	}

	return true;
}

#if defined(__x86_64__)
static inline __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* 16 pixels: what they differ by beyond a step */
static inline __m128i beyond(const uint8_t *a, const uint8_t *b)
{
	const __m128i step = _mm_set1_epi8(SAME_STEP);
	__m128i x = load(a), y = load(b);

	return _mm_subs_epu8(_mm_or_si128(_mm_subs_epu8(x, y),
					  _mm_subs_epu8(y, x)), step);
}

static bool none(__m128i v)
{
	return _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())) ==
		0xffff;
}

bool video_same_row(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	for (; i + 64 <= n; i += 64) {
		__m128i v = _mm_or_si128(
			_mm_or_si128(beyond(a + i, b + i),
				     beyond(a + i + 16, b + i + 16)),
			_mm_or_si128(beyond(a + i + 32, b + i + 32),
				     beyond(a + i + 48, b + i + 48)));

		if (!none(v))
			return false;
	}
	for (; i + 16 <= n; i += 16) {
		if (!none(beyond(a + i, b + i)))
			return false;
	}

	return video_same_row_c(a + i, b + i, n - i);
}
#else
bool video_same_row(const uint8_t *a, const uint8_t *b, size_t n)
{
	return video_same_row_c(a, b, n);
}
#endif

static bool same_plane(const AVFrame *a, const AVFrame *b, int i, int w,
		       int h)
{
	for (int y = 0; y < h; y++) {
		if (!video_same_row(a->data[i] + (ptrdiff_t)y * a->linesize[i],
				    b->data[i] + (ptrdiff_t)y * b->linesize[i],
				    (size_t)w))
			return false;
	}

	return true;
}

bool video_same(const AVFrame *a, const AVFrame *b)
{
	if (!a || a->width != b->width || a->height != b->height ||
	    a->format != AV_PIX_FMT_YUV420P || b->format != a->format ||
	    a->color_range != b->color_range ||
	    a->colorspace != b->colorspace ||
	    av_cmp_q(a->sample_aspect_ratio, b->sample_aspect_ratio))
		return false;

	return same_plane(a, b, 0, a->width, a->height) &&
		same_plane(a, b, 1, (a->width + 1) / 2,
			   (a->height + 1) / 2) &&
		same_plane(a, b, 2, (a->width + 1) / 2,
			   (a->height + 1) / 2);
}
