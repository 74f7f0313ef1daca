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
# Prints the path of a Python for tests of the program of internal/render/configure:
#
#     hack/configure-python.sh          # Python 3.10 or later with PyYAML: that of the machine, or an environment in bin/
#     hack/configure-python.sh 1.5.0    # an environment in bin/ with this version of the server
#
# What is installed is pinned in test/configure/requirements and test/infra/images, wheels only. Servers need Python 3.12 or later.
set -euo pipefail

# shellcheck source=hack/lib/python.sh
. "$(dirname "$0")/lib/python.sh"

REQUIREMENTS="$ROOT/test/configure/requirements"
TOOLS="$ROOT/test/configure/tools/requirements.txt"
IMAGES="$ROOT/test/infra/images/internal/servers/files"

# requirements VERSION prints the file with what a server needs. The servers of the test images have theirs there.
requirements() {
	case "$1" in
	0.7.3) echo "$IMAGES/llama-stack/requirements.txt" ;;
	1.3.1) echo "$IMAGES/ogx-1.3/requirements.txt" ;;
	1.5.0) echo "$IMAGES/ogx/requirements.txt" ;;
	*) echo "$REQUIREMENTS/$1.txt" ;;
	esac
}

# uv prints the path of the installer, in an environment of its own: it takes seconds where pip takes minutes.
uv() {
	local version folder base
	version="$(sed -n 's/^uv==//p' "$TOOLS")"
	folder="$ROOT/bin/configure-uv-$version"
	if [ ! -x "$folder/bin/uv" ]; then
		base="$(python 'sys.version_info >= (3, 10)')" || { say "error: Python 3.10 or later is needed: install python3"; return 1; }
		environment "$base" "$folder" -m pip install --quiet --disable-pip-version-check --only-binary=:all: "uv==$version"
	fi
	echo "$folder/bin/uv"
}

# plain prints a Python with PyYAML.
plain() {
	python 'sys.version_info >= (3, 10) and __import__("yaml")' && return
	local base folder="$ROOT/bin/configure-yaml"
	base="$(python 'sys.version_info >= (3, 10)')" || { say "error: Python 3.10 or later is needed: install python3"; return 1; }
	[ -x "$folder/bin/python" ] || environment "$base" "$folder" -m pip install --quiet --disable-pip-version-check \
		"$(grep -i '^pyyaml==' "$TOOLS")"
	echo "$folder/bin/python"
}

# server VERSION FILE FOLDER makes the environment of a server.
server() {
	local base installer
	installer="$(uv)"
	base="$(python 'sys.version_info >= (3, 12)')" || { say "error: Python 3.12 or later is needed for servers: install it"; return 1; }
	rm -rf "$3" "$3.tmp"
	say "installing the server $1 ..."
	"$installer" venv --quiet --python "$base" --relocatable "$3.tmp" >&2
	UV_HTTP_TIMEOUT=120 "$installer" pip install --quiet --python "$3.tmp/bin/python" --no-deps --only-binary=:all: --requirement "$2" >&2
	mv "$3.tmp" "$3"
}

if [ $# -eq 0 ]; then
	with_lock "$ROOT/bin/.configure-python.lock" plain
	exit
fi
FILE="$(requirements "$1")"
[ -f "$FILE" ] || { say "error: there are no requirements of a server $1"; exit 1; }
FOLDER="$ROOT/bin/configure-$1-$(cksum <"$FILE" | cut -d' ' -f1)"
[ -x "$FOLDER/bin/python" ] || with_lock "$ROOT/bin/.configure-python.lock" server "$1" "$FILE" "$FOLDER"
echo "$FOLDER/bin/python"
