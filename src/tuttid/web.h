/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/web.h -- the web server's part of the server: who answers what
 *
 *	/api/…                       web_api.c
 *	/whip/… /whep/… /session/…   web/whip.h, parties by party_web.c
 *	/ws/ROOM                     seat.h
 *	all else                     the page, by web/http.h alone
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_WEB_H
#define TUTTI_TUTTID_WEB_H

#include <stddef.h>

struct config;
struct server;

/** Certificate and addresses are good; one line in errbuf. */
int server_web_check(const struct config *conf, char *errbuf, size_t errsz);

/** Up and listening: srv->web, srv->whip. */
int server_web_open(struct server *srv, char *errbuf, size_t errsz);

/** SIGHUP: the certificate anew, for new connections. */
void server_web_reload(struct server *srv);

#endif
