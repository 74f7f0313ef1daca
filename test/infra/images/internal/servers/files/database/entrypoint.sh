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

# The entrypoint of the image: the part of docker.io/pgvector/pgvector that tests use. The first start makes the databases
# in PGDATA: POSTGRES_USER with POSTGRES_PASSWORD is the superuser, and the statements in /docker-entrypoint-initdb.d, one on
# each line, are run. The arguments are the program and its own.
set -e

if [ ! -s "$PGDATA/PG_VERSION" ]; then
	password="$(mktemp)"
	printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
	initdb --pgdata="$PGDATA" --username="${POSTGRES_USER:-postgres}" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 --no-sync
	rm "$password"
	echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
	for file in /docker-entrypoint-initdb.d/*.sql; do
		[ ! -e "$file" ] || postgres --single -D "$PGDATA" postgres <"$file"
	done
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/tmp
