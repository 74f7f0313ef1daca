#!/bin/sh
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

# Builds a program of the module in the current folder as releases contain it, the same bytes from the same commit:
#
#     VERSION=1.1.0 hack/release-binary.sh OUT PACKAGE
#
# Paths, the time, the commit's state and the settings of this machine are no part of the program. The Dockerfiles run this
# script in their builder, which has no shell but sh.
#
# VERSION         what the program reports as its version
# GOOS, GOARCH    the platform (default: this one)
set -eu

: "${VERSION:?}"
# What selects other instructions or adds flags, here or in the builder.
unset GOAMD64 GOARM64 GOPPC64 GOEXPERIMENT GOFIPS140
GOFLAGS='' GOWORK=off CGO_ENABLED=0
export GOFLAGS GOWORK CGO_ENABLED
exec go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.buildVersion=$VERSION" -o "$1" "$2"
