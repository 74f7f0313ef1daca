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

# Verifies what hack/release-dry-run.sh made, which runs it: builds the operator again from the same commit in another folder, and runs the
# specs beside it.
#
# DIST, CLONE, WORK, STATUS_BEFORE  set by hack/release-dry-run.sh
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/../../hack/lib/build.sh"
# shellcheck source=hack/lib/buildah.sh
. "$(dirname "$0")/../../hack/lib/buildah.sh"
cd "$ROOT"
: "${VERSION:?}" "${DIST:?}" "${CLONE:?}" "${WORK:?}"
AGAIN="$WORK/again/in/another/folder"

# again builds the program with the Go of this machine, and the image from its Dockerfile.
again() {
	mkdir -p "$(dirname "$AGAIN")"
	(umask 022 && git clone --quiet "$CLONE" "$AGAIN")
	COMMIT="$(git -C "$AGAIN" rev-parse HEAD)"
	(cd "$AGAIN" && hack/release-binary.sh "$WORK/manager" .)
	MANAGER_SHA256="$(sha256sum <"$WORK/manager" | cut -d' ' -f1)"
	build_image localhost/again Dockerfile "$AGAIN" --build-arg VERSION="$VERSION" --label org.opencontainers.image.revision="$COMMIT"
	AGAIN_DIGEST="$(push_image localhost/again "$REGISTRY/again:v$VERSION")"
	export COMMIT MANAGER_SHA256 AGAIN_DIGEST
}

again
STATUS_AFTER="$(git status --porcelain) $(git rev-parse HEAD)"
TOOL="$(hack/release-tool.sh)"
export STATUS_AFTER TOOL
log="$(mktemp)"
status=0
# CI gives all of this only the processor time that its other steps leave.
GOWORK=off CGO_ENABLED=0 go test -tags release -count=1 -timeout 60m -v ./test/release -ginkgo.v -ginkgo.no-color "$@" | tee "$log" || status=$?
# The count that every run of tests ends with.
sed -n -E 's/.* -- ([0-9]+) Passed \| ([0-9]+) Failed .*/\1 passed, \2 failed/p' "$log"
rm -f "$log"
exit "$status"
