/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/json.h -- reading jansson objects with one clear error
 *
 * Getters return 0; ENOENT if the key is absent (value untouched); EBADMSG
 * if it has the wrong type or does not fit.  Strings are borrowed from the
 * object.  Threads: any (the object belongs to one).
 */
#ifndef TUTTI_BASE_JSON_H
#define TUTTI_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

int json_str(const json_t *obj, const char *key, const char **valp);
int json_u32(const json_t *obj, const char *key, uint32_t *valp);
int json_u64(const json_t *obj, const char *key, uint64_t *valp);
int json_i64(const json_t *obj, const char *key, int64_t *valp);
int json_flag(const json_t *obj, const char *key, bool *valp);

/** Copies into a fixed buffer; EOVERFLOW when it does not fit. */
int json_strcpy(const json_t *obj, const char *key, char *buf, size_t size);

#endif
