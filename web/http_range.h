/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_range.h -- Range and the conditions of RFC 9110, pure
 *
 * One range is served; several in one request, or another unit, get the
 * whole (a server may ignore Range).
 *
 * Threads: any.
 */
#ifndef TUTTI_WEB_HTTP_RANGE_H
#define TUTTI_WEB_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/** 206: *startp and *lenp of a file of `size` bytes; 200: the whole (they
 *  are 0 and size); 416: nothing of it is in the file. */
int range_parse(uint64_t *startp, uint64_t *lenp, const char *range,
		uint64_t size);

/** If-None-Match: whether a list has the tag ("\"abc\"") or is "*"; weak
 *  comparison. */
bool etag_matches(const char *list, const char *etag);

#endif
