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

// Series of the operator's Pods.
const operatorPods = `{job="llama-stack-k8s-operator"`

// Objects that wait for a reconcile. A Pod that does not lead keeps what it will reconcile when it leads in its queue.
const operatorQueued = "(workqueue_depth" + operatorPods + "} unless on (pod) leader_election_master_status" + operatorPods + "} == 0)"

// operator is about the operator itself.
func operator() page {
	return page{
		file: "operator", title: "Llama Stack / Operator",
		description: "The Llama Stack operator: its reconciles, its queue, its requests to the API server, its caches and its memory.",
		rows: []row{
			{"Overview", operatorNumbers()},
			{"Reconciles", operatorReconciles()},
			{"Queue", operatorQueue()},
			{"API requests and caches", operatorRequests()},
			{"Servers", operatorProbes()},
			{"Process", operatorProcess()},
		},
	}
}

func operatorNumbers() []panel {
	return []panel{
		{kind: number, title: "Pods", description: "Pods of the operator that Prometheus can scrape.", unit: unitCount, width: third / 2,
			queries: one("sum(up"+operatorPods+"})", "Pods")},
		{kind: number, title: "Leaders", description: "Pods of the operator that lead. One must.", unit: unitCount, width: third / 2, alarm: 2,
			queries: one("sum(leader_election_master_status"+operatorPods+"})", "Leaders")},
		{kind: number, title: "Reconciles that fail",
			description: "The share of reconciles that end with an error.",
			unit:        unitShare, width: third / 2, warn: 0.01, alarm: 0.1,
			// While nothing changes, nothing is reconciled.
			queries: one("sum(rate(controller_runtime_reconcile_errors_total"+operatorPods+"}"+window+"))"+
				" / (sum(rate(controller_runtime_reconcile_total"+operatorPods+"}"+window+")) > 0) or vector(0)", "Errors")},
		{kind: number, title: "Queue", description: "Objects that wait for a reconcile.", unit: unitCount, width: third / 2,
			queries: one("sum"+operatorQueued, "Queue")},
		{kind: number, title: "Malformed keys",
			description: "Malformed keys of the operator's ConfigMap, whose last valid value is in use.",
			unit:        unitCount, width: third / 2, alarm: 1,
			queries: one("sum(max by (key) (llama_stack_operator_config_malformed"+operatorPods+"}))", "Keys")},
		{kind: number, title: "Memory", description: "The largest resident memory of a Pod of the operator.", unit: unitBytes, width: third / 2,
			queries: one("max(process_resident_memory_bytes"+operatorPods+"})", "Memory")},
	}
}

func operatorReconciles() []panel {
	return []panel{
		{kind: stacked, title: "Reconciles", description: "Reconciles by result.", unit: unitPerSec, width: third,
			queries: one(rate("result", "controller_runtime_reconcile_total"+operatorPods+"}"), "{{result}}")},
		{kind: lines, title: "Duration of reconciles", description: "The duration of a reconcile, by controller.", unit: unitSeconds, width: third,
			queries: quantiles("controller", "controller_runtime_reconcile_time_seconds")},
		{kind: lines, title: "Busy workers", description: "The share of the workers of a controller that reconcile.", unit: unitShare, width: third, warn: 0.9,
			queries: one("max by (controller) (controller_runtime_active_workers"+operatorPods+"}) / max by (controller) (controller_runtime_max_concurrent_reconciles"+
				operatorPods+"})", "{{controller}}")},
	}
}

func operatorQueue() []panel {
	return []panel{
		{kind: lines, title: "Depth",
			description: "Objects that wait for a reconcile. The alert LlamaStackOperatorQueueNotDraining begins when it is not empty for 20 minutes.",
			unit:        unitCount, width: quarter, queries: one("sum by (name) "+operatorQueued, "{{name}}")},
		{kind: lines, title: "Additions and retries",
			description: "Objects that enter the queue, and those that enter again after an error.",
			unit:        unitPerSec, width: quarter,
			queries: []query{
				{rate("name", "workqueue_adds_total"+operatorPods+"}"), "{{name}} added"},
				{rate("name", "workqueue_retries_total"+operatorPods+"}"), "{{name}} retried"},
			}},
		{kind: lines, title: "Time in the queue", description: "How long an object waits for its reconcile.", unit: unitSeconds, width: quarter,
			queries: quantiles("name", "workqueue_queue_duration_seconds")},
		{kind: lines, title: "Longest reconcile now", description: "How long the longest reconcile that runs has run.", unit: unitSeconds, width: quarter,
			queries: one("max by (name) (workqueue_longest_running_processor_seconds"+operatorPods+"})", "{{name}}")},
	}
}

func operatorRequests() []panel {
	return []panel{
		{kind: stacked, title: "Requests to the API server", description: "Requests by method and status.", unit: unitRequests, width: quarter,
			queries: one(rate("method, code", "rest_client_requests_total"+operatorPods+"}"), "{{method}} {{code}}")},
		{kind: stacked, title: "Writes of objects",
			description: "Objects that the operator created, updated, adopted, took over or deleted. Growth without edits means that another controller writes the same fields.",
			unit:        unitPerSec, width: quarter, queries: one(rate("action, kind", "llama_stack_operator_applies_total"+operatorPods+"}"), "{{action}} {{kind}}")},
		{kind: stacked, title: "Reads past the caches",
			description: "Reads from the API server of what the caches do not hold, by kind.",
			unit:        unitPerSec, width: quarter,
			queries: one(rate("kind", "llama_stack_operator_live_reads_total"+operatorPods+"}"), "{{kind}}")},
		{kind: stacked, title: "Rendered and remembered",
			description: "Reconciles that rendered objects, and those that used what they remembered because nothing changed.",
			unit:        unitPerSec, width: quarter,
			queries: one(rate("source", "llama_stack_operator_renders_total"+operatorPods+"}"), "{{source}}")},
	}
}

func operatorProbes() []panel {
	return []panel{
		{kind: stacked, title: "Probes of servers",
			description: "Probes of the health, the version and the providers of servers, by result.",
			unit:        unitPerSec, width: half,
			queries: one(rate("result", "llama_stack_operator_probes_total"+operatorPods+"}"), "{{result}}")},
		{kind: lines, title: "Duration of probes",
			description: "The duration of a probe, which is several requests with a timeout of 5 seconds each.",
			unit:        unitSeconds, width: half,
			queries: quantiles("job", "llama_stack_operator_probe_duration_seconds")},
	}
}

func operatorProcess() []panel {
	return []panel{
		{kind: lines, title: "Memory", description: "Resident memory of the process, and the part of it that Go's objects use.", unit: unitBytes, width: quarter,
			queries: []query{
				{"max by (pod) (process_resident_memory_bytes" + operatorPods + "})", "{{pod}} resident"},
				{"max by (pod) (go_memstats_alloc_bytes" + operatorPods + "})", "{{pod}} objects"},
			}},
		{kind: lines, title: "CPU", description: "CPU time of the process, in cores.", unit: unitCount, width: quarter,
			queries: one(rate("pod", "process_cpu_seconds_total"+operatorPods+"}"), "{{pod}}")},
		{kind: lines, title: "Goroutines",
			description: "Goroutines of the process. They grow with what it does at the same time, not with the number of servers.",
			unit:        unitCount, width: quarter,
			queries: one("max by (pod) (go_goroutines"+operatorPods+"})", "{{pod}}")},
		{kind: lines, title: "Open files", description: "Files and connections that the process has open.", unit: unitCount, width: quarter,
			queries: one("max by (pod) (process_open_fds"+operatorPods+"})", "{{pod}}")},
	}
}

// quantiles are the median and the 95th percentile of a histogram of the operator, by a label.
func quantiles(by, histogram string) []query {
	buckets := "sum by (" + by + ", le) (rate(" + histogram + "_bucket" + operatorPods + "}" + window + ")))"
	return []query{
		{"histogram_quantile(0.5, " + buckets, "{{" + by + "}} median"},
		{"histogram_quantile(0.95, " + buckets, "{{" + by + "}} 95 %"},
	}
}
