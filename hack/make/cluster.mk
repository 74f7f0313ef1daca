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

# Clusters for tests: a control plane without nodes, and a whole node on a bare Linux machine.

.PHONY: controlplane
controlplane: ## Provide etcd, kube-apiserver and kubectl for tests, downloaded or built; print their folder.
	@hack/controlplane.sh

.PHONY: cluster-build
cluster-build: ## Build bin/cluster, the program that runs a one-node Kubernetes.
	@mkdir -p bin
	@GOWORK=off CGO_ENABLED=0 go build -ldflags "-s -w" -o bin/cluster ./test/infra/cluster

# true makes cluster-up install the Operator Lifecycle Manager, too.
OLM ?= false

# How many nodes cluster-up starts, up to 3. A running cluster gets those that it lacks, and keeps those that it has.
NODES ?= 1

.PHONY: cluster-up
cluster-up: cluster-build $(if $(filter true,$(OLM)),image-olm image-opm) ## Start a Kubernetes of one node (Linux, root), unless KUBECONFIG names a cluster; NODES=2 adds a node, OLM=true OLM.
	@bin/cluster up --nodes $(NODES)
ifeq ($(OLM),true)
	@bin/cluster olm $(IMAGES_DIR)/olm.tar $(IMAGES_DIR)/opm.tar
endif

.PHONY: cluster-down
cluster-down: cluster-build ## Stop the cluster of cluster-up and delete its files.
	@bin/cluster down

.PHONY: cluster-status
cluster-status: cluster-build ## Show the parts of the cluster that cluster-up started, and whether they are healthy.
	@bin/cluster status

.PHONY: cluster-test
cluster-test: image-olm image-opm ## Test the one-node Kubernetes itself, on a separate cluster (Linux, root).
	@GOWORK=off go test -count=1 -tags selftest ./test/infra/cluster/selftest
