/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/token.c -- join tokens: who may come into one room, signed
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>
#include <jwt.h>

#include "tuttid/token.h"

enum { SECRET_BYTES = 32, JTI_BYTES = 12 };

static const char issuer[] = "tutti";

bool token_is(const char *text)
{
	unsigned dots = 0;

	for (; text && *text; text++)
		dots += *text == '.';

	return dots == 2;
}

static int add_claims(jwt_t *jwt, const struct token *token)
{
	uint8_t rnd[JTI_BYTES];
	char sub[32], jti[2 * JTI_BYTES + 1];
	int err;

	rand_bytes(rnd, sizeof(rnd));
	(void)re_snprintf(sub, sizeof(sub), "%llu",
			  (unsigned long long)token->room);
	(void)re_snprintf(jti, sizeof(jti), "%w", rnd, sizeof(rnd));

	err  = jwt_add_grant(jwt, "iss", issuer);
	err |= jwt_add_grant(jwt, "sub", sub);
	err |= jwt_add_grant(jwt, "role", token->host ? "host" : "guest");
	if (token->name[0])
		err |= jwt_add_grant(jwt, "name", token->name);
	err |= jwt_add_grant_int(jwt, "iat", (long)token->from_s);
	err |= jwt_add_grant_int(jwt, "nbf", (long)token->from_s);
	err |= jwt_add_grant_int(jwt, "exp", (long)token->until_s);
	err |= jwt_add_grant(jwt, "jti", jti);

	return err ? EINVAL : 0;
}

int token_make(char **textp, const char *secret, const struct token *token)
{
	uint8_t key[SECRET_BYTES];
	jwt_t *jwt = NULL;
	char *text = NULL;
	int err;

	if (!textp || !secret || !token || !token->room)
		return EINVAL;

	err = str_hex(key, sizeof(key), secret);
	if (err)
		return err;

	err = jwt_new(&jwt);
	if (!err)
		err = add_claims(jwt, token);
	if (!err)
		err = jwt_set_alg(jwt, JWT_ALG_HS256, key, sizeof(key));
	if (err)
		goto out;

	text = jwt_encode_str(jwt);
	err = text ? str_dup(textp, text) : ENOMEM;

 out:
	free(text);
	jwt_free(jwt);
	memset(key, 0, sizeof(key));

	return err;
}

static int read_room(uint64_t *roomp, const char *sub)
{
	char *end = NULL;

	if (!sub || *sub < '1' || *sub > '9' || strlen(sub) > 18)
		return EBADMSG;

	*roomp = strtoull(sub, &end, 10);

	return end && !*end ? 0 : EBADMSG;
}

/* An absent number reads as 0: before any time. */
static uint64_t claim_time(jwt_t *jwt, const char *name)
{
	const long val = jwt_get_grant_int(jwt, name);

	return val > 0 ? (uint64_t)val : 0;
}

static int read_claims(struct token *token, jwt_t *jwt, uint64_t now_s)
{
	const char *iss  = jwt_get_grant(jwt, "iss");
	const char *role = jwt_get_grant(jwt, "role");
	const char *name = jwt_get_grant(jwt, "name");

	/* whatever the header says: one algorithm, never "none" */
	if (jwt_get_alg(jwt) != JWT_ALG_HS256)
		return EBADMSG;
	if (!iss || strcmp(iss, issuer) || !role ||
	    (strcmp(role, "guest") && strcmp(role, "host")))
		return EBADMSG;
	if (name && strlen(name) >= sizeof(token->name))
		return EBADMSG;
	if (read_room(&token->room, jwt_get_grant(jwt, "sub")))
		return EBADMSG;

	token->host    = !strcmp(role, "host");
	token->from_s  = claim_time(jwt, "nbf");
	token->until_s = claim_time(jwt, "exp");
	str_ncpy(token->name, name ? name : "", sizeof(token->name));

	if (now_s >= token->until_s)
		return ETIMEDOUT;
	if (now_s + TOKEN_SKEW_S < token->from_s)
		return EAGAIN;

	return 0;
}

int token_read(struct token *token, const char *secret, const char *text,
	       uint64_t now_s)
{
	uint8_t key[SECRET_BYTES];
	struct token got;
	jwt_t *jwt = NULL;
	int err;

	if (!token || !secret || !text)
		return EINVAL;
	if (strlen(text) > TOKEN_TEXT_MAX || !token_is(text))
		return EBADMSG;

	err = str_hex(key, sizeof(key), secret);
	if (err)
		return err;

	memset(&got, 0, sizeof(got));
	if (jwt_decode(&jwt, text, key, sizeof(key)))
		err = EBADMSG;
	else
		err = read_claims(&got, jwt, now_s);
	jwt_free(jwt);
	memset(key, 0, sizeof(key));
	if (!err)
		*token = got;

	return err;
}
