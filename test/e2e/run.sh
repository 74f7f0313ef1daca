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
# Runs the end-to-end tests: brings up or uses a cluster, deploys the operator on it, and tests it with real servers.
#
#   test/e2e/run.sh [argument of the test binary...]     such as -ginkgo.focus='random user'
#
# hack/demo/lib.sh says how to use a cluster of your own. Real servers are a must here, but not for chaos.
#
#   E2E_LABELS      which specs, as a filter of Ginkgo's labels (default: !chaos, those that break nothing)
#   E2E_PROCS       how many specs run side by side (default: two, because they wait for most of their time; one where they break the node)
set -euo pipefail

# shellcheck source=hack/demo/lib.sh
. "$(dirname "$0")/../../hack/demo/lib.sh"

# Longer than the specs may take together.
readonly TIMEOUT=40m
LABELS="${E2E_LABELS:-!chaos}"
PROCS="${E2E_PROCS:-2}"

use_cluster
if [[ $LABELS == chaos* ]]; then
	# Nothing but stand-ins; and only the node that was started here can have its parts and its network broken.
	servers=()
	PROCS="${E2E_PROCS:-1}"
	if foreign; then LABELS+=' && !node'; else export CLUSTER_PROGRAM="$ROOT/bin/cluster"; fi
else
	servers=(llama-stack ogx ogx-1.3)
	# Specs on two nodes add one to the node that was started here, and kill it.
	if foreign; then
		LABELS="($LABELS) && !nodes && !network"
		say "leaving out the specs on two nodes and those that scrape Pods: they need the node of make cluster-up, and KUBECONFIG names another cluster"
	else
		export CLUSTER_PROGRAM="$ROOT/bin/cluster" SCRAPE_PROGRAM="$ROOT/bin/scrape"
		step "building what scrapes as Prometheus does" make --no-print-directory bin/scrape
	fi
	step "providing the images of real servers" provide_servers "${servers[@]}"
	step "providing the image of their database" provide_database
	servers+=(database)
fi
step "building the operator and the stand-ins" provide_binaries
if [[ $LABELS != chaos* ]]; then
	HELM="$(hack/tool.sh helm)"
	export HELM
fi
load operator stand-in "${servers[@]}"
if ! foreign; then
	# The network of the node that was started here follows policies: all specs run with those of the operator.
	export NETWORK_POLICY=true
	# What a node that is added later needs.
	CLUSTER_ARCHIVES="$(readlink -f "$ARCHIVES/operator.tar"):$(readlink -f "$ARCHIVES/stand-in.tar")"
	export CLUSTER_ARCHIVES
fi
step "deploying the operator $IMG" deploy_operator

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
status=0
GOWORK=off CGO_ENABLED="${CGO_ENABLED:-0}" go tool ginkgo run --tags=e2e --procs="$PROCS" --timeout="$TIMEOUT" -v --no-color \
	--label-filter="$LABELS" "${@/#-ginkgo./--}" ./test/e2e | tee "$log" || status=$?
# The count that every run of tests ends with.
sed -n -E 's/.* -- ([0-9]+) Passed \| ([0-9]+) Failed .*/\1 passed, \2 failed/p' "$log"
exit "$status"
