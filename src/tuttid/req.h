/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/req.h -- one request of a client and its answer
 *
 * A verb's handler is given a req and answers it exactly once, now or later
 * (it then holds a reference).  One that dies unanswered answers 500 by
 * itself, so no client waits for ever.  A stream pushes lines instead and
 * is held until the client goes.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_REQ_H
#define TUTTI_TUTTID_REQ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <jansson.h>

#include "base/verb.h"

struct req;

/** A line for the client; borrowed.  After the last none follows. */
typedef void (req_line_h)(json_t *line, bool last, void *arg);
typedef void (req_gone_h)(void *arg);
typedef size_t (req_waiting_h)(void *arg);
/** A file for the answer, open for writing, instead of the client's path
 *  (which is not looked at); its name for people is `path`. */
typedef int (req_open_h)(const char *path, int *fdp, void *arg);

enum { REQ_NAME_MAX = 64 };

/** Who asks, and what he may (verbs.c enforces it): an administrator
 *  everything, a host what concerns his room, a guest himself. */
struct req_who {
	uid_t uid;                /* SO_PEERCRED: files are opened with his
	                           * rights; (uid_t)-1: came by the web   */
	gid_t gid;
	enum verb_role role;
	uint64_t room;            /* id of the only room; 0: all          */
	uint32_t party;           /* his own; 0: none                     */
	uint64_t key;             /* API key in the catalogue; 0: none    */
	char name[REQ_NAME_MAX];  /* account or the token's name; ""      */
};

/** id is referenced, may be NULL. */
int req_alloc(struct req **reqp, json_t *id, const struct req_who *who,
	      req_line_h *lineh, void *arg);

/** The client is gone: nothing is said any more; a stream's goneh runs. */
void req_detach(struct req *req);

void req_ok(struct req *req, json_t *result);         /* steals; may be NULL */

/** status as in HTTP; title for people, detail in libre's format or NULL */
void req_fail(struct req *req, int status, const char *title,
	      const char *fmt, ...);
void req_fail_errno(struct req *req, int err, const char *title);

/** Of a stream: the line that says it has begun; then bare lines, stolen. */
void req_begin(struct req *req);
void req_push(struct req *req, json_t *line);
void req_on_gone(struct req *req, req_gone_h *goneh, void *arg);

/** Bytes that the client has not read yet, as far as known. */
size_t req_waiting(const struct req *req);
void req_set_waiting(struct req *req, req_waiting_h *waitingh);

/** Who asks; never NULL. */
const struct req_who *req_asker(const struct req *req);

/** Where files go that the client asks for; arg: that of lineh. */
void req_set_open(struct req *req, req_open_h *openh);
bool req_has_open(const struct req *req);

/** It came by the control socket, or has a way for files of its own. */
bool req_takes_files(const struct req *req);

/** The client has no other rights than we have. */
bool req_same_user(const struct req *req);

bool req_answered(const struct req *req);

/** Opens a file for the client, with the client's rights, created anew or
 *  emptied; mode 0644.  The error is answered. */
int req_open(struct req *req, const char *path, int *fdp);

#endif
