/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/capacity_table.h -- what a call costs [1/1000 core]
 *
 * Made by tests/bench/capacity.sh from tests/bench/results.json.
 */
#ifndef TUTTI_TUTTID_CAPACITY_TABLE_H
#define TUTTI_TUTTID_CAPACITY_TABLE_H

enum {
	UNIT_INPUT_360P = 28,
	UNIT_INPUT_720P = 70,
	UNIT_RUNG_1080P = 440,
	UNIT_RUNG_720P  = 175,
	UNIT_RUNG_360P  = 50,
	UNIT_RUNG_180P  = 11,
	/* hundredths of a unit: these are small */
	UNIT_WATCHER_X100  = 200,
	UNIT_SPEAKER_X100  = 1224,
	UNIT_LISTENER_X100 = 60,
};

#endif
