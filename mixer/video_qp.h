/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_qp.h -- which QP the next picture gets: our rate control
 *
 * x264's own is a quarter of its work at the presets we use, and knows less
 * than we do: which part of the canvas is new.  Here a leaky bucket says how
 * many bits a picture may have, and two figures, learned from the pictures
 * encoded, at which QP it has them: what a picture that follows costs, and
 * what a picture of its own costs.  A cut, which is part of both, raises the
 * QP before the picture is encoded and not after it.
 *
 * Bits of any second stay below the rate, but for a key frame's surplus,
 * which is bounded and saved in the second after it; what fits in no way is
 * left out.  Nothing in here knows time or an encoder.  Threads: one at a
 * time.
 */
#ifndef TUTTI_MIXER_VIDEO_QP_H
#define TUTTI_MIXER_VIDEO_QP_H

#include <stdbool.h>
#include <stddef.h>

enum {
	VQP_MIN = 20,             /* finer than this nobody sees          */
	VQP_MAX = 46,             /* coarser than this nobody knows what
	                           * it is: rather fewer pictures         */
	VQP_MAX_PEAK = 51,        /* but for a key frame and a cut        */
	VQP_LEAVE_OUT = -1,
};

struct vqp {
	double rate, mean;        /* bits a second, a picture             */
	double fill;              /* bits ahead of the rate               */
	double inter, intra;      /* bits of a picture at QP 0            */
	double right;             /* of intra as looked at: times this    */
	double fresh;             /* of a usual picture, that much is new */
	double now;               /* bits at QP 0 expected of this one    */
	int qp;                   /* of the last one                      */
	int used;                 /* of this one                          */
	bool knows_inter;
	unsigned out;             /* left out in a row                    */
};

void vqp_init(struct vqp *q, unsigned kbps, unsigned fps);

/** The rate from now on; pictures a second, as they come */
void vqp_rate(struct vqp *q, unsigned kbps, unsigned fps);

/** So many pictures' time went by without one */
void vqp_pass(struct vqp *q, unsigned pictures);

/** fresh: the part of the picture [0..1] that the one before did not have.
 *  intra: bits at QP 0 of this picture alone as far as can be told by
 *  looking; a factor is learned.
 *  VQP_LEAVE_OUT: not this one; never a key frame. */
int vqp_pick(struct vqp *q, bool key, double fresh, double intra);

/** What came of it */
void vqp_done(struct vqp *q, bool key, size_t bytes);

#endif
