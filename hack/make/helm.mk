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

# The Helm chart, which is generated from config/.

# The digest of the operator's image for helm-package, sha256:…; without it the chart names the image by its tag.
DIGEST ?=
# A file with the digests of the images of distributions, which helm-package pins.
DIGESTS ?=
# Where helm-package puts the archive.
CHART_FOLDER ?= dist
# Where helm-push puts the chart.
CHARTS ?= oci://$(REGISTRY)/charts

.PHONY: chart
chart: ## Write charts/llama-stack-operator, the Helm chart, from config/.
	@go run ./hack/cmd/chart -version $(VERSION)

.PHONY: helm-package
helm-package: ## Write the chart as an archive into dist/, the same bytes each time; DIGEST=sha256:… pins the image of the operator, DIGESTS=FILE those of distributions.
	@go run ./hack/cmd/chart -version $(VERSION) -digest "$(DIGEST)" -digests "$(DIGESTS)" -package "$(CHART_FOLDER)" -created $(RELEASED)

.PHONY: helm-push
helm-push: helm-package ## Push the chart to CHARTS, an OCI registry.
	@"$$(hack/tool.sh helm)" push "$(CHART_FOLDER)"/llama-stack-operator-$(VERSION).tgz $(CHARTS)
