/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/turn.c -- short-lived credentials for TURN servers
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <re.h>

#include "web/turn.h"

enum { SHA1_LEN = 20, SECRET_MAX = 256 };

struct turn {
	char *uriv[TURN_URIS_MAX];
	unsigned uric;
	char *secret;
	uint32_t ttl_s;
};

static void destructor(void *arg)
{
	struct turn *t = arg;
	unsigned i;

	for (i = 0; i < t->uric; i++)
		mem_deref(t->uriv[i]);
	if (t->secret)
		OPENSSL_cleanse(t->secret, strlen(t->secret));
	mem_deref(t->secret);
}

int turn_alloc(struct turn **tp, const char *secret, uint32_t ttl_s)
{
	struct turn *t;
	int err = 0;

	if (!tp || !ttl_s || (secret && strlen(secret) > SECRET_MAX))
		return EINVAL;

	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;

	t->ttl_s = ttl_s;
	if (secret && *secret)
		err = str_dup(&t->secret, secret);
	if (err)
		mem_deref(t);
	else
		*tp = t;

	return err;
}

static bool is_turn(const char *uri)
{
	return !strncmp(uri, "turn:", 5) || !strncmp(uri, "turns:", 6);
}

/** RFC 7065, RFC 7064: scheme:host[:port][?transport=udp|tcp] */
static const char *uri_check(const char *uri)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
	const char *host = strchr(uri, ':'), *query;
	size_t n;

	if (!is_turn(uri) && strncmp(uri, "stun:", 5) &&
	    strncmp(uri, "stuns:", 6))
		return "want turn:, turns: or stun:";

	++host;
	n = strspn(host, chars);
	if (!n || *host == ':')
		return "host missing";
	query = host + n;
	if (*query && (!is_turn(uri) || (strcmp(query, "?transport=udp") &&
					 strcmp(query, "?transport=tcp"))))
		return "want HOST[:PORT][?transport=udp|tcp]";

	return NULL;
}

int turn_add(struct turn *t, const char *uri, char *errbuf, size_t errsz)
{
	const char *what;
	int err;

	if (!t || !uri)
		return EINVAL;

	what = uri_check(uri);
	if (!what && is_turn(uri) && !t->secret)
		what = "needs turn_secret";
	if (what) {
		(void)re_snprintf(errbuf, errsz, "%s: %s", uri, what);
		return EBADMSG;
	}
	if (t->uric == TURN_URIS_MAX) {
		(void)re_snprintf(errbuf, errsz, "%s: more than %d", uri,
				  TURN_URIS_MAX);
		return ENOSPC;
	}

	err = str_dup(&t->uriv[t->uric], uri);
	if (!err)
		++t->uric;

	return err;
}

uint32_t turn_ttl(const struct turn *t)
{
	return t ? t->ttl_s : 0;
}

unsigned turn_count(const struct turn *t)
{
	return t ? t->uric : 0;
}

int turn_credential(char *username, size_t usersz, char *password,
		    size_t passsz, const char *secret, const char *user,
		    uint64_t expiry_s)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t len = passsz;
	unsigned n = 0;
	int err;

	if (!username || !password || !secret || !user || !passsz)
		return EINVAL;

	if (re_snprintf(username, usersz, "%llu:%s",
			(unsigned long long)expiry_s, user) < 0)
		return EOVERFLOW;

	if (!HMAC(EVP_sha1(), secret, (int)strlen(secret),
		  (const uint8_t *)username, strlen(username), mac, &n) ||
	    n != SHA1_LEN)
		return ENOMEM;

	err = base64_encode(mac, n, password, &len);
	if (err)
		return err;
	if (len >= passsz)
		return EOVERFLOW;
	password[len] = '\0';

	return 0;
}

/* the names and password of all relays of one call */
struct cred {
	char username[TURN_USER_MAX], password[TURN_PASS_MAX];
};

static int cred_make(struct cred *c, const struct turn *t, const char *user,
		     uint64_t now_s)
{
	if (!t->secret)
		return 0;

	return turn_credential(c->username, sizeof(c->username), c->password,
			       sizeof(c->password), t->secret, user,
			       now_s + t->ttl_s);
}

static json_t *uri_list(const struct turn *t, bool turn)
{
	json_t *l = json_array();
	unsigned i;

	for (i = 0; i < t->uric; i++)
		if (is_turn(t->uriv[i]) == turn)
			json_array_append_new(l, json_string(t->uriv[i]));

	return l;
}

json_t *turn_ice_servers(const struct turn *t, const char *user,
			 uint64_t now_s)
{
	json_t *l = json_array(), *urls;
	struct cred c;

	if (!t || !user || cred_make(&c, t, user, now_s))
		return l;

	urls = uri_list(t, false);
	if (json_array_size(urls))
		json_array_append_new(l, json_pack("{s:O}", "urls", urls));
	json_decref(urls);

	urls = uri_list(t, true);
	if (json_array_size(urls))
		json_array_append_new(l, json_pack("{s:O, s:s, s:s}", "urls",
						   urls, "username",
						   c.username, "credential",
						   c.password));
	json_decref(urls);

	return l;
}

int turn_link(struct mbuf *mb, const struct turn *t, const char *user,
	      uint64_t now_s)
{
	struct cred c;
	unsigned i;
	int err;

	if (!mb || !user)
		return EINVAL;
	if (!t)
		return 0;

	err = cred_make(&c, t, user, now_s);

	for (i = 0; i < t->uric && !err; i++) {
		err = mbuf_printf(mb, "Link: <%s>; rel=\"ice-server\"",
				  t->uriv[i]);
		if (!err && is_turn(t->uriv[i]))
			err = mbuf_printf(mb, "; username=\"%s\"; "
					  "credential=\"%s\"; credential-type"
					  "=\"password\"", c.username,
					  c.password);
		if (!err)
			err = mbuf_write_str(mb, "\r\n");
	}

	return err;
}
