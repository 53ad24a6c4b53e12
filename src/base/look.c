/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/look.c -- what a room has drawn over its picture; see look.h
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "base/look.h"


static const char *const holdv[] = {
	[LOOK_GO]    = "",
	[LOOK_ALONE] = "alone",
	[LOOK_HOST]  = "host",
};


const char *look_hold_name(enum look_hold hold)
{
	return (size_t)hold < ARRAY_SIZE(holdv) ? holdv[hold] : "";
}


int look_encode(json_t *obj, const struct look *look)
{
	int err;

	if (!obj || !look)
		return EINVAL;

	err  = json_object_set_new(obj, "locked",
				   json_boolean(look->locked));
	err |= json_object_set_new(obj, "clock", json_boolean(look->clock));
	err |= json_object_set_new(obj, "holding",
				   json_string(look_hold_name(look->hold)));
	err |= json_object_set_new(obj, "title", json_string(look->title));
	err |= json_object_set_new(obj, "banner", json_string(look->banner));
	err |= json_object_set_new(obj, "filter", json_string(look->filter));

	return err ? ENOMEM : 0;
}


void look_decode(struct look *look, const json_t *obj)
{
	const char *hold;
	size_t i;

	(void)json_flag(obj, "locked", &look->locked);
	(void)json_flag(obj, "clock", &look->clock);
	(void)json_strcpy(obj, "title", look->title, sizeof(look->title));
	(void)json_strcpy(obj, "banner", look->banner, sizeof(look->banner));
	(void)json_strcpy(obj, "filter", look->filter, sizeof(look->filter));

	if (json_str(obj, "holding", &hold))
		return;
	for (i = 0; i < ARRAY_SIZE(holdv); i++)
		if (!strcmp(holdv[i], hold))
			look->hold = (enum look_hold)i;
}


static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}


/* Signature, then IHDR: length 13, type, width, height (ISO 15948). */
const char *look_image_check(const void *data, size_t size)
{
	static const uint8_t head[] = {
		0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
		0, 0, 0, 13, 'I', 'H', 'D', 'R',
	};
	const uint8_t *p = data;
	uint32_t w, h;

	if (!p || size < sizeof(head) + 17 || memcmp(p, head, sizeof(head)))
		return "not a PNG";
	if (size > LOOK_IMAGE_MAX)
		return "larger than 45000 bytes";
	w = be32(p + 16);
	h = be32(p + 20);
	if (!w || !h || w > LOOK_IMAGE_SIDE || h > LOOK_IMAGE_SIDE)
		return "more than 1024 pixels wide or high";

	return NULL;
}
