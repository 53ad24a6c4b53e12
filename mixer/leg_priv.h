/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_priv.h -- what leg.c, leg_send.c and leg_rtcp.c share
 *
 * A leg is two sides, audio and video, that know nothing of each other but
 * the clock behind their sender reports and the CNAME.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_LEG_PRIV_H
#define TUTTI_MIXER_LEG_PRIV_H

#include "mixer/leg.h"
#include "mixer/rtp_dtmf.h"
#include "mixer/rtp_in.h"
#include "mixer/rtp_latch.h"
#include "mixer/rtp_out.h"
#include "mixer/rtp_rtcp.h"

enum {
	LEG_HELD      = 2,        /* packets kept on probation            */
	LEG_KEY_MS    = 500,      /* between two asks for a key frame     */
	LEG_QUIET_MS  = 2000,     /* first told …                         */
	LEG_QUIET_MAX_MS = 3600000,       /* nothing new after an hour    */
	LEG_QUIET_STEP_MS = 5000, /* … then after this, twice this, …     */
	LEG_NEWS_MS   = 200,      /* between two latch handlers …         */
	LEG_DTMF_MS   = 20,       /* … and digits: a peer can make them   */
};

/* [I] set at creation; all else belongs to the loop */
struct side {
	struct leg *leg;          /* [I]                                  */
	enum leg_media media;     /* [I]                                  */
	const struct ticket_media *tm;    /* [I] in leg->t                */

	/* received */
	struct rtp_latch latch;
	struct rtp_in_stat in;
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
	uint64_t limit_bps;
	uint64_t key_sent_us;     /* last PLI or FIR of ours              */
	bool key_wanted;          /* another one when it is time          */
	uint8_t fir_tx;           /* our command number                   */
	uint16_t fir_rx;          /* the peer's last, 256: none           */
	uint32_t fir_rx_ssrc;
	bool bye_sent, bye_seen;
};

struct leg {
	struct ticket t;
	struct leg_h h;           /* [I]                                  */
	void *arg;                /* [I]                                  */
	char cname[RTP_CNAME_MAX + 1];    /* [I]                          */
	struct side sidev[2];
};

/** To the peer, if there is a way. */
void side_send_rtcp(struct side *s, const struct rtp_rtcp_buf *buf);

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
void side_rtcp_start(struct side *s, uint64_t now);
void side_rtcp_report(struct side *s, bool bye, uint64_t now);
void side_rtcp_key(struct side *s, uint64_t now);
void side_rtcp_run(struct side *s, uint64_t now);
uint64_t side_rtcp_due(const struct side *s);

#endif
