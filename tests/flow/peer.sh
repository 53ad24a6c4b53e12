# SPDX-License-Identifier: GPL-3.0-or-later
# tests/flow/peer.sh -- callers of tests/flow/peer, after lib.sh
# shellcheck shell=bash disable=SC2034,SC2154
PEER=$top_builddir/tests/flow/peer
CNT=0

# start_peer NAME N [ADDRESS] [-t]: files in $D/NAME, ports from 30000+200 N
start_peer() {
	local name=$1 i=$2 ip=${3:-$IP} d=$D/$1
	mkdir -p "$d"
	mkfifo "$d/in"
	echo '<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>' \
		>"$d/pfu.xml"
	# shellcheck disable=SC2086
	"$PEER" ${4-} "$ip" $((30000 + 200 * i)) "$ip" 5060 "$d" \
		<"$d/in" >"$d/log" 2>&1 &
	pids+=($!)
	eval "PEER_$name=$! BASE_$name=$((30000 + 200 * i)) ADDR_$name=$ip"
	eval "exec {FD_$name}>\"$d/in\""
	until_ok 5 grep -q ready "$d/log"
}

# p NAME COMMAND…
p() {
	local fd
	eval "fd=\$FD_$1"
	shift
	echo "$*" >&"$fd"
}

# sdp NAME FILE LINES… : @A and @V are its ports (of call 1: @B, @W); a
# c= line among the first replaces ours
sdp() {
	local name=$1 f=$D/$1/$2 base ip v
	shift 2
	eval "base=\$BASE_$name ip=\$ADDR_$name"
	case $ip in *:*) v=IP6;; *) v=IP4;; esac
	CNT=$((CNT + 1))
	{
		printf 'v=0\no=peer 77 %d IN %s %s\ns=-\n' $CNT $v "$ip"
		case $1 in
		c=*) printf '%s\n' "$1"; shift;;
		*) printf 'c=IN %s %s\n' $v "$ip";;
		esac
		while [[ ${1-} = b=* ]]; do printf '%s\n' "$1"; shift; done
		printf 't=0 0\n'
		[ $# = 0 ] || printf '%s\n' "$@"
	} | sed "s/@A/$base/; s/@V/$((base + 2))/; s/@B/$((base + 20))/
		s/@W/$((base + 22))/" >"$f"
}

# what the last offers were made of
A_PCMU=("m=audio @A RTP/AVP 0 101" "a=rtpmap:0 PCMU/8000"
	"a=rtpmap:101 telephone-event/8000")
V_H264=("m=video @V RTP/AVPF 97" "a=rtpmap:97 H264/90000"
	"a=fmtp:97 profile-level-id=42e01f;packetization-mode=1"
	"a=rtcp-fb:* nack pli" "a=rtcp-fb:* ccm fir")
V_VP8=("m=video @V RTP/AVPF 98" "a=rtpmap:98 VP8/90000"
	"a=rtcp-fb:* nack pli" "a=rtcp-fb:* ccm fir")

# logged NAME REGEXP [TIMES]: within ten seconds
times() { [ "$(grep -c -- "$2" "$D/$1/log")" -ge "$3" ]; }
logged() {
	until_ok 10 times "$1" "$2" "${3:-1}" || {
		echo "# $1: no '$2':"
		tail -5 "$D/$1/log" | sed 's/^/# /'
		false
	}
}
count() { grep -c -- "$2" "$D/$1/log"; }

# invite NAME USER FILE : until it is answered with 200
invite() {
	local n
	n=$(count "$1" "res . 200 .* INVITE")
	p "$1" invite "$2" "$D/$1/$3"
	logged "$1" "res . 200 .* INVITE" $((n + 1))
}
# reinvite NAME FILE
reinvite() {
	local n
	n=$(count "$1" "res . 200 .* INVITE")
	p "$1" req INVITE "$D/$1/$2"
	logged "$1" "res . 200 .* INVITE" $((n + 1))
}

# answer NAME TEXT : a line of the newest SDP of theirs begins so
answer() {
	tr -d '\r' <"$D/$1/sdp" | grep -q -- "^$2" || {
		sed 's/^/# /' "$D/$1/sdp"
		false
	}
}
# section NAME audio|video : that part of it
section() {
	tr -d '\r' <"$D/$1/sdp" | awk -v m="m=$2" '/^m=/ { on = index($0, m) }
		on'
}
in_section() {
	section "$1" "$2" | grep -q -- "^$3" ||
		{ section "$1" "$2" | sed 's/^/# /'; false; }
}

# stat NAME JQ-CONDITION : as it is now
snap() {
	rm -f "$D/$1/stat.json"
	p "$1" stat
	until_ok 5 test -s "$D/$1/stat.json"
}
stat_is() { jq -e "$2" "$D/$1/stat.json" >/dev/null; }
# shellcheck disable=SC2317
snap_is() { snap "$1" && stat_is "$1" "$2"; }
stat() {
	until_ok "${3:-1}" snap_is "$1" "$2" ||
		{ sed 's/^/# /' "$D/$1/stat.json"; false; }
}
value() { jq "$2" "$D/$1/stat.json"; }

# ear NAME HZ [CALL]: level in what came since `forget`, the last second
ear() {
	snap "$1"
	tail -c 96000 "$D/$1/ear${3:-0}.s16" 2>/dev/null | "$PROBE" tone "$2" |
		sed 's/.* //; s/\..*//'
}
listens()     { local l; l=$(ear "$@"); [ "${l:--120}" -gt -40 ] ||
		{ echo "# $1 hears $2 Hz at $l dB"; false; }; }
listens_not() { local l; l=$(ear "$@"); [ "${l:--120}" -lt -50 ] ||
		{ echo "# $1 hears $2 Hz at $l dB"; false; }; }
# the longest hole of a tone since `forget`
hole_below() {
	local g
	snap "$1"
	g=$("$PROBE" gap "$2" <"$D/$1/ear0.s16" | sed 's/ .*//')
	[ "$g" -ge 0 ] && [ "$g" -le "$3" ] ||
		{ echo "# $1: $2 Hz missing for $g ms"; false; }
}

# fresh NAME : forget, and a key frame to begin with
fresh() {
	p "$1" forget
	p "$1" storm pli 1 0
}

# eye NAME [CALL] : the last picture of what it saw into $D/NAME.png
eye() {
	local f
	snap "$1"
	f=$(ls -t "$D/$1/eye${2:-0}".* 2>/dev/null | head -1)
	rm -f "$D/$1.png"
	[ -n "$f" ] && ffmpeg -v error -y -i "$f" -update 1 "$D/$1.ppm" \
		2>"$D/$1/ffmpeg.log"
	ffmpeg -v error -y -i "$D/$1.ppm" "$D/$1.png"
	rm -f "$D/$1.ppm"
	test -s "$D/$1.png"
}
size_of() {
	ffprobe -v error -select_streams v -show_entries stream=width,height \
		-of csv=p=0 "$1" 2>/dev/null | head -1 | tr , x
}

# clip NAME RRGGBB SIZE [x264 options]: H.264 ; ivf …: VP8
clip() {
	ffmpeg -v error -y -f lavfi -i "color=c=0x$2:s=$3:r=15" -t 4 \
		-pix_fmt yuv420p -c:v libx264 -profile:v baseline \
		-preset ultrafast -tune zerolatency -x264-params \
		"keyint=60:repeat-headers=1${4:+:$4}" -f h264 "$D/$1.h264"
}
ivf() {
	ffmpeg -v error -y -f lavfi -i "color=c=0x$2:s=$3:r=15" -t 4 \
		-pix_fmt yuv420p -c:v libvpx -deadline realtime -cpu-used 8 \
		-g 60 -b:v 300k -f ivf "$D/$1.ivf"
}

# busy NAME : a picture that never rests
busy() {
	ffmpeg -v error -y -f lavfi -i \
		"testsrc2=s=320x180:r=15,noise=alls=40:allf=t" -t 4 \
		-pix_fmt yuv420p -c:v libx264 -profile:v baseline -preset \
		ultrafast -tune zerolatency -b:v 900k -x264-params \
		keyint=30:repeat-headers=1 -f h264 "$D/$1.h264"
}

who=10
# enter NAME FILE HOW LINES… : calls and sends FILE
enter() {
	local name=$1 file=$2 how=$3 pt; shift 3
	who=$((who + 1))
	start_peer "$name" $who
	sdp "$name" full "$@"
	ok "$name calls" invite "$name" 3000 full
	pt=$(section "$name" video | sed -n '1s/.*AVPF\{0,1\} \([0-9]*\).*/\1/p')
	p "$name" video "$D/$file" "$how" 15 "$pt"
	sleep 1.5
	fresh "$name"
	sleep 2.5
	eye "$name"
	ok "$name sees her own red" sees "$name" e01010 8
	ok "$name decodes without an error" eval 'test ! -s \
		"$D/$name/ffmpeg.log" || { sed "s/^/# /" \
		"$D/$name/ffmpeg.log"; false; }'
}
leave() { p "$1" req BYE; logged "$1" "res 0 200 .* BYE" >/dev/null; }

no_mixer_died() { ! grep "mixer died" "$D/tuttid.log"; }
