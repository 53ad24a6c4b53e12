/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/layout.c -- tutti layout check FILE…: needs no server
 */
#include <re.h>

#include "base/layout_file.h"
#include "tutti/cli.h"


static void put_layout(const char *path, const struct layout_def *d)
{
	unsigned i, most = 0;

	for (i = 0; i < d->formc; i++) {
		const unsigned n = d->formv[i].people;

		most = n > most ? n : most;
	}
	text_put(stdout, path);
	printf(":%u: layout %s forms=%u people=%u\n", d->line, d->name,
	       d->formc, most);
}


static bool check_file(const char *path)
{
	struct layout_file *file;
	char text[512] = "";
	unsigned i;

	if (layout_file_load(&file, path, NULL, text, sizeof(text))) {
		text_put(stderr, text);
		fputc('\n', stderr);
		return false;
	}
	for (i = 0; i < file->defc; i++)
		put_layout(path, &file->defv[i]);
	mem_deref(file);

	return true;
}


int layout_check_main(const struct cmd *cmd)
{
	bool good = true;
	int i;

	if (cmd->wordc < 3) {
		cli_say("layout check: name the files to check");
		return CLI_USAGE;
	}
	for (i = 2; i < cmd->wordc; i++)
		good = check_file(cmd->wordv[i]) && good;

	return good ? CLI_DONE : CLI_REFUSED;
}
