/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/private.h -- what the files of sip/ share, and nobody else
 *
 *	sip.c          the stack: dispatch, OPTIONS, limits
 *	listen.c       its sockets, on one or on every address
 *	check.c        is this request one we may act on?  400 415 416 420 …
 *	malformed.c    400 for datagrams that libre cannot even decode
 *	addr.c         which local address faces a peer; Via, Contact
 *	text.c         peer's text made safe to show; ours made safe to send
 *	dialog.c       tags, CSeq, route set, next hop (also behind a NAT)
 *	call.c         a call's life: made, ended, lingering
 *	call_in.c      INVITE from a peer: progress, answer, CANCEL
 *	call_out.c     INVITE of ours: dial, ringing, forks, ACK
 *	call_modify.c  re-INVITE and UPDATE, both ways, 491
 *	reply.c        2xx to INVITE: sent again until its ACK comes
 *	ack.c          ACK to 2xx: sent again when the 2xx comes again
 *	timer.c        RFC 4028
 *	info.c         INFO: picture_fast_update, dtmf-relay
 *
 * Ownership: the stack lists its calls and holds none of them.  The owner
 * of a call has the only reference; when he drops it the call takes it over
 * until the wire is at rest (call.c).
 *
 * Threads: loop.
 */
#ifndef TUTTI_SIP_PRIVATE_H
#define TUTTI_SIP_PRIVATE_H

#include <re.h>

#include "base/log.h"
#include "sip/call.h"
#include "sip/sip.h"

/* Bounds of what peers may ask of us */
enum {
	SIP_CALLS_MAX     = 1024,   /* dialogs at one time               */
	SIP_BODY_MAX      = 65536,  /* bytes of a body                   */
	SIP_INVITES_MAX   = 50,     /* new calls a second and source     */
	SIP_SOURCES       = 256,    /* buckets that count them           */
	SIP_RETRY_AFTER_S = 5,      /* with 503                          */
	SIP_MALFORMED_MAX = 20,     /* 400s to undecodable ones a second */
	SIP_REPLIES_MAX   = 8,      /* 2xx of one call waiting for ACK   */
	SIP_RETRIES_MAX   = 8,      /* of one re-INVITE after 491, 500   */
	SIP_RING_S        = 180,    /* an outgoing call rings so long    */
	SIP_CLOSE_MS      = 2000,   /* sipstack_close waits so long      */
};

#define SIP_ALLOW "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO"
#define SIP_ACCEPT "application/sdp, application/media_control+xml, " \
		   "application/dtmf-relay, application/dtmf"

/* INVITEs of the sources that fall into one bucket, this second */
struct source {
	uint64_t second;
	unsigned n;
};

struct sipstack {
	struct sip *sip;
	struct dnsc *dnsc;            /* NULL: only literal addresses    */
	struct sip_lsnr *reql, *respl;
	struct hash *calls;           /* by Call-ID; owns nothing        */
	struct hash *acks;            /* by Call-ID; owns                */
	struct list sockl;            /* UDP sockets we look into        */
	struct list everyl;           /* 0.0.0.0 and [::] (listen.c)     */
	int netlink;                  /* tells of new addresses, or -1   */
	unsigned callc;
	struct sa public_addr;        /* port 0; AF_UNSPEC: none         */
	char *software;
	uint32_t session_expires_s, min_se_s;
	sip_incoming_h *incomingh;
	sip_known_h *knownh;
	void *arg;
	struct source sourcev[SIP_SOURCES];
	struct log_rate malformed;
	unsigned t1_ms;               /* RFC 3261's T1; tests: less      */
	unsigned second_ms;           /* session timer; tests: less      */
	bool closing;
	uint64_t close_at;            /* [ms]                            */
	struct tmr tmr_close;
	void (*doneh)(void *arg);
	void *done_arg;
};

/** For tests: T1 of what we retransmit, length of a session timer's second */
void sipstack_test_clock(struct sipstack *ss, unsigned t1_ms,
			 unsigned second_ms);

bool sipstack_request(const struct sip_msg *msg, void *arg);

/* listen.c */
void listen_attend(struct sipstack *ss, const struct sip_msg *msg);
bool listen_every(const struct sipstack *ss, enum sip_transp tp,
		  const struct sa *bound);
void listen_flush(struct sipstack *ss);

/* dialog.c */
struct dialog {
	char *callid;
	char *ltag, *rtag;            /* rtag NULL: not yet known        */
	char *local, *remote;         /* From, To of ours, with tags     */
	char *target;                 /* remote target URI               */
	char *route;                  /* "Route: …\r\n" lines, or ""     */
	char *hop;                    /* first Route's URI, or NULL      */
	struct sip_msg *flow;         /* what they came on: TCP, NAT     */
	uint32_t lseq, rseq;
	bool rseq_valid;
};

int  dialog_alloc(struct dialog **dlgp, const char *uri,
		  const char *from_uri, const char *from_name);
int  dialog_accept(struct dialog **dlgp, const struct sip_msg *msg);
int  dialog_create(struct dialog *dlg, const struct sip_msg *msg);
int  dialog_fork(struct dialog **dlgp, const struct dialog *odlg,
		 const struct sip_msg *msg);
int  dialog_target(struct dialog *dlg, const struct sip_msg *msg);
bool dialog_match(const struct dialog *dlg, const struct sip_msg *msg);
bool dialog_seq_ok(struct dialog *dlg, const struct sip_msg *msg);
/** cseq 0: the next one; tail: further headers, empty line, body */
int  dialog_request(struct dialog *dlg, struct sip_request **reqp,
		    struct sipstack *ss, const char *met, uint32_t cseq,
		    sip_send_h *sendh, sip_resp_h *resph, void *arg,
		    struct mbuf *tail);

/* addr.c */
struct contact {
	const char *user;             /* escaped, or ""                  */
	struct sa addr;
	enum sip_transp tp;
};

int  addr_route(const struct sa *peer, struct sa *laddr);
int  addr_facing(const struct sipstack *ss, const struct sa *peer,
		 struct sa *laddr);
int  addr_contact(const struct sipstack *ss, struct contact *c,
		  const char *user, const struct sip_msg *msg);
int  addr_contact_req(const struct sipstack *ss, struct contact *c,
		      const char *user, enum sip_transp tp,
		      const struct sa *src, const struct sa *dst);
int  addr_host_lookup(const struct pl *host, struct sa *addr);
int  addr_via_fix(const struct sipstack *ss, struct mbuf *mb,
		  enum sip_transp tp, const struct sa *src,
		  const struct sa *dst);
int  contact_print(struct re_printf *pf, const struct contact *c);

/* text.c */
int  text_clean(char **strp, const struct pl *pl);
int  text_user(char **strp, const struct pl *pl);
int  text_quoted(struct re_printf *pf, const char *str);
bool text_uri_ok(const char *uri);
bool text_method_known(const struct pl *met);
int  body_print(struct re_printf *pf, const struct mbuf *body);
bool body_is_sdp(const struct sip_msg *msg);

/* check.c */
bool check_request(struct sipstack *ss, struct sip_msg *msg);
bool check_offer_type(struct sipstack *ss, const struct sip_msg *msg);

/* malformed.c */
int  malformed_reply(struct mbuf **mbp, const struct sa *src,
		     const char *buf, size_t len, const char *software);

/* ack.c */
int  ack_send(struct sipstack *ss, struct dialog *dlg, uint32_t cseq,
	      struct mbuf *body);
bool ack_again(struct sipstack *ss, const struct sip_msg *msg);

/* timer.c: one of each call */
struct setimer {
	uint32_t interval_s;          /* 0: off                          */
	uint32_t want_s;              /* what we ask for, 0: nothing     */
	uint32_t min_se_s;            /* the least anybody accepts       */
	bool refresher;               /* it is us                        */
	bool peer_timer;              /* Supported: timer                */
	bool peer_update;             /* Allow: UPDATE                   */
	struct tmr tmr_refresh, tmr_expire;
};

enum call_state {
	CALL_INCOMING,                /* INVITE came, no final answer    */
	CALL_ANSWERED,                /* our 200 went, no ACK yet        */
	CALL_DIALLING,                /* our INVITE went                 */
	CALL_UP,
	CALL_CLOSED,                  /* the owner knows or asked for it */
};

struct call {
	struct le he;                 /* in ss->calls                    */
	struct sipstack *ss;          /* NULL: the stack has gone        */
	struct dialog *dlg;
	struct call_h h;
	void *arg;
	enum call_state state;
	bool orphan;                  /* no owner: ours until settled    */
	bool dead;                    /* settled, whatever is open       */
	bool outgoing;
	bool bye_due;                 /* at the ACK, or the 200          */
	char *user, *cuser, *peer_uri, *peer_name, *agent, *bye_text;
	struct sa peer;               /* where their messages come from  */
	struct mbuf *offer;           /* of the first INVITE             */

	struct sip_msg *msg;          /* INCOMING: the INVITE            */
	struct sip_strans *st;        /* INCOMING: its transaction       */
	struct list replyl;           /* 2xx without ACK (reply.c)       */

	struct sip_request *inv;      /* our INVITE or re-INVITE         */
	struct sip_request *upd;      /* our UPDATE                      */
	struct sip_request *info;     /* our INFO                        */
	struct sip_request *bye;      /* our BYE                         */
	struct tmr tmr_ring;          /* outgoing: no answer for minutes */

	struct mbuf *sent;            /* our offer in inv, or NULL       */
	struct mbuf *modify;          /* our next offer, waiting         */
	bool modify_stale;            /* theirs came in between          */
	bool refresh;                 /* inv is only a session refresh   */
	bool refresh_due;             /* one waits for its turn          */
	struct tmr tmr_retry;         /* after 491                       */
	unsigned retries;
	struct tmr tmr_gone;          /* orphan and at rest              */

	struct setimer se;
};

/* call.c */
int  call_alloc(struct call **callp, struct sipstack *ss);
void call_link(struct call *call);
struct call *call_find(struct sipstack *ss, const struct sip_msg *msg);
void call_close(struct call *call, uint16_t scode, const char *reason);
void call_bye(struct call *call, const char *text);
void call_settle(struct call *call);
bool call_busy(const struct call *call);
void call_up(struct call *call);
void call_force(struct call *call);
int  call_send_contact(enum sip_transp tp, const struct sa *src,
		       const struct sa *dst, struct mbuf *mb, void *arg);
int  call_send_plain(enum sip_transp tp, const struct sa *src,
		     const struct sa *dst, struct mbuf *mb, void *arg);
void call_learn(struct call *call, const struct sip_msg *msg);
void call_bye_handler(struct call *call, const struct sip_msg *msg);

/* call_in.c, call_out.c, call_modify.c, info.c */
bool call_user_known(const struct sipstack *ss, const struct sip_msg *msg);
void call_invite_handler(struct sipstack *ss, const struct sip_msg *msg);
int  call_refuse(struct call *call, uint16_t scode, const char *reason,
		 unsigned retry_after_s);
void call_ack_handler(struct call *call, const struct sip_msg *msg);
void call_fork_handler(struct call *call, const struct sip_msg *msg);
void call_reinvite_handler(struct call *call, const struct sip_msg *msg);
void call_update_handler(struct call *call, const struct sip_msg *msg);
void call_modify_next(struct call *call);
void call_refresh(struct call *call);
void call_info_handler(struct call *call, const struct sip_msg *msg);

/* reply.c */
int  reply_2xx(struct call *call, struct sip_strans **stp,
	       const struct sip_msg *msg, struct mbuf *body, bool offer);
/** ENOENT: no 2xx of that CSeq; *offer: it carried an offer of ours */
int  reply_ack(struct call *call, uint32_t seq, bool *offer);
bool reply_offer_open(const struct call *call);
void reply_timeout(struct call *call, bool offer);

/* timer.c */
void setimer_init(struct setimer *se, const struct sipstack *ss);
/** A request of theirs: 0, or EPROTO after a 422 was sent */
int  setimer_request(struct call *call, struct sip_strans **stp,
		     const struct sip_msg *msg);
int  setimer_print_req(struct re_printf *pf, const struct call *call);
int  setimer_print_resp(struct re_printf *pf, const struct call *call);
/** Their 2xx to a request of ours */
void setimer_response(struct call *call, const struct sip_msg *msg);
/** Their 422 to a request of ours: may we try again? */
bool setimer_too_small(struct call *call, const struct sip_msg *msg);
void setimer_start(struct call *call);
void setimer_stop(struct call *call);

#endif
