/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_rtcp.h -- RTCP compounds: read, written, and how often
 *
 * Walks a compound by its length fields, so feedback we do not know is
 * stepped over, and only after the whole has been found sound (RFC 3550
 * A.2; reduced size, RFC 5506, is taken too).  Pure: bytes in, items out.
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_RTCP_H
#define TUTTI_MIXER_RTP_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_RTCP_MAX   = 1200,    /* bytes of a compound we send          */
	RTP_CNAME_MAX  = 32,
	RTP_RTCP_BLOCKS = 31,     /* of a report                          */
	RTP_RTCP_NACKS = 32,      /* PID and BLP pairs we send at once    */
};

enum {
	RTCP_FMT_NACK   = 1,      /* of RTPFB, RFC 4585                   */
	RTCP_FMT_TMMBR  = 3,      /* RFC 5104                             */
	RTCP_FMT_TMMBN  = 4,
	RTCP_FMT_TWCC   = 15,     /* transport-wide feedback              */
	RTCP_FMT_PLI    = 1,      /* of PSFB                              */
	RTCP_FMT_FIR    = 4,
	RTCP_FMT_AFB    = 15,     /* REMB                                 */
};

enum rtp_rtcp_kind {
	RTCP_ITEM_SR,             /* the sender's clock                   */
	RTCP_ITEM_BLOCK,          /* a report block: what it thinks of us */
	RTCP_ITEM_CNAME,
	RTCP_ITEM_BYE,
	RTCP_ITEM_PLI,
	RTCP_ITEM_FIR,
	RTCP_ITEM_NACK,           /* one of these per PID and BLP         */
	RTCP_ITEM_TMMBR,
	RTCP_ITEM_TMMBN,          /* media: whose request it answers      */
	RTCP_ITEM_TWCC,           /* for rtp_twcc_parse()                 */
	RTCP_ITEM_REMB,
};

struct rtp_rtcp_sr {
	uint64_t ntp;
	uint32_t rtp_ts, packets, bytes;
};

struct rtp_rtcp_block {
	uint8_t  fraction;        /* 1/256                                */
	int32_t  lost;            /* 24 bits, signed                      */
	uint32_t ext_seq, jitter, lsr, dlsr;
	uint32_t about;           /* rtp_rtcp_put_reports: whom           */
};

struct rtp_rtcp_item {
	enum rtp_rtcp_kind kind;
	uint32_t ssrc;            /* who says it                          */
	uint32_t media;           /* about whom, 0 where it is not said   */
	union {
		struct rtp_rtcp_sr sr;
		struct rtp_rtcp_block block;
		struct { const char *p; size_t n; } cname;   /* borrowed  */
		struct { uint8_t seq; bool legacy; } fir;
		struct { uint16_t pid, blp; } nack;
		struct { uint64_t bps; } limit;        /* TMMBR and REMB  */
		struct { const uint8_t *p; size_t n; } twcc; /* borrowed  */
	} u;
};

typedef void (rtp_rtcp_h)(const struct rtp_rtcp_item *item, void *arg);

/** EBADMSG: not a sound compound; then nothing was handed out. */
int rtp_rtcp_parse(const uint8_t *p, size_t n, rtp_rtcp_h *itemh, void *arg);

/** A compound being written */
struct rtp_rtcp_buf {
	uint8_t b[RTP_RTCP_MAX];
	size_t n;
};

/** sr NULL: a receiver report; block NULL: about nobody.  ENOSPC when the
 *  buffer is full, also from those below. */
int rtp_rtcp_put_report(struct rtp_rtcp_buf *buf, uint32_t ssrc,
			const struct rtp_rtcp_sr *sr, uint32_t about,
			const struct rtp_rtcp_block *block);
int rtp_rtcp_put_reports(struct rtp_rtcp_buf *buf, uint32_t ssrc,
			 const struct rtp_rtcp_sr *sr,
			 const struct rtp_rtcp_block *v, unsigned n);
int rtp_rtcp_put_cname(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		       const char *cname);
int rtp_rtcp_put_bye(struct rtp_rtcp_buf *buf, uint32_t ssrc);
int rtp_rtcp_put_pli(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		     uint32_t media);
int rtp_rtcp_put_fir(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		     uint32_t media, uint8_t seq);
/** seqv in order; what does not fit RTP_RTCP_NACKS pairs is left out. */
int rtp_rtcp_put_nack(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		      uint32_t media, const uint16_t *seqv, unsigned n);
int rtp_rtcp_put_tmmbr(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		       uint32_t media, uint64_t bps);
int rtp_rtcp_put_remb(struct rtp_rtcp_buf *buf, uint32_t ssrc, uint64_t bps,
		      const uint32_t *mediav, unsigned n);
/** fci: of rtp_twcc_write(). */
int rtp_rtcp_put_twcc(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		      uint32_t media, const uint8_t *fci, size_t n);
/** The answer to a TMMBR: what now bounds us, and who asked. */
int rtp_rtcp_put_tmmbn(struct rtp_rtcp_buf *buf, uint32_t ssrc,
		       uint32_t owner, uint64_t bps);

/** Time to the next report [us], RFC 3550 section 6.2 for two members with
 *  the reduced minimum; rnd: 32 random bits. */
uint64_t rtp_rtcp_interval(unsigned kbps, size_t avg_size, uint32_t rnd);

#endif
