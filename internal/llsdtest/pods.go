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

import (
	"fmt"
	"strings"
)

// What is said about fields of Pods, and where.
const (
	fieldPod       = "spec.server.podOverrides."
	fieldContainer = "spec.server.containerSpec."

	messageOwnLabel         = "the Service selects the Pods by the labels app and app.kubernetes.io/instance; remove them"
	messageOwnAnnotation    = "the operator manages the annotations configmap.hash/...; remove them"
	messageOneHook          = "set either exec or sleep"
	messageOneProbe         = "set at most one of httpGet, tcpSocket and exec"
	messageOneResourceClaim = "set either resourceClaimName or resourceClaimTemplateName"
	messagePattern          = "should match"
	messageTooLong          = "may not be more than"
	messageTooMany          = "must have at most"
	messageTwice            = "Duplicate value"
)

// How many there may be of what a Pod has.
const (
	maxMetadata     = 32
	maxInits        = 16
	maxAnnotation   = 8192
	maxArgument     = 32768
	maxHookWords    = 64
	maxSubdomain    = 253
	maxDNSLabel     = 63
	maxImage        = 1024
	maxInitArgs     = 256
	maxSleepSeconds = 3600
)

// pod is a spec with these lines in its podOverrides, and container one with these in its containerSpec.
func pod(lines string) string       { return server("podOverrides: {" + lines + "}") }
func container(lines string) string { return server("containerSpec: {" + lines + "}") }

// items are n lines of a YAML list or map, each with its number in place of %d.
func items(format string, n int) string {
	lines := make([]string, 0, n)
	for i := range n {
		lines = append(lines, fmt.Sprintf(format, i))
	}
	return strings.Join(lines, ", ")
}

// refusedPods are about what podOverrides and containerSpec add to Pods.
func refusedPods() []Case {
	long := func(n int) string { return strings.Repeat("a", n) }
	initial := func(lines string) string { return pod("initContainers: [{" + lines + "}]") }
	hook := func(lines string) string { return container("lifecycle: {preStop: {" + lines + "}}") }
	const inits, hooks, resourceClaims = fieldPod + "initContainers", fieldContainer + "lifecycle.preStop", fieldPod + "resourceClaims"
	return []Case{
		{"a label that the Service selects by", pod("labels: {app: mine}"), fieldPod + "labels", messageOwnLabel},
		{"the instance's label", pod("labels: {app.kubernetes.io/instance: mine}"), fieldPod + "labels", messageOwnLabel},
		{"a label of Pods with a space", pod(`labels: {a: "b c"}`), fieldPod + "labels.a", messagePattern},
		{"a label of Pods that is too long", pod("labels: {a: " + long(maxDNSLabel+1) + "}"), fieldPod + "labels.a", messageTooLong},
		{"too many labels", pod("labels: {" + items("a%d: b", maxMetadata+1) + "}"), fieldPod + "labels", messageTooMany},
		{"an annotation that rolls Pods", pod("annotations: {configmap.hash/user-config: a}"), fieldPod + "annotations", messageOwnAnnotation},
		{"an annotation that is too long", pod("annotations: {a: " + long(maxAnnotation+1) + "}"), fieldPod + "annotations.a", messageTooLong},
		{"too many annotations", pod("annotations: {" + items("a%d: b", maxMetadata+1) + "}"), fieldPod + "annotations", messageTooMany},
		{"a node's label with a slash", pod("nodeSelector: {a: b/c}"), fieldPod + "nodeSelector.a", messagePattern},
		{"too many labels of a node", pod("nodeSelector: {" + items("a%d: b", maxMetadata+1) + "}"), fieldPod + "nodeSelector", messageTooMany},
		{"too many tolerations", pod("tolerations: [" + items("{key: a%d}", maxMetadata+1) + "]"), fieldPod + "tolerations", messageTooMany},
		{"too many pull secrets", pod("imagePullSecrets: [" + items("{name: a%d}", maxInits+1) + "]"), fieldPod + "imagePullSecrets", messageTooMany},
		{"a pull secret without a name", pod(`imagePullSecrets: [{name: ""}]`), fieldPod + "imagePullSecrets[0].name", "should be at least 1 chars long"},
		{"a pull secret in capitals", pod("imagePullSecrets: [{name: Registry}]"), fieldPod + "imagePullSecrets[0].name", messagePattern},
		{"a pull secret twice", pod("imagePullSecrets: [{name: a}, {name: a}]"), fieldPod + "imagePullSecrets[1]", messageTwice},
		{"a priority class in capitals", pod("priorityClassName: High"), fieldPod + "priorityClassName", messagePattern},
		{"a runtime class that is too long", pod("runtimeClassName: " + long(maxSubdomain+1)), fieldPod + "runtimeClassName", messageTooLong},
		{"an init container without a name", initial("image: a"), inits + "[0].name", "Required value"},
		{"an init container's name in capitals", initial("name: Fetch"), inits + "[0].name", messagePattern},
		{"an init container twice", pod("initContainers: [{name: a}, {name: a}]"), inits + "[1]", messageTwice},
		{"too many init containers", pod("initContainers: [" + items("{name: a%d}", maxInits+1) + "]"), inits, messageTooMany},
		{"an init container's image that is too long", initial("name: a, image: " + long(maxImage+1)), inits + "[0].image", messageTooLong},
		{"too many arguments of an init container", initial("name: a, args: [" + items("a%d", maxInitArgs+1) + "]"), inits + "[0].args", messageTooMany},
		{"an init container that is restarted on failure", initial("name: a, restartPolicy: OnFailure"), inits + "[0].restartPolicy", `supported values: "Always"`},
		{"devices by name and by template", pod("resourceClaims: [{name: a, resourceClaimName: b, resourceClaimTemplateName: c}]"), resourceClaims + "[0]", messageOneResourceClaim},
		{"devices of no kind", pod("resourceClaims: [{name: a}]"), resourceClaims + "[0]", messageOneResourceClaim},
		{"devices twice", pod("resourceClaims: [{name: a, resourceClaimName: b}, {name: a, resourceClaimName: c}]"), resourceClaims + "[1]", messageTwice},
		{"a probe of two kinds", container("readinessProbe: {httpGet: {}, tcpSocket: {}}"), fieldContainer + "readinessProbe", messageOneProbe},
		{"a startup probe of two kinds", container("startupProbe: {tcpSocket: {}, exec: {command: [a]}}"), fieldContainer + "startupProbe", messageOneProbe},
		{"a relative path to probe", container("livenessProbe: {httpGet: {path: health}}"), fieldContainer + "livenessProbe.httpGet.path", messagePattern},
		{"too long a path to probe", container("livenessProbe: {httpGet: {path: /" + long(maxImage) + "}}"), fieldContainer + "livenessProbe.httpGet.path", messageTooLong},
		{"no failures at all", container("livenessProbe: {failureThreshold: 0}"), fieldContainer + "livenessProbe.failureThreshold", "should be greater than or equal to 1"},
		{"too rare a probe", container("readinessProbe: {periodSeconds: 301}"), fieldContainer + "readinessProbe.periodSeconds", "should be less than or equal to 300"},
		{"an unknown pull policy", container("imagePullPolicy: Sometimes"), fieldContainer + "imagePullPolicy", `supported values: "Always", "IfNotPresent", "Never"`},
		{"too many sources of variables", container("envFrom: [" + items("{prefix: A%d_}", maxMetadata+1) + "]"), fieldContainer + "envFrom", messageTooMany},
		{"a hook of two kinds", hook("exec: {command: [a]}, sleep: {seconds: 1}"), hooks, messageOneHook},
		{"a hook of no kind", container("lifecycle: {preStop: {}}"), hooks, messageOneHook},
		{"a hook without a command", hook("exec: {command: []}"), hooks + ".exec.command", "should have at least 1 items"},
		{"a hook with too many words", hook("exec: {command: [" + items("a%d", maxHookWords+1) + "]}"), hooks + ".exec.command", messageTooMany},
		{"a hook with a word that is too long", hook("exec: {command: [" + long(maxArgument+1) + "]}"), hooks + ".exec.command[0]", messageTooLong},
		{"no sleep", hook("sleep: {seconds: 0}"), hooks + ".sleep.seconds", "should be greater than or equal to 1"},
		{"too long a sleep", hook("sleep: {seconds: 3601}"), hooks + ".sleep.seconds", "should be less than or equal to 3600"},
	}
}

// acceptedPods are at the edges of the same fields.
func acceptedPods() []Case {
	accepted := func(name, spec string) Case { return Case{Name: name, Spec: spec} }
	long := func(n int) string { return strings.Repeat("a", n) }
	return []Case{
		accepted("Pods with nothing added", pod("labels: {}, annotations: {}, nodeSelector: {}, tolerations: [], "+
			"affinity: {}, imagePullSecrets: [], initContainers: [], resourceClaims: []")),
		accepted("many labels", pod("labels: {"+items("example.com/a%d: "+long(maxDNSLabel), maxMetadata)+", }")),
		accepted("an empty label", pod(`labels: {a: ""}, nodeSelector: {a: ""}`)),
		accepted("an annotation of any text", pod(`annotations: {a.b/c: "{\"d\": [1]} ü"}`)),
		accepted("the longest names", pod("priorityClassName: "+long(maxSubdomain)+", runtimeClassName: "+long(maxSubdomain)+", imagePullSecrets: [{name: "+long(maxSubdomain)+"}]")),
		accepted("no class", pod(`priorityClassName: "", runtimeClassName: ""`)),
		accepted("many init containers", pod("initContainers: ["+items("{name: a%d, restartPolicy: Always}", maxInits)+"]")),
		accepted("devices", pod("resourceClaims: [{name: a, resourceClaimName: b}, {name: c, resourceClaimTemplateName: b}]")),
		accepted("both hooks", container(fmt.Sprintf("lifecycle: {postStart: {exec: {command: [a]}}, preStop: {sleep: {seconds: %d}}}", maxSleepSeconds))),
		accepted("probes as they are", container("readinessProbe: {}, livenessProbe: {httpGet: {}}, startupProbe: {httpGet: {path: ''}}")),
		accepted("every way to probe", container("startupProbe: {exec: {command: [a]}}, readinessProbe: {httpGet: {path: /v1/version}}, "+
			"livenessProbe: {tcpSocket: {}, failureThreshold: 1}")),
		accepted("variables from elsewhere", container("envFrom: [{prefix: A_, secretRef: {name: a}}, {configMapRef: {name: b, optional: true}}], imagePullPolicy: Never")),
	}
}
