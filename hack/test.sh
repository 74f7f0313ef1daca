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
# Runs the tests of every module with "go test" and prints one line a package, what failed, and a closing count.
# The API-server suites get their control plane from hack/controlplane.sh, which builds it where there is none.
#
# TEST_PKGS     packages of the main module (default ./...); other than the default leaves out the other modules
# TEST_ARGS     further arguments of "go test"
# TEST_MODULES  folders of the other modules
# ALLOW_SKIPPED true: specs that do not run are no failure; for -ginkgo.focus and the like
set -euo pipefail

cd "$(dirname "$0")/.."

PACKAGES="${TEST_PKGS:-./...}"
SUMMARY=bin/testsummary

KUBEBUILDER_ASSETS="$(hack/controlplane.sh)"
export KUBEBUILDER_ASSETS GOWORK=off
# Without cgo the tests need no C compiler, and run as the static binary does.
export CGO_ENABLED="${CGO_ENABLED:-0}"

# gotest ARGUMENTS... lets one module's tests run; $TEST_ARGS is a list of words.
gotest() {
	# shellcheck disable=SC2086
	go test -json -timeout 30m ${TEST_ARGS:-} "$@"
}

# all prints the test events of every module, and fails when one failed.
all() {
	local module status=0
	# shellcheck disable=SC2086
	gotest -coverprofile=cover.out $PACKAGES || status=1
	[ "$PACKAGES" = ./... ] || return "$status"
	# Once more as on OpenShift: with its API groups, and admission that checks who may set owner references.
	gotest ./test/operator -args -openshift || status=1
	for module in ${TEST_MODULES:-}; do
		(cd "$module" && gotest ./...) || status=1
	done
	return "$status"
}

go build -o "$SUMMARY" ./hack/cmd/testsummary
allowed=()
[ "${ALLOW_SKIPPED:-}" != true ] || allowed=(-allow-skipped)
all | "$SUMMARY" "${allowed[@]+"${allowed[@]}"}"
