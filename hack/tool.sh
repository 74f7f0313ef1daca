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

# Prints the path of a developer's tool, built from the version that the go.mod of its module pins when it is not there:
#
#     hack/tool.sh kustomize        # <root>/bin/kustomize-v5.8.2
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

TOOL="${1:?usage: hack/tool.sh NAME, a tool of one of the modules in hack/tool.sh}"
# The modules that declare tools.
MODULES=(tools/dev tools/golangci-lint tools/helm tools/operator-sdk hack/catalog)

# declared prints the module that declares $TOOL, and the tool's package. A tool is called by the last part of its package's path,
# versions apart.
declared() {
	local folder
	for folder in "${MODULES[@]}"; do
		awk -v tool="$TOOL" -v folder="$folder" '
			$1 == ")" { list = 0 }
			{ package = list ? $1 : $1 == "tool" ? $2 : ""; name = package }
			$1 == "tool" && $2 == "(" { list = 1; next }
			{ sub(/\/v[0-9]+$/, "", name); sub(/.*\//, "", name) }
			package != "" && name == tool { print folder, package }' "$ROOT/$folder/go.mod"
	done
}

# module PACKAGE prints the module that holds PACKAGE: of those required, the one with the longest matching path.
module() {
	awk -v p="$1/" '
		$1 == "tool" { tools = 1 }
		$1 == "require" { tools = 0 }
		{ path = $1 == "require" ? $2 : $1 }
		!tools && index(p, path "/") == 1 && length(path) > length(best) { best = path }
		END { print best }' "$ROOT/$FOLDER/go.mod"
}

# hint prints how long the first build takes on 2 cores.
hint() { case "$TOOL" in golangci-lint | operator-sdk) echo "4 min" ;; opm | kwok) echo "2 min" ;; *) echo "30 s" ;; esac }

# tags prints the build tags of a tool that reads images: the parts of its libraries that need C are left out.
tags() {
	case "$TOOL" in
	operator-sdk | opm) echo containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper,json1 ;;
	esac
}

# flags prints the linker's flags. Some tools write their version into what they generate, and do not know it when
# they are built this way.
flags() {
	printf -- '-s -w'
	case "$TOOL" in
	controller-gen) printf -- ' -X sigs.k8s.io/controller-tools/pkg/version.version=%s' "$VERSION" ;;
	operator-sdk) printf -- " -X $(module "$PACKAGE")/internal/version.%s=$VERSION" Version GitVersion ImageVersion ;;
	helm) printf -- ' -X helm.sh/helm/v4/internal/version.version=%s' "$VERSION" ;;
	opm) printf -- ' -X github.com/operator-framework/operator-registry/cmd/opm/version.opmVersion=%s' "$VERSION" ;;
	esac
}

read -r FOLDER PACKAGE < <(declared) || { say "error: no tool $TOOL in ${MODULES[*]}"; exit 1; }
VERSION="$(pinned "$FOLDER" "$(module "$PACKAGE")")"
OUT="$ROOT/bin/$TOOL-$VERSION"

export CGO_ENABLED=0
[ -x "$OUT" ] || with_lock "$ROOT/bin/.$TOOL.lock" build "$OUT" "$VERSION" "$(hint)" "$FOLDER" "$PACKAGE" \
	-tags "$(tags)" -ldflags "$(flags)"
echo "$OUT"
