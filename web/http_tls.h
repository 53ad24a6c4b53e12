/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_tls.h -- a certificate with its chain and key, and its use
 *
 * Loaded and checked on the loop, used by the web thread.
 *
 * Threads: as said at each function; a pair belongs to one.
 */
#ifndef TUTTI_WEB_HTTP_TLS_H
#define TUTTI_WEB_HTTP_TLS_H

#include <stddef.h>
#include <openssl/ssl.h>

struct tls_pair;

/** PEM files: leaf and chain, key.  errbuf names the file. */
int tls_pair_load(struct tls_pair **pairp, const char *certificate,
		  const char *key, char *errbuf, size_t errsz);
void tls_pair_free(struct tls_pair *pair);            /* NULL is fine     */

/** For the connections that come from now on. */
int tls_pair_use(const struct tls_pair *pair, SSL_CTX *ctx);

/** What else a server's context needs: TLS 1.2 at least. */
void tls_harden(SSL_CTX *ctx);

#endif
