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

# Adds a bundle's image to a list of the catalog's template, unless it is there: hack/catalog-enter.sh stable IMAGE
set -euo pipefail

LIST="${1:?usage: hack/catalog-enter.sh candidate|fast|stable IMAGE}" IMAGE="${2:?}"
cd "$(dirname "$0")/.."
TEMPLATE="${TEMPLATE:-config/catalog/template.yaml}"

# A list starts with its name at the start of a line, and ends before the next or at the end.
new="$(awk -v list="$LIST:" -v entry="  - image: $IMAGE" '
	function leave() { if (inside && !found) print entry; inside = 0 }
	/^[^ #]/ { leave() }
	$0 == list { inside = 1; found = 0; known = 1 }
	inside && $0 == entry { found = 1 }
	{ print }
	END { leave(); if (!known) exit 1 }
' "$TEMPLATE")" || { echo "error: $TEMPLATE has no list $LIST" >&2; exit 1; }
printf '%s\n' "$new" > "$TEMPLATE"
