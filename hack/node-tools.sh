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

# Provides every program of a Kubernetes node and prints the folder that holds them. Released programs are downloaded where that works,
# else the programs are built from the modules that tools/ pins. The first build takes about 12 minutes on 2 cores.
# Linux only; runc needs a C compiler, pkg-config and the headers of libseccomp, which "cluster up" (test/infra/cluster) installs.
#
#   --folder            only prints the folder, whether the programs are there or not
#   --network-policies  adds kube-router, which enforces NetworkPolicies and takes 2 minutes more
#
# The folder's name carries a checksum of all versions: when a version changes, a node runs no program of the one before.
set -euo pipefail

# shellcheck source=hack/lib/build.sh
. "$(dirname "$0")/lib/build.sh"
# shellcheck source=hack/lib/download.sh
. "$ROOT/hack/lib/download.sh"

CONTAINERD=github.com/containerd/containerd/v2
RUNC=github.com/opencontainers/runc
PLUGINS=github.com/containernetworking/plugins
COREDNS=github.com/coredns/coredns
KUBE_ROUTER=github.com/cloudnativelabs/kube-router/v2

K8S="$(pinned tools/node k8s.io/kubernetes)"
CONTAINERD_VERSION="$(pinned tools/node "$CONTAINERD")"
RUNC_VERSION="$(pinned tools/node "$RUNC")"
PLUGINS_VERSION="$(pinned tools/node "$PLUGINS")"
COREDNS_VERSION="$(pinned tools/node "$COREDNS")"
KUBE_ROUTER_VERSION="$(pinned tools/kube-router "$KUBE_ROUTER")"
# Raise this when the same versions make other programs, as other flags do.
RECIPE=2
KEY="$(printf '%s\n' "$RECIPE" "$K8S" "$(pinned tools/etcd go.etcd.io/etcd/server/v3)" "$CONTAINERD_VERSION" "$RUNC_VERSION" \
	"$PLUGINS_VERSION" "$COREDNS_VERSION" "$KUBE_ROUTER_VERSION" |
	cat - "$ROOT/tools/node/coredns/main.go" "$ROOT/test/infra/cluster/pause/main.go" | cksum | cut -d' ' -f1)"
NODE="$ROOT/bin/node-$K8S-$KEY"
KUBERNETES=(kube-controller-manager kube-scheduler kubelet kube-proxy)
ARCH="$(architecture)"

# lacks NAME... says whether one of these programs is not there.
lacks() {
	local name
	for name in "$@"; do [ -x "$NODE/$name" ] || return 0; done
	return 1
}

# link_controlplane makes the node use the etcd, kube-apiserver and kubectl that tests use.
# KUBEBUILDER_ASSETS is ignored: it may hold another version than the kubelet's.
link_controlplane() {
	local folder name
	folder="$(env -u KUBEBUILDER_ASSETS "$ROOT/hack/controlplane.sh")"
	mkdir -p "$NODE"
	for name in etcd kube-apiserver kubectl; do ln -sfnr "$folder/$name" "$NODE/$name"; done
}

# download_kubernetes downloads the programs of Kubernetes that the control plane for tests does not have.
download_kubernetes() {
	local name url
	for name in "${KUBERNETES[@]}"; do
		url="$KUBERNETES_RELEASES/$K8S/bin/linux/$ARCH/$name"
		[ -x "$NODE/$name" ] || download_program "$url" "$url.sha256" "$NODE/$name" || return 0
	done
}

# download_others downloads what GitHub has.
download_others() {
	local url archive
	archive="containerd-${CONTAINERD_VERSION#v}-linux-$ARCH.tar.gz"
	url="$GITHUB_RELEASES/containerd/containerd/releases/download/$CONTAINERD_VERSION"
	download_archive "$url/$archive" "$url/$archive.sha256sum" "$NODE" bin/{containerd,containerd-shim-runc-v2,ctr} || return 0
	url="$GITHUB_RELEASES/opencontainers/runc/releases/download/$RUNC_VERSION"
	download_program "$url/runc.$ARCH" "$url/runc.sha256sum" "$NODE/runc" || return 0
	archive="cni-plugins-linux-$ARCH-$PLUGINS_VERSION.tgz"
	url="$GITHUB_RELEASES/containernetworking/plugins/releases/download/$PLUGINS_VERSION"
	download_archive "$url/$archive" "$url/$archive.sha256" "$NODE/cni" bridge host-local portmap || return 0
	url="$GITHUB_RELEASES/coredns/coredns/releases/download/$COREDNS_VERSION"
	archive="coredns_${COREDNS_VERSION#v}_linux_$ARCH.tgz"
	download_archive "$url/$archive" "$url/$archive.sha256" "$NODE" coredns || return 0
}

# build_runc needs cgo: without libseccomp every Pod with a RuntimeDefault profile fails to start.
build_runc() {
	CGO_ENABLED=1 build "$NODE/runc" "$RUNC_VERSION" "30 s" tools/node "$RUNC" \
		-tags seccomp -ldflags "-s -w -X main.version=${RUNC_VERSION#v}"
}

# build_missing builds what could not be downloaded, by one command: most packages are part of several programs.
build_missing() {
	local name missing=()
	for name in cni/bridge:main cni/host-local:ipam cni/portmap:meta; do
		if lacks "${name%:*}"; then missing+=("$PLUGINS/plugins/${name#*:}/$(basename "${name%:*}")"); fi
	done
	for name in containerd containerd-shim-runc-v2 ctr; do
		if lacks "$name"; then missing+=("$CONTAINERD/cmd/$name"); fi
	done
	for name in "${KUBERNETES[@]}"; do
		if lacks "$name"; then missing+=("k8s.io/kubernetes/cmd/$name"); fi
	done
	# With the plugins that the node needs, CoreDNS takes a few seconds in the place of two minutes.
	if lacks coredns; then missing+=(./coredns); fi
	if [ "${#missing[@]}" -gt 0 ]; then
		say "building ${missing[*]##*/} (about 2 min the first time) ..."
		build_programs "$NODE" tools/node -tags "no_btrfs no_zfs no_devmapper" \
			-ldflags "$(kubernetes_ldflags "$K8S") -X $CONTAINERD/version.Version=$CONTAINERD_VERSION -X $PLUGINS/pkg/utils/buildversion.BuildVersion=$PLUGINS_VERSION" \
			"${missing[@]}"
	fi
	for name in bridge host-local portmap; do
		[ ! -e "$NODE/$name" ] || install -D -m 0755 "$NODE/$name" "$NODE/cni/$name"
		rm -f "$NODE/$name"
	done
	# The container that holds a Pod's namespaces; "cluster up" packs it into an image.
	CGO_ENABLED=0 build "$NODE/pause" "" "1 s" . ./test/infra/cluster/pause -ldflags "-s -w"
}

# provide builds the short and the failing part first: a missing header shows up in seconds, not in minutes.
provide() {
	[ ! -e "$NODE/.complete" ] || return 0
	mkdir -p "$NODE"
	if reachable "$GITHUB_RELEASES"; then download_others; fi
	if lacks runc; then build_runc; fi
	link_controlplane
	if lacks "${KUBERNETES[@]}" && reachable "$KUBERNETES_RELEASES"; then download_kubernetes; fi
	build_missing
	touch "$NODE/.complete"
}

provide_kube_router() {
	CGO_ENABLED=0 build "$NODE/kube-router" "$KUBE_ROUTER_VERSION" "2 min" tools/kube-router "$KUBE_ROUTER/cmd/kube-router" \
		-ldflags "-s -w -X $KUBE_ROUTER/pkg/version.Version=$KUBE_ROUTER_VERSION"
}

case "${1:-}" in
--folder) ;;
'' | --network-policies)
	[ -e "$NODE/.complete" ] || with_lock "$ROOT/bin/.node-tools.lock" provide
	[ "${1:-}" = '' ] || [ -x "$NODE/kube-router" ] || with_lock "$ROOT/bin/.node-tools.lock" provide_kube_router
	;;
*) say "usage: hack/node-tools.sh [--folder | --network-policies]"; exit 2 ;;
esac
echo "$NODE"
