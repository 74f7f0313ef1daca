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

package llsdtest

import "strings"

// What is said about how replicas come and go, and where.
const (
	fieldRollout     = "spec.server.rollout"
	fieldAutoscaling = "spec.server.autoscaling"

	messageRollingOnly = "maxSurge and maxUnavailable require strategy RollingUpdate; set the strategy, or remove them"
	messageShare       = "set 0 or more, or a percentage from 0% to 100%"
	messageOneMetric   = "set either pods or external"
	messageAverage     = "averageValue must be more than 0, such as 10 or 500m"
	messageAtLeast     = "should be greater than or equal to"
	messageAtMost      = "should be less than or equal to"

	maxMetrics = 8
)

func rollout(lines string) string     { return server("rollout: {" + lines + "}") }
func autoscaling(lines string) string { return server("autoscaling: {maxReplicas: 5, " + lines + "}") }

// refusedOperations are about rollouts, and about what 0.9.0 did not let one say to an autoscaler.
func refusedOperations() []Case {
	metric := func(lines string) string { return autoscaling("metrics: [{" + lines + "}]") }
	const metrics, down = fieldAutoscaling + ".metrics", fieldAutoscaling + ".scaleDown"
	return []Case{
		{"an unknown strategy", rollout("strategy: Never"), fieldRollout + ".strategy", `supported values: "RollingUpdate", "Recreate"`},
		{"a surge of what is recreated", rollout("strategy: Recreate, maxSurge: 1"), fieldRollout, messageRollingOnly},
		{"a surge of no strategy", rollout("maxSurge: 1"), fieldRollout, messageRollingOnly},
		{"a negative surge", rollout("strategy: RollingUpdate, maxSurge: -1"), fieldRollout + ".maxSurge", messageShare},
		{"a surge of more than all", rollout("strategy: RollingUpdate, maxUnavailable: 101%"), fieldRollout + ".maxUnavailable", messageShare},
		{"a surge in words", rollout("strategy: RollingUpdate, maxUnavailable: all"), fieldRollout + ".maxUnavailable", messageShare},
		{"a history of less than none", rollout("revisionHistoryLimit: -1"), fieldRollout + ".revisionHistoryLimit", messageAtLeast},
		{"too long a history", rollout("revisionHistoryLimit: 101"), fieldRollout + ".revisionHistoryLimit", messageAtMost},
		{"too short a deadline", rollout("progressDeadlineSeconds: 29"), fieldRollout + ".progressDeadlineSeconds", messageAtLeast},
		{"too long a deadline", rollout("progressDeadlineSeconds: 86401"), fieldRollout + ".progressDeadlineSeconds", messageAtMost},
		{"a metric of no kind", metric(""), metrics + "[0]", messageOneMetric},
		{"a metric of two kinds", metric("pods: {name: a, averageValue: 1}, external: {name: a, averageValue: 1}"), metrics + "[0]", messageOneMetric},
		{"a metric without a value", metric("pods: {name: a}"), metrics + "[0].pods.averageValue", "Required value"},
		{"a metric without a name", metric(`pods: {name: "", averageValue: 1}`), metrics + "[0].pods.name", "should be at least 1 chars long"},
		{"a metric of nothing", metric("pods: {name: a, averageValue: 0}"), metrics + "[0].pods.averageValue", messageAverage},
		{"a metric of nothing, as a text", metric(`external: {name: a, averageValue: "0"}`), metrics + "[0].external.averageValue", messageAverage},
		{"a metric of less than nothing", metric(`external: {name: a, averageValue: "-5"}`), metrics + "[0].external.averageValue", messageAverage},
		{"a metric of no quantity", metric("external: {name: a, averageValue: many}"), metrics + "[0].external.averageValue", messagePattern},
		{"too many metrics", autoscaling("metrics: [" + items("{pods: {name: a%d, averageValue: 1}}", maxMetrics+1) + "]"), metrics, messageTooMany},
		{"an unknown choice of policies", autoscaling("scaleDown: {selectPolicy: Fast}"), down + ".selectPolicy", `supported values: "Max", "Min", "Disabled"`},
		{"too long a window", autoscaling("scaleDown: {stabilizationWindowSeconds: 3601}"), down + ".stabilizationWindowSeconds", messageAtMost},
		{"a policy of nothing", autoscaling("scaleDown: {policies: [{type: Pods, value: 0, periodSeconds: 1}]}"), down + ".policies[0].value", messageAtLeast},
		{"a policy of no time", autoscaling("scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 0}]}"), down + ".policies[0].periodSeconds", messageAtLeast},
		{"a policy of too long a time", autoscaling("scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 1801}]}"), down + ".policies[0].periodSeconds", messageAtMost},
		{"a policy of an unknown type", autoscaling("scaleDown: {policies: [{type: Nodes, value: 1, periodSeconds: 1}]}"),
			down + ".policies[0].type", `supported values: "Pods", "Percent"`},
		{"too many policies", autoscaling("scaleDown: {policies: [" + strings.Repeat("{type: Pods, value: 1, periodSeconds: 1}, ", maxMetrics+1) + "]}"),
			down + ".policies", messageTooMany},
	}
}

// acceptedOperations are at the edges of the same fields.
func acceptedOperations() []Case {
	return []Case{
		{Name: "a suspended server", Spec: "{suspend: true, " + server("workers: 1") + "}"},
		{Name: "an empty rollout", Spec: rollout("")},
		{Name: "the slowest rollout", Spec: rollout("strategy: RollingUpdate, maxSurge: 0, maxUnavailable: 0%, revisionHistoryLimit: 0, progressDeadlineSeconds: 86400")},
		{Name: "the fastest rollout", Spec: rollout("strategy: RollingUpdate, maxSurge: 100%, maxUnavailable: 99%, revisionHistoryLimit: 100, progressDeadlineSeconds: 30")},
		{Name: "a rollout that recreates", Spec: rollout("strategy: Recreate")},
		{Name: "metrics", Spec: autoscaling("metrics: [{pods: {name: a, averageValue: 500m}}, {external: {name: b, averageValue: 10, matchLabels: {a: b}}}]")},
		{Name: "the speeds of an autoscaler", Spec: autoscaling("scaleUp: {stabilizationWindowSeconds: 3600, policies: [{type: Percent, value: 10000, periodSeconds: 1800}]}, " +
			"scaleDown: {selectPolicy: Disabled}")},
	}
}
