/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_srv.h -- a server with tests/fake/fake_mixer, in a
 * directory of its own, and requests by anybody
 */
#ifndef TUTTI_TESTS_UNIT_TEST_SRV_H
#define TUTTI_TESTS_UNIT_TEST_SRV_H

#include <re.h>
#include <jansson.h>

#include "tuttid/req.h"

struct meeting;
struct party;
struct server;

extern struct server *srv;
extern char srv_dir[64];

int  srv_up(void);
void srv_down(void);

/** As the control socket. */
struct req_who srv_admin(void);
/** By the web; room NULL: all. */
struct req_who srv_who(enum verb_role role, const char *room,
		       uint32_t party);

/** One request; args in JSON.  Its status, 200 when all went well, 0
 *  without an answer; srv_result() and srv_title() are of it. */
int srv_ask(const struct req_who *who, const char *verb, const char *fmt,
	    ...);
const json_t *srv_result(void);
const char *srv_title(void);

/** The lines that a request without end was told so far. */
const json_t *srv_lines(void);
struct req *srv_follow(const struct req_who *who, const char *room);

/** The room is made if need be; its mixer runs. */
int srv_meet(struct meeting **mp, const char *room);
int srv_party(struct party **pp, struct meeting *m, const char *name);

#endif
