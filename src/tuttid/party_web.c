/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/party_web.c -- parties by WebRTC: what the mixer tells of them
 */
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "base/mixproto.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"

void party_web_apply(struct party *p)
{
	p->fdc = 0;
}

void party_web_no_slides(struct party *p)
{
	p->ticket.slides.on = false;
	party_leg_set(p);
}

/* ---- what the mixer tells ---- */

static void rtc_msg(struct party *p, json_t *msg)
{
	const char *state = "", *text = "";

	(void)json_str(msg, "state", &state);
	(void)json_str(msg, "text", &text);
	party_emit(p, EV_PARTY_CONNECTION,
		   json_pack("{s:s, s:s}", "state", state, "text", text));
}

static void need_msg(struct party *p, json_t *msg)
{
	const char *media = "video";
	uint32_t w = 0, h = 0;

	(void)json_str(msg, "media", &media);
	(void)json_u32(msg, "width", &w);
	(void)json_u32(msg, "height", &h);
	party_emit(p, EV_PARTY_NEED,
		   json_pack("{s:s, s:I, s:I}", "media", media,
			     "width", (json_int_t)w,
			     "height", (json_int_t)h));
}

static void slides_msg(struct party *p, json_t *msg)
{
	bool on = false;

	(void)json_flag(msg, "on", &on);
	party_share(p, on);
}

bool party_web_mixer_msg(struct party *p, const char *m, json_t *msg)
{
	if (!strcmp(m, MIX_LEG_RTC))
		rtc_msg(p, msg);
	else if (!strcmp(m, MIX_LEG_NEED))
		need_msg(p, msg);
	else if (!strcmp(m, MIX_LEG_SLIDES))
		slides_msg(p, msg);
	else
		return false;

	return true;
}
