/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/text.h -- strings from peers, made fit for catalogue, log, labels
 *
 * Threads: any.
 */
#ifndef TUTTI_TUTTID_TEXT_H
#define TUTTI_TUTTID_TEXT_H

#include <stddef.h>

/** Copies what is valid UTF-8 and printable; control characters, bidi
 *  overrides and runs of white space become one blank, ends are trimmed,
 *  bad bytes become U+FFFD.  Never splits a character.  Returns dst. */
char *text_tidy(char *dst, size_t size, const char *src);

#endif
