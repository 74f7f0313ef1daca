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
# Fails when what people look up in the documentation is missing from it: reasons of conditions and events, metrics,
# keys of the operator's ConfigMap, flags. The words are read off the code. And when a link to a file leads nowhere.
set -euo pipefail

cd "$(dirname "$0")/.."

status=0

# documented FILE reads words and reports those that FILE does not have in backquotes.
documented() {
	local word words=0
	while read -r word; do
		words=$((words + 1))
		grep -q -- "\`$word\`" "$1" || { echo "$1: \`$word\` is not explained" >&2; status=1; }
	done
	[ "$words" -gt 0 ] || { echo "$1: no words to look for; has the code moved?" >&2; status=1; }
}

# quoted FILE PATTERN prints the quoted strings in the lines of FILE that match PATTERN.
quoted() { sed -n -E "/$2/s/.*\"([^\"]*)\".*/\1/p" "$1"; }

documented docs/operations.md < <(
	quoted api/v1alpha1/conditions.go '^.(Reason|Condition)[A-Za-z]+ +(Reason|ConditionType) +='
	quoted internal/events/events.go '^.Reason[A-Za-z]+ +='
	sed -n -E 's/.*(counter|gauge)\("([a-z_]+)".*/llama_stack_operator_\2/p' internal/metrics/metrics.go
)
documented docs/configuration.md < <(
	quoted internal/operatorconfig/config.go '^.Key[A-Za-z]+ +='
	sed -n -E 's/.*flags\.[A-Za-z]+\((&[A-Za-z.]+, )?"([a-z-]+)".*/--\2/p' main.go
)

# links FILE reports links to files that do not exist.
links() {
	local target
	# shellcheck disable=SC2016 # these backquotes are those of code in Markdown
	while read -r target; do
		[ -e "$(dirname "$1")/$target" ] || { echo "$1: the link to $target leads nowhere" >&2; status=1; }
	done < <(sed -E 's/`[^`]*`//g' "$1" | grep -oE '\]\([^)#]+' | cut -c3- | grep -vE '^[a-z]+:' || true)
}

for file in README.md CONTRIBUTING.md docs/*.md; do links "$file"; done
exit "$status"
