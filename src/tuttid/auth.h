/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/auth.h -- the one door for HTTP and WebSocket: who is it?
 *
 *	tutti_…            an API key: a host (of one room or all) or an
 *	                   administrator
 *	aaa.bbb.ccc        a join token (token.h): a guest or host of a room
 *	pin:ROOM:1234      a room's PIN or host PIN, for REST
 *	1234               the same where the room is known (WHIP, WHEP)
 *	nothing            a guest, where a room without a PIN is entered
 *
 * Wrong PINs count per address (pin_guard.h): then 429 with retry_s.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_AUTH_H
#define TUTTI_TUTTID_AUTH_H

#include <re.h>

#include "tuttid/req.h"

struct room;
struct server;

enum auth_by { AUTH_OPEN, AUTH_PIN, AUTH_TOKEN, AUTH_KEY };

struct auth_ask {
	const char *bearer;       /* token, key or PIN as above, or NULL  */
	const char *pin;          /* or this; NULL                        */
	const struct room *room;  /* is to be entered; NULL: REST         */
	const struct sa *peer;
};

struct auth {
	struct req_who who;       /* role and room; whoever makes a party
	                           * for it sets who.party                */
	enum auth_by by;
	char name[64];            /* of a token: to be shown; ""          */
	uint64_t expires_us;      /* of a token, wall clock; 0: never     */

	/* refused: members of RFC 9457 */
	int status;               /* 401, 403, 404, 429, 503; 0: admitted */
	char title[64];
	char detail[160];         /* may be ""                            */
	unsigned retry_s;         /* 429: Retry-After                     */
};

/** 0, or EACCES with the refusal in *auth. */
int auth_check(struct server *srv, const struct auth_ask *ask,
	       struct auth *auth);

/** "Bearer X" -> X within it; NULL when absent or something else. */
const char *auth_bearer(const char *authorization);

#endif
