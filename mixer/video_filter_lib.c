/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_filter_lib.c -- libavfilter, loaded when it is needed
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "mixer/video_filter_lib.h"

#define STR2(x) #x
#define STR1(x) STR2(x)

static struct vfilter_lib lib;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A function's address comes as a pointer to an object. */
static bool get(void *handle, const char *name, void *slot, size_t size)
{
	void *p = dlsym(handle, name);

	memcpy(slot, &p, size);

	return p != NULL;
}

static void load(void)
{
	void *handle = dlopen("libavfilter.so."
			      STR1(LIBAVFILTER_VERSION_MAJOR),
			      RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return;
	loaded = true;
#define VFILTER_GET(name)                                                 \
	loaded = get(handle, #name, &lib.name, sizeof(lib.name)) && loaded;
	VFILTER_FUNCTIONS(VFILTER_GET)
#undef VFILTER_GET
}

const struct vfilter_lib *vfilter_lib(void)
{
	pthread_once(&once, load);

	return loaded ? &lib : NULL;
}
