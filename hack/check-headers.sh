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
# Fails when a source file that git knows lacks the licence header. Generated files get theirs from the generator;
# data (JSON, golden files, module files) carries none.
set -euo pipefail

cd "$(dirname "$0")/.."

# sources prints every file that must have a header, untracked ones included.
sources() {
	git ls-files --cached --others --exclude-standard -- \
		'*.go' '*.sh' '*.mk' '*.py' '*.yaml' '*.yml' Makefile Dockerfile '*/Dockerfile' '*.Dockerfile' .ci/run PROJECT \
		':!:*/testdata/*' ':!:config/crd/bases/*' ':!:config/rbac/role.yaml' ':!:bundle/*' ':!:bundle.Dockerfile' ':!:catalog/*' |
		sort -u
}

# complete FILE reports whether FILE starts with the licence, from its first line to its last one.
complete() {
	head -n 20 "$1" | grep -q 'Copyright 20[0-9][0-9] The llama-stack-k8s-operator Authors' &&
		head -n 25 "$1" | grep -q 'http://www.apache.org/licenses/LICENSE-2.0' &&
		head -n 25 "$1" | grep -q 'limitations under the License\.$'
}

status=0
while read -r file; do
	[ -f "$file" ] || continue # deleted, and not committed yet
	complete "$file" || { echo "$file: the licence header is missing; hack/boilerplate.go.txt has its text" >&2; status=1; }
done < <(sources)
exit "$status"
