/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_layouts.c -- the layouts that tuttid hands over, in parts
 */
#include <errno.h>

#include "base/json.h"
#include "base/log.h"
#include "mixer/layout.h"
#include "mixer/mixer_priv.h"

static const char *member(const json_t *file, const char *key)
{
	return json_string_value(json_object_get(file, key));
}

/* One part of them, kept until the last one is here */
static int keep(struct mixer *mixer, const json_t *msg)
{
	json_t *files = json_object_get(msg, "files"), *file;
	size_t i;

	if (!json_is_array(files))
		return EBADMSG;
	if (!mixer->layouts)
		mixer->layouts = json_array();
	json_array_foreach(files, i, file) {
		if (!member(file, "name") || !member(file, "text"))
			return EBADMSG;
		if (json_array_size(mixer->layouts) >= LAYOUT_LIST_FILES)
			return EOVERFLOW;
		if (json_array_append(mixer->layouts, file))
			return ENOMEM;
	}

	return 0;
}

static ON(loop) int use(struct mixer *mixer, char *errbuf, size_t errsz)
{
	struct layout_text textv[LAYOUT_LIST_FILES];
	json_t *file;
	size_t i;

	json_array_foreach(mixer->layouts, i, file)
		textv[i] = (struct layout_text){
			.name = member(file, "name"),
			.text = member(file, "text"),
		};

	return video_layouts(mixer->video, textv,
			     json_array_size(mixer->layouts), errbuf, errsz);
}

int mixer_layouts(struct mixer *mixer, const json_t *msg, char *errbuf,
		  size_t errsz)
{
	bool more = false;
	int err = keep(mixer, msg);

	(void)json_flag(msg, "more", &more);
	if (!err && more)
		return 0;
	if (!err)
		err = use(mixer, errbuf, errsz);
	json_decref(mixer->layouts);
	mixer->layouts = NULL;
	if (!err)
		video_room(mixer->video, mixer->layout, &mixer->spotlights);

	return err;
}
