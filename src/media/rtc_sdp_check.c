/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/rtc_sdp_check.c -- attributes that a session cannot do without
 *
 * What is wrong in one of these makes the offer bad, with its line.  All
 * other attributes are read leniently, later.  Candidates are not looked
 * at: as a lite agent we never send to one.
 */
#include <ctype.h>
#include <string.h>

#include <re.h>

#include "media/rtc_sdp_priv.h"

/* RFC 8445: ice-char */
static bool ice_ok(const struct pl *val, size_t min, size_t max)
{
	size_t i;

	if (val->l < min || val->l > max)
		return false;

	for (i = 0; i < val->l; i++)
		if (!isalnum((unsigned char)val->p[i]) &&
		    val->p[i] != '+' && val->p[i] != '/')
			return false;

	return true;
}

/* RFC 4566: token */
static bool token_ok(const struct pl *val)
{
	size_t i;

	for (i = 0; i < val->l; i++)
		if (!isgraph((unsigned char)val->p[i]) ||
		    strchr("\"(),/:;<=>?@[\\]", val->p[i]))
			return false;

	return val->l > 0;
}

/** RFC 8852: what an RTP header extension may carry. */
bool rtc_rid_ok(const struct pl *rid)
{
	size_t i;

	for (i = 0; i < rid->l; i++)
		if (!isalnum((unsigned char)rid->p[i]) &&
		    rid->p[i] != '-' && rid->p[i] != '_')
			return false;

	return rid->l > 0;
}

static const char *check_fingerprint(struct pl val)
{
	struct pl hash;
	size_t i, n = 0;

	if (!sdp_word(&val, &hash) || !val.l)
		return "bad fingerprint";
	if (pl_strcasecmp(&hash, "sha-256"))
		return NULL;      /* another may follow                   */

	if (val.l != 32 * 3 - 1)
		return "sha-256 fingerprint is not 32 bytes";
	for (i = 0; i < val.l; i++) {
		bool colon = i % 3 == 2;

		if (colon ? val.p[i] != ':' :
		    !isxdigit((unsigned char)val.p[i]))
			return "bad fingerprint";
		n += !colon;
	}

	return n == 64 ? NULL : "bad fingerprint";
}

static const char *check_setup(const struct pl *val)
{
	static const char *const setupv[] = {
		"actpass", "active", "passive", "holdconn"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(setupv); i++)
		if (!pl_strcmp(val, setupv[i]))
			return NULL;

	return "bad setup";
}

static const char *check_mid(struct rtc_mids *mids, const struct pl *val,
			     unsigned media)
{
	unsigned i;

	if (!media)
		return "mid before the first m= line";
	if (!token_ok(val))
		return "bad mid";
	if (val->l >= TICKET_ID_MAX)
		return "mid is longer than 32 characters";
	if (mids->midv[media - 1][0])
		return "second mid of an m= line";

	for (i = 0; i < SDP_MEDIA_MAX; i++)
		if (!pl_strcmp(val, mids->midv[i]))
			return "mid of another m= line";

	(void)pl_strcpy(val, mids->midv[media - 1], TICKET_ID_MAX);

	return NULL;
}

static const char *check_extmap(struct pl val)
{
	struct pl id, uri, dir = PL_INIT;
	uint32_t n;

	if (!sdp_word(&val, &id) || !sdp_word(&val, &uri))
		return "bad extmap";
	if (!re_regex(id.p, id.l, "[0-9]+/[a-z]+", NULL, &dir))
		id.l = dir.p - 1 - id.p;
	if (!sdp_number(&id, 4351, &n) || !n ||
	    (n > 255 && n < 4096))
		return "bad extmap";
	if (dir.l && pl_strcmp(&dir, "sendrecv") &&
	    pl_strcmp(&dir, "sendonly") && pl_strcmp(&dir, "recvonly") &&
	    pl_strcmp(&dir, "inactive"))
		return "bad extmap";

	return NULL;
}

static const char *check_rid(struct pl val, unsigned media)
{
	struct pl rid, dir;

	if (!media)
		return "rid before the first m= line";
	if (!sdp_word(&val, &rid) || !sdp_word(&val, &dir) ||
	    !rtc_rid_ok(&rid) ||
	    (pl_strcmp(&dir, "send") && pl_strcmp(&dir, "recv")))
		return "bad rid";

	return rid.l < TICKET_ID_MAX ? NULL :
		"rid is longer than 32 characters";
}

static const char *check_simulcast(struct pl val)
{
	unsigned n = 0;
	struct pl dir, list;

	while (sdp_word(&val, &dir)) {
		if (++n > 2 || !sdp_word(&val, &list) ||
		    (pl_strcmp(&dir, "send") && pl_strcmp(&dir, "recv")))
			return "bad simulcast";
	}

	return n && !val.l ? NULL : "bad simulcast";
}

const char *rtc_attr_check(const struct pl *name, const struct pl *val,
			   unsigned media, void *arg)
{
	if (!pl_strcmp(name, "ice-ufrag"))
		return ice_ok(val, 4, 256) ? NULL : "bad ice-ufrag";
	if (!pl_strcmp(name, "ice-pwd"))
		return ice_ok(val, 22, 256) ? NULL : "bad ice-pwd";
	if (!pl_strcmp(name, "fingerprint"))
		return check_fingerprint(*val);
	if (!pl_strcmp(name, "setup"))
		return check_setup(val);
	if (!pl_strcmp(name, "mid"))
		return check_mid(arg, val, media);
	if (!pl_strcmp(name, "extmap"))
		return check_extmap(*val);
	if (!pl_strcmp(name, "rid"))
		return check_rid(*val, media);
	if (!pl_strcmp(name, "simulcast"))
		return check_simulcast(*val);

	return NULL;
}
