/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/scope.h -- what a request may be about, by who asks
 *
 *	administrator   everything
 *	host            his room (or all), who is in it, its meetings,
 *	                recordings and sources
 *	guest           himself; he sees who else is in his room
 *
 * What concerns him and is left out is filled in: his room, and (in verbs
 * that guests may use) his party.  Things of other rooms are "not found",
 * whether they exist or not.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_SCOPE_H
#define TUTTI_TUTTID_SCOPE_H

#include <jansson.h>

#include "base/verb.h"

struct party;
struct req;
struct req_who;
struct server;

/** Role, in the meeting, way for files, key not withdrawn; EACCES after req_fail(). */
int scope_role(struct server *srv, struct req *req, const struct verb *verb);

/** args: his own copy. */
void scope_fill(struct server *srv, struct req *req, const struct verb *verb,
		json_t *args);

/** args are checked against the table; EACCES after req_fail(). */
int scope_check(struct server *srv, struct req *req, const struct verb *verb,
		const json_t *args);

/** A guest sees who is in the meeting, not who waits at the door. */
bool scope_sees(const struct req_who *who, const struct party *p);

#endif
