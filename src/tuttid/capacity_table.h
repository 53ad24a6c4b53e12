/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/capacity_table.h -- what a call costs [1/1000 core]
 *
 * Made by tests/bench/capacity.sh from tests/bench/results.json.
 */
#ifndef TUTTI_TUTTID_CAPACITY_TABLE_H
#define TUTTI_TUTTID_CAPACITY_TABLE_H

enum {
	UNIT_INPUT_360P = 32,
	UNIT_INPUT_720P = 76,
	UNIT_RUNG_1080P = 345,
	UNIT_RUNG_720P  = 122,
	UNIT_RUNG_360P  = 46,
	UNIT_RUNG_180P  = 11,
	/* hundredths of a unit: these are small */
	UNIT_WATCHER_X100  = 14,
	UNIT_SPEAKER_X100  = 1341,
	UNIT_LISTENER_X100 = 62,
};

#endif
