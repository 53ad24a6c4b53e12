/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/compat/re.h -- found instead of libre's re.h, which it includes
 *
 * libre's JSON enumerators have the names of jansson's, and the macro for
 * the length of an array changed its name between libre 1.1 and 2.0.
 */
#ifndef TUTTI_BASE_COMPAT_RE_H
#define TUTTI_BASE_COMPAT_RE_H

#define JSON_STRING RE_JSON_STRING
#define JSON_NULL   RE_JSON_NULL
#include_next <re.h>
#undef JSON_STRING
#undef JSON_NULL

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) ((sizeof(a)) / (sizeof((a)[0])))
#endif

#endif
