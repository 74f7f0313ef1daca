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
# Checks the workflows: their syntax, expressions and shell lines with actionlint, their security with zizmor.
set -euo pipefail

cd "$(dirname "$0")/.."

SHELLCHECK="$(hack/python-tool.sh shellcheck)"
ACTIONLINT="$(hack/tool.sh actionlint)"
"$ACTIONLINT" -shellcheck "$SHELLCHECK"
# It asks GitHub nothing, so that it finds the same everywhere.
"$(hack/python-tool.sh zizmor)" --offline --no-progress --quiet --persona pedantic .github
