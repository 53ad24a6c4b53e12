/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/pictureprobe.h -- decode pictures and say when the patch turns
 *
 * Where the flashing patch is in the picture is found by itself: blocks
 * that have been both white and black lately.  Until then nothing is said.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_LOAD_PICTUREPROBE_H
#define TUTTI_TESTS_LOAD_PICTUREPROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"

struct pictureprobe;

/** at_us: when the picture's last packet came. */
typedef void (turn_h)(bool bright, uint64_t at_us, void *arg);

int pictureprobe_alloc(struct pictureprobe **pp, enum ticket_codec codec,
		       turn_h *turnh, void *arg);

/** RTP payloads in order; lost: some before this one are missing. */
void pictureprobe_put(struct pictureprobe *pp, const uint8_t *p, size_t n,
		      bool marker, bool lost, uint64_t at_us);

struct picture_stats {
	unsigned decoded, keys, broken;
	unsigned w, h;
};
void pictureprobe_stats(const struct pictureprobe *pp,
			struct picture_stats *st);

/** Nothing decodable: somebody should ask for a key frame. */
bool pictureprobe_wants_key(const struct pictureprobe *pp);

/** The last picture as binary PPM. */
int pictureprobe_write(const struct pictureprobe *pp, const char *path);

#endif
