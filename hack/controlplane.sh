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

# Provides etcd, kube-apiserver and kubectl for tests and prints the folder that holds them:
#
#     KUBEBUILDER_ASSETS=$(hack/controlplane.sh)
#
# A KUBEBUILDER_ASSETS that is already set wins. Otherwise the usual archive is downloaded when that works
# within DOWNLOAD_SECONDS (default 120; 0 never tries); else the programs are built from pinned Go modules,
# which needs nothing but Go and takes about 6 minutes on 2 cores, once.
# With --build, KUBEBUILDER_ASSETS and the download are ignored.
set -euo pipefail

if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ "${1:-}" != --build ]; then
	echo "$KUBEBUILDER_ASSETS"
	exit 0
fi
# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"
# shellcheck source=hack/lib/bounded.sh
. "$ROOT/hack/lib/bounded.sh"
# shellcheck source=hack/lib/download.sh
. "$ROOT/hack/lib/download.sh"

K8S="$(pinned tools/node k8s.io/kubernetes)"
ETCD="$(pinned tools/etcd go.etcd.io/etcd/server/v3)"
BUILT="$ROOT/bin/controlplane-$K8S"
DOWNLOADED="$ROOT/bin/controlplane-download"

# complete FOLDER reports whether FOLDER contains everything that a test control plane needs.
complete() {
	local name
	for name in etcd kube-apiserver kubectl; do
		[ -x "$1/$name" ] || return 1
	done
}

# download SECONDS prints the folder of the downloaded programs, or fails; what failed matters to nobody,
# since building follows.
download() {
	local module=sigs.k8s.io/controller-runtime/tools/setup-envtest version
	# The tool takes longer to build than to learn that there is no way to what it downloads.
	reachable https://raw.githubusercontent.com/ || return 1
	version="$(pinned tools/dev "$module")"
	local tool="$DOWNLOADED/setup-envtest-$version"
	build "$tool" "$version" "10 s" tools/dev "$module" 2>/dev/null || return 1
	say "downloading etcd and kube-apiserver $K8S (at most $1 s) ..."
	bounded TERM "$1" "$tool" use "${K8S#v}" --bin-dir "$DOWNLOADED" -p path 2>/dev/null
}

# provide leaves etcd, kube-apiserver and kubectl in $BUILT, as links when they were downloaded.
provide() {
	complete "$BUILT" && return
	local seconds="${DOWNLOAD_SECONDS:-120}" folder name
	if [ "${1:-}" != --build ] && [ "$seconds" -gt 0 ]; then
		if folder="$(download "$seconds")" && complete "$folder"; then
			mkdir -p "$BUILT"
			for name in etcd kube-apiserver kubectl; do ln -sfn "$folder/$name" "$BUILT/$name"; done
			return
		fi
		say "no download of the test control plane $K8S; building it instead"
	fi
	CGO_ENABLED=0 build "$BUILT/etcd" "$ETCD" "40 s" tools/etcd go.etcd.io/etcd/server/v3 -ldflags "-s -w"
	say "building kube-apiserver and kubectl $K8S (about 5 min the first time) ..."
	build_programs "$BUILT" tools/node -ldflags "$(kubernetes_ldflags "$K8S")" k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl
}

if ! complete "$BUILT"; then
	with_lock "$ROOT/bin/.controlplane.lock" provide "$@"
fi
echo "$BUILT"
