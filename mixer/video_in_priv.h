/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_in_priv.h -- a source of video inside: video_in.c (the loop's
 * and the tick's side), video_in_dec.c (the job: packets to pictures)
 */
#ifndef TUTTI_MIXER_VIDEO_IN_PRIV_H
#define TUTTI_MIXER_VIDEO_IN_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "mixer/bq.h"
#include "mixer/codec_video.h"
#include "mixer/rtp_frame.h"
#include "mixer/video_in.h"
#include "mixer/video_lips.h"

struct held {
	struct AVFrame *frame;
	uint64_t due_us;          /* 0: at once                           */
	uint64_t rx_us;           /* its last packet                      */
};

/* Locks: [I] set at creation  [j] the job's, one at a time  [m] mtx
 *        [h] hmtx, held while a handler runs; taken before mtx
 *        [t] the tick's, one at a time */
struct vin {
	atomic_uint refs;
	uint32_t id;              /* [I]                                  */
	bool slides;              /* [I]                                  */
	struct pool *pool;        /* [I] outlives us                      */
	struct pool_job job;
	struct bq *bq;            /* [I]                                  */
	atomic_bool looked_at;    /* decode                               */
	atomic_bool stale;        /* what is held is of no use any more   */
	atomic_bool missed;       /* packets were thrown away             */
	atomic_bool gather;       /* packets wait for vin_gather(false)   */
	atomic_ullong due_us;     /* of the reassembly's timer            */
	atomic_uint need;         /* width << 16 | height                 */
	atomic_uint wait_ms;      /* the reassembly's                     */

	/* decoding */
	enum ticket_codec codec;  /* [j]                                  */
	struct rtp_frame *rf;     /* [j]                                  */
	struct vdec *dec;         /* [j]                                  */
	bool wait_key;            /* [j] pictures would be wrong          */
	bool recovering;          /* [j] of gradual refresh               */
	unsigned refused;         /* [j] frames, in a row                 */
	uint32_t ssrc;            /* [j]                                  */
	uint64_t now_us;          /* [j]                                  */
	uint64_t rx_us;           /* [j] last packet                      */

	pthread_mutex_t mtx;
	struct ticket_media media;        /* [m]                          */
	char name[TICKET_NAME_MAX];       /* [m]                          */
	bool on;                  /* [m]                                  */
	struct rtp_sync sync;     /* [m]                                  */
	struct held heldv[VIN_HELD];      /* [m] oldest first             */
	unsigned heldc;           /* [m]                                  */
	bool broken, forget;      /* [m]                                  */
	uint64_t last_us;         /* [m]                                  */
	uint64_t pkt_us;          /* [m]                                  */
	bool need_key;            /* [m]                                  */
	bool had_key;             /* [m]                                  */
	uint64_t ask_us;          /* [m] when to ask next                 */
	uint64_t ask_step_us;     /* [m]                                  */
	unsigned width, height;   /* [m] of the last picture              */
	enum video_event told;    /* [t] the tick's                       */
	struct lips lips;         /* [m]                                  */

	pthread_mutex_t hmtx;
	video_event_h *eventh;    /* [h] NULL: closed                     */
	void *arg;                /* [h]                                  */
	video_offset_h *offseth;  /* [h]                                  */
	video_hold_h *holdh;      /* [h]                                  */
	void *lip_arg;            /* [h]                                  */

	atomic_uint marks;        /* but for trouble                      */
	atomic_bool trouble;
	atomic_ullong cpu_us, frames, errors, asked, lost;
};

/* [m] held, or nobody else has it yet: what waits is let go */
void vin_held_flush(struct vin *vin);

/* A key frame is needed; merged, and asked for by vin_ask() in time */
void vin_need_key(struct vin *vin, uint64_t now, bool at_once);
void vin_got_key(struct vin *vin);
void vin_ask(struct vin *vin, uint64_t now);

/* The job is to run; what it does */
void vin_kick(struct vin *vin);
void vin_job(void *arg, uint64_t now);

#endif
