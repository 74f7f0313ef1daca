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

# Downloading the released programs of a cluster. To be sourced, after build.sh. A host that cannot be reached costs 5 s once.
#
# DOWNLOAD_SECONDS  how long one file may take (default 120); 0 never downloads

# Where releases are published; tests name servers of their own.
KUBERNETES_RELEASES="${KUBERNETES_RELEASES:-https://dl.k8s.io/release}"
GITHUB_RELEASES="${GITHUB_RELEASES:-https://github.com}"

# architecture prints what Go calls this machine's, without Go.
architecture() { case "$(uname -m)" in x86_64) echo amd64 ;; aarch64 | arm64) echo arm64 ;; *) uname -m ;; esac; }

# downloads says whether this machine can download at all.
downloads() { [ "${DOWNLOAD_SECONDS:-120}" -gt 0 ] && command -v curl >/dev/null && command -v sha256sum >/dev/null; }

# reachable URL says whether the host of URL answers, whatever it answers.
reachable() { downloads && curl -s -o /dev/null --head --connect-timeout 5 --max-time 5 "$1"; }

# fetch URL FILE writes what is at URL to FILE.
fetch() { curl -sSfL --connect-timeout 5 --max-time "${DOWNLOAD_SECONDS:-120}" -o "$2" "$1" 2>/dev/null; }

# fetch_verified URL SUMS FILE writes what is at URL to FILE, when the checksums at the URL SUMS agree: a bare checksum, or lines of
# checksums and names.
fetch_verified() {
	local url="$1" sums="$2" file="$3" found expected
	fetch "$url" "$file" && fetch "$sums" "$file.sums" || return 1
	expected="$(awk -v name="${url##*/}" 'NF == 1 {print $1} NF > 1 {sub(/^[*.\/]+/, "", $2); if ($2 == name) print $1}' "$file.sums" | head -n 1)"
	found="$(sha256sum "$file" | cut -d' ' -f1)"
	rm -f "$file.sums"
	[ "$found" = "$expected" ] || { say "error: $url does not have the published checksum"; return 1; }
}

# download_archive URL SUMS FOLDER MEMBER... puts members of an archive, without their folders, into FOLDER.
download_archive() {
	local url="$1" sums="$2" folder="$3" work member status=0
	shift 3
	work="$(mktemp -d)"
	if fetch_verified "$url" "$sums" "$work/archive" && tar -xzf "$work/archive" -C "$work"; then
		mkdir -p "$folder"
		for member in "$@"; do install -m 0755 "$work/$member" "$folder" || status=1; done
	else
		status=1
	fi
	rm -rf "$work"
	return "$status"
}

# download_program URL SUMS OUT puts a program that is no archive at OUT.
download_program() {
	local work status=0
	work="$(mktemp -d)"
	if fetch_verified "$1" "$2" "$work/${1##*/}"; then install -D -m 0755 "$work/${1##*/}" "$3"; else status=1; fi
	rm -rf "$work"
	return "$status"
}
