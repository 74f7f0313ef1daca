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

# given prints a variable that was set by who runs make, and nothing for one of versions.mk.
given = $(if $(filter command line environment,$(origin $(1))),$($(1)))

.PHONY: release
release: ## Prepare the release VERSION: versions, bundle and catalog (see docs/releasing.md).
	@RELEASED="$(call given,RELEASED)" CHANNELS="$(call given,CHANNELS)" hack/release.sh

.PHONY: promote
promote: ## Add the released VERSION to the list LIST (fast or stable) of the catalog.
	@hack/catalog-promote.sh "$(VERSION)" "$(LIST)"

.PHONY: deprecate
deprecate: ## Show MESSAGE to users of WHAT (a version, a channel or "package") as deprecated; empty: no more.
	@hack/catalog-deprecate.sh "$(WHAT)" "$${MESSAGE?set it to what the users have to do, or to nothing to remove it}"

.PHONY: withdraw
withdraw: ## Take the released version RELEASE out of every channel; the next release upgrades clusters that run it.
	@hack/catalog-withdraw.sh "$(RELEASE)"

.PHONY: hub-files
hub-files: ## Write the files of pull requests to the community hubs into dist/; REVIEWERS are GitHub accounts.
	@hack/hub-files.sh "$(DIST)"

# Where a release goes before it is published.
DIST ?= dist
# Those of the dry run; its images have the platforms of this machine only, unless they are given.
DRY_RUN_PLATFORMS ?= $(or $(call given,PLATFORMS),linux/amd64)

export DIST REGISTRY PLATFORMS

.PHONY: release-dry-run
release-dry-run: ## Do everything that a release of VERSION does with a local registry and key into dist/, and verify it as a user does (Linux, root).
	@PLATFORMS="$(DRY_RUN_PLATFORMS)" hack/release-dry-run.sh

.PHONY: release-check
release-check: ## Fail if the release of VERSION could not be completed, before anything is published.
	@hack/release-check.sh

.PHONY: release-images
release-images: ## Build and push the images of VERSION from their Dockerfiles for PLATFORMS; their digests go into dist/.
	@hack/release-images.sh "$(DIST)"

.PHONY: release-manifests
release-manifests: ## Write bundle, catalog, install.yaml and chart with the digests of release-images, and publish the images of bundle and catalog.
	@hack/release-manifests.sh "$(DIST)"

.PHONY: catalog-publish
catalog-publish: ## Publish and sign the catalog of the checkout as the image that people subscribe to; its workflow does it.
	@hack/catalog-publish.sh

.PHONY: release-plugin
release-plugin: ## Pack the plugin of kubectl for Linux, macOS and Windows into dist/, with its manifest for krew.
	@hack/release-plugin.sh "$(DIST)"

.PHONY: release-chart
release-chart: ## Push the Helm chart of release-manifests; its digest goes into dist/.
	@hack/release-chart.sh "$(DIST)"

.PHONY: release-sign
release-sign: ## Sign the images, the chart and the files of dist/ with KEY or the workflow's identity, with SBOM, provenance and VEX.
	@hack/release-sign.sh "$(DIST)"

.PHONY: release-verify
release-verify: ## Verify the published images, chart and files of VERSION as docs/verify.md says.
	@hack/release-verify.sh "$(DIST)/assets"

.PHONY: release-publish
release-publish: release-check release-images release-manifests release-plugin release-chart release-sign ## Do what the release workflow does on a tag, one after the other.
