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

# Tests of the operator's budgets. They are not part of "make test", because they take minutes and need an idle machine.

# How many LlamaStackDistributions "make bench" has, such as 200, 1000 or 5000, where it writes its figures, and where
# profiles of the operator, which are taken where this is not empty.
BENCH_CRS ?= 200
BENCH_JSON ?= bin/bench/$(BENCH_CRS).json
BENCH_PROFILE ?=

# perf runs a part of test/perf, by its label.
perf = KUBEBUILDER_ASSETS="$$(hack/controlplane.sh)" GOWORK=off CGO_ENABLED=0 \
	go test -tags perf -count=1 -timeout $(2) -v ./test/perf -ginkgo.label-filter=$(1) -ginkgo.timeout=$(2) -ginkgo.v -ginkgo.no-color $(TEST_ARGS)

.PHONY: test-perf
test-perf: ## Check the operator's budgets of requests, time and memory with 200 servers (Linux, 15 minutes).
	@$(call perf,budgets,30m)
	@KUBEBUILDER_ASSETS="$$(hack/controlplane.sh)" GOWORK=off CGO_ENABLED=0 go test -count=1 -timeout 30m ./test/operator \
		-ginkgo.focus='A hundred servers' -args -timing
	@KUBEBUILDER_ASSETS="$$(hack/controlplane.sh)" GOWORK=off CGO_ENABLED=0 go test -count=1 -timeout 30m ./test/operator/tenants -args -timing

.PHONY: bench
bench: ## Count the operator's requests with BENCH_CRS servers by verb and resource, and check their budgets (Linux).
	@BENCH_CRS="$(BENCH_CRS)" BENCH_JSON="$(abspath $(BENCH_JSON))" BENCH_PROFILE="$(abspath $(BENCH_PROFILE))" $(call perf,bench,90m)

# kwok plays the kubelets; the controllers and the scheduler are those that a node uses.
.PHONY: bench-pods
bench-pods: ## Count as bench does, where the cluster's own controllers make Pods on nodes that kwok simulates (Linux).
	@kwok="$$(hack/tool.sh kwok)" && node="$$(hack/node-tools.sh)" && \
	stages="$$(cd tools/kwok && GOWORK=off go mod download sigs.k8s.io/kwok && GOWORK=off go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage" && \
	export BENCH_KWOK="$$kwok" BENCH_KWOK_STAGES="$$stages" BENCH_NODE_TOOLS="$$node" && \
	BENCH_CRS="$(BENCH_CRS)" BENCH_JSON="$(abspath $(BENCH_PODS_JSON))" $(call perf,bench-pods,90m)

BENCH_PODS_JSON ?= bin/bench/pods-$(BENCH_CRS).json

.PHONY: benchmarks
benchmarks: ## Run the Go benchmarks: time, bytes and allocations of a rendering, a comparison, a status, and a reconcile with nothing to do.
	@GOWORK=off CGO_ENABLED=0 go test -run '^$$' -bench . -benchmem ./internal/render ./internal/apply ./internal/status ./internal/controller $(TEST_ARGS)
