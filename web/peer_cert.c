/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/peer_cert.c -- a key and a certificate for one session
 *
 * Nobody looks at names or dates in it: what counts is the fingerprint in
 * the SDP.  A new one per session, so that a mixer that is taken over
 * gives away nothing but its own meeting.
 */
#include <errno.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <re.h>

#include "web/peer_priv.h"

enum { DAY_S = 86400, DAYS = 30 };

static bool fill(X509 *crt, EVP_PKEY *key)
{
	static const unsigned char cn[] = "tutti";
	X509_NAME *name = X509_get_subject_name(crt);

	return X509_set_version(crt, 2) &&
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(crt),
					rand_u32() | 1u) &&
		X509_gmtime_adj(X509_getm_notBefore(crt), -DAY_S) &&
		X509_gmtime_adj(X509_getm_notAfter(crt),
				(long)DAYS * DAY_S) &&
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, cn, -1,
					   -1, 0) &&
		X509_set_issuer_name(crt, name) &&
		X509_set_pubkey(crt, key) &&
		X509_sign(crt, key, EVP_sha256());
}

static bool print(char *pem, size_t size, X509 *crt, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = false;
	char *p;
	long n;

	if (!bio)
		return false;

	if (PEM_write_bio_X509(bio, crt) &&
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)) {
		n = BIO_get_mem_data(bio, &p);
		if (n > 0 && (size_t)n < size) {
			memcpy(pem, p, (size_t)n);
			pem[n] = '\0';
			good = true;
		}
	}
	BIO_free(bio);

	return good;
}

int peer_cert_make(char *pem, size_t size, uint8_t fingerprint[32])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *crt = X509_new();
	unsigned n = 0;
	int err = ENOMEM;

	if (key && crt && fill(crt, key) && print(pem, size, crt, key) &&
	    X509_digest(crt, EVP_sha256(), fingerprint, &n) && n == 32)
		err = 0;

	X509_free(crt);
	EVP_PKEY_free(key);

	return err;
}
