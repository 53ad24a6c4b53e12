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

#include "base/pins.h"

enum {
	TICKET_CODECS_MAX = 12,
	TICKET_NAME_MAX   = 128,  /* bytes with the NUL, UTF-8            */
	TICKET_RIDS_MAX   = 3,    /* simulcast layers                     */
	TICKET_ID_MAX     = 33,   /* a mid or rid with the NUL            */
	TICKET_UFRAG_MAX  = 257,  /* with the NUL, RFC 8445 section 16.1  */
	TICKET_PEM_MAX    = 2048, /* certificate and key with the NUL     */
	TICKET_KEY_MAX    = 46,   /* SRTP master key and salt             */
	TICKET_ROCS_MAX   = 16,
	TICKET_LAYOUT_MAX = 32,
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
	CODEC_RED,                /* Opus in RFC 2198 redundancy          */
	/* video */
	CODEC_H264,
	CODEC_VP8,
	CODEC_VP9,                /* sent on thin links                   */
	CODEC_AV1,
	CODEC_H265,               /* received only                        */
};

/** One payload type of an m-line, with the peer's fmtp understood */
struct ticket_fmt {
	enum ticket_codec codec;
	uint8_t  pt;              /* what the peer sends with             */
	uint8_t  tx_pt;           /* what the peer wants to receive; the same
	                           * number unless the two sides differ   */
	uint8_t  rtx_pt;          /* retransmissions of it, RFC 4588, both
	                           * ways; 0: none                        */
	bool     rx_only;         /* never to be sent with (H.265)        */
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
	bool      fb_remb, fb_twcc;  /* never both                        */
	bool      rtcp_rsize;     /* RFC 5506                             */
	/* header extensions (RFC 8285): the id, 0: not agreed */
	uint8_t   ext_level;      /* RFC 6464 client-to-mixer level       */
	uint8_t   ext_mid;        /* RFC 9143; on every packet we send    */
	uint8_t   ext_rid, ext_rrid;  /* RFC 8852                         */
	uint8_t   ext_twcc;       /* transport-wide sequence number       */
	uint8_t   ext_abs_send;   /* abs-send-time                        */
	uint8_t   ext_capture;    /* abs-capture-time                     */
	char      mid[TICKET_ID_MAX];   /* "": no BUNDLE                  */
	/* simulcast layers that the peer sends (RFC 8853), in its order */
	unsigned  ridc;
	char      ridv[TICKET_RIDS_MAX][TICKET_ID_MAX];
	struct ticket_fmt fmtv[TICKET_CODECS_MAX];
	unsigned  fmtc;           /* in the peer's order; the first that is a
	                           * codec (not telephone-event, CN) is the
	                           * one we send                          */
};

enum ticket_srtp {
	SRTP_NONE = 0,
	SRTP_GCM_128,             /* AEAD_AES_128_GCM, RFC 7714: 16 + 12  */
	SRTP_CM_80,               /* AES_CM_128_HMAC_SHA1_80: 16 + 14     */
};

/** Where a received stream was: its roll-over counter and last number; and
 *  what it is: browsers say MID and RID only until they are heard. */
struct ticket_roc {
	uint32_t ssrc, roc;
	uint16_t seq;
	uint8_t  media;           /* 1 audio, 2 video, 3 slides; 0: not known */
	uint8_t  layer;           /* index into ridv                      */
};

/**
 * WebRTC transport: everything of the leg on one 5-tuple, the socket
 * audio.rtp_fd; all media have the same rtp_fd, rtcp_fd -1, raddr unset.
 * Key and certificate are of this leg alone: a mixer has no others.
 */
struct ticket_rtc {
	bool on;
	/* ICE, we are lite (RFC 8445) */
	char lufrag[TICKET_ID_MAX], lpwd[TICKET_ID_MAX];
	char rufrag[TICKET_UFRAG_MAX], rpwd[TICKET_UFRAG_MAX];
	/* those before an ICE restart: good until the first check with the
	 * new ones; "" none */
	char old_lufrag[TICKET_ID_MAX], old_lpwd[TICKET_ID_MAX];
	struct sa peer;           /* selected; leg_news                   */
	/* DTLS */
	bool active;              /* we are the client                    */
	char pem[TICKET_PEM_MAX]; /* certificate, then key                */
	uint8_t fingerprint[32];  /* SHA-256 of the peer's certificate    */
	/* SRTP, once the handshake is done; leg_news.  tx is ours */
	enum ticket_srtp srtp;
	uint8_t txkey[TICKET_KEY_MAX], rxkey[TICKET_KEY_MAX];
	struct ticket_roc rocv[TICKET_ROCS_MAX];
	unsigned rocc;
};

struct ticket {
	uint32_t  id;             /* leg id, unique in the server's life  */
	char      name[TICKET_NAME_MAX];
	bool      muted;          /* by host: its sound enters no mix     */
	bool      video_muted;    /* by host: a card instead of its picture */
	bool      source;         /* fed by tutti-source                  */
	bool      watcher;        /* only watches (WHEP): no tile         */
	struct ticket_media audio, video;
	struct ticket_media slides;   /* what it shares, only received    */
	struct ticket_rtc rtc;
	/* what it watches */
	char      layout[TICKET_LAYOUT_MAX];  /* "": the room's           */
	uint16_t  max_height;     /* of the picture sent to it [px], 0: any */
	uint8_t   max_fps;        /* 0: any                               */
	bool      hide_self;      /* its own picture is not in it         */
	struct pins pins;         /* legs that are large in it            */
	/* what is drawn beside its name */
	bool      hand;           /* raised                               */
	bool      host;
	bool      mic_off;        /* muted by himself; `muted` is also set
	                           * where we are to drop his sound       */
};

void ticket_init(struct ticket *t, uint32_t id);

json_t *ticket_encode(const struct ticket *t);

/** Fills *t; EBADMSG with a reason in errbuf ("video.fmt[2].pt: …"). */
int ticket_decode(struct ticket *t, const json_t *obj,
		  char *errbuf, size_t errsz);

/** SRTP_GCM_128 -> 28, SRTP_CM_80 -> 30: bytes of key and salt; 0. */
size_t ticket_srtp_len(enum ticket_srtp srtp);

/** Transport news of the mixer (the "rtc" of MIX_LEG_NEWS) into t->rtc; what
 *  is absent stays.  EBADMSG. */
int ticket_rtc_news(struct ticket *t, const json_t *news);
/** The same for sending: peer, keys, roll-overs of rtc. */
json_t *ticket_rtc_encode_news(const struct ticket_rtc *rtc);

/** The format we send with, or NULL when there is none. */
const struct ticket_fmt *ticket_tx(const struct ticket_media *m);
const struct ticket_fmt *ticket_find(const struct ticket_media *m,
				     enum ticket_codec codec);

const char *codec_name(enum ticket_codec codec);       /* "opus", "h264" */
enum ticket_codec codec_find(const char *name);        /* any case        */
bool codec_is_audio(enum ticket_codec codec);          /* a voice codec, not RED */
bool codec_is_video(enum ticket_codec codec);

#endif
