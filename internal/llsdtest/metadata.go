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

const (
	fieldMetadata = "spec.metadata."

	messageOwnLabels      = "instance and component, and llamastack.io/...; remove them"
	messageOwnAnnotations = "and those of kubectl, Deployments and volumes; remove them"
	messageBackend        = "backendRequest must not exceed request; lower backendRequest or raise request"

	maxShortAnnotation = 1024
)

func metadata(lines string) string {
	return "{metadata: {" + lines + "}, " + server("workers: 1") + "}"
}

func timeouts(lines string) string { return httpRoute(aGateway + ", timeouts: {" + lines + "}") }

// refusedMetadata are about labels and annotations of all objects, and about timeouts.
func refusedMetadata() []Case {
	long := func(n int) string { return strings.Repeat("a", n) }
	const labels, annotations, durations = fieldMetadata + "labels", fieldMetadata + "annotations", fieldHTTPRoute + ".timeouts"
	return []Case{
		{"a label that all Pods have", metadata("labels: {app: mine}"), labels, messageOwnLabels},
		{"a label of who manages it", metadata("labels: {app.kubernetes.io/managed-by: Helm}"), labels, messageOwnLabels},
		{"a label of the operator's", metadata("labels: {llamastack.io/watch: 'false'}"), labels, messageOwnLabels},
		{"a label of objects with a space", metadata("labels: {a: b c}"), labels + ".a", messagePattern},
		{"a label of objects that is too long", metadata("labels: {a: " + long(maxDNSLabel+1) + "}"), labels + ".a", messageTooLong},
		{"too many labels of objects", metadata("labels: {" + items("a%d: b", maxMetadata+1) + "}"), labels, messageTooMany},
		{"an annotation of the operator's on objects", metadata("annotations: {llamastack.io/requested-size: 1Gi}"), annotations, messageOwnAnnotations},
		{"an annotation of kubectl's", metadata("annotations: {kubectl.kubernetes.io/last-applied-configuration: a}"), annotations, messageOwnAnnotations},
		{"an annotation of objects that is too long", metadata("annotations: {a: " + long(maxShortAnnotation+1) + "}"), annotations + ".a", messageTooLong},
		{"too many annotations of objects", metadata("annotations: {" + items("a%d: b", maxMetadata+1) + "}"), annotations, messageTooMany},
		{"a timeout without a unit", timeouts("request: '10'"), durations + ".request", messagePattern},
		{"a timeout in days", timeouts("request: 1d"), durations + ".request", messagePattern},
		{"a timeout of half a second", timeouts("backendRequest: 0.5s"), durations + ".backendRequest", messagePattern},
		{"an attempt that takes longer than the request", timeouts("request: 10s, backendRequest: 1m"), durations, messageBackend},
	}
}

// acceptedMetadata are at the edges of the same fields.
func acceptedMetadata() []Case {
	return []Case{
		{Name: "metadata of nothing", Spec: metadata("labels: {}, annotations: {}")},
		{Name: "many labels and annotations of objects", Spec: metadata("labels: {" + items("example.com/a%d: b", maxMetadata) +
			"}, annotations: {" + items("a%d: "+strings.Repeat("a", maxShortAnnotation), maxMetadata) + "}")},
		{Name: "labels that Kubernetes recommends", Spec: metadata("labels: {app.kubernetes.io/name: a, app.kubernetes.io/version: '1.0'}")},
		{Name: "annotations that load balancers read", Spec: metadata("annotations: {service.beta.kubernetes.io/aws-load-balancer-internal: 'true'}")},
		{Name: "timeouts of nothing", Spec: timeouts("")},
		{Name: "timeouts", Spec: timeouts("request: 1h2m3s4ms, backendRequest: 99999ms")},
		{Name: "an attempt of any length in a request of any length", Spec: timeouts("request: 0s, backendRequest: 1h")},
		{Name: "an attempt as long as the request", Spec: timeouts("request: 60s, backendRequest: 1m")},
	}
}
