/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ticket.h -- the leg ticket: all a mixer must know to carry a leg
 *
 * A leg is one party's media.  Its ticket is a plain value: written by
 * src/media from the offer/answer, sent as JSON beside the descriptors it
 * counts, read by the mixer.  Handing the same ticket and descriptors to
 * another mixer moves the leg (shared with the replacement of a crashed
 * mixer): no re-INVITE, no new ports.  The mixer never changes a ticket; it
 * reports news (`leg_news`) that tuttid writes into its copy.
 *
 * Sending SSRCs are not in the ticket: every mixer draws its own, so no
 * SSRC and no keystream is ever used by two processes.
 *
 * Threads: any; no pointers inside, copy freely.
 */
#ifndef TUTTI_BASE_TICKET_H
#define TUTTI_BASE_TICKET_H

#include <re.h>
#include <jansson.h>

enum {
	TICKET_CODECS_MAX = 12,
	TICKET_NAME_MAX   = 128,  /* bytes with the NUL, UTF-8            */
};

enum ticket_codec {
	CODEC_NONE = 0,
	/* audio */
	CODEC_PCMU,
	CODEC_PCMA,
	CODEC_G722,               /* RTP clock 8000, samples at 16000 Hz  */
	CODEC_OPUS,
	CODEC_TELEV,              /* telephone-event, RFC 4733            */
	CODEC_CN,                 /* comfort noise, RFC 3389              */
	/* video */
	CODEC_H264,
	CODEC_VP8,
};

/** One payload type of an m-line, with the peer's fmtp understood */
struct ticket_fmt {
	enum ticket_codec codec;
	uint8_t  pt;              /* what the peer sends with             */
	uint8_t  tx_pt;           /* what the peer wants to receive; the same
	                           * number unless the two sides differ   */
	uint32_t clock_hz;        /* RTP clock                            */
	uint8_t  channels;
	/* Opus, RFC 7587: what the peer wants to receive */
	bool     fec, dtx, stereo, cbr;
	uint32_t max_bitrate;     /* maxaveragebitrate [bit/s], 0: none   */
	uint32_t max_playback_hz; /* maxplaybackrate, 0: 48000            */
	/* H.264, RFC 6184: what the peer can receive */
	uint8_t  pkt_mode;        /* packetization-mode 0 or 1            */
	uint8_t  profile_idc, profile_iop, level_idc;
	uint32_t max_mbps;        /* macroblocks/s, 0: what the level says */
	uint32_t max_br;          /* kbit/s (units of 1000), 0: level     */
	/* H.264 and VP8 */
	uint32_t max_fs;          /* frame size in macroblocks, 0: none   */
	uint32_t max_fr;          /* frames/s, 0: none                    */
};

struct ticket_media {
	bool      on;             /* the m-line is accepted               */
	bool      send, recv;     /* as the mixer sees it: after hold etc. */
	bool      rtcp_mux;
	int       rtp_fd;         /* index into the passed descriptors    */
	int       rtcp_fd;        /* -1 with rtcp_mux                     */
	struct sa raddr;          /* peer's RTP address from the SDP; unset
	                           * (sa_isset false) for a socket pair   */
	struct sa raddr_rtcp;
	struct sa latched;        /* where the peer's RTP came from; kept by
	                           * tuttid from leg_news, so that a new
	                           * mixer sends at once                  */
	uint32_t  rssrc;          /* the peer's SSRC once latched, or 0   */
	uint16_t  rseq;           /* its last sequence number             */
	uint32_t  ptime_ms;       /* audio: what the peer wants, 10..60   */
	uint32_t  max_kbps;       /* b=TIAS or b=AS, 0: none              */
	/* RTCP feedback the peer understands (RFC 4585, 5104) */
	bool      fb_pli, fb_fir, fb_nack, fb_tmmbr;
	uint8_t   ext_level;      /* extension id of RFC 6464, 0: none    */
	struct ticket_fmt fmtv[TICKET_CODECS_MAX];
	unsigned  fmtc;           /* in the peer's order; the first that is a
	                           * codec (not telephone-event, CN) is the
	                           * one we send                          */
};

struct ticket {
	uint32_t  id;             /* leg id, unique in the server's life  */
	char      name[TICKET_NAME_MAX];
	bool      muted;          /* by host: its sound enters no mix     */
	bool      video_muted;    /* by host: a card instead of its picture */
	bool      source;         /* fed by tutti-source                  */
	struct ticket_media audio, video;
};

void ticket_init(struct ticket *t, uint32_t id);

json_t *ticket_encode(const struct ticket *t);

/** Fills *t; EBADMSG with a reason in errbuf ("video.fmt[2].pt: …"). */
int ticket_decode(struct ticket *t, const json_t *obj,
		  char *errbuf, size_t errsz);

/** The format we send with, or NULL when there is none. */
const struct ticket_fmt *ticket_tx(const struct ticket_media *m);
const struct ticket_fmt *ticket_find(const struct ticket_media *m,
				     enum ticket_codec codec);

const char *codec_name(enum ticket_codec codec);       /* "opus", "h264" */
enum ticket_codec codec_find(const char *name);        /* any case        */
bool codec_is_audio(enum ticket_codec codec);          /* a voice codec   */
bool codec_is_video(enum ticket_codec codec);

#endif
