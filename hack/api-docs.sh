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
# Writes docs/api.md, the API reference, from the comments and markers in api/v1alpha1.
set -euo pipefail

cd "$(dirname "$0")/.."

OUT=docs/api.md

if ! log="$("$(hack/tool.sh crd-ref-docs)" --source-path=api/v1alpha1 --config=hack/api-docs/config.yaml \
	--renderer=markdown --templates-dir=hack/api-docs/templates --output-path="$OUT" 2>&1)"; then
	echo "$log" >&2
	exit 1
fi
# The templates leave empty lines where a type has no such part, spaces where a cell is empty, and the line breaks
# of the source inside of sentences.
cleaned="$(sed -E -e 's/<br \/>/ /g' -e 's/Optional: \\\{\\\}/optional/g' -e 's/([^ ])  +/\1 /g' -e 's/[[:space:]]*$//' "$OUT" | cat -s)"
printf '%s\n' "$cleaned" > "$OUT"
