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

# Starts the server that an image has with a configuration file. The operator makes it the container's command:
#
#     /bin/sh -c "$(cat launch.sh)" launch http|https [argument...]
#     /bin/sh -c "$(cat launch.sh)" launch serving folder seconds [argument...]
#
# The first argument is what the configuration makes the server speak: "serving" is https with tls.crt and tls.key in
# a folder that the kubelet keeps up to date; the seconds are those that the server has to end before it starts again
# with new ones, or "never" where it is not to: then its Pod is replaced. The other arguments are the server's own. The
# launcher knows the configuration by RUN_CONFIG_PATH, the port by LLS_PORT and the number of processes by LLS_WORKERS.
# A server whose certificate is not watched is exec'd, so that it is process 1 and gets the signals. Lines that are
# comments are not part of the command; a # is therefore never the first character of a line of code, here or in the
# Python below.
set -eu

say() {
  echo "llama-stack launcher: $*" >&2
}

# The kubelet takes the last message of a container from this file, and the operator puts it into the status.
leave() {
  say "$*"
  { echo "$*" >/dev/termination-log; } 2>/dev/null || :
}

fail() {
  leave "$*"
  exit 1
}

scheme=$1
folder='' grace=never
shift
if [ "$scheme" = serving ]; then
  scheme=https folder=$1 grace=$2
  shift 2
fi
config=${RUN_CONFIG_PATH:-/etc/llama-stack/config.yaml}
port=${LLS_PORT:-8321}
workers=${LLS_WORKERS:-1}

# An entrypoint would silently start with the image's own configuration.
[ -f "$config" ] || fail "there is no configuration at $config; mount one there, or remove userConfig"

# Prints the name of the installed package, its version as one number (major * 1000000 + minor * 1000 + patch, of
# the release alone: 0.3.0rc2 is 0.3.0) and its version; nothing when there is none. ogx comes first: it is the later
# name, and may bring the older one along.
find_package() {
  "$1" -c '
import re
from importlib.metadata import PackageNotFoundError, version

for package in ("ogx", "llama_stack"):
    try:
        found = version(package)
    except PackageNotFoundError:
        continue
    release = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", found).group(1)
    major, minor, patch = ([int(part) for part in release.split(".")] + [0, 0])[:3]
    print(package, major * 1000000 + minor * 1000 + patch, found)
    break
'
}

package='' number=0 version=''
for python in python3 python; do
  command -v "$python" >/dev/null 2>&1 || continue
  found=$(find_package "$python") || found=''
  [ -n "$found" ] || continue
  package=${found%% *}
  version=${found##* }
  number=${found#* }
  number=${number%% *}
  break
done

# Starts the server. Where its certificate is watched, the launcher stays process 1: nothing else in a container can end
# a process 1 that does not end by itself. It hands on the signals, and ends with the server and as the server did.
start() {
  [ "$grace" != never ] || exec "$@"
  shown=$(certificate)
  server=''
  trap '[ -z "$server" ] || kill -TERM "$server" 2>/dev/null || :' TERM INT
  "$@" &
  server=$!
  watch_certificate &
  watcher=$!
  code=0
  wait "$server" || code=$?
  while kill -0 "$server" 2>/dev/null; do
    code=0
    wait "$server" || code=$?
  done
  # A signal ends a wait as well, with a code of its own; that of a server which ended meanwhile is still to be had.
  if [ "$code" -gt 128 ]; then
    last=0
    wait "$server" 2>/dev/null || last=$?
    [ "$last" -eq 127 ] || code=$last
  fi
  kill "$watcher" 2>/dev/null || :
  exit "$code"
}

certificate() {
  cat "$folder/tls.crt" 2>/dev/null || :
}

# A server reads its certificate once, when it starts. When the kubelet has put another in place, the server ends, so
# that the kubelet starts the container again; the Pod and its volumes stay. The Pods of a server do it at different
# times, within LLS_TLS_SPREAD seconds. A certificate that no server can load would end one that works, for nothing.
watch_certificate() {
  while pause "${LLS_TLS_CHECK:-15}" && kill -0 "$server" 2>/dev/null; do
    found=$(certificate)
    if [ -z "$found" ] || [ "$found" = "$shown" ]; then
      continue
    fi
    shown=$found
    if ! usable; then
      say "the new certificate in $folder does not fit its key, or is none; the server goes on with the one it has"
      continue
    fi
    turn=$(cksum </etc/hostname 2>/dev/null) || turn=0
    turn=$((${turn%% *} % (${LLS_TLS_SPREAD:-600} + 1)))
    say "there is a new certificate in $folder; the server starts again with it in $turn s"
    pause "$turn"
    leave "the server starts again with the new certificate in $folder"
    kill -TERM "$server"
    pause "$grace"
    kill -KILL "$server"
    break
  done
}

pause() {
  sleep "$1" >/dev/null 2>&1
}

usable() {
  [ -n "$package" ] || return 0
  "$python" -c '
import ssl
import sys

ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(sys.argv[1] + "/tls.crt", sys.argv[1] + "/tls.key")
' "$folder" >/dev/null 2>&1
}

# With several workers, uvicorn ends a worker that does not answer within 5 s. A worker imports the server first, which
# takes longer than that on a busy machine, and longer still beside other workers. All of them restart again and again,
# and nothing logs it. This program is the command line of the server, and gives workers 60 s.
patience='
import importlib
import sys

from uvicorn.supervisors.multiprocess import Process

ping = getattr(Process, "ping", None)
if ping:
    Process.ping = lambda process, timeout=5: ping(process, max(timeout, 60))
module = sys.argv.pop(1)
sys.argv[0] = module.rpartition(".")[2]
sys.exit(importlib.import_module(module).main())
'
patient=''
if [ "$workers" -gt 1 ] && { [ "$package" = ogx ] || [ "$number" -ge 3000 ]; }; then
  patient=yes
fi

# Starts a command line that is a Python module.
start_module() {
  if [ -n "$patient" ]; then
    start "$python" -c "$patience" "$@"
  fi
  start "$python" -m "$@"
}

# The operator leaves out this part for a server without spec.server.telemetry.otlp. Entrypoints of images do the same. A
# server before 0.4.0 sends traces itself.
# <telemetry>
if command -v opentelemetry-instrument >/dev/null 2>&1 && { [ "$package" = ogx ] || [ "${number:-0}" -ge 4000 ]; }; then
  start_module() {
    if [ -n "$patient" ]; then
      start opentelemetry-instrument "$python" -c "$patience" "$@"
    fi
    start opentelemetry-instrument "$python" -m "$@"
  }
fi
# </telemetry>

# Entrypoints find the commands of the server on the PATH: these come before the image's own.
patient_commands() {
  folder_of_commands=$(mktemp -d) || return 1
  for command in llama=llama_stack.cli.llama ogx=ogx.cli.ogx; do
    file=$folder_of_commands/${command%%=*}
    printf "#!/bin/sh\nexec %s -c '%s' %s \"\$@\"\n" "$python" "$patience" "${command#*=}" >"$file" || return 1
    chmod +x "$file" || return 1
  done
  export PATH="$folder_of_commands:$PATH"
}

# Several processes, and a command line that cannot start them: that of 0.3.0 does not know of them, those of 0.4.0
# to 0.6 hand over a list of addresses, with which they crash. Served as 0.9.0 of the operator did. The command line
# alone reads about TLS in the configuration, so with certificates that are named there alone there is no way around it.
around=''
if [ "$scheme" = http ] || { [ -n "$folder" ] && ! grep -q tls_cafile "$config"; }; then
  around=yes
fi
if [ "$package" = llama_stack ] && [ "$workers" -gt 1 ] && [ -n "$around" ]; then
  if [ "$number" -eq 3000 ] || { [ "$number" -ge 4000 ] && [ "$number" -lt 7000 ]; }; then
    [ $# -eq 0 ] || say "arguments are not used: llama_stack $version starts $workers workers without its command line"
    say "starting llama_stack $version with $workers workers"
    export LLAMA_STACK_CONFIG="$config"
    set -- --host 0.0.0.0 --port "$port" --workers "$workers"
    [ -z "$folder" ] || set -- "$@" --ssl-certfile "$folder/tls.crt" --ssl-keyfile "$folder/tls.key"
    start_module uvicorn.main llama_stack.core.server.server:create_app --factory "$@"
  fi
fi

# From 1.2.0 on, a server without certificates needs the argument --insecure. The entrypoint of image 1.2.0 does not
# pass it; later ones do.
insecure=''
if [ "$package" = ogx ] && [ "$number" -ge 1002000 ] && [ "$scheme" = http ]; then
  insecure=yes
fi

# The entrypoints of published images know what else their image needs. They start with RUN_CONFIG_PATH.
entrypoint=''
for candidate in /usr/local/bin/llama-stack-entrypoint.sh /usr/local/bin/ogx-entrypoint.sh /opt/app-root/entrypoint.sh; do
  if [ -x "$candidate" ]; then
    entrypoint=$candidate
    break
  fi
done
if [ -n "$entrypoint" ]; then
  if [ -n "$insecure" ] && ! grep -q -e --insecure "$entrypoint"; then
    set -- --insecure "$@"
  fi
  if [ -n "$patient" ] && ! patient_commands; then
    say "failed to write to a temporary folder, so that a worker which does not answer within 5 s is restarted"
  fi
  say "starting $entrypoint${version:+ ($package $version)}"
  export RUN_CONFIG_PATH="$config"
  start "$entrypoint" "$@"
fi

[ -n "$package" ] || fail "the image has no entrypoint that this operator knows, and neither ogx nor llama_stack is" \
  "installed for its python3; set containerSpec.command to what starts the server with $config," \
  "or launch: Image when the image's own entrypoint reads RUN_CONFIG_PATH"

say "starting $package $version"
if [ -n "$insecure" ]; then
  set -- --insecure "$@"
fi
if [ "$package" = ogx ] && [ "$number" -ge 1000000 ]; then
  start_module ogx.cli.ogx run "$config" --port "$port" "$@"
elif [ "$package" = ogx ]; then
  start_module ogx.cli.ogx stack run "$config" --port "$port" "$@"
elif [ "$number" -ge 3000 ]; then
  start_module llama_stack.cli.llama stack run "$config" --port "$port" "$@"
elif [ "$number" -ge 2017 ]; then
  start_module llama_stack.core.server.server "$config" --port "$port" "$@"
else
  start_module llama_stack.distribution.server.server --config "$config" --port "$port" "$@"
fi
