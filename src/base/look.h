/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/look.h -- what a room has drawn over its picture
 *
 * A plain value: tuttid makes it of the room and the meeting and sends it
 * with `hello` and `room_set` (base/mixproto.h), a mixer draws it.  The
 * watermark is not in it: its bytes go by descriptor (`watermark`).
 *
 * Threads: any; no pointers inside, copy freely.
 */
#ifndef TUTTI_BASE_LOOK_H
#define TUTTI_BASE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

enum {
	LOOK_TEXT_MAX   = 256,    /* bytes with the NUL, UTF-8            */
	LOOK_FILTER_MAX = 512,
	LOOK_IMAGE_MAX  = 45000,  /* bytes of a watermark's PNG: in base64
	                           * it fits a line of the control socket */
	LOOK_IMAGE_SIDE = 1024,   /* [px]                                 */
};

/** Why there is a holding screen */
enum look_hold {
	LOOK_GO = 0,              /* there is none                        */
	LOOK_ALONE,               /* nobody else is there                 */
	LOOK_HOST,                /* waiting for the host: nobody is seen
	                           * or heard                             */
};

struct look {
	bool locked;
	bool clock;
	enum look_hold hold;
	char title[LOOK_TEXT_MAX];    /* the room's, on a holding screen  */
	char banner[LOOK_TEXT_MAX];
	char filter[LOOK_FILTER_MAX]; /* graph of libavfilter, "": none   */
};

/** Its members into obj: locked, clock, holding, title, banner, filter. */
int look_encode(json_t *obj, const struct look *look);

/** What is absent, of a wrong type or too long keeps its value. */
void look_decode(struct look *look, const json_t *obj);

/** "", "alone", "host" */
const char *look_hold_name(enum look_hold hold);

/** Is it a PNG of a bearable size?  NULL: yes, else what is wrong. */
const char *look_image_check(const void *data, size_t size);

#endif
