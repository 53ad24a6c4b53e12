#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# quickstart.sh -- packages, build, a server with a demo room, what to do next
#
#	./quickstart.sh           start (again: restarts with the new build)
#	./quickstart.sh stop      stop the server
#
# Everything stays in this directory: build/ and run/.  With TUTTI_SIP_PORT
# or TUTTI_WEB_PORT in the environment it listens there instead of on 5060
# and 8080 (https: 8443, or one above TUTTI_WEB_PORT).
set -eu
cd "$(dirname "$0")"
top=$PWD
run=$top/run

. build-aux/deps.sh

stop() {
	if [ -s "$run/tuttid.pid" ]; then
		pid=$(cat "$run/tuttid.pid")
		if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = tuttid ]; then
			kill "$pid"
			n=0
			while [ -d "/proc/$pid" ] && [ $n -lt 50 ]; do
				sleep 0.1
				n=$((n + 1))
			done
		fi
		rm -f "$run/tuttid.pid"
	fi
}

case $* in
"")
	;;
stop)
	stop
	echo "tuttid is stopped"
	exit 0
	;;
*)
	echo "usage: ./quickstart.sh [stop]" >&2
	exit 2
	;;
esac

# shellcheck disable=SC2086
deps_install $DEPS_BUILD

[ -x configure ] || autoreconf -i >/dev/null 2>&1 || autoreconf -i
mkdir -p build "$run"
cd build
if [ ! -f config.status ]; then
	echo "configuring"
	../configure --quiet --prefix="$run/prefix" CFLAGS="-O2 -g"
fi
echo "building (some minutes the first time)"
if ! { make -s -j"$(nproc)" all && make -s install; } >make.log 2>&1; then
	tail -30 make.log >&2
	echo "quickstart.sh: it does not build, see build/make.log" >&2
	exit 1
fi
cd ..

stop
port=${TUTTI_SIP_PORT:-5060}
web=${TUTTI_WEB_PORT:-8080}
https=8443
[ -z "${TUTTI_WEB_PORT-}" ] || https=$((web + 1))
host=$(ip -4 route get 192.0.2.1 2>/dev/null |
	sed -n 's/.* src \([0-9.]*\).*/\1/p')
host=${host:-127.0.0.1}

# Browsers open cameras for localhost and https only.  A certificate of our
# own: the browser warns once.  It is kept, so that this is once.
if [ ! -s "$run/key.pem" ] || [ "$(cat "$run/cert.host" 2>/dev/null)" \
	!= "$host" ]; then
	if ! (umask 077 && openssl req -x509 -newkey ec \
		-pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
		-subj "/CN=$host" -addext \
		"subjectAltName=DNS:localhost,IP:127.0.0.1,IP:$host" \
		-keyout "$run/key.pem" -out "$run/cert.pem") \
		>"$run/cert.log" 2>&1; then
		tail -3 "$run/cert.log" >&2
		echo "quickstart.sh: no certificate, see run/cert.log" >&2
		exit 1
	fi
	echo "$host" >"$run/cert.host"
fi
cat >"$run/tutti.conf" <<EOF
# made by quickstart.sh
data_dir        $run/data
control_socket  $run/tutti.sock
media_ports     20000-29999
sip_listen      udp 0.0.0.0:$port
sip_listen      tcp 0.0.0.0:$port
web_listen      http 0.0.0.0:$web
web_listen      https 0.0.0.0:$https
web_url         https://$host:$https
tls_certificate $run/cert.pem
tls_key         $run/key.pem
EOF

mkdir -p "$run/data"
"$run/prefix/sbin/tuttid" -f "$run/tutti.conf" >"$run/tuttid.log" 2>&1 &
pid=$!
echo $pid >"$run/tuttid.pid"

# the CLI of this server: no need to tell it the socket
cat >"$run/tutti" <<EOF
#!/bin/sh
# made by quickstart.sh
export TUTTI_SOCKET=$run/tutti.sock
exec $run/prefix/bin/tutti "\$@"
EOF
chmod +x "$run/tutti"

tutti=$run/tutti
n=0
until $tutti server status >/dev/null 2>&1; do
	n=$((n + 1))
	if [ $n -gt 100 ] || ! kill -0 $pid 2>/dev/null; then
		echo "tuttid did not start:" >&2
		tail -5 "$run/tuttid.log" >&2
		! grep -q 'already in use' "$run/tuttid.log" ||
			echo "other ports: TUTTI_SIP_PORT=5080" \
				"TUTTI_WEB_PORT=8090 $0" >&2
		kill $pid 2>/dev/null
		rm -f "$run/tuttid.pid"
		exit 1
	fi
	sleep 0.1
done

if ! $tutti room show demo >/dev/null 2>&1; then
	$tutti room create demo --number 3000
	for i in 1 2 3; do
		$tutti source add demo "test:$i" >/dev/null
	done
fi

at=$host
[ "$port" = 5060 ] || at=$at:$port

# a caller without a microphone, loudspeaker, camera or screen
mkdir -p "$run/caller"
cat >"$run/caller/config" <<EOF
# made by quickstart.sh
sip_listen      0.0.0.0:0
audio_source    ausine,440
audio_player    aufile,/dev/null
audio_alert     aufile,/dev/null
ausrc_srate     48000
auplay_srate    48000
ausrc_channels  2
auplay_channels 1
video_source    fakevideo
video_display   fakevideo
module_path     /usr/lib/baresip/modules
module          stdio.so
module          opus.so
module          g711.so
module          ausine.so
module          aufile.so
module          avcodec.so
module          fakevideo.so
module_tmp      account.so
module_app      menu.so
EOF
echo "<sip:caller@$host>;regint=0" >"$run/caller/accounts"
: >"$run/caller/contacts"

cat <<EOF

tuttid runs with the room "demo".  Now:

  with a browser http://localhost:$web/demo on this machine,
                 https://$host:$https/demo from another (accept the
                 warning: the certificate is our own)
  call it        any SIP phone or room system:  sip:3000@$at
  no phone?      baresip -f run/caller -e "/dial sip:3000@$at"
                 (apt-get install baresip-core baresip-ffmpeg; q ends it)
  be the host    open what this prints:
                 run/tutti token create demo --role host
  who is there   run/tutti party list demo
  look in        run/tutti room snapshot demo demo.png
  record         run/tutti recording start demo
  what happens   run/tutti event follow
  all verbs      run/tutti help
  the manual     man -M run/prefix/share/man tutti
                 (without man: mandoc -a run/prefix/share/man/man1/tutti.1)
  the log        run/tuttid.log
  stop           ./quickstart.sh stop
EOF
