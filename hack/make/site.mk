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

# The documentation site.

# The folder with the versions of the site, and the version that is written there.
SITE_DIR ?= bin/site
SITE_VERSION ?= $(VERSION)

.PHONY: site
site: ## Build the documentation site from docs/ into SITE_DIR; a dead link, or a page that no list names, is an error.
	@SITE_VERSION=$(SITE_VERSION) hack/site.sh build $(SITE_DIR)

.PHONY: test-site
test-site: ## Publish two versions of the documentation site locally, and open every page in Chromium: wide, narrow, in both schemes.
	@SITE_VERSION=$(SITE_VERSION) hack/site.sh test $(SITE_DIR)-published
