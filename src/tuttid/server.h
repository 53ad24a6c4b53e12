/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/server.h -- the one object that holds everything else
 *
 *	server -> rooms -> room -> meeting -> party -> call, ports, leg
 *	       -> meetings (also those that only finish a recording)
 *
 * Upper ones own lower ones and outlive them; pointers upwards are weak.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_SERVER_H
#define TUTTI_TUTTID_SERVER_H

#include <re.h>
#include <jansson.h>

#include "tuttid/capacity.h"
#include "tuttid/pin_guard.h"

struct config;
struct control;
struct db;
struct events;
struct jobs;
struct layouts;
struct party;
struct ports;
struct rooms;
struct seats;
struct sipstack;
struct sources;
struct turn;
struct web;
struct whip;
struct web_api;

enum {
	SERVER_DISK_CHECK_MS = 2000,
	SERVER_CLOSE_MS      = 6000,  /* at most, for the goodbye         */
};

struct server {
	struct config *conf;
	struct db *db;
	struct events *events;
	struct jobs *jobs;
	struct layouts *layouts;
	struct ports *ports;
	struct sipstack *sip;
	struct rooms *rooms;
	struct sources *sources;
	struct control *control;
	struct web *web;
	struct whip *whip;        /* its sessions are the parties'        */
	struct turn *turn;        /* NULL: no relays                      */
	struct seats *seats;
	struct list meetingl;     /* struct meeting, live or finishing    */
	struct pin_guard pin_guard;  /* of SIP and the web together       */
	char secret[65];          /* of join tokens, in hex               */
	struct web_api *api;      /* of web_api.c; NULL: no request yet   */
	struct list taskl;        /* slow verbs under way                 */
	uint64_t started_us;      /* monotonic                            */
	uint64_t calls_in, calls_out, calls_refused;
	struct capacity capacity;
	int lock_fd;              /* data_dir is ours                     */
	bool closing;             /* goodbye has begun                    */
	bool opened;              /* "server started" has been said       */
	struct tmr tmr_close;
	uint64_t close_us;        /* when the goodbye began               */
	bool sip_closed;
	void (*closedh)(void *arg);
	void *closed_arg;
};

/** What a start would find wrong with it, without touching what runs: one
 *  line in errbuf. */
int server_check(const struct config *conf, char *errbuf, size_t errsz);

/** Everything up and listening, or one line in errbuf. */
int server_alloc(struct server **srvp, struct config *conf, char *errbuf,
		 size_t errsz);

/** Goodbye to all legs and mixers; doneh within some seconds. */
void server_close(struct server *srv, const char *reason,
		  void (*doneh)(void *arg), void *arg);

/** SIGHUP: what can change without touching a call. */
void server_reload(struct server *srv);

/** Who is in any meeting by that id, or NULL. */
struct party *server_party(const struct server *srv, uint32_t id);

/** Free space where recordings go [bytes]; UINT64_MAX: cannot tell. */
uint64_t server_disk_free(const struct server *srv);
bool server_disk_low(const struct server *srv);

/** "data_dir/recordings" or a file in it. */
int server_rec_path(const struct server *srv, const char *file, char *buf,
		    size_t size);

#endif
