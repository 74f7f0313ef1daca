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

# Writes catalog/, a file-based catalog: the bundle of VERSION, where the template lists it, and the channels of all
# releases. Bundles of other versions stay as they were rendered when they were released. The picture of the upgrades
# in docs/olm.md is drawn from it.
#
# VERSION     the operator's version
# BUNDLE_IMG  the image of its bundle, as the template has it
set -euo pipefail

cd "$(dirname "$0")/.."
: "${VERSION:?}" "${BUNDLE_IMG:?}"

OPM="$(hack/tool.sh opm)"
TEMPLATE=config/catalog/template.yaml
PACKAGE=catalog/llama-stack-k8s-operator
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

# bundle renders bundle/ under the name of an image that may not exist yet.
bundle() {
	grep -qF "image: $BUNDLE_IMG" "$TEMPLATE" || return 0
	"$OPM" render ./bundle -o yaml --migrate-level=bundle-object-to-csv-metadata \
		--alpha-image-ref-template "$BUNDLE_IMG" > "$PACKAGE/v$VERSION.yaml"
}

# channels renders the template, whose bundles are in the catalog.
channels() {
	(cd hack/catalog && GOWORK=off CGO_ENABLED=0 go build -buildvcs=false \
		-tags containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper,json1 \
		-o "$WORK/catalog" .)
	mkdir "$WORK/bundles"
	cp "$PACKAGE"/v*.yaml "$WORK/bundles"
	"$WORK/catalog" -template "$TEMPLATE" -bundles "$WORK/bundles" > "$WORK/channels.yaml"
	mv "$WORK/channels.yaml" "$PACKAGE/channels.yaml"
}

# picture draws the channels into docs/olm.md, between two comments.
picture() {
	{
		echo '```mermaid'
		"$OPM" alpha render-graph catalog 2>/dev/null
		echo '```'
	} > "$WORK/graph"
	awk -v graph="$WORK/graph" '
		/<!-- end of the upgrades -->/ { skip = 0 }
		!skip { print }
		/<!-- the upgrades, by make catalog -->/ { while ((getline line < graph) > 0) print line; skip = 1 }
	' docs/olm.md > "$WORK/olm.md"
	cat "$WORK/olm.md" > docs/olm.md
}

mkdir -p "$PACKAGE"
bundle
channels
"$OPM" validate catalog
picture
