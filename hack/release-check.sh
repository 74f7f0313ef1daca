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
# Fails if the release of VERSION could not be completed, before anything is published: the checkout is not that of the release, an image
# that it names has no digest, the registry does not let this machine write, or the version was published from another commit.
#
# VERSION, REGISTRY, MIRROR  as hack/release-manifests.sh has them
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"
# shellcheck source=hack/lib/buildah.sh
. "$(dirname "$0")/lib/buildah.sh"
# shellcheck source=hack/lib/release.sh
. "$(dirname "$0")/lib/release.sh"

: "${VERSION:?}" "${REGISTRY:?}"
cd "$ROOT"
TOOL="$(hack/release-tool.sh)"

die() { say "error: $*"; exit 1; }

prepared="$(sed -n 's/^VERSION ?= //p' versions.mk)"
[ "$VERSION" = "$prepared" ] || die "versions.mk has the version $prepared, and this is to be $VERSION: tag the commit that \"make release VERSION=$VERSION\" made"
grep -q -- "-bundle:v$VERSION\$" config/catalog/template.yaml ||
	die "config/catalog/template.yaml does not list $VERSION: run \"make release VERSION=$VERSION\" first"
# What the bundle names, and what the catalog is built on, unless its digest is known.
{
	distributions
	bases catalog.Dockerfile
} | grep -v @ | sort -u | xargs "$TOOL" digest ${MIRROR:+-mirror "$MIRROR"} >/dev/null
images=()
for name in '' -scorecard -gather -bundle -catalog; do images+=("$REGISTRY/llama-stack-k8s-operator$name:v$VERSION"); done
"$TOOL" can-publish -commit "$(git rev-parse HEAD)" "${images[@]}"
say "$VERSION can be released"
