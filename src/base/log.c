/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/log.c -- one line per event; see log.h
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "base/log.h"


enum { LINE_MAX_LEN = 2048 };


static struct {
	atomic_int max;
	bool to_syslog;
	char ident[32];
} lg = { .max = LVL_INFO, .ident = "tutti" };


static const int prioritiesv[] = {
	LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG,
};


static const char *const wordv[] = { "error: ", "warning: ", "", "debug: " };


void log_init(const char *ident, enum log_level max, bool to_syslog)
{
	str_ncpy(lg.ident, ident, sizeof(lg.ident));
	lg.max = max;
	lg.to_syslog = to_syslog;
	if (to_syslog)
		openlog(lg.ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}


void log_level_set(enum log_level max)
{
	lg.max = max;
}


bool log_enabled(enum log_level level)
{
	return (int)level <= lg.max;
}


/* Text of a peer may hold anything: keep a line a line. */
static void one_line(char *p)
{
	size_t n = strlen(p);

	if (n && p[n - 1] == '\n')
		p[n - 1] = '\0';
	for (; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
}


static void emit(enum log_level level, const char *fmt, va_list ap)
{
	char msg[LINE_MAX_LEN], line[LINE_MAX_LEN + 96], when[32];
	int n;

	if (!log_enabled(level))
		return;

	/* a line that does not fit is cut, with the cut shown */
	if (re_vsnprintf(msg, sizeof(msg), fmt, ap) < 0)
		memcpy(msg + sizeof(msg) - 4, "...", 4);
	one_line(msg);

	if (lg.to_syslog) {
		syslog(prioritiesv[level], "%s%s", wordv[level], msg);
		return;
	}

	n = snprintf(line, sizeof(line), "%s %s[%d]: %s%s\n",
		     clock_iso(when, clock_wall_us()), lg.ident,
		     (int)getpid(), wordv[level], msg);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;           /* nowhere left to say it */
}


#define EMIT(level)                             \
	do {                                    \
		va_list ap;                     \
		va_start(ap, fmt);              \
		emit(level, fmt, ap);           \
		va_end(ap);                     \
	} while (0)


void debug(const char *fmt, ...)
{
	EMIT(LVL_DEBUG);
}


void info(const char *fmt, ...)
{
	EMIT(LVL_INFO);
}


void warning(const char *fmt, ...)
{
	EMIT(LVL_WARNING);
}


void error(const char *fmt, ...)
{
	EMIT(LVL_ERROR);
}


void fatal(const char *fmt, ...)
{
	EMIT(LVL_ERROR);
	exit(1);
}


bool log_rate_ok(struct log_rate *rate, uint64_t now_us, unsigned burst)
{
	uint64_t second = now_us / 1000000;

	if (rate->second != second) {
		if (rate->dropped)
			warning("log %u lines left out", rate->dropped);
		rate->second  = second;
		rate->n       = 0;
		rate->dropped = 0;
	}
	if (rate->n >= burst) {
		++rate->dropped;
		return false;
	}
	++rate->n;

	return true;
}
