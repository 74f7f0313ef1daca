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

# Building pinned programs into bin/. To be sourced; every tools/<name>/go.mod pins the versions.
# Progress goes to stderr, so that a caller may print a result on stdout.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

# say prints progress.
say() { echo "$*" >&2; }

# pinned TOOL MODULE prints the version of MODULE that tools/TOOL/go.mod requires.
pinned() {
	local version
	version="$(awk -v m="$2" '$1 == m && $2 ~ /^v/ {print $2; exit} $1 == "require" && $2 == m {print $3; exit}' "$ROOT/tools/$1/go.mod")"
	[ -n "$version" ] || { say "error: tools/$1/go.mod requires no version of $2"; return 1; }
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

# build OUT VERSION HINT TOOL PACKAGE [go build arguments...] builds PACKAGE of the module tools/TOOL into
# OUT unless OUT exists. HINT says how long the first time takes. A build that ends early leaves no OUT.
build() {
	local out="$1" version="$2" hint="$3" tool="$4" package="$5" name started
	shift 5
	name="$(basename "$out")"
	[ ! -x "$out" ] || return 0
	command -v go >/dev/null || { say "error: Go is needed to build $name, and is not on PATH ($PATH)"; return 1; }
	say "building $name $version (about $hint the first time) ..."
	started=$SECONDS
	mkdir -p "$(dirname "$out")"
	if ! (cd "$ROOT/tools/$tool" && GOWORK=off go build -mod=readonly -trimpath -buildvcs=false "$@" -o "$out.tmp.$$" "$package") >&2; then
		rm -f "$out.tmp.$$"
		say "error: failed to build $name $version from tools/$tool"
		return 1
	fi
	mv -f "$out.tmp.$$" "$out"
	say "built $name in $((SECONDS - started)) s"
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
