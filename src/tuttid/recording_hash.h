/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/recording_hash.h -- checksums of finished recordings
 *
 * Threads: loop; the reading is a job beside it.
 */
#ifndef TUTTI_TUTTID_RECORDING_HASH_H
#define TUTTI_TUTTID_RECORDING_HASH_H

#include <stdint.h>

struct server;

/** SHA-256 of each segment and of all together, into the catalogue. */
void recording_hash(struct server *srv, uint64_t id);

/** The same for what a crash left without; one after the other. */
void recordings_mend(struct server *srv);

#endif
