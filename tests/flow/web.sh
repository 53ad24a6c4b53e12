# SPDX-License-Identifier: GPL-3.0-or-later
# tests/flow/web.sh -- browsers in a flow test; sourced after lib.sh
# shellcheck shell=bash disable=SC2154
#
#	start_web ["key value"…]     tuttid with the page on $URL
#	camera NAME RRGGBB HZ        a colour and a tone as files
#	browser WHO CAMERA [JSON]    a Chromium on $URL/demo
#	b WHO CMD [JSON]             one command of browser.mjs, its value
#	joins WHO                    through the join page into the meeting

URL=http://127.0.0.1:8080
WEB=$top_builddir/web/client

for tool in chromium node; do
	command -v $tool >/dev/null || {
		echo "Bail out! $tool is not installed (see check.sh)"
		exit 99
	}
done

start_web() {
	export TUTTI_WEB=$WEB/dist
	start_tuttid "web_listen http 127.0.0.1:8080" "$@"
	node "$top_srcdir/tests/flow/browser.mjs" "$D/browser.sock" \
		"${TUTTI_NODE_MODULES:-$WEB/work/node_modules}" \
		>"$D/browser.log" 2>&1 &
	pids+=($!)
	until_ok 10 test -S "$D/browser.sock"
}

camera() {
	[ -f "$D/$1.y4m" ] || ffmpeg -v error -y -f lavfi -i \
		"color=c=0x$2:s=${4-1280x720}:r=10,format=yuv420p" -t 1 \
		"$D/$1.y4m"
	[ -f "$D/$1.wav" ] || ffmpeg -v error -y -f lavfi -i \
		"sine=f=$3:r=48000,volume=2" -t 10 -ac 1 "$D/$1.wav"
}

b() {
	local msg out
	msg=$(jq -cn --arg who "$1" --arg cmd "$2" --argjson more "${3-{\}}" \
		'{who: $who, cmd: $cmd} + $more')
	out=$(printf '%s\n' "$msg" |
		timeout 40 socat -t 40 - "UNIX-CONNECT:$D/browser.sock")
	if [ "$(jq -r .ok <<<"$out")" = true ]; then
		jq -c .value <<<"$out"
	else
		echo "# $1 $2: $(jq -r .error <<<"$out")" >&2
		return 1
	fi
}

browser() {
	local more=${3-{\}}
	b "$1" open "$(jq -cn --arg u "$URL/demo" --arg d "$D/$2" \
		--argjson more "$more" '{url: $u, camera: ($d + ".y4m"),
		microphone: ($d + ".wav")} + $more')"
}

# b_sees WHO RRGGBB PERCENT : at least so much of the composite
b_sees() {
	local s
	s=$(b "$1" sees "{\"colours\":[\"$2\"]}" | jq ".share[\"$2\"] // 0")
	[ "${s:-0}" -ge "$3" ] || { echo "# $1 sees ${s:-no} % of $2"; false; }
}
b_level() { b "$1" hears "{\"tones\":[$2]}" | jq ".[\"$2\"] // -200"; }
b_hears() {
	local l; l=$(b_level "$1" "$2")
	[ "${l:--200}" -gt -50 ] || { echo "# $1 hears $2 Hz at $l dB"; false; }
}
b_hears_not() {
	local l; l=$(b_level "$1" "$2")
	[ "${l:-0}" -lt -65 ] || { echo "# $1 hears $2 Hz at $l dB"; false; }
}
b_state() { [ "$(b "$1" stats | jq -r .state)" = "$2" ]; }
