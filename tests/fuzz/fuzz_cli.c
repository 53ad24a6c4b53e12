/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_cli.c -- the grammar of tutti(1), and answers to print
 *
 * The first byte chooses: words separated by newlines, or an answer in
 * JSON.  Nothing is sent to anybody.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tutti/cli.h"


enum { WORDS_MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


void cli_say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)text_width(line);
}


static void words(char *text)
{
	char *argv[WORDS_MAX + 1] = {text};
	const struct verb *verb;
	struct cmd cmd;
	json_t *args;
	unsigned used;
	int argc = 1;

	for (text = strtok(text, "\n"); text && argc < WORDS_MAX;
	     text = strtok(NULL, "\n"))
		argv[argc++] = text;

	if (cmd_parse(&cmd, argc, argv) || cmd_verb(&verb, &used, &cmd) ||
	    cmd_args(&args, verb, &cmd, used))
		return;

	json_decref(args);
}


static void answer(const char *text, uint8_t which)
{
	static FILE *null;
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!null)
		null = fopen("/dev/null", "w");
	if (null && json) {
		format_result(null, &verbv[which % verbc], json);
		if (json_is_object(json))
			format_event(null, json);
	}
	json_decref(json);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;

	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';

	if (data[0] & 0x80)
		answer(text, data[0] & 0x7f);
	else
		words(text);
	free(text);

	return 0;
}
