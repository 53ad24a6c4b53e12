#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# check.sh -- packages, build, all tests
#
#	./check.sh            everything: gcc, clang and sanitizers, fuzzers, dist
#	./check.sh STEP…      some of: gcc asan fuzz tsan dist
#
# Build trees are below build-check/ and are used again.  The last line is
# "N passed, N failed, N skipped"; exit 0 if nothing failed.
set -u
cd "$(dirname "$0")" || exit 1
top=$PWD
tmp=$top/build-check
jobs=$(nproc)

. build-aux/deps.sh

passed=0 failed=0 skipped=0
notes=()

say() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }

# one thing that is not a TAP case
ok()   { passed=$((passed + 1)); echo "ok - $1"; }
not()  { failed=$((failed + 1)); notes+=("$1"); echo "not ok - $1"; }

# the last words, and whether they are good
finish() {
	say "done"
	for note in "${notes[@]}"; do echo "failed: $note"; done
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

# build DIR CONFIGURE-ARGS… : configure if need be, make everything, or what
# $targets says
build() {
	dir=$tmp/$1; shift
	mkdir -p "$dir" && cd "$dir" || return 1
	if [ ! -f config.status ] || [ "$(cat configured 2>/dev/null)" != "$*" ]; then
		rm -f configured
		"$top/configure" --quiet "$@" || return 1
		echo "$*" >configured
	fi
	# the page is the same in each of them: it is built once
	[ -e web/client ] || [ ! -e "$tmp/gcc/web/client/dist" ] || {
		mkdir -p web && cp -al "$tmp/gcc/web/client" web/
	}
	# one after the other: `all` is a make of its own
	for target in ${targets-all check-programs}; do
		make -s -j"$jobs" "$target" || {
			tail -30 make.log >&3
			return 1
		}
	done 3>&1 >make.log 2>&1
}

# results : "PASS 12" lines out of automake's .trs files on stdin
results() {
	sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' | sort | uniq -c |
		awk '{print $2, $1}'
}

# tests DIR TARGET JOBS [SECONDS] : make check-unit or check-flow, count the
# TAP lines; no test at all is a failure, and so is a make that says so.
# Flow tests run servers and real clients side by side on few cores: one that
# fails runs again alone, and that is what counts; the log says so.
tests() {
	local rc ran=0 bad=0 what n again where=tests
	cd "$tmp/$1" || { not "$1 $2: no build"; return; }
	case $2 in check-flow*) where=tests/flow ;; esac
	find tests -name '*.trs' -delete
	rm -f test-suite.log
	timeout "${4:-900}" make -s -j"$3" "$2" >"$2.log" 2>&1
	rc=$?
	if [ ! -f test-suite.log ]; then
		tail -30 "$2.log"
		not "$1 $2 did not run to its end"
		return
	fi
	grep -E '^(FAIL|ERROR|SKIP):' "$2.log"
	again=$(grep -lE '^:test-result: (FAIL|ERROR)' "$where"/*.trs \
		2>/dev/null | sed 's/\.trs$//' | while read -r t; do
		if [ -f "$top/$t.test" ]; then t=$t.test; fi
		echo "$t"
	done)
	if [ $where = tests/flow ] && [ -n "$again" ]; then
		# shellcheck disable=SC2086
		echo "again, alone:" $again
		# shellcheck disable=SC2086
		timeout "${4:-900}" make -s check "TESTS=$(echo $again)" \
			>"$2-again.log" 2>&1
		rc=$?
		grep -E '^(FAIL|ERROR|SKIP):' "$2-again.log"
	fi
	while read -r what n; do
		case $what in
		PASS)        passed=$((passed + n)) ran=$((ran + n)) ;;
		FAIL|ERROR)  failed=$((failed + n)) bad=$((bad + n))
			     notes+=("$1 $2: $n $what") ;;
		SKIP)        skipped=$((skipped + n)) ;;
		esac
	done < <(find "$where" -name '*.trs' -exec cat {} + | results)
	[ "$ran" -gt 0 ] || not "$1 $2: no test has passed"
	[ "$rc" = 0 ] || [ "$bad" -gt 0 ] || not "$1 $2: make said $rc"
}

step_gcc() {
	say "gcc: build without a warning, all tests"
	if build gcc CC=gcc CFLAGS="-O2 -g -Werror"; then
		ok "gcc builds without a warning"
		tests gcc check-unit "$jobs"
		tests gcc check-flow "$jobs" 1500
	else
		not "gcc build"
	fi
}

# clang's warnings, its thread roles, two sanitizers and the fuzzers: a build
clang_build() {
	build asan CC=clang CFLAGS="-O1 -g -Werror -Wthread-safety" \
		--enable-sanitize=address,undefined --enable-fuzz
}

step_asan() {
	say "clang without a warning; address and undefined sanitizers"
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
	export UBSAN_OPTIONS=print_stacktrace=1
	if clang_build; then
		ok "clang builds without a warning, thread roles hold"
		tests asan check-unit-san "$jobs"
		tests asan check-flow-san "$jobs" 1800
	else
		not "asan build"
	fi
}

# fuzz FUZZER : its exit status is in FUZZER.rc
fuzz() {
	runs=10000
	case $1 in
	*/fuzz_video) runs=1500 ;;   # 25 a second
	*/fuzz_rtc)   runs=2000 ;;   # 20 to 70: real handshakes
	esac
	ASAN_OPTIONS=detect_leaks=1 \
	LSAN_OPTIONS=print_suppressions=0:suppressions=$top/tests/lsan.supp \
		timeout 300 "$1" -runs=$runs -seed=1 -max_len=4096 \
		-artifact_prefix=artifacts/ >"$1.log" 2>&1
	echo $? >"$1.rc"
}

step_fuzz() {
	say "fuzzers, a bounded number of inputs"
	if ! clang_build; then
		not "fuzz build"
		return
	fi
	mkdir -p artifacts
	rm -f tests/fuzz/*.rc
	fuzzers=
	for f in tests/fuzz/fuzz_*; do
		case $f in *.*) continue ;; esac
		[ ! -x "$f" ] || fuzzers="$fuzzers $f"
	done
	[ -n "$fuzzers" ] || { not "there is no fuzzer"; return; }
	# those that take longest come last by name
	export -f fuzz
	export top
	# shellcheck disable=SC2086
	printf '%s\n' $fuzzers | tac |
		xargs -P "$jobs" -I '{}' bash -c 'fuzz "$1"' - '{}'
	for f in $fuzzers; do
		if [ "$(cat "$f.rc" 2>/dev/null)" = 0 ]; then
			ok "$f"
		else
			tail -20 "$f.log"
			not "$f"
		fi
	done
}

step_tsan() {
	say "thread sanitizer: unit tests of the mixer"
	export TSAN_OPTIONS=halt_on_error=0:exitcode=66
	if targets=mixer-programs build tsan CC=clang CFLAGS="-O1 -g" \
		--enable-sanitize=thread; then
		tests tsan check-mixer "$jobs"
	else
		not "tsan build"
	fi
}

step_dist() {
	say "make distcheck"
	cd "$tmp/gcc" 2>/dev/null || { not "distcheck: no gcc build"; return; }
	# the tests have just run: here the tarball is built and installed
	if timeout 1200 make -s -j"$jobs" distcheck \
		DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O0 \
		AM_MAKEFLAGS="-j$jobs TESTS=" >distcheck.log 2>&1; then
		ok "make distcheck"
	else
		tail -30 distcheck.log
		not "make distcheck"
	fi
}

[ $# -gt 0 ] || set -- gcc asan fuzz tsan dist
for step; do
	case $step in
	gcc|asan|fuzz|tsan|dist) ;;
	*) echo "check.sh: there is no step \"$step\", but:" \
		"gcc asan fuzz tsan dist" >&2
	   exit 2 ;;
	esac
done

# shellcheck disable=SC2086
deps_install $DEPS_BUILD $DEPS_TEST || { not "packages"; finish; exit; }
mkdir -p "$tmp"
if [ ! -x configure ] || [ configure.ac -nt configure ]; then
	autoreconf -i >"$tmp/autoreconf.log" 2>&1 || {
		cat "$tmp/autoreconf.log"
		not "autoreconf"
		finish
		exit
	}
fi

for step; do
	"step_$step"
	cd "$top" || exit 1
done
finish
