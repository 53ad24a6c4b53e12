/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_db.h -- a catalogue in a folder of its own
 */
#ifndef TUTTI_TESTS_UNIT_TEST_DB_H
#define TUTTI_TESTS_UNIT_TEST_DB_H

#include "tests/unit/test.h"
#include "db/db.h"

struct place {
	char dir[64];             /* …/recordings exists                  */
	char file[80];            /* …/tutti.db                           */
};

int  place_make(struct place *place);
void place_remove(struct place *place);

int  place_open(struct db **dbp, const struct place *place);

/** Runs the loop until *flag is set; ETIMEDOUT after `ms`. */
int  loop_until(const bool *flag, unsigned ms);

/** One number of a query of another connection; -1: failed. */
long long place_count(const struct place *place, const char *sql);
int  place_exec(const struct place *place, const char *sql);

/* test_db_trouble.c */
extern const struct test trouble_testv[];
extern const size_t trouble_testc;

#endif
