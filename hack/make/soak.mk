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

# Long runs, which take hours: the suites of CI without their limits of time.

.PHONY: soak
soak: ## Run the long forms of the suites, one after the other; every one runs, also after one that failed.
	@status=0; for target in $(SOAK); do \
		echo "soak: $$target" >&2; $(MAKE) --no-print-directory "$$target" || status=1; done; exit $$status

# Each suite adds its target.
SOAK += soak-fuzz soak-faults soak-pods

.PHONY: soak-fuzz
soak-fuzz: ## Fuzz each target for 10 minutes.
	@$(MAKE) --no-print-directory fuzz FUZZ_TIME=$(SOAK_FUZZ_TIME)

SOAK_FUZZ_TIME ?= 10m

.PHONY: soak-faults
soak-faults: ## Run the suite of faults thoroughly: every combination, ten times as many generated edits.
	@KUBEBUILDER_ASSETS="$$(hack/controlplane.sh)" CGO_ENABLED=0 go test -timeout 6h ./test/faults -args -soak

.PHONY: soak-pods
soak-pods: ## Count the operator's requests with the Pods of 1,000 servers on simulated nodes.
	@$(MAKE) --no-print-directory bench-pods BENCH_CRS=1000
