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

# Builds the programs of OLM v1 from the version that tools/operator-controller/go.mod pins, and prints the folder that
# holds them and the definitions of their kinds, bin/operator-controller-<version>.
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

MODULE=github.com/operator-framework/operator-controller
VERSION="$(pinned tools/operator-controller "$MODULE")"
FOLDER="$ROOT/bin/operator-controller-$VERSION"
# The parts of the libraries that need C are left out.
readonly TAGS=containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper

provide() {
	local name source
	export CGO_ENABLED=0
	for name in catalogd operator-controller; do
		build "$FOLDER/$name" "$VERSION" "3 min" tools/operator-controller "$MODULE/cmd/$name" -tags "$TAGS" \
			-ldflags "-s -w -X $MODULE/internal/shared/version.gitVersion=$VERSION"
	done
	source="$(cd "$ROOT/tools/operator-controller" && GOWORK=off go list -m -f '{{.Dir}}' "$MODULE")"
	mkdir -p "$FOLDER/crds"
	install -m 0644 "$source"/config/base/*/crd/bases/*.yaml "$FOLDER/crds"
	touch "$FOLDER/.complete"
}

[ -e "$FOLDER/.complete" ] || with_lock "$ROOT/bin/.operator-controller.lock" provide
echo "$FOLDER"
