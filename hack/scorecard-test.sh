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
# Prints the path of bin/scorecard-test-VERSION: the default tests of "operator-sdk scorecard", built from the module
# that tools/operator-sdk pins. They are the content of quay.io/operator-framework/scorecard-test.
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

MODULE=github.com/operator-framework/operator-sdk
VERSION="$(pinned tools/operator-sdk "$MODULE")"
OUT="$ROOT/bin/scorecard-test-$VERSION"

export CGO_ENABLED=0
[ -x "$OUT" ] || with_lock "$ROOT/bin/.scorecard-test.lock" build "$OUT" "$VERSION" "2 min" tools/operator-sdk "$MODULE/images/scorecard-test" \
	-tags containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper,json1 -ldflags "-s -w"
echo "$OUT"
