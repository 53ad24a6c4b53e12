/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/web_gunzip.c -- unpacks gzip
 */
#include <zlib.h>

#include "tests/unit/web_gunzip.h"


size_t web_gunzip(void *buf, size_t size, const void *p, size_t n)
{
	z_stream zs = {.next_in = (Bytef *)p, .avail_in = (uInt)n};
	size_t got = 0;

	if (inflateInit2(&zs, 15 + 16) != Z_OK)
		return 0;
	zs.next_out = buf;
	zs.avail_out = (uInt)size;
	if (inflate(&zs, Z_FINISH) == Z_STREAM_END)
		got = zs.total_out;
	inflateEnd(&zs);

	return got;
}
