-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 4: what a room has drawn over its picture, and who may begin.

ALTER TABLE room ADD COLUMN wait_host INTEGER NOT NULL DEFAULT 0
	CHECK (wait_host IN (0, 1));
ALTER TABLE room ADD COLUMN banner TEXT NOT NULL DEFAULT '';
ALTER TABLE room ADD COLUMN clock INTEGER NOT NULL DEFAULT 0
	CHECK (clock IN (0, 1));
ALTER TABLE room ADD COLUMN canvas_filter TEXT NOT NULL DEFAULT '';

-- A PNG in base64, apart from the room: it is read when a meeting begins.
CREATE TABLE watermark (
	room_id      INTEGER PRIMARY KEY REFERENCES room ON DELETE CASCADE,
	png          TEXT NOT NULL CHECK (png <> ''),
	changed_time INTEGER NOT NULL
) STRICT;
