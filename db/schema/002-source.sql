-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 2: sources belong to their room and come back with the server.

CREATE TABLE source (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	room_id      INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
	url          TEXT NOT NULL CHECK (url <> ''),
	name         TEXT NOT NULL DEFAULT '',
	once         INTEGER NOT NULL DEFAULT 0 CHECK (once IN (0, 1)),
	created_time INTEGER NOT NULL
) STRICT;

CREATE INDEX source_room ON source (room_id);

-- Lists show the newest of a room first.
CREATE INDEX recording_room ON recording (room);
CREATE INDEX event_room ON event (room, number);
