#!/usr/bin/env bash
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

# Prints the path of a static busybox, bin/busybox-static: the few commands that OLM runs in its images. It is this
# system's own where that one is static, and otherwise comes from the package busybox-static of Debian or Ubuntu.
# BUSYBOX names another one.
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

OUT="$ROOT/bin/busybox-static"

# static reports whether the program needs no libraries.
static() { ldd "$1" 2>&1 | grep -Eq 'not a (valid )?dynamic|statically linked'; }

# download prints the path of the busybox of the package, unpacked into the folder $1.
download() {
	(cd "$1" && apt download busybox-static && dpkg-deb -x busybox-static_*.deb .) >&2 || return
	find "$1" -path '*bin/busybox' -type f
}

provide() {
	local found work
	found="${BUSYBOX:-$(type -P busybox || true)}"
	work="$(mktemp -d "$ROOT/bin/.busybox-XXXXXX")"
	if [ -z "$found" ] || ! static "$found"; then
		if ! command -v apt-get >/dev/null; then
			say "error: a static busybox is needed; set BUSYBOX to one (Debian, Ubuntu: the package busybox-static)"
			return 1
		fi
		say "downloading the package busybox-static ..."
		found="$(download "$work" || { apt update && download "$work"; })"
	fi
	install -m 755 "$found" "$work/busybox"
	mv -f "$work/busybox" "$OUT"
	rm -rf "$work"
}

[ -x "$OUT" ] || with_lock "$ROOT/bin/.busybox.lock" provide
echo "$OUT"
