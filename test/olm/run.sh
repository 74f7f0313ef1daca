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

# Runs the tests through OLM, on a node of their own: they delete the operator, its definition and every server.
#
#   test/olm/run.sh [argument of the test binary...]     such as -ginkgo.focus=operator-sdk
#
#   KEEP=true    leaves the node running, for inspection and for the next run
#   OLMV1=true   runs the specs with OLM v1, whose programs take minutes to build, instead of all others
set -euo pipefail

# A cluster that the user has is none of these tests' business.
unset KUBECONFIG
export CLUSTER_NAME="${CLUSTER_NAME:-llama-olm}" CLUSTER_STATE="${CLUSTER_STATE:-/tmp/llama-stack-olm}"
export CLUSTER_SUBNET="${CLUSTER_SUBNET:-10.249.0.0/24}"
# What the Dockerfile starts from is made here.
export BASES="${BASES:-local}"

# shellcheck source=hack/demo/lib.sh
. "$(dirname "$0")/../../hack/demo/lib.sh"
# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/../../hack/lib/build.sh"
# A release dry run may build at the same time, from bases of the same names.
STORAGE="$ROOT/bin/buildah-olm"
# shellcheck source=hack/lib/buildah.sh
. "$(dirname "$0")/../../hack/lib/buildah.sh"

readonly OLMV1="${OLMV1:-false}"
LABELS='!v1'
[ "$OLMV1" = false ] || LABELS=v1
readonly LABELS

# Longer than the specs may take together.
readonly TIMEOUT=60m

# next_operator builds the operator of a later release: from base manifests with another annotation on every
# Deployment, and with another default of it outside the Pod's template.
next_operator() {
	local base=internal/render/base/deployment.yaml folder
	folder="$(mktemp -d)"
	awk '
		/^spec:/ && !done { print "  annotations:\n    example.com/next-release: \"true\"\nspec:\n  minReadySeconds: 1"; done = 1; next }
		{ print }
	' "$base" > "$folder/deployment.yaml"
	printf '{"Replace": {"%s": "%s"}}\n' "$PWD/$base" "$folder/deployment.yaml" > "$folder/overlay.json"
	CGO_ENABLED=0 GOWORK=off go build -buildvcs=false -overlay "$folder/overlay.json" -ldflags "-s -w" -o bin/manager-next .
	rm -rf "$folder"
}

# provide_programs builds everything that the images are made of, and the tools.
provide_programs() {
	quiet make --no-print-directory build bin/stand-in
	next_operator
	OPM="$(hack/tool.sh opm)"
	OPERATOR_SDK="$(hack/tool.sh operator-sdk)"
	OPM_VERSION="${OPM##*/opm-}"
	hack/catalog-tool.sh bin/catalog-tool
	export OPM OPERATOR_SDK OPM_VERSION
	make --no-print-directory image-olm image-opm >/dev/null
	[ "$OLMV1" = false ] || OPERATOR_CONTROLLER="$(hack/operator-controller.sh)"
	export OPERATOR_CONTROLLER="${OPERATOR_CONTROLLER:-}"
}

# released_operator makes the archive of the operator's image as a release makes it: from its Dockerfile.
released_operator() {
	local archive="$ARCHIVES/operator-first.tar" arguments
	export PLATFORMS
	PLATFORMS="linux/$(go env GOARCH)"
	provide_buildah
	make_bases
	mapfile -t arguments < <(substitutes Dockerfile "$PLATFORMS")
	images build -q --tag registry.test/operator:first --build-arg VERSION="$(sed -n 's/^VERSION ?= //p' versions.mk)" "${arguments[@]}" .
	rm -f "$archive"
	images push -q --format v2s2 registry.test/operator:first "docker-archive:$archive"
}

# provide_images puts the images that the releases are made of into the node's registry.
provide_images() {
	local name
	quiet released_operator
	quiet bin/images-tool operator --out "$ARCHIVES" --name operator-next --ref registry.test/operator:next --binary bin/manager-next
	for name in first next; do
		quiet bin/images-tool stand-in --out "$ARCHIVES" --name "stand-in-$name" --ref "registry.test/server:$name"
		quiet cluster push "$ARCHIVES/operator-$name.tar" "$ARCHIVES/stand-in-$name.tar"
	done
}

finish() {
	[ -z "$STEP" ] || say "failed: $STEP"
	[ "$STARTED" = no ] || [ "${KEEP:-}" = true ] || cluster down
}

step "building the operator, its next release, OLM and the tools" provide_programs
use_cluster
trap finish EXIT
step "installing OLM" cluster olm "$ARCHIVES/olm.tar" "$ARCHIVES/opm.tar"
step "providing the images" provide_images

log="$(mktemp)"
status=0
GOWORK=off CGO_ENABLED="${CGO_ENABLED:-0}" go test -tags olm -count=1 -timeout "$TIMEOUT" -v ./test/olm -ginkgo.v -ginkgo.no-color -ginkgo.label-filter="$LABELS" "$@" | tee "$log" || status=$?
# The count that every run of tests ends with.
sed -n -E 's/.* -- ([0-9]+) Passed \| ([0-9]+) Failed .*/\1 passed, \2 failed/p' "$log"
rm -f "$log"
exit "$status"
