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

# Targets that run the operator with real servers. hack/demo/lib.sh lists the variables that select another cluster.

.PHONY: demo
demo: ## Run a demo: a cluster, the operator, a real server of each era, and a request to each.
	@hack/demo.sh up

.PHONY: demo-clean
demo-clean: ## Remove the objects and files of "make demo".
	@hack/demo.sh clean

# Go knows what is up to date.
.PHONY: bin/scrape
bin/scrape:
	@cd test/monitoring && GOWORK=off CGO_ENABLED=0 go build -ldflags "-s -w" -o ../../bin/scrape ./cmd/scrape

.PHONY: test-e2e
test-e2e: ## Run the end-to-end tests with real servers, on the node of cluster-up or the cluster of KUBECONFIG.
	@test/e2e/run.sh

.PHONY: test-olm
test-olm: ## Run the tests through the Operator Lifecycle Manager, on a separate node (Linux, root, 10 minutes).
	@test/olm/run.sh

.PHONY: test-olmv1
test-olmv1: ## Run the tests through OLM v1, on a separate node (Linux, root; builds OLM v1 the first time, 10 minutes).
	@OLMV1=true test/olm/run.sh

.PHONY: test-chaos
test-chaos: ## Break the operator, its servers and the node in every way, and print how long each recovery took.
	@E2E_LABELS=chaos test/e2e/run.sh
