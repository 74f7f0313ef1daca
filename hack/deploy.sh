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
# Installs, deploys and removes the operator on the cluster of KUBECONFIG, for the targets of the Makefile.
#
#   install    the CRD and the operator's namespace, for an operator that runs elsewhere
#   uninstall  the CRD, and with it every LlamaStackDistribution, its server and (unless retained) its data
#   deploy     everything; a running 0.9.0 is replaced in place
#   undeploy   the operator; the CRD and with it the servers stay, and the namespace with the operator's ConfigMap
#   render     prints what deploy applies
#
# IMG             the operator's image
# MONITORING      true: with the monitors and alerts of config/monitoring
# NETWORK_POLICY  true: with the NetworkPolicy of config/network-policy
# DEPLOY_TIMEOUT  how long deploy waits for the operator to be ready (default 5m; 0 does not wait)
# UNINSTALL_CRD   yes: uninstall and undeploy remove the CRD
set -euo pipefail

cd "$(dirname "$0")/.."

NAMESPACE=llama-stack-k8s-operator-system
DEPLOYMENT=llama-stack-k8s-operator-controller-manager
CRD=llamastackdistributions.llamastack.io

say() { echo "$*" >&2; }

# kubectl is that of KUBECTL, the installed one, or else that of the test control plane.
kubectl() {
	if [ -z "${KUBECTL:-}" ]; then
		KUBECTL="$(type -P kubectl || true)"
		[ -n "$KUBECTL" ] || KUBECTL="$(hack/controlplane.sh)/kubectl"
	fi
	"$KUBECTL" "$@"
}

# apply takes over what "kubectl apply" of 0.9.0 left: fields that are no longer asked for go, and the size of the
# CRD does not matter.
apply() { kubectl apply --server-side --force-conflicts -f -; }

# overlay writes bin/deploy, config/default with the image that is asked for, and prints its path.
overlay() {
	local folder=bin/deploy repository tag
	mkdir -p "$folder"
	cat > "$folder/kustomization.yaml" <<-YAML
		resources:
		- ../../config/default
		$([ "${MONITORING:-}" != true ] || echo "- ../../config/monitoring")
		$([ "${NETWORK_POLICY:-}" != true ] || echo "- ../../config/network-policy")
		images:
		- name: quay.io/llamastack/llama-stack-k8s-operator
	YAML
	if [[ "$IMG" == *@* ]]; then
		printf '  newName: "%s"\n  digest: %s\n' "${IMG%@*}" "${IMG#*@}"
	else
		repository="${IMG%:*}" tag="${IMG##*:}"
		# A colon before the last slash is a registry's port.
		if [[ "$repository" == "$IMG" || "$tag" == */* ]]; then repository="$IMG" tag=latest; fi
		printf '  newName: "%s"\n  newTag: "%s"\n' "$repository" "$tag"
	fi >> "$folder/kustomization.yaml"
	echo "$folder"
}

build() { "$(hack/tool.sh kustomize)" build "$1"; }

render() {
	: "${IMG:?set IMG to the image of the operator}"
	build "$(overlay)"
}

install() {
	kubectl create namespace "$NAMESPACE" --dry-run=client -o yaml | apply
	build config/crd | apply
	kubectl wait --for=condition=Established --timeout=60s "crd/$CRD"
}

deploy() {
	render | apply
	[ "${DEPLOY_TIMEOUT:-5m}" = 0 ] ||
		kubectl -n "$NAMESPACE" rollout status "deployment/$DEPLOYMENT" --timeout="${DEPLOY_TIMEOUT:-5m}"
}

# remove_crd says what would go, and goes on only when it was asked for.
remove_crd() {
	kubectl get crd "$CRD" >/dev/null 2>&1 || return 0
	if [ "${UNINSTALL_CRD:-}" != yes ]; then
		say "error: removing the CRD deletes these servers, and their data unless it is retained:"
		kubectl get llamastackdistributions --all-namespaces >&2
		say "say UNINSTALL_CRD=yes to do it"
		return 1
	fi
	kubectl delete crd "$CRD"
}

undeploy() {
	if [ "${UNINSTALL_CRD:-}" = yes ]; then
		remove_crd
		build config/default | kubectl delete --ignore-not-found -f -
		return
	fi
	build config/undeploy | kubectl delete --ignore-not-found -f -
	say "The operator is gone. The CRD, the servers and the namespace $NAMESPACE stay: servers run on without an"
	say "operator, and a new one takes over. To remove everything, servers included: make undeploy UNINSTALL_CRD=yes"
}

case "${1:-}" in
install | deploy | undeploy | render) "$1" ;;
uninstall) remove_crd ;;
*) say "usage: hack/deploy.sh install|uninstall|deploy|undeploy|render"; exit 2 ;;
esac
