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

# Withdraws a release: no channel offers it any more. Clusters that run it are upgraded by the next good release, which skips it.
# Its rendered bundle moves to config/catalog/withdrawn, because the upgrades are made from it.
#
#     hack/catalog-withdraw.sh 1.1.0
#
# Nothing changes if a channel would have no release left.
set -euo pipefail

RELEASE="${1-}"
[ -n "$RELEASE" ] || { echo "error: set RELEASE to the version to withdraw, such as 1.1.0" >&2; exit 1; }
cd "$(dirname "$0")/.."
FROM="catalog/llama-stack-k8s-operator/v$RELEASE.yaml"
TO="config/catalog/withdrawn/v$RELEASE.yaml"

[ ! -e "$TO" ] || { echo "error: $RELEASE is withdrawn already: $TO" >&2; exit 1; }
[ -e "$FROM" ] || { echo "error: the catalog has no release $RELEASE: there is no $FROM" >&2; exit 1; }
mkdir -p "$(dirname "$TO")"
mv "$FROM" "$TO"
hack/catalog.sh || { mv "$TO" "$FROM"; rmdir --ignore-fail-on-non-empty "$(dirname "$TO")"; exit 1; }
