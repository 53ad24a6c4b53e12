/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/peer_priv.h -- what the files of web/peer*.c share
 *
 * Threads: loop.
 */
#ifndef TUTTI_WEB_PEER_PRIV_H
#define TUTTI_WEB_PEER_PRIV_H

#include <re.h>

/** A P-256 key with its self-signed certificate, as PEM, and its SHA-256. */
int peer_cert_make(char *pem, size_t size, uint8_t fingerprint[32]);

#endif
