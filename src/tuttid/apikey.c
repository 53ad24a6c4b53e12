/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/apikey.c -- the text of an API key
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <re.h>
#include <openssl/evp.h>

#include "tuttid/apikey.h"

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz";

enum { LETTERS = sizeof(alphabet) - 1 };

/* Bytes past the last multiple of 62 are thrown away: none is likelier. */
int apikey_make(char key[APIKEY_SIZE])
{
	const size_t start = strlen(APIKEY_PREFIX);
	uint8_t rnd[64];
	size_t n = 0, i;

	str_ncpy(key, APIKEY_PREFIX, APIKEY_SIZE);
	while (n < APIKEY_CHARS) {
		if (getrandom(rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd))
			return EIO;
		for (i = 0; i < sizeof(rnd) && n < APIKEY_CHARS; i++) {
			if (rnd[i] < 256 / LETTERS * LETTERS)
				key[start + n++] = alphabet[rnd[i] % LETTERS];
		}
	}
	key[start + n] = '\0';
	memset(rnd, 0, sizeof(rnd));

	return 0;
}

bool apikey_is(const char *text)
{
	const size_t start = strlen(APIKEY_PREFIX);

	return text && strlen(text) == start + APIKEY_CHARS &&
	       !strncmp(text, APIKEY_PREFIX, start) &&
	       strspn(text + start, alphabet) == APIKEY_CHARS;
}

int apikey_hash(char hash[65], const char *key)
{
	uint8_t md[32];
	unsigned n = 0;

	if (EVP_Digest(key, strlen(key), md, &n, EVP_sha256(), NULL) != 1 ||
	    n != sizeof(md))
		return EIO;

	(void)re_snprintf(hash, 65, "%w", md, sizeof(md));

	return 0;
}
