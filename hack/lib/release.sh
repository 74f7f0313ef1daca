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
# shellcheck shell=bash

# What a release is made from, as the checkout in the current folder says. To be sourced.

# distributions prints the images that the operator runs servers from.
distributions() { awk '/name: RELATED_IMAGE_/ {getline; print $2}' config/manager/manager.yaml; }

# recorded VERSION succeeds if the catalog has the digest of a version, also if it is withdrawn: it is released.
recorded() { grep -qs '^image: .*@sha256:' {catalog/llama-stack-k8s-operator,config/catalog/withdrawn}/"v$1.yaml"; }
