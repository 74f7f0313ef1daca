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

# Environments of Python in bin/, of what requirements pin. To be sourced.

# shellcheck source=hack/lib/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

# python CODE prints the first Python of the machine for which CODE is true.
python() {
	local candidate
	for candidate in python3 python3.14 python3.13 python3.12 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python /usr/bin/python3; do
		if "$candidate" -c "import sys; sys.exit(not ($1))" 2>/dev/null; then
			"$candidate" -c "import sys; print(sys.executable)"
			return
		fi
	done
	return 1
}

# environment PYTHON FOLDER ARGUMENTS... makes FOLDER by one command of its Python; it appears when it is complete.
environment() {
	local base="$1" folder="$2"
	shift 2
	rm -rf "$folder"
	# pip tries again, but takes a server for gone that says nothing for 15 s.
	if ! { "$base" -m venv "$folder" && PIP_DEFAULT_TIMEOUT=60 "$folder/bin/python" "$@"; } >&2; then
		rm -rf "$folder"
		return 1
	fi
}

# pinned_environment NAME REQUIREMENTS VERSION prints the folder of an environment with what a file of requirements pins, by hashes
# and as wheels. It is made when it is not there, with a Python of VERSION, such as 3.11, or later.
pinned_environment() {
	local folder
	folder="$ROOT/bin/$1-$(cksum <"$2" | cut -d' ' -f1)"
	[ -x "$folder/bin/python" ] || with_lock "$ROOT/bin/.$1.lock" install_pinned "$folder" "$2" "$3" || return 1
	echo "$folder"
}

# install_pinned FOLDER REQUIREMENTS VERSION makes the environment, unless another process has just done so.
install_pinned() {
	local base
	[ ! -x "$1/bin/python" ] || return 0
	base="$(python "sys.version_info >= (${3//./, })")" || { say "error: Python $3 or later is needed: install python3 and python3-venv"; return 1; }
	say "installing what ${2#"$ROOT/"} pins ..."
	environment "$base" "$1" -m pip install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes --requirement "$2"
}
