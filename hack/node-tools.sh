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

# Builds every program of a one-node Kubernetes from pinned Go modules and prints the folder that holds them.
# The first run takes about 12 minutes on 2 cores, later ones nothing. Linux only; runc needs a C compiler,
# pkg-config and the headers of libseccomp, which `cluster up` (test/cluster) installs or asks for.
#
# With --folder it only prints the folder, built or not.
#
# The folder's name carries a checksum of all pins, so a changed version never runs with yesterday's programs.
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"

K8S="$(pinned kubernetes k8s.io/kubernetes)"
PINS="$(cd "$ROOT" && cat tools/{kubernetes,etcd,containerd,runc,cni,coredns,kube-router}/go.mod hack/lib/build.sh hack/node-tools.sh test/cluster/pause/main.go | cksum | cut -d' ' -f1)"
NODE="$ROOT/bin/node-$K8S-$PINS"
CONTAINERD=github.com/containerd/containerd/v2
RUNC=github.com/opencontainers/runc
PLUGINS=github.com/containernetworking/plugins
COREDNS=github.com/coredns/coredns
KUBE_ROUTER=github.com/cloudnativelabs/kube-router/v2

# link_controlplane makes the node use the etcd, kube-apiserver and kubectl that tests use.
# KUBEBUILDER_ASSETS is ignored: it may hold another version than the kubelet's.
link_controlplane() {
	local folder name
	folder="$(env -u KUBEBUILDER_ASSETS "$ROOT/hack/controlplane.sh")"
	mkdir -p "$NODE"
	for name in etcd kube-apiserver kubectl; do ln -sfn "$folder/$name" "$NODE/$name"; done
}

build_kubernetes() {
	local name hint flags
	flags="$(kubernetes_ldflags "$K8S")"
	while read -r name hint; do
		build "$NODE/$name" "$K8S" "$hint" kubernetes "k8s.io/kubernetes/cmd/$name" -ldflags "$flags"
	done <<-LIST
		kube-controller-manager 90 s
		kube-scheduler 10 s
		kubelet 40 s
		kube-proxy 10 s
	LIST
}

build_containerd() {
	local name version flags
	version="$(pinned containerd "$CONTAINERD")"
	flags="-s -w -X $CONTAINERD/version.Version=$version"
	for name in containerd containerd-shim-runc-v2 ctr; do
		build "$NODE/$name" "$version" "30 s" containerd "$CONTAINERD/cmd/$name" \
			-tags "no_btrfs no_zfs no_devmapper" -ldflags "$flags"
	done
}

# build_runc needs cgo: without libseccomp every Pod with a RuntimeDefault profile fails to start.
build_runc() {
	local version
	version="$(pinned runc "$RUNC")"
	CGO_ENABLED=1 build "$NODE/runc" "$version" "20 s" runc "$RUNC" \
		-tags seccomp -ldflags "-s -w -X main.version=${version#v}"
}

build_cni() {
	local path version
	version="$(pinned cni "$PLUGINS")"
	for path in main/bridge ipam/host-local meta/portmap; do
		build "$NODE/cni/$(basename "$path")" "$version" "5 s" cni "$PLUGINS/plugins/$path" \
			-ldflags "-s -w -X $PLUGINS/pkg/utils/buildversion.BuildVersion=$version"
	done
}

build_rest() {
	local version
	version="$(pinned coredns "$COREDNS")"
	build "$NODE/coredns" "$version" "2 min" coredns "$COREDNS" -ldflags "-s -w"
	version="$(pinned kube-router "$KUBE_ROUTER")"
	build "$NODE/kube-router" "$version" "2 min" kube-router "$KUBE_ROUTER/cmd/kube-router" \
		-ldflags "-s -w -X $KUBE_ROUTER/pkg/version.Version=$version"
	# The container that holds a Pod's namespaces; `cluster up` packs it into an image.
	build "$NODE/pause" "" "1 s" ../test/cluster ./pause -ldflags "-s -w"
}

# provide builds the short and the failing parts first: a missing header shows up in seconds, not in minutes.
provide() {
	[ ! -e "$NODE/.complete" ] || return 0
	export CGO_ENABLED=0
	build_runc
	build_cni
	build_containerd
	link_controlplane
	build_kubernetes
	build_rest
	touch "$NODE/.complete"
}

if [ "${1:-}" != --folder ] && [ ! -e "$NODE/.complete" ]; then
	with_lock "$ROOT/bin/.node-tools.lock" provide
fi
echo "$NODE"
