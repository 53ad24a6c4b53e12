/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/web_export.h -- files that are the body of an answer
 *
 * Unnamed files in data_dir: nothing is left of them when the last
 * descriptor is closed, also after a crash.  An exported recording never
 * changes, so it is kept for a while: who plays it asks for one range after
 * another.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_WEB_EXPORT_H
#define TUTTI_TUTTID_WEB_EXPORT_H

#include <stdint.h>

struct exports;

/** max: files that are kept, ms each after its last use. */
int exports_alloc(struct exports **ep, unsigned max, uint32_t ms);

/** A descriptor of one's own, from the beginning; ENOENT. */
int exports_get(struct exports *e, uint64_t id, int *fdp);

/** fd is borrowed; the one least used makes place. */
void exports_put(struct exports *e, uint64_t id, int fd);

/** A new unnamed file in dir, open for reading and writing. */
int export_file(const char *dir, int *fdp);

/** Another description of the same file, for reading, at its beginning. */
int export_reopen(int fd, int *fdp);

#endif
