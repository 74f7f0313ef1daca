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

package render

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/resmap"
)

const (
	// metricsPortName is the name of the port of the metrics, in the Pods and in the Service. PodMonitors refer to it.
	metricsPortName = "metrics"
	portsKey        = "ports"
	protocolTCP     = "TCP"
	variableOTLP    = "otlp"
)

// MetricsNamespaceLabel with the value MetricsNamespaceValue marks namespaces whose Pods may scrape the metrics of servers.
const (
	MetricsNamespaceLabel = "metrics"
	MetricsNamespaceValue = "enabled"
	policyGroupMonitoring = "monitoring"
)

// setMetricsPort adds the port of the metrics to the container, the Service and the NetworkPolicy. Routes lead to the
// port of the server by its name or number.
type setMetricsPort struct{ *server }

// Transform implements resmap.Transformer.
func (t setMetricsPort) Transform(m resmap.ResMap) error {
	port := t.Spec.Server.MetricsPort()
	if port == 0 {
		return nil
	}
	deployment, service, policy := edit(m, children.Deployment), edit(m, children.Service), edit(m, children.NetworkPolicy)
	add(deployment, containerPath, portsKey, map[string]any{nameKey: metricsPortName, "protocol": protocolTCP, "containerPort": port})
	// By name: while the number is changed, it is another one in each Pod.
	add(service, specPath, portsKey, map[string]any{nameKey: metricsPortName, "protocol": protocolTCP, portKey: port, "targetPort": metricsPortName})
	add(policy, specPath, "ingress", map[string]any{"from": scrapers(), portsKey: []any{policyPort(protocolTCP, port)}})
	for _, e := range []*editor{deployment, service, policy} {
		if e.err != nil {
			return e.err
		}
	}
	return nil
}

// add appends an element to a list.
func add(e *editor, path, key string, element map[string]any) {
	if list := e.list(path, key); list != nil {
		e.set(path, key, append(list, element))
	}
}

// scrapers are the server's namespace, the namespaces with the label, and the one in which OpenShift's monitoring runs.
func scrapers() []any {
	return []any{
		map[string]any{"podSelector": map[string]any{}},
		namespaces(matchLabelsKey, map[string]any{MetricsNamespaceLabel: MetricsNamespaceValue}),
		namespaces(matchLabelsKey, map[string]any{policyGroupLabel: policyGroupMonitoring}),
	}
}

// metricsVariables turn the endpoint on. Servers before 1.2.0 do not read them. The address is that of the Pod, because the
// server otherwise listens on the loopback interface. One worker is set because the configuration may have more, and the
// server stops when the second one opens the port.
func (s *server) metricsVariables() []corev1.EnvVar {
	port := s.Spec.Server.MetricsPort()
	if port == 0 {
		return nil
	}
	return []corev1.EnvVar{
		{Name: "OGX_WORKERS", Value: "1"},
		{Name: "OGX_METRICS_ENDPOINT_ENABLED", Value: "1"},
		{Name: "OGX_METRICS_PORT", Value: strconv.Itoa(int(port))},
		{Name: "OGX_METRICS_HOST", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "status.podIP"}}},
	}
}

// otlpVariables name the collector. TELEMETRY_SINKS is for the telemetry provider of servers before 0.4.0, whose
// configurations refer to it. Entrypoints start later servers with opentelemetry-instrument if a variable of OTEL is set.
func (s *server) otlpVariables() []corev1.EnvVar {
	otlp := s.Spec.Server.OTLP()
	if otlp == nil {
		return nil
	}
	protocol, name := otlp.Protocol, otlp.ServiceName
	if protocol == "" {
		protocol = v1alpha1.OTLPHTTP
	}
	if name == "" {
		name = s.Name
	}
	variables := []corev1.EnvVar{
		// Servers append /v1/metrics.
		{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Value: strings.TrimRight(otlp.Endpoint, "/")},
		{Name: "OTEL_EXPORTER_OTLP_PROTOCOL", Value: string(protocol)},
		{Name: "OTEL_SERVICE_NAME", Value: name},
		{Name: "OTEL_RESOURCE_ATTRIBUTES", Value: s.resourceAttributes(otlp.ResourceAttributes)},
		{Name: "OTEL_TRACES_EXPORTER", Value: variableOTLP},
		{Name: "OTEL_METRICS_EXPORTER", Value: variableOTLP},
		{Name: "TELEMETRY_SINKS", Value: "otel_trace,otel_metric"},
	}
	if key := otlp.HeadersFrom; key != nil {
		variables = append(variables, corev1.EnvVar{Name: "OTEL_EXPORTER_OTLP_HEADERS", ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: key.Name}, Key: key.Key},
		}})
	}
	if otlp.SampleRatio != "" {
		variables = append(variables,
			corev1.EnvVar{Name: "OTEL_TRACES_SAMPLER", Value: "parentbased_traceidratio"},
			corev1.EnvVar{Name: "OTEL_TRACES_SAMPLER_ARG", Value: otlp.SampleRatio})
	}
	return variables
}

// resourceAttributes are in the format of OTEL_RESOURCE_ATTRIBUTES: percent-encoded, so that a value has no comma, and
// no reference to another variable.
func (s *server) resourceAttributes(declared map[string]v1alpha1.ResourceAttribute) string {
	attributes := map[string]v1alpha1.ResourceAttribute{"service.namespace": v1alpha1.ResourceAttribute(s.Namespace)}
	maps.Copy(attributes, declared)
	pairs := make([]string, 0, len(attributes))
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		pairs = append(pairs, name+"="+strings.ReplaceAll(url.PathEscape(string(attributes[name])), "$", "%24"))
	}
	return strings.Join(pairs, ",")
}
