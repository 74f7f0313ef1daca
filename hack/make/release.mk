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

##@ Release

.PHONY: release
release: ## Prepare the release VERSION: versions, digests, bundle, catalog, and dist/ (see docs/releasing.md).
	@RELEASED="$(if $(filter command line environment,$(origin RELEASED)),$(RELEASED))" hack/release.sh

.PHONY: promote
promote: ## Add the released VERSION to the list LIST (fast or stable) of the catalog.
	@hack/catalog-enter.sh "$(LIST)" "$(BUNDLE_IMG)"
	@hack/catalog.sh

.PHONY: hub-files
hub-files: ## Write the files of pull requests to the community hubs into dist/.
	@hack/hub-files.sh dist
