/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/party_web.h -- parties by WebRTC: the page, WHIP and WHEP
 *
 *	POST /session   the media of a seat (seat.h) that is there already;
 *	                another one takes its place: same party, new leg
 *	POST /whip      a party that only sends
 *	POST /whep      a party that only watches, no tile
 *
 * Joins web/whip.h (the resources, each with its peer) and the party.  A
 * session's end leaves the seat, the end of the others is the party's.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_PARTY_WEB_H
#define TUTTI_TUTTID_PARTY_WEB_H

#include "web/whip.h"

struct config;
struct party;
struct server;

/** srv->turn and srv->whip; one line in errbuf. */
int party_web_open(struct server *srv, char *errbuf, size_t errsz);

/** The relays that browsers are told; NULL without any. */
int party_web_turn(struct turn **tp, const struct config *conf,
		   char *errbuf, size_t errsz);

/** The media are gone: the seat stays, who has none leaves. */
void party_web_media_end(struct party *p, const char *reason);

#endif
