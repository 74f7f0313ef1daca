/*
Copyright 2026 The llama-stack-k8s-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Series of the selected server: those that the operator exports about it, and its own.
const (
	ofServer        = `exported_namespace="$namespace",llamastackdistribution="$server"`
	ownServer       = `{job="llama-stack-servers",namespace="$namespace",llamastackdistribution="$server"`
	serverCondition = "llama_stack_operator_llamastackdistribution_condition{" + ofServer
	serverVolume    = `{namespace="$namespace",persistentvolumeclaim="${server}-pvc"}`
	ownRequests     = ownServer + `,api!~"unknown|inspect"`
	ownModel        = ownServer + `,model=~"$model"`
	window          = "[$__rate_interval]"
)

// server is about one server.
func server() page {
	return page{
		file: "server", title: "Llama Stack / Server",
		description: "One Llama Stack server: its state, its requests, its models, and its Pods. Requests and models need spec.server.telemetry.metrics.",
		variables: []cog.Builder[dashboard.VariableModel]{
			labelValues("namespace", "Namespace", "label_values(llama_stack_operator_llamastackdistribution_phase, exported_namespace)"),
			labelValues("server", "Server", `label_values(llama_stack_operator_llamastackdistribution_phase{exported_namespace="$namespace"}, llamastackdistribution)`),
			several(labelValues("model", "Model", "label_values(ogx_inference_model_type_used_total"+ownServer+"}, model)")),
		},
		rows: []row{
			{"State", serverState()},
			{"Requests", serverRequests()},
			{"Models", serverModels()},
			{"Pods", serverPods()},
		},
	}
}

func serverState() []panel {
	return []panel{
		{kind: name, title: "Phase", description: "The phase of the server.", unit: unitCount, width: third / 2,
			queries: one("max by (phase) (llama_stack_operator_llamastackdistribution_phase{"+ofServer+"})", "{{phase}}")},
		{kind: name, title: "Version", description: "The distribution, and the version that the server reports.", unit: unitCount, width: third / 2,
			queries: one("max by (distribution, version) (llama_stack_operator_llamastackdistribution_info{"+ofServer+"})", "{{distribution}} {{version}}")},
		{kind: name, title: "Image", description: "The image of the Pods.", unit: unitCount, width: third,
			queries: one("max by (image) (llama_stack_operator_llamastackdistribution_info{"+ofServer+"})", "{{image}}")},
		{kind: number, title: "Replicas", description: "Replicas: wanted, and ready to serve.", unit: unitCount, width: third / 2,
			queries: one("max by (state) (llama_stack_operator_llamastackdistribution_replicas{"+ofServer+"})", "{{state}}")},
		{kind: number, title: "Last change of Ready", description: "Time since the status of the condition Ready changed.", unit: unitSeconds, width: third / 2,
			queries: one("time() - max(llama_stack_operator_llamastackdistribution_last_transition_timestamp_seconds{"+ofServer+`,type="Ready"})`, "Ready")},
		{kind: states, title: "Conditions over time",
			description: "The status of each condition. docs/conditions.md of the operator explains them.",
			unit:        unitCount, width: half,
			queries: one("max by (type) ("+serverCondition+`,status="True"}) or 2 * max by (type) (`+serverCondition+`,status="False"}) or 3 * max by (type) (`+
				serverCondition+`,status="Unknown"})`, "{{type}}")},
		{kind: rows, title: "Conditions now", description: "Each condition, with the reason that it has now.", unit: unitCount, width: half,
			queries: one("max by (type, status, reason) ("+serverCondition+"})", ""),
			columns: []column{{"type", "Condition"}, {"status", "Status"}, {"reason", "Reason"}}},
	}
}

func serverRequests() []panel {
	all, failed := rate("api", "ogx_requests_total"+ownRequests+"}"), rate("api", "ogx_requests_total"+ownRequests+`,status_code=~"5.."}`)
	return []panel{
		{kind: stacked, title: "Requests", description: "Requests by API.", unit: unitRequests, width: third, queries: one(all, "{{api}}")},
		{kind: lines, title: "Requests that fail", description: "The share of requests that the server answers with a status of 500 or above, by API.",
			unit: unitShare, width: third, warn: 0.01, alarm: 0.05, queries: one("("+failed+" or 0 * "+all+") / "+all, "{{api}}")},
		{kind: lines, title: "Errors", description: "Requests that end with an error, by status: 400 and above are those of clients, 500 and above of the server.",
			unit: unitRequests, width: third, queries: one(rate("status_code", "ogx_requests_total"+ownRequests+`,status="error"}`), "{{status_code}}")},
		{kind: lines, title: "Mean latency", unit: unitSeconds, width: third, queries: one(mean("api", "ogx_request_duration_seconds", ownRequests), "{{api}}"),
			description: "The mean duration of requests, by API. The buckets of the server begin at 5 seconds, so quantiles below are guesses."},
		{kind: lines, title: "Requests above 5 s", description: "The share of requests that take longer than 5 seconds, by API.", unit: unitShare, width: third,
			queries: one(above("api", "ogx_request_duration_seconds", ownRequests), "{{api}}")},
		{kind: lines, title: "Concurrent requests", description: "Requests that the server works on, by API.", unit: unitCount, width: third,
			queries: one("sum by (api) (ogx_concurrent_requests"+ownRequests+"})", "{{api}}")},
	}
}

func serverModels() []panel {
	return []panel{
		{kind: stacked, title: "Calls by model", description: "Calls of models, by model and type.", unit: unitRequests, width: third,
			queries: one(rate("model, type", "ogx_inference_model_type_used_total"+ownModel+"}"), "{{model}} {{type}}")},
		{kind: lines, title: "Inference by status", description: "Inferences that ended, by model and status.", unit: unitRequests, width: third,
			queries: one(rate("model, status", "ogx_inference_duration_seconds_count"+ownModel+"}"), "{{model}} {{status}}")},
		{kind: lines, title: "Mean duration", description: "The mean duration of an inference, by model, with and without a stream.", unit: unitSeconds, width: third,
			queries: one(mean("model, stream", "ogx_inference_duration_seconds", ownModel), "{{model}} stream={{stream}}")},
		{kind: lines, title: "Mean time to first token",
			description: "The mean time from a request to the first token of its stream, by model.",
			unit:        unitSeconds, width: third,
			queries: one(mean("model", "ogx_inference_time_to_first_token_seconds", ownModel), "{{model}}")},
		{kind: lines, title: "First tokens after 5 s", unit: unitShare, width: third, warn: 0.05,
			description: "The share of streams whose first token comes after 5 seconds, by model. The alert LlamaStackServerLatency has an objective of 5 %.",
			queries:     one(above("model", "ogx_inference_time_to_first_token_seconds", ownModel), "{{model}}")},
		{kind: lines, title: "Tokens per second", description: "The mean of the output tokens per second of an inference, by model.", unit: unitTokens, width: third,
			queries: one(mean("model", "ogx_inference_tokens_per_second", ownModel), "{{model}}")},
	}
}

func serverPods() []panel {
	return []panel{
		{kind: lines, title: "Pods", description: "Pods that Prometheus scrapes: 1 if the Pod answers, else 0.", unit: unitCount, width: third,
			queries: one("max by (pod) (up"+ownServer+"})", "{{pod}}")},
		{kind: lines, title: "Restarts within an hour",
			description: "How often the process of each Pod started again within the last hour. The alert LlamaStackServerRestarting begins at 3.",
			unit:        unitCount, width: third, warn: 1, alarm: 3,
			queries: one("sum by (pod) (changes(process_start_time_seconds"+ownServer+"}[1h]))", "{{pod}}")},
		{kind: lines, title: "Memory", description: "Resident memory of the process, by Pod.", unit: unitBytes, width: third,
			queries: one("max by (pod) (process_resident_memory_bytes"+ownServer+"})", "{{pod}}")},
		{kind: lines, title: "CPU", description: "CPU time of the process, in cores, by Pod.", unit: unitCount, width: third,
			queries: one(rate("pod", "process_cpu_seconds_total"+ownServer+"}"), "{{pod}}")},
		{kind: lines, title: "Open files", description: "The share of the files that the process may open, by Pod.", unit: unitShare, width: third, warn: 0.8, alarm: 0.9,
			queries: one("max by (pod) (process_open_fds"+ownServer+"}) / max by (pod) (process_max_fds"+ownServer+"})", "{{pod}}")},
		{kind: lines, title: "Volume",
			description: "Space of the PVC that the operator creates, from the kubelet. Servers without storage have none.",
			unit:        unitBytes, width: third,
			queries: []query{
				{"max by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes" + serverVolume + ")", "used"},
				{"max by (persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes" + serverVolume + ")", "capacity"},
			}},
	}
}

// rate is how often something happens in a second, by labels.
func rate(by, series string) string { return "sum by (" + by + ") (rate(" + series + window + "))" }

// mean is the mean of a histogram by labels, of the series that a selector without its end matches.
func mean(by, histogram, selector string) string {
	return rate(by, histogram+"_sum"+selector+"}") + " / " + rate(by, histogram+"_count"+selector+"}")
}

// above is the share of a histogram above 5.
func above(by, histogram, selector string) string {
	return "1 - " + rate(by, histogram+"_bucket"+selector+`,le="5.0"}`) + " / " + rate(by, histogram+"_count"+selector+"}")
}
