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

# What must end at some time. To be sourced.

# bounded SIGNAL TIME COMMAND... sends a SIGNAL to COMMAND after TIME, and ends as that does; "timeout" is no part of every
# system. It sends it again every few seconds: a shell starts what is in its background with SIGINT ignored, and on a busy machine the
# first one may come before COMMAND listens to it.
bounded() {
	local signal="$1" time="$2" pid watch status=0
	shift 2
	"$@" &
	pid=$!
	(sleep "$time"; while kill -s "$signal" "$pid"; do sleep 5; done) >/dev/null 2>&1 &
	watch=$!
	wait "$pid" || status=$?
	kill "$watch" 2>/dev/null || true
	wait "$watch" 2>/dev/null || true
	return "$status"
}
