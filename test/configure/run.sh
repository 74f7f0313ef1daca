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
# Runs the tests of test/configure/servers with the packages of each version in CONFIGURE_VERSIONS, as many side by side as there
# are processors. Environments are kept in bin/, one for each version. The last line counts the tests of all.
set -euo pipefail

cd "$(dirname "$0")/../.."

LOGS="$(mktemp -d)"
trap 'rm -rf "$LOGS"' EXIT

# check VERSION runs the tests with one server.
check() {
	local python
	if python="$(hack/configure-python.sh "$1")"; then
		"$python" -B -m unittest discover --start-directory test/configure/servers && return
	fi
	return 1
}

# report VERSION prints what a version's tests say, a line where all passed.
report() {
	local ran
	ran="$(sed -n -E 's/^Ran ([0-9]+) tests? in .*/\1/p' "$LOGS/$1")"
	if [ -e "$LOGS/$1.passed" ] && [ "${ran:-0}" -gt 0 ]; then
		passed=$((passed + ran))
		echo "server $1: $ran tests passed"
	else
		failed=$((failed + 1))
		cat "$LOGS/$1"
		echo "error: the tests with the server $1 failed"
	fi
}

read -ra VERSIONS <<<"$CONFIGURE_VERSIONS"
passed=0 failed=0
running=0
for version in "${VERSIONS[@]}"; do
	if [ "$running" -ge "$(getconf _NPROCESSORS_ONLN)" ]; then
		wait -n || true
		running=$((running - 1))
	fi
	(check "$version" >"$LOGS/$version" 2>&1 && touch "$LOGS/$version.passed") &
	running=$((running + 1))
done
wait
for version in "${VERSIONS[@]}"; do report "$version"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
