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
# shellcheck shell=bash

# A cluster with the operator on it, for the demo and the end-to-end tests. To be sourced.
#
# KUBECONFIG        the cluster to use; unset, or that of bin/cluster: a one-node Kubernetes on this machine (Linux, root)
# On a cluster that was not started here images come from where it pulls them:
#   IMG             the operator
#   STAND_IN_IMG    the stand-ins of test/infra/standin
#   LLAMA_STACK_IMG, OGX_IMG, OGX_BEFORE_IMG  real servers (default: the published ones)
#   DATABASE_IMG    PostgreSQL with pgvector (default: the published one)
#   LOAD            instead, the command that takes an archive made here, such as "kind load image-archive"

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$ROOT" || exit

# What the images of real servers are called, published or made here.
LLAMA_STACK_IMG="${LLAMA_STACK_IMG:-docker.io/llamastack/distribution-starter:0.7.3}"
OGX_IMG="${OGX_IMG:-docker.io/ogxai/distribution-starter:1.5.0}"
OGX_BEFORE_IMG="${OGX_BEFORE_IMG:-docker.io/ogxai/distribution-starter:1.3.1}"
DATABASE_IMG="${DATABASE_IMG:-docker.io/pgvector/pgvector:pg17}"
export LLAMA_STACK_IMG OGX_IMG OGX_BEFORE_IMG DATABASE_IMG
ARCHIVES="${IMAGES_DIR:-bin/images}"
# Set by use_cluster: whether it started the cluster.
export STARTED=no
# The exit code of bin/images-tool when a real server can neither be pulled nor built.
export UNAVAILABLE=3

# say reports progress.
say() { echo "$*" >&2; }

# quiet COMMAND... shows the command's output only when it fails.
quiet() {
	local output
	output="$("$@" 2>&1)" || { local status=$?; say "$output"; return "$status"; }
}

# step TITLE COMMAND... says what takes its time, and how much it took.
step() {
	local title="$1" started=$SECONDS
	shift
	say "$title ..."
	STEP="$title"
	"$@"
	STEP=''
	say "$title: done in $((SECONDS - started)) s"
}

# The step that a failed command was part of.
STEP=''
trap '[ -z "$STEP" ] || say "failed: $STEP"' EXIT

# find_kubectl sets KUBECTL: the installed one, or else that of the test control plane.
find_kubectl() {
	[ -n "${KUBECTL:-}" ] || KUBECTL="$(type -P kubectl || true)"
	[ -n "$KUBECTL" ] || KUBECTL="$(hack/controlplane.sh)/kubectl"
	export KUBECTL
}

kubectl() { "$KUBECTL" "$@"; }

# cluster runs the program of the one-node Kubernetes on its own cluster, whatever KUBECONFIG names.
cluster() { env -u KUBECONFIG bin/cluster "$@"; }

# foreign reports whether KUBECONFIG refers to a cluster that bin/cluster did not start.
foreign() {
	[ -n "${KUBECONFIG:-}" ] && ! { [ -x bin/cluster ] && [ "$(cluster kubeconfig 2>/dev/null)" = "$KUBECONFIG" ]; }
}

# imports reports whether the cluster can import locally built images.
imports() { ! foreign || [ -n "${LOAD:-}" ]; }

# prepare_system installs the system packages that a cluster needs, before anything takes minutes.
prepare_system() {
	[ -x "$(hack/node-tools.sh --folder)/runc" ] || set -- --build
	GOWORK=off CGO_ENABLED=0 go run ./test/infra/cluster/prepare "$@"
}

# use_cluster makes KUBECONFIG name a cluster that is up.
use_cluster() {
	if foreign; then
		say "using the cluster of KUBECONFIG=$KUBECONFIG"
	else
		prepare_system
		make --no-print-directory cluster-build
		cluster status >/dev/null 2>&1 || STARTED=yes
		cluster up
		KUBECONFIG="$(cluster kubeconfig)"
		export KUBECONFIG
	fi
	find_kubectl
}

# provide_servers NAME... makes the archives of real servers where they are needed, and returns UNAVAILABLE where it cannot.
provide_servers() {
	imports || return 0
	quiet make --no-print-directory bin/images-tool || return
	bin/images-tool servers --only "$(IFS=, && echo "$*")" --out "$ARCHIVES" --pull="${IMAGES_PULL:-true}" >/dev/null
}

# provide_database makes the archive of PostgreSQL where it is needed.
provide_database() {
	imports || return 0
	quiet make --no-print-directory bin/images-tool || return
	bin/images-tool database --out "$ARCHIVES" --pull="${IMAGES_PULL:-true}" >/dev/null
}

# tagged REPOSITORY FILE prints a name that changes with the file, so that a new build is rolled out.
tagged() { echo "$1:$(cksum <"$2" | cut -d' ' -f1)"; }

# provide_binaries builds the operator and the stand-ins, and names their images.
provide_binaries() {
	if ! imports; then
		if [ -z "${STAND_IN_IMG:-}" ]; then
			say "error: KUBECONFIG names a cluster that this machine cannot hand images to. Set IMG and STAND_IN_IMG to images of"
			say "the operator (make docker-build docker-push) and of test/infra/standin that it can pull, or LOAD to a command that takes"
			say "an archive, such as LOAD='kind load image-archive'."
			return 1
		fi
		return
	fi
	quiet make --no-print-directory build bin/stand-in bin/images-tool
	IMG="$(tagged localhost/llama-stack-k8s-operator bin/manager)"
	STAND_IN_IMG="$(tagged localhost/llama-stack-stand-in bin/stand-in)"
	export IMG STAND_IN_IMG
	quiet bin/images-tool operator --out "$ARCHIVES" --ref "$IMG"
	quiet bin/images-tool stand-in --out "$ARCHIVES" --ref "$STAND_IN_IMG"
}

# load NAME... hands archives to the cluster, unless it has them: the record of what was loaded is kept in the node's
# folder, which goes when the node does.
load() {
	local name archive record
	for name in "$@"; do
		archive="$(readlink -f "$ARCHIVES/$name.tar")"
		if foreign; then
			# shellcheck disable=SC2086 # It is a command with its arguments.
			[ -z "${LOAD:-}" ] || step "loading the image $name" $LOAD "$archive"
			continue
		fi
		record="$(dirname "$KUBECONFIG")/loaded/$(basename "$archive")"
		[ ! -e "$record" ] || continue
		step "loading the image $name" quiet cluster load "$archive"
		mkdir -p "$(dirname "$record")"
		touch "$record"
	done
}

# deploy_operator deploys IMG with the manifests and the RBAC that are shipped.
deploy_operator() {
	local status=0
	quiet hack/deploy.sh deploy || status=$?
	[ "$status" != 0 ] || return 0
	kubectl -n llama-stack-k8s-operator-system get pods,events >&2
	kubectl -n llama-stack-k8s-operator-system logs --selector control-plane=controller-manager --prefix --tail 20 >&2
	return "$status"
}
