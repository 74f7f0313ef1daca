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

# Container images as archives for test clusters, built without a container engine. An archive is only rebuilt when its content changes; bin/images/NAME.tar is the newest.

# The folder of the archives.
IMAGES_DIR ?= bin/images
# The name of the image of the stand-ins.
STAND_IN_IMG ?= localhost/llama-stack-stand-in:dev
# false builds the images of real servers without asking a registry first.
IMAGES_PULL ?= true

# sources lists the source files of the Go program in a folder.
sources = $(shell find $(1) -type f ! -name '*_test.go' ! -path '*/testdata/*')

bin/images-tool: $(call sources,test/infra/images)
	@mkdir -p bin
	@GOWORK=off CGO_ENABLED=0 go build -ldflags "-s -w" -o $@ ./test/infra/images

bin/stand-in: $(call sources,test/infra/standin)
	@mkdir -p bin
	@GOWORK=off CGO_ENABLED=0 go build -ldflags "-s -w" -o $@ ./test/infra/standin

.PHONY: images
images: image-operator image-stand-in image-servers image-database ## Make the archives of all images into bin/images.

.PHONY: image-operator
image-operator: build bin/images-tool ## Make the archive of the operator's image, called IMG.
	@bin/images-tool operator --out $(IMAGES_DIR) --ref $(IMG)

.PHONY: image-stand-in
image-stand-in: bin/stand-in bin/images-tool ## Make the archive of the stand-in server and inference backend.
	@bin/images-tool stand-in --out $(IMAGES_DIR) --ref $(STAND_IN_IMG)

.PHONY: image-olm
image-olm: bin/images-tool ## Make the archive of the image of the Operator Lifecycle Manager.
	@programs="$$(hack/olm-tools.sh)"; bin/images-tool olm --out $(IMAGES_DIR) --programs "$$programs" --busybox "$$(hack/busybox.sh)" \
		--ref "quay.io/operator-framework/olm:$${programs##*/olm-}"

.PHONY: image-opm
image-opm: bin/images-tool ## Make the archive of the image of opm, an empty catalog.
	@opm="$$(hack/tool.sh opm)"; bin/images-tool opm --out $(IMAGES_DIR) --opm "$$opm" --busybox "$$(hack/busybox.sh)" \
		--health-probe "$$(hack/tool.sh grpc-health-probe)" --ref "quay.io/operator-framework/opm:$${opm##*/opm-}"

.PHONY: image-servers
image-servers: bin/images-tool ## Pull or build the image of a real server of each era.
	@bin/images-tool servers --out $(IMAGES_DIR) --pull=$(IMAGES_PULL)

.PHONY: image-database
image-database: bin/images-tool ## Pull or build the image of PostgreSQL with pgvector.
	@bin/images-tool database --out $(IMAGES_DIR) --pull=$(IMAGES_PULL)
