/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/probe.c -- what a client heard and saw, as numbers
 *
 *	probe tone HZ…    s16le mono 48000 Hz on stdin: a line "HZ dB" each,
 *	                  the level of that tone [dBFS, full-scale sine = 0],
 *	                  the median over 100 ms blocks
 *	probe gap HZ      the longest time [ms] the tone was missing between
 *	                  its first and its last block of 20 ms, and when that
 *	                  began [ms]; "-1 0" if it was never heard
 *	probe last HZ     when the tone was last heard [ms from the start]
 *	probe blocks HZ   percent of the blocks of 20 ms that have the tone
 *	probe colour RRGGBB…   rgb24 on stdin: "RRGGBB percent" each, how much
 *	                  of the picture is within 40 of that colour
 *	probe box WIDTH RRGGBB   rgb24 on stdin: width and height of the box
 *	                  around that colour, and how full of it that is
 *	                  [percent]; single pixels apart from it do not count
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


enum { HZ = 48000 };


static void *slurp(size_t *lenp)
{
	size_t len = 0, cap = 1 << 20;
	uint8_t *p = malloc(cap);

	for (;;) {
		size_t n = fread(p + len, 1, cap - len, stdin);

		if (!n)
			break;
		len += n;
		if (len == cap) {
			cap *= 2;
			p = realloc(p, cap);
			if (!p)
				abort();
		}
	}
	*lenp = len;

	return p;
}


/* Goertzel over n samples; amplitude of a sine of hz, full scale = 1 */
static double goertzel(const int16_t *s, size_t n, double hz)
{
	double w = 2 * M_PI * hz / HZ, c = 2 * cos(w), a = 0, b = 0, re, im;
	size_t i;

	for (i = 0; i < n; i++) {
		/* Hann window: neighbours 20 Hz away do not leak in */
		double h = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n);
		double x = s[i] / 32768.0 * h + c * a - b;

		b = a;
		a = x;
	}
	re = a - b * cos(w);
	im = b * sin(w);

	return 2 * sqrt(re * re + im * im) / ((double)n * 0.5);
}


static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}


static void tone(const int16_t *s, size_t n, const char *arg)
{
	size_t block = HZ / 10, c = n / block, i;
	double *v = calloc(c + 1, sizeof(*v));

	for (i = 0; i < c; i++)
		v[i] = 20 * log10(goertzel(s + i * block, block, atof(arg)) +
				  1e-6);
	qsort(v, c, sizeof(*v), cmp);
	printf("%s %.1f\n", arg, c ? v[c / 2] : -120.0);
	free(v);
}


/* Blocks of 20 ms in which the tone is above -45 dBFS */
static void gap(const int16_t *s, size_t n, const char *arg, int last_only)
{
	size_t block = HZ / 50, c = n / block, i, first = c, last = 0;
	size_t longest = 0, at = 0;

	for (i = 0; i < c; i++) {
		double a = goertzel(s + i * block, block, atof(arg));

		if (20 * log10(a + 1e-6) > -45) {
			if (first == c)
				first = i;
			else if (i - last - 1 > longest) {
				longest = i - last - 1;
				at = last + 1;
			}
			last = i;
		}
	}
	if (last_only)
		printf("%zu\n", first == c ? 0 : (last + 1) * 20);
	else
		printf("%ld %zu\n", first == c ? -1L : (long)longest * 20,
		       at * 20);
}


static void blocks(const int16_t *s, size_t n, const char *arg)
{
	size_t block = HZ / 50, c = n / block, i, have = 0;

	for (i = 0; i < c; i++) {
		double a = goertzel(s + i * block, block, atof(arg));

		have += 20 * log10(a + 1e-6) > -45;
	}
	printf("%zu\n", c ? have * 100 / c : 0);
}


static void colour(const uint8_t *p, size_t n, const char *arg)
{
	long want = strtol(arg, NULL, 16);
	size_t i, hit = 0;

	for (i = 0; i + 2 < n; i += 3) {
		int r = p[i] - (int)(want >> 16 & 255);
		int g = p[i + 1] - (int)(want >> 8 & 255);
		int b = p[i + 2] - (int)(want & 255);

		hit += abs(r) < 40 && abs(g) < 40 && abs(b) < 40;
	}
	printf("%s %.1f\n", arg, n < 3 ? 0.0 :
	       100.0 * (double)hit / ((double)n / 3));
}


static int near(const uint8_t *p, long want)
{
	return abs(p[0] - (int)(want >> 16 & 255)) < 40 &&
		abs(p[1] - (int)(want >> 8 & 255)) < 40 &&
		abs(p[2] - (int)(want & 255)) < 40;
}


static void box(const uint8_t *p, size_t n, size_t w, const char *arg)
{
	long want = strtol(arg, NULL, 16);
	size_t h = w ? n / 3 / w : 0, x, y, hit = 0;
	size_t x0 = w, x1 = 0, y0 = h, y1 = 0;

	for (y = 0; y + 1 < h; y++)
		for (x = 0; x + 1 < w; x++) {
			const uint8_t *q = p + (y * w + x) * 3;

			if (!near(q, want) || !near(q + 3, want) ||
			    !near(q + w * 3, want))
				continue;
			++hit;
			x0 = x < x0 ? x : x0;
			x1 = x > x1 ? x : x1;
			y0 = y < y0 ? y : y0;
			y1 = y > y1 ? y : y1;
		}
	if (!hit)
		printf("0 0 0\n");
	else
		printf("%zu %zu %zu\n", x1 - x0 + 2, y1 - y0 + 2,
		       hit * 100 / ((x1 - x0 + 1) * (y1 - y0 + 1)));
}


int main(int argc, char **argv)
{
	size_t n;
	void *p;
	int i;

	if (argc < 3) {
		fprintf(stderr, "usage: probe tone|gap|last|blocks|colour ARG…\n");
		return 2;
	}
	p = slurp(&n);
	if (!strcmp(argv[1], "box") && argc == 4) {
		box(p, n, strtoul(argv[2], NULL, 10), argv[3]);
		free(p);
		return 0;
	}
	for (i = 2; i < argc; i++) {
		if (!strcmp(argv[1], "tone"))
			tone(p, n / 2, argv[i]);
		else if (!strcmp(argv[1], "gap"))
			gap(p, n / 2, argv[i], 0);
		else if (!strcmp(argv[1], "last"))
			gap(p, n / 2, argv[i], 1);
		else if (!strcmp(argv[1], "blocks"))
			blocks(p, n / 2, argv[i]);
		else if (!strcmp(argv[1], "colour"))
			colour(p, n, argv[i]);
		else
			return 2;
	}
	free(p);

	return 0;
}
