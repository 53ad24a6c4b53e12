/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/web_gunzip.h -- unpacks gzip; apart, since re.h and zlib.h both
 * declare a crc32()
 *
 * Threads: any.
 */
#ifndef TUTTI_TESTS_UNIT_WEB_GUNZIP_H
#define TUTTI_TESTS_UNIT_WEB_GUNZIP_H

#include <stddef.h>

/** The size of what came out, 0 when it is no gzip or does not fit. */
size_t web_gunzip(void *buf, size_t size, const void *p, size_t n);

#endif
