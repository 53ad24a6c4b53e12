/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video.h -- the video engine: workers, sources, scenes, rungs
 *
 *	packets -> video_src_put -> [bq] -> rtp_frame (reassemble) ->
 *	  codec_video (decode, on arrival, sticky worker) -> newest frame
 *	scene tick: layout -> only changed tiles scaled into the canvas ->
 *	  labels, border, dot -> one encode per rung -> rtp_pack -> outh
 *
 * One canvas per scene, one encode per rung whatever the number of
 * watchers; a rung lives while somebody watches (or records) it.
 *
 * Threads: ON(loop) for everything but the handlers, which run on a worker
 * and must not block.  With workers = 0 nothing runs by itself: tests call
 * video_run(v, now).
 */
#ifndef TUTTI_MIXER_VIDEO_H
#define TUTTI_MIXER_VIDEO_H

#include <jansson.h>

#include "base/thread.h"
#include "base/ticket.h"
#include "mixer/pkt.h"
#include "mixer/rtp_sync.h"
#include "mixer/unit.h"

struct video;
struct video_src;
struct video_watch;

enum { VIDEO_SRCS_MAX = 2048 };   /* parties; 25 are shown at a time      */

/** One encode: what a watcher can take (mixer/video_ladder.h says which).
 *  Equal rungs are shared. */
struct video_rung {
	enum ticket_codec codec;  /* H.264, VP8, VP9 or AV1               */
	uint16_t width, height;   /* [px] multiples of 2; <= canvas       */
	uint8_t  fps;             /* divides the canvas rate: 30, 15, 10… */
	uint32_t kbps;
	uint8_t  pkt_mode;        /* H.264; 0: every NAL fits a packet    */
	uint8_t  level_idc;       /* H.264, e.g. 31                       */
};

typedef void (video_out_h)(struct unit *unit, void *arg); /* borrowed;
	unit->stream is the rung id of video_watch_rung()                 */

enum video_event {
	VIDEO_LIVE,               /* first or again a picture             */
	VIDEO_FROZEN,             /* no frame for 2 s: tile greyed        */
	VIDEO_NONE,               /* a card: no video or switched off     */
	VIDEO_BROKEN,             /* the decoder refuses what comes       */
	VIDEO_WANT_KEY,           /* ask this leg for a key frame; merged to
	                           * one per 500 ms                       */
	VIDEO_WANT_KEY_SLIDES,    /* the same for its slides              */
	VIDEO_NEED,               /* video_src_need() changed; at most one
	                           * per second and source                */
	VIDEO_NEED_SLIDES,
	VIDEO_SLIDES_LIVE,        /* its slides are shown from now on …   */
	VIDEO_SLIDES_NONE,        /* … and no longer                      */
	VIDEO_FILTER_BAD,         /* the room's filter was taken out; leg 0:
	                           * video_filter_text() says why         */
	VIDEO_LOAD,               /* leg = governor step, 0 = full quality */
};
typedef void (video_event_h)(enum video_event ev, uint32_t leg, void *arg);

struct video_cfg {
	unsigned width, height, fps;  /* canvas, default 1280x720 at 30   */
	unsigned workers;             /* 0: none, tests drive             */
	bool crop;                    /* fit: crop instead of letterbox   */
	video_out_h   *outh;
	video_event_h *eventh;
	void *arg;
};

int  video_alloc(struct video **vp, const struct video_cfg *cfg);
int  video_start(struct video *v);
void video_stop(struct video *v);     /* joined when it returns           */
void video_run(struct video *v, uint64_t now_us) ON(worker);

/** A party's tile: a card until frames come.  Shown in order of joining,
 *  stable.  slides: what it shares (ticket.slides), shown from its first
 *  picture until it is gone or its ticket says that it is over; never
 *  frozen.  After mem_deref no handler runs for it. */
struct audio_leg;
int  video_src_alloc(struct video_src **srcp, struct video *v,
		     const struct ticket *t, bool slides) ON(loop);
int  video_src_set(struct video_src *src, const struct ticket *t) ON(loop);
void video_src_put(struct video_src *src, struct pkt *pkt) ON(loop);
void video_src_sync(struct video_src *src, const struct rtp_sync *sync)
	ON(loop);

/** How long a missing packet is waited for [ms], default 40, at most 300:
 *  more where it is asked for again. */
void video_src_wait(struct video_src *src, unsigned ms) ON(loop);

/** The largest tile in which this source is shown, in any scene [px]; 0x0:
 *  nowhere.  As of the last VIDEO_NEED or VIDEO_NEED_SLIDES. */
void video_src_need(const struct video_src *src, unsigned *wp, unsigned *hp)
	ON(loop);

/** Lip sync against this sound; NULL: none.  `offseth(arg)` is
 *  audio_leg_offset, `holdh` audio_leg_hold; any thread. */
typedef int64_t (video_offset_h)(void *arg);
typedef void (video_hold_h)(unsigned extra_ms, void *arg);
void video_src_lipsync(struct video_src *src, video_offset_h *offseth,
		       video_hold_h *holdh, void *arg) ON(loop);

/** How somebody sees the room.  Equal views are one scene, drawn and encoded
 *  once, which exists while it is watched.  Of those that differ from the
 *  room's there are at most VIDEO_VIEWS_MAX; who comes later sees that of
 *  his layout without his own wishes, or the room's, until one is free.
 *
 *  Where one is large and it would be the viewer himself, he sees who was
 *  large before (hide_self and pins go first), in a scene of his own, which
 *  he keeps for a while when he is no longer. */
struct video_view {
	const char *layout;       /* "" or NULL: the room's               */
	uint32_t self;            /* the viewer's leg, 0: nobody's        */
	bool hide_self;           /* he is nowhere in his own picture     */
	struct pins pins;         /* legs that are large for him, instead
	                           * of the room's spotlights             */
};
enum { VIDEO_VIEWS_MAX = 15 };

/** Watch a scene on this rung; ends with mem_deref.  view: NULL for the
 *  room's; borrowed; ENOENT: no such layout.  The first unit after a watch
 *  begins is made a key frame (merged, 500 ms). */
int  video_watch_alloc(struct video_watch **wp, struct video *v,
		       const struct video_rung *rung,
		       const struct video_view *view) ON(loop);

/** Which units are its; may change with the room's layout: ask each time. */
uint32_t video_watch_rung(const struct video_watch *w) ON(loop);
void video_watch_key(struct video_watch *w) ON(loop); /* PLI, FIR, INFO   */

/** Time passes: a few times a second. */
void video_turn(struct video *v, uint64_t now_us) ON(loop);

void video_speaker(struct video *v, uint32_t leg) ON(loop);   /* border   */
void video_recording(struct video *v, bool on) ON(loop);      /* red dot  */
void video_fit(struct video *v, bool crop) ON(loop);

/** What is drawn over it (base/look.h); the watermark is kept by count,
 *  NULL: none. */
struct look;
struct mark_image;
void video_look(struct video *v, const struct look *look) ON(loop);
void video_filter_text(const struct video *v, char *buf, size_t size)
	ON(loop);
void video_watermark(struct video *v, struct mark_image *image) ON(loop);

/** The connection of this source's party is bad, or good again. */
void video_src_trouble(struct video_src *src, bool on) ON(loop);

/** The room's layout ("" or NULL: grid; unknown: as it was) and the legs
 *  that are large in every layout. */
void video_room(struct video *v, const char *layout,
		const struct pins *spotlights) ON(loop);

/** What layouts there are from now on (mixer/layout.h layout_set_use());
 *  whoever watches one that changed sees it with the next picture. */
struct layout_text;
int  video_layouts(struct video *v, const struct layout_text *textv,
		   size_t textc, char *errbuf, size_t errsz) ON(loop);
bool video_layout_known(const struct video *v, const char *name);

/** A copy of the canvas as it is now (AVFrame I420; caller frees), drawn
 *  on demand if nobody watches; handler on a worker, once. */
struct AVFrame;
typedef void (video_shot_h)(int err, struct AVFrame *frame, void *arg);
int  video_shot(struct video *v, video_shot_h *shoth, void *arg) ON(loop);

json_t *video_stats(const struct video *v) ON(loop);  /* CPU us by stage:
	"decode", "scale", "label", "encode"; late ticks, rungs, governor */
json_t *video_src_stats(const struct video_src *src) ON(loop);

#endif
