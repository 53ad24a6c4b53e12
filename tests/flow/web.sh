# SPDX-License-Identifier: GPL-3.0-or-later
# tests/flow/web.sh -- browsers in a flow test; sourced after lib.sh
# shellcheck shell=bash disable=SC2154,SC2034
#
#	start_web ["key value"…]     tuttid with the page on $URL
#	camera NAME RRGGBB HZ [SIZE] a colour and a tone as files
#	browser WHO CAMERA [JSON]    a Chromium on $URL/demo
#	b WHO CMD [JSON]             one command of browser.mjs, its value
#	joins WHO NAME [PIN]         through the join page into the meeting

BROWSER_IN=()                # nsenter …: another network than the server's
SHOTS=${TUTTI_SHOTS:-$D}
mkdir -p "$SHOTS"
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
	"${BROWSER_IN[@]}" node "$top_srcdir/tests/flow/browser.mjs" "$D/browser.sock" \
		"${TUTTI_NODE_MODULES:-$WEB/npm/node_modules}" \
		>"$D/browser.log" 2>&1 &
	pids+=($!)
	until_ok 10 test -S "$D/browser.sock"
}

camera() {
	[ -f "$D/$1.y4m" ] || ffmpeg -v error -y -f lavfi -i \
		"color=c=0x$2:s=${4-640x360}:r=10,format=yuv420p" -t 1 \
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
# b_hears WHO "HZ…" ["HZ…"]: the first tones, and not the second
b_hears() {
	local all
	all=$(b "$1" hears "$(jq -cn --arg t "$2 ${3-}" \
		'{tones: ($t | split(" ") | map(tonumber? // empty))}')")
	jq -e --arg yes "$2" --arg no "${3-}" '. as $l |
		(($yes | split(" ")) | all($l[.] > -50)) and
		(($no | split(" ") | map(select(. != ""))) |
			all($l[.] < -65))' <<<"${all:-null}" >/dev/null ||
		{ echo "# $1 hears ${all:-nothing} dB"; false; }
}
# b_text WHO REGEXP: that is to be read on the page
b_text() { b "$1" text "$(jq -cn --arg t "$2" '{text: $t}')"; }
b_click() { b "$1" click "$(jq -cn --arg n "$2" '{name: $n}')"; }
b_js() { b "$1" eval "$(jq -cn --arg j "$2" '{js: $j}')"; }
b_shot() { b "$1" shot "{\"file\": \"$SHOTS/$2.png\"}" >/dev/null; }
b_state() { [ "$(b "$1" stats | jq -r .state)" = "$2" ]; }

# joins WHO NAME [PIN]: what a person does on the join page
joins() {
	b "$1" fill "$(jq -cn --arg n "$2" '{label: "Your name", text: $n}')" &&
	{ [ -z "${3-}" ] || enters_pin "$1" "$3"; } &&
	b "$1" click '{"name": "Join", "exact": true}'
}
enters_pin() {
	b "$1" eval '{"js": "document.querySelector(\"#pin\") || [...document.querySelectorAll(\"button\")].find(x => /have a PIN/.test(x.textContent)).click()"}' &&
	b "$1" fill "{\"label\": \"^PIN\$\", \"text\": \"$2\"}"
}

party_of() { tj party list "${2:-demo}" |
	jq ".[] | select(.name == \"$1\") | .party"; }
# b_has WHO WORDS: anywhere on the page, now
b_has() { [ "$(b_js "$1" "document.body.innerText.includes($(jq -n \
	--arg t "$2" '$t'))")" = true ]; }
# chat WHO WORDS: into the open chat and sent
chat() {
	b "$1" fill "$(jq -cn --arg t "$2" '{label: "^Message$", text: $t}')" &&
	b "$1" press '{"key": "Enter"}'
}
chat_has() { tj chat list demo | jq -e --arg n "$1" --arg t "$2" \
	'any(.[]; .name == $n and .text == $t)'; }
# act WHO NAME WHAT: from the menu of a person in the list of people
act() {
	b_click "$1" "What to do with $2" &&
	b "$1" click "$(jq -cn --arg n "$3" \
		'{name: $n, exact: true, within: ".acts"}')"
}
# b_clean WHO: no exception, nothing the content policy forbids
b_clean() {
	b "$1" log | jq -e '[.[] | select(test(
		"^pageerror|Content Security Policy"))] |
		if . == [] then true else (.[] | "# " + .), false end' -r
}
b_sees_all() {
	local p=$1 min=$2 c; shift 2
	for c; do b_sees "$p" "$c" "$min" || return 1; done
}
# comes_back WHO: by the button that is there, or by itself
comes_back() {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		b_has "$1" "Leave" && return 0
		if b_has "$1" "Join again"; then
			b_click "$1" "Join again"
		elif b_has "$1" "Your name"; then
			b "$1" click '{"name": "^Join$"}'
		fi
		sleep 1
	done
	return 1
}
# the longest time without sound of what comes down: LISTEN begins to
# measure, HOLE says how many ms it was
LISTEN='(async () => {
	const pc = seen.pcs.filter(p => p.connectionState !== "closed").pop();
	const track = pc.getReceivers().map(r => r.track)
		.find(t => t.kind === "audio");
	const ac = new AudioContext({ sampleRate: 48000 });
	await ac.resume();
	const a = ac.createAnalyser();
	a.fftSize = 1024;
	ac.createMediaStreamSource(new MediaStream([track])).connect(a);
	const buf = new Float32Array(1024);
	seen.hole = 0;
	let last = ac.currentTime;
	setInterval(() => {
		a.getFloatTimeDomainData(buf);
		if (buf.some(v => Math.abs(v) > 0.01))
			last = ac.currentTime;
		seen.hole = Math.max(seen.hole, ac.currentTime - last);
	}, 10);
	return true;
})()'
HOLE='Math.round(seen.hole * 1000)'
# so many have media; who waits has none
parties_joined() {
	[ "$(tj party list demo |
		jq '[.[] | select(.state == "joined")] | length')" = "$1" ]
}
