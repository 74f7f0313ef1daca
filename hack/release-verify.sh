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

# Verifies a published release with the commands of docs/verify.md: each image, the chart, and the files in FOLDER.
#
#     hack/release-verify.sh FOLDER
#     hack/release-verify.sh catalog      # the catalog that people subscribe to
#
# VERSION  the version of the release, without the v
set -euo pipefail

FOLDER="${1:?usage: hack/release-verify.sh FOLDER, or catalog}"
[ "$FOLDER" = catalog ] || FOLDER="$(cd "$FOLDER" && pwd)"
cd "$(dirname "$0")/.."
: "${VERSION:?}"
readonly PAGE="$PWD/docs/verify.md"
TOOL="$(hack/release-tool.sh)"

# cosign is the program of the release, which has these commands of cosign.
cosign() { "$TOOL" cosign "$@"; }

# section TITLE prints the commands of a section, which must have some: no command verifies nothing.
section() {
	awk -v title="## $1" '
		/^## / { inside = $0 == title }
		/^```$/ { code = 0 }
		inside && code { print; found = 1 }
		inside && /^```shell$/ { code = 1 }
		END { exit !found }' "$PAGE" || { echo "echo 'error: $PAGE has no commands in the section $1' >&2; exit 1"; }
}

eval "$(section "Say who must have signed" | sed "s/^VERSION=.*/VERSION='$VERSION'/")"
if [ "$FOLDER" = catalog ]; then
	eval "$(section "Verify the catalog")" >/dev/null
	echo "verified the catalog"
	exit
fi
for image in '' -scorecard -gather -bundle -catalog; do
	eval "$(section "Verify an image" | sed "s#llama-stack-k8s-operator:v#llama-stack-k8s-operator$image:v#")" >/dev/null
done
eval "$(section "Verify the chart")" >/dev/null
cd "$FOLDER"
eval "$(section "Verify a file")"
echo "verified the images, the chart and the files of v$VERSION"
