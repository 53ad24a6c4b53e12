/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_video.h -- video decoders and encoders, one thread each
 *
 * A decoder gives only pictures it stands for: what was concealed or lacks
 * references is not given.  An encoder gives one frame for one picture, at
 * once.  Threads: one at a time.
 */
#ifndef TUTTI_MIXER_CODEC_VIDEO_H
#define TUTTI_MIXER_CODEC_VIDEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"
#include "mixer/video_canvas.h"

struct AVFrame;
struct video_rung;

/* --- decoding --- */

struct vdec;

enum { VDEC_SIDE_MAX = 4096, VDEC_PIXELS_MAX = 4096 * 2304 };

int vdec_alloc(struct vdec **decp, enum ticket_codec codec);

/** One encoded frame (followed by zero padding).  The handler gets what
 *  came out, borrowed; its pts is ts.  EBADMSG: damaged or lacking
 *  references: nothing more should be shown until a key frame. */
typedef void (vdec_frame_h)(struct AVFrame *frame, void *arg);
int vdec_put(struct vdec *dec, const uint8_t *data, size_t len, int64_t ts,
	     vdec_frame_h *frameh, void *arg);
void vdec_reset(struct vdec *dec);

/** H.264: a recovery point, from which pictures mend themselves gradually:
 *  for senders that never send an IDR; an IDR itself is none. */
bool vdec_h264_recovers(const uint8_t *data, size_t len);

/* --- encoding --- */

struct venc;

/** A frame as encoded, borrowed until the next call */
struct venc_out {
	const uint8_t *data;
	size_t len;
	bool key;
	bool fine;                /* as fine as this encoder ever draws   */
};

/** NAL units of at most max_payload bytes if the rung's pkt_mode is 0. */
int venc_alloc(struct venc **encp, const struct video_rung *rung,
	       unsigned max_payload);

/** constv: a byte for each macroblock of the picture, in reading order;
 *  not 0: exactly as in the picture encoded before.  NULL: nothing known.
 *  EAGAIN: this one is left out, so that the rate is kept; the picture
 *  before is still the last one encoded. */
int venc_put(struct venc *enc, const struct vpic *pic, const uint8_t *constv,
	     bool key, struct venc_out *out);

/** The time of so many pictures went by without one: what they may have
 *  cost is saved. */
void venc_pass(struct venc *enc, unsigned pictures);

/** Frames a second that will really come, of the rung's rate; fast: give
 *  up compression for time. */
void venc_tune(struct venc *enc, unsigned fps, bool fast);

/* for codec_x264.c, codec_vpx.c and codec_av1.c */
struct venc_ops {
	int  (*puth)(struct venc *enc, const struct vpic *pic,
		     const uint8_t *constv, bool key, struct venc_out *out);
	void (*tuneh)(struct venc *enc, unsigned fps, bool fast);
	void (*passh)(struct venc *enc, unsigned pictures);  /* or NULL   */
};
struct venc {
	const struct venc_ops *ops;
};
int venc_x264_alloc(struct venc **encp, const struct video_rung *rung,
		    unsigned max_payload);
int venc_vpx_alloc(struct venc **encp, const struct video_rung *rung);
int venc_av1_alloc(struct venc **encp, const struct video_rung *rung);

#endif
