/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer.h -- one meeting: the engines, the legs and what joins them
 *
 * The media path.  Left the thing that flows, in the middle the module that
 * handles it, right the thread it happens on.
 *
 *  datagram      net_port      recvmmsg, arrival time                  net
 *     |          net_rtc       browsers: ICE, DTLS, SRTP opened        net
 *     v          rtp_in        header, latch, statistics               net
 *     |          leg_rtc       browsers: which SSRC is what; RTX, RED,
 *     |                        the simulcast layer a tile needs        net
 *     |            `-> rtp_rtcp  SR: clocks; PLI, FIR, RR, BYE         net
 *  packet        audio_leg_put, video_src_put: a bounded queue       -----
 *     v          rtp_jbuf      sound in order, in time               audio
 *     |          rtp_frame     rtp_depack: pictures whole, in order  video
 *  coded frame   codec_*       decode                         audio, video
 *     v
 *  48 kHz, I420  audio_leg, video_src   newest per party; aligned by the
 *     |                        sender reports, audio_leg_offset tells video
 *     |                        when a moment is heard         audio, video
 *     +--------> audio_mix     one 32-bit sum; a speaker gets sum - self,
 *     |                        one limiter              audio, every 20 ms
 *     +--------> video_layout, video_canvas   only tiles that changed
 *     v                                         video, every picture shown
 *  samples,      codec_*       once per different mix and codec;      audio
 *  canvas                      once per rung                          video
 *     v
 *  coded frame   rtp_pack      payloads, once per encode: a unit
 *     |                                                       audio, video
 *     |          inbox         units of a tick in one post; eventfd  -----
 *     +--------> record        the rung of the canvas and the full mix
 *     v                        to Matroska                  net -> writer
 *  unit          leg, rtp_out  per leg: header, pacing, reports        net
 *     |          net_rtc       browsers: sealed                        net
 *     v
 *  datagram      net_port      sendmmsg                                net
 *
 *  Beside it, in front of everything: ipc -> mixer_ctl (messages of
 *  base/mixproto.h) -> mixer_leg, mixer_rec, on net; events of the engines
 *  -> inbox -> mixer -> ipc.
 *
 * Files: mixer.c joins engines, inbox and timer; mixer_ctl.c has a function
 * per message; mixer_leg.c is one party; mixer_rec.c recordings and
 * pictures; mixer_priv.h what they share.
 *
 * Owns everything below it; the engines' threads end with mem_deref().
 *
 * Threads: loop (net).
 */
#ifndef TUTTI_MIXER_MIXER_H
#define TUTTI_MIXER_MIXER_H

#include "base/thread.h"

struct mixer;

/** The meeting is over (bye, or tuttid is gone): files are closed, legs have
 *  their BYE.  Called once, the owner derefs. */
typedef void (mixer_end_h)(int err, void *arg);

/** fd: the control socket, taken over. */
int mixer_alloc(struct mixer **mixerp, int fd, mixer_end_h *endh, void *arg)
	ON(loop);

/** Orderly end as with the message; endh follows before it returns. */
void mixer_bye(struct mixer *mixer) ON(loop);

#endif
