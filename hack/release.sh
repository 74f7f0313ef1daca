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

# Prepares a release: writes its version where it belongs, puts it into channels, and writes everything that is generated. It
# commits and publishes nothing. docs/releasing.md says what comes before and after.
#
# VERSION             the operator's version, without the v
# RELEASED            when, in RFC 3339 (default: now)
# CHANNELS            those it goes into (default: all of its major version; a release candidate, the least stable one)
# LLAMASTACK_VERSION  the tag of the server images
# OGX_VERSION         the tag of those of the names that begin with ogx-
# IMG, BUNDLE_IMG     the operator's image and the bundle's
set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=hack/lib/release.sh
. hack/lib/release.sh
: "${VERSION:?}" "${LLAMASTACK_VERSION:?}" "${OGX_VERSION:?}" "${IMG:?}" "${BUNDLE_IMG:?}"
RELEASED="${RELEASED:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}"

TEMPLATE=config/catalog/template.yaml
DIGESTS_FILE=config/manifests/digests.txt

say() { echo "$*" >&2; }

# check refuses what could not be undone later.
check() {
	[[ "$VERSION" =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] ||
		{ say "error: VERSION=$VERSION is not a semantic version, such as 1.1.0"; exit 1; }
	if git rev-parse -q --verify "refs/tags/v$VERSION" >/dev/null 2>&1; then
		say "error: v$VERSION is released; a release is never changed"
		exit 1
	fi
	if recorded "$VERSION"; then
		say "error: v$VERSION is released: the catalog has its digest; a release is never changed"
		exit 1
	fi
	if grep -q '^schema: olm.template.basic' "$TEMPLATE" && ! grep -qF "image: $BUNDLE_IMG" "$TEMPLATE"; then
		say "error: $TEMPLATE has its channels written out; add v$VERSION to them, and its bundle, $BUNDLE_IMG"
		exit 1
	fi
}

# set_version NAME VALUE writes a variable of versions.mk.
set_version() {
	local new
	new="$(sed -E "s|^($1 \?= ).*|\1$2|" versions.mk)"
	printf '%s\n' "$new" > versions.mk
}

# channels prints those of a version for which none are given. What an earlier release was for is no default.
channels() {
	local major="${VERSION%%.*}"
	case "$VERSION" in
	*-*) echo "candidate-v$major" ;;
	*) echo "candidate-v$major,fast-v$major,stable-v$major" ;;
	esac
}

# enter adds the bundle to the lists of the template that CHANNELS name.
enter() {
	local channel
	! grep -q '^schema: olm.template.basic' "$TEMPLATE" || return 0
	for channel in ${CHANNELS//,/ }; do hack/catalog-enter.sh "${channel%%-*}" "$BUNDLE_IMG"; done
}

check
CHANNELS="${CHANNELS:-$(channels)}"
set_version VERSION "$VERSION"
set_version RELEASED "$RELEASED"
set_version CHANNELS "$CHANNELS"
set_version LLAMASTACK_VERSION "$LLAMASTACK_VERSION"
set_version OGX_VERSION "$OGX_VERSION"
export RELEASED CHANNELS
make --no-print-directory stamp
# Digests come from the build: hack/release-manifests.sh.
digests="$(grep '^#' "$DIGESTS_FILE")"
printf '%s\n' "$digests" > "$DIGESTS_FILE"
enter
make --no-print-directory generate
# The next release's CRD is compared with this one's.
cp bundle/manifests/llamastack.io_llamastackdistributions.yaml "test/crdify/testdata/v$VERSION.yaml"
say "v$VERSION is prepared. Check the changes, commit and tag them; docs/releasing.md says what comes next."
