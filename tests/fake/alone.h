/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/alone.h -- the real tutti-mixer, tuttid's part played
 *
 * Three parties with tones and colours on real sockets.  The program is
 * $TUTTI_LIBEXEC/tutti-mixer or libexec/ of the build tree.  With
 * TUTTI_KEEP=DIR files stay there.
 *
 * Threads: one, libre's loop runs inside alone_await().
 */
#ifndef TUTTI_TESTS_FAKE_ALONE_H
#define TUTTI_TESTS_FAKE_ALONE_H

#include <sys/types.h>

#include <jansson.h>

#include "base/ipc.h"
#include "base/mixproto.h"
#include "tests/fake/caller.h"
#include "tests/unit/test.h"

enum { ALONE_PARTIES = 3, ALONE_LOUD = -32, ALONE_FAINT = -48 };

extern const struct caller_cfg alone_cfgv[ALONE_PARTIES];

/* One meeting, seen from tuttid */
struct alone {
	pid_t pid;
	struct ipc *ipc;
	struct caller *pv[ALONE_PARTIES];
	struct tmr tick, end;
	unsigned seq;
	json_t *done;             /* last answer                          */
	bool ready, closed;
	unsigned quality, talk, pictures_live, latched, speaker;
	char digit;
	char rec[16];             /* its last state                       */
	unsigned rec_ms;
	bool (*until)(struct alone *fx);
	bool met;
};

/** Parties, the mixer, and those in it. */
int  alone_init(struct alone *fx);
void alone_close(struct alone *fx);

/** Another mixer; and the legs for it. */
int  alone_spawn(struct alone *fx);
int  alone_add_legs(struct alone *fx);

/** Until it is so, at most ms (a sanitizer is given more). */
int  alone_await(struct alone *fx, bool (*until)(struct alone *),
		 unsigned ms);
bool alone_ready(struct alone *fx);
bool alone_closed(struct alone *fx);
bool alone_recording(struct alone *fx);
/** Everyone hears the two others and not himself; sees all three. */
bool alone_hear(struct alone *fx);
bool alone_see(struct alone *fx);
void alone_print(struct alone *fx);

/** Sends and waits for the answer; its error. */
int  alone_ask(struct alone *fx, const char *m, json_t *msg, const int *fdv,
	       size_t fdc);
json_t *alone_rec(void);          /* what starts recording 5              */

/** A tutti-source over socket pairs: "test:n" as party 20 + n. */
int  alone_source(struct alone *fx, unsigned n, pid_t *pid);

/** A file of ours. */
void alone_path(char *path, size_t sz, const char *name);
int  alone_open(const char *path);
void alone_unkeep(const char *path);

/** main() of such a test: skipped where there is no mixer. */
int  alone_main(int argc, char **argv, const struct test *testv, size_t n);

#endif
