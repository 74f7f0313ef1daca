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

# Adds a release of the catalog to a list of the template, and with that to a channel:
#
#     hack/catalog-promote.sh 1.1.0 fast|stable
#
# Its image is that which the catalog has: after a release, by digest. Nothing changes if the catalog has no such release, or if the
# list before does not have it.
set -euo pipefail

usage="set VERSION to the release to promote, such as 1.1.0, and LIST to fast or stable"
RELEASE="${1-}" LIST="${2-}"
case "$LIST" in
fast) before=candidate ;;
stable) before=fast ;;
*) echo "error: $usage" >&2; exit 1 ;;
esac
[ -n "$RELEASE" ] || { echo "error: $usage" >&2; exit 1; }
cd "$(dirname "$0")/.."
TEMPLATE=config/catalog/template.yaml
BUNDLE="catalog/llama-stack-k8s-operator/v$RELEASE.yaml"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

[ -e "$BUNDLE" ] || { echo "error: the catalog has no release $RELEASE: there is no $BUNDLE" >&2; exit 1; }
image="$(sed -n 's/^image: //p' "$BUNDLE")"
awk -v list="$before:" -v image="$image" '
	/^[^ #]/ { inside = $1 == list }
	inside && $NF == image { found = 1 }
	END { exit !found }' "$TEMPLATE" || { echo "error: promote $RELEASE to $before first: $TEMPLATE does not list $image there" >&2; exit 1; }
cp "$TEMPLATE" "$WORK/before.yaml"
{ hack/catalog-enter.sh "$LIST" "$image" && hack/catalog.sh; } || { cat "$WORK/before.yaml" > "$TEMPLATE"; exit 1; }
