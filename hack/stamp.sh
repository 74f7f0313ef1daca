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
# Writes the versions of versions.mk, where they are changed, into the files that carry them.
set -euo pipefail

cd "$(dirname "$0")/.."
: "${VERSION:?}" "${LLAMASTACK_VERSION:?}" "${OGX_VERSION:?}"

# replace FILE EXPRESSION edits FILE in place with sed, and fails when the expression's place is gone.
# "sed -i" differs between systems.
replace() {
	local file="$1" expression="$2" place="$3" new
	grep -qE -- "$place" "$file" || { echo "error: $file has no line that matches $place" >&2; exit 1; }
	new="$(sed -E "$expression" "$file")"
	[ "$new" = "$(cat "$file")" ] || printf '%s\n' "$new" > "$file"
}

for file in llama-stack llama-stack-cluster; do
	replace "config/scorecard/patches/$file.config.yaml" "s/(-scorecard:v).*/\1$VERSION/" '-scorecard:v'
done
replace config/manager/kustomization.yaml "s/^( *newTag: ).*/\1v$VERSION/" '^ *newTag: '
replace config/manager/manager.yaml "/name: OPERATOR_VERSION/{n;s/value: .*/value: \"$VERSION\"/;}" 'name: OPERATOR_VERSION'
for file in config/overlays/odh/params.env config/overlays/rhoai/params.env; do
	replace "$file" "s/^(OPERATOR_VERSION=).*/\1$VERSION/" '^OPERATOR_VERSION='
	replace "$file" "s/(-k8s-operator:v).*/\1$VERSION/" '-k8s-operator:v'
done
replace config/component_metadata.yaml "s/^( *version: v).*/\1$VERSION/" '^ *version: v'
replace Dockerfile "s/^ARG VERSION=.*/ARG VERSION=$VERSION/" '^ARG VERSION='
# What users copy from the documentation, in whichever page it is. A spec in test/bundle finds a command that is not covered.
for file in README.md docs/*.md site/*.md hack/cmd/clidocs/main.go; do
	replace "$file" "s/((\?ref=|-bundle:|-gather:)v)[0-9A-Za-z.+-]+/\1$VERSION/
		s/(operator --version )[0-9A-Za-z.+-]+/\1$VERSION/
		s#(/releases/download/v)[0-9A-Za-z.+-]+(/(install|llamastack)\.yaml)#\1$VERSION\2#
		s/^(VERSION=)[0-9][0-9A-Za-z.+-]*$/\1$VERSION/" ''
done
replace README.md "s/^(demo +Ready +True +)[0-9A-Za-z.+-]+/\1$VERSION/" '^demo +Ready +True '
# Names whose image is published for each version. Those of the others ended with a version, and keep it.
for file in config/samples/with_user_config.yaml config/manager/manager.yaml internal/distribution/distributions.json; do
	replace "$file" "s#(/llamastack/distribution-(starter|postgres-demo):)[0-9][0-9A-Za-z.+-]*#\1$LLAMASTACK_VERSION#" \
		'/llamastack/distribution-starter:[0-9]'
done
for file in config/manager/manager.yaml internal/distribution/distributions.json; do
	replace "$file" "s#(/ogxai/distribution-[a-z-]+:)[0-9][0-9A-Za-z.+-]*#\1$OGX_VERSION#" '/ogxai/distribution-starter:[0-9]'
done
