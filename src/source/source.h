/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source.h -- tutti-source: a file, camera or test picture as RTP
 *
 *	tutti-source [--loop] [--event-fd N]
 *	    [--audio-fd N --audio-pt N] [--video-fd N --video-pt N]
 *	    [--width 1280] [--height 720] [--fps 30] [--kbps 1000] URL
 *
 * URL: a file's path or file:… (played once, or --loop), rtsp:, rtsps:,
 * rtmp:, http: and what else libavformat opens, or test:N (N 1 to 99).
 *
 * --audio-fd, --video-fd: one end each of an AF_UNIX SOCK_DGRAM pair, the
 * other end is the leg's RTP socket; RTCP goes over the same one
 * (rtcp_mux).  At least one.  The leg's ticket: audio opus, clock 48000,
 * 2 channels; video h264, clock 90000, packetization-mode 1, profile
 * 42e01f; pt and tx_pt as given here; send false, recv true; fb_pli true;
 * raddr unset; source true.
 *
 * Events, one JSON object a line on --event-fd (default 1):
 *
 *	{"event": "playing", "video": "h264 1280x720 copied",
 *	 "audio": "opus"}           the first packet has been sent
 *	{"event": "ended"}          a file is over; exit 0
 *	{"event": "failed", "text": "connection refused"}  exit 1
 *
 * SIGTERM, or the other ends gone: RTCP BYE and exit 0 without an event.
 * It never tries again by itself: whoever started it decides that.
 *
 * Threads: the main thread owns sockets, pacing and RTCP (source_send.c);
 * one more reads, decodes and encodes (source_file.c, source_test.c) and
 * hands units over a queue that holds SOURCE_LEAD_MS: when it is full the
 * maker waits.
 */
#ifndef TUTTI_SOURCE_SOURCE_H
#define TUTTI_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/unit.h"

enum {
	SOURCE_LEAD_MS = 250,     /* made ahead of its time               */
	SOURCE_OPEN_S  = 10,      /* to connect and find streams          */
	SOURCE_READ_S  = 5,       /* a live source says nothing           */
	SOURCE_TEXT    = 256,
};

struct source_cfg {
	const char *url;
	bool     loop;
	int      event_fd;
	int      audio_fd, video_fd;      /* -1: none                     */
	uint8_t  audio_pt, video_pt;
	unsigned width, height, fps, kbps;
};

/* ---- the queue between maker and sender (source_queue.c) ------------- */

struct source_queue;

int  source_queue_alloc(struct source_queue **qp);

/** Maker.  unit->pts_us is media time from 0 on, without jumps; waits
 *  while more than SOURCE_LEAD_MS wait, unless live.  Takes over unit.
 *  False: the sender has ended. */
bool source_queue_put(struct source_queue *q, struct unit *unit, bool live);

/** Sender.  NULL: nothing there. */
struct unit *source_queue_get(struct source_queue *q);
uint64_t source_queue_first(struct source_queue *q);  /* its pts, or
						       * UINT64_MAX       */
void source_queue_close(struct source_queue *q);      /* sender ends      */
bool source_queue_closed(const struct source_queue *q);

/** Maker.  Nothing more will come: ended (NULL) or failed (text). */
void source_queue_end(struct source_queue *q, const char *text);
bool source_queue_ended(struct source_queue *q, const char **textp);

/** Sender asks, maker takes: the next picture is to be a key frame. */
void source_queue_want_key(struct source_queue *q);
bool source_queue_key_wanted(struct source_queue *q);

/** What plays, for the event; set by the maker before its first unit. */
void source_queue_describe(struct source_queue *q, const char *audio,
			   const char *video);
void source_queue_description(struct source_queue *q, const char **audiop,
			      const char **videop);

/** Readable when something was put. */
int source_queue_fd(const struct source_queue *q);

/* ---- makers: run until the end, on their own thread ------------------- */

void source_file_run(const struct source_cfg *cfg, struct source_queue *q);
void source_test_run(const struct source_cfg *cfg, unsigned number,
		     struct source_queue *q);

/* ---- the sender: main thread ------------------------------------------ */

/** 0: ended or told to; 1: failed. */
int source_send_run(const struct source_cfg *cfg, struct source_queue *q);
void source_send_stop(void);      /* from a signal handler                */

#endif
