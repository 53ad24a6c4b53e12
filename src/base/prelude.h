/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/prelude.h -- what the compiler reads before every file (-include)
 *
 * libre's re_json.h and jansson both name an enumerator JSON_STRING and
 * JSON_NULL.  We use jansson's; libre's are read under another name here,
 * once, so that files may include the two in any order.
 */
#ifndef TUTTI_BASE_PRELUDE_H
#define TUTTI_BASE_PRELUDE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#define JSON_STRING RE_JSON_STRING
#define JSON_NULL   RE_JSON_NULL
#include <re.h>
#undef JSON_STRING
#undef JSON_NULL

#endif
