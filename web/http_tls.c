/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_tls.c -- a certificate with its chain and key
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "web/http_tls.h"

struct tls_pair {
	X509 *cert;
	STACK_OF(X509) *chain;
	EVP_PKEY *key;
};


static int fail(char *errbuf, size_t errsz, const char *file,
		const char *what, int err)
{
	if (errbuf)
		snprintf(errbuf, errsz, "%s: %s", file,
			 what ? what : strerror(err));
	ERR_clear_error();

	return err;
}


/* An encrypted key would ask on the terminal */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;

	return -1;
}


static int load_certs(struct tls_pair *pair, const char *file, char *errbuf,
		      size_t errsz)
{
	FILE *f = fopen(file, "r");
	X509 *x;

	if (!f)
		return fail(errbuf, errsz, file, NULL, errno);
	pair->cert = PEM_read_X509_AUX(f, NULL, no_password, NULL);
	while (pair->cert &&
	       (x = PEM_read_X509(f, NULL, no_password, NULL))) {
		if (!sk_X509_push(pair->chain, x)) {
			X509_free(x);
			break;
		}
	}
	(void)fclose(f);
	ERR_clear_error();
	if (!pair->cert)
		return fail(errbuf, errsz, file, "no certificate (PEM)",
			    EBADMSG);
	if (X509_cmp_current_time(X509_get0_notAfter(pair->cert)) < 0)
		return fail(errbuf, errsz, file,
			    "the certificate has expired", EBADMSG);

	return 0;
}


static int load_key(struct tls_pair *pair, const char *file, char *errbuf,
		    size_t errsz)
{
	FILE *f = fopen(file, "r");

	if (!f)
		return fail(errbuf, errsz, file, NULL, errno);
	pair->key = PEM_read_PrivateKey(f, NULL, no_password, NULL);
	(void)fclose(f);
	if (!pair->key)
		return fail(errbuf, errsz, file,
			    "no private key (PEM, not encrypted)", EBADMSG);
	if (X509_check_private_key(pair->cert, pair->key) != 1)
		return fail(errbuf, errsz, file,
			    "is not the key of the certificate", EBADMSG);

	return 0;
}


int tls_pair_load(struct tls_pair **pairp, const char *certificate,
		  const char *key, char *errbuf, size_t errsz)
{
	struct tls_pair *pair;
	int err;

	if (!pairp || !certificate || !key)
		return EINVAL;

	pair = calloc(1, sizeof(*pair));
	if (!pair)
		return ENOMEM;
	pair->chain = sk_X509_new_null();
	if (!pair->chain) {
		err = ENOMEM;
		goto out;
	}

	err = load_certs(pair, certificate, errbuf, errsz);
	if (!err)
		err = load_key(pair, key, errbuf, errsz);

 out:
	if (err)
		tls_pair_free(pair);
	else
		*pairp = pair;

	return err;
}


void tls_pair_free(struct tls_pair *pair)
{
	if (!pair)
		return;

	X509_free(pair->cert);
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
	free(pair);
}


int tls_pair_use(const struct tls_pair *pair, SSL_CTX *ctx)
{
	if (SSL_CTX_use_cert_and_key(ctx, pair->cert, pair->key, pair->chain,
				     1) == 1)
		return 0;
	ERR_clear_error();

	return EBADMSG;
}


void tls_harden(SSL_CTX *ctx)
{
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
}
