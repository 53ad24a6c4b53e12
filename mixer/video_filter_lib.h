/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_filter_lib.h -- libavfilter, loaded when it is needed
 *
 * Threads: any.
 */
#ifndef TUTTI_MIXER_VIDEO_FILTER_LIB_H
#define TUTTI_MIXER_VIDEO_FILTER_LIB_H

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>

#define VFILTER_FUNCTIONS(X)                                              \
	X(avfilter_get_by_name)                                           \
	X(avfilter_graph_alloc)                                           \
	X(avfilter_graph_free)                                            \
	X(avfilter_graph_create_filter)                                   \
	X(avfilter_graph_parse_ptr)                                       \
	X(avfilter_graph_config)                                          \
	X(avfilter_link)                                                  \
	X(avfilter_inout_alloc)                                           \
	X(avfilter_inout_free)                                            \
	X(av_buffersrc_add_frame_flags)                                   \
	X(av_buffersink_get_frame)                                        \
	X(av_buffersink_get_w)                                            \
	X(av_buffersink_get_h)                                            \
	X(av_buffersink_get_format)

/** Each by its name there */
struct vfilter_lib {
#define VFILTER_MEMBER(name) __typeof__(&name) name;
	VFILTER_FUNCTIONS(VFILTER_MEMBER)
#undef VFILTER_MEMBER
};

/** NULL: it is not installed */
const struct vfilter_lib *vfilter_lib(void);

#endif
