/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/text.c -- strings from peers, made fit for catalogue, log, labels
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tuttid/text.h"

static const char replacement[] = "\xef\xbf\xbd";

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t decode(uint32_t *cpp, const uint8_t *p, size_t n)
{
	static const uint32_t minv[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t cp;
	size_t len, i;

	if (!n)
		return 0;

	if (p[0] < 0x80) {
		*cpp = p[0];
		return 1;
	}

	if ((p[0] & 0xe0) == 0xc0)
		len = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		len = 3;
	else if ((p[0] & 0xf8) == 0xf0)
		len = 4;
	else
		return 0;

	if (len > n)
		return 0;

	cp = p[0] & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}

	if (cp < minv[len] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return 0;

	*cpp = cp;

	return len;
}

/* Blanks and what has no place in one line of a log or a label */
static bool is_blank(uint32_t cp)
{
	return cp <= 0x20 || (cp >= 0x7f && cp <= 0xa0) ||
	       cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
	       (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

char *text_tidy(char *dst, size_t size, const char *src)
{
	size_t left, pos = 0;
	bool blank = false;

	if (!dst || !size)
		return dst;

	left = src ? strlen(src) : 0;
	while (left) {
		const char *out = src;
		uint32_t cp = 0;
		size_t len, outlen;

		len = outlen = decode(&cp, (const uint8_t *)src, left);
		if (!len) {
			len = 1;
			out = replacement;
			outlen = sizeof(replacement) - 1;
			cp = 0xfffd;
		}

		if (is_blank(cp)) {
			blank = pos > 0;
		}
		else {
			if (pos + blank + outlen >= size)
				break;
			if (blank)
				dst[pos++] = ' ';
			blank = false;
			memcpy(dst + pos, out, outlen);
			pos += outlen;
		}

		src  += len;
		left -= len;
	}
	dst[pos] = '\0';

	return dst;
}
