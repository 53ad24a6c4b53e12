/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_sip_wire.c -- what the stack says to whom, byte by byte
 */
#include "tests/fake/sip_peer.h"
#include "tests/unit/test.h"


int main(int argc, char **argv)
{
	static const struct test testv[] = {{"none", NULL}};

	return test_main(argc, argv, testv, 0);
}
