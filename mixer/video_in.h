/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_in.h -- one source of video: packets to the picture shown now
 *
 *	vin_put [loop] -> bq -> rtp_frame -> vdec -> [queue until its time]
 *	  -> vin_take [tick]
 *
 * Decodes on arrival, on the worker it sticks to, and only while somebody
 * looks.  After a loss no picture is let through until the next key frame,
 * which is asked for: at once, then at growing intervals.
 *
 * Owned by counts: the party's handle on the loop, the scene, and the pool
 * while its job is to run.  Threads: as said at each.
 */
#ifndef TUTTI_MIXER_VIDEO_IN_H
#define TUTTI_MIXER_VIDEO_IN_H

#include "mixer/video.h"
#include "mixer/video_pool.h"

struct vin;
struct AVFrame;

enum {
	VIN_QUEUE     = 1024,     /* packets                              */
	VIN_HELD      = 12,       /* pictures that wait for their sound   */
	VIN_HOLD_US   = 400000,   /* longest wait for the sound           */
	VIN_ASK_US    = 500000,   /* key frame requests: first interval … */
	VIN_ASK_MAX_US = 4000000, /* … and last                           */
	VIN_FRESH_US  = 300000,   /* a new sender's own key frame may come */
	VIN_FROZEN_US = 2000000,
	VIN_BROKEN    = 3,        /* refused in a row, though after each
	                           * nothing but a key frame is tried     */
};

/** What the tick needs to know, a copy */
struct vin_view {
	uint32_t id;
	char name[TICKET_NAME_MAX];
	bool on;                  /* pictures are to be expected and shown */
	bool broken;              /* the decoder refuses what comes       */
	uint64_t last_us;         /* last picture, or since when expected */
	struct AVFrame *frame;    /* newest that is due, NULL: no new one;
	                           * the caller's                         */
	int64_t wait_us;          /* since it came, or could have been taken */
	bool forget;              /* what was shown so far is not to be   */
};

/** slides: what the party shares instead of its camera */
int  vin_alloc(struct vin **vp, struct pool *pool, const struct ticket *t,
	       bool slides, video_event_h *eventh, void *arg);
struct vin *vin_ref(struct vin *vin);
void vin_unref(struct vin *vin);
uint32_t vin_id(const struct vin *vin);
bool vin_is_slides(const struct vin *vin);
void vin_name(struct vin *vin, char name[TICKET_NAME_MAX]);    /* any     */
unsigned vin_marks(const struct vin *vin);  /* of video_mark.h; any       */
void vin_trouble(struct vin *vin, bool on); /* its connection is bad; loop */

void vin_set(struct vin *vin, const struct ticket *t);     /* loop         */
void vin_put(struct vin *vin, struct pkt *pkt);            /* loop         */
/** true: packets are kept, and nobody is woken for them; false: what was
 *  kept is decoded now, what comes later at once.  Tick. */
void vin_gather(struct vin *vin, bool on);
void vin_sync(struct vin *vin, const struct rtp_sync *sync);
void vin_lipsync(struct vin *vin, video_offset_h *offseth,
		 video_hold_h *holdh, void *arg);
void vin_wait(struct vin *vin, unsigned ms);   /* rtp_frame_wait()         */
void vin_close(struct vin *vin);  /* no handler runs after this (loop)     */

/** Somebody looks, or not: then packets are thrown away undecoded.  Any. */
void vin_look(struct vin *vin, bool on);

/** Tick: pictures due until `until_us`.  Also asks for key frames and runs
 *  the reassembly's timer. */
void vin_take(struct vin *vin, uint64_t now_us, uint64_t until_us,
	      struct vin_view *view);

/** The party's state goes out as an event when it differs from the last. */
void vin_tell(struct vin *vin, enum video_event ev);       /* tick         */
/** How large it is shown now goes out as an event. */
void vin_need(struct vin *vin, unsigned w, unsigned h);    /* tick         */
void vin_needed(const struct vin *vin, unsigned *wp, unsigned *hp); /* any */

bool vin_on(struct vin *vin);     /* pictures are to be expected          */
bool vin_sends(struct vin *vin);  /* packets came since somebody looks    */

json_t *vin_stats(struct vin *vin);                        /* any          */
uint64_t vin_cpu_us(const struct vin *vin);

#endif
