/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/meeting_look.c -- what is drawn over a meeting's picture
 *
 * Made of the room's settings and of who is there; the mixer is told when
 * it is not what it was told last.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <re.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "db/watermark.h"
#include "media/mixer_client.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/text.h"

/* One who speaks to those who only watch, or to a recording, is not alone. */
static bool is_alone(const struct meeting *m)
{
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(&m->partyl, le) {
		const struct party *p = le->data;

		n += p->state == PARTY_SEATED || p->state == PARTY_JOINED;
	}

	return n < 2 && !m->rec;
}

static bool host_there(const struct meeting *m)
{
	struct le *le;

	LIST_FOREACH(&m->partyl, le) {
		const struct party *p = le->data;

		if (p->host && (p->state == PARTY_SEATED ||
				p->state == PARTY_JOINED))
			return true;
	}

	return false;
}

void meeting_look(const struct meeting *m, struct look *look)
{
	const struct db_room *cfg = &m->room->cfg;

	memset(look, 0, sizeof(*look));
	look->locked = cfg->locked;
	look->clock  = cfg->clock;
	str_ncpy(look->title, cfg->title[0] ? cfg->title : cfg->name,
		 sizeof(look->title));
	str_ncpy(look->banner, cfg->banner, sizeof(look->banner));
	if (!m->filter_bad)
		str_ncpy(look->filter, cfg->filter, sizeof(look->filter));

	if (cfg->wait_host && !m->begun && !host_there(m))
		look->hold = LOOK_HOST;
	else if (is_alone(m))
		look->hold = LOOK_ALONE;
}

void meeting_look_check(struct meeting *m)
{
	struct look look;

	/* once begun it goes on, whether or not he stays */
	m->begun |= host_there(m);
	if (!m->mc || !m->room)
		return;

	meeting_look(m, &look);
	if (memcmp(&look, &m->look, sizeof(look)))
		meeting_room_changed(m);
}

/* The PNG in a file of no name */
static int image_file(int *fdp, const char *text)
{
	uint8_t *buf = mem_alloc(LOOK_IMAGE_MAX + 4, NULL);
	size_t size = LOOK_IMAGE_MAX + 4;
	int fd, err;

	if (!buf)
		return ENOMEM;

	err = base64_decode(text, strlen(text), buf, &size);
	if (!err && look_image_check(buf, size))
		err = EBADMSG;
	fd = err ? -1 : memfd_create("watermark", MFD_CLOEXEC);
	if (!err && fd < 0)
		err = errno;
	if (!err && write(fd, buf, size) != (ssize_t)size)
		err = EIO;
	mem_deref(buf);
	if (err && fd >= 0)
		(void)close(fd);
	else if (!err)
		*fdp = fd;

	return err;
}

void meeting_watermark(struct meeting *m)
{
	char *text = NULL;
	int fd = -1, err;

	if (!m || !m->mc || !m->room)
		return;

	err = db_watermark_get(m->srv->db, m->room->cfg.id, &text);
	if (!err)
		err = image_file(&fd, text);
	mem_deref(text);
	if (err && err != ENOENT) {
		warning("room %s has no watermark now: %m\n", m->name, err);
		return;
	}

	if (fd >= 0 || m->watermark)
		(void)mixer_client_watermark(m->mc, fd);
	m->watermark = fd >= 0;
	if (fd >= 0)
		(void)close(fd);
}

void meeting_room_trouble(struct meeting *m, json_t *msg)
{
	const char *what = "", *text = "";
	char clean[160];

	(void)json_str(msg, "what", &what);
	(void)json_str(msg, "text", &text);
	if (!strcmp(what, "filter"))
		m->filter_bad = true;     /* not to another mixer either  */
	else if (strcmp(what, "watermark"))
		return;

	text_tidy(clean, sizeof(clean), text);
	meeting_emit(m, EV_ROOM_TROUBLE,
		     json_pack("{s:s, s:s}", "what", what, "text", clean));
	if (m->filter_bad)
		meeting_room_changed(m);
}
