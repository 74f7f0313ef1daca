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

# The entrypoint of the image: runs the configuration at RUN_CONFIG_PATH when that file exists, else the
# distribution DISTRO_NAME, and without TLS where the configuration has none. Arguments are passed on.
set -e

config="$DISTRO_NAME"
if [ -n "$RUN_CONFIG_PATH" ] && [ -f "$RUN_CONFIG_PATH" ]; then
	config="$RUN_CONFIG_PATH"
fi
set -- ogx stack run ${config:+"$config"} --insecure "$@"

if env | grep -q '^OTEL_'; then
	set -- opentelemetry-instrument "$@"
fi
exec "$@"
