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
# Shows the operator at work: a real server of each era, made Ready from a few lines of YAML, and asked a question.
#
#   up     brings up or uses a cluster, deploys the operator, starts the servers and calls them
#   clean  removes all that "up" made: servers, operator, cluster, each only if "up" brought it
#
# hack/demo/lib.sh says how to use a cluster of your own. DEMO_TIMEOUT is how many seconds servers may take to become
# Ready (default 600). Where the real servers' images can neither be pulled nor built, a stand-in is shown, and the
# first and the last line say so; with CI=true that is a failure.
set -euo pipefail

# shellcheck source=hack/demo/lib.sh
. "$(dirname "$0")/demo/lib.sh"

# What a failure leaves running.
SERVERS_PID=''
trap '[ -z "$SERVERS_PID" ] || kill "$SERVERS_PID" 2>/dev/null; [ -z "$STEP" ] || say "failed: $STEP"' EXIT

NAMESPACE=llama-stack-demo
# Neither "up" nor "clean" needs what enforces NetworkPolicies, which takes minutes to build.
export CLUSTER_NETWORK_POLICIES="${CLUSTER_NETWORK_POLICIES:-false}"
SERVERS=(llama-stack ogx)
PORT=8321
# What "clean" has to undo is written on the demo's namespace.
MARK=demo.llamastack.io
STANDING_IN="NOTE: the images of real Llama Stack servers can neither be pulled nor built here; this demo runs a stand-in server instead"

# follow LOG PID shows the log of a background job: nothing for the first seconds, in which it may turn out that the
# first line to print is another one.
follow() {
	local log="$1" pid="$2" patience=15 shown=0 lines
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		patience=$((patience - 1))
		[ "$patience" -lt 0 ] || continue
		lines="$(wc -l <"$log")"
		[ "$lines" = "$shown" ] || sed -n "$((shown + 1)),${lines}p" "$log" >&2
		shown="$lines"
	done
}

# start_servers starts to provide the images of real servers, which takes about as long as the builds beside it.
start_servers() {
	SERVERS_LOG="$(mktemp)"
	if imports; then quiet make --no-print-directory bin/images-tool; fi
	provide_servers "${SERVERS[@]}" >"$SERVERS_LOG" 2>&1 &
	SERVERS_PID=$!
	follow "$SERVERS_LOG" "$SERVERS_PID" &
}

# choose_servers waits for the images of real servers. It sets REAL to yes, or to no where there is no way to get them.
choose_servers() {
	local status=0
	wait "$SERVERS_PID" || status=$?
	SERVERS_PID=''
	REAL=yes
	if [ "$status" = "$UNAVAILABLE" ]; then
		REAL=no LLAMA_STACK_IMG='' OGX_IMG=''
		echo "$STANDING_IN"
	fi
	[ "$status" = 0 ] || sed -n '/^error:/,$p' "$SERVERS_LOG" >&2
	rm -f "$SERVERS_LOG"
	[ "$status" = 0 ] || [ "$REAL" = no ] || return "$status"
	if [ "$REAL" = no ] && [ "${CI:-}" = true ]; then
		echo "error: with CI=true the demo must show real servers"
		return 1
	fi
}

# build_all builds what the demo runs, apart from the images of real servers.
build_all() {
	if ! foreign; then
		step "building the programs of the cluster" hack/node-tools.sh >/dev/null
		make --no-print-directory cluster-build
	fi
	step "building the operator and the stand-ins" provide_binaries
}

# manifest FILE prints a manifest of hack/demo with the images in their places.
manifest() {
	sed -e "s|LLAMA_STACK_IMG|${LLAMA_STACK_IMG:-$STAND_IN_IMG}|" -e "s|OGX_IMG|${OGX_IMG:-$STAND_IN_IMG}|" \
		-e "s|STAND_IN_IMG|$STAND_IN_IMG|" "hack/demo/$1"
}

load_images() {
	load operator stand-in
	[ "$REAL" = no ] || load "${SERVERS[@]}"
}

# mark KEY remembers on the namespace that "clean" has something to undo.
mark() { quiet kubectl annotate --overwrite namespace "$NAMESPACE" "$MARK/$1=true"; }

marked() { [ "$(kubectl get namespace "$NAMESPACE" --ignore-not-found -o jsonpath="{.metadata.annotations['${MARK//./\\.}/$1']}")" = true ]; }

has_operator() { [ -n "$(kubectl -n llama-stack-k8s-operator-system get deployments --ignore-not-found -o name)" ]; }

deploy() {
	manifest inference.yaml | quiet kubectl apply -f -
	[ "$STARTED" = no ] || mark cluster
	has_operator || mark operator
	deploy_operator
	quiet kubectl -n "$NAMESPACE" rollout status deployment/inference --timeout=5m
	manifest servers.yaml | kubectl apply -f - >&2
}

progress() {
	kubectl -n "$NAMESPACE" get llsd -o jsonpath='{range .items[*]}{.metadata.name}: {.status.phase}, {.status.conditions[?(@.type=="Ready")].message}{"\n"}{end}'
}

# is_ready reports whether every server is Ready, and has said what it is.
is_ready() {
	quiet kubectl -n "$NAMESPACE" wait --for=condition=Ready llsd "${SERVERS[@]}" --timeout=2s &&
		quiet kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.version.llamaStackServerVersion}' llsd "${SERVERS[@]}" --timeout=2s
}

# await_ready waits for every server, and says whenever something changed.
await_ready() {
	local deadline=$((SECONDS + ${DEMO_TIMEOUT:-600})) last='' now
	until is_ready 2>/dev/null; do
		now="$(progress)"
		[ "$now" = "$last" ] || say "$now"
		last="$now"
		if [ "$SECONDS" -ge "$deadline" ]; then
			say "error: not Ready after ${DEMO_TIMEOUT:-600} s; this is what there is:"
			kubectl -n "$NAMESPACE" describe llsd >&2
			kubectl -n "$NAMESPACE" get pods,events >&2
			return 1
		fi
	done
}

# request SERVER METHOD PATH [JSON] prints a server's answer, headers and body. It goes to the server's Service by way
# of the API server, through a proxy of kubectl's, which works from wherever kubectl does. "kubectl --raw" does not
# say that a body is JSON, and Python and curl are not everywhere.
request() {
	local connection path="/api/v1/namespaces/$NAMESPACE/services/http:$1-service:$PORT/proxy$3"
	exec {connection}<>"/dev/tcp/127.0.0.1/$PROXY"
	printf '%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' "$2" "$path" "${#4}" "$4" >&"$connection"
	cat <&"$connection"
	exec {connection}>&-
}

# start_proxy sets PROXY to the port of a proxy to the API server, which ends with this script.
start_proxy() {
	local line
	coproc KUBECTL_PROXY { exec "$KUBECTL" proxy --port=0; }
	# shellcheck disable=SC2154 # coproc sets it.
	trap 'kill "$KUBECTL_PROXY_PID"' EXIT
	read -r line <&"${KUBECTL_PROXY[0]}"
	PROXY="${line##*:}"
}

# field NAME prints the strings of that name in the JSON that is read.
field() { grep -o "\"$1\": *\"[^\"]*\"" | sed -e 's/^"[^"]*": *"//' -e 's/"$//' || true; }

# find_model SERVER sets MODEL to the stand-in's, if the server lists it, and MODELS to all that it says.
find_model() {
	MODELS="$(request "$1" GET /v1/models '')"
	MODEL="$(field id <<<"$MODELS" | grep 'echo$')"
}

# converse SERVER sets ANSWER to what the stand-in's model says to a question, which it repeats.
converse() {
	ANSWER="$(request "$1" POST /v1/chat/completions "{\"model\": \"$MODEL\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello, $1!\"}]}")"
	ANSWER="$(field content <<<"$ANSWER")"
	[[ "$ANSWER" == *"Hello, $1!"* ]]
}

# await COMMAND... repeats a command until it succeeds, for a minute: the Service of a server that is Ready may lead to it a moment later.
await() {
	local deadline=$((SECONDS + 60))
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 1
	done
}

# talk SERVER asks a server for its models, and the stand-in's a question, through its Service.
talk() {
	await find_model "$1" || { say "error: $1 does not list the model of the stand-in: $MODELS"; return 1; }
	echo "$1: GET /v1/models says: $MODEL"
	await converse "$1" || { say "error: $1 did not answer the question: $ANSWER"; return 1; }
	echo "$1: POST /v1/chat/completions says: $ANSWER"
}

next_steps() {
	echo
	echo "What to try next:"
	echo "  export KUBECONFIG=$KUBECONFIG"
	type -P kubectl >/dev/null || echo "  alias kubectl=$KUBECTL"
	cat <<-TEXT
		  kubectl config set-context --current --namespace=$NAMESPACE
		  kubectl get llsd -o wide
		  kubectl describe llsd ogx
		  kubectl port-forward service/ogx-service $PORT       # and in another shell: curl http://localhost:$PORT/v1/models
		  kubectl delete deployment llama-stack           # it is back at once
		  kubectl scale llsd ogx --replicas=0             # stops the server, keeps its data
		  kubectl edit llsd llama-stack                   # its env, for instance; docs/api.md has every field
		  make demo-clean                                 # removes all of this
	TEXT
}

up() {
	foreign || step "preparing the system" prepare_system
	start_servers
	build_all
	choose_servers
	[ "$REAL" = no ] || echo "The operator of LlamaStackDistributions, with a real server of each era: $LLAMA_STACK_IMG and $OGX_IMG"
	use_cluster
	load_images
	step "deploying the operator $IMG, the stand-in for inference, and the servers" deploy
	step "waiting until the servers are Ready" await_ready
	echo
	echo "\$ kubectl -n $NAMESPACE get llsd"
	kubectl -n "$NAMESPACE" get llsd
	echo
	start_proxy
	for server in "${SERVERS[@]}"; do talk "$server"; done
	next_steps
	[ "$REAL" = yes ] || echo "$STANDING_IN"
}

# remove_operator keeps the CRD while there are servers of others.
remove_operator() {
	local everything=''
	[ -n "$(kubectl get llsd --all-namespaces -o name)" ] || everything=yes
	UNINSTALL_CRD="$everything" quiet hack/deploy.sh undeploy
}

clean() {
	local operator=no node=no
	if [ -z "${KUBECONFIG:-}" ] && ! { [ -x bin/cluster ] && cluster status >/dev/null 2>&1; }; then
		say "there is no cluster, and so no demo"
		return
	fi
	use_cluster
	! marked operator || operator=yes
	! marked cluster || node=yes
	if [ "$node" = yes ]; then
		step "stopping the cluster that the demo started" cluster down
		return
	fi
	step "removing the demo's servers" quiet kubectl delete namespace "$NAMESPACE" --ignore-not-found
	[ "$operator" = no ] || step "removing the operator that the demo deployed" remove_operator
}

case "${1:-}" in
up | clean) "$1" ;;
*) say "usage: hack/demo.sh up|clean"; exit 2 ;;
esac
