/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/call.h -- one INVITE dialog, either direction (RFC 3261, 3264, 3311)
 *
 * libre's sipsess cannot add headers to answers of re-INVITEs, knows no
 * session timer and no 491, so calls stand on its transactions and dialogs
 * directly.  Bodies are opaque here; offers and answers are made by the
 * owner (src/media/sdp.h) in the handlers.
 *
 *	incoming  INVITE -> incomingh -> call_progress(180) -> call_answer
 *	          or call_reject; without a body our offer goes into the 200
 *	          and the peer's answer comes in the ACK (answerh)
 *	outgoing  call_dial -> progressh … -> estabh or closeh
 *	either    re-INVITE and UPDATE -> offerh; call_modify for ours;
 *	          491 for overlaps, retry after the RFC's random time;
 *	          session timer (sip/timer.c) refreshes or ends the call
 *	end       closeh once, whoever ended it; after mem_deref none runs
 *
 * Threads: loop.
 */
#ifndef TUTTI_SIP_CALL_H
#define TUTTI_SIP_CALL_H

#include <re.h>

struct sipstack;
struct call;

struct call_h {
	/** A re-INVITE or UPDATE with an offer: give the answer (0), or an
	 *  errno: ENOTSUP 488, EBADMSG 400 (text in errbuf), else 500. */
	int (*offerh)(struct mbuf *offer, struct mbuf **answerp,
		      char *errbuf, size_t errsz, void *arg);
	/** A re-INVITE without a body: give our offer. */
	int (*make_offerh)(struct mbuf **offerp, void *arg);
	/** The answer to our offer (in 200, ACK); nonzero ends the call when
	 *  it is not yet up, else rolls back. */
	int (*answerh)(struct mbuf *answer, void *arg);
	/** Our re-offer was refused: keep what was. */
	void (*refusedh)(uint16_t scode, void *arg);
	/** Outgoing: 180, 183 … with the reason phrase. */
	void (*progressh)(uint16_t scode, const char *reason, void *arg);
	/** ACK came (incoming) or 200 came (outgoing). */
	void (*estabh)(void *arg);
	void (*key_frameh)(void *arg);             /* RFC 5168 INFO       */
	void (*dtmfh)(char digit, unsigned duration_ms, void *arg);
	                                  /* INFO application/dtmf-relay  */
	/** scode: final status of a failed INVITE or 0; reason for people:
	 *  "bye", "cancelled", "486 Busy Here", "session timer", "timeout" */
	void (*closeh)(uint16_t scode, const char *reason, void *arg);
};

/* What came with an incoming INVITE; valid while the call lives. */
const char *call_id(const struct call *call);         /* SIP Call-ID      */
const char *call_user(const struct call *call);       /* Request-URI user */
const char *call_peer_uri(const struct call *call);   /* "sip:ann@host"   */
const char *call_peer_name(const struct call *call);  /* display name, or
                                                       * the user part    */
const char *call_user_agent(const struct call *call); /* or ""            */
struct mbuf *call_offer(const struct call *call);     /* NULL: late offer */
const struct sa *call_peer_addr(const struct call *call);
/** Local address that faces the peer: for SDP. */
int call_local_addr(const struct call *call, struct sa *laddr);

void call_set_handlers(struct call *call, const struct call_h *h, void *arg);
int  call_progress(struct call *call, uint16_t scode, const char *reason);

/** 200 with our answer, or with our offer when the INVITE had none. */
int  call_answer(struct call *call, struct mbuf *sdp);

/** retry_after_s 0: no header.  486, 403, 404, 488, 503 … */
int  call_reject(struct call *call, uint16_t scode, const char *reason,
		 unsigned retry_after_s);

/** Outgoing; sdp NULL for a late offer.  from_user is the room. */
int  call_dial(struct call **callp, struct sipstack *ss, const char *uri,
	       const char *from_user, const char *from_name,
	       struct mbuf *sdp, const struct call_h *h, void *arg);
/** Local address that would face this URI's host: before call_dial. */
int  sip_route_addr(struct sipstack *ss, const char *uri, struct sa *laddr);

int  call_modify(struct call *call, struct mbuf *offer);  /* our re-INVITE */
int  call_key_frame(struct call *call);   /* INFO picture_fast_update     */

/** CANCEL, BYE or a refusal, whatever the state asks for; closeh is not
 *  called.  Reason header (RFC 3326) when text is not NULL. */
void call_hangup(struct call *call, const char *text);

#endif
