/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/layouts.h -- the layouts that users may choose
 *
 * Read from the files that are installed and from those in layout_dir,
 * checked here, and handed as text to each mixer, which opens no files.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_LAYOUTS_H
#define TUTTI_TUTTID_LAYOUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

struct config;
struct layout_def;
struct layouts;

/** errbuf is one line "file:line: what". */
int layouts_alloc(struct layouts **lp, const struct config *conf,
		  char *errbuf, size_t errsz);

/** From the disk once more; after an error all is as it was. */
int layouts_reload(struct layouts *l, char *errbuf, size_t errsz);

bool layouts_known(const struct layouts *l, const char *name);
const struct layout_def *layouts_find(const struct layouts *l,
				      const char *name);
unsigned layouts_count(const struct layouts *l);
/** In their order; NULL after the last */
const struct layout_def *layouts_nth(const struct layouts *l, unsigned i);
/** The file it is from */
const char *layouts_path(const struct layouts *l,
			 const struct layout_def *def);
/** After this one, round and round; not known: the first */
const char *layouts_next(const struct layouts *l, const char *name);

/** An array of names; titles: {name: what people read who have no
 *  translation of it} */
json_t *layouts_json(const struct layouts *l, bool titles);

/** "grid speaker …", for people */
const char *layouts_names(const struct layouts *l);

/** For a mixer: [{name, text}], borrowed */
json_t *layouts_files(const struct layouts *l);

#endif
