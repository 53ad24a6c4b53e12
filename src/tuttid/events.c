/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/events.c -- what happened: log line, catalogue row, followers
 */
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "tuttid/events.h"
#include "tuttid/req.h"

enum {
	REPLAY_PAGE    = 500,         /* events read at a time            */
	REPLAY_MS      = 10,          /* between two pages                */
	REPLAY_WAITING = 256 * 1024,  /* a slow reader: later [bytes]     */
};

struct events {
	struct db *db;            /* borrowed: the server keeps it up     */
	struct list followl;
};

struct follower {
	struct le le;
	struct req *req;
	struct db_event_filter filter;
	char *room, *name;        /* what the filter points to            */
	struct events *ev;        /* weak: it owns us                     */
	struct tmr tmr;           /* runs: still reading what was kept    */
};

static void events_destructor(void *arg)
{
	struct events *ev = arg;

	list_flush(&ev->followl);
}

int events_alloc(struct events **evp, struct db *db)
{
	struct events *ev;

	if (!evp || !db)
		return EINVAL;

	ev = mem_zalloc(sizeof(*ev), events_destructor);
	if (!ev)
		return ENOMEM;

	ev->db = db;
	*evp = ev;

	return 0;
}

/* key=value, text in JSON's quotes: one line whatever a peer wrote */
static int print_fields(struct re_printf *pf, const json_t *fields)
{
	const char *key;
	json_t *val;
	int err = 0;

	json_object_foreach((json_t *)(uintptr_t)fields, key, val) {
		char *text;

		if (json_is_null(val))
			continue;
		text = json_dumps(val, JSON_ENCODE_ANY | JSON_COMPACT);
		if (text)
			err |= re_hprintf(pf, " %s=%s", key, text);
		free(text);
	}

	return err;
}

/* What people write is theirs, and the catalogue's: not the log's. */
static void log_chat(const struct event_def *def, const json_t *fields)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)fields);

	(void)json_object_del(copy, "text");
	info("%s%H\n", def->name, print_fields, copy);
	json_decref(copy);
}

static void log_event(const struct event_def *def, const json_t *fields)
{
	switch (def->id) {

	case EV_CHAT_MESSAGE:
		log_chat(def, fields);
		break;

	case EV_SERVER_FULL:
	case EV_MIXER_DIED:
	case EV_MIXER_LOAD:
	case EV_RECORDING_FAILED:
	case EV_CATALOGUE_TROUBLE:
		warning("%s%H\n", def->name, print_fields, fields);
		break;

	default:
		if (def->kept)
			info("%s%H\n", def->name, print_fields, fields);
		else
			debug("%s%H\n", def->name, print_fields, fields);
		break;
	}
}

bool events_visible(const struct req_who *who, const json_t *event)
{
	const char *name = "";
	uint64_t party = 0, to = 0;

	if (!who || who->role >= VERB_ADMIN)
		return true;

	(void)json_str(event, "event", &name);
	(void)json_u64(event, "party", &party);
	(void)json_u64(event, "to", &to);

	if (to)
		return who->party &&
		       (who->party == to || who->party == party);

	/* how large to send is said to whoever sends it */
	if (!strcmp(name, "party need"))
		return who->party && who->party == party;

	if (who->role == VERB_GUEST && (!strcmp(name, "party dtmf") ||
					!strcmp(name, "rung changed") ||
					!strcmp(name, "party waiting")))
		return who->party == party;

	return true;
}

json_t *events_redact(const struct req_who *who, json_t *event)
{
	static const char *const keyv[] = {"uri", "user_agent", "url",
					    "pinned", "pins", "rung"};
	uint64_t party = 0;
	json_t *copy = event;
	size_t i;

	if (!event || !who || who->role > VERB_GUEST)
		return event;

	(void)json_u64(event, "party", &party);
	if (who->party && party == who->party)
		return event;

	for (i = 0; i < ARRAY_SIZE(keyv); i++) {
		if (!json_object_get(copy, keyv[i]))
			continue;
		if (copy == event)
			copy = json_copy(event);
		(void)json_object_del(copy, keyv[i]);
	}
	if (copy != event)
		json_decref(event);

	return copy;
}

static void show(struct follower *f, json_t *event)
{
	const struct req_who *who = req_asker(f->req);

	if (events_visible(who, event))
		req_push(f->req, json_pack("{s:o}", "event",
				events_redact(who, json_incref(event))));
}

/* A follower that goes while it is being told is unlinked by then; one that
 * still reads what was kept comes to this one in its turn. */
static void tell(struct events *ev, json_t *event)
{
	struct le *le = ev->followl.head;

	while (le) {
		struct follower *f = le->data;

		le = le->next;
		if (!tmr_isrunning(&f->tmr) &&
		    db_event_matches(&f->filter, event))
			show(f, event);
	}
}

/* A number that somebody was told must not be another event's after a
 * crash: whoever resumes behind it would miss that one. */
static void commit(struct events *ev)
{
	struct db_state state;

	db_state(ev->db, &state);
	if (!state.trouble)
		(void)db_flush(ev->db);
}

void events_emit(struct events *ev, enum event_id id, json_t *fields)
{
	const uint64_t now = clock_wall_us();
	uint64_t number = 0;
	json_t *event;

	if (!ev || !fields || id >= EV_COUNT) {
		json_decref(fields);
		return;
	}

	log_event(&eventv[id], fields);
	if (eventv[id].kept)
		number = db_event_add(ev->db, id, now, fields);

	if (!list_isempty(&ev->followl)) {
		if (number)
			commit(ev);
		event = db_event_json(number, now, eventv[id].name, fields);
		if (event)
			tell(ev, event);
		json_decref(event);
	}

	json_decref(fields);
}

static void follower_destructor(void *arg)
{
	struct follower *f = arg;

	tmr_cancel(&f->tmr);
	list_unlink(&f->le);
	mem_deref(f->req);
	mem_deref(f->room);
	mem_deref(f->name);
}

static void gone_handler(void *arg)
{
	mem_deref(arg);
}

static void replay_handler(void *arg);

/* The next page, oldest first; the timer runs until the last. */
static int replay(struct follower *f)
{
	struct db_event_filter filter = f->filter;
	json_t *array = NULL, *event;
	struct db_state state;
	size_t i;
	int err;

	if (req_waiting(f->req) > REPLAY_WAITING) {
		tmr_start(&f->tmr, REPLAY_MS, replay_handler, f);
		return 0;
	}

	filter.limit  = REPLAY_PAGE;
	filter.oldest = true;
	err = db_event_list(f->ev->db, &filter, &array);
	if (err)
		return err;

	/* what waits to be written is not in it: better none than a hole */
	db_state(f->ev->db, &state);
	if (state.trouble && state.waiting) {
		json_decref(array);
		return EAGAIN;
	}

	/* what happens after the last page has greater numbers */
	f->filter.since = 0;
	if (json_array_size(array) == REPLAY_PAGE) {
		event = json_array_get(array, REPLAY_PAGE - 1);
		(void)json_u64(event, "number", &f->filter.since);
		tmr_start(&f->tmr, REPLAY_MS, replay_handler, f);
	}

	json_array_foreach(array, i, event)
		show(f, event);
	json_decref(array);

	return 0;
}

static void replay_handler(void *arg)
{
	struct follower *f = arg;
	int err;

	on_loop();
	err = replay(f);
	if (!err)
		return;

	req_on_gone(f->req, NULL, NULL);
	req_fail_errno(f->req, err, "The catalogue refuses");
	mem_deref(f);
}

int events_follow(struct events *ev, struct req *req,
		  const struct db_event_filter *filter, bool resume)
{
	struct follower *f;
	int err = 0;

	if (!ev || !req || !filter)
		return EINVAL;

	f = mem_zalloc(sizeof(*f), follower_destructor);
	if (!f)
		return ENOMEM;

	tmr_init(&f->tmr);
	f->filter = *filter;
	if (filter->room)
		err |= str_dup(&f->room, filter->room);
	if (filter->name)
		err |= str_dup(&f->name, filter->name);
	if (err)
		goto out;
	f->filter.room = f->room;
	f->filter.name = f->name;
	f->ev  = ev;
	f->req = mem_ref(req);

	req_begin(req);
	if (resume)
		err = replay(f);
	else
		f->filter.since = 0;
	if (err)
		goto out;

	list_append(&ev->followl, &f->le, f);
	req_on_gone(req, gone_handler, f);

 out:
	if (err)
		mem_deref(f);

	return err;
}

void events_key_gone(struct events *ev, uint64_t key)
{
	struct le *le = ev && key ? ev->followl.head : NULL;

	while (le) {
		struct follower *f = le->data;

		le = le->next;
		if (req_asker(f->req)->key != key)
			continue;
		req_on_gone(f->req, NULL, NULL);
		req_fail(f->req, 401, "Key was withdrawn", NULL);
		mem_deref(f);
	}
}

unsigned events_followers(const struct events *ev)
{
	return ev ? list_count(&ev->followl) : 0;
}
