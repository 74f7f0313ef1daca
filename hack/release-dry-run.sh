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

# Does everything that a release does, with a registry of its own and a key of its own, and verifies the result as a user does. The
# checkout does not change: the release is made in a clone of it, with its uncommitted changes and new files.
#
# VERSION    the version to release (default: that of versions.mk). If the catalog has its digest, it is released; then the next one
# PLATFORMS  those of the images (default: linux/amd64)
# PLUGIN_PLATFORMS  those of the plugin of kubectl (default: linux/amd64)
# BASES      pinned: the base images of the Dockerfiles; local: substitutes (default)
# DIST       where the result goes (default: dist)
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

# What make exports for the version of the checkout. Each make of the clone finds its own.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL IMG BUNDLE_IMG CATALOG_IMG CHARTS RELEASED CHANNELS DEFAULT_CHANNEL
: "${VERSION:?}"
export PLATFORMS="${PLATFORMS:-linux/amd64}" PLUGIN_PLATFORMS="${PLUGIN_PLATFORMS:-linux/amd64}" BASES="${BASES:-local}"
# After BASES, whose default is another one there.
# shellcheck source=hack/lib/buildah.sh
. "$(dirname "$0")/lib/buildah.sh"
# shellcheck source=hack/lib/release.sh
. "$(dirname "$0")/lib/release.sh"
cd "$ROOT"
DIST="$(mkdir -p "${DIST:-dist}" && cd "${DIST:-dist}" && pwd)"
WORK="$(mktemp -d)"
CLONE="$WORK/clone"

# step TITLE COMMAND... says what takes its time.
step() {
	local title="$1" started=$SECONDS
	shift
	"$@"
	say "$title: done in $((SECONDS - started)) s"
}

finish() {
	[ -z "${SERVER:-}" ] || kill "$SERVER" 2>/dev/null || true
	rm -rf "$WORK"
}
trap finish EXIT

# snapshot prints a commit of the checkout with all changes and all new files, which no branch has.
snapshot() {
	local index="$WORK/index" tree
	cp "$(git rev-parse --git-path index)" "$index"
	GIT_INDEX_FILE="$index" git add --all
	tree="$(GIT_INDEX_FILE="$index" git write-tree)"
	if [ "$tree" = "$(git rev-parse 'HEAD^{tree}')" ]; then git rev-parse HEAD; return; fi
	GIT_AUTHOR_DATE="$(git log -1 --format=%cI)" GIT_COMMITTER_DATE="$(git log -1 --format=%cI)" \
		git -c user.name=dry-run -c user.email=dry-run@localhost commit-tree -p HEAD -m "Work in progress" "$tree"
}

# clone FOLDER checks the commit out there, and what changed since. Its files have the modes that git knows, and its programs are those of
# this checkout.
clone() {
	local commit
	commit="$(snapshot)"
	(umask 022 && git clone --quiet --shared --no-checkout . "$1" && cd "$1" && git -c advice.detachedHead=false checkout --quiet "$commit")
	ln -s "$ROOT/bin" "$1/bin"
}

# registry starts the registry, and puts stand-ins for the images of the distributions into it.
registry() {
	"$TOOL" registry -folder "$WORK/blobs" -address "$WORK/address" 2>"$WORK/registry.log" &
	SERVER=$!
	until [ -s "$WORK/address" ]; do
		kill -0 "$SERVER" || { say "error: the registry ended: $(cat "$WORK/registry.log")"; return 1; }
		sleep 0.1
	done
	MIRROR="$(cat "$WORK/address")"
	export MIRROR REGISTRY="$MIRROR/llamastack" INSECURE=true
	{ distributions; bases catalog.Dockerfile; } | sed 's/@.*//' | sort -u | xargs "$TOOL" stand-in -mirror "$MIRROR"
}

# next VERSION prints what can be released after it.
next() {
	case "$1" in
	*-*) echo "${1%%-*}" ;;
	*) echo "${1%.*}.$((${1##*.} + 1))" ;;
	esac
}

# prepare writes the version into the clone, unless it has it, as the commit that is tagged has it.
prepare() {
	if [ "$VERSION" = "$(sed -n 's/^VERSION ?= //p' "$CLONE/versions.mk")" ] &&
		grep -q -- "-bundle:v$VERSION\$" "$CLONE/config/catalog/template.yaml"; then
		return 0
	fi
	(cd "$CLONE" && make --no-print-directory release VERSION="$VERSION" REGISTRY=quay.io/llamastack &&
		git add --all && git -c user.name=dry-run -c user.email=dry-run@localhost commit --quiet --message "Release $VERSION")
}

# make_in_clone ARGUMENTS... runs make there.
make_in_clone() { make --no-print-directory -C "$CLONE" "$@"; }

STATUS_BEFORE="$(git status --porcelain) $(git rev-parse HEAD)"
export STATUS_BEFORE
mkdir -p "$WORK/blobs"
step "building the program that signs" hack/release-tool.sh >/dev/null
TOOL="$(hack/release-tool.sh)"
clone "$CLONE"
# The sources in the clone are newer files with the same content.
touch "$TOOL"
if (cd "$CLONE" && recorded "$VERSION"); then
	say "$VERSION is released. This is a dry run of $(next "$VERSION")."
	VERSION="$(next "$VERSION")"
fi
step "starting a registry" registry
step "preparing $VERSION" prepare
export SOURCE_DATE_EPOCH STORAGE="$ROOT/bin/buildah"
SOURCE_DATE_EPOCH="$(git -C "$CLONE" log -1 --format=%ct)"
rm -rf "$DIST"
mkdir -p "$DIST"
export KEY="$WORK/cosign.key"
(cd "$WORK" && "$TOOL" key -out "$KEY" -public "$DIST/cosign.pub")
step "checking what a release needs" "$CLONE/hack/release-check.sh"
step "building the images" "$CLONE/hack/release-images.sh" "$DIST"
step "writing bundle, catalog and manifests" "$CLONE/hack/release-manifests.sh" "$DIST"
step "writing the files for the hubs" make_in_clone hub-files DIST="$DIST" REVIEWERS="${REVIEWERS:-dry-run}"
step "pushing the chart" "$CLONE/hack/release-chart.sh" "$DIST"
step "packing the plugin of kubectl" "$CLONE/hack/release-plugin.sh" "$DIST"
step "signing and describing" "$CLONE/hack/release-sign.sh" "$DIST"
step "building again, and verifying" env DIST="$DIST" CLONE="$CLONE" WORK="$WORK" test/release/run.sh
say "$DIST has the release of $VERSION, signed with a key that is gone."
