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

# Writes bundle/ and bundle.Dockerfile, what OLM installs the operator from. The same input gives the same bytes.
#
# VERSION    the operator's version
# RELEASED   when it was released, in RFC 3339
# IMG        the operator's image
# CHANNELS, DEFAULT_CHANNEL
#            those that catalogs which are not file-based put it into
# OPENSHIFT  the versions of OpenShift that it is for: v4.18 is that and later
set -euo pipefail

cd "$(dirname "$0")/.."
: "${VERSION:?}" "${RELEASED:?}" "${IMG:?}" "${CHANNELS:?}" "${DEFAULT_CHANNEL:?}" "${OPENSHIFT:?}"

SDK="$(hack/tool.sh operator-sdk)"
KUSTOMIZE="$(hack/tool.sh kustomize)"
CSV=bundle/manifests/llama-stack-k8s-operator.clusterserviceversion.yaml
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

# collect writes what the bundle is made from: config/ with the descriptors of the types and with IMG.
collect() {
	cp -R config "$WORK/config"
	"$SDK" generate kustomize manifests -q --interactive=false --output-dir "$WORK/config/manifests"
	(cd "$WORK/config/manager" && "$KUSTOMIZE" edit set image "controller=$IMG")
}

# generate writes the bundle anew, so that nothing stays of what is no longer part of it.
generate() {
	rm -rf bundle bundle.Dockerfile
	"$KUSTOMIZE" build "$WORK/config/manifests" | "$SDK" generate bundle -q --overwrite --version "$VERSION" \
		--channels "$CHANNELS" --default-channel "$DEFAULT_CHANNEL"
	go run ./hack/cmd/bundle -csv "$CSV" -icon config/manifests/icon.svg \
		-digests config/manifests/digests.txt -created-at "$RELEASED"
}

# openshift says which versions of OpenShift the bundle is for, which operator-sdk does not ask.
openshift() {
	cat >> bundle/metadata/annotations.yaml <<-YAML

		  # The first OpenShift with the Kubernetes of the ClusterServiceVersion's minKubeVersion.
		  com.redhat.openshift.versions: "$OPENSHIFT"
	YAML
	awk -v label="LABEL com.redhat.openshift.versions=\"$OPENSHIFT\"" \
		'/^# Copy files/ {print "# Labels for OpenShift.\n" label "\n"} {print}' bundle.Dockerfile > "$WORK/Dockerfile"
	cat "$WORK/Dockerfile" > bundle.Dockerfile
}

collect
generate
openshift
