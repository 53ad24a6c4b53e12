/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/leg_stub.h -- who owns a leg and looks at nothing
 *
 * Handlers for where a test has none of its own: what no leg may ever say
 * (a loss of more than everything, a digit that is none) aborts.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TESTS_FAKE_LEG_STUB_H
#define TUTTI_TESTS_FAKE_LEG_STUB_H

#include "mixer/leg.h"

/** sendh and packeth are NULL: they are the test's. */
extern const struct leg_h leg_stub;

/** Every one of poolc packet buffers is free (again), or it aborts. */
void leg_stub_pool(unsigned poolc);

#endif
