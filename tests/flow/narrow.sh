# SPDX-License-Identifier: GPL-3.0-or-later
# tests/flow/narrow.sh -- a link that is narrow or loses, after lib.sh
# shellcheck shell=bash disable=SC2034,SC2086,SC2154
#
#	server, phones -- v0 v1 -- relay -- w0 w1 -- browsers
#
# Nothing is routed: what goes to 198.51.100.1, which the server calls its
# own address, passes tutti-lossy.  Its orders are written to descriptor 7.

NARROW_CONF=("public_address 198.51.100.1" "media_ports 20000-20199")

net() {
	unshare -n sleep 300 &
	pids+=($!)
	eval "$1=$!"
	until_ok 5 test "$(readlink /proc/$!/ns/net)" != \
		"$(readlink /proc/self/ns/net)"
}
relay() { nsenter --net="/proc/$RELAY/ns/net" "$@"; }
far() { nsenter --net="/proc/$FAR/ns/net" "$@"; }

# narrow_net [MS]: both ways take so long
narrow_net() {
	net RELAY
	net FAR
	until_ok 5 ip link set v1 netns "$RELAY"
	relay ip addr add 192.0.2.11/24 dev v1
	relay ip link set v1 up
	relay ip link add w0 type veth peer name w1
	relay ip link set w1 netns "$FAR"
	relay ip addr add 198.51.100.1/24 dev w0
	relay ip link set w0 up
	far ip addr add 198.51.100.2/24 dev w1
	far ip link set w1 up
	far ip link set lo up
	# a phone stands beside the server, its packets go through the relay
	ip route add 198.51.100.1 via 192.0.2.11
	mkfifo "$D/lossy.in"          # it takes orders
	exec 7<>"$D/lossy.in"
	nsenter --net="/proc/$RELAY/ns/net" \
		"$top_builddir/tests/load/tutti-lossy" -t 280 \
		-l 198.51.100.1 -m 20000-20199 -r $IP \
		-u "delay=${1-20}" -d "delay=${1-20},head=28" \
		<&7 >"$D/lossy.log" 2>&1 &
	pids+=($!)
	ok "the relay is ready" until_ok 5 grep -q ready "$D/lossy.log"
	# SIP passes as well, unharmed: the server's Contact is there
	nsenter --net="/proc/$RELAY/ns/net" \
		"$top_builddir/tests/load/tutti-lossy" -t 280 \
		-l 198.51.100.1 -p 5060 -r $IP:5060 </dev/null \
		>"$D/lossy_sip.log" 2>&1 &
	pids+=($!)
	until_ok 5 grep -q ready "$D/lossy_sip.log"
}

# browsers stand behind it, and reach the server's page by a tunnel
narrow_browsers() {
	BROWSER_IN=(nsenter --net="/proc/$FAR/ns/net")
	socat "UNIX-LISTEN:$D/http.sock,fork" TCP:127.0.0.1:8080 \
		2>/dev/null &
	pids+=($!)
	"${BROWSER_IN[@]}" socat \
		TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr \
		"UNIX-CONNECT:$D/http.sock" 2>/dev/null &
	pids+=($!)
}

# film NAME HZ [SECONDS]: a test picture and a tone, $D/NAME.mp4; it trembles, or
# Opus takes it for noise and leaves it out
film() {
	ffmpeg -v error -y -f lavfi -i testsrc2=s=320x180:r=30 \
		-f lavfi -i "sine=f=$2:r=48000,tremolo=5:0.7,volume=2" -t "${3-250}" \
		-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac \
		"$D/$1.mp4"
}

# what a party is sent: kbit/s of its rung, by the command line
rung() { tj party list demo | jq -r --arg n "$1" '.[] |
	select((.name | ascii_downcase) == $n) | .rung.kbps // 0'; }
at_most() { [ "$(rung "$1")" -le "$2" ]; }
at_least() { [ "$(rung "$1")" -ge "$2" ]; }

# falls NAME KBIT MS: the link carries so much; the rung is below it in time
falls() {
	local t0 t1
	t0=$(date +%s%3N)
	echo "down rate=$2,queue=250" >&7
	until_ok 20 at_most "$1" "$2"
	t1=$(date +%s%3N)
	echo "# $1's rung is $(rung "$1") kbit/s after $((t1 - t0)) ms"
	[ $((t1 - t0)) -lt "$3" ]
}
