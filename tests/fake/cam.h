/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/cam.h -- a camera and a viewer without a network
 *
 * A cam encodes pictures and hands out RTP packets; a viewer decodes units.
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FAKE_CAM_H
#define TUTTI_TESTS_FAKE_CAM_H

#include "base/ticket.h"
#include "mixer/pkt.h"
#include "mixer/unit.h"
#include "mixer/video_canvas.h"

struct cam;
struct AVFrame;

typedef void (cam_pkt_h)(struct pkt *pkt, void *arg);     /* takes it over */

int  cam_alloc(struct cam **cp, enum ticket_codec codec, unsigned w,
	       unsigned h, unsigned fps, uint32_t ssrc);
int  cam_resize(struct cam *cam, unsigned w, unsigned h);
struct vpic *cam_pic(struct cam *cam);    /* what it sees: draw on it     */
void cam_rgb(struct cam *cam, unsigned rgb);
void cam_move(struct cam *cam);           /* some motion, so to speak     */

/** One frame at 90000 Hz time ts; drop: lose so many of its packets. */
int  cam_send(struct cam *cam, uint32_t ts, uint64_t now, bool key,
	      unsigned drop, cam_pkt_h *pkth, void *arg);

/** A ticket of a party with this video; CODEC_NONE: its camera is off. */
void cam_ticket(struct ticket *t, uint32_t id, const char *name,
		enum ticket_codec codec);

/** Decodes a unit's bytes; the frame is the viewer's until the next. */
struct viewer;
int  viewer_alloc(struct viewer **vp, enum ticket_codec codec);
int  viewer_put(struct viewer *v, const struct unit *unit);
const struct AVFrame *viewer_frame(const struct viewer *v);

#endif
