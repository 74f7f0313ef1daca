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

// Series of all servers of the selected namespaces. The operator's own label "namespace" differs, so that of a server is exported_namespace.
const (
	fleetServers   = `{exported_namespace=~"$namespace"}`
	fleetPhase     = "max by (exported_namespace, llamastackdistribution, phase) (llama_stack_operator_llamastackdistribution_phase" + fleetServers + ")"
	fleetInfo      = "(llama_stack_operator_llamastackdistribution_info" + fleetServers + "))"
	fleetReplicas  = "sum by (state) (max by (exported_namespace, llamastackdistribution, state) (llama_stack_operator_llamastackdistribution_replicas" + fleetServers + "))"
	fleetCondition = `llama_stack_operator_llamastackdistribution_condition{exported_namespace=~"$namespace",`
	fleetByServer  = "sum by (namespace, llamastackdistribution) (rate("
	fleetRequests  = `ogx_requests_total{job="llama-stack-servers",namespace=~"$namespace",api!~"unknown|inspect"`
)

// fleet is about all servers.
func fleet() page {
	return page{
		file: "fleet", title: "Llama Stack / Fleet",
		description: "All Llama Stack servers: by phase, version and image, what waits, and what fails.",
		variables: []cog.Builder[dashboard.VariableModel]{
			several(labelValues("namespace", "Namespace", "label_values(llama_stack_operator_llamastackdistribution_phase, exported_namespace)")),
		},
		rows: []row{
			{"Servers", append(fleetNumbers(), fleetServersByKind()...)},
			{"What waits", fleetWaits()},
			{"What fails", fleetFails()},
		},
	}
}

func fleetNumbers() []panel {
	inPhase := func(phase string) []query {
		return one(`count(max by (exported_namespace, llamastackdistribution) (llama_stack_operator_llamastackdistribution_phase{exported_namespace=~"$namespace",phase="`+
			phase+`"})) or vector(0)`, phase)
	}
	return []panel{
		{kind: number, title: "Servers", description: "The LlamaStackDistributions that the operator knows.", unit: unitCount, width: third / 2,
			queries: one("count("+fleetPhase+")", "Servers")},
		{kind: number, title: "Ready", description: "Servers in the phase Ready.", unit: unitCount, width: third / 2, queries: inPhase("Ready")},
		{kind: number, title: "Failed", description: "Servers in the phase Failed: a person must act, or a rollout failed.", unit: unitCount, width: third / 2,
			queries: inPhase("Failed"), alarm: 1},
		{kind: number, title: "Not available", description: "Servers without an available Pod, apart from those that are scaled to zero.", unit: unitCount,
			width: third / 2, alarm: 1,
			queries: one("count(max by (exported_namespace, llamastackdistribution) ("+fleetCondition+
				`type="Available",status!="True",reason!="ScaledToZero"})) or vector(0)`, "Not available")},
		{kind: number, title: "Waiting for a turn", description: "Servers that wait for a turn of a rollout that the operator causes.", unit: unitCount,
			width: third / 2, warn: 1,
			queries: one("sum(max by (cause) (llama_stack_operator_rollouts_waiting))", "Waiting")},
		{kind: number, title: "Replicas", description: "Replicas of all servers: wanted, and ready to serve.", unit: unitCount, width: third / 2,
			queries: one(fleetReplicas, "{{state}}")},
	}
}

func fleetServersByKind() []panel {
	return []panel{
		{kind: stacked, title: "Servers by phase", description: "How many servers are in each phase.", unit: unitCount, width: half,
			queries: one("count by (phase) ("+fleetPhase+")", "{{phase}}")},
		{kind: bars, title: "Servers by version", description: "The version that each server reports. Those that have not been reached have none.",
			unit: unitCount, width: half,
			queries: one("count by (distribution, version) (max by (exported_namespace, llamastackdistribution, distribution, version) "+fleetInfo, "{{distribution}} {{version}}")},
		{kind: bars, title: "Servers by image", description: "The image of the Pods of each server.", unit: unitCount, width: half,
			queries: one("count by (image) (max by (exported_namespace, llamastackdistribution, image) "+fleetInfo, "{{image}}")},
		{kind: lines, title: "Time to Ready",
			description: "Time from the creation of a server, or an edit of its spec, until it is Ready.",
			unit:        unitSeconds, width: half,
			queries: []query{
				{"histogram_quantile(0.5, sum by (le) (rate(llama_stack_operator_time_to_ready_seconds_bucket[$__rate_interval])))", "median"},
				{"histogram_quantile(0.95, sum by (le) (rate(llama_stack_operator_time_to_ready_seconds_bucket[$__rate_interval])))", "95 %"},
			}},
	}
}

func fleetWaits() []panel {
	return []panel{
		{kind: lines, title: "Rollouts that wait for a turn", unit: unitCount, width: third,
			description: "Servers that wait for a turn of a rollout, by cause: another image behind a name, the rendering of another release, or the takeover from 0.9.0.",
			queries:     one("max by (cause) (llama_stack_operator_rollouts_waiting)", "{{cause}}")},
		{kind: lines, title: "Replicas wanted and ready", description: "Replicas of all servers. Ready below wanted for long means that Pods do not start.",
			unit: unitCount, width: third, queries: one(fleetReplicas, "{{state}}")},
		{kind: stacked, title: "Servers that are not Ready, by reason",
			description: "The reasons of the condition Ready where it is not True.",
			unit:        unitCount, width: third,
			queries: one("count by (reason) (max by (exported_namespace, llamastackdistribution, reason) ("+fleetCondition+`type="Ready",status!="True"}))`, "{{reason}}")},
	}
}

func fleetFails() []panel {
	return []panel{
		{kind: rows, title: "Conditions that are False", unit: unitCount, width: half,
			description: "Every condition that is False now, apart from servers that are scaled to zero or paused.",
			queries: one("max by (exported_namespace, llamastackdistribution, type, reason) ("+fleetCondition+
				`type!="Paused",status="False",reason!~"ScaledToZero|Paused"})`, ""),
			columns: []column{{"exported_namespace", "Namespace"}, {"llamastackdistribution", "Server"}, {"type", "Condition"}, {"reason", "Reason"}}},
		{kind: lines, title: "Requests that fail, by server", unit: unitShare, width: half, warn: 0.01, alarm: 0.05,
			description: "The share of requests that servers answer with a status of 500 or above. Only servers with metrics have it.",
			// A server without a failure has no series for one.
			queries: one("("+fleetByServer+fleetRequests+`,status_code=~"5.."}[$__rate_interval])) or 0 * `+fleetByServer+fleetRequests+"}[$__rate_interval]))) / "+
				fleetByServer+fleetRequests+"}[$__rate_interval]))", "{{namespace}}/{{llamastackdistribution}}")},
		{kind: lines, title: "Checks of configurations", description: "Checks that ended, by result. Those that are not Valid kept a rollout from happening.",
			unit: unitCount, width: third,
			queries: one("sum by (result) (increase(llama_stack_operator_config_checks_total[$__rate_interval]))", "{{result}}")},
		{kind: lines, title: "Time until certificates expire", unit: unitSeconds, width: third,
			description: "Time until the first certificate that a server sends expires. The alert LlamaStackCertificateExpires begins a week before.",
			queries: one("min by (exported_namespace, llamastackdistribution) (llama_stack_operator_llamastackdistribution_certificate_expiry_timestamp_seconds"+
				fleetServers+") - time()", "{{exported_namespace}}/{{llamastackdistribution}}")},
		{kind: lines, title: "Contested objects", unit: unitCount, width: third, warn: 1,
			description: "Objects that the operator may not write because they belong to others, or because others change the same fields.",
			queries:     one("max by (kind) (llama_stack_operator_contested_objects) > 0", "{{kind}}")},
	}
}
