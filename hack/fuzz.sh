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
# Runs the fuzz targets one after the other, each for FUZZ_TIME (a number of s, m or h; default 5s), and ends with the count
# that every run of tests ends with.
#
#   hack/fuzz.sh [PATTERN]     those whose "package function" matches, such as cabundle or FuzzMerge (default: all)
#
# An input that breaks a target is kept below the package's testdata/fuzz, where "go test" tries it from then on: commit it
# with the repair. Interesting inputs are kept in Go's build cache, so that a later run starts where this one ended.
set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=hack/lib/bounded.sh
. hack/lib/bounded.sh

readonly FUZZ_TIME="${FUZZ_TIME:-5s}" PATTERN="${1:-.}" OUT=bin/fuzz
export GOWORK=off CGO_ENABLED="${CGO_ENABLED:-0}"
CACHE="$(go env GOCACHE)/fuzz"
# The coverage that guides the search is counted in our own code and not, as "go test -fuzz" does, in all that it
# imports: building that takes minutes, and what others parse is theirs to fuzz.
readonly COUNTERS=-gcflags=github.com/llamastack/llama-stack-k8s-operator/...=-d=libfuzzer

# targets lists "package function" of every fuzz target.
targets() {
	grep -rE --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' internal |
		sed -E 's|^(.*)/[^/]*:func (.*)$|\1 \2|' | sort | grep -E -- "$PATTERN"
}

# binary PACKAGE builds the package's tests and prints the program.
binary() {
	local program="$PWD/$OUT/${1//\//-}.test"
	go test -c "$COUNTERS" -o "$program" "./$1"
	echo "$program"
}

mkdir -p "$OUT"
passed=0 failed=0
while read -r package target; do
	program="$(binary "$package")"
	echo "=== $package $target"
	# An interrupt ends it, and not -test.fuzztime, at whose end a run now and then fails for nothing: "context deadline
	# exceeded" (golang/go#75804, fixed in Go 1.27). Minimizing an input takes up to a minute by default, in which
	# nothing else is tried.
	if (cd "$package" && bounded INT "$FUZZ_TIME" "$program" -test.run '^$' -test.fuzz "^$target\$" -test.fuzzminimizetime 2s \
		-test.fuzzcachedir "$CACHE/$package"); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done < <(targets)
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
