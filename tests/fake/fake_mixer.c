/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/fake_mixer.c -- speaks base/mixproto.h, carries no media
 *
 * For tests of what stands above a mixer.  Answers every request; beyond
 * the protocol it knows
 *
 *	fake {seq, do}      "exit", "abort", "close" the socket and stay,
 *	                    "hang", "deaf" (ignores bye as well), "say"
 *	                    what is in "msg", as if it were its own
 *	list {seq}          done with "legs": [{id, ports, latched, tone,
 *	                    ticket}], "hello" and the last "room_set"
 *
 * A meeting whose room is "doomed" dies at its first leg_add; in "picky"
 * legs with an even id are refused.  Each leg_add brings leg_news.
 *
 * Threads: loop (its own process).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/ipc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "base/ticket.h"

enum { LEGS_MAX = 64 };

struct leg {
	uint32_t id;
	json_t *info;
};

static struct ipc *ipc;
static struct leg legv[LEGS_MAX];
static unsigned legc;
static json_t *hello, *room_set;
static const char *room = "";
static bool deaf;

static void say(json_t *msg)
{
	if (ipc)
		(void)ipc_send(ipc, msg, NULL, 0);
	else
		json_decref(msg);
}

static void done(uint32_t seq, int err, const char *text, json_t *extra)
{
	json_t *msg = extra ? extra : json_object();

	json_object_set_new(msg, "m", json_string(MIX_DONE));
	json_object_set_new(msg, "seq", json_integer(seq));
	json_object_set_new(msg, "err", json_integer(err));
	json_object_set_new(msg, "text", json_string(text));
	say(msg);
}

static struct leg *leg_find(uint32_t id)
{
	unsigned i;

	for (i = 0; i < legc; i++)
		if (legv[i].id == id)
			return &legv[i];

	return NULL;
}

static json_t *fd_ports(const int *fdv, size_t fdc)
{
	json_t *ports = json_array();
	size_t i;

	for (i = 0; i < fdc; i++) {
		struct sa sa;

		sa_init(&sa, AF_UNSPEC);
		sa.len = sizeof(sa.u);
		if (getsockname(fdv[i], &sa.u.sa, &sa.len))
			sa_set_port(&sa, 0);
		json_array_append_new(ports, json_integer(sa_port(&sa)));
	}

	return ports;
}

static void leg_add(json_t *msg, uint32_t seq, const int *fdv, size_t fdc)
{
	struct ticket t;
	char reason[128] = "", addr[64];
	bool tone = false;
	struct leg *leg;

	if (ticket_decode(&t, json_object_get(msg, "ticket"), reason,
			  sizeof(reason))) {
		done(seq, EBADMSG, reason, NULL);
		return;
	}

	if (!strcmp(room, "doomed"))
		exit(3);
	if (!strcmp(room, "picky") && !(t.id & 1)) {
		done(seq, ENOTSUP, "odd ones only", NULL);
		return;
	}

	leg = leg_find(t.id);
	if (!leg && legc < LEGS_MAX)
		leg = &legv[legc++];
	if (!leg) {
		done(seq, ENOSPC, "full", NULL);
		return;
	}

	(void)json_flag(msg, "join_tone", &tone);
	(void)re_snprintf(addr, sizeof(addr), "%J", &t.audio.latched);
	leg->id = t.id;
	json_decref(leg->info);
	leg->info = json_pack("{s:I, s:o, s:s, s:b, s:s, s:I}",
			      "id", (json_int_t)t.id,
			      "ports", fd_ports(fdv, fdc),
			      "latched", sa_isset(&t.audio.latched, SA_ADDR) ?
			      addr : "",
			      "tone", tone, "name", t.name,
			      "rssrc", (json_int_t)t.audio.rssrc);
	(void)json_object_set(leg->info, "ticket",
			      json_object_get(msg, "ticket"));
	done(seq, 0, "", NULL);

	say(json_pack("{s:s, s:I, s:s, s:s, s:I, s:i}", "m", MIX_LEG_NEWS,
		      "id", (json_int_t)t.id, "media", "audio",
		      "raddr", "192.0.2.9:4000",
		      "rssrc", (json_int_t)(1000 + t.id), "rseq", 77));
}

static void leg_set(json_t *msg, uint32_t seq, const int *fdv, size_t fdc)
{
	struct ticket t;
	char reason[128], addr[64];
	struct leg *leg;

	if (ticket_decode(&t, json_object_get(msg, "ticket"), reason,
			  sizeof(reason)) || !(leg = leg_find(t.id))) {
		done(seq, ENOENT, "no such leg", NULL);
		return;
	}

	(void)re_snprintf(addr, sizeof(addr), "%J", &t.audio.latched);
	json_object_set_new(leg->info, "name", json_string(t.name));
	json_object_set_new(leg->info, "latched", json_string(
		sa_isset(&t.audio.latched, SA_ADDR) ? addr : ""));
	(void)json_object_set(leg->info, "ticket",
			      json_object_get(msg, "ticket"));
	if (fdc)
		json_object_set_new(leg->info, "ports", fd_ports(fdv, fdc));
	done(seq, 0, "", NULL);
}

static void leg_del(json_t *msg, uint32_t seq)
{
	uint32_t id = 0;
	struct leg *leg;

	(void)json_u32(msg, "id", &id);
	leg = leg_find(id);
	if (!leg) {
		done(seq, ENOENT, "no such leg", NULL);
		return;
	}
	json_decref(leg->info);
	*leg = legv[--legc];
	legv[legc].info = NULL;
	done(seq, 0, "", NULL);
}

static void list(uint32_t seq)
{
	json_t *legs = json_array();
	unsigned i;

	for (i = 0; i < legc; i++)
		json_array_append(legs, legv[i].info);
	done(seq, 0, "", json_pack("{s:o, s:O, s:O?}", "legs", legs,
				   "hello", hello, "room_set", room_set));
}

static void fake(json_t *msg, uint32_t seq)
{
	const char *what = "";

	(void)json_str(msg, "do", &what);
	if (!strcmp(what, "exit"))
		exit(7);
	if (!strcmp(what, "abort"))
		abort();
	if (!strcmp(what, "hang"))
		for (;;)
			pause();
	if (!strcmp(what, "close")) {
		ipc = mem_deref(ipc);
		return;
	}
	if (!strcmp(what, "deaf"))
		deaf = true;
	if (!strcmp(what, "say"))
		say(json_incref(json_object_get(msg, "msg")));
	done(seq, 0, "", NULL);
}

static void recv_handler(json_t *msg, int *fdv, size_t fdc, void *arg)
{
	const char *m = "";
	uint32_t seq = 0;
	(void)arg;

	(void)json_str(msg, "m", &m);
	(void)json_u32(msg, "seq", &seq);

	if (!strcmp(m, MIX_HELLO)) {
		hello = json_incref(msg);
		(void)json_str(hello, "room", &room);
		say(json_pack("{s:s, s:i, s:i}", "m", MIX_READY,
			      "version", MIX_VERSION, "pid", (int)getpid()));
	}
	else if (!strcmp(m, MIX_LEG_ADD))
		leg_add(msg, seq, fdv, fdc);
	else if (!strcmp(m, MIX_LEG_SET))
		leg_set(msg, seq, fdv, fdc);
	else if (!strcmp(m, MIX_LEG_DEL))
		leg_del(msg, seq);
	else if (!strcmp(m, MIX_ROOM_SET)) {
		json_decref(room_set);
		room_set = json_incref(msg);
		done(seq, 0, "", NULL);
	}
	else if (!strcmp(m, "list"))
		list(seq);
	else if (!strcmp(m, "fake"))
		fake(msg, seq);
	else if (!strcmp(m, MIX_BYE) && !deaf)
		re_cancel();
	else if (seq)
		done(seq, strcmp(m, "nonsense") ? 0 : ENOSYS, "", NULL);
}

static void close_handler(int err, void *arg)
{
	(void)err;
	(void)arg;
	if (!deaf)
		re_cancel();
}

int main(void)
{
	if (libre_init())
		return 99;
	log_init("fake_mixer", LVL_WARNING, false);
	if (ipc_alloc(&ipc, MIX_FD, recv_handler, close_handler, NULL))
		return 98;
	(void)re_main(NULL);
	mem_deref(ipc);
	while (legc)
		json_decref(legv[--legc].info);
	json_decref(hello);
	json_decref(room_set);
	libre_close();

	return 0;
}
