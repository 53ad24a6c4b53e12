/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake/sip_peer.h -- a SIP stack under test and two kinds of partner
 *
 * `ua` is a stack with an owner of one call that notes what it is told;
 * `peer` is a socket that says exactly what a case wants, bytes in hand.
 * Everything is on one loop; sip_pump() lets it run for a while.
 */
#ifndef TUTTI_TESTS_FAKE_SIP_PEER_H
#define TUTTI_TESTS_FAKE_SIP_PEER_H

#include <re.h>

#include "sip/private.h"

struct ua {
	struct sipstack *ss;
	struct sa addr;               /* 127.0.0.1 and the port          */
	struct call *call;
	bool auto_answer, ring, keep_incoming, drop_on_close;
	int offer_err, answer_err, make_err;
	uint16_t reject;
	unsigned incoming, estab, closed, offers, made, answers, refused,
		key_frames, digits, progress;
	uint16_t scode;               /* of closeh or refusedh           */
	uint16_t ringing;             /* of progressh                    */
	char reason[128];
	char digit;
	unsigned digit_ms;
	char body[256];               /* last offer or answer seen       */
};

extern const struct call_h ua_handlers;

int  ua_init(struct ua *ua, uint32_t se_s, uint32_t min_se_s);
/** On all addresses of this host, as "udp 0.0.0.0:PORT" has it */
int  ua_init_every(struct ua *ua);
void ua_close(struct ua *ua);
struct mbuf *sip_body(const char *text);

struct peer {
	int fd;
	bool tcp;
	bool burst;                   /* peer_send() does not pump       */
	struct sa addr, to;
	char callid[64], tag[16], rtag[64];
	unsigned branch;
	char rx[70000];               /* last message, terminated        */
	size_t rxn;
	char rest[70000];             /* TCP: what follows it            */
	size_t restn;
};

int  peer_init(struct peer *p, const struct sa *to, bool tcp);
void peer_close(struct peer *p);
int  peer_send(struct peer *p, const char *fmt, ...);
/** A request in or out of the dialog: hdrs are whole lines, body or NULL;
 *  branch 0 takes a new one */
int  peer_request(struct peer *p, const char *met, unsigned cseq,
		  unsigned branch, const char *hdrs, const char *body);
/** An answer to the request that came last */
int  peer_reply(struct peer *p, unsigned scode, const char *reason,
		const char *hdrs, const char *body);
/** The next message that begins so, others are skipped; false: none */
bool peer_expect(struct peer *p, const char *begin, unsigned ms);
/** No message that begins so for so long */
bool peer_silent(struct peer *p, const char *begin, unsigned ms);
/** Has the last message this text? */
bool peer_has(const struct peer *p, const char *text);
/** A header's value in the last message, "" if none */
const char *peer_hdr(const struct peer *p, const char *name);
/** Remember the To tag of the last answer */
void peer_learn_tag(struct peer *p);

void sip_pump(unsigned ms);

#endif
