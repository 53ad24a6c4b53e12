/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/sdp.h -- offer and answer for one leg (RFC 3264, 4566, 8829)
 *
 * Owns the negotiation, nothing else: bodies in and out, and the two
 * ticket_media that follow from them.  One session per call; re-offers go
 * to the same object.  Works on libre's sdp_* with the rules of HACKING.md.
 *
 * m-lines: the first audio and the first video that fit are used, others
 * are refused with port 0, in the offer's order.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MEDIA_SDP_H
#define TUTTI_MEDIA_SDP_H

#include <re.h>

#include "base/ticket.h"

enum { SDP_BODY_MAX = 65536, SDP_MEDIA_MAX = 16 };

struct media_sdp;

struct media_sdp_cfg {
	struct sa laddr;          /* what we put into c= (public_address) */
	uint16_t audio_port, video_port;  /* 0: none of it                */
	bool video;               /* the room has video                   */
	unsigned max_kbps_video;  /* our own b=, 0: none                  */
};

int media_sdp_alloc(struct media_sdp **msp, const struct media_sdp_cfg *cfg);

/** A peer's offer -> our answer.  EBADMSG with reason ("line 7: …") for
 *  bad SDP (SIP 400), ENOTSUP when no codec is common (488). */
int media_sdp_answer(struct media_sdp *ms, struct mbuf *offer,
		     struct mbuf **answerp, char *errbuf, size_t errsz);

/** Our offer (late offer, dial-out, our re-INVITE), later its answer. */
int media_sdp_offer(struct media_sdp *ms, struct mbuf **offerp);
int media_sdp_accept(struct media_sdp *ms, struct mbuf *answer,
		     char *errbuf, size_t errsz);
/** Our offer was refused: back to what was agreed before. */
void media_sdp_rollback(struct media_sdp *ms);

/** What was agreed into t->audio and t->video; fds, latched and rssrc in
 *  t are left alone. */
void media_sdp_ticket(const struct media_sdp *ms, struct ticket *t);

/** The peer has put us on hold (it will not hear us). */
bool media_sdp_held(const struct media_sdp *ms);

#endif
