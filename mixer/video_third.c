/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_third.c -- scaling a plane to exactly 2/3 or 1/3
 *
 * 2/3: of three pixels a b c come (2a+b)/3 and (b+2c)/3, first down, then
 * across; 85 and 43 of 128 stand for the thirds.  1/3: each row of three
 * with weights 21 22 21 of 64, three rows added, divided by 192.
 */
#include <stddef.h>

#include "mixer/video_third.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
#define SSSE3 __attribute__((target("ssse3")))
#endif

enum { NEAR = 85, FAR = 43 };

/* --- plain C ---------------------------------------------------------- */

static inline uint8_t two_of(unsigned more, unsigned less)
{
	return (uint8_t)((more * NEAR + less * FAR + 64) >> 7);
}

static void two_row_c(uint8_t *dst, const uint8_t *more, const uint8_t *less,
		      unsigned from, unsigned w)
{
	for (unsigned x = from; x + 1 < w; x += 2) {
		const uint8_t *m = more + x / 2 * 3, *l = less + x / 2 * 3;
		uint8_t a = two_of(m[0], l[0]), b = two_of(m[1], l[1]);
		uint8_t c = two_of(m[2], l[2]);

		dst[x] = two_of(a, b);
		dst[x + 1] = two_of(c, b);
	}
}

static inline unsigned one_sum(const uint8_t *p)
{
	return p[0] * 21u + p[1] * 22u + p[2] * 21u;
}

static void one_row_c(uint8_t *dst, const uint8_t *p, int stride,
		      unsigned from, unsigned w)
{
	for (unsigned x = from; x < w; x++) {
		unsigned s = one_sum(p + 3 * x) + one_sum(p + stride + 3 * x)
			+ one_sum(p + 2 * stride + 3 * x);

		dst[x] = (uint8_t)((s + 95) * 342 >> 16);
	}
}

typedef void (two_row_h)(uint8_t *dst, const uint8_t *more,
			 const uint8_t *less, unsigned w);
typedef void (one_row_h)(uint8_t *dst, const uint8_t *p, int stride,
			 unsigned w);

static void two_row_all(uint8_t *dst, const uint8_t *more,
			const uint8_t *less, unsigned w)
{
	two_row_c(dst, more, less, 0, w);
}

static void one_row_all(uint8_t *dst, const uint8_t *p, int stride,
			unsigned w)
{
	one_row_c(dst, p, stride, 0, w);
}

/* --- SSSE3, AVX2 ------------------------------------------------------ */

#if defined(__x86_64__)
/* 16 pixels of two rows, weighted */
SSSE3 static inline __m128i two_down(const uint8_t *more, const uint8_t *less)
{
	const __m128i k = _mm_set1_epi16(FAR << 8 | NEAR);
	const __m128i r = _mm_set1_epi16(64);
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)more);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)less);
	__m128i lo = _mm_maddubs_epi16(_mm_unpacklo_epi8(a, b), k);
	__m128i hi = _mm_maddubs_epi16(_mm_unpackhi_epi8(a, b), k);

	lo = _mm_srli_epi16(_mm_add_epi16(lo, r), 7);
	hi = _mm_srli_epi16(_mm_add_epi16(hi, r), 7);

	return _mm_packus_epi16(lo, hi);
}

/* 8 pixels from 12; reads 16 */
SSSE3 static void two_row_simd(uint8_t *dst, const uint8_t *more,
			       const uint8_t *less, unsigned w)
{
	const __m128i pairs = _mm_setr_epi8(0, 1, 2, 1, 3, 4, 5, 4, 6, 7, 8,
					    7, 9, 10, 11, 10);
	const __m128i k = _mm_set1_epi16(FAR << 8 | NEAR);
	const __m128i r = _mm_set1_epi16(64);
	unsigned x = 0;

	/* the last read stays within the row: 4 pixels more than it uses */
	for (; x + 12 <= w; x += 8) {
		__m128i v = two_down(more + x / 2 * 3, less + x / 2 * 3);

		v = _mm_maddubs_epi16(_mm_shuffle_epi8(v, pairs), k);
		v = _mm_srli_epi16(_mm_add_epi16(v, r), 7);
		_mm_storel_epi64((__m128i *)(void *)(dst + x),
				 _mm_packus_epi16(v, v));
	}
	two_row_c(dst, more, less, x, w);
}

/* Two times 12 pixels of a row, four more behind each */
AVX2 static inline __m256i two_times(const uint8_t *p)
{
	return _mm256_inserti128_si256(_mm256_castsi128_si256(
		_mm_loadu_si128((const __m128i *)(const void *)p)),
		_mm_loadu_si128((const __m128i *)(const void *)(p + 12)), 1);
}

/* 16 pixels from 24; reads 28 */
AVX2 static void two_row_avx2(uint8_t *dst, const uint8_t *more,
			      const uint8_t *less, unsigned w)
{
	const __m256i pairs = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 1, 2, 1, 3, 4, 5, 4, 6, 7, 8, 7, 9, 10, 11,
			      10));
	const __m256i k = _mm256_set1_epi16(FAR << 8 | NEAR);
	const __m256i r = _mm256_set1_epi16(64);
	unsigned x = 0;

	for (; x + 20 <= w; x += 16) {
		__m256i a = two_times(more + x / 2 * 3);
		__m256i b = two_times(less + x / 2 * 3);
		__m256i lo = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b),
						  k);
		__m256i hi = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b),
						  k);
		__m256i v;

		lo = _mm256_srli_epi16(_mm256_add_epi16(lo, r), 7);
		hi = _mm256_srli_epi16(_mm256_add_epi16(hi, r), 7);
		v = _mm256_shuffle_epi8(_mm256_packus_epi16(lo, hi), pairs);
		v = _mm256_maddubs_epi16(v, k);
		v = _mm256_srli_epi16(_mm256_add_epi16(v, r), 7);
		v = _mm256_permute4x64_epi64(_mm256_packus_epi16(v, v), 8);
		_mm_storeu_si128((__m128i *)(void *)(dst + x),
				 _mm256_castsi256_si128(v));
	}
	two_row_c(dst, more, less, x, w);
}

/* Sums of threes: 8 from 24 pixels; reads 28 */
SSSE3 static inline __m128i one_across(const uint8_t *p)
{
	const __m128i k = _mm_set1_epi16(22 << 8 | 21);
	const __m128i k3 = _mm_set1_epi16(21);
	const __m128i lo2 = _mm_setr_epi8(0, 1, 3, 4, 6, 7, 9, 10, -1, -1, -1,
					  -1, -1, -1, -1, -1);
	const __m128i hi2 = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 0,
					  1, 3, 4, 6, 7, 9, 10);
	const __m128i lo1 = _mm_setr_epi8(2, -1, 5, -1, 8, -1, 11, -1, -1, -1,
					  -1, -1, -1, -1, -1, -1);
	const __m128i hi1 = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 2,
					  -1, 5, -1, 8, -1, 11, -1);
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + 12));
	__m128i two = _mm_or_si128(_mm_shuffle_epi8(a, lo2),
				   _mm_shuffle_epi8(b, hi2));
	__m128i one = _mm_or_si128(_mm_shuffle_epi8(a, lo1),
				   _mm_shuffle_epi8(b, hi1));

	return _mm_add_epi16(_mm_maddubs_epi16(two, k),
			     _mm_mullo_epi16(one, k3));
}

SSSE3 static void one_row_simd(uint8_t *dst, const uint8_t *p, int stride,
			       unsigned w)
{
	unsigned x = 0;

	for (; x + 10 <= w; x += 8) {
		__m128i s = one_across(p + 3 * x);

		s = _mm_add_epi16(s, one_across(p + stride + 3 * x));
		s = _mm_add_epi16(s, one_across(p + 2 * stride + 3 * x));
		s = _mm_mulhi_epu16(_mm_add_epi16(s, _mm_set1_epi16(95)),
				    _mm_set1_epi16(342));
		_mm_storel_epi64((__m128i *)(void *)(dst + x),
				 _mm_packus_epi16(s, s));
	}
	one_row_c(dst, p, stride, x, w);
}

static two_row_h *two_row(void)
{
	if (__builtin_cpu_supports("avx2"))
		return two_row_avx2;

	return __builtin_cpu_supports("ssse3") ? two_row_simd : two_row_all;
}

static one_row_h *one_row(void)
{
	return __builtin_cpu_supports("ssse3") ? one_row_simd : one_row_all;
}
#else
static two_row_h *two_row(void)
{
	return two_row_all;
}

static one_row_h *one_row(void)
{
	return one_row_all;
}
#endif

/* --- planes ----------------------------------------------------------- */

static void two_plane(two_row_h *rowh, uint8_t *dst, int dst_stride,
		      const uint8_t *src, int src_stride, unsigned w,
		      unsigned h)
{
	for (unsigned y = 0; y + 1 < h; y += 2) {
		const uint8_t *mid = src + src_stride;

		rowh(dst, src, mid, w);
		rowh(dst + dst_stride, mid + src_stride, mid, w);
		dst += 2 * (ptrdiff_t)dst_stride;
		src += 3 * (ptrdiff_t)src_stride;
	}
}

static void one_plane(one_row_h *rowh, uint8_t *dst, int dst_stride,
		      const uint8_t *src, int src_stride, unsigned w,
		      unsigned h)
{
	for (unsigned y = 0; y < h; y++) {
		rowh(dst, src, src_stride, w);
		dst += dst_stride;
		src += 3 * (ptrdiff_t)src_stride;
	}
}

void third_two(uint8_t *dst, int dst_stride, const uint8_t *src,
	       int src_stride, unsigned dst_w, unsigned dst_h)
{
	two_plane(two_row(), dst, dst_stride, src, src_stride, dst_w, dst_h);
}

void third_two_c(uint8_t *dst, int dst_stride, const uint8_t *src,
		 int src_stride, unsigned dst_w, unsigned dst_h)
{
	two_plane(two_row_all, dst, dst_stride, src, src_stride, dst_w,
		  dst_h);
}

void third_one(uint8_t *dst, int dst_stride, const uint8_t *src,
	       int src_stride, unsigned dst_w, unsigned dst_h)
{
	one_plane(one_row(), dst, dst_stride, src, src_stride, dst_w, dst_h);
}

void third_one_c(uint8_t *dst, int dst_stride, const uint8_t *src,
		 int src_stride, unsigned dst_w, unsigned dst_h)
{
	one_plane(one_row_all, dst, dst_stride, src, src_stride, dst_w,
		  dst_h);
}
