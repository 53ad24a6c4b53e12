/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/thread.c -- the roles themselves: nothing but names for clang
 */
#include "base/thread.h"


struct role loop;
struct role ticker;
struct role worker;


void on_loop(void)
{
}


void on_ticker(void)
{
}


void on_worker(void)
{
}
