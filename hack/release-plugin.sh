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

# Packs the plugin of kubectl for each of PLUGIN_PLATFORMS, describes each archive, and writes the manifest for krew. The same commit gives the same archives.
#
#     hack/release-plugin.sh FOLDER     # FOLDER/assets/kubectl-llamastack_linux_amd64.tar.gz and so on, and llamastack.yaml
#
# VERSION           the operator's version, without the v
# PLUGIN_PLATFORMS  the platforms (default: Linux, macOS and Windows)
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

FOLDER="${1:?usage: hack/release-plugin.sh FOLDER}"
: "${VERSION:?}"
mkdir -p "$FOLDER/assets"
FOLDER="$(cd "$FOLDER/assets" && pwd)"
PLUGIN_PLATFORMS="${PLUGIN_PLATFORMS:-linux/amd64,linux/arm64,linux/ppc64le,linux/s390x,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64}"
cd "$ROOT"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
TOOL="$(hack/release-tool.sh)"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

for platform in ${PLUGIN_PLATFORMS//,/ }; do
	os="${platform%/*}" program=kubectl-llamastack kind=tar.gz
	[ "$os" != windows ] || program+=.exe kind=zip
	GOOS="$os" GOARCH="${platform#*/}" hack/release-binary.sh "$WORK/$program" ./cmd/kubectl-llamastack
	"$TOOL" archive -out "$FOLDER/kubectl-llamastack_${platform/\//_}.$kind" "$WORK/$program" LICENSE
	"$TOOL" sbom-archive -version "$VERSION" "$FOLDER/kubectl-llamastack_${platform/\//_}.$kind"
	rm "$WORK/$program"
done
# For kubectl krew install --manifest-url, and for the index of krew.
go run ./hack/cmd/krew -version "$VERSION" "$FOLDER"
