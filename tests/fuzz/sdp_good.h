/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/sdp_good.h -- what every accepted offer must lead to
 *
 * For fuzzers: what is not so ends the process.
 */
#ifndef TUTTI_TESTS_FUZZ_SDP_GOOD_H
#define TUTTI_TESTS_FUZZ_SDP_GOOD_H

struct mbuf;
struct ticket;

/** libre, without a word on what it dislikes; for LLVMFuzzerInitialize() */
int  sdp_good_init(void);
/** Both are SDP, with as many m-lines */
void sdp_good_answer(struct mbuf *offer, struct mbuf *answer);
/** Another process would accept it */
void sdp_good_ticket(const struct ticket *t);

#endif
