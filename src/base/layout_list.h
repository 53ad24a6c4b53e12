/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/layout_list.h -- the layouts of several files together
 *
 * A layout of a later file replaces one of the same name.  There is a grid
 * always, if only the one that is built in.
 *
 * Threads: none; what was read is not changed any more.
 */
#ifndef TUTTI_BASE_LAYOUT_LIST_H
#define TUTTI_BASE_LAYOUT_LIST_H

#include "base/layout_file.h"

enum {
	LAYOUT_LIST_MAX  = 64,            /* layouts                      */
	LAYOUT_LIST_FILES = 64,
};

struct layout_text {
	const char *name, *text;  /* of the file; what is in it           */
};

struct layout_list {
	const struct layout_def *defv[LAYOUT_LIST_MAX];   /* in their order */
	unsigned defc;
	struct layout_file *filev[LAYOUT_LIST_FILES + 1]; /* that hold them */
	unsigned filec;
};

/** EBADMSG: errbuf is "name:line: what"; ends with mem_deref. */
int layout_list_read(struct layout_list **listp,
		     const struct layout_text *textv, size_t textc,
		     char *errbuf, size_t sz);

/** NULL: none of that name */
const struct layout_def *layout_list_find(const struct layout_list *list,
					  const char *name);

#endif
