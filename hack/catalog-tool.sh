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

# Builds the program that writes the channels of a catalog: hack/catalog-tool.sh FILE
set -euo pipefail

OUT="${1:?usage: hack/catalog-tool.sh FILE}"
[ "${OUT#/}" != "$OUT" ] || OUT="$PWD/$OUT"
cd "$(dirname "$0")/catalog"
GOWORK=off CGO_ENABLED=0 go build -buildvcs=false \
	-tags containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper,json1 -o "$OUT" .
