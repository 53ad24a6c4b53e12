/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/layouts.c -- the layouts that are installed
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>

#include <re.h>

#include "mixer/video.h"
#include "tests/fake/layouts.h"

typedef int (use_h)(const struct layout_text *textv, size_t textc,
		    char *errbuf, size_t sz, void *arg);

static int use_all(use_h *useh, void *arg)
{
	struct layout_text textv[LAYOUT_LIST_FILES];
	char *ownv[LAYOUT_LIST_FILES], errbuf[256] = "";
	size_t n = 0;
	glob_t g;
	int err = 0;

	if (glob(TEST_LAYOUTS "/*.layout", 0, NULL, &g))
		return ENOENT;
	for (; n < g.gl_pathc && n < LAYOUT_LIST_FILES && !err; n += !err) {
		struct layout_file *file = NULL;

		err = layout_file_load(&file, g.gl_pathv[n], &ownv[n],
				       errbuf, sizeof(errbuf));
		mem_deref(file);
		if (!err)
			textv[n] = (struct layout_text){g.gl_pathv[n],
							ownv[n]};
	}
	if (!err)
		err = useh(textv, n, errbuf, sizeof(errbuf), arg);
	if (err)
		printf("# %s\n", errbuf);
	while (n--)
		mem_deref(ownv[n]);
	globfree(&g);

	return err;
}

static int use_set(const struct layout_text *textv, size_t textc,
		   char *errbuf, size_t sz, void *arg)
{
	return layout_set_use(arg, textv, textc, errbuf, sz);
}

static int use_video(const struct layout_text *textv, size_t textc,
		     char *errbuf, size_t sz, void *arg)
{
	on_loop();

	return video_layouts(arg, textv, textc, errbuf, sz);
}

int fake_layouts(struct layout_set *set)
{
	return use_all(use_set, set);
}

int fake_layouts_video(struct video *v)
{
	return use_all(use_video, v);
}
