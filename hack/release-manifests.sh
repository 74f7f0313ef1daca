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

# Writes what a release consists of beside its images, with their digests: the bundle, the catalog and their images, the manifest for
# kubectl apply, and the chart. It changes the files of the checkout that it runs in, and publishes the images of
# the bundle and of the catalog. FOLDER/changes.patch has the changes, for the branch that the release was made from.
#
#     hack/release-manifests.sh FOLDER     # after hack/release-images.sh FOLDER
#
# VERSION, REGISTRY, PLATFORMS  as hack/release-images.sh has them
# MIRROR                        a registry that has the images of the distributions instead of their own
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"
# shellcheck source=hack/lib/buildah.sh
. "$(dirname "$0")/lib/buildah.sh"
# shellcheck source=hack/lib/release.sh
. "$(dirname "$0")/lib/release.sh"

FOLDER="${1:?usage: hack/release-manifests.sh FOLDER}"
: "${VERSION:?}" "${REGISTRY:?}" "${PLATFORMS:?}"
FOLDER="$(cd "$FOLDER" && pwd)"
cd "$ROOT"
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
readonly DIGESTS_FILE=config/manifests/digests.txt TEMPLATE=config/catalog/template.yaml
readonly OPERATOR="$REGISTRY/llama-stack-k8s-operator:v$VERSION"
BUNDLE="$REGISTRY/llama-stack-k8s-operator-bundle:v$VERSION"

# digest_of IMAGE prints the digest of an image of this release.
digest_of() { awk -v image="$1" '$1 == image { print $2; found = 1 } END { exit !found }' "$FOLDER/images.txt"; }

# by_digest IMAGE prints the image's name with its digest in place of the tag.
by_digest() { echo "${1%:*}@$(digest_of "$1")"; }

# digests writes the digests of every image that the bundle names. A release does without none.
digests() {
	local image
	grep '^#' "$DIGESTS_FILE"
	echo "$OPERATOR $(digest_of "$OPERATOR")"
	distributions | sort -u | xargs "$(hack/release-tool.sh)" digest ${MIRROR:+-mirror "$MIRROR"}
}

# publish NAME DOCKERFILE builds and pushes the image of files.
publish() {
	local reference="$REGISTRY/$1" digest
	shift
	build_image "localhost/release-${1%%.*}" "$1" . "${@:2}" --label org.opencontainers.image.revision="$(git rev-parse HEAD)"
	digest="$(push_image "localhost/release-${1%%.*}" "$reference")"
	# Also when this runs again.
	{ grep -vF "$reference " "$FOLDER/images.txt"; echo "$reference $digest"; } >"$FOLDER/images.txt.new"
	mv "$FOLDER/images.txt.new" "$FOLDER/images.txt"
	say "built and pushed $reference"
}

# bundle makes the bundle with the digests, and its image. A bundle has no programs, so one image is for all platforms.
bundle() {
	digests >"$DIGESTS_FILE.new"
	mv "$DIGESTS_FILE.new" "$DIGESTS_FILE"
	make --no-print-directory bundle IMG="$OPERATOR"
	PLATFORMS=linux/amd64 publish "llama-stack-k8s-operator-bundle:v$VERSION" bundle.Dockerfile
}

# pin_opm names what the catalog is built on by digest: the first release finds it, and dependabot updates it from then on.
pin_opm() {
	local image digest new mirror=()
	image="$(bases catalog.Dockerfile | tail -n 1)"
	[ "${image#*@}" = "$image" ] || return 0
	# A substitute takes its place in a dry run, and a stand-in is in the mirror.
	[ "$BASES" != local ] || mirror=(-mirror "$MIRROR")
	read -r _ digest < <("$(hack/release-tool.sh)" digest "${mirror[@]}" "$image")
	: "${digest:?$image has no digest}"
	new="$(sed "s#$image#$image@$digest#" catalog.Dockerfile)"
	printf '%s\n' "$new" >catalog.Dockerfile
}

# catalog names the bundle by digest, and makes the catalog's image.
catalog() {
	local pinned new
	pinned="$(by_digest "$BUNDLE")"
	grep -q -- "-bundle:v$VERSION\$" "$TEMPLATE" || { say "error: $TEMPLATE does not list version $VERSION; run make release first"; return 1; }
	new="$(sed "s#image: .*-bundle:v$VERSION\$#image: $pinned#" "$TEMPLATE")"
	printf '%s\n' "$new" >"$TEMPLATE"
	make --no-print-directory catalog BUNDLE_IMG="$pinned"
	pin_opm
	make_opm_base
	publish "llama-stack-k8s-operator-catalog:v$VERSION" catalog.Dockerfile
}

# installer writes what kubectl applies, with every image by digest.
installer() {
	local expressions
	expressions="$(awk '!/^#/ { repository = $1; sub(/:[^:\/]*$/, "", repository); gsub(/\./, "\\.", $1); print "s#" $1 "$#" repository "@" $2 "#" }' "$DIGESTS_FILE")"
	IMG="$(by_digest "$OPERATOR")" hack/deploy.sh render | sed "$expressions"
}

mkdir -p "$FOLDER/assets"
bundle
catalog
installer >"$FOLDER/assets/install.yaml"
make --no-print-directory helm-package DIGEST="$(digest_of "$OPERATOR")" DIGESTS="$DIGESTS_FILE" CHART_FOLDER="$FOLDER/assets" >/dev/null
git diff >"$FOLDER/changes.patch"
