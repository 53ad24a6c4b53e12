/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/sip.h -- the SIP stack: transports, incoming requests, OPTIONS
 *
 * On libre's transactions and dialogs.  Calls live in sip/call.h.
 *
 * Threads: loop.
 */
#ifndef TUTTI_SIP_SIP_H
#define TUTTI_SIP_SIP_H

#include <re.h>

struct sipstack;
struct call;

/** A new INVITE.  The handler answers by call_accept_* in sip/call.h now or
 *  later, or by call_reject.  `call` is the handler's: keep it or deref it
 *  (an unanswered call is then refused with 500). */
typedef void (sip_incoming_h)(struct call *call, void *arg);

/** Is this a user part or number we serve?  For OPTIONS and quick 404. */
typedef bool (sip_known_h)(const struct pl *user, void *arg);

struct sip_cfg {
	const char *software;     /* "tutti/0.1.0"                        */
	const char *public_address;   /* or NULL                          */
	uint32_t session_expires_s;   /* RFC 4028, 0: we do not ask for it */
	uint32_t min_se_s;            /* >= 90                            */
	sip_incoming_h *incomingh;
	sip_known_h *knownh;
	void *arg;
};

int sipstack_alloc(struct sipstack **ssp, const struct sip_cfg *cfg);

/** "udp 0.0.0.0:5060", "tcp [::]:5060"; errno of the bind. */
int sipstack_listen(struct sipstack *ss, const char *transport_addr);
/** Would it?  Without looking whether the address is there and free. */
int sipstack_check(const char *transport_addr);

/** BYE, CANCEL or 503 to all; doneh when all answered or after 2 s. */
void sipstack_close(struct sipstack *ss, void (*doneh)(void *arg), void *arg);

#endif
