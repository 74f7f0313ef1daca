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
# Runs all scorecard tests of bundle/ on a cluster: brings up or uses a cluster, deploys the operator on it, and lets
# operator-sdk run each test in a Pod.
#
#   test/scorecard/run.sh [argument of the test binary...]
#
# hack/demo/lib.sh says how to use a cluster of your own; one that images cannot be handed to pulls the tests' images
# where bundle/tests/scorecard/config.yaml says. A stand-in serves for the distributions that the examples name, except
# where the image of a real server is in bin/images (make image-servers, or make test-e2e).
set -euo pipefail

# shellcheck source=hack/demo/lib.sh
. "$(dirname "$0")/../../hack/demo/lib.sh"

# Longer than all tests may take together.
readonly TIMEOUT=40m
readonly CONFIG=bundle/tests/scorecard/config.yaml
readonly SYSTEM=llama-stack-k8s-operator-system
readonly SETTINGS=llama-stack-operator-config KEY=image-overrides
# What unpacks the bundle in the Pods. The published one is named by digest, which an archive cannot have.
UNTAR_IMG="${UNTAR_IMG:-localhost/scorecard-untar:dev}"
export UNTAR_IMG

# image_of TEST prints the image that the bundle's configuration names for a test.
image_of() { grep -A1 -e "- $1\$" "$CONFIG" | sed -n 's/ *image: //p'; }

# provide_tests makes the images of the tests, called as the bundle calls them.
provide_tests() {
	OPERATOR_SDK="$(hack/tool.sh operator-sdk)"
	export OPERATOR_SDK
	imports || return 0
	quiet make --no-print-directory bin/scorecard-tests
	quiet bin/images-tool scorecard --out "$ARCHIVES" --ref "$(image_of fields-have-descriptors)"
	quiet bin/images-tool scorecard-test --out "$ARCHIVES" --ref "$(image_of basic-check-spec)" --binary "$(hack/scorecard-test.sh)"
	quiet bin/images-tool scorecard-untar --out "$ARCHIVES" --ref "$UNTAR_IMG" --busybox "$(hack/busybox.sh)"
}

# overrides prints which images take the place of the distributions'.
overrides() {
	local name image
	while read -r name image; do
		[ "$image" = "$LLAMA_STACK_IMG" ] && [ "$REAL" = yes ] || echo "$name: $STAND_IN_IMG"
	done < <(sed -n -E 's/^ *"([^"]+)": "([^"]+)",?$/\1 \2/p' internal/distribution/distributions.json)
}

# inference runs a stand-in for the backend that the examples name.
inference() {
	sed -e "s|llama-stack-demo|vllm|; s|^  name: inference|  name: vllm|; s|STAND_IN_IMG|$STAND_IN_IMG|" hack/demo/inference.yaml |
		quiet kubectl apply -f -
	quiet kubectl -n vllm rollout status deployment/vllm --timeout=3m
}

# override TEXT puts images in the place of the distributions', as the operator's ConfigMap has it; none without a TEXT.
override() {
	{
		echo "data:"
		if [ -z "$1" ]; then echo "  $KEY: null"; else printf '  %s: |\n    %s\n' "$KEY" "${1//$'\n'/$'\n'    }"; fi
	} | quiet kubectl -n "$SYSTEM" patch configmap "$SETTINGS" --type merge --patch-file /dev/stdin
}

# prepare gives the cluster what the examples take for granted, and undo takes it away.
prepare() {
	inference
	BEFORE="$(kubectl -n "$SYSTEM" get configmap "$SETTINGS" -o jsonpath="{.data.$KEY}")"
	PREPARED=yes
	override "$(overrides)"
}
undo() {
	[ "$PREPARED" = no ] || override "$BEFORE" || true
	quiet kubectl delete namespace vllm --ignore-not-found --timeout=2m || true
}

log="$(mktemp)"
PREPARED=no
trap '[ -z "$STEP" ] || say "failed: $STEP"; rm -f "$log"' EXIT
use_cluster
step "building the operator and the stand-ins" provide_binaries
step "building the tests, and operator-sdk" provide_tests
REAL=no
images=(operator stand-in scorecard scorecard-test scorecard-untar)
if imports && [ -e "$ARCHIVES/llama-stack.tar" ]; then
	REAL=yes
	images+=(llama-stack)
fi
load "${images[@]}"
step "deploying the operator $IMG" deploy_operator
trap '[ -z "$STEP" ] || say "failed: $STEP"; rm -f "$log"; undo' EXIT
step "preparing what the examples take for granted" prepare

status=0
(cd test/scorecard && GOWORK=off CGO_ENABLED="${CGO_ENABLED:-0}" OPERATOR_SDK="$OPERATOR_SDK" \
	go test -tags scorecard -count=1 -timeout "$TIMEOUT" -v ./suite -ginkgo.v -ginkgo.no-color "$@") | tee "$log" || status=$?
# The count that every run of tests ends with.
sed -n -E 's/.* -- ([0-9]+) Passed \| ([0-9]+) Failed .*/\1 passed, \2 failed/p' "$log"
exit "$status"
