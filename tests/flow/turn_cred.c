/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/turn_cred.c -- what a browser gets from us, for turn.test
 *
 *	turn_cred SECRET TTL-SECONDS USER [NOW]   username and password,
 *	                                          a line each
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <re.h>

#include "web/turn.h"

int main(int argc, char **argv)
{
	struct turn *t = NULL;
	char reason[128];
	json_t *l = NULL;
	int err;

	if (argc < 4)
		return 2;

	err = turn_alloc(&t, argv[1], (uint32_t)strtoul(argv[2], NULL, 10));
	if (!err)
		err = turn_add(t, "turn:192.0.2.10", reason, sizeof(reason));
	if (!err) {
		const json_t *srv;

		l = turn_ice_servers(t, argv[3], argc > 4 ?
				     strtoull(argv[4], NULL, 10) :
				     (uint64_t)time(NULL));
		srv = json_array_get(l, 0);
		printf("%s\n%s\n",
		       json_string_value(json_object_get(srv, "username")),
		       json_string_value(json_object_get(srv, "credential")));
	}
	json_decref(l);
	mem_deref(t);

	return err ? 1 : 0;
}
