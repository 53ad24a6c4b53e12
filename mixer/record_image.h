/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/record_image.h -- one I420 picture (BT.601, limited) as PNG or JPEG
 *
 * Threads: any; blocks on the descriptor, which stays the caller's.
 */
#ifndef TUTTI_MIXER_RECORD_IMAGE_H
#define TUTTI_MIXER_RECORD_IMAGE_H

struct AVFrame;

int image_png(const struct AVFrame *frame, int fd);

/** Scaled to width, aspect kept; 0: as it is. */
int image_jpeg(const struct AVFrame *frame, int fd, unsigned width);

#endif
