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
# Runs the tests of every module and prints one line a package, what failed, and a closing count.
# The API-server suites get their control plane from hack/controlplane.sh, which builds it where there is none.
#
#     hack/test.sh         # what a contributor runs at every change: all specs but those that are labelled "exhaustive"
#     hack/test.sh full    # the rest: the exhaustive specs, and the suite of the whole operator as on OpenShift
#
# TEST_PKGS     packages of the main module (default ./...); with any other, "go test" runs all specs of these packages
# TEST_ARGS     further arguments of "go test"; the suite of the whole operator does not get them, unless TEST_PKGS names it
# TEST_PROCS    processes of the suite of the whole operator (default two for each core: they wait for most of their time)
# TEST_MODULES  folders of the other modules
# ALLOW_SKIPPED true: specs that do not run are no failure; for -ginkgo.focus and the like
set -euo pipefail

cd "$(dirname "$0")/.."

PART="${1:-quick}"
PACKAGES="${TEST_PKGS:-./...}"
PROCS="${TEST_PROCS:-$((2 * $(getconf _NPROCESSORS_ONLN)))}"
SUMMARY=bin/testsummary
MODULE="$(awk '$1 == "module" {print $2}' go.mod)"
# The suite whose specs wait: it runs over several processes, each with a control plane and an operator of its own.
OPERATOR=test/operator
# The suite that measures whether a worker is blocked: it needs its share of the machine.
TENANTS=test/operator/tenants
# What test/infra/harness/labels.go calls it.
LABEL=exhaustive

KUBEBUILDER_ASSETS="$(hack/controlplane.sh)"
export KUBEBUILDER_ASSETS GOWORK=off
# How long specs wait that do not say so: the machine is busy with other suites meanwhile.
export GOMEGA_DEFAULT_EVENTUALLY_TIMEOUT=1m
# And how long a control plane may take to start and to stop, which is 20 s otherwise.
export KUBEBUILDER_CONTROLPLANE_START_TIMEOUT=2m KUBEBUILDER_CONTROLPLANE_STOP_TIMEOUT=1m
# Without cgo the tests need no C compiler, and run as the static binary does.
export CGO_ENABLED="${CGO_ENABLED:-0}"
EVENTS="$(mktemp -d)"
trap 'rm -rf "$EVENTS"' EXIT

# gotest ARGUMENTS... lets one module's tests run; $TEST_ARGS is a list of words.
gotest() {
	# shellcheck disable=SC2086
	go test -json -timeout 30m ${TEST_ARGS:-} "$@"
}

# operator FILTER ARGUMENTS... runs the specs of the whole operator that a label filter chooses.
operator() {
	local filter="$1"
	shift
	go tool test2json -p "$MODULE/$OPERATOR${*:+ $*}" -t \
		go tool ginkgo run --procs="$PROCS" --label-filter="$filter" --timeout=30m --poll-progress-after=5m "./$OPERATOR" -- "$@"
}

# suites prints the folders of the suites with exhaustive specs.
suites() { grep -rlF --include='*_test.go' harness.Exhaustive test | xargs -n 1 dirname | sort -u; }

# others prints the folders of suites with exhaustive specs that "go test" runs, and that do not measure.
others() { suites | grep -vxE "$OPERATOR|$TENANTS" | sed 's|^|./|'; }

# specs SUITE FILTER prints how many specs a label filter chooses, of the suite that is compiled as $EVENTS/suite.
specs() {
	(cd "$1" && "$EVENTS/suite" -ginkgo.dry-run -ginkgo.no-color -ginkgo.label-filter="$2") |
		sed -n -E 's/^Ran ([0-9]+) of [0-9]+ Specs .*/\1/p'
}

# complete fails unless both parts together run every spec of every suite, and each of them some.
complete() {
	local suite all quick rest
	for suite in $(suites); do
		go test -c -o "$EVENTS/suite" "./$suite"
		all="$(specs "$suite" '')" quick="$(specs "$suite" "!$LABEL")" rest="$(specs "$suite" "$LABEL")"
		echo "$suite: $all specs; make test runs $quick, make test-full runs $rest"
		if [ "$((quick + rest))" != "$all" ] || [ "$rest" = 0 ]; then
			echo "error: $suite: make test and make test-full together do not run every spec once; see the label filters of hack/test.sh"
			return 1
		fi
	done
}

# both WAITING COMPUTING runs two of the functions below side by side, which print test events. What computes gets out of the
# way of what waits, because specs expect an answer of the operator within a second.
both() {
	local status=0
	"$1" >"$EVENTS/waiting" &
	(renice -n 10 -p "$BASHPID" >/dev/null && "$2") || status=1
	wait $! || status=1
	cat "$EVENTS/waiting"
	return "$status"
}

quick_waiting() { operator "!$LABEL"; }

quick_computing() {
	local module status=0
	# shellcheck disable=SC2046
	gotest -coverprofile=cover.out $(go list ./... | grep -vxF "$(suites | sed "s|^|$MODULE/|")") || status=1
	# shellcheck disable=SC2046
	gotest $(others) -ginkgo.label-filter="!$LABEL" || status=1
	for module in ${TEST_MODULES:-}; do
		(cd "$module" && gotest ./...) || status=1
	done
	return "$status"
}

full_waiting() {
	local status=0
	gotest "./$TENANTS" || status=1
	operator "$LABEL" || status=1
	operator "" -openshift || status=1
	return "$status"
}

# Memory for CPU time: with Go's default a quarter of the time of these suites collects garbage.
# shellcheck disable=SC2046
full_computing() { GOGC=400 gotest $(others) -ginkgo.label-filter="$LABEL"; }

# chosen runs all specs of the packages that the caller names.
# shellcheck disable=SC2086
chosen() { gotest -coverprofile=cover.out $PACKAGES; }

go build -o "$SUMMARY" ./hack/cmd/testsummary
allowed=()
[ "${ALLOW_SKIPPED:-}" != true ] || allowed=(-allow-skipped)
case "$PART" in
quick) if [ "$PACKAGES" = ./... ]; then run=(both quick_waiting quick_computing); else run=(chosen); fi ;;
full) complete; run=(both full_waiting full_computing) ;;
*) echo "usage: hack/test.sh [full]" >&2; exit 2 ;;
esac
"${run[@]}" | "$SUMMARY" "${allowed[@]+"${allowed[@]}"}"
