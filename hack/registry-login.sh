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

# Logs in to the registry of the release for an hour, without a secret that is kept: GitHub states in a token which workflow runs, and
# Quay exchanges it for one of the robot account that trusts this workflow. docs/releasing.md says how to set the account up.
#
# QUAY_ROBOT  the robot account, such as llamastack+release
# QUAY        the registry (default https://quay.io)
# ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN
#             where GitHub issues its token, set in a job with the permission id-token
set -euo pipefail

: "${QUAY_ROBOT:?set QUAY_ROBOT to the robot account of the registry}"
: "${ACTIONS_ID_TOKEN_REQUEST_URL:?this job needs the permission id-token: write}" "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:?}"
QUAY="${QUAY:-https://quay.io}"

# get FIELD URL prints a field, a string, of the JSON at URL. Credentials come on standard input, as curl's configuration: all users of
# the machine can read the arguments of programs.
get() {
	local answer value
	answer="$(curl --silent --show-error --fail --max-time 60 --config - "$2")" || return
	value="$(tr -d '\n' <<<"$answer" | sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p')"
	[ -n "$value" ] && echo "$value"
}

identity="$(printf 'header = "Authorization: bearer %s"\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" | get value "$ACTIONS_ID_TOKEN_REQUEST_URL")" ||
	{ echo "error: GitHub issued no token" >&2; exit 1; }
token="$(printf 'user = "%s:%s"\n' "$QUAY_ROBOT" "$identity" | get token "$QUAY/oauth2/federation/robot/token")" ||
	{ echo "error: $QUAY does not trust this workflow as $QUAY_ROBOT; check the federation of the robot account" >&2; exit 1; }
# buildah, helm and the program that signs all read this file.
mkdir -p "$HOME/.docker"
printf '%s' "$token" | buildah login --authfile "$HOME/.docker/config.json" --username "$QUAY_ROBOT" --password-stdin "${QUAY#*://}"
