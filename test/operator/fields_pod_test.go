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

const (
	atMetadata  = "{.spec.template.metadata"
	atLifecycle = atContainer + ".lifecycle"
)

// addedPodFields are the fields of Pods that 0.9.0 did not have.
func addedPodFields() []fieldCase {
	pod := func(name, value, at string, shows any) fieldCase {
		return fieldCase{path: "server.podOverrides." + name, value: value, in: inDeployment, at: at, shows: shows}
	}
	container := func(name, value, at string, shows any) fieldCase {
		return fieldCase{path: "server.containerSpec." + name, value: value, in: inDeployment, at: at, shows: shows}
	}
	hook := func(name, without, at, shows string) fieldCase {
		field := container("lifecycle."+name, "[/run]", atLifecycle+at, shows)
		field.with, field.without = "server: {containerSpec: {lifecycle: "+without+"}}", "[/other]"
		return field
	}
	sleep := func(of string) fieldCase {
		field := container("lifecycle."+of+".sleep.seconds", "20", atLifecycle+"."+of+".sleep.seconds}", "20")
		field.with, field.without = "server: {containerSpec: {lifecycle: {"+of+": {sleep: {seconds: 5}}}}}", "5"
		return field
	}
	pvcs := pod("resourceClaims", "[{name: gpu, resourceClaimTemplateName: one}]", atPod+".resourceClaims[*].resourceClaimTemplateName}", "one")
	return []fieldCase{
		pod("automountServiceAccountToken", "true", atPod+".automountServiceAccountToken}", "true"),
		pod("labels", "{team: ai}", atMetadata+".labels.team}", "ai"),
		pod("annotations", "{a: b}", atMetadata+".annotations.a}", "b"),
		pod("nodeSelector", "{disk: fast}", atPod+".nodeSelector.disk}", "fast"),
		pod("tolerations", "[{key: gpu, operator: Exists}]", atPod+".tolerations[*].key}", "gpu"),
		pod("affinity", "{podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: rack}]}}",
			atPod+".affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].topologyKey}", "rack"),
		pod("imagePullSecrets", "[{name: registry}]", atPod+".imagePullSecrets[*].name}", "registry"),
		pod("priorityClassName", "serving", atPod+".priorityClassName}", "serving"),
		pod("runtimeClassName", "nvidia", atPod+".runtimeClassName}", "nvidia"),
		pod("initContainers", "[{name: fetch, command: [/fetch]}]", atPod+".initContainers[*].name}{.spec.template.spec.initContainers[*].command[*]}", "fetch/fetch"),
		pvcs,
		container("imagePullPolicy", "Never", atContainer+".imagePullPolicy}", "Never"),
		container("envFrom", "[{prefix: A_, secretRef: {name: mine}}]", atContainer+".envFrom[*].secretRef.name}", "mine"),
		hook("postStart.exec.command", "{postStart: {exec: {command: [/other]}}}", ".postStart.exec.command[*]}", "/run"),
		hook("preStop.exec.command", "{preStop: {exec: {command: [/other]}}}", ".preStop.exec.command[*]}", "/run"),
		sleep("postStart"),
		sleep("preStop"),
	}
}

// probeFields are what probes do, and the numbers of those that 0.9.0 did not have.
func probeFields() []fieldCase {
	var fields []fieldCase
	for _, probe := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
		field := func(name, value, at string, shows any) fieldCase {
			return fieldCase{
				path: "server.containerSpec." + probe + "." + name, value: value, with: "server: {containerSpec: {" + probe + ": {}}}",
				in: inDeployment, at: atContainer + "." + probe + at, shows: shows,
			}
		}
		command := field("exec.command", "[/check]", ".exec.command[*]}", "/check")
		command.with, command.without = "server: {containerSpec: {"+probe+": {exec: {command: [/other]}}}}", "[/other]"
		fields = append(fields, command,
			field("httpGet.path", "/custom", ".httpGet.path}", "/custom"),
			field("tcpSocket", "{}", ".tcpSocket.port}", "8321"))
		if probe != "startupProbe" {
			fields = append(fields,
				field("initialDelaySeconds", "7", ".initialDelaySeconds}", "7"),
				field("periodSeconds", "7", ".periodSeconds}", "7"),
				field("timeoutSeconds", "7", ".timeoutSeconds}", "7"),
				field("failureThreshold", "70", ".failureThreshold}", "70"))
		}
	}
	return fields
}
