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

# Prints the path of a developer's tool, built from the version that tools/<name>/go.mod pins when it is not there:
#
#     hack/tool.sh kustomize        # <root>/bin/kustomize-v5.8.2
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

TOOL="${1:?usage: hack/tool.sh NAME, one of tools/}"
[ -f "$ROOT/tools/$TOOL/go.mod" ] || { say "error: no tool $TOOL: tools/$TOOL/go.mod does not exist"; exit 1; }

# package prints the package that tools/$TOOL/go.mod declares as its tool.
package() { awk '$1 == "tool" {print $2; exit}' "$ROOT/tools/$TOOL/go.mod"; }

# module PACKAGE prints the module that holds PACKAGE: of those required, the one with the longest matching path.
module() {
	awk -v p="$1/" '
		{ path = $1 == "require" ? $2 : $1 }
		index(p, path "/") == 1 && length(path) > length(best) { best = path }
		END { print best }' "$ROOT/tools/$TOOL/go.mod"
}

# hint prints how long the first build takes on 2 cores.
hint() { if [ "$TOOL" = golangci-lint ]; then echo "4 min"; else echo "30 s"; fi; }

PACKAGE="$(package)"
[ -n "$PACKAGE" ] || { say "error: tools/$TOOL/go.mod declares no tool"; exit 1; }
VERSION="$(pinned "$TOOL" "$(module "$PACKAGE")")"
OUT="$ROOT/bin/$TOOL-$VERSION"
FLAGS="-s -w"
# controller-gen writes its version into what it generates, and does not know it when it is built this way.
[ "$TOOL" != controller-gen ] || FLAGS="$FLAGS -X sigs.k8s.io/controller-tools/pkg/version.version=$VERSION"

export CGO_ENABLED=0
[ -x "$OUT" ] || with_lock "$ROOT/bin/.$TOOL.lock" build "$OUT" "$VERSION" "$(hint)" "$TOOL" "$PACKAGE" -ldflags "$FLAGS"
echo "$OUT"
