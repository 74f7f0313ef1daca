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

# Prints the path of a checker that its authors publish as a Python package with a program in it, in an environment in bin/:
#
#     hack/python-tool.sh shellcheck
#
# tools/lint/requirements.txt pins the versions.
set -euo pipefail

# shellcheck source=hack/lib/python.sh
. "$(dirname "$0")/lib/python.sh"

TOOL="${1:?usage: hack/python-tool.sh NAME, a program of tools/lint/requirements.txt}"
REQUIREMENTS="$ROOT/tools/lint/requirements.txt"

FOLDER="$(pinned_environment lint "$REQUIREMENTS" 3.10)"
[ -x "$FOLDER/bin/$TOOL" ] || { say "error: no program $TOOL in $REQUIREMENTS"; exit 1; }
echo "$FOLDER/bin/$TOOL"
