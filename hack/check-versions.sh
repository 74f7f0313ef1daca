#!/usr/bin/env bash
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
# Fails when modules that share packages require different versions of them: each version is compiled for itself, and that is most of
# what the first "make test" and "make demo" do. Each line of the output names a module and its versions. Run "go get" with the newest
# in the folders that have an older one, then "make tidy".
set -euo pipefail

cd "$(dirname "$0")/.."

# The modules of etcd itself differ: its server needs its own client of 3.6, and kube-apiserver has one of 3.7.
awk '
	FNR == 1 { required = 0; folder = FILENAME; sub(/\/?go\.mod$/, "", folder) }
	$1 == ")" { required = 0 }
	$1 == "require" && $2 == "(" { required = 1; next }
	$1 == "require" { $1 = ""; $0 = $0; required = 2 }
	required && $2 ~ /^v/ && $1 !~ /^go\.etcd\.io\// {
		if (first[$1] == "") first[$1] = $2
		if ($2 != first[$1]) differs[$1] = 1
		found[$1] = found[$1] " " $2 " (" (folder == "" ? "." : folder) ")"
	}
	required == 2 { required = 0 }
	END {
		for (module in differs) { print "error: different versions of " module ":" found[module]; status = 1 }
		exit status
	}' go.mod tools/dev/go.mod tools/etcd/go.mod tools/node/go.mod
