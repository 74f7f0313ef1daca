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

# Signs and describes a release: for each image a signature, an SBOM, how it was built, and which vulnerabilities do not concern it; for
# the chart and the files a signature, and how they were built.
#
#     hack/release-sign.sh FOLDER      # after hack/release-manifests.sh FOLDER and hack/release-chart.sh FOLDER
#
# VERSION  as hack/release-images.sh has it
# KEY      a private key; without it, the identity of the workflow that runs
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"
# shellcheck source=hack/lib/buildah.sh
. "$(dirname "$0")/lib/buildah.sh"

FOLDER="${1:?usage: hack/release-sign.sh FOLDER}"
: "${VERSION:?}"
FOLDER="$(cd "$FOLDER" && pwd)"
cd "$ROOT"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
readonly SLSA=https://slsa.dev/provenance/v1 SPDX=https://spdx.dev/Document VEX=https://openvex.dev/ns
ASSETS="$FOLDER/assets"
TOOL="$(hack/release-tool.sh)"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT
KEY_ARGUMENTS=()
[ -z "${KEY:-}" ] || KEY_ARGUMENTS=(-key "$KEY")

# describe writes the SBOM of each image, the statements about vulnerabilities, and how all was built.
describe() {
	local image
	for image in "${IMAGES[@]}"; do
		"$TOOL" sbom -version "$VERSION" -out "$ASSETS/$(basename "${image%@*}").spdx.json" "$image"
	done
	"$TOOL" vex -version "$VERSION" -file config/release/vex.json -out "$ASSETS/vex.json" "${IMAGES[@]}"
	mapfile -t bases < <(for file in Dockerfile gather.Dockerfile catalog.Dockerfile test/scorecard/Dockerfile; do bases "$file"; done | sort -u | sed 's/^/-base=/')
	"$TOOL" provenance -commit "$(git rev-parse HEAD)" -ref "refs/tags/v$VERSION" -go "$(go env GOVERSION)" \
		-out "$WORK/provenance.json" "${bases[@]}"
}

# attest signs each image and the chart, and what is said of them.
attest() {
	local image
	"$TOOL" sign "${KEY_ARGUMENTS[@]}" "${IMAGES[@]}" "${CHARTS[@]}"
	"$TOOL" attest "${KEY_ARGUMENTS[@]}" -type "$SLSA" -predicate "$WORK/provenance.json" "${IMAGES[@]}" "${CHARTS[@]}"
	"$TOOL" attest "${KEY_ARGUMENTS[@]}" -type "$VEX" -predicate "$ASSETS/vex.json" "${IMAGES[@]}"
	for image in "${IMAGES[@]}"; do
		"$TOOL" attest "${KEY_ARGUMENTS[@]}" -type "$SPDX" -predicate "$ASSETS/$(basename "${image%@*}").spdx.json" "$image"
	done
}

# checksums writes those of all files, signs them, and says how the files were built.
checksums() {
	(cd "$ASSETS" && rm -f checksums.txt ./*.sigstore.json && find . -type f -printf '%f\n' | sort | xargs sha256sum >"$WORK/checksums.txt")
	mv "$WORK/checksums.txt" "$ASSETS"
	"$TOOL" sign-blob "${KEY_ARGUMENTS[@]}" -bundle "$ASSETS/checksums.txt.sigstore.json" "$ASSETS/checksums.txt"
	mapfile -t files < <(awk -v folder="$ASSETS/" '{ print folder $2 }' "$ASSETS/checksums.txt")
	"$TOOL" attest-blob "${KEY_ARGUMENTS[@]}" -type "$SLSA" -predicate "$WORK/provenance.json" -bundle "$ASSETS/provenance.sigstore.json" \
		"${files[@]}"
}

# by_digest FILE prints each image of a file with its digest in place of the tag.
by_digest() { awk '{ sub(/:[^:\/]*$/, "", $1); print $1 "@" $2 }' "$1"; }

for file in images.txt charts.txt; do
	[ -s "$FOLDER/$file" ] || { say "error: $FOLDER has no $file"; exit 1; }
done
mkdir -p "$ASSETS"
mapfile -t IMAGES < <(by_digest "$FOLDER/images.txt")
mapfile -t CHARTS < <(by_digest "$FOLDER/charts.txt")
describe
attest
checksums
