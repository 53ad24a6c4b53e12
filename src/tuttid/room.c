/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/room.c -- the rooms: the catalogue's configuration, in memory
 */
#include <string.h>

#include <re.h>

#include "tuttid/room.h"
#include "tuttid/server.h"

enum { HASH_SIZE = 1024, USER_MAX = 128 };

struct rooms {
	struct server *srv;
	struct list rooml;        /* by name                              */
	struct hash *ht_name;     /* names without regard to case         */
	struct hash *ht_number;
};

static void room_destructor(void *arg)
{
	struct room *room = arg;

	hash_unlink(&room->he_name);
	hash_unlink(&room->he_number);
	list_unlink(&room->le);
}

static void rooms_destructor(void *arg)
{
	struct rooms *rooms = arg;

	list_flush(&rooms->rooml);
	mem_deref(rooms->ht_name);
	mem_deref(rooms->ht_number);
}

static void index_number(struct rooms *rooms, struct room *room)
{
	hash_unlink(&room->he_number);
	if (room->cfg.number[0])
		hash_append(rooms->ht_number,
			    hash_joaat_str(room->cfg.number),
			    &room->he_number, room);
}

static void insert_sorted(struct rooms *rooms, struct room *room)
{
	struct le *le;

	LIST_FOREACH(&rooms->rooml, le) {
		const struct room *other = le->data;

		if (strcasecmp(other->cfg.name, room->cfg.name) > 0) {
			list_insert_before(&rooms->rooml, le, &room->le,
					   room);
			return;
		}
	}
	list_append(&rooms->rooml, &room->le, room);
}

static struct room *enter(struct rooms *rooms, const struct db_room *cfg,
			  bool sorted)
{
	struct room *room;

	room = mem_zalloc(sizeof(*room), room_destructor);
	if (!room)
		return NULL;

	room->cfg = *cfg;
	if (sorted)
		list_append(&rooms->rooml, &room->le, room);
	else
		insert_sorted(rooms, room);
	hash_append(rooms->ht_name, hash_joaat_str_ci(cfg->name),
		    &room->he_name, room);
	index_number(rooms, room);

	return room;
}

static int load_handler(const struct db_room *cfg, void *arg)
{
	return enter(arg, cfg, true) ? 0 : ENOMEM;
}

int rooms_alloc(struct rooms **roomsp, struct server *srv)
{
	struct rooms *rooms;
	int err;

	if (!roomsp || !srv)
		return EINVAL;

	rooms = mem_zalloc(sizeof(*rooms), rooms_destructor);
	if (!rooms)
		return ENOMEM;

	rooms->srv = srv;
	err  = hash_alloc(&rooms->ht_name, HASH_SIZE);
	err |= hash_alloc(&rooms->ht_number, HASH_SIZE);
	if (err)
		goto out;

	err = db_room_apply(srv->db, load_handler, rooms);

 out:
	if (err)
		mem_deref(rooms);
	else
		*roomsp = rooms;

	return err;
}

unsigned rooms_count(const struct rooms *rooms)
{
	return rooms ? list_count(&rooms->rooml) : 0;
}

static bool name_cmp(struct le *le, void *arg)
{
	const struct room *room = le->data;

	return !strcasecmp(room->cfg.name, arg);
}

static bool number_cmp(struct le *le, void *arg)
{
	const struct room *room = le->data;

	return !strcmp(room->cfg.number, arg);
}

struct room *rooms_find(const struct rooms *rooms, const char *s)
{
	void *arg = (void *)(uintptr_t)s;
	struct le *le;

	if (!rooms || !s || !*s)
		return NULL;

	le = hash_lookup(rooms->ht_number, hash_joaat_str(s), number_cmp,
			 arg);
	if (!le)
		le = hash_lookup(rooms->ht_name, hash_joaat_str_ci(s),
				 name_cmp, arg);

	return le ? le->data : NULL;
}

struct room *rooms_find_id(const struct rooms *rooms, uint64_t id)
{
	struct le *le;

	if (!rooms)
		return NULL;

	LIST_FOREACH(&rooms->rooml, le) {
		struct room *room = le->data;

		if (room->cfg.id == id)
			return room;
	}

	return NULL;
}

static void check_pin(struct room_dial *dial, const char *pin)
{
	const struct db_room *cfg = &dial->room->cfg;

	dial->pin_given = pin != NULL;
	dial->host   = pin && cfg->host_pin[0] && !strcmp(pin, cfg->host_pin);
	if (dial->host || (!cfg->pin[0] && !cfg->host_pin[0]))
		dial->pin_ok = true;
	else	/* a host's alone can be guessed at, too */
		dial->pin_ok = pin ? cfg->pin[0] && !strcmp(pin, cfg->pin)
				   : !cfg->pin[0];
}

int rooms_dial(const struct rooms *rooms, const struct pl *user,
	       struct room_dial *dial)
{
	char buf[USER_MAX], *dot;

	if (!rooms || !user || !dial)
		return EINVAL;

	memset(dial, 0, sizeof(*dial));
	if (re_snprintf(buf, sizeof(buf), "%r", user) < 0)
		return ENOENT;

	dial->room = rooms_find(rooms, buf);
	if (dial->room) {
		check_pin(dial, NULL);
		return 0;
	}

	/* the PIN behind the last dot; names may have dots of their own */
	dot = strrchr(buf, '.');
	if (!dot)
		return ENOENT;
	*dot = '\0';
	dial->room = rooms_find(rooms, buf);
	if (!dial->room)
		return ENOENT;
	check_pin(dial, dot + 1);

	return 0;
}

int room_add(struct room **roomp, struct rooms *rooms, struct db_room *cfg,
	     char *errbuf, size_t errsz)
{
	int err;

	err = db_room_add(rooms->srv->db, cfg, errbuf, errsz);
	if (err)
		return err;

	*roomp = enter(rooms, cfg, false);

	return *roomp ? 0 : ENOMEM;
}

int room_update(struct room *room, const struct db_room *cfg,
		struct rooms *rooms, char *errbuf, size_t errsz)
{
	struct db_room copy = *cfg;
	int err;

	err = db_room_update(rooms->srv->db, &copy, errbuf, errsz);
	if (err)
		return err;

	room->cfg = copy;
	index_number(rooms, room);

	return 0;
}

int room_del(struct room *room, struct rooms *rooms)
{
	int err;

	if (room->meeting)
		return EBUSY;

	err = db_room_del(rooms->srv->db, room->cfg.id);
	if (!err)
		mem_deref(room);

	return err;
}

void rooms_apply(const struct rooms *rooms, room_each_h *h, void *arg)
{
	struct le *le;

	for (le = rooms ? rooms->rooml.head : NULL; le; ) {
		struct room *room = le->data;

		le = le->next;
		h(room, arg);
	}
}
