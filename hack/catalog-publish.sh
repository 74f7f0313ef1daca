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
# Publishes the catalog of the checkout as the image that people subscribe to, and signs it: with what is promoted, deprecated and
# withdrawn. While a bundle has no digest, its release is not recorded, and nothing is published.
#
# VERSION, REGISTRY, PLATFORMS  as hack/release-images.sh has them
# MIRROR, KEY                   as hack/release-manifests.sh and hack/release-sign.sh have them
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"
# shellcheck source=hack/lib/buildah.sh
. "$(dirname "$0")/lib/buildah.sh"

: "${VERSION:?}" "${REGISTRY:?}" "${PLATFORMS:?}"
cd "$ROOT"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
readonly IMAGE="$REGISTRY/llama-stack-k8s-operator-catalog" NAME=localhost/release-catalog
COMMIT="$(git rev-parse HEAD)"
KEY_ARGUMENTS=()
[ -z "${KEY:-}" ] || KEY_ARGUMENTS=(-key "$KEY")

bundles="$(sed -n 's/^image: //p' catalog/llama-stack-k8s-operator/v*.yaml)"
if grep -v '@sha256:' <<<"$bundles" >&2; then
	say "Nothing is published: the catalog names these bundles by tag. Apply the changes.patch of their release first."
	exit 0
fi
TOOL="$(hack/release-tool.sh)"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT
# The registry of a dry run does not have earlier releases.
[ -n "${MIRROR:-}" ] || xargs "$TOOL" digest <<<"$bundles" >/dev/null

provide_buildah
make_opm_base
build_image "$NAME" catalog.Dockerfile . --label org.opencontainers.image.revision="$COMMIT"
digest="$(push_image "$NAME" "$IMAGE:$COMMIT")"
"$TOOL" sbom -version "$VERSION" -out "$WORK/sbom.json" "$IMAGE@$digest"
"$TOOL" provenance -commit "$COMMIT" -ref "${GITHUB_REF:-refs/heads/main}" -workflow .github/workflows/catalog.yaml -go "$(go env GOVERSION)" \
	-out "$WORK/provenance.json" -base "$(bases catalog.Dockerfile | tail -n 1)"
"$TOOL" sign "${KEY_ARGUMENTS[@]}" "$IMAGE@$digest"
"$TOOL" attest "${KEY_ARGUMENTS[@]}" -type https://slsa.dev/provenance/v1 -predicate "$WORK/provenance.json" "$IMAGE@$digest"
"$TOOL" attest "${KEY_ARGUMENTS[@]}" -type https://spdx.dev/Document -predicate "$WORK/sbom.json" "$IMAGE@$digest"
# The name that people subscribe to is the last: what it names is signed.
latest="$(push_image "$NAME" "$IMAGE:latest")"
[ "$latest" = "$digest" ] || { say "error: $IMAGE:latest has the digest $latest instead of $digest"; exit 1; }
say "published $IMAGE:latest, $digest"
