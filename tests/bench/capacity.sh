#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/bench/capacity.sh -- what calls cost, from what was measured
#
#	capacity.sh RESULTS.json TABLE.h PAGE.7
#
# Writes the table that tuttid admits calls by and the manual page that
# explains it.  `make bench` calls it when all figures are there.
set -eu
[ $# = 3 ] || { echo "usage: capacity.sh RESULTS.json TABLE.h PAGE.7" >&2
	exit 2; }
results=$1 table=$2 page=$3

# unit NAME FACTOR: at least one, rounded up; a figure that is not there or
# makes no sense ends it
unit() {
	jq -er --arg n "$1" --argjson f "$2" '
		map(select(.name == $n))[0].value // empty |
		select(. > 0) * $f | ceil' "$results" || {
		echo "capacity.sh: $results has no use for $1" >&2
		exit 1
	}
}

in360=$(unit unit_input_360p30 1)
in720=$(unit unit_input_720p30 1)
r1080=$(unit unit_rung_1080p30 1)
r720=$(unit unit_rung_720p30 1)
r360=$(unit unit_rung_360p30 1)
r180=$(unit unit_rung_180p15 1)
watcher=$(unit unit_watcher 100)
speaker=$(unit unit_speaker 100)
listener=$(unit unit_listener 100)

cat >"$table.new" <<END
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/capacity_table.h -- what a call costs [1/1000 core]
 *
 * Made by tests/bench/capacity.sh from tests/bench/results.json.
 */
#ifndef TUTTI_TUTTID_CAPACITY_TABLE_H
#define TUTTI_TUTTID_CAPACITY_TABLE_H

enum {
	UNIT_INPUT_360P = $in360,
	UNIT_INPUT_720P = $in720,
	UNIT_RUNG_1080P = $r1080,
	UNIT_RUNG_720P  = $r720,
	UNIT_RUNG_360P  = $r360,
	UNIT_RUNG_180P  = $r180,
	/* hundredths of a unit: these are small */
	UNIT_WATCHER_X100  = $watcher,
	UNIT_SPEAKER_X100  = $speaker,
	UNIT_LISTENER_X100 = $listener,
};

#endif
END

hundredths() { echo "$1" | awk '{ printf "%.2f", $1 / 100 }'; }
# how many of it fill a core
fill() { echo "$1 $2" | awk '{ printf "%d", $2 / $1 }'; }

cat >"$page.new" <<END
.\" SPDX-License-Identifier: GPL-3.0-or-later
.\" Made by tests/bench/capacity.sh from tests/bench/results.json.
.Dd November 22, 2026
.Dt TUTTI-CAPACITY 7
.Os
.Sh NAME
.Nm tutti-capacity
.Nd what calls cost, and how many fit
.Sh DESCRIPTION
.Xr tuttid 8
adds up what its calls take of the machine and refuses one that would be too
many before it is answered.
Calls that are there do not suffer from it.
.Pp
The unit is a thousandth of a core.
How many there are is the setting
.Ic capacity
of
.Xr tutti.conf 5 ;
by default it is what the server may use of the machine it runs on.
.Pp
A call takes:
.Bl -column "a picture it sends, until its size is known" "units" "a core"
.It Em what Ta Em units Ta Em a core
.It a leg with sound, both ways Ta $(hundredths "$speaker") Ta $(fill "$speaker" 100000)
.It a leg that only listens Ta $(hundredths "$listener") Ta $(fill "$listener" 100000)
.It a picture it sends, at most 360p Ta $in360 Ta $(fill "$in360" 1000)
.It a picture it sends, larger Ta $in720 Ta $(fill "$in720" 1000)
.It a picture it receives Ta $(hundredths "$watcher") Ta $(fill "$watcher" 100000)
.El
.Pp
The picture of somebody new counts as the larger one until the mixer has
said what comes.
What somebody shares counts the same.
.Pp
A meeting takes, once for each rung that somebody in it is sent, and for the
largest also while it is recorded:
.Bl -column "a picture it sends, until its size is known" "units" "a core"
.It Em rung Ta Em units Ta Em a core
.It 1080p at 30 pictures a second Ta $r1080 Ta $(fill "$r1080" 1000)
.It 720p at 30 Ta $r720 Ta $(fill "$r720" 1000)
.It 360p at 30 Ta $r360 Ta $(fill "$r360" 1000)
.It 180p at 15 Ta $r180 Ta $(fill "$r180" 1000)
.El
.Pp
These are figures of the machine that
.Dq make bench
ran on last; another one makes its own table with it.
Sources that are played into a room count like parties.
.Ss What is refused
A SIP call is answered with 503 and Retry-After; a session of a browser,
WHIP and WHEP with 503, Retry-After and a problem (RFC 9457).
A call that the server is to make is not made.
The event
.Em server full
says which room it was, and
.Dq tutti server stats
what is taken.
Who is in already may change what he sends and receives, and come back after
a break: the mixer then lowers the quality of pictures before anybody loses
sound.
.Sh EXAMPLES
A room of nine who send 360p and receive 720p takes
$(echo "$speaker $in360 $watcher $r720" |
	awk '{ printf "%d", 9 * ($1 / 100 + $2 + $3 / 100) + $4 + .99 }')
units.
.Sh SEE ALSO
.Xr tutti 1 ,
.Xr tutti.conf 5 ,
.Xr tuttid 8
END
mv "$table.new" "$table"
mv "$page.new" "$page"
