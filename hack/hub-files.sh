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

# Writes what a pull request to each community hub consists of, below FOLDER:
#
#   FOLDER/operatorhub   for github.com/k8s-operatorhub/community-operators
#   FOLDER/openshift     for github.com/redhat-openshift-ecosystem/community-operators-prod
#
# VERSION    the operator's version
# CHANNELS   those that it goes into
# REVIEWERS  GitHub accounts, separated by commas or spaces, whose pull requests the hubs merge without a review of their
#            own (default: the approvers in OWNERS)
set -euo pipefail

FOLDER="${1:?usage: hack/hub-files.sh FOLDER}"
[ "${FOLDER#/}" != "$FOLDER" ] || FOLDER="$PWD/$FOLDER"
cd "$(dirname "$0")/.."
: "${VERSION:?}" "${CHANNELS:?}"

CSV=bundle/manifests/llama-stack-k8s-operator.clusterserviceversion.yaml

die() { echo "error: $*" >&2; exit 1; }

# approvers prints those of OWNERS, as a list in one line or one a line.
approvers() {
	awk '/^[a-z_]+:/ { inside = ($1 == "approvers:"); sub(/^[a-z_]+:/, "") } inside && !/^#/ { gsub(/[][,-]( |$)|[][,]|^ *- /, " "); print }' \
		"${OWNERS:-OWNERS}"
}

# reviewers prints the accounts, one a line. The hubs refuse a list without any, and would take a placeholder for somebody.
reviewers() {
	local account accounts
	accounts="${REVIEWERS:-$(approvers)}"
	# shellcheck disable=SC2086 # they are words
	set -- ${accounts//,/ }
	[ $# -gt 0 ] || die "the hubs require reviewers: set REVIEWERS to their GitHub accounts, or add approvers to OWNERS"
	for account in "$@"; do
		[[ "$account" =~ ^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$ ]] || die "the reviewer \"$account\" is not a GitHub account: set REVIEWERS, or correct OWNERS"
		case "$(tr '[:upper:]' '[:lower:]' <<<"$account")" in
		todo* | tbd* | fixme* | changeme* | change-me* | placeholder* | example* | your-* | someone | somebody | nobody | user | username)
			die "the reviewer \"$account\" is a placeholder: set REVIEWERS to GitHub accounts, or correct OWNERS" ;;
		esac
		echo "$account"
	done
}

# release prints release-config.yaml: the channels that the hub's pipeline adds the release to. Their names in a
# template are those of our channels without the major version, and start with a capital letter.
release() {
	local channel
	printf -- '---\ncatalog_templates:\n- template_name: semver.yaml\n  channels:\n'
	for channel in ${CHANNELS//,/ }; do
		echo "${channel%%-*}" | awk '{print "  - " toupper(substr($0, 1, 1)) substr($0, 2)}'
	done
}

# plain FILE prints a file without its comments: the licence header is not part of what a hub gets.
plain() { echo "---"; grep -v '^ *#' "$1"; }

# configuration FILE prints a ci.yaml with the reviewers.
configuration() {
	plain "$1" | awk -v accounts="$ACCOUNTS" '
		$0 == "reviewers: []" { print "reviewers:"; n = split(accounts, all, "\n"); for (i = 1; i <= n; i++) print "- " all[i]; next }
		{ print }'
}

grep -qx "  version: $VERSION" "$CSV" || die "bundle/ is not of the version $VERSION: check its tag out, and apply the changes.patch of the release"
ACCOUNTS="$(reviewers)"
readonly ACCOUNTS
for hub in operatorhub openshift; do
	operator="$FOLDER/$hub/operators/llama-stack-k8s-operator"
	rm -rf "$operator"
	mkdir -p "$operator/$VERSION"
	configuration "config/hubs/$hub/ci.yaml" > "$operator/ci.yaml"
	cp -R bundle/manifests bundle/metadata bundle/tests "$operator/$VERSION/"
done
# Only this hub has file-based catalogs. The other one takes every folder of an operator for a version, and refuses what it
# does not know there.
operator="$FOLDER/openshift/operators/llama-stack-k8s-operator"
mkdir "$operator/catalog-templates"
plain config/hubs/openshift/semver.yaml > "$operator/catalog-templates/semver.yaml"
release > "$operator/$VERSION/release-config.yaml"
