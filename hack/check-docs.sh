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
# Fails if the documentation lacks a reason of a condition or an event, a key of the operator's ConfigMap or a flag, which it
# reads from the code, if an alert has no runbook or a runbook no alert, or if a link leads to a file or a heading that does not
# exist. A test compares the metrics.
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
	[ "$words" -gt 0 ] || { echo "$1: found no words in the code; has it moved?" >&2; status=1; }
}

# quoted FILE PATTERN prints the quoted strings in the lines of FILE that match PATTERN.
quoted() { sed -n -E "/$2/s/.*\"([^\"]*)\".*/\1/p" "$1"; }

documented docs/conditions.md < <(
	quoted api/v1alpha1/conditions.go '^.(Reason|Condition)[A-Za-z]+ +(Reason|ConditionType) +='
)
documented docs/events.md < <(
	quoted internal/events/events.go '^.Reason[A-Za-z]+ +='
)
documented docs/configuration.md < <(
	quoted internal/operatorconfig/config.go '^.Key[A-Za-z]+ +='
	sed -n -E 's/.*flags\.[A-Za-z]+\((&[A-Za-z.]+, )?"([a-z-]+)".*/--\2/p' main.go
)

# runbooks prints the names of the runbooks.
runbooks() {
	local file
	for file in docs/runbooks/*.md; do basename "$file" .md; done
}

# alerts FILE prints the names of the alerts of FILE.
alerts() { sed -n -E 's/^ *- alert: //p' "$1"; }

alerts config/monitoring/rules.yaml | grep -q . || { echo "config/monitoring/rules.yaml: found no alerts; have they moved?" >&2; status=1; }
while read -r name; do
	echo "$name: config/monitoring/rules.yaml has the alert, or docs/runbooks the page, but not both" >&2
	status=1
done < <(comm -3 <(alerts config/monitoring/rules.yaml | sort -u) <(runbooks | sort -u) | tr -d '\t')
for name in $(runbooks); do
	grep -qF "](runbooks/$name.md)" docs/monitor.md || { echo "docs/monitor.md: no link to runbooks/$name.md" >&2; status=1; }
	grep -qxF "# $name" "docs/runbooks/$name.md" || { echo "docs/runbooks/$name.md: the heading is not $name" >&2; status=1; }
	for heading in Meaning Impact Investigate Fix; do
		grep -qxF "## $heading" "docs/runbooks/$name.md" || { echo "docs/runbooks/$name.md: no heading $heading" >&2; status=1; }
	done
done

# anchors FILE prints the anchors that GitHub derives from the headings of FILE.
anchors() {
	awk '/^```/ {code = !code} !code && /^#+ / {sub(/^#+ /, ""); print tolower($0)}' "$1" |
		sed -E -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'
}

# links FILE reports links to files or headings that do not exist.
links() {
	local target file
	# shellcheck disable=SC2016 # these backquotes are those of code in Markdown
	while read -r target; do
		file="$1"
		[ -z "${target%%#*}" ] || file="$(dirname "$1")/${target%%#*}"
		if [ ! -e "$file" ]; then
			echo "$1: $target does not exist" >&2
			status=1
		elif [[ "$target" == *#* ]] && ! anchors "$file" | grep -qxF -- "${target#*#}"; then
			echo "$1: $target: the file has no such heading" >&2
			status=1
		fi
	done < <(sed -E 's/`[^`]*`//g' "$1" | grep -oE '\]\([^)]+' | cut -c3- | grep -vE '^[a-z]+:' | sort -u || true)
}

for file in *.md charts/*/*.md docs/*.md docs/runbooks/*.md docs/tutorials/*.md .github/*.md test/infra/*.md test/infra/*/*.md; do links "$file"; done
exit "$status"
