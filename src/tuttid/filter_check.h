/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/filter_check.h -- a canvas_filter is tried before it is kept
 *
 * In a process of tutti-mixer's own, in its sandbox: libavfilter is not
 * loaded into tuttid.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_FILTER_CHECK_H
#define TUTTI_TUTTID_FILTER_CHECK_H

#include "tuttid/verbs.h"

/** Runs thenh(srv, req, args) now if there is no filter in args, or when
 *  the one that is has proven good; else answers the req. */
void filter_check(struct server *srv, struct req *req, const json_t *args,
		  verb_h *thenh);

#endif
