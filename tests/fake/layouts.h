/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/layouts.h -- the layouts that are installed, for tests
 */
#ifndef TUTTI_TESTS_FAKE_LAYOUTS_H
#define TUTTI_TESTS_FAKE_LAYOUTS_H

#include "mixer/layout.h"

struct video;

/** All of the source tree's layouts; prints what is wrong with one. */
int fake_layouts(struct layout_set *set);
int fake_layouts_video(struct video *v);

#endif
