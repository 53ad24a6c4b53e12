/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_db.c -- the catalogue when all is well
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/json.h"
#include "base/log.h"
#include "db/chat.h"
#include "db/event.h"
#include "db/key.h"
#include "db/meeting.h"
#include "db/party.h"
#include "db/priv.h"
#include "db/recording.h"
#include "db/room.h"
#include "db/source.h"
#include "tests/unit/test_db.h"


#define T0 1763800000000000ULL
#define S  1000000ULL
#define DAY (86400 * S)


int place_make(struct place *place)
{
	const char *tmp = getenv("TMPDIR");
	char rec[96];

	(void)re_snprintf(place->dir, sizeof(place->dir), "%s/tuttiXXXXXX",
			  tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(place->dir))
		return errno;

	(void)re_snprintf(place->file, sizeof(place->file), "%s/tutti.db",
			  place->dir);
	(void)re_snprintf(rec, sizeof(rec), "%s/recordings", place->dir);

	return mkdir(rec, 0700) ? errno : 0;
}


void place_remove(struct place *place)
{
	char cmd[128];

	if (!place->dir[0])
		return;

	(void)re_snprintf(cmd, sizeof(cmd), "rm -rf '%s'", place->dir);
	if (system(cmd))
		printf("# could not remove %s\n", place->dir);
}


int place_open(struct db **dbp, const struct place *place)
{
	char errbuf[256];
	int err = 0;

	err = db_alloc(dbp, place->dir, NULL, errbuf, sizeof(errbuf));
	if (err)
		printf("# %s\n", errbuf);

	return err;
}


static void poll_timeout(void *arg)
{
	struct tmr *tmr = arg;
	(void)tmr;

	re_cancel();
}


int loop_until(const bool *flag, unsigned ms)
{
	const uint64_t end = tmr_jiffies() + ms;
	struct tmr tmr;

	tmr_init(&tmr);
	while (!*flag && tmr_jiffies() < end) {
		tmr_start(&tmr, 5, poll_timeout, &tmr);
		(void)re_main(NULL);
	}
	tmr_cancel(&tmr);

	return *flag ? 0 : ETIMEDOUT;
}


static int open_beside(sqlite3 **sqp, const struct place *place)
{
	if (sqlite3_open(place->file, sqp) != SQLITE_OK)
		return EIO;
	sqlite3_busy_timeout(*sqp, 2000);

	return 0;
}


long long place_count(const struct place *place, const char *sql)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *sq = NULL;
	long long n = -1;

	if (!open_beside(&sq, place) &&
	    sqlite3_prepare_v2(sq, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);

	sqlite3_finalize(st);
	sqlite3_close(sq);

	return n;
}


int place_exec(const struct place *place, const char *sql)
{
	sqlite3 *sq = NULL;
	int err = 0;

	err = open_beside(&sq, place);
	if (!err && sqlite3_exec(sq, sql, NULL, NULL, NULL) != SQLITE_OK) {
		printf("# %s\n", sqlite3_errmsg(sq));
		err = EIO;
	}
	sqlite3_close(sq);

	return err;
}


static int test_open(void)
{
	struct place place = {0};
	struct db *db = NULL;
	struct db_state state;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	db_state(db, &state);
	TEST_EQ(db_schema_version(), state.version);
	TEST_TRUE(!state.trouble);
	db = mem_deref(db);

	TEST_ERR(place_open(&db, &place));
	TEST_EQ(db_schema_version(),
		place_count(&place, "PRAGMA user_version"));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM"
		" pragma_journal_mode WHERE journal_mode = 'wal'"));

 out:
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int count_rooms(const struct db_room *room, void *arg)
{
	unsigned *n = arg;
	(void)room;

	++*n;
	return 0;
}


static bool same_room(const struct db_room *a, const struct db_room *b)
{
	json_t *ja = db_room_json(a), *jb = db_room_json(b);
	const bool same = a->id == b->id && json_equal(ja, jb);

	json_decref(ja);
	json_decref(jb);

	return same;
}


static int test_rooms(void)
{
	struct place place = {0};
	struct db_room room, other;
	struct db *db = NULL;
	json_t *args = NULL, *obj = NULL;
	char errbuf[128] = "", changed[128];
	const char *s;
	unsigned n = 0;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));

	args = json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:s,s:i,s:i}",
			 "number", "3001", "pin", "1234", "host_pin", "9999",
			 "title", "Täglich", "record", "always", "tones", 0,
			 "fit", "crop", "linger", 7, "max_parties", 25);
	TEST_ERR(db_room_init(&room, "standup", errbuf, sizeof(errbuf)));
	TEST_ERR(db_room_args(&room, args, changed, sizeof(changed), errbuf,
			      sizeof(errbuf)));
	TEST_STR("number, title, pin, host_pin, fit, record, tones, linger,"
		 " max_parties", changed);
	TEST_ERR(db_room_add(db, &room, errbuf, sizeof(errbuf)));
	TEST_TRUE(room.id);

	/* by number, by name, by name in other case, from another process */
	TEST_ERR(db_room_find(db, "3001", &other));
	TEST_EQ(room.id, other.id);
	TEST_ERR(db_room_find(db, "StandUp", &other));
	TEST_TRUE(same_room(&room, &other));
	TEST_EQ(ENOENT, db_room_find(db, "nobody", &other));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM room"));

	/* what is taken */
	TEST_ERR(db_room_init(&other, "STANDUP", errbuf, sizeof(errbuf)));
	TEST_EQ(EEXIST, db_room_add(db, &other, errbuf, sizeof(errbuf)));
	TEST_STR("there is a room \"STANDUP\"", errbuf);
	TEST_ERR(db_room_init(&other, "demo", errbuf, sizeof(errbuf)));
	str_ncpy(other.number, "3001", sizeof(other.number));
	TEST_EQ(EEXIST, db_room_add(db, &other, errbuf, sizeof(errbuf)));
	TEST_STR("number 3001 belongs to another room", errbuf);
	other.number[0] = '\0';
	TEST_ERR(db_room_add(db, &other, errbuf, sizeof(errbuf)));

	/* change, and what is none */
	room.locked = true;
	room.linger_s = DB_ROOM_LINGER_DEFAULT;
	room.pin[0] = '\0';
	TEST_ERR(db_room_update(db, &room, errbuf, sizeof(errbuf)));
	TEST_ERR(db_room_find(db, "standup", &other));
	TEST_TRUE(same_room(&room, &other));
	other.id = 4711;
	other.number[0] = '\0';
	TEST_EQ(ENOENT, db_room_update(db, &other, errbuf, sizeof(errbuf)));

	obj = db_room_json(&room);
	TEST_ERR(json_str(obj, "number", &s));
	TEST_STR("3001", s);
	TEST_TRUE(json_is_null(json_object_get(obj, "pin")));
	TEST_TRUE(json_is_null(json_object_get(obj, "linger_s")));

	TEST_ERR(db_room_apply(db, count_rooms, &n));
	TEST_EQ(2, n);
	TEST_ERR(db_room_del(db, room.id));
	TEST_EQ(ENOENT, db_room_del(db, room.id));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM room"));

 out:
	json_decref(args);
	json_decref(obj);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int test_room_args(void)
{
	static const struct {
		const char *json, *says;
	} badv[] = {
		{"{\"number\":\"30a\"}", "number: digits only"},
		{"{\"number\":3000}", "number: digits only"},
		{"{\"pin\":\"12345678901234567890123456789012\"}",
		 "pin: too long"},
		{"{\"pin\":\"1\",\"host_pin\":\"1\"}",
		 "host_pin: must not be the pin of the guests"},
		{"{\"layout\":\"Grid\"}", "layout: the name of a layout"},
		{"{\"layout\":\"room\"}", "layout: the name of a layout"},
		{"{\"fit\":\"letterbox crop\"}",
		 "fit: one of: letterbox crop"},
		{"{\"tones\":\"no\"}", "tones: yes or no"},
		{"{\"title\":\"a\\u0007\"}", "title: no control characters"},
		{"{\"linger\":-1}", "linger: a number from 0 to 86400"},
		{"{\"max_parties\":1001}",
		 "max_parties: a number from 0 to 1000"},
	};
	static const char *const namev[] = {
		"", "3000", "-x", "a b", "é", ".", "a/b",
		("a123456789012345678901234567890123456789012345678901234567"
		 "890123"),
	};
	struct db_room room, before;
	char errbuf[160];
	json_t *args = NULL;
	size_t i;
	int err = 0;

	TEST_ERR(db_room_init(&room, "a.b-C_1", errbuf, sizeof(errbuf)));
	before = room;

	for (i = 0; i < ARRAY_SIZE(badv); i++) {
		args = json_loads(badv[i].json, 0, NULL);
		TEST_TRUE(args);
		TEST_EQ(EINVAL, db_room_args(&room, args, NULL, 0, errbuf,
					     sizeof(errbuf)));
		TEST_STR(badv[i].says, errbuf);
		TEST_TRUE(!memcmp(&room, &before, sizeof(room)));
		json_decref(args);
		args = NULL;
	}

	for (i = 0; i < ARRAY_SIZE(namev); i++)
		TEST_EQ(EINVAL, db_room_init(&room, namev[i], errbuf,
					     sizeof(errbuf)));
 out:
	json_decref(args);
	return err;
}


/* Ann and a source meet, Ann moves on and the meeting ends. */
static int run_meeting(struct db *db, uint64_t *meetingp, uint64_t *partyp)
{
	struct db_party party = {
		.name = "Ann", .uri = "sip:ann@example.org", .via = "sip",
		.user_agent = "baresip", .audio = "opus/48000/2",
	};
	json_t *quality = json_pack("{s:{s:i}}", "audio", "rx_lost", 3);
	int err = 0;

	TEST_ERR(db_meeting_start(db, meetingp, 0, "demo", T0));
	party.id = *partyp = db_party_new_id(db);
	party.meeting = *meetingp;
	party.join_us = T0 + S;
	TEST_ERR(db_party_join(db, &party));
	TEST_ERR(db_party_change(db, party.id, *meetingp, NULL, NULL,
				 "h264/1280x720"));
	party.id = db_party_new_id(db);
	party.via = "source";
	party.uri = "test:1";
	party.name = "";
	TEST_ERR(db_party_join(db, &party));
	TEST_ERR(db_meeting_peak(db, *meetingp, 2));
	TEST_ERR(db_party_leave(db, *partyp, *meetingp, T0 + 9 * S, "bye"));
	TEST_ERR(db_party_quality(db, *partyp, *meetingp, quality));
	TEST_ERR(db_party_leave(db, party.id, *meetingp, T0 + 10 * S,
				"removed"));
	TEST_ERR(db_meeting_end(db, *meetingp, T0 + 11 * S, 1, "empty"));

 out:
	json_decref(quality);
	return err;
}


static int test_meeting(void)
{
	json_t *fields = NULL;
	struct place place = {0};
	struct db *db = NULL;
	json_t *obj = NULL, *list = NULL, *party;
	uint64_t meeting, id, val;
	const char *s;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(run_meeting(db, &meeting, &id));

	TEST_ERR(db_meeting_show(db, meeting, &obj));
	TEST_ERR(json_u64(obj, "duration_ms", &val));
	TEST_EQ(11000, val);
	TEST_ERR(json_u64(obj, "peak", &val));
	TEST_EQ(2, val);
	TEST_ERR(json_str(obj, "start_time", &s));
	TEST_STR("2025-11-22T08:26:40.000Z", s);
	TEST_EQ(2, json_array_size(json_object_get(obj, "party")));

	party = json_array_get(json_object_get(obj, "party"), 0);
	TEST_ERR(json_u64(party, "party", &val));
	TEST_EQ(id, val);
	TEST_ERR(json_u64(json_object_get(json_object_get(party, "quality"),
					  "audio"), "rx_lost", &val));
	TEST_EQ(3, val);
	TEST_ERR(json_str(party, "audio", &s));
	TEST_STR("opus/48000/2", s);
	TEST_ERR(json_str(party, "video", &s));
	TEST_STR("h264/1280x720", s);

	/* people are those who call, once each */
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM person"));
	TEST_ERR(run_meeting(db, &meeting, &id));
	TEST_EQ(2, place_count(&place, "SELECT calls FROM person"));

	TEST_ERR(db_meeting_list(db, "DEMO", 1, &list));
	TEST_EQ(1, json_array_size(list));
	TEST_ERR(json_u64(json_array_get(list, 0), "meeting", &val));
	TEST_EQ(meeting, val);
	TEST_EQ(ENOENT, db_meeting_show(db, 99, &obj));

	/* numbers go on after a restart */
	db = mem_deref(db);
	TEST_ERR(place_open(&db, &place));
	val = id + 1;
	TEST_EQ(val + 1, db_party_new_id(db));

	/* of one who was called and never came only events know */
	fields = json_pack("{s:I}", "party", (json_int_t)val + 1);
	TEST_TRUE(db_event_add(db, EV_PARTY_CALLED, T0, fields) > 0);
	db = mem_deref(db);
	TEST_ERR(place_open(&db, &place));
	TEST_EQ(val + 2, db_party_new_id(db));

 out:
	json_decref(fields);
	json_decref(obj);
	json_decref(list);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int test_recording(void)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef"
				  "0123456789abcdef0123456789abcdef";
	struct place place = {0};
	struct db *db = NULL;
	json_t *obj = NULL, *list = NULL;
	uint64_t meeting, id, val;
	const char *s;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(db_meeting_start(db, &meeting, 0, "demo", T0));
	TEST_ERR(db_recording_start(db, &id, meeting, "demo", T0, true));
	TEST_ERR(db_segment_start(db, id, 1, "1/1.mkv", T0));
	TEST_ERR(db_segment_progress(db, id, 1, 1000, 10));
	TEST_ERR(db_recording_state(db, id, "paused"));
	TEST_ERR(db_recording_state(db, id, "recording"));
	TEST_ERR(db_segment_end(db, id, 1, T0 + 5 * S, 5000, 500));
	TEST_ERR(db_segment_start(db, id, 2, "1/2.mkv", T0 + 5 * S));
	TEST_EQ(EBUSY, db_recording_del(db, id));

	/* stopped before its last file has told its length */
	TEST_ERR(db_recording_stop(db, id, "complete", T0 + 8 * S, NULL));
	TEST_ERR(db_segment_end(db, id, 2, T0 + 9 * S, 3000, 300));
	TEST_ERR(db_recording_unhashed(db, 0, &val));
	TEST_EQ(id, val);
	TEST_ERR(db_segment_hash(db, id, 1, hex));
	TEST_ERR(db_recording_hash(db, id, hex));
	TEST_EQ(ENOENT, db_recording_unhashed(db, 0, &val));
	TEST_ERR(db_recording_thumbnail(db, id, "1/thumb.jpg"));

	TEST_ERR(db_recording_show(db, id, &obj));
	TEST_ERR(json_u64(obj, "duration_ms", &val));
	TEST_EQ(8000, val);
	TEST_ERR(json_u64(obj, "bytes", &val));
	TEST_EQ(800, val);
	TEST_ERR(json_str(obj, "state", &s));
	TEST_STR("complete", s);
	TEST_EQ(2, json_array_size(json_object_get(obj, "segment")));
	TEST_ERR(json_str(json_array_get(json_object_get(obj, "segment"), 1),
			  "path", &s));
	TEST_STR("1/2.mkv", s);

	TEST_ERR(db_recording_list(db, NULL, 0, &list));
	TEST_EQ(1, json_array_size(list));
	TEST_ERR(db_recording_del(db, id));
	TEST_EQ(ENOENT, db_recording_del(db, id));
	TEST_EQ(0, place_count(&place,
			       "SELECT count(*) FROM recording_segment"));

	/* a number is never given twice, not even that of the deleted */
	db = mem_deref(db);
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(db_recording_start(db, &val, meeting, "demo", T0, false));
	TEST_EQ(id + 1, val);

 out:
	json_decref(obj);
	json_decref(list);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static uint64_t add_event(struct db *db, enum event_id id, const char *room,
			  uint64_t meeting)
{
	json_t *fields = json_pack("{s:s,s:I}", "room", room, "meeting",
				   (json_int_t)meeting);
	uint64_t number = db_event_add(db, id, T0, fields);

	json_decref(fields);

	return number;
}


static int test_events(void)
{
	static const struct {
		struct db_event_filter filter;
		unsigned n;
	} casev[] = {
		{{.since = 0}, 4},
		{{.since = 2}, 2},
		{{.limit = 3}, 3},
		{{.room = "A"}, 3},
		{{.meeting = 2}, 1},
		{{.name = "party"}, 2},
		{{.name = "party joined"}, 1},
		{{.name = "part"}, 0},
	};
	struct place place = {0};
	struct db *db = NULL;
	json_t *list = NULL, *event;
	uint64_t val;
	size_t i, j;
	unsigned n;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_EQ(1, add_event(db, EV_MEETING_STARTED, "a", 1));
	TEST_EQ(0, add_event(db, EV_PARTY_TALKING, "a", 1));
	TEST_EQ(2, add_event(db, EV_PARTY_JOINED, "a", 1));
	TEST_EQ(3, add_event(db, EV_PARTY_LEFT, "a", 1));
	TEST_EQ(4, add_event(db, EV_MEETING_STARTED, "b", 2));

	for (i = 0; i < ARRAY_SIZE(casev); i++) {
		TEST_ERR(db_event_list(db, &casev[i].filter, &list));
		TEST_EQ(casev[i].n, json_array_size(list));
		n = 0;
		json_decref(list);
		TEST_ERR(db_event_list(db, NULL, &list));
		json_array_foreach(list, j, event)
			n += db_event_matches(&casev[i].filter, event);
		if (!casev[i].filter.limit)
			TEST_EQ(casev[i].n, n);
		json_decref(list);
		list = NULL;
	}

	TEST_ERR(db_event_list(db, NULL, &list));
	event = json_array_get(list, 3);
	TEST_ERR(json_u64(event, "number", &val));
	TEST_EQ(4, val);
	TEST_ERR(json_u64(event, "meeting", &val));
	TEST_EQ(2, val);

	db = mem_deref(db);
	TEST_ERR(place_open(&db, &place));
	TEST_EQ(4, db_event_last(db));
	TEST_EQ(5, add_event(db, EV_ROOM_LOCKED, "a", 0));

 out:
	json_decref(list);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int test_events_kept(void)
{
	struct place place = {0};
	struct db *db = NULL;
	int i, err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	db->event_keep = 300;
	for (i = 0; i < 1024; i++)
		TEST_EQ(i + 1, add_event(db, EV_ROOM_LOCKED, "a", 0));
	TEST_ERR(db_flush(db));

	TEST_EQ(300, place_count(&place, "SELECT count(*) FROM event"));
	TEST_EQ(1024, place_count(&place, "SELECT max(number) FROM event"));

	/* by age: all of those are from long ago */
	db_set_event_days(db, 30);
	for (i = 0; i < 256; i++)
		(void)db_event_add(db, EV_ROOM_LOCKED, T0 + 40 * DAY, NULL);
	TEST_ERR(db_flush(db));
	TEST_EQ(256, place_count(&place, "SELECT count(*) FROM event"));
	TEST_EQ(1280, place_count(&place, "SELECT max(number) FROM event"));

 out:
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int test_batch(void)
{
	struct place place = {0};
	struct db *db = NULL;
	bool never = false;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	add_event(db, EV_ROOM_LOCKED, "a", 0);
	TEST_EQ(0, place_count(&place, "SELECT count(*) FROM event"));
	TEST_EQ(ETIMEDOUT, loop_until(&never, DB_BATCH_MS + 100));
	TEST_EQ(1, place_count(&place, "SELECT count(*) FROM event"));
	TEST_TRUE(!tmr_isrunning(&db->tmr_flush));

 out:
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int count_sources(const struct db_source *source, void *arg)
{
	unsigned *n = arg;

	*n += !strcmp(source->url, "test:1") && source->once;
	return 0;
}


static int test_sources(void)
{
	struct db_source source = {.url = "test:1", .name = NULL,
				   .once = true};
	struct place place = {0};
	struct db_room room;
	struct db *db = NULL;
	char errbuf[128];
	unsigned n = 0;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));

	/* no room, no source */
	source.room_id = 1;
	TEST_EQ(EEXIST, db_source_add(db, &source));

	TEST_ERR(db_room_init(&room, "demo", errbuf, sizeof(errbuf)));
	TEST_ERR(db_room_add(db, &room, errbuf, sizeof(errbuf)));
	source.room_id = room.id;
	TEST_ERR(db_source_add(db, &source));
	TEST_ERR(db_source_add(db, &source));
	TEST_ERR(db_source_del(db, source.id));
	TEST_EQ(ENOENT, db_source_del(db, source.id));
	TEST_ERR(db_source_apply(db, count_sources, &n));
	TEST_EQ(1, n);

	/* they go with the room */
	TEST_ERR(db_room_del(db, room.id));
	TEST_EQ(0, place_count(&place, "SELECT count(*) FROM source"));

 out:
	mem_deref(db);
	place_remove(&place);
	return err;
}


/* ---- chat, keys ---- */

static unsigned chats(struct db *db, const struct db_chat_filter *filter)
{
	json_t *arr = NULL;
	unsigned n = 1000;

	if (!db_chat_list(db, filter, &arr))
		n = (unsigned)json_array_size(arr);
	json_decref(arr);

	return n;
}


static int test_chat(void)
{
	static const struct { uint64_t party, to; const char *text; } sayv[] = {
		{7, 0, "to all"}, {7, 8, "to eight"}, {8, 7, "to seven"},
		{0, 0, "server"}, {0, 9, "server to nine"},
	};
	struct place place = {0};
	struct db_chat_filter filter = {.all = true};
	struct db *db = NULL;
	json_t *arr = NULL;
	uint64_t meeting, id = 0;
	const char *s = NULL;
	size_t i;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(db_meeting_start(db, &meeting, 0, "demo", T0));
	for (i = 0; i < ARRAY_SIZE(sayv); i++) {
		const struct db_chat chat = {
			.meeting = meeting, .room = "demo", .time_us = T0 + i,
			.party = sayv[i].party, .name = "N", .to = sayv[i].to,
			.text = sayv[i].text,
		};

		TEST_ERR(db_chat_add(db, &id, &chat));
		TEST_EQ(i + 1, id);
	}

	filter.meeting = meeting;
	TEST_EQ(5, chats(db, &filter));
	filter.all = false;
	TEST_EQ(2, chats(db, &filter));
	filter.party = 7;
	TEST_EQ(4, chats(db, &filter));
	filter.party = 9;
	TEST_EQ(3, chats(db, &filter));
	filter.meeting = meeting + 1;
	TEST_EQ(0, chats(db, &filter));

	/* the newest, oldest first */
	filter = (struct db_chat_filter){
		.meeting = meeting, .all = true, .limit = 2,
	};
	TEST_ERR(db_chat_list(db, &filter, &arr));
	TEST_EQ(2, json_array_size(arr));
	TEST_ERR(json_str(json_array_get(arr, 0), "text", &s));
	TEST_STR("server", s);
	TEST_TRUE(json_is_null(json_object_get(json_array_get(arr, 0),
					       "party")));
	TEST_ERR(json_u64(json_array_get(arr, 1), "to", &id));
	TEST_EQ(9, id);

	/* numbers go on after a start */
	db = mem_deref(db);
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(db_chat_add(db, &id, &(struct db_chat){
				.meeting = meeting, .room = "demo",
				.time_us = T0, .name = "", .text = "x"}));
	TEST_EQ(6, id);

 out:
	json_decref(arr);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int test_keys(void)
{
	const char *hash = "ba7816bf8f01cfea414140de5dae2223"
			   "b00361a396177a9cb410ff61f20015ad";
	struct place place = {0};
	struct db_key key = {.account = "crm"}, got;
	char secret[DB_SHA256_HEX], again[DB_SHA256_HEX];
	struct db_room room;
	struct db *db = NULL;
	char text[128] = "";
	json_t *arr = NULL;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(db_room_init(&room, "demo", text, sizeof(text)));
	TEST_ERR(db_room_add(db, &room, text, sizeof(text)));
	key.room_id = room.id;
	TEST_ERR(db_key_add(db, &key, hash));
	TEST_EQ(1, key.id);
	TEST_EQ(EEXIST, db_key_add(db, &key, hash));
	TEST_EQ(ENOENT, db_key_find(db, "ba78", &got));
	TEST_ERR(db_key_find(db, hash, &got));
	TEST_STR("crm", got.account);
	TEST_TRUE(!got.admin);
	TEST_EQ(room.id, got.room_id);
	TEST_EQ(0, got.used_us);

	TEST_ERR(db_key_used(db, &got));
	TEST_ERR(db_key_get(db, 1, &got));
	TEST_TRUE(got.used_us >= got.created_us);
	TEST_ERR(db_key_list(db, &arr));
	TEST_EQ(1, json_array_size(arr));
	TEST_TRUE(!json_object_get(json_array_get(arr, 0), "sha256"));

	/* a room takes its keys with it */
	TEST_ERR(db_room_del(db, room.id));
	TEST_EQ(ENOENT, db_key_find(db, hash, &got));
	TEST_EQ(ENOENT, db_key_del(db, 1));

	/* the secret stays what it was */
	TEST_ERR(db_secret(db, secret));
	TEST_EQ(64, strlen(secret));
	db = mem_deref(db);
	TEST_ERR(place_open(&db, &place));
	TEST_ERR(db_secret(db, again));
	TEST_STR(secret, again);

 out:
	json_decref(arr);
	mem_deref(db);
	place_remove(&place);
	return err;
}


/* The text of the whole schema, to compare a migrated with a new one. */
static char *schema_text(const struct place *place)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *sq = NULL;
	char *text = NULL;

	if (!open_beside(&sq, place) &&
	    sqlite3_prepare_v2(sq, "SELECT group_concat(sql, ';') FROM"
			       " (SELECT sql FROM sqlite_master WHERE sql"
			       " NOT LIKE '%sqlite_%' ORDER BY type, name)",
			       -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		(void)str_dup(&text,
			      (const char *)sqlite3_column_text(st, 0));

	sqlite3_finalize(st);
	sqlite3_close(sq);

	return text;
}


static int load_golden(const struct place *place, unsigned version)
{
	const char *top = getenv("top_srcdir");
	char path[256];
	FILE *f;
	char *sql = NULL;
	size_t n;
	int err = 0;

	(void)re_snprintf(path, sizeof(path),
			  "%s/tests/golden/schema-%03u.sql",
			  top ? top : ".", version);
	f = fopen(path, "r");
	if (!f)
		return errno;

	sql = mem_zalloc(1 << 20, NULL);
	n = sql ? fread(sql, 1, (1 << 20) - 1, f) : 0;
	if (!n)
		err = EIO;
	else
		err = place_exec(place, sql);
	fclose(f);
	mem_deref(sql);

	return err;
}


static int migrate_one(unsigned version, const char *fresh)
{
	struct place place = {0};
	struct db *db = NULL;
	struct db_room room;
	json_t *obj = NULL;
	char *text = NULL;
	uint64_t val;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(load_golden(&place, version));
	TEST_EQ(version, place_count(&place, "PRAGMA user_version"));
	TEST_ERR(place_open(&db, &place));
	TEST_EQ(db_schema_version(),
		place_count(&place, "PRAGMA user_version"));

	text = schema_text(&place);
	TEST_TRUE(text);
	TEST_STR(fresh, text);

	/* nothing is lost, and the new is usable */
	TEST_ERR(db_room_find(db, "3000", &room));
	TEST_STR("1234", room.pin);
	TEST_EQ(30, room.linger_s);
	TEST_TRUE(room.record);
	TEST_ERR(db_meeting_show(db, 1, &obj));
	TEST_EQ(1, json_array_size(json_object_get(obj, "party")));
	TEST_EQ(1, json_array_size(json_object_get(obj, "recording")));
	TEST_EQ(2, db_event_last(db));
	TEST_EQ(8, db_party_new_id(db));
	TEST_ERR(db_recording_start(db, &val, 1, "demo", T0, true));
	TEST_EQ(2, val);

 out:
	json_decref(obj);
	mem_deref(text);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int test_migrate(void)
{
	struct place place = {0};
	struct db *db = NULL;
	char *fresh = NULL;
	unsigned v;
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_open(&db, &place));
	fresh = schema_text(&place);
	TEST_TRUE(fresh);

	for (v = 1; v <= db_schema_version(); v++)
		TEST_ERR(migrate_one(v, fresh));

 out:
	mem_deref(fresh);
	mem_deref(db);
	place_remove(&place);
	return err;
}


static int test_newer(void)
{
	struct place place = {0};
	struct db *db = NULL;
	char errbuf[256] = "";
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(place_exec(&place, "PRAGMA user_version=1000"));
	TEST_EQ(ENOTSUP, db_alloc(&db, place.dir, NULL, errbuf,
				  sizeof(errbuf)));
	TEST_TRUE(strstr(errbuf, "newer tutti"));
	TEST_TRUE(!db);

 out:
	place_remove(&place);
	return err;
}


/* A migration that fails half-way leaves the version before, whole. */
static int test_migrate_breaks(void)
{
	struct place place = {0};
	struct db *db = NULL;
	char errbuf[256] = "";
	int err = 0;

	TEST_ERR(place_make(&place));
	TEST_ERR(load_golden(&place, 1));
	TEST_ERR(place_exec(&place, "CREATE TABLE event_room (x)"));
	TEST_TRUE(db_alloc(&db, place.dir, NULL, errbuf, sizeof(errbuf)));
	TEST_TRUE(strstr(errbuf, "cannot migrate to version 2"));
	TEST_EQ(1, place_count(&place, "PRAGMA user_version"));
	TEST_EQ(0, place_count(&place, "SELECT count(*) FROM sqlite_master"
			       " WHERE name = 'source'"));

 out:
	mem_deref(db);
	place_remove(&place);
	return err;
}


int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"opens, and opens again", test_open},
		{"rooms are made, found, changed, deleted", test_rooms},
		{"bad room arguments change nothing", test_room_args},
		{"a meeting and its parties", test_meeting},
		{"a recording in two segments", test_recording},
		{"events are numbered and filtered", test_events},
		{"old events go", test_events_kept},
		{"events are written together soon", test_batch},
		{"sources belong to a room", test_sources},
		{"chat is read by whom it concerns", test_chat},
		{"keys are found by their hash", test_keys},
		{"every old schema migrates", test_migrate},
		{"a newer schema is refused", test_newer},
		{"a failed migration changes nothing", test_migrate_breaks},
	};
	struct test allv[64];
	size_t n = ARRAY_SIZE(testv);

	memcpy(allv, testv, sizeof(testv));
	memcpy(&allv[n], trouble_testv, trouble_testc * sizeof(allv[0]));
	log_init("test_db", getenv("VERBOSE") ? LVL_INFO : LVL_ERROR, false);

	return test_main(argc, argv, allv, n + trouble_testc);
}
