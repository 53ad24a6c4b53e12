/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/lint/list_tables.c -- prints what the tables declare, a line each
 *
 *	verb room create
 *	route POST /rooms Pq Cm room create
 *	argument room create ROOM
 *	option room create --host-pin
 *	event party joined
 *	field party joined name
 *	key data_dir
 *	default data_dir /var/lib/tutti
 *	column room name
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <re.h>
#include <sqlite3.h>

#include "base/conf.h"
#include "base/event.h"
#include "base/verb.h"
#include "db/priv.h"


static void put_arg(const struct verb *verb, const struct verb_arg *arg)
{
	const char *p;

	printf(arg->option ? "option %s --" : "argument %s ", verb->name);
	for (p = arg->name; *p; p++)
		putchar(*p == '_' ? '-' :
			arg->option ? *p : toupper((unsigned char)*p));
	putchar('\n');
}


static void put_verbs(void)
{
	size_t i, j;

	for (i = 0; i < verbc; i++) {
		printf("verb %s\n", verbv[i].name);
		printf("route %s Pq Cm %s\n", verbv[i].rest, verbv[i].name);
		for (j = 0; j < VERB_ARGS_MAX && verbv[i].argv[j].name; j++)
			put_arg(&verbv[i], &verbv[i].argv[j]);
	}
}


static void put_events(void)
{
	size_t i, j;

	for (i = 0; i < EV_COUNT; i++) {
		printf("event %s\n", eventv[i].name);
		for (j = 0; j < EVENT_FIELDS_MAX && eventv[i].fieldv[j]; j++)
			printf("field %s %s\n", eventv[i].name,
			       eventv[i].fieldv[j]);
	}
}


static void put_keys(void)
{
	size_t i;

	for (i = 0; i < config_keyc; i++) {
		printf("key %s\n", config_keyv[i].name);
		if (config_keyv[i].dflt)
			printf("default %s %s\n", config_keyv[i].name,
			       config_keyv[i].dflt);
	}
}


static int put_column(void *arg, int n, char **valv, char **namev)
{
	(void)arg;
	(void)namev;
	if (n == 2)
		printf("column %s %s\n", valv[0], valv[1]);

	return 0;
}


static int put_columns(void)
{
	char errbuf[256];
	sqlite3 *sq = NULL;
	int err;

	if (sqlite3_open(":memory:", &sq) != SQLITE_OK)
		return 1;

	err = db_migrate(sq, errbuf, sizeof(errbuf));
	if (!err && sqlite3_exec(sq, "SELECT m.name, c.name FROM"
				 " sqlite_master AS m,"
				 " pragma_table_info(m.name) AS c"
				 " WHERE m.type = 'table' AND"
				 " m.name NOT LIKE 'sqlite_%'",
				 put_column, NULL, NULL) != SQLITE_OK)
		err = EIO;
	sqlite3_close(sq);

	return err ? 1 : 0;
}


int main(void)
{
	put_verbs();
	put_events();
	put_keys();

	return put_columns();
}
