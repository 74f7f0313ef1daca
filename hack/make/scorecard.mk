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

# The tests of the bundle that operator-sdk scorecard runs: test/scorecard, and their image.

# The name of the image, as in config/scorecard.
SCORECARD_IMG ?= $(REGISTRY)/llama-stack-k8s-operator-scorecard:v$(VERSION)

.PHONY: test-scorecard
test-scorecard: ## Run all scorecard tests of the bundle in Pods, on the node of cluster-up or the cluster of KUBECONFIG.
	@test/scorecard/run.sh

.PHONY: bin/scorecard-tests
bin/scorecard-tests:
	@mkdir -p bin
	@cd test/scorecard && GOWORK=off CGO_ENABLED=0 go build -ldflags "-s -w" -o ../../$@ .

.PHONY: docker-build-scorecard
docker-build-scorecard: ## Build the image of the scorecard tests for this machine.
	$(CONTAINER_TOOL) build --build-arg VERSION=$(VERSION) -f test/scorecard/Dockerfile -t $(SCORECARD_IMG) .

.PHONY: docker-push-scorecard
docker-push-scorecard: ## Push the image of the scorecard tests.
	$(CONTAINER_TOOL) push $(SCORECARD_IMG)

.PHONY: image-scorecard
image-scorecard: bin/scorecard-tests bin/images-tool ## Make the archive of the image of the scorecard tests.
	@bin/images-tool scorecard --out $(IMAGES_DIR) --ref $(SCORECARD_IMG)
