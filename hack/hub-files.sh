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
# VERSION   the operator's version
# CHANNELS  those that it goes into
set -euo pipefail

FOLDER="${1:?usage: hack/hub-files.sh FOLDER}"
[ "${FOLDER#/}" != "$FOLDER" ] || FOLDER="$PWD/$FOLDER"
cd "$(dirname "$0")/.."
: "${VERSION:?}" "${CHANNELS:?}"

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

for hub in operatorhub openshift; do
	operator="$FOLDER/$hub/operators/llama-stack-k8s-operator"
	rm -rf "$operator"
	mkdir -p "$operator/catalog-templates" "$operator/$VERSION"
	plain "config/hubs/$hub/ci.yaml" > "$operator/ci.yaml"
	plain config/hubs/semver.yaml > "$operator/catalog-templates/semver.yaml"
	cp -R bundle/manifests bundle/metadata bundle/tests "$operator/$VERSION/"
	release > "$operator/$VERSION/release-config.yaml"
done
