/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/event.c -- the one table of events
 */
#include <string.h>

#include "base/event.h"

/* Who and where come first in every event, so that rows line up. */
#define WHERE "room", "meeting"
#define WHO   WHERE, "party"
#define REC   WHERE, "recording"

const struct event_def eventv[EV_COUNT] = {

{EV_SERVER_STARTED, "server started", true, {"version", "pid"},
 "tuttid is up and takes calls"},
{EV_SERVER_STOPPED, "server stopped", true, {"reason", "after_s"},
 "tuttid said goodbye to all legs"},
{EV_SERVER_FULL, "server full", true,
 {"room", "via", "need", "used", "capacity", "refused"},
 "A call would take more than there is and was refused; at most one a "
 "second is told, refused counts them all"},

{EV_ROOM_CREATED, "room created", true, {"room", "dial"},
 "A room was created"},
{EV_ROOM_CHANGED, "room changed", true, {"room", "changed"},
 "Settings of a room changed; changed names them"},
{EV_ROOM_DELETED, "room deleted", true, {"room"},
 "A room was deleted"},
{EV_ROOM_LOCKED, "room locked", true, {"room"},
 "Nobody else may come in"},
{EV_ROOM_UNLOCKED, "room unlocked", true, {"room"},
 "The room is open again"},

{EV_MEETING_STARTED, "meeting started", true, {WHERE},
 "The first party came"},
{EV_MEETING_ENDED, "meeting ended", true,
 {WHERE, "after_s", "peak", "reason"},
 "The last party left, or the meeting was ended; peak is the most "
 "parties at a time, sources aside"},

{EV_MIXER_DIED, "mixer died", true, {WHERE, "pid", "reason"},
 "A mixer process died; its calls go on"},
{EV_MIXER_REPLACED, "mixer replaced", true, {WHERE, "pid", "gap_ms"},
 "A new mixer has every leg of the dead one"},
{EV_MIXER_LOAD, "mixer load", true, {WHERE, "step", "text"},
 "Overload changed the work done per picture"},

{EV_PARTY_CALLED, "party called", true, {WHO, "uri", "name"},
 "We call somebody"},
{EV_PARTY_RINGING, "party ringing", true, {WHO, "uri", "scode"},
 "It rings there"},
{EV_PARTY_ANSWERED, "party answered", true, {WHO, "uri"},
 "They answered"},
{EV_PARTY_REFUSED, "party refused", true, {WHO, "uri", "scode", "reason"},
 "They refused or could not be reached"},
{EV_PARTY_JOINED, "party joined", true,
 {WHO, "name", "via", "uri", "user_agent", "audio", "video"},
 "A party is in the meeting"},
{EV_PARTY_CHANGED, "party changed", true, {WHO, "name", "audio", "video"},
 "A party's media or name changed"},
{EV_PARTY_LEFT, "party left", true,
 {WHO, "name", "after_s", "reason", "lost"},
 "A party left the meeting"},
{EV_PARTY_MUTED, "party muted", true, {WHO, "media"},
 "A party was muted; media is audio or video"},
{EV_PARTY_UNMUTED, "party unmuted", true, {WHO, "media"},
 "A party was unmuted"},
{EV_PARTY_HELD, "party held", true, {WHO},
 "A party put us on hold"},
{EV_PARTY_RESUMED, "party resumed", true, {WHO},
 "A party is back from hold"},
{EV_PARTY_TALKING, "party talking", false, {WHO},
 "A party talks"},
{EV_PARTY_QUIET, "party quiet", false, {WHO},
 "A party stopped talking"},
{EV_PARTY_PICTURE, "party picture", true, {WHO, "state"},
 "A party's picture is live, frozen, none or broken"},
{EV_PARTY_TROUBLE, "party trouble", true, {WHO, "media", "quiet_ms"},
 "Nothing arrived from a party for a while; quiet_ms 0: it does again"},
{EV_PARTY_DTMF, "party dtmf", false, {WHO, "digit", "duration_ms"},
 "A party pressed a key"},
{EV_PARTY_WAITING, "party waiting", true, {WHO, "name", "on"},
 "Somebody waits at a locked room, or (on false) has given up"},
{EV_PARTY_ADMITTED, "party admitted", true, {WHO, "name"},
 "A host let somebody in"},
{EV_PARTY_CONNECTION, "party connection", true, {WHO, "state", "text"},
 "A browser's connection is connected, in trouble or failed"},
{EV_PARTY_NEED, "party need", false, {WHO, "media", "width", "height"},
 "The largest size at which a party's picture is shown; 0: nowhere"},
{EV_RUNG_CHANGED, "rung changed", false,
 {WHO, "codec", "width", "height", "fps", "kbps", "estimate_kbps", "why"},
 "A party is sent another picture; width 0: none.  why: asked, "
 "congestion, room, load"},
{EV_PARTY_LAYOUT, "party layout", true,
 {WHO, "layout", "size", "self_view", "pinned", "pins"},
 "A party chose what it is sent"},
{EV_HAND_RAISED, "hand raised", true, {WHO, "name"},
 "A party raised its hand"},
{EV_HAND_LOWERED, "hand lowered", true, {WHO, "name"},
 "A hand was lowered"},
{EV_REACTION_SENT, "reaction sent", true, {WHO, "name", "emoji"},
 "A party reacted"},
{EV_CHAT_MESSAGE, "chat message", true,
 {WHO, "chat", "name", "to", "text"},
 "Somebody wrote to everybody, or to one party; party null: the server"},
{EV_SHARE_STARTED, "share started", true, {WHO, "name"},
 "A party shares its screen"},
{EV_SHARE_STOPPED, "share stopped", true, {WHO, "name"},
 "A party no longer shares its screen"},
{EV_ROOM_SPOTLIGHT, "room spotlight", true, {WHO, "spotlights"},
 "Who is shown large to everybody; party: the first of them, 0: nobody any "
 "more"},
{EV_ROOM_LAYOUTS, "room layouts", false,
 {WHERE, "layouts", "layout_titles"},
 "Files of layouts were read again: these may be chosen now"},
{EV_ROOM_TROUBLE, "room trouble", true, {WHERE, "what", "text"},
 "The filter or watermark of a room's picture failed and was taken out of "
 "the meeting"},
{EV_KEY_CREATED, "key created", true, {"key_id", "account", "role"},
 "A key for the API was made"},
{EV_KEY_DELETED, "key deleted", true, {"key_id", "account"},
 "A key for the API was withdrawn"},
{EV_SPEAKER_CHANGED, "speaker changed", false, {WHO, "name"},
 "Another party is the dominant speaker"},

{EV_SOURCE_ADDED, "source added", true,
 {WHERE, "source", "party", "name", "url"},
 "A file, camera or test picture was added"},
{EV_SOURCE_STATE, "source state", true,
 {WHERE, "source", "state", "text"},
 "A source is playing, ended or failed"},
{EV_SOURCE_REMOVED, "source removed", true, {WHERE, "source"},
 "A source was removed"},

{EV_RECORDING_STARTED, "recording started", true, {REC},
 "A recording runs"},
{EV_RECORDING_PAUSED, "recording paused", true, {REC},
 "A recording pauses"},
{EV_RECORDING_RESUMED, "recording resumed", true, {REC},
 "A recording runs again"},
{EV_RECORDING_STOPPED, "recording stopped", true,
 {REC, "duration_ms", "bytes"},
 "A recording is complete"},
{EV_RECORDING_FAILED, "recording failed", true, {REC, "text"},
 "A recording could not go on; the meeting does"},
{EV_RECORDING_DELETED, "recording deleted", true, {REC},
 "A recording and its files were deleted"},
{EV_RECORDING_EXPORTED, "recording exported", true, {REC, "file", "bytes"},
 "A recording was written to a file"},

{EV_CATALOGUE_TROUBLE, "catalogue trouble", true, {"text", "waiting"},
 "The database refused a write; what could not be written waits"},
{EV_CATALOGUE_MENDED, "catalogue mended", true, {"written", "lost"},
 "The database takes writes again"},
};


const struct event_def *event_find(const char *name)
{
	size_t i;

	if (!name)
		return NULL;

	for (i = 0; i < EV_COUNT; i++) {
		if (!strcmp(eventv[i].name, name))
			return &eventv[i];
	}

	return NULL;
}
