# SPDX-License-Identifier: GPL-3.0-or-later
# build-aux/deps.sh -- Debian packages, for quickstart.sh and check.sh
# shellcheck shell=sh disable=SC2034

# what `./configure && make && make install` needs
DEPS_BUILD="autoconf automake make gcc pkg-config
libre-dev libssl-dev libjansson-dev libsqlite3-dev
libavcodec-dev libavformat-dev libavutil-dev libavfilter-dev libswscale-dev libswresample-dev
libyuv-dev libopus-dev libx264-dev libvpx-dev libaom-dev libspeexdsp-dev libspandsp-dev
libpango1.0-dev libcairo2-dev libpng-dev libseccomp-dev
libsrtp2-dev libwebsockets-dev libjwt-dev zlib1g-dev
espeak-ng mandoc iproute2 openssl fonts-dejavu-core fonts-noto-core fonts-noto-cjk"

# the page is built with npm: Debian's, or whatever is installed already
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	DEPS_BUILD="$DEPS_BUILD nodejs npm"
fi

# what the tests need beyond that
DEPS_TEST="clang llvm libclang-rt-14-dev
baresip-core baresip-ffmpeg sip-tester ffmpeg sqlite3 jq socat
libgstrtspserver-1.0-dev gstreamer1.0-plugins-base
gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly gstreamer1.0-libav
gstreamer1.0-plugins-bad gstreamer1.0-nice libgstreamer-plugins-bad1.0-dev
chromium coturn
shellcheck procps util-linux xz-utils"

# the runtime of clang has the number of its clang
# shellcheck disable=SC1091
case $(. /etc/os-release 2>/dev/null && echo "${VERSION_ID-}") in
13*)	DEPS_TEST=$(echo "$DEPS_TEST" | sed 's/clang-rt-14/clang-rt-19/') ;;
esac

# deps_install PACKAGE… : installs what is missing, says nothing if nothing is
deps_install() {
	missing=
	for pkg; do
		dpkg-query -W -f '${Status}\n' "$pkg" 2>/dev/null |
			grep -q 'ok installed' || missing="$missing $pkg"
	done
	[ -z "$missing" ] && return 0
	if ! command -v apt-get >/dev/null; then
		echo "please install:$missing" >&2
		return 1
	fi
	as_root=
	if [ "$(id -u)" != 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "run as root, or install first:$missing" >&2
			return 1
		fi
		as_root=sudo
	fi
	echo "installing:$missing"
	# shellcheck disable=SC2086
	{ $as_root apt-get update -qq &&
	  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends $missing; } >/dev/null || {
		echo "apt-get could not install:$missing" >&2
		return 1
	}
}
