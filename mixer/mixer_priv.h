/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_priv.h -- what the files of mixer.h share; for nobody else
 *
 * Threads: loop (net) for every field and function.
 */
#ifndef TUTTI_MIXER_MIXER_PRIV_H
#define TUTTI_MIXER_MIXER_PRIV_H

#include <re.h>
#include <jansson.h>

#include "base/ipc.h"
#include "base/look.h"
#include "base/thread.h"
#include "base/ticket.h"
#include "mixer/audio.h"
#include "mixer/inbox.h"
#include "mixer/leg.h"
#include "mixer/leg_rate.h"
#include "mixer/mixer.h"
#include "mixer/net_port.h"
#include "mixer/net_rtc.h"
#include "mixer/record.h"
#include "mixer/video.h"
#include "mixer/video_ladder.h"

enum {
	MIXER_PKTS   = 8192,      /* packets between sockets and decoders */
	MIXER_W      = 1280,
	MIXER_H      = 720,
	MIXER_FPS    = 30,
	MIXER_ERR    = 160,       /* text of an answer                    */
};

struct mixer {
	struct ipc *ipc;
	struct inbox *inbox;      /* outlives the engines' threads        */
	struct audio *audio;      /* NULL until hello                     */
	struct video *video;
	struct recorder *recorder;
	struct list legl;         /* mixer_leg, in order of joining       */
	struct hash *legs;        /* the same by id                       */
	struct list recl;         /* rec, being closed included           */
	struct rec *rec;          /* the one that runs, weak              */
	struct list reql;         /* pictures asked for                   */
	uint32_t req_id;          /* of the last recording or picture     */
	struct tmr tmr;           /* earliest leg_due                     */
	uint64_t due;             /* what tmr is set to, UINT64_MAX: off  */
	uint64_t ask_us;          /* when all legs are asked again        */
	uint64_t scan_us;         /* not looked through sooner than this  */
	unsigned legc;            /* as of the last look                  */
	uint64_t started_us;
	uint64_t cpu_net_us;      /* thread time at the start             */
	uint64_t late;            /* batches and pictures thrown away     */
	unsigned width, height, fps;
	struct video_ladder ladder;       /* what legs may be sent        */
	unsigned load_height;     /* the governor's: nothing above, 0: any */
	char layout[TICKET_LAYOUT_MAX];
	struct pins spotlights;
	struct look look;
	uint32_t meeting;
	json_t *layouts;          /* files that came, the rest will follow */
	int statm_fd;             /* /proc/self/statm                     */
	bool ended;
	mixer_end_h *endh;
	void *arg;
};

/* One socket of a leg */
struct mixer_port {
	struct mixer_leg *leg;
	struct net_port *np;
	enum leg_media media;
	bool rtcp;
};

struct mixer_leg {
	struct le le;             /* in mixer->legl                       */
	struct le he;             /* in mixer->legs                       */
	uint64_t due_us;          /* as of the last mixer_leg_wake()      */
	struct mixer *mixer;
	struct ticket ticket;
	struct leg *leg;
	struct mixer_port portv[2][2];  /* [medium][RTP, RTCP]            */
	struct audio_leg *audio;  /* NULL: no sound agreed                */
	struct video_src *src;    /* its tile; NULL: a watcher            */
	struct video_watch *watch;/* NULL: is sent no picture             */
	struct video_rung rung;   /* of watch                             */
	struct video_watch *next; /* a larger one, until its key frame    */
	struct video_rung next_rung;
	struct leg_rate rate;     /* when to move to another rung         */
	uint64_t rate_us;         /* last look                            */
	uint32_t budget;          /* for pictures, by cost; UINT32_MAX: any */
	uint32_t next_cost;       /* of the rung above, 0: none           */
	bool last;                /* nothing but sound is below the rung  */
	const char *rung_why;     /* the move is to be told, NULL: it is  */
	struct video_view view;   /* of watch; its layout is …            */
	char layout[TICKET_LAYOUT_MAX];   /* … here, "": the room's       */
	struct net_rtc *rtc;      /* NULL: SIP                            */
	bool rtc_ready;           /* it was, once                         */
	struct video_src *slides; /* while it shares                      */
	bool rtc_trouble;         /* no consent for a while               */
	bool quiet;               /* no sound comes that should           */
	bool slides_on;           /* told                                 */
	int slides_err;           /* told                                 */
	unsigned wait_ms[3];      /* told to src and slides, by medium    */
};

/* mixer.c */
int  mixer_start(struct mixer *mixer, unsigned width, unsigned height,
		 unsigned fps, bool tones, bool crop) ON(loop);
void mixer_due(struct mixer *mixer, uint64_t due_us) ON(loop);
void mixer_tell(struct mixer *mixer, const char *m, json_t *msg) ON(loop);
json_t *mixer_stats(const struct mixer *mixer) ON(loop);

/* mixer_ctl.c */
void mixer_ctl_recv(json_t *msg, int *fdv, size_t fdc, void *arg);
void mixer_done(struct mixer *mixer, json_t *seq, int err,
		const char *text) ON(loop);
                                  /* seq borrowed, NULL: no answer wanted */

/* mixer_layouts.c: a message of that name */
int  mixer_layouts(struct mixer *mixer, const json_t *msg, char *errbuf,
		   size_t errsz) ON(loop);

/* mixer_leg.c */
struct mixer_leg *mixer_leg_find(const struct mixer *mixer, uint32_t id)
	ON(loop);
int  mixer_leg_alloc(struct mixer_leg **mlp, struct mixer *mixer,
		     const struct ticket *t, int *fdv, size_t fdc,
		     char *errbuf, size_t errsz) ON(loop);
int  mixer_leg_set(struct mixer_leg *ml, const struct ticket *t,
		   int *fdv, size_t fdc, char *errbuf, size_t errsz)
	ON(loop);
void mixer_leg_end(struct mixer_leg *ml) ON(loop);   /* BYE, quality */
void mixer_leg_quality(struct mixer_leg *ml) ON(loop);    /* tells tuttid */
void mixer_leg_want_key(struct mixer_leg *ml, enum leg_media media) ON(loop);

/** The room is held or no longer: who is heard. */
int  mixer_leg_hold(struct mixer_leg *ml) ON(loop);
/** Drawn where its connection is bad. */
void mixer_leg_trouble(struct mixer_leg *ml) ON(loop);

uint64_t mixer_leg_due(const struct mixer_leg *ml) ON(loop);
/** Something happened to it: notes when it is due, and sets the timer */
void mixer_leg_wake(struct mixer_leg *ml) ON(loop);
void mixer_leg_run(struct mixer_leg *ml, uint64_t now) ON(loop);
void mixer_leg_bye(struct mixer_leg *ml, uint64_t now) ON(loop);

/* mixer_leg_rtc.c */
int  mixer_leg_rtc_alloc(struct mixer_leg *ml, const struct ticket *t)
	ON(loop);
void mixer_leg_rtc_recv(struct mixer_leg *ml, const struct sa *src,
			const uint8_t *p, size_t n, uint64_t now) ON(loop);
void mixer_leg_rtc_send(struct mixer_leg *ml, bool rtcp,
			const struct iovec *iov, unsigned iovc) ON(loop);
void mixer_leg_slides_put(struct mixer_leg *ml, struct pkt *pkt) ON(loop);
int  mixer_leg_slides_set(struct mixer_leg *ml, const struct ticket *t)
	ON(loop);
void mixer_leg_slides_tell(struct mixer_leg *ml, bool on) ON(loop);
void mixer_leg_slides_end(struct mixer_leg *ml) ON(loop);
void mixer_leg_wait(struct mixer_leg *ml, enum leg_media media,
		    struct video_src *src) ON(loop);
void mixer_leg_need(struct mixer_leg *ml, enum leg_media media) ON(loop);

/* mixer_leg_watch.c */
int  mixer_leg_watch(struct mixer_leg *ml) ON(loop);
/** The same, because the governor moved. */
int  mixer_leg_load(struct mixer_leg *ml) ON(loop);
/** Is this unit for it?  Ends a move to a larger rung. */
bool mixer_leg_watches(struct mixer_leg *ml, const struct unit *unit)
	ON(loop);
void mixer_leg_rate(struct mixer_leg *ml, uint64_t now) ON(loop);
uint64_t mixer_leg_rate_due(const struct mixer_leg *ml) ON(loop);
void mixer_leg_rung_stats(const struct mixer_leg *ml, json_t *obj) ON(loop);
void mixer_leg_rung_tell(struct mixer_leg *ml, const char *why) ON(loop);

/* mixer_rec.c */
int  mixer_rec_start(struct mixer *mixer, uint32_t id, uint32_t segment,
		     bool announce, int fd) ON(loop);
int  mixer_rec_pause(struct mixer *mixer, uint32_t id, bool on) ON(loop);
int  mixer_rec_stop(struct mixer *mixer, uint32_t id, json_t *seq) ON(loop);
void mixer_rec_unit(struct mixer *mixer, struct unit *unit) ON(loop);
void mixer_rec_state(struct mixer *mixer, struct post *post) ON(loop);
void mixer_rec_end(struct mixer *mixer) ON(loop);   /* all, and wait      */
int  mixer_shot(struct mixer *mixer, json_t *seq, int fd, bool jpeg)
	ON(loop);
void mixer_shot_taken(struct mixer *mixer, struct post *post) ON(loop);
void mixer_shot_written(struct mixer *mixer, struct post *post) ON(loop);

#endif
