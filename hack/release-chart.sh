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
# Pushes the Helm chart of a release, and writes its digest.
#
#     hack/release-chart.sh FOLDER      # after hack/release-manifests.sh FOLDER; FOLDER/charts.txt has its name with the tag, and its digest
#
# VERSION, REGISTRY  as hack/release-images.sh has them
# INSECURE           true: the registry speaks HTTP
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

FOLDER="${1:?usage: hack/release-chart.sh FOLDER}"
: "${VERSION:?}" "${REGISTRY:?}"
FOLDER="$(cd "$FOLDER" && pwd)"
cd "$ROOT"

arguments=()
[ "${INSECURE:-}" != true ] || arguments=(--plain-http)
"$(hack/tool.sh helm)" push "${arguments[@]}" "$FOLDER/assets/llama-stack-operator-$VERSION.tgz" "oci://$REGISTRY/charts" >&2
"$(hack/release-tool.sh)" digest "$REGISTRY/charts/llama-stack-operator:$VERSION" >"$FOLDER/charts.txt"
