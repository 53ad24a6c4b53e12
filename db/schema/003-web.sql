-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 3: chat, and what admits people and programs over the web.

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

CREATE INDEX chat_meeting ON chat (meeting_id, id);

-- Keys of the API: only what proves one is kept, never the key.
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

CREATE INDEX key_room ON key (room_id);

-- One row: what join tokens are signed with, 32 random bytes in hex.
CREATE TABLE secret (
	id           INTEGER PRIMARY KEY CHECK (id = 1),
	token        TEXT NOT NULL CHECK (length(token) = 64),
	created_time INTEGER NOT NULL
) STRICT;
