-- SPDX-License-Identifier: GPL-3.0-or-later
-- A catalogue as schema version 4 left it: never edit, add the next.
PRAGMA user_version=4;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE room (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	name         TEXT NOT NULL UNIQUE COLLATE NOCASE
	             CHECK (length(name) BETWEEN 1 AND 63),
	number       TEXT UNIQUE CHECK (number NOT GLOB '*[^0-9]*'
	             AND length(number) BETWEEN 1 AND 31),
	title        TEXT NOT NULL DEFAULT '',
	pin          TEXT CHECK (pin NOT GLOB '*[^0-9]*' AND pin <> ''),
	host_pin     TEXT CHECK (host_pin NOT GLOB '*[^0-9]*'
	             AND host_pin <> ''),
	layout       TEXT NOT NULL DEFAULT 'grid',
	fit          TEXT NOT NULL DEFAULT 'letterbox'
	             CHECK (fit IN ('letterbox', 'crop')),
	record       TEXT NOT NULL DEFAULT 'never'
	             CHECK (record IN ('never', 'always')),
	tones        INTEGER NOT NULL DEFAULT 1 CHECK (tones IN (0, 1)),
	linger_s     INTEGER CHECK (linger_s >= 0),
	max_parties  INTEGER CHECK (max_parties > 0),
	locked       INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
	created_time INTEGER NOT NULL,
	changed_time INTEGER NOT NULL, wait_host INTEGER NOT NULL DEFAULT 0
	CHECK (wait_host IN (0, 1)), banner TEXT NOT NULL DEFAULT '', clock INTEGER NOT NULL DEFAULT 0
	CHECK (clock IN (0, 1)), canvas_filter TEXT NOT NULL DEFAULT '',
	CHECK (pin IS NULL OR host_pin IS NULL OR pin <> host_pin)
) STRICT;
INSERT INTO room VALUES(1,'demo','3000','Demo','1234','9999','grid','letterbox','always',1,30,NULL,0,1763800000000000,1763800000000000,1,'Welcome',1,'hue=s=0');
INSERT INTO room VALUES(2,'Standup',NULL,'',NULL,NULL,'grid','crop','never',0,NULL,NULL,0,1763800001000000,1763800001000000,0,'',0,'');
CREATE TABLE person (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	uri          TEXT NOT NULL UNIQUE,
	name         TEXT NOT NULL DEFAULT '',
	first_time   INTEGER NOT NULL,
	last_time    INTEGER NOT NULL,
	calls        INTEGER NOT NULL DEFAULT 1
) STRICT;
INSERT INTO person VALUES(1,'sip:ann@example.org','Ann',1763800100000000,1763800100000000,1);
CREATE TABLE meeting (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	room_id      INTEGER REFERENCES room ON DELETE SET NULL,
	room         TEXT NOT NULL,
	start_time   INTEGER NOT NULL,
	end_time     INTEGER CHECK (end_time >= start_time),
	peak         INTEGER NOT NULL DEFAULT 0,
	reason       TEXT
) STRICT;
INSERT INTO meeting VALUES(1,1,'demo',1763800100000000,1763803700000000,3,'last party left');
CREATE TABLE party (
	stay         INTEGER PRIMARY KEY AUTOINCREMENT,
	id           INTEGER NOT NULL,
	meeting_id   INTEGER NOT NULL REFERENCES meeting ON DELETE CASCADE,
	person_id    INTEGER REFERENCES person ON DELETE SET NULL,
	name         TEXT NOT NULL DEFAULT '',
	uri          TEXT NOT NULL DEFAULT '',
	via          TEXT NOT NULL,
	user_agent   TEXT NOT NULL DEFAULT '',
	join_time    INTEGER NOT NULL,
	leave_time   INTEGER CHECK (leave_time >= join_time),
	reason       TEXT,
	audio        TEXT,
	video        TEXT,
	quality      TEXT CHECK (quality IS NULL OR json_valid(quality))
) STRICT;
INSERT INTO party VALUES(1,7,1,1,'Ann','sip:ann@example.org','sip','baresip v1.0.0 (x86_64/linux)',1763800100000000,1763803700000000,'bye','opus/48000/2','h264/1280x720','{"audio":{"rx_lost":3}}');
CREATE TABLE event (
	number       INTEGER PRIMARY KEY,
	time         INTEGER NOT NULL,
	name         TEXT NOT NULL,
	room         TEXT,
	meeting_id   INTEGER,
	party_id     INTEGER,
	fields       TEXT NOT NULL CHECK (json_valid(fields))
) STRICT;
INSERT INTO event VALUES(1,1763800100000000,'meeting started','demo',1,NULL,'{"room":"demo","meeting":1}');
INSERT INTO event VALUES(2,1763800100100000,'party joined','demo',1,7,'{"room":"demo","meeting":1,"party":7,"name":"Ann"}');
CREATE TABLE recording (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	meeting_id   INTEGER REFERENCES meeting ON DELETE SET NULL,
	room         TEXT NOT NULL,
	state        TEXT NOT NULL CHECK
	             (state IN ('recording', 'paused', 'complete', 'failed')),
	start_time   INTEGER NOT NULL,
	stop_time    INTEGER CHECK (stop_time >= start_time),
	duration_ms  INTEGER NOT NULL DEFAULT 0,
	bytes        INTEGER NOT NULL DEFAULT 0,
	sha256       TEXT CHECK (length(sha256) = 64),
	thumbnail    TEXT,
	reason       TEXT
) STRICT;
INSERT INTO recording VALUES(1,1,'demo','complete',1763800200000000,1763800260000000,60000,5000000,'abababababababababababababababababababababababababababababababab','1/thumb.jpg',NULL);
CREATE TABLE recording_segment (
	recording_id INTEGER NOT NULL REFERENCES recording ON DELETE CASCADE,
	segment      INTEGER NOT NULL CHECK (segment > 0),
	path         TEXT NOT NULL UNIQUE,
	start_time   INTEGER NOT NULL,
	stop_time    INTEGER CHECK (stop_time >= start_time),
	duration_ms  INTEGER NOT NULL DEFAULT 0,
	bytes        INTEGER NOT NULL DEFAULT 0,
	sha256       TEXT CHECK (length(sha256) = 64),
	PRIMARY KEY (recording_id, segment)
) STRICT, WITHOUT ROWID;
INSERT INTO recording_segment VALUES(1,1,'1/1.mkv',1763800200000000,1763800260000000,60000,5000000,'abababababababababababababababababababababababababababababababab');
CREATE TABLE server (
	id           INTEGER PRIMARY KEY CHECK (id = 1),
	alive_time   INTEGER NOT NULL
) STRICT;
CREATE TABLE source (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	room_id      INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
	url          TEXT NOT NULL CHECK (url <> ''),
	name         TEXT NOT NULL DEFAULT '',
	once         INTEGER NOT NULL DEFAULT 0 CHECK (once IN (0, 1)),
	created_time INTEGER NOT NULL
) STRICT;
INSERT INTO source VALUES(1,1,'test:1','Test 1',0,1763800000000000);
CREATE TABLE chat (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	meeting_id   INTEGER NOT NULL REFERENCES meeting ON DELETE CASCADE,
	room         TEXT NOT NULL,
	time         INTEGER NOT NULL,
	party_id     INTEGER,
	name         TEXT NOT NULL DEFAULT '',
	to_party     INTEGER,
	text         TEXT NOT NULL CHECK (text <> '')
) STRICT;
INSERT INTO chat VALUES(4,1,'demo',1763800300000000,7,'Ann',NULL,'Hello');
INSERT INTO chat VALUES(5,1,'demo',1763800301000000,NULL,'',7,'Welcome');
CREATE TABLE key (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	sha256       TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
	account      TEXT NOT NULL CHECK (account <> ''),
	role         TEXT NOT NULL CHECK (role IN ('host', 'admin')),
	room_id      INTEGER REFERENCES room ON DELETE CASCADE,
	created_time INTEGER NOT NULL,
	used_time    INTEGER,
	CHECK (role = 'host' OR room_id IS NULL)
) STRICT;
INSERT INTO "key" VALUES(1,'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad','crm','host',1,1763800000000000,1763800500000000);
CREATE TABLE secret (
	id           INTEGER PRIMARY KEY CHECK (id = 1),
	token        TEXT NOT NULL CHECK (length(token) = 64),
	created_time INTEGER NOT NULL
) STRICT;
INSERT INTO secret VALUES(1,'abababababababababababababababababababababababababababababababab',1763800000000000);
CREATE TABLE watermark (
	room_id      INTEGER PRIMARY KEY REFERENCES room ON DELETE CASCADE,
	png          TEXT NOT NULL CHECK (png <> ''),
	changed_time INTEGER NOT NULL
) STRICT;
INSERT INTO watermark VALUES(1,'iVBORw0KGgo=',1763800002000000);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('room',2);
INSERT INTO sqlite_sequence VALUES('person',1);
INSERT INTO sqlite_sequence VALUES('meeting',1);
INSERT INTO sqlite_sequence VALUES('party',1);
INSERT INTO sqlite_sequence VALUES('recording',1);
INSERT INTO sqlite_sequence VALUES('source',1);
INSERT INTO sqlite_sequence VALUES('chat',5);
INSERT INTO sqlite_sequence VALUES('key',1);
CREATE INDEX meeting_room ON meeting (room_id);
CREATE INDEX meeting_open ON meeting (id) WHERE end_time IS NULL;
CREATE INDEX party_id ON party (id);
CREATE INDEX party_meeting ON party (meeting_id);
CREATE INDEX party_person ON party (person_id);
CREATE INDEX party_open ON party (id) WHERE leave_time IS NULL;
CREATE INDEX event_meeting ON event (meeting_id);
CREATE INDEX recording_meeting ON recording (meeting_id);
CREATE INDEX source_room ON source (room_id);
CREATE INDEX recording_room ON recording (room);
CREATE INDEX event_room ON event (room, number);
CREATE INDEX chat_meeting ON chat (meeting_id, id);
CREATE INDEX key_room ON key (room_id);
COMMIT;
