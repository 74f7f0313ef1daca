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

# Builds the images of a release from their Dockerfiles, pushes them, and writes their digests. Without a daemon; hack/lib/buildah.sh
# says with which base images.
#
#     hack/release-images.sh FOLDER      # FOLDER/images.txt has a line for each: its name with the tag, and its digest
#
# VERSION    the operator's version, without the v
# REGISTRY   where the images go
# PLATFORMS  those that they are built for
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"
# shellcheck source=hack/lib/buildah.sh
. "$(dirname "$0")/lib/buildah.sh"

FOLDER="${1:?usage: hack/release-images.sh FOLDER}"
: "${VERSION:?}" "${REGISTRY:?}" "${PLATFORMS:?}"
mkdir -p "$FOLDER"
FOLDER="$(cd "$FOLDER" && pwd)"
cd "$ROOT"
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"

# image NAME DOCKERFILE builds and pushes one.
image() {
	local reference="$REGISTRY/$1:v$VERSION" started=$SECONDS digest
	build_image "localhost/$1" "$2" . --build-arg VERSION="$VERSION" --label org.opencontainers.image.revision="$(git rev-parse HEAD)"
	digest="$(push_image "localhost/$1" "$reference")"
	echo "$reference $digest" >>"$FOLDER/images.txt"
	say "built and pushed $reference for $PLATFORMS in $((SECONDS - started)) s"
}

provide_buildah
make_bases
rm -f "$FOLDER/images.txt"
image llama-stack-k8s-operator Dockerfile
image llama-stack-k8s-operator-scorecard test/scorecard/Dockerfile
image llama-stack-k8s-operator-gather gather.Dockerfile
