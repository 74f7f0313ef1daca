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

# Prints the path of the program that signs and describes a release, hack/release, built when its sources changed.
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

OUT="$ROOT/bin/release-tool"
if [ ! -x "$OUT" ] || [ -n "$(find "$ROOT/hack/release" -newer "$OUT" ! -name '*_test.go' -type f -print -quit)" ]; then
	build_tool() { CGO_ENABLED=0 compile hack/release -ldflags "-s -w" -o "$OUT" .; }
	with_lock "$ROOT/bin/.release-tool.lock" build_tool
fi
echo "$OUT"
