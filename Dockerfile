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
# The operator's image: one static binary and its licence, for linux/amd64, arm64, ppc64le and s390x. The builder
# runs on the platform of the machine and compiles for the one that is asked for.
FROM --platform=$BUILDPLATFORM docker.io/library/golang:1.26.5@sha256:3aff6657219a4d9c14e27fb1d8976c49c29fddb70ba835014f477e1c70636647 AS builder

WORKDIR /workspace
# In a layer of their own, so that a change of source does not fetch the modules again.
COPY go.mod go.sum ./
RUN go mod download

COPY main.go ./
COPY api/ api/
COPY internal/ internal/
COPY hack/release-binary.sh hack/

ARG TARGETOS=linux
ARG TARGETARCH
ARG VERSION=1.0.0
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH VERSION=$VERSION hack/release-binary.sh /manager .

FROM gcr.io/distroless/static:nonroot@sha256:f7f8f729987ad0fdf6b05eeeae94b26e6a0f613bdf46feea7fc40f7bd72953e6

ARG VERSION=1.0.0
LABEL name="llama-stack-k8s-operator" \
      vendor="Llama Stack" \
      maintainer="The llama-stack-k8s-operator Authors" \
      version="$VERSION" \
      release="1" \
      summary="Runs Llama Stack servers on Kubernetes" \
      description="The operator of LlamaStackDistributions: it runs the Llama Stack servers that they declare." \
      org.opencontainers.image.title="llama-stack-k8s-operator" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/llamastack/llama-stack-k8s-operator"

COPY LICENSE /licenses/LICENSE
COPY --from=builder /manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
