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
# Builds the documentation site from docs/ and site/, and opens it in a browser:
#
#     hack/site.sh build FOLDER     # FOLDER/SITE_VERSION, the list of versions, and the redirect to the default one
#     hack/site.sh test FOLDER      # publish SITE_VERSION, and main after it, into FOLDER, and open every page in Chromium
#     hack/site.sh publish REMOTE   # the version of GITHUB_REF_NAME, into the branch gh-pages of a repository
#
# FOLDER may have other versions already: the published site is a branch with all of them.
#
# SITE_VERSION  the version's folder, such as 1.1.0 or main
# SITE_DEFAULT  the version that readers see first (default: SITE_VERSION)
# SITE_REF      the commit, tag or branch that links to files lead to (default: main)
# CHROMIUM      the browser; installed with apt-get where there is none, as root
set -euo pipefail

# shellcheck source=hack/lib/python.sh
. "$(dirname "$0")/lib/python.sh"

# The path below which GitHub publishes the site.
BASE=/llama-stack-k8s-operator/

# versions FOLDER prints the list of versions for the switch, the newest first.
versions() {
	local name separator="["
	while read -r name; do
		printf '%s{"name": "%s", "version": "%s", "url": "%s"}' "$separator" "$name" "$name" "$BASE$name/"
		separator=", "
	done < <(find "$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f\n' | sort -rV)
	echo "]"
}

# redirect VERSION prints the page that leads to a version. It names an icon, or browsers ask the host of the site for one.
redirect() {
	echo "<!doctype html><title>Llama Stack operator</title><link rel=\"icon\" href=\"$1/_static/icon.svg\">"
	echo "<meta http-equiv=\"refresh\" content=\"0; url=$1/\">"
}

# build FOLDER writes a version of the site. A warning of Sphinx is an error: a dead link, a page in no list.
build_site() {
	local source="$ROOT/bin/site-source"
	export SITE_VERSION="${SITE_VERSION:?}"
	python3 "$ROOT/site/assemble.py" "$source" "${SITE_REF:-main}"
	rm -rf "${1:?}/$SITE_VERSION"
	mkdir -p "$1"
	SITE_URL="https://llamastack.github.io$BASE${SITE_DEFAULT:-$SITE_VERSION}/" SITE_VERSIONS="${BASE}versions.json" \
		"$FOLDER/bin/sphinx-build" --quiet --nitpicky --fail-on-warning --keep-going --doctree-dir "$ROOT/bin/site-doctrees" \
		-c "$ROOT/site" -b html "$source" "$1/$SITE_VERSION"
	versions "$1" >"$1/versions.json"
	redirect "${SITE_DEFAULT:-$SITE_VERSION}" >"$1/index.html"
	# GitHub leaves out folders that begin with an underscore otherwise.
	touch "$1/.nojekyll"
}

# browser prints the path of a Chromium, installed if there is none.
browser() {
	local name
	for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
		if [ -n "$name" ] && command -v "$name"; then return; fi
	done
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		say "error: no Chromium: install it, or set CHROMIUM"
		return 1
	fi
	install_package chromium
	command -v chromium
}

# publish REMOTE [TRIES] builds the version of GITHUB_REF_NAME into the branch with all versions. Readers see the newest release first. If
# another version is published meanwhile, it starts again.
publish() {
	local folder
	folder="$(mktemp -d)"
	trap 'rm -rf "$folder"' RETURN
	if ! git clone --quiet --depth 1 --branch gh-pages "$1" "$folder"; then
		git init --quiet --initial-branch gh-pages "$folder"
	fi
	SITE_REF="${GITHUB_REF_NAME:?}"
	SITE_VERSION="${GITHUB_REF_NAME#v}"
	SITE_DEFAULT="$({ find "$folder" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*' -printf '%f\n'; echo "$SITE_VERSION"; } |
		grep -xE '[0-9]+\.[0-9]+\.[0-9]+' | sort -V | tail -n 1 || true)"
	build_site "$folder"
	git -C "$folder" add --all
	git -C "$folder" -c user.name="Llama Stack operator" -c user.email=noreply@github.com \
		commit --quiet --allow-empty --message "Publish $SITE_VERSION"
	git -C "$folder" push --quiet "$1" gh-pages || { [ "${2:-3}" -gt 1 ] && publish "$1" $((${2:-3} - 1)); }
}

# test_site FOLDER publishes a release, and then main as after a later change, into a repository of its own, and opens its branch.
test_site() {
	local remote name
	remote="$(mktemp -d)"
	git init --quiet --bare "$remote"
	for name in "v${SITE_VERSION:?}" main; do
		(GITHUB_REF_NAME="$name" publish "file://$remote")
	done
	rm -rf "$1"
	git clone --quiet --branch gh-pages "$remote" "$1"
	rm -rf "$remote"
	"$FOLDER/bin/python" "$ROOT/site/browse.py" "$1" "$(browser)" "$SITE_VERSION" main
}

FOLDER="$(pinned_environment site "$ROOT/site/requirements.txt" 3.11)"
case "${1:-} ${2:-}" in
"build "?*) build_site "$2" ;;
"publish "?*) publish "$2" ;;
"test "?*) test_site "$2" ;;
*) say "usage: hack/site.sh build|test FOLDER, or publish REMOTE"; exit 1 ;;
esac
