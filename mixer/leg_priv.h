/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_priv.h -- what the files of a leg share
 *
 *	leg.c        life; receiving as SIP peers send it: one SSRC a medium
 *	leg_rtc.c    receiving from one 5-tuple: which SSRC is what, RTX, RED
 *	leg_layer.c  which of a sender's simulcast layers goes up
 *	leg_send.c   units to packets
 *	leg_rtcp.c   reports and feedback of one side
 *	leg_fb.c     RTCP of a whole WebRTC leg: by SSRC to its side; NACK,
 *	             REMB and transport-wide feedback
 *	leg_need.c   how large it is shown -> what it may send
 *	leg_path.c   what the path to the peer carries; probes
 *	leg_stats.c  numbers
 *
 * A leg is up to three sides, audio, video and slides, that know nothing of
 * each other but the clock behind their sender reports and the CNAME.  With
 * SIP each has its own sockets and one SSRC; a WebRTC leg (leg->rtc) has one
 * transport for all and a table of SSRCs.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_LEG_PRIV_H
#define TUTTI_MIXER_LEG_PRIV_H

#include "mixer/leg.h"
#include "mixer/rtp_bwe.h"
#include "mixer/rtp_dtmf.h"
#include "mixer/rtp_ext.h"
#include "mixer/rtp_in.h"
#include "mixer/rtp_latch.h"
#include "mixer/rtp_meter.h"
#include "mixer/rtp_nack.h"
#include "mixer/rtp_out.h"
#include "mixer/rtp_remb.h"
#include "mixer/rtp_rtcp.h"
#include "mixer/rtp_twcc.h"

enum {
	LEG_HELD      = 2,        /* packets kept on probation            */
	LEG_KEY_MS    = 500,      /* between two asks for a key frame     */
	LEG_QUIET_MS  = 2000,     /* first told …                         */
	LEG_QUIET_MAX_MS = 3600000,       /* nothing new after an hour    */
	LEG_QUIET_STEP_MS = 5000, /* … then after this, twice this, …     */
	LEG_NEWS_MS   = 200,      /* between two latch handlers …         */
	LEG_DTMF_MS   = 20,       /* … and digits: a peer can make them   */

	LEG_SIDES     = 3,
	LEG_STREAMS   = 24,       /* SSRCs of a WebRTC leg at a time      */
	LEG_STALE_MS  = 500,      /* a layer or SSRC that has stopped     */
	LEG_IDLE_MS   = 2000,     /* … that may give way to a new one     */
	LEG_PROVEN    = 3,        /* packets that make an SSRC a stream   */
	LEG_HOARD     = 64,       /* packets of a layer before its key
	                           * frame is complete enough to switch   */
	LEG_LOOK_MS   = 100,      /* between two looks at the layers      */
};

struct side;

/** One SSRC received by a WebRTC leg */
struct stream {
	bool on;
	uint32_t ssrc;
	struct side *side;
	bool rtx;                 /* retransmissions of another one       */
	unsigned layer;           /* index into ridv, 0 without simulcast */
	struct rtp_in_stat in;
	uint64_t born_us, heard_us;
	enum ticket_codec codec;
	uint16_t width, height;   /* of its last key frame, 0: not known  */
	struct rtp_nack *nack;    /* owned; NULL: not asked for           */
	struct rtp_sync sync;     /* its last SR …                        */
	uint32_t sr_mid;          /* … middle of NTP, …                   */
	uint64_t sr_us;           /* … arrival                            */
	uint64_t key_us;          /* last PLI or FIR of ours              */
	bool key_wanted;
	uint64_t prior_exp, prior_got;    /* for the REMB's loss          */
};

/** Which stream of a side goes up */
struct layers {
	struct stream *v[TICKET_RIDS_MAX];    /* weak                     */
	struct stream *cur;       /* goes up                              */
	struct stream *next;      /* will, from its key frame on          */
	struct pkt *hoardv[LEG_HOARD];    /* of next, in order of arrival */
	unsigned hoardc;
	bool need_known;
	unsigned need_w, need_h;  /* tile [px]                            */
	uint64_t look_us;
	uint64_t switches;
};

/* [I] set at creation; all else belongs to the loop */
struct side {
	struct leg *leg;          /* [I]                                  */
	enum leg_media media;     /* [I]                                  */
	const struct ticket_media *tm;    /* [I] in leg->t                */

	/* received */
	struct rtp_latch latch;
	struct rtp_in_stat in;    /* SIP: its one SSRC                    */
	struct rtp_nack *nack;    /* SIP; owned, NULL: not agreed         */
	struct layers lay;        /* WebRTC                               */
	uint64_t ext_high;        /* WebRTC: numbers never run back       */
	struct pkt *heldv[LEG_HELD];
	unsigned heldc;
	struct sa held_src;
	enum ticket_codec rx_codec;
	uint32_t rx_clock_hz;
	bool news;                /* the latch handler is to be called    */
	uint64_t news_us;         /* it was                               */
	struct rtp_dtmf dtmf;
	uint64_t digit_us;        /* last one told                        */
	uint64_t heard_us;        /* last packet, or start of waiting     */
	unsigned quiet_ms;        /* what was told, 0: not quiet          */
	struct {
		uint64_t packets, foreign, bad, unknown, starved;
		uint64_t rtx, rtx_used, red_used;
	} rx;

	/* sent */
	struct rtp_out *out;      /* [I]                                  */
	uint32_t ts_base;         /* random                               */
	uint32_t tx_clock_hz;
	enum ticket_codec tx_codec;
	uint32_t ts48;            /* audio: last of the engine's clock …  */
	uint64_t ts48_ext;        /* … unwrapped                          */
	bool tx_on;               /* something has been sent              */
	bool spurt;               /* audio: the next packet has a marker  */
	uint32_t tx_ts;           /* last, and what it stood for:         */
	uint64_t tx_pts_us;
	uint32_t stream;          /* video: the rung being sent …         */
	uint32_t unit_seq;        /* … and its last picture               */
	bool need_key;            /* video: nothing until a key frame     */
	uint64_t key_asked_us;    /* own encoder, because of need_key     */
	uint64_t began_us;        /* video: the first key frame sent      */
	uint64_t key_tx_us;       /* video: last key frame sent …         */
	uint64_t key_rx_us;       /* … and last ask for one that counted  */
	uint64_t no_format;       /* units that fit no payload type       */

	/* RTCP */
	uint64_t rtcp_due;
	size_t rtcp_avg;
	uint32_t reported;        /* packets at the last report           */
	struct sa rtcp_src;       /* where the peer's RTCP comes from     */
	uint32_t sr_mid;          /* the peer's last SR: middle of NTP …  */
	uint64_t sr_us;           /* … and arrival                        */
	int64_t rtt_us;           /* -1: not known                        */
	int32_t tx_lost;          /* the peer's count                     */
	uint32_t told_ext;        /* of its last block: number, …         */
	int32_t told_lost;        /* … count of the lost …                */
	uint64_t told_us;         /* … and arrival                        */
	uint64_t limit_bps;
	uint64_t key_sent_us;     /* last PLI or FIR of ours              */
	bool key_wanted;          /* another one when it is time          */
	uint8_t fir_tx;           /* our command number                   */
	uint16_t fir_rx;          /* the peer's last, 256: none           */
	uint32_t fir_rx_ssrc;
	uint64_t nacks_rx;        /* messages that asked us               */
	uint64_t tmmbr_bps;       /* SIP: what we ask the peer for, 0: -  */
	uint64_t tmmbr_due;
	unsigned tmmbr_left;      /* repeats until it answers             */
	bool bye_sent, bye_seen;
};

/** What only a WebRTC leg has */
struct leg_rtc {
	struct ticket_media ids;  /* header extensions of the bundle      */
	struct stream streamv[LEG_STREAMS];
	struct rtp_twcc twcc;     /* what came …                          */
	uint32_t twcc_ssrc;       /* … last, of whom                      */
	struct rtp_remb remb;
	bool twcc_on, remb_on;    /* agreed, never both                   */
	bool ready;               /* keys and a peer                      */
	uint64_t loss_us;
	uint64_t unknown, refused;        /* packets of nobody; SSRCs     */
	uint64_t bad;
};

struct leg {
	struct ticket t;
	struct leg_h h;           /* [I]                                  */
	void *arg;                /* [I]                                  */
	char cname[RTP_CNAME_MAX + 1];    /* [I]                          */
	struct side sidev[LEG_SIDES];
	struct leg_rtc *rtc;      /* [I] NULL: SIP                        */
	struct rtp_bwe *bwe;      /* [I] what the path carries; owned     */
	uint64_t now;             /* of what is being done                */
	bool probing;             /* a cluster is under way               */
	struct rtp_meter pictures;        /* that were to be sent         */
	struct {
		uint64_t since;   /* of this second                       */
		uint32_t bytes;   /* sound sent in it                     */
		uint32_t bps;     /* the most of late, 0: not known       */
	} sound;
};

/* One compound on its way through side_rtcp_item() */
struct incoming {
	struct side *s;
	uint64_t now;
	bool key;                 /* a PLI or a new FIR was in it         */
	bool blocks;
	uint32_t limit_owner;     /* of a TMMBR                           */
	bool tmmbr;
};

/* leg.c */
const struct ticket_fmt *side_rx_fmt(const struct side *s, uint8_t pt);
/** A packet for the decoders; NULL: none to be had, counted. */
struct pkt *side_pkt(struct side *s, const struct rtp_in_hdr *h,
		     const uint8_t *payload, size_t n, uint64_t now);
void side_heard(struct side *s, uint64_t now);
void side_digits(struct side *s, const struct rtp_in_hdr *h,
		 const struct ticket_fmt *fmt, const uint8_t *p,
		 uint64_t now);
/** Where to send; false: nowhere (yet). */
bool side_dst(const struct side *s, struct sa *dst);
/** To the peer, if there is a way. */
void side_send_rtcp(struct side *s, const struct rtp_rtcp_buf *buf);

/* leg_send.c */
/** The payload type that carries a codec to the peer, or NULL. */
const struct ticket_fmt *side_tx_fmt(const struct side *s,
				     enum ticket_codec codec);
/** Our RTP timestamp for a moment, for sender reports. */
uint32_t side_tx_ts(const struct side *s, uint64_t at_us);
/** Nothing more of what was under way; a key frame first when it goes on. */
void side_tx_stop(struct side *s);

/* leg_rtcp.c */
void side_rtcp_recv(struct side *s, const struct sa *src, const uint8_t *p,
		    size_t n, uint64_t now);
void side_rtcp_item(struct incoming *in, const struct rtp_rtcp_item *it);
void side_rtcp_done(struct incoming *in, size_t n);
void side_rtcp_begin(struct side *s, struct rtp_rtcp_buf *buf);
void side_rtcp_start(struct side *s, uint64_t now);
void side_rtcp_report(struct side *s, bool bye, uint64_t now);
void side_rtcp_block(struct rtp_rtcp_block *b, struct rtp_in_stat *in,
		     uint32_t sr_mid, uint64_t sr_us, uint64_t now);
void side_rtcp_key(struct side *s, uint64_t now);
void side_rtcp_put_key(struct side *s, struct rtp_rtcp_buf *buf,
		       uint32_t media);
void side_rtcp_nack(struct side *s, struct rtp_nack *nack, uint32_t media,
		    int64_t rtt_us, uint64_t now);
void side_rtcp_run(struct side *s, uint64_t now);
uint64_t side_rtcp_due(const struct side *s);

/* leg_rtc.c */
int  leg_rtc_alloc(struct leg *leg);
void leg_rtc_close(struct leg *leg);
void leg_rtc_set(struct leg *leg);
struct stream *leg_rtc_find(const struct leg *leg, uint32_t ssrc);
void leg_rtc_recv(struct leg *leg, const uint8_t *p, size_t n, uint64_t now);
bool stream_alive(const struct stream *st, uint64_t now);

/* leg_layer.c */
void layer_join(struct side *s, struct stream *st, uint64_t now);
void layer_leave(struct side *s, const struct stream *st);
/** Takes over pkt. */
void layer_put(struct side *s, struct stream *st, struct pkt *pkt,
	       uint64_t now);
void layer_run(struct side *s, uint64_t now);
uint64_t layer_due(const struct side *s);
/** Whose packets are wanted, and so asked for again. */
bool layer_wants(const struct side *s, const struct stream *st);
/** The stream a key frame is to be asked of, or NULL. */
struct stream *layer_key(const struct side *s);
void layer_drop(struct side *s);

/* leg_fb.c */
void leg_fb_recv(struct leg *leg, const uint8_t *p, size_t n, uint64_t now);
void leg_fb_key(struct stream *st, uint64_t now);
void leg_fb_run(struct leg *leg, uint64_t now);
uint64_t leg_fb_due(const struct leg *leg);
int64_t leg_fb_rtt(const struct leg *leg);
unsigned leg_fb_blocks(const struct side *s, struct rtp_rtcp_block *v,
		       uint64_t now);

/* leg_path.c */
/** So many bytes of this side go out. */
void side_sent(struct side *s, size_t bytes);
/** A report block about us. */
void side_told(struct side *s, const struct rtp_rtcp_block *b, uint64_t now);
/** The peer asks for a key frame. */
void side_key_asked(struct side *s, uint64_t now);
/** What the path carries, if it was ever congested [kbit/s]; 0: enough. */
unsigned leg_path_kbps(const struct leg *leg);
/** How fast pictures may go out [bit/s], 0: as they come. */
uint64_t leg_path_pace(const struct leg *leg);
void leg_path_run(struct leg *leg, uint64_t now);
uint64_t leg_path_due(const struct leg *leg);

/* leg_need.c */
/** The REMB's bound anew: a tile, or an m-line, has changed. */
void leg_need_remb(struct leg *leg);
void side_need_run(struct side *s, uint64_t now);
uint64_t side_need_due(const struct side *s);
void side_need_answered(struct side *s, uint64_t bps);

#endif
