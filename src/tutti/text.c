/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/text.c -- text from anywhere, fit for a terminal
 *
 * Names come from whoever calls.  What would move the cursor, change the
 * direction of writing or is no UTF-8 is shown as one U+FFFD.
 */
#include "config.h"

#include <stdint.h>
#include <wchar.h>

#include "tutti/cli.h"


enum { BAD = 0xfffd };


/* The next character; bytes are never read past the NUL. */
static uint32_t next_char(const uint8_t **pp)
{
	static const uint32_t minv[] = {0, 0x80, 0x800, 0x10000};
	const uint8_t *p = *pp;
	uint32_t c = *p++;
	unsigned n = 0, i;

	if (c >= 0xf0 && c < 0xf8)
		n = 3;
	else if (c >= 0xe0)
		n = 2;
	else if (c >= 0xc0)
		n = 1;
	if (c >= 0xf8 || (c >= 0x80 && !n)) {
		*pp = p;
		return BAD;
	}
	if (n)
		c &= 0x3fU >> n;

	for (i = 0; i < n; i++) {
		if ((*p & 0xc0) != 0x80) {
			*pp = p;
			return BAD;
		}
		c = c << 6 | (*p++ & 0x3f);
	}
	*pp = p;

	if (c < minv[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return BAD;

	return c;
}


static uint32_t harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	    c == 0x2028 || c == 0x2029 ||
	    (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	    c == 0x200e || c == 0x200f || c == 0x61c || c == 0xfeff)
		return BAD;

	return c;
}


unsigned text_width(const char *s)
{
	const uint8_t *p = (const uint8_t *)s;
	unsigned width = 0;

	while (*p) {
		const int n = wcwidth((wchar_t)harmless(next_char(&p)));

		width += n < 0 ? 1 : (unsigned)n;
	}

	return width;
}


static void put_char(FILE *f, uint32_t c)
{
	if (c < 0x80) {
		fputc((int)c, f);
	}
	else if (c < 0x800) {
		fputc((int)(0xc0 | c >> 6), f);
		fputc((int)(0x80 | (c & 0x3f)), f);
	}
	else if (c < 0x10000) {
		fputc((int)(0xe0 | c >> 12), f);
		fputc((int)(0x80 | (c >> 6 & 0x3f)), f);
		fputc((int)(0x80 | (c & 0x3f)), f);
	}
	else {
		fputc((int)(0xf0 | c >> 18), f);
		fputc((int)(0x80 | (c >> 12 & 0x3f)), f);
		fputc((int)(0x80 | (c >> 6 & 0x3f)), f);
		fputc((int)(0x80 | (c & 0x3f)), f);
	}
}


void text_put(FILE *f, const char *s)
{
	const uint8_t *p = (const uint8_t *)s;

	while (*p)
		put_char(f, harmless(next_char(&p)));
}
