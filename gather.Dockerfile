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
# The image for "oc adm must-gather": kubectl-llamastack under the name that it runs. It copies the report with the shell and
# the tools of the image.
FROM --platform=$BUILDPLATFORM docker.io/library/golang:1.26 AS builder

WORKDIR /workspace
COPY go.mod go.sum ./
RUN go mod download

COPY api/ api/
COPY cmd/ cmd/
COPY internal/ internal/

ARG TARGETOS=linux
ARG TARGETARCH
ARG VERSION=dev
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.buildVersion=$VERSION" -o /gather ./cmd/kubectl-llamastack

FROM registry.access.redhat.com/ubi9/ubi-minimal:latest

RUN microdnf install -y rsync tar && microdnf clean all
COPY LICENSE /licenses/LICENSE
COPY --from=builder /gather /usr/bin/gather
ENTRYPOINT ["/usr/bin/gather"]
