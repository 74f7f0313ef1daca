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
# Drafts the release of a tag at GitHub with its files. If it runs again, it replaces the files of the draft. A release that people see
# does not change.
#
#     hack/release-draft.sh v1.1.0 FILE...
#
# GH_TOKEN, GH_REPO  as gh, the program of GitHub, has them
set -euo pipefail

TAG="${1:?usage: hack/release-draft.sh TAG FILE...}"
shift

kind=()
case "$TAG" in *-*) kind=(--prerelease) ;; esac
draft="$(gh release view "$TAG" --json isDraft --jq .isDraft 2>/dev/null || true)"
case "$draft" in
"") gh release create "$TAG" --draft "${kind[@]}" --verify-tag --generate-notes "$@" ;;
true) gh release upload "$TAG" --clobber "$@" ;;
*) echo "error: the release $TAG is published; its files do not change any more" >&2; exit 1 ;;
esac
