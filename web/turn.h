/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/turn.h -- short-lived credentials for TURN servers
 *
 * The scheme of coturn's use-auth-secret: the user name is "EXPIRY:USER"
 * (seconds since 1970), the password base64(HMAC-SHA1(secret, user name)).
 * The server and the relay share the secret and nothing else.
 *
 * Threads: any; written at the start only.
 */
#ifndef TUTTI_WEB_TURN_H
#define TUTTI_WEB_TURN_H

#include <stddef.h>
#include <stdint.h>
#include <re.h>
#include <jansson.h>

enum {
	TURN_URIS_MAX = 8,
	TURN_USER_MAX = 128,      /* with the NUL                         */
	TURN_PASS_MAX = 32,
};

struct turn;                      /* relays, secret, lifetime             */

/** secret NULL or "": relays and STUN servers are named without
 *  credentials. */
int turn_alloc(struct turn **tp, const char *secret, uint32_t ttl_s);

/** "turn:relay.example.org:3478?transport=udp", "turns:…", "stun:…".
 *  EBADMSG with the reason; ENOSPC more than TURN_URIS_MAX. */
int turn_add(struct turn *t, const char *uri, char *errbuf, size_t errsz);

uint32_t turn_ttl(const struct turn *t);
unsigned turn_count(const struct turn *t);

/** [{"urls": […], "username": …, "credential": …}], [] without relays; t
 *  may be NULL.  user: what the relay logs, no secret. */
json_t *turn_ice_servers(const struct turn *t, const char *user,
			 uint64_t now_s);

/** "Link: <turn:…>; rel=\"ice-server\"; …\r\n" for each (RFC 9725 4.6). */
int turn_link(struct mbuf *mb, const struct turn *t, const char *user,
	      uint64_t now_s);

/** user -> "expiry:user" and its password; pure. */
int turn_credential(char *username, size_t usersz, char *password,
		    size_t passsz, const char *secret, const char *user,
		    uint64_t expiry_s);

#endif
