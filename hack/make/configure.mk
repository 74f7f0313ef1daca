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

# The program that makes a server's configuration, with the packages of real servers.

# The versions of the server, one of each form of its configuration and those that people upgrade between.
CONFIGURE_VERSIONS ?= 0.2.12 0.3.5 0.7.3 1.3.1 1.4.1 1.5.0

.PHONY: test-configure
test-configure: ## Check what the program makes of every form of a configuration with real servers' packages, from the package index.
	@CONFIGURE_VERSIONS="$(CONFIGURE_VERSIONS)" test/configure/run.sh
