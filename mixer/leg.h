/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg.h -- one party's RTP and RTCP, all media: bytes in, bytes out
 *
 *	datagram -> rtp_in (check, latch, statistics) -> packeth | dtmfh
 *	         -> rtp_rtcp (RTCP)                   -> synch, keyh, lossh
 *	unit     -> rtp_out (header, history, pacing) -> sendh
 *
 * Knows no socket and no clock: datagrams come with their source address
 * and arrival time, go out through sendh.  net_port and mixer.c connect it.
 *
 * Latching (symmetric RTP, RFC 4961).  Until latched we send to the SDP's
 * address.  A source is latched by a packet with a payload type of the
 * ticket that comes from the SDP's address, or by LEG_PROBATION packets in
 * sequence with one SSRC from another address when none came from the SDP's.
 * Once latched, packets from other addresses are dropped and counted; the
 * latch moves only when (a) signalling gives a new remote address, or (b)
 * the old address has been silent for LEG_REBIND_MS and the new one goes on
 * with the same SSRC within LEG_REBIND_SEQ sequence numbers: what a NAT
 * does, and what an outsider who cannot see the stream cannot guess, or (c)
 * a stranger was latched and the SDP's address speaks after all: who was
 * merely first must not keep out who was named.  After (a) the old address
 * is heard, not answered, for 2 s more: what is still under way is not lost.
 *
 * WebRTC (ticket.rtc.on): one transport carries all media; what is given to
 * leg_recv() has been opened by net_rtc, what goes to sendh it seals (dst is
 * unset).  No latching: the transport is authenticated.  An SSRC is placed
 * as RFC 8843 section 9.2 says, at most LEG_STREAMS at a time; of simulcast
 * layers the one that the tile needs (leg_set_need) goes up, changing at
 * key frames.  Packets missing are asked for again; RTX puts them back with
 * the number they had.  Nothing is sent before leg_ready().
 *
 * Threads: loop (net).
 */
#ifndef TUTTI_MIXER_LEG_H
#define TUTTI_MIXER_LEG_H

#include <re.h>
#include <jansson.h>

#include "base/thread.h"
#include "base/ticket.h"
#include "mixer/pkt.h"
#include "mixer/rtp_sync.h"
#include "mixer/unit.h"

enum {
	LEG_PROBATION  = 3,
	LEG_REBIND_MS  = 1000,
	LEG_REBIND_SEQ = 500,
	LEG_PAYLOAD_MAX = 1200,   /* bytes of RTP payload we send         */
};

/** LEG_SLIDES: what a WebRTC party shares, only received */
enum leg_media { LEG_AUDIO = 0, LEG_VIDEO = 1, LEG_SLIDES = 2 };

struct leg;

struct leg_h {
	/** dst unset for a connected socket and for WebRTC; rtcp tells which
	 *  socket, with WebRTC what it is */
	void (*sendh)(enum leg_media media, bool rtcp, const struct sa *dst,
		      const struct iovec *iov, unsigned iovc, void *arg);
	/** An in-profile packet; takes over pkt.  Telephone events and
	 *  comfort noise too: a sequence number that the jitter buffer never
	 *  sees is a loss to it. */
	void (*packeth)(enum leg_media media, struct pkt *pkt, void *arg);
	void (*synch)(enum leg_media media, const struct rtp_sync *sync,
		      void *arg);
	void (*keyh)(void *arg);                  /* peer sent PLI or FIR */
	void (*lossh)(enum leg_media media, float loss, void *arg);
	void (*dtmfh)(char digit, unsigned duration_ms, void *arg);
	void (*latchh)(enum leg_media media, const struct sa *src,
		       uint32_t ssrc, uint16_t seq, void *arg);
	void (*byeh)(enum leg_media media, void *arg);
	/** ms since the last packet; 0: packets again */
	void (*quieth)(enum leg_media media, unsigned quiet_ms, void *arg);
};

int  leg_alloc(struct leg **legp, const struct ticket *t,
	       const struct leg_h *h, void *arg, uint64_t now) ON(loop);

/** New ticket: what changed is applied, SSRCs and sequence go on. */
int  leg_set(struct leg *leg, const struct ticket *t, uint64_t now) ON(loop);
const struct ticket *leg_ticket(const struct leg *leg);

/** One datagram from the RTP or RTCP socket (demultiplexed as in RFC 5761
 *  with rtcp_mux); src NULL on a socket pair.  WebRTC: in the clear, of
 *  whatever medium. */
void leg_recv(struct leg *leg, enum leg_media media, bool rtcp_sock,
	      const struct sa *src, const uint8_t *p, size_t n,
	      uint64_t now) ON(loop);

/** Send a unit; audio with the engine's 48 kHz clock as ts48, video stamped
 *  from unit->pts_us.  Dropped unless ticket and peer address allow.  The
 *  first video unit of a rung must be a key frame: until one comes units
 *  are dropped. */
void leg_send_audio(struct leg *leg, struct unit *unit, uint32_t ts48,
		    uint64_t now) ON(loop);
void leg_send_video(struct leg *leg, struct unit *unit, uint64_t now)
	ON(loop);

/** A decoder wants a key frame: PLI, else FIR; ENOTSUP if the peer has
 *  neither (tuttid then sends RFC 5168 INFO). */
int  leg_want_key(struct leg *leg, enum leg_media media, uint64_t now)
	ON(loop);

/** WebRTC: the transport has keys and a peer, or no longer. */
void leg_ready(struct leg *leg, bool on, uint64_t now) ON(loop);

/** WebRTC: what each SSRC of rtc->rocv is, into it. */
void leg_rtc_name(const struct leg *leg, struct ticket_rtc *rtc) ON(loop);

/** The largest tile its video or slides are shown in [px], 0x0: nowhere.
 *  Chooses the simulcast layer; bounds what the peer sends (REMB, TMMBR). */
int  leg_set_need(struct leg *leg, enum leg_media media, unsigned width,
		  unsigned height, uint64_t now) ON(loop);

/** How long reassembly should wait for a missing packet [ms]; 0: nobody
 *  asks for it, its own patience. */
unsigned leg_wait_ms(const struct leg *leg, enum leg_media media) ON(loop);

/** RTCP reports, pacing, quiet detection: call at or after leg_due(). */
void leg_run(struct leg *leg, uint64_t now) ON(loop);
uint64_t leg_due(const struct leg *leg) ON(loop);     /* [us]             */

void leg_bye(struct leg *leg, uint64_t now) ON(loop); /* RTCP BYE, once   */

/** The path to the peer, as far as is known; rates with all headers */
struct leg_path {
	uint32_t kbps;            /* it carries, all media; 0: not known  */
	bool     bound;           /* it has been congested: keep to it    */
	uint32_t video_kbps;      /* what the peer asked for (TMMBR, REMB)
	                           * of pictures, 0: nothing              */
	uint32_t sending_kbps;    /* all media, as it goes out …          */
	uint32_t video_tx_kbps;   /* … pictures, as they were to be sent  */
	unsigned jams;            /* how often too many of them waited    */
	uint32_t audio_kbps;      /* what sound needs of it               */
	unsigned cuts;            /* how often it fell …                  */
	unsigned complaints;      /* … because a picture broke again      */
	float    loss, own_loss;  /* as told; not by congestion [0..1]    */
	uint64_t told_us;         /* what was sent from then on has been
	                           * told of, 0: never                    */
	unsigned queue_ms;        /* in it, by feedback                   */
	bool     probes;          /* the peer answers probes …            */
	bool     can_probe;       /* … and none is under way              */
};
void leg_path(const struct leg *leg, struct leg_path *path, uint64_t now)
	ON(loop);

/** Its sound, if it is Opus, takes no more than that from now on, headers
 *  and all [kbit/s]. */
void leg_sound_less(struct leg *leg, uint32_t kbps) ON(loop);

/** Send padding at this rate for a moment: is there room? */
void leg_probe(struct leg *leg, uint32_t kbps, uint64_t now) ON(loop);

/** So much will be sent, without knowing; loss will tell. */
void leg_try(struct leg *leg, uint32_t kbps, uint64_t now) ON(loop);

/** A smaller rung follows: no more of the one that was sent. */
void leg_drop_video(struct leg *leg) ON(loop);

/** The lower of the two: what the path carries, what the peer asked for
 *  [bit/s]; 0: not known. */
uint64_t leg_tx_limit(const struct leg *leg, enum leg_media media) ON(loop);

/** The members of MIX_QUALITY that are ours, per medium. */
json_t *leg_stats(const struct leg *leg, enum leg_media media) ON(loop);

#endif
