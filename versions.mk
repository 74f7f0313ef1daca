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
# The versions of a release, and the only place to change them. "make stamp" (part of "make generate") writes them
# into the files that must carry them, and "make verify" fails when one of those differs.

# VERSION is the operator's own, a semantic version without the v.
VERSION ?= 1.0.0

# RELEASED is when VERSION was released, or will be: what the bundle says about its age.
RELEASED ?= 2026-11-25T00:00:00Z

# CHANNELS are those that VERSION is for, the most stable last. "make release" sets them for each version anew.
CHANNELS ?= candidate-v1,fast-v1,stable-v1

# LLAMASTACK_VERSION is the tag of the server images behind the distribution names that are published for it.
LLAMASTACK_VERSION ?= 0.7.3

# OGX_VERSION is the same for the names that begin with ogx-: Llama Stack goes on under that name.
OGX_VERSION ?= 1.5.0
