# Copyright 2026 The llama-stack-k8s-operator Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
# shellcheck shell=bash

# Building pinned programs into bin/. To be sourced. The go.mod of each module in tools/ pins the versions.
# Progress goes to stderr, so that a caller may print a result on stdout.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

# say prints progress.
say() { echo "$*" >&2; }

# pinned FOLDER MODULE prints the version of MODULE that FOLDER/go.mod requires.
pinned() {
	local version file="$ROOT/$1/go.mod"
	version="$(awk -v m="$2" '$1 == m && $2 ~ /^v/ {print $2; exit} $1 == "require" && $2 == m {print $3; exit}' "$file")"
	[ -n "$version" ] || { say "error: $file requires no version of $2"; return 1; }
	echo "$version"
}

# with_lock FILE COMMAND... runs COMMAND while no other process holds FILE, where flock exists;
# elsewhere two builds at once merely do the same work twice, since each result is renamed into place.
with_lock() {
	local file="$1"
	shift
	mkdir -p "$(dirname "$file")"
	if ! command -v flock >/dev/null; then
		"$@"
		return
	fi
	exec 9>"$file"
	flock -n 9 || { say "waiting for another build that holds $file ..."; flock 9; }
	"$@" 9>&-
	exec 9>&-
}

# apt ARGUMENTS... runs apt-get, again and again while another process holds a lock that it needs, for five minutes at most: apt-get
# itself waits for none, and two steps of CI may install something at the same time. What it prints is shown only when it fails.
apt() {
	local log status=0 until=$((SECONDS + 300))
	log="$(mktemp)"
	while ! DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y "$@" >"$log" 2>&1; do
		if ! grep -q 'Could not get lock' "$log" || [ "$SECONDS" -ge "$until" ]; then
			tail -n 20 "$log" >&2
			status=1
			break
		fi
		sleep 1
	done
	rm -f "$log"
	return "$status"
}

# install_package NAME installs a package of Debian or Ubuntu, as root.
install_package() {
	say "installing the package $1 ..."
	# The package lists are missing or old on a new machine.
	apt install --no-install-recommends "$1" 2>/dev/null || { apt update && apt install --no-install-recommends "$1"; }
}

# memory_limit prints how many MiB of memory each compiler may use: a share of what is free, at most 2048; nothing where that is unknown.
memory_limit() {
	local free
	free="$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo 2>/dev/null || true)"
	[ -n "$free" ] || return 0
	free=$((free / ($(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)))
	echo $((free < 2048 ? free : 2048))
}

# compile FOLDER ARGUMENTS... runs "go build" with ARGUMENTS in FOLDER, a module. Every 20 s it reports how many packages are
# compiled; what Go prints is shown only when the build fails. The compiler collects garbage only when it needs the memory: that
# saves a third of its time. -trimpath is not used: with the flags of "go test", builds and tests compile what they share once.
# After a download that failed, which Go itself does not try again, it starts again twice: what was downloaded and compiled stays.
compile() {
	local log try status=0
	log="$(mktemp)"
	for try in 1 2 3; do
		status=0
		compile_once "$log" "$@" || status=$?
		if [ "$status" = 0 ] || [ "$try" = 3 ] || ! grep -qE "$NO_DOWNLOAD" "$log"; then break; fi
		say "  ... a download failed; trying again"
		sleep 5
	done
	[ "$status" = 0 ] || grep -vE '^go: downloading|^[a-z0-9._/-]+$' "$log" | tail -n 40 >&2 || true
	rm -f "$log"
	return "$status"
}

# What Go prints of a server that does not answer, or not now.
NO_DOWNLOAD='dial tcp|i/o timeout|connection reset|TLS handshake timeout|": unexpected EOF|: (429|50[0234]) '

# compile_once LOG FOLDER ARGUMENTS... runs "go build" once.
compile_once() {
	local log="$1" folder="$2" pid status=0 limit report=$((SECONDS + 20))
	shift 2
	limit="$(memory_limit)"
	(
		cd "$ROOT/$folder" || exit
		if [ -n "$limit" ] && [ "$limit" -ge 512 ]; then export GOGC=off GOMEMLIMIT="${limit}MiB"; fi
		GOWORK=off exec go build -v -mod=readonly -buildvcs=false "$@" >"$log" 2>&1
	) &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		if [ "$SECONDS" -ge "$report" ]; then
			say "  ... $(grep -vc '^go: ' "$log") packages compiled so far"
			report=$((SECONDS + 20))
		fi
		sleep 0.2
	done
	wait "$pid" || status=$?
	return "$status"
}

# build OUT VERSION HINT FOLDER PACKAGE [go build arguments...] builds PACKAGE with the module in FOLDER into
# OUT unless OUT exists. HINT says how long the first time takes. A build that ends early leaves no OUT.
build() {
	local out="$1" version="$2" hint="$3" folder="$4" package="$5" name started
	shift 5
	name="$(basename "$out")"
	[ ! -x "$out" ] || return 0
	command -v go >/dev/null || { say "error: Go is needed to build $name, and is not on PATH ($PATH)"; return 1; }
	say "building $name $version (about $hint the first time) ..."
	started=$SECONDS
	mkdir -p "$(dirname "$out")"
	if ! compile "$folder" "$@" -o "$out.tmp.$$" "$package"; then
		rm -f "$out.tmp.$$"
		say "error: failed to build $name $version from $folder"
		return 1
	fi
	mv -f "$out.tmp.$$" "$out"
	say "built $name in $((SECONDS - started)) s"
}

# build_programs OUT FOLDER ARGUMENTS... builds the packages among the arguments of "go build", with the module in FOLDER, into the
# folder OUT. One command compiles what they share once, and links them side by side.
build_programs() {
	local out="$1" folder="$2" work started=$SECONDS names
	shift 2
	command -v go >/dev/null || { say "error: Go is needed to build the programs of $folder, and is not on PATH ($PATH)"; return 1; }
	mkdir -p "$out"
	work="$(mktemp -d "$out.tmp.XXXXXX")"
	if ! CGO_ENABLED=0 compile "$folder" -o "$work/" "$@"; then
		rm -rf "$work"
		say "error: failed to build the programs of $folder"
		return 1
	fi
	names="$(cd "$work" && echo *)"
	mv -f "$work"/* "$out"
	rmdir "$work"
	say "built $names in $((SECONDS - started)) s"
}

# kubernetes_ldflags VERSION prints the linker flags that make a Kubernetes program report VERSION:
# without them it says v0.0.0-master, and whatever checks a minimum version refuses it.
kubernetes_ldflags() {
	local version="$1" major minor package
	major="$(echo "${version#v}" | cut -d. -f1)"
	minor="$(echo "${version#v}" | cut -d. -f2)"
	printf -- '-s -w'
	for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		printf -- ' -X %s.gitVersion=%s -X %s.gitMajor=%s -X %s.gitMinor=%s -X %s.gitTreeState=clean' \
			"$package" "$version" "$package" "$major" "$package" "$minor" "$package"
	done
}
