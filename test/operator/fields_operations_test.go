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

package operator_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"

	. "github.com/onsi/gomega"
)

const (
	atStrategy = "{.spec.strategy"
	atBehavior = "{.spec.behavior"
)

// operationFields are about how replicas come and go.
func operationFields() []fieldCase {
	rollout := func(name, value, at, shows string) fieldCase {
		return fieldCase{
			path: "server.rollout." + name, value: value, with: "server: {rollout: {strategy: RollingUpdate}}",
			in: inDeployment, at: at, shows: shows,
		}
	}
	strategy := rollout("strategy", "Recreate", atStrategy+".type}", "Recreate")
	strategy.without = "RollingUpdate"
	rollback := rollout("rollback", "Automatic", `{.metadata.annotations.llamastack\.io/rollout}`, "")
	rollback.shows = ContainSubstring("template")
	changes := rollout("onReferenceChange", "Roll", `{.spec.template.metadata.annotations.configmap\.hash/references}`, "")
	changes.shows = HaveLen(32)
	changes.with = "server: {rollout: {strategy: RollingUpdate}, containerSpec: {envFrom: [{configMapRef: {name: config}}]}}"
	fields := []fieldCase{
		{path: "suspend", value: "true", in: inDeployment, at: "{.spec.replicas}", shows: "0"},
		strategy,
		rollout("maxSurge", "3", atStrategy+".rollingUpdate.maxSurge}", "3"),
		rollout("maxUnavailable", "10%", atStrategy+".rollingUpdate.maxUnavailable}", "10%"),
		rollout("revisionHistoryLimit", "2", "{.spec.revisionHistoryLimit}", "2"),
		rollout("progressDeadlineSeconds", "900", "{.spec.progressDeadlineSeconds}", "900"),
		rollback,
		changes,
		{
			path: "server.rollout.check", value: "Never", with: "server: {config: {base: Image}}", in: v1alpha1.Kind,
			at: `{.status.conditions[?(@.type=="ConfigValid")].reason}`, shows: "",
		},
		{
			path: "server.rollout.checkDeadline", value: "7m", with: "server: {config: {base: Image}}", in: v1alpha1.Kind,
			at: `{.status.conditions[?(@.type=="ConfigValid")].message}`, shows: ContainSubstring("7m0s"),
		},
		{
			path: "server.autoscaling.metrics", value: "[{pods: {name: requests, averageValue: 20}}]", with: withAutoscaling,
			in: inAutoscaler, at: "{.spec.metrics[*].pods.metric.name}{.spec.metrics[*].pods.target.averageValue}", shows: "requests20",
		},
	}
	for _, direction := range []string{"scaleUp", "scaleDown"} {
		rule := func(name, value, at, shows string) fieldCase {
			return fieldCase{
				path: "server.autoscaling." + direction + "." + name, value: value,
				with: "server: {autoscaling: {maxReplicas: 5, " + direction + ": {selectPolicy: Max, stabilizationWindowSeconds: 1}}}",
				in:   inAutoscaler, at: atBehavior + "." + direction + at, shows: shows,
			}
		}
		window := rule("stabilizationWindowSeconds", "7", ".stabilizationWindowSeconds}", "7")
		window.without = "1"
		policy := rule("selectPolicy", "Min", ".selectPolicy}", "Min")
		policy.without = "Max"
		policies := rule("policies", "[{type: Pods, value: 3, periodSeconds: 30}]", ".policies[*].periodSeconds}", "30")
		policies.without = "[{type: Pods, value: 3, periodSeconds: 15}]"
		policies.with = "server: {autoscaling: {maxReplicas: 5, " + direction + ": {policies: [{type: Pods, value: 3, periodSeconds: 15}]}}}"
		fields = append(fields, window, policy, policies)
	}
	return fields
}
