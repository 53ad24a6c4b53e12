/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/json.c -- typed reads from jansson objects; see json.h
 */
#include <errno.h>
#include <string.h>

#include "base/json.h"


int json_str(const json_t *obj, const char *key, const char **valp)
{
	const json_t *val = json_object_get(obj, key);

	if (!val)
		return ENOENT;
	if (!json_is_string(val))
		return EBADMSG;
	*valp = json_string_value(val);

	return 0;
}


int json_i64(const json_t *obj, const char *key, int64_t *valp)
{
	const json_t *val = json_object_get(obj, key);

	if (!val)
		return ENOENT;
	if (!json_is_integer(val))
		return EBADMSG;
	*valp = json_integer_value(val);

	return 0;
}


int json_u64(const json_t *obj, const char *key, uint64_t *valp)
{
	int64_t val;
	int err = json_i64(obj, key, &val);

	if (err)
		return err;
	if (val < 0)
		return EBADMSG;
	*valp = (uint64_t)val;

	return 0;
}


int json_u32(const json_t *obj, const char *key, uint32_t *valp)
{
	uint64_t val;
	int err = json_u64(obj, key, &val);

	if (err)
		return err;
	if (val > UINT32_MAX)
		return EBADMSG;
	*valp = (uint32_t)val;

	return 0;
}


int json_flag(const json_t *obj, const char *key, bool *valp)
{
	const json_t *val = json_object_get(obj, key);

	if (!val)
		return ENOENT;
	if (!json_is_boolean(val))
		return EBADMSG;
	*valp = json_is_true(val);

	return 0;
}


int json_strcpy(const json_t *obj, const char *key, char *buf, size_t size)
{
	const char *str;
	size_t n;
	int err = json_str(obj, key, &str);

	if (err)
		return err;
	n = strlen(str) + 1;
	if (n > size)
		return EOVERFLOW;
	memcpy(buf, str, n);

	return 0;
}
