/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/api.h -- the verb table as REST: requests to verbs, and OpenAPI
 *
 * Pure: a request in, a verb and its arguments out.  The routes are the
 * `rest` members of base/verb.h below /api/v1.
 *
 * Threads: any.
 */
#ifndef TUTTI_WEB_API_H
#define TUTTI_WEB_API_H

#include <jansson.h>

#include "base/verb.h"

/** The verb of a request and its arguments as for the control socket, typed
 *  by the table.  body: a JSON object or NULL; query: {name: text}.
 *  ENOENT no such path; EPROTO another method (allow gets "GET, POST");
 *  EBADMSG a bad argument, named in errbuf. */
int api_route(const struct verb **verbp, json_t **argsp, const char *method,
	      const char *path, const json_t *query, const json_t *body,
	      char *allow, size_t allowsz, char *errbuf, size_t errsz);

/** The OpenAPI 3.1 document of all verbs and events. */
json_t *api_openapi(const char *version);

#endif
