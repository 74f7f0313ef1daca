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
# Checks the language of what people read with vale, by the rules in hack/vale: documentation, comments, messages and the
# names of specs.
#
# PROSE_LEVEL  the least level that is shown: suggestion, warning (default) or error. Only errors fail.
set -euo pipefail

cd "$(dirname "$0")/.."

PATHS=(
	README.md CHANGELOG.md CODE_OF_CONDUCT.md CONTRIBUTING.md GOVERNANCE.md SECURITY.md .ci .github Dockerfile Makefile site
	charts/llama-stack-operator/README.md charts/llama-stack-operator/values.yaml api cmd config docs hack internal main.go main_test.go test tools versions.mk
)

# A path that has moved must not drop out of the check unseen.
for path in "${PATHS[@]}"; do
	[ -e "$path" ] || { echo "hack/check-prose.sh: $path does not exist" >&2; exit 1; }
done

# Generated YAML has its texts from the API and from the roles' markers, and the golden files of rendering from a spec.
mapfile -t files < <(git ls-files --cached --others --exclude-standard -- "${PATHS[@]}" |
	grep -vE '^config/crd/bases/|^config/rbac/role\.yaml$|^internal/render/testdata/|zz_generated' |
	while read -r file; do [ ! -f "$file" ] || echo "$file"; done)

# These have comments by vale's formats, these have comments like shell scripts, and these have texts besides.
mapfile -t known < <(printf '%s\n' "${files[@]}" | grep -E '\.(md|go|sh|mk|yaml|yml)$')
mapfile -t scripts < <(printf '%s\n' "${files[@]}" | grep -E '(^|/)(Makefile|Dockerfile|run)$')
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep -E '\.(go|sh|mk)$|(^|/)(Makefile|run)$' | grep -v /testdata/)
[ "${#known[@]}" -gt 0 ] && [ "${#scripts[@]}" -gt 0 ] || { echo "hack/check-prose.sh: no files to check" >&2; exit 1; }

VALE="$(hack/tool.sh vale)"

# Rules that vale does not find must not let everything pass.
if "$VALE" --ext=.md 'The claim tells whom.' >/dev/null; then
	echo "hack/check-prose.sh: vale accepts a text that breaks the rules in hack/vale" >&2
	exit 1
fi

options=(--minAlertLevel="${PROSE_LEVEL:-warning}" --output=line --no-wrap)
status=0
"$VALE" "${options[@]}" "${known[@]}" || status=1
for file in "${scripts[@]}"; do
	"$VALE" "${options[@]}" --ext=.py <"$file" | sed "s|^stdin.py|$file|" || status=1
done

places="$(mktemp)"
trap 'rm -f "$places"' EXIT
go run ./hack/cmd/texts "$places" "${sources[@]}" | "$VALE" "${options[@]}" --ext=.py |
	awk -F: -v places="$places" 'NR == 1 { while ((getline place <places) > 0) of[++n] = place }
		{ sub(/^[^:]*:[0-9]+/, of[($2 + 1) / 2]); print }' || status=1
exit "$status"
