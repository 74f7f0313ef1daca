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

# Fuzzing of the parsers of external input.

# How long each fuzz target runs.
FUZZ_TIME ?= 5s
# Which targets: a pattern of their packages and names.
FUZZ ?= .

.PHONY: fuzz
fuzz: ## Fuzz every parser of external input, FUZZ_TIME=5s each; FUZZ=cabundle selects some.
	@FUZZ_TIME="$(FUZZ_TIME)" hack/fuzz.sh '$(FUZZ)'
