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

# Targets for OLM: the bundle, and the catalog that lists it.

# The default channel of the package: that of its releases, also in the bundle of a release that is not in it yet.
DEFAULT_CHANNEL ?= stable-v$(firstword $(subst ., ,$(VERSION)))
# The first OpenShift with the Kubernetes of minKubeVersion, 1.31.
OPENSHIFT ?= v4.18
BUNDLE_IMG ?= $(REGISTRY)/llama-stack-k8s-operator-bundle:v$(VERSION)
CATALOG_IMG ?= $(REGISTRY)/llama-stack-k8s-operator-catalog:latest

export CHANNELS DEFAULT_CHANNEL OPENSHIFT BUNDLE_IMG CATALOG_IMG RELEASED

.PHONY: bundle
bundle: ## Write bundle/ and bundle.Dockerfile, what OLM installs.
	@hack/bundle.sh

.PHONY: bundle-validate
bundle-validate: ## Check the bundle with operator-sdk.
	@"$$(hack/tool.sh operator-sdk)" bundle validate ./bundle --select-optional suite=operatorframework

.PHONY: bundle-build
bundle-build: ## Build the bundle's image.
	$(CONTAINER_TOOL) build -f bundle.Dockerfile -t $(BUNDLE_IMG) .

.PHONY: bundle-push
bundle-push: ## Push the bundle's image.
	$(CONTAINER_TOOL) push $(BUNDLE_IMG)

.PHONY: catalog
catalog: ## Write catalog/, the file-based catalog with every release in its channels.
	@hack/catalog.sh

.PHONY: catalog-validate
catalog-validate: ## Check the catalog with opm.
	@"$$(hack/tool.sh opm)" validate catalog

.PHONY: catalog-build
catalog-build: ## Build the catalog's image, which a CatalogSource serves.
	$(CONTAINER_TOOL) build -f catalog.Dockerfile -t $(CATALOG_IMG) .

.PHONY: catalog-push
catalog-push: ## Push the catalog's image.
	$(CONTAINER_TOOL) push $(CATALOG_IMG)
