/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/control.h -- the control socket: JSON lines on a UNIX socket
 *
 * A request is a line of at most CONTROL_LINE_MAX bytes; a longer one, or
 * one that is not JSON, is answered 400 and ends the connection.  Clients,
 * their open requests and what waits to be sent are bounded: a follower
 * that does not read is cut off.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_CONTROL_H
#define TUTTI_TUTTID_CONTROL_H

#include <jansson.h>

enum {
	CONTROL_LINE_MAX    = 65536,
	CONTROL_CLIENTS_MAX = 64,
	CONTROL_REQS_MAX    = 32,           /* unanswered, per client     */
	CONTROL_ANSWER_MAX  = 16 << 20,     /* bytes waiting to be sent   */
	CONTROL_STREAM_MAX  = 4 << 20,      /* the same, of a follower    */
};

struct control;
struct req;

/** A request; msg borrowed. */
typedef void (control_req_h)(struct req *req, const json_t *msg, void *arg);

/** Makes the directory if it is missing and takes the place of a socket
 *  that nobody listens on; EADDRINUSE when somebody does. */
int control_alloc(struct control **ctlp, const char *path,
		  control_req_h *reqh, void *arg);

unsigned control_clients(const struct control *ctl);

#endif
