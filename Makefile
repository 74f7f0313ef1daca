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
# "make" or "make help" lists the targets. Go is the only requirement: other tools are built from pinned sources into bin/.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Your own defaults, such as IMG or KUBECONFIG; not part of the repository.
-include local.mk
include versions.mk

## Variables that are meant to be set.

# Where the operator's image goes.
REGISTRY ?= quay.io/llamastack
IMG ?= $(REGISTRY)/llama-stack-k8s-operator:v$(VERSION)
# The platforms of docker-buildx.
PLATFORMS ?= linux/amd64,linux/arm64,linux/ppc64le,linux/s390x
# docker, podman, or another tool with the same arguments.
CONTAINER_TOOL ?= docker
# The packages that "make test" tests, and more arguments for "go test": make test TEST_PKGS=./internal/status TEST_ARGS=-v
TEST_PKGS ?= ./...
TEST_ARGS ?=

# The Go modules of the repository with code of its own.
MODULES := . tools/node $(patsubst %/go.mod,%,$(wildcard hack/*/go.mod test/*/go.mod))

export VERSION LLAMASTACK_VERSION OGX_VERSION IMG CONTAINER_TOOL

##@ General

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "; print "Usage: make <target>"} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z0-9_-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: clean
clean: ## Remove binaries of the operator; tools and the test control plane stay.
	rm -rf bin/manager bin/kubectl-llamastack bin/deploy cover.out

##@ Generated files

.PHONY: generate
generate: stamp deepcopy children manifests api-docs cli-docs dashboards chart bundle catalog ## Write every generated file.

.PHONY: stamp
stamp: ## Write the versions of versions.mk into the files that carry them.
	@hack/stamp.sh

.PHONY: deepcopy
deepcopy: ## Write the DeepCopy methods of the API types.
	@"$$(hack/tool.sh controller-gen)" object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: children
children: ## Write what manifests list for each kind of child.
	@go run ./hack/cmd/children

.PHONY: manifests
manifests: ## Write the CRD and the operator's ClusterRole.
	@"$$(hack/tool.sh controller-gen)" crd:maxDescLen=200,generateEmbeddedObjectMeta=true paths=./api/... output:crd:dir=config/crd/bases
	@"$$(hack/tool.sh controller-gen)" rbac:roleName=manager-role paths=./internal/children paths=./internal/controller/... output:rbac:dir=config/rbac

.PHONY: api-docs
api-docs: ## Write the API reference, docs/api.md.
	@hack/api-docs.sh

.PHONY: cli-docs
cli-docs: ## Write the reference of "kubectl llamastack", docs/cli.md.
	@go run ./hack/cmd/clidocs >docs/cli.md.new && mv docs/cli.md.new docs/cli.md

.PHONY: dashboards
dashboards: ## Write the Grafana dashboards, config/monitoring/dashboards, and their pictures, docs/images.
	@cd test/monitoring && GOWORK=off go run ./cmd/dashboards -recordings ../../config/monitoring/testdata \
		-dashboards ../../config/monitoring/dashboards -pictures ../../docs/images

##@ Checks

.PHONY: fmt
fmt: ## Format Go and YAML.
	@"$$(hack/tool.sh golangci-lint)" fmt $(MODULES:%=%/...)
	@"$$(hack/tool.sh yamlfmt)"

.PHONY: tidy
tidy: ## Bring go.mod and go.sum of every module in line with the imports.
	@for module in $(MODULES); do (cd "$$module" && GOWORK=off go mod tidy); done

.PHONY: tidy-check
tidy-check: ## Fail when a go.mod or go.sum is not in line with the imports, or modules that share packages differ in versions.
	@status=0; hack/check-versions.sh || status=1; for module in $(MODULES); do (cd "$$module" && GOWORK=off go mod tidy -diff) || status=1; done; exit $$status

.PHONY: fmt-check
fmt-check: ## Fail when Go is not formatted.
	@"$$(hack/tool.sh golangci-lint)" fmt --diff $(MODULES:%=%/...)

.PHONY: yamlfmt-check
yamlfmt-check: ## Fail when YAML is not formatted.
	@"$$(hack/tool.sh yamlfmt)" -lint

.PHONY: lint
lint: lint-go error-texts headers lint-shell lint-workflows lint-docs lint-prose ## Run every linter.

.PHONY: lint-go
lint-go: ## Run golangci-lint on every module.
	@lint="$$(hack/tool.sh golangci-lint)"; status=0; for module in $(MODULES); do \
		echo "golangci-lint: $$module" >&2; (cd "$$module" && "$$lint" run ./...) || status=1; done; exit $$status

.PHONY: lint-fix
lint-fix: ## Fix problems that golangci-lint can fix.
	@lint="$$(hack/tool.sh golangci-lint)"; for module in $(MODULES); do (cd "$$module" && "$$lint" run --fix ./...); done

.PHONY: error-texts
error-texts: ## Fail when a wrapped error does not start with "failed to".
	@go run ./hack/cmd/errortexts .

.PHONY: headers
headers: ## Fail when a source file lacks the licence header.
	@hack/check-headers.sh

.PHONY: lint-shell
lint-shell: ## Check the shell scripts with shellcheck.
	@hack/check-shell.sh

.PHONY: lint-workflows
lint-workflows: ## Check the workflows in .github with actionlint, and their security with zizmor.
	@hack/check-workflows.sh

.PHONY: lint-docs
lint-docs: ## Fail when a reason, a metric, a flag or the like is not explained in docs/, or a link leads nowhere.
	@hack/check-docs.sh

.PHONY: lint-prose
lint-prose: ## Check the language of documentation, comments and manifests with vale; PROSE_LEVEL=suggestion shows more.
	@hack/check-prose.sh

.PHONY: vulnerabilities
vulnerabilities: ## Fail when code that a module calls has a known vulnerability; asks vuln.go.dev.
	@check="$$(hack/tool.sh govulncheck)"; status=0; for module in $(MODULES); do \
		echo "govulncheck: $$module" >&2; (cd "$$module" && GOWORK=off "$$check" ./...) || status=1; done; exit $$status

.PHONY: verify
verify: ## Fail when "make generate" changes a file.
	@hack/verify.sh

.PHONY: pre-commit
pre-commit: ## Run the pre-commit hooks without the pre-commit tool.
	@status=0; for target in $$(awk '$$1 == "entry:" && $$2 == "make" {print $$3}' .pre-commit-config.yaml); do \
		echo "pre-commit: $$target" >&2; $(MAKE) --no-print-directory "$$target" || status=1; done; exit $$status

##@ Tests

.PHONY: test
test: ## Run the unit, golden and API-server suites of every module; needs Go only (6 minutes).
	@TEST_PKGS="$(TEST_PKGS)" TEST_ARGS="$(TEST_ARGS)" TEST_MODULES="$(filter-out .,$(MODULES))" hack/test.sh

.PHONY: test-full
test-full: ## Run what "make test" leaves out: exhaustive specs, load, long outages, the operator on OpenShift (15 minutes).
	@hack/test.sh full

.PHONY: cover
cover: ## Show the coverage of the last "make test" by function.
	@go tool cover -func=cover.out

##@ Build

.PHONY: build
build: ## Build bin/manager and bin/kubectl-llamastack, static binaries.
	CGO_ENABLED=0 go build -ldflags "-s -w -X main.buildVersion=$(VERSION)" -o bin/manager .
	CGO_ENABLED=0 go build -ldflags "-s -w -X main.buildVersion=$(VERSION)" -o bin/kubectl-llamastack ./cmd/kubectl-llamastack

.PHONY: docker-build
docker-build: ## Build the operator's image for this machine.
	$(CONTAINER_TOOL) build --build-arg VERSION=$(VERSION) -t $(IMG) .

.PHONY: docker-push
docker-push: ## Push the operator's image.
	$(CONTAINER_TOOL) push $(IMG)

.PHONY: docker-buildx
docker-buildx: ## Build and push the operator's image for every platform.
ifeq ($(notdir $(CONTAINER_TOOL)),podman)
	$(CONTAINER_TOOL) build --build-arg VERSION=$(VERSION) --platform=$(PLATFORMS) --manifest $(IMG) .
	$(CONTAINER_TOOL) manifest push --all $(IMG)
else
	$(CONTAINER_TOOL) buildx build --build-arg VERSION=$(VERSION) --platform=$(PLATFORMS) --push -t $(IMG) .
endif

##@ Deployment (to the cluster of KUBECONFIG)

.PHONY: run
run: install ## Run the operator on this machine against the cluster.
	OPERATOR_VERSION=$(VERSION) OPERATOR_NAMESPACE=$${OPERATOR_NAMESPACE:-llama-stack-k8s-operator-system} \
		go run -ldflags "-X main.buildVersion=$(VERSION)" . --metrics-bind-address=0

.PHONY: install
install: ## Install the CRD, and the operator's namespace.
	@hack/deploy.sh install

.PHONY: uninstall
uninstall: ## Remove the CRD with all servers and their data; requires UNINSTALL_CRD=yes.
	@hack/deploy.sh uninstall

.PHONY: deploy
deploy: ## Deploy the operator with IMG, over a running one too; MONITORING=true adds monitors and alerts, NETWORK_POLICY=true a NetworkPolicy.
	@hack/deploy.sh deploy

.PHONY: undeploy
undeploy: ## Remove the operator; the CRD and the servers stay, unless UNINSTALL_CRD=yes.
	@hack/deploy.sh undeploy

.PHONY: build-installer
build-installer: ## Write bin/install.yaml, everything that "make deploy" applies in one file.
	@hack/deploy.sh render > bin/install.yaml

##@ Clusters and images

include $(sort $(wildcard hack/make/*.mk))
