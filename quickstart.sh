#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# quickstart.sh -- packages, build, a server with a demo room, what to do next
#
#	./quickstart.sh           start (again: restarts with the new build)
#	./quickstart.sh stop      stop the server
#
# Everything stays in this directory: build/ and run/.
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

if [ "${1-}" = stop ]; then
	stop
	echo "tuttid is stopped"
	exit 0
fi

deps_adapt
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
make -s -j"$(nproc)" all
make -s install >/dev/null
cd ..

stop
port=${TUTTI_SIP_PORT:-5060}
cat >"$run/tutti.conf" <<EOF
# made by quickstart.sh
data_dir        $run/data
control_socket  $run/tutti.sock
media_ports     20000-29999
sip_listen      udp 0.0.0.0:$port
sip_listen      tcp 0.0.0.0:$port
EOF

mkdir -p "$run/data"
"$run/prefix/sbin/tuttid" -f "$run/tutti.conf" >"$run/tuttid.log" 2>&1 &
echo $! >"$run/tuttid.pid"

tutti="$run/prefix/bin/tutti -s $run/tutti.sock"
n=0
until $tutti server status >/dev/null 2>&1; do
	n=$((n + 1))
	if [ $n -gt 100 ] || ! kill -0 "$(cat "$run/tuttid.pid")" 2>/dev/null
	then
		echo "tuttid did not start:" >&2
		tail -5 "$run/tuttid.log" >&2
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

host=$(ip -4 route get 192.0.2.1 2>/dev/null |
	sed -n 's/.* src \([0-9.]*\).*/\1/p')
at=${host:-127.0.0.1}
[ "$port" = 5060 ] || at=$at:$port
cat <<EOF

tuttid runs with the room "demo".  Now:

  call it        any SIP phone or room system:  sip:3000@$at
                 or here:  baresip -e "/dial sip:3000@$at"
  look in        $tutti room snapshot demo $run/demo.png
  who is there   $tutti party list demo
  what happens   $tutti event follow
  all verbs      $tutti help        (man $run/prefix/share/man/man1/tutti.1)
  the log        $run/tuttid.log
  stop           ./quickstart.sh stop
EOF
