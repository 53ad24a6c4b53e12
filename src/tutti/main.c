/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/main.c -- tutti(1): ask tuttid to do one thing
 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <string.h>

#include "tutti/cli.h"


void cli_say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);

	fputs("tutti: ", stderr);
	text_put(stderr, line);
	fputc('\n', stderr);
}


static void put_json(const json_t *json, size_t flags)
{
	json_dumpf(json, stdout, flags | JSON_ENCODE_ANY |
		   JSON_REAL_PRECISION(9));
	fputc('\n', stdout);
}


/* "No such room: room "standup"" */
static int refused(const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");
	const char *title, *detail;

	title = json_string_value(json_object_get(error, "title"));
	detail = json_string_value(json_object_get(error, "detail"));
	if (title && detail && *detail)
		cli_say("%s: %s", title, detail);
	else
		cli_say("%s", title ? title : "refused");

	return CLI_REFUSED;
}


static int gone(const char *path, int err)
{
	if (err == EBADMSG)
		cli_say("%s: no answer of tuttid", path);
	else
		cli_say("%s: the server went away: %s", path,
			strerror(err));

	return CLI_NOBODY;
}


static int answered(const struct cmd *cmd, const struct verb *verb,
		    const json_t *answer)
{
	const json_t *result = json_object_get(answer, "result");

	if (!json_is_true(json_object_get(answer, "ok")))
		return refused(answer);

	if (cmd->json)
		put_json(result ? result : json_null(), JSON_INDENT(2));
	else
		format_result(stdout, verb, result);

	/* a check that found something has not gone well */
	return json_is_false(json_object_get(result, "ok")) ? CLI_REFUSED
							    : CLI_DONE;
}


static int follow(const struct cmd *cmd, const char *path,
		  struct client *client)
{
	json_t *line, *event;
	int err;

	while (!(err = client_answer(client, &line, -1))) {
		event = json_object_get(line, "event");
		if (!event) {
			const json_t *ok = json_object_get(line, "ok");

			if (!json_is_true(ok)) {
				int rc = refused(line);

				json_decref(line);
				return rc;
			}
		}
		else if (cmd->json) {
			put_json(event, JSON_COMPACT);
		}
		else {
			format_event(stdout, event);
		}
		json_decref(line);
		if (fflush(stdout))
			return CLI_REFUSED;
	}

	return gone(path, err);
}


static int ask(const struct cmd *cmd, const struct verb *verb, json_t *args)
{
	const char *path = client_socket(cmd);
	struct client *client = NULL;
	json_t *answer = NULL;
	int err, rc;

	err = client_open(&client, path);
	if (err) {
		cli_say("no server at %s: %s", path, strerror(err));
		json_decref(args);
		return CLI_NOBODY;
	}

	err = client_ask(client, verb, args);
	if (err) {
		rc = gone(path, err);
	}
	else if (verb->stream) {
		rc = follow(cmd, path, client);
	}
	else {
		err = client_answer(client, &answer, -1);
		rc = err ? gone(path, err) : answered(cmd, verb, answer);
	}

	json_decref(answer);
	client_close(client);

	return rc;
}


static int run(struct cmd *cmd)
{
	const char *first = cmd->wordc ? cmd->wordv[0] : "";
	const struct verb *verb;
	json_t *args;
	unsigned used;
	int rc;

	if (cmd->version || !strcmp(first, "version")) {
		printf("tutti %s\n", PACKAGE_VERSION);
		return CLI_DONE;
	}
	if (!strcmp(first, "help"))
		return help_main(cmd, 1);
	if (!strcmp(first, "completion"))
		return complete_main(cmd);
	if (cmd->help)
		return help_main(cmd, 0);
	if (!strcmp(first, "layout") && cmd->wordc > 1 &&
	    !strcmp(cmd->wordv[1], "check"))
		return layout_check_main(cmd);

	rc = cmd_verb(&verb, &used, cmd);
	if (!rc)
		rc = cmd_args(&args, verb, cmd, used);

	return rc ? rc : ask(cmd, verb, args);
}


int main(int argc, char **argv)
{
	struct cmd cmd;
	int rc;

	/* widths of characters, whatever the language of the shell */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		(void)setlocale(LC_CTYPE, "");
	color_init(stdout);

	rc = cmd_parse(&cmd, argc, argv);
	if (!rc)
		rc = run(&cmd);

	if (fflush(stdout) || ferror(stdout)) {
		cli_say("cannot write: %s", strerror(errno));
		rc = rc ? rc : CLI_REFUSED;
	}

	return rc;
}
