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
# releases that are not withdrawn, with what is deprecated. Bundles of other versions stay as they were rendered when they
# were released. The picture of the upgrades in docs/olm.md is drawn from it. A catalog that opm refuses changes nothing.
#
# VERSION     the operator's version
# BUNDLE_IMG  the image of its bundle, as the template has it
set -euo pipefail

cd "$(dirname "$0")/.."
: "${VERSION:?}" "${BUNDLE_IMG:?}"

OPM="$(hack/tool.sh opm)"
TEMPLATE=config/catalog/template.yaml
WITHDRAWN=config/catalog/withdrawn
PACKAGE=catalog/llama-stack-k8s-operator
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT
NEW="$WORK/$PACKAGE"

# listed succeeds if the template names the bundle by the image that it is published as.
listed() { awk -v image="$BUNDLE_IMG" '$(NF - 1) == "image:" && $NF == image { found = 1 } END { exit !found }' "$TEMPLATE"; }

# bundle renders bundle/ under the name of an image that may not exist yet. It is left alone if it is of another version, such
# as an earlier one that is promoted, or withdrawn.
bundle() {
	listed || return 0
	grep -qx "  name: llama-stack-k8s-operator.v$VERSION" bundle/manifests/*.clusterserviceversion.yaml || return 0
	[ ! -e "$WITHDRAWN/v$VERSION.yaml" ] || return 0
	"$OPM" render ./bundle -o yaml --migrate-level=bundle-object-to-csv-metadata \
		--alpha-image-ref-template "$BUNDLE_IMG" > "$NEW/v$VERSION.yaml"
}

# channels renders the template, whose bundles are in the catalog.
channels() {
	hack/catalog-tool.sh "$WORK/tool"
	mkdir "$WORK/bundles"
	find "$NEW" -name 'v*.yaml' -exec cp {} "$WORK/bundles" \;
	"$WORK/tool" -template "$TEMPLATE" -bundles "$WORK/bundles" -withdrawn "$WITHDRAWN" \
		-deprecations config/catalog/deprecations.yaml -icon config/manifests/icon.svg > "$WORK/channels.yaml"
	mv "$WORK/channels.yaml" "$NEW/channels.yaml"
}

# picture draws the channels into the text of docs/olm.md, between two comments.
picture() {
	{
		echo '```mermaid'
		"$OPM" alpha render-graph "$WORK/catalog" 2>/dev/null
		echo '```'
	} > "$WORK/graph"
	awk -v graph="$WORK/graph" '
		/<!-- end of the upgrades -->/ { skip = 0 }
		!skip { print }
		/<!-- the upgrades, by make catalog -->/ { while ((getline line < graph) > 0) print line; skip = 1 }
	' docs/olm.md > "$WORK/olm.md"
}

mkdir -p "$PACKAGE" "$NEW"
cp -R "$PACKAGE/." "$NEW"
bundle
channels
"$OPM" validate "$WORK/catalog"
picture
for file in "$NEW"/*; do cat "$file" > "$PACKAGE/${file##*/}"; done
cat "$WORK/olm.md" > docs/olm.md
