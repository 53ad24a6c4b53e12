/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_static.h -- the page's files, in memory
 *
 * Read once; constant afterwards, so any thread may look.  Text types have
 * a gzip twin, the ETag is the SHA-256 of the file.
 */
#ifndef TUTTI_WEB_HTTP_STATIC_H
#define TUTTI_WEB_HTTP_STATIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STATIC_FILES_MAX = 1000,
	STATIC_FILE_MAX  = 16 << 20,
	STATIC_ALL_MAX   = 128 << 20,
	STATIC_DEPTH_MAX = 8,
};

struct static_file {
	char *path;               /* "/assets/x.js"                       */
	const char *type;         /* MIME                                 */
	char etag[48], zipetag[48];
	bool immutable;           /* below /assets/                       */
	uint8_t *data, *zip;      /* zip NULL: not worth it               */
	size_t len, ziplen;
};

struct statics;

/** NULL or no such folder: nothing is served, no error. */
int static_load(struct statics **stp, const char *dir, char *errbuf,
		size_t errsz);
void static_free(struct statics *st);
size_t static_count(const struct statics *st);

/** The file of a path; "/" and "/ROOM" (one segment that does not end like
 *  a file of ours) are index.html; NULL. */
const struct static_file *static_find(const struct statics *st,
				      const char *path);

#endif
