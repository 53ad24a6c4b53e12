/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/apikey.h -- the text of an API key: "tutti_" and 32 characters
 *
 * 190 random bits in letters and digits.  What is kept is its SHA-256, by
 * which it is looked up: nothing about a key can be learnt from how long a
 * wrong one takes.
 *
 * Pure; threads: any.
 */
#ifndef TUTTI_TUTTID_APIKEY_H
#define TUTTI_TUTTID_APIKEY_H

#include <stdbool.h>
#include <stddef.h>

#define APIKEY_PREFIX "tutti_"

enum {
	APIKEY_CHARS = 32,
	APIKEY_SIZE  = sizeof(APIKEY_PREFIX) + APIKEY_CHARS,  /* with NUL */
};

int  apikey_make(char key[APIKEY_SIZE]);
bool apikey_is(const char *text);

/** Lower-case hex, 64 digits and NUL. */
int  apikey_hash(char hash[65], const char *key);

#endif
