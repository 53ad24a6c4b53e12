/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/api_schema.h -- JSON Schemas of what verbs and events hold
 *
 * Threads: any.
 */
#ifndef TUTTI_WEB_API_SCHEMA_H
#define TUTTI_WEB_API_SCHEMA_H

#include <jansson.h>

#include "base/verb.h"

/** Of an argument. */
json_t *schema_arg(const struct verb_arg *arg);

/** {"$ref": …} to what the verb answers with, or an array of it. */
json_t *schema_result(const struct verb *verb);

/** All of components/schemas. */
json_t *schema_all(void);

#endif
