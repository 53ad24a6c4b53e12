/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_range.c -- Range and the conditions of RFC 9110
 */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "web/http_range.h"


/* Digits; saturates.  *endp stays where it began when there are none. */
static uint64_t number(const char *s, const char **endp)
{
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		unsigned d = (unsigned)(*s - '0');

		n = n > (UINT64_MAX - d) / 10 ? UINT64_MAX : n * 10 + d;
	}
	*endp = s;

	return n;
}


static const char *blanks(const char *s)
{
	return s + strspn(s, " \t");
}


int range_parse(uint64_t *startp, uint64_t *lenp, const char *range,
		uint64_t size)
{
	const char *p, *end, *q;
	uint64_t first, last;

	*startp = 0;
	*lenp = size;
	if (!range || strncasecmp(range, "bytes=", 6))
		return 200;

	p = blanks(range + 6);
	first = number(p, &end);
	if (*end != '-')
		return 200;
	last = number(end + 1, &q);
	if (*blanks(q))
		return 200;               /* several, or not a range */

	if (end == p) {                   /* "-500": the last 500 */
		if (q == end + 1)
			return 200;
		if (!last || !size)
			return 416;
		*lenp = last < size ? last : size;
		*startp = size - *lenp;
		return 206;
	}
	if (q == end + 1)
		last = UINT64_MAX;
	if (last < first)
		return 200;
	if (first >= size)
		return 416;
	if (last >= size)
		last = size - 1;
	*startp = first;
	*lenp = last - first + 1;

	return 206;
}


bool etag_matches(const char *list, const char *etag)
{
	const size_t n = etag ? strlen(etag) : 0;

	if (!list || !n)
		return false;
	list = blanks(list);
	if (!strcmp(list, "*"))
		return true;

	while (*list) {
		const char *end;

		list += strspn(list, " \t,");
		if (!strncmp(list, "W/", 2))
			list += 2;
		if (*list != '"')
			return false;
		end = strchr(list + 1, '"');
		if (!end)
			return false;
		if ((size_t)(end + 1 - list) == n && !strncmp(list, etag, n))
			return true;
		list = end + 1;
	}

	return false;
}
