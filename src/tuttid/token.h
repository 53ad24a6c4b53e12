/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/token.h -- join tokens: who may come into one room, signed
 *
 * A JWT (RFC 7519) with HS256 and the server's own secret: iss "tutti",
 * sub the room's id in the catalogue (a room that was deleted and made
 * again is another), role, name, iat, nbf, exp, jti.  Nothing about it is
 * kept: it ends by its exp, or with its room.
 *
 * Pure; threads: any.
 */
#ifndef TUTTI_TUTTID_TOKEN_H
#define TUTTI_TUTTID_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TOKEN_TTL_S     = 3600,
	TOKEN_TTL_MIN_S = 10,
	TOKEN_TTL_MAX_S = 30 * 86400,
	TOKEN_NAME_MAX  = 64,
	TOKEN_TEXT_MAX  = 2048,   /* of one that is read                  */
	TOKEN_SKEW_S    = 30,     /* the clock may have been set back     */
};

struct token {
	uint64_t room;            /* id, not 0                            */
	bool host;
	char name[TOKEN_NAME_MAX];    /* UTF-8, "": none                  */
	uint64_t from_s, until_s; /* since 1970                           */
};

/** *textp: mem_deref() it.  secret: 64 hexadecimal digits. */
int token_make(char **textp, const char *secret, const struct token *token);

/** EBADMSG: not a token, or not ours; ETIMEDOUT: expired; EAGAIN: not
 *  valid yet. */
int token_read(struct token *token, const char *secret, const char *text,
	       uint64_t now_s);

/** Looks like one: three parts with dots. */
bool token_is(const char *text);

#endif
