/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/bq.h -- bounded queue of pointers between two threads
 *
 * When full it drops the oldest, handing it to droph, so a slow reader
 * never holds back a writer.  The lock is held for a pointer move only.
 *
 * Threads: any to push, any to pop.
 */
#ifndef TUTTI_MIXER_BQ_H
#define TUTTI_MIXER_BQ_H

#include <stdbool.h>
#include <stdint.h>

struct bq;

typedef void (bq_drop_h)(void *item);

int  bq_alloc(struct bq **bqp, unsigned cap, bq_drop_h *droph);
                                       /* mem_deref drops what is left    */

/** True if the queue was empty: wake the reader. */
bool bq_push(struct bq *bq, void *item);
void *bq_pop(struct bq *bq);           /* NULL when empty                 */
unsigned bq_count(const struct bq *bq);
uint64_t bq_dropped(const struct bq *bq);

#endif
