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
# Fails when "make generate" changes a file or writes a new one: a generated file is not up to date.
# Changes that are there before do not matter, so this works on an unfinished tree too. What it wrote stays.
set -euo pipefail

cd "$(dirname "$0")/.."

# state prints a checksum of every file that differs from the commit, untracked ones included.
state() {
	git ls-files --modified --others --exclude-standard -z | sort -zu | while IFS= read -r -d '' file; do
		if [ -f "$file" ]; then cksum "$file"; else echo "deleted $file"; fi
	done
}

before="$(state)"
make --no-print-directory generate
after="$(state)"
if [ "$before" != "$after" ]; then
	echo "error: these generated files were not up to date; they are now, commit them:" >&2
	diff <(echo "$before") <(echo "$after") | sed -n 's/^[<>] \([0-9]* [0-9]* \)\{0,1\}/  /p' | sort -u >&2
	exit 1
fi
