/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ticket_table.c -- members of a struct to JSON and back
 */
#include <errno.h>
#include <string.h>

#include "base/ticket_priv.h"


static json_t *member_encode(const struct member *mb, const void *base)
{
	const char *p = (const char *)base + mb->off;
	char addr[80];

	switch (mb->type) {

	case M_BOOL:  return json_boolean(*(const bool *)p);
	case M_U8:    return json_integer(*(const uint8_t *)p);
	case M_U16:   return json_integer(*(const uint16_t *)p);
	case M_U32:   return json_integer(*(const uint32_t *)p);
	case M_INT:   return json_integer(*(const int *)p);
	case M_CODEC:
		return json_string(codec_name(*(const enum ticket_codec *)p));
	case M_SA:
		if (!sa_isset((const struct sa *)p, SA_ADDR))
			return json_null();
		re_snprintf(addr, sizeof(addr), "%J", p);
		return json_string(addr);
	case M_STR:
		return json_string(p);
	}

	return NULL;
}


static int number_decode(const struct member *mb, char *p, const json_t *val)
{
	json_int_t n;

	if (!json_is_integer(val))
		return EBADMSG;
	n = json_integer_value(val);

	switch (mb->type) {

	case M_U8:
		if (n < 0 || n > UINT8_MAX)
			return EBADMSG;
		*(uint8_t *)p = (uint8_t)n;
		return 0;
	case M_U16:
		if (n < 0 || n > UINT16_MAX)
			return EBADMSG;
		*(uint16_t *)p = (uint16_t)n;
		return 0;
	case M_U32:
		if (n < 0 || n > UINT32_MAX)
			return EBADMSG;
		*(uint32_t *)p = (uint32_t)n;
		return 0;
	case M_INT:
		if (n < -1 || n > INT16_MAX)
			return EBADMSG;
		*(int *)p = (int)n;
		return 0;
	default:
		return EBADMSG;
	}
}


static int member_decode(const struct member *mb, void *base,
			 const json_t *val)
{
	char *p = (char *)base + mb->off;
	enum ticket_codec codec;
	const char *str;

	switch (mb->type) {

	case M_BOOL:
		if (!json_is_boolean(val))
			return EBADMSG;
		*(bool *)p = json_is_true(val);
		return 0;

	case M_STR:
		str = json_string_value(val);
		if (!str || strlen(str) >= mb->size)
			return EBADMSG;
		str_ncpy(p, str, mb->size);
		return 0;

	case M_CODEC:
		codec = codec_find(json_string_value(val));
		if (codec == CODEC_NONE)
			return EBADMSG;
		*(enum ticket_codec *)p = codec;
		return 0;

	case M_SA:
		if (json_is_null(val)) {
			sa_init((struct sa *)p, AF_UNSPEC);
			return 0;
		}
		str = json_string_value(val);
		return str && !sa_decode((struct sa *)p, str, strlen(str)) ?
			0 : EBADMSG;

	default:
		return number_decode(mb, p, val);
	}
}


int ticket_table_encode(json_t *obj, const struct member *mbv, size_t mbc,
			const void *base)
{
	size_t i;

	for (i = 0; i < mbc; i++)
		if (json_object_set_new(obj, mbv[i].name,
					member_encode(&mbv[i], base)))
			return ENOMEM;

	return 0;
}


/* An absent member keeps its initial value: older peers send fewer. */
int ticket_table_decode(void *base, const struct member *mbv, size_t mbc,
			const json_t *obj, const char *where, char *errbuf,
			size_t errsz)
{
	size_t i;

	if (!json_is_object(obj)) {
		re_snprintf(errbuf, errsz, "%s: not an object", where);
		return EBADMSG;
	}
	for (i = 0; i < mbc; i++) {
		const json_t *val = json_object_get(obj, mbv[i].name);

		if (val && member_decode(&mbv[i], base, val)) {
			re_snprintf(errbuf, errsz, "%s.%s: bad value", where,
				    mbv[i].name);
			return EBADMSG;
		}
	}

	return 0;
}
