/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/web_door.h -- what is told at the door, beside the verbs
 *
 *	GET /api/v1/openapi.json        to everybody
 *	GET /api/v1/rooms/ROOM/door     to everybody: what the page shows
 *	                                before joining
 *	GET /api/v1/rooms/ROOM/ice      to who may enter: TURN credentials
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_WEB_DOOR_H
#define TUTTI_TUTTID_WEB_DOOR_H

#include <stdbool.h>

struct auth;
struct server;
struct web_req;

/** false: not one of these paths, not answered. */
bool web_door_request(struct server *srv, struct web_req *wreq);

/** application/problem+json; detail and headers ("Name: value\r\n" lines)
 *  may be NULL.  (web_api.c) */
void web_refuse(struct web_req *wreq, int status, const char *title,
		const char *detail, const char *headers);

/** 401 with WWW-Authenticate, 429 with Retry-After … */
void web_refuse_auth(struct web_req *wreq, const struct auth *auth);

#endif
