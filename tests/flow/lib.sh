# SPDX-License-Identifier: GPL-3.0-or-later
# tests/flow/lib.sh -- a server and real clients in a network of their own
# shellcheck shell=bash
#
# A test sources this first.  It is then run again inside a new network
# namespace with the one address $IP, so fixed ports never meet another
# test's; everything started is ended by pid when it exits, and all files are
# below $D, which is kept when a case failed.

set -u
IP=192.0.2.10

if [ -z "${FLOW_IN_NS-}" ]; then
	export FLOW_IN_NS=1
	if [ "$(id -u)" = 0 ]; then
		exec unshare -n timeout -k 5 "${FLOW_TIMEOUT:-170}" bash "$0"
	fi
	exec unshare -rn timeout -k 5 "${FLOW_TIMEOUT:-170}" bash "$0"
fi
ip link set lo up
ip link add v0 type veth peer name v1
ip addr add $IP/24 dev v0
ip link set v0 up
ip link set v1 up

for tool in baresip ffmpeg sipp jq socat; do
	command -v $tool >/dev/null || {
		echo "Bail out! $tool is not installed (see check.sh)"
		exit 99
	}
done

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
export top_srcdir top_builddir
export TUTTI_LIBEXEC=$top_builddir/libexec
export TUTTI_PROMPTS=$top_builddir/prompts
export TUTTI_LAYOUTS=$top_srcdir/layouts
PROBE=$top_builddir/tests/flow/probe
D=$(mktemp -d /tmp/tutti-flow-XXXXXX)
MODS=$(dirname "$(dpkg -L baresip-core | grep '/g711\.so$')")

n=0 bad=0
pids=()

finish() {
	local p i
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		for p in "${pids[@]}"; do
			kill -0 "$p" 2>/dev/null && { sleep 0.2; break; }
		done
	done
	for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null; done
	if [ $bad = 0 ] && [ -z "${FLOW_KEEP-}" ]; then
		rm -rf "$D"
	else
		echo "# files kept in $D"
		tail -40 "$D/tuttid.log" 2>/dev/null | sed 's/^/# tuttid: /'
	fi
}
trap finish EXIT

plan() { echo "1..$1"; }

# ok NAME COMMAND… : one case; what the command says is a comment
ok() {
	local name=$1 rc; shift
	n=$((n + 1))
	"$@" >"$D/said" 2>&1
	rc=$?
	sed 's/^\(# \)*/# /' "$D/said"
	if [ $rc = 0 ]; then
		echo "ok $n - $name"
	else
		bad=$((bad + 1))
		echo "not ok $n - $name"
	fi
}

# until_ok SECONDS COMMAND… : repeats until it succeeds
until_ok() {
	local end=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# start_tuttid ["key value"…]
start_tuttid() {
	local o args=()
	for o; do args+=(-D "$o"); done
	mkdir -p "$D/data"
	cat >"$D/tutti.conf" <<EOF
data_dir $D/data
control_socket $D/tutti.sock
media_ports 20000-24999
sip_listen udp $IP:5060
sip_listen tcp $IP:5060
linger_s 1
EOF
	"$top_builddir/src/tuttid/tuttid" -v -f "$D/tutti.conf" \
		"${args[@]}" >>"$D/tuttid.log" 2>&1 &
	TUTTID=$!
	pids+=("$TUTTID")
	until_ok 10 tutti server status || {
		echo "Bail out! tuttid did not start"
		sed 's/^/# /' "$D/tuttid.log"
		exit 99
	}
}

tutti() { "$top_builddir/src/tutti/tutti" -s "$D/tutti.sock" "$@"; }
tj() { tutti --json "$@"; }

# picture NAME RRGGBB [SIZE] [FPS [SECONDS]]: a moving file of one colour
picture() {
	local size=${3:-640x360} fps=${4:-30} s=${5:-90}
	[ -f "$D/$1.mp4" ] || ffmpeg -v error -y -f lavfi -i \
		"color=c=0x$2:s=$size:r=$fps,format=yuv420p" -t "$s" \
		-c:v libx264 -preset ultrafast -g "$fps" "$D/$1.mp4"
}

# client NAME N HZ COLOUR-NAME|- AUDIO-CODEC VIDEO-CODEC: a baresip at
# sip:NAME@$IP:15N00, control port 151NN.  What it hears ends up in
# $D/NAME/*dec.wav.
client() {
	local name=$1 i=$2 hz=$3 pic=$4 ac=$5 vc=${6-} d=$D/$1
	mkdir -p "$d/snd"
	cat >"$d/config" <<EOF
poll_method epoll
sip_listen $IP:$((15000 + 10 * i))
call_max_calls 4
audio_source ausine,$hz
audio_player aufile,$d/play.wav
audio_alert aufile,/dev/null
ausrc_srate 48000
auplay_srate 48000
ausrc_channels 2
auplay_channels 1
video_display fakevideo,nil
video_size 640x360
video_bitrate 500000
video_fps 30
rtp_ports $((30000 + 100 * i))-$((30098 + 100 * i))
snd_path $d/snd
module_path $MODS
module g711.so
module opus.so
module g722.so
module ausine.so
module aufile.so
module avcodec.so
module avformat.so
module vp8.so
module fakevideo.so
module snapshot.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:$((15100 + i))
EOF
	[ "$pic" = - ] || echo "video_source avformat,$D/$pic.mp4" \
		>>"$d/config"
	echo "<sip:$name@$IP>;regint=0;answermode=auto;audio_codecs=$ac${vc:+;video_codecs=$vc}${CLIENT_OPT-}" \
		>"$d/accounts"
	: >"$d/contacts"
	(cd "$d" && exec baresip -f "$d" >"$d/log" 2>&1 </dev/null) &
	eval "PID_$name=$!"
	eval "CTL_$name=$((15100 + i))"
	pids+=($!)
	until_ok 5 socat -u /dev/null "TCP:127.0.0.1:$((15100 + i))"
}

# ctl NAME COMMAND [PARAMS] : a baresip command
ctl() {
	local port msg
	eval "port=\$CTL_$1"
	msg=$(jq -cn --arg c "$2" --arg p "${3-}" '{command:$c,params:$p}')
	printf '%s:%s,' "${#msg}" "$msg" |
		timeout 3 socat -t 0.4 - "TCP:127.0.0.1:$port" >/dev/null
}
dial() { ctl "$1" dial "$2"; }

# parties N [ROOM]: so many are in
parties() {
	[ "$(tj party list "${2:-demo}" | jq length)" = "$1" ]
}

# dump NAME : the file with what it heard
dump() { ls -t "$D/$1"/snd/*dec.wav 2>/dev/null | head -1; }

# heard NAME [FROM_S [LEN_S]] : what it heard as s16le mono on stdout
heard() {
	local f
	f=$(dump "$1")
	[ -n "$f" ] || return 1
	ffmpeg -v error -ignore_length 1 -i "$f" ${2:+-ss "$2"} ${3:+-t "$3"} \
		-f s16le -ac 1 -ar 48000 -
}

# A client writes down what it decodes and nothing when nothing comes: so a
# hole is time that passed without sound being added.  Time and length must
# be of the same moment, on a busy machine, too: so the length is that of the
# file, and the time the middle of before and after.
# length_at NAME : LEN, ms heard so far, and AT, the ms of the clock
length_at() {
	local f rate=1 block=1 size=44 t0
	f=$(dump "$1")
	[ -z "$f" ] || read -r rate _ block _ < <(od -An -j24 -N12 -w12 -tu4 \
		"$f" | awk '{print $1, $2, $3 % 65536}')
	t0=${EPOCHREALTIME/[.,]/}
	[ -z "$f" ] || size=$(command stat -c %s "$f")
	AT=$(((t0 + ${EPOCHREALTIME/[.,]/}) / 2000))
	LEN=$(((size - 44) * 1000 / (rate * block)))
}
# mark NAME : from now on …   missed NAME : ms without sound since
mark() {
	length_at "$1"
	eval "MARK_$1=$AT LEN_$1=$LEN"
}
missed() {
	local at len
	eval "at=\$MARK_$1 len=\$LEN_$1"
	length_at "$1"
	echo $((AT - at - (LEN - len)))
}
# the sound added since mark, s16le
since_mark() {
	local len
	eval "len=\$LEN_$1"
	heard "$1" | tail -c +$((len * 96 + 1))
}
missed_below() {
	local m
	m=$(missed "$1")
	echo "# $1 missed $m ms"
	[ "$m" -le "$2" ]
}
# the longest time without a tone within the sound since mark
gap_below() {
	local g
	g=$(since_mark "$1" | "$PROBE" gap "$2" | sed 's/ .*//')
	[ "$g" -ge 0 ] && [ "$g" -le "$3" ] ||
		{ echo "# $1: $2 Hz missing for $g ms"; false; }
}

# level NAME HZ [FROM_S [LEN_S]] : dBFS of a tone as heard, whole number
level() {
	heard "$1" "${3-}" "${4-}" | "$PROBE" tone "$2" |
		sed 's/.* //; s/\..*//'
}
hears()     { local l; l=$(level "$@"); [ "$l" -gt -40 ] ||
		{ echo "# $1 hears $2 Hz at $l dB"; false; }; }
hears_not() { local l; l=$(level "$@"); [ "$l" -lt -50 ] ||
		{ echo "# $1 hears $2 Hz at $l dB"; false; }; }

# look NAME : what the client sees now, into $D/NAME.png
look() {
	local tmp=$D/$1/see
	rm -f "$tmp"*
	ctl "$1" snapshot_recv "$tmp"
	until_ok 5 test -s "$tmp"
	sleep 0.2
	mv "$tmp" "$D/$1.png"
}

# share PNG RRGGBB : percent of the picture in that colour, whole number
share() {
	ffmpeg -v error -i "$1" -f rawvideo -pix_fmt rgb24 - |
		"$PROBE" colour "$2" | sed 's/.* //; s/\..*//'
}
sees() { local s; s=$(share "$D/$1.png" "$2"); [ "$s" -ge "$3" ] ||
		{ echo "# $1 sees $s % of $2, want $3"; false; }; }

# part NAME W:H:X:Y RRGGBB : percent of what lies there, of 1280x720
part() {
	ffmpeg -v error -i "$D/$1.png" -vf "scale=1280:720,crop=$2" \
		-f rawvideo -pix_fmt rgb24 - |
		"$PROBE" colour "$3" | sed 's/.* //; s/\..*//'
}
# has NAME AREA RRGGBB MIN ; until the picture shows it
has_now() { look "$1"; [ "$(part "$1" "$2" "$3")" -ge "$4" ]; }
has() {
	until_ok 8 has_now "$@" && return
	echo "# $1 sees $(part "$1" "$2" "$3") % of $3 in $2, want $4"
	false
}
hasnt_now() { look "$1"; [ "$(part "$1" "$2" "$3")" = 0 ]; }
hasnt() {
	until_ok 8 hasnt_now "$@" && return
	echo "# $1 still sees $(part "$1" "$2" "$3") % of $3 in $2"
	false
}
