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

# Builds the programs of the Operator Lifecycle Manager from the version that tools/olm/go.mod pins, and prints the
# folder that holds them, bin/olm-<version>. They are what its image is made of (make image-olm).
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

MODULE=github.com/operator-framework/operator-lifecycle-manager
VERSION="$(pinned tools/olm "$MODULE")"
FOLDER="$ROOT/bin/olm-$VERSION"

# provide builds the largest program last: what the others share is built by then.
provide() {
	local name path hint
	export CGO_ENABLED=0
	while read -r name path hint; do
		build "$FOLDER/$name" "$VERSION" "$hint" tools/olm "$MODULE/$path" \
			-ldflags "-s -w -X $MODULE/pkg/version.OLMVersion=$VERSION"
	done <<-LIST
		copy-content cmd/copy-content 2 s
		cpb util/cpb 10 s
		package-server cmd/package-server 90 s
		catalog cmd/catalog 60 s
		olm cmd/olm 20 s
	LIST
	touch "$FOLDER/.complete"
}

[ -e "$FOLDER/.complete" ] || with_lock "$ROOT/bin/.olm-tools.lock" provide
echo "$FOLDER"
