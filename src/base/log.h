/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/log.h -- one line per event on stderr, or to syslog
 *
 * Formats are libre's (%m errno, %J address, %r pointer-length, %H).
 * Subject and id first, past tense, key=value:
 *
 *	leg 4711 joined room=12 via=sip from="sip:ann@example.org"
 *
 * Threads: any.  A line is written with one write(2).
 */
#ifndef TUTTI_BASE_LOG_H
#define TUTTI_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LVL_ERROR = 0,
	LVL_WARNING,
	LVL_INFO,
	LVL_DEBUG,
};

void log_init(const char *ident, enum log_level max, bool to_syslog);

/** Set by a program without a terminal to "syslog": what it starts logs
 *  there too. */
#define LOG_ENV "TUTTI_LOG"

void log_level_set(enum log_level max);
bool log_enabled(enum log_level level);

void debug(const char *fmt, ...);     /* for us                           */
void info(const char *fmt, ...);      /* somebody would ask about it      */
void warning(const char *fmt, ...);   /* somebody should look             */
void error(const char *fmt, ...);     /* the caller is about to give up   */

/** One clear line, then exit(1).  Start-up and the impossible only. */
_Noreturn void fatal(const char *fmt, ...);

/** At most `burst` lines a second pass; for what a peer can trigger. */
struct log_rate {
	uint64_t second;
	unsigned n, dropped;
};
bool log_rate_ok(struct log_rate *rate, uint64_t now_us, unsigned burst);

#endif
