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

# Marks a release, a channel or the whole package as deprecated in the catalog, with a message for its users:
#
#     hack/catalog-deprecate.sh 1.0.0|stable-v1|package MESSAGE
#
# An empty MESSAGE removes the mark. Nothing changes if the catalog has no such release or channel.
set -euo pipefail

usage="set WHAT to a version, such as 1.0.0, a channel, or \"package\"; and MESSAGE to what its users have to do (empty to remove it)"
WHAT="${1-}"
[ "$#" = 2 ] && [ -n "$WHAT" ] || { echo "error: $usage" >&2; exit 1; }
cd "$(dirname "$0")/.."
FILE=config/catalog/deprecations.yaml
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

cp "$FILE" "$WORK/before.yaml"
hack/catalog-tool.sh "$WORK/catalog"
"$WORK/catalog" -deprecations "$FILE" -deprecate "$WHAT" -message "$2"
hack/catalog.sh || { cat "$WORK/before.yaml" > "$FILE"; exit 1; }
