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

import . "github.com/onsi/gomega"

// telemetryFields are about what servers report.
func telemetryFields() []fieldCase {
	variable := func(name, field string) string { return atContainer + ".env[?(@.name=='" + name + "')]." + field + "}" }
	otlp := func(name, value, at string, shows any) fieldCase {
		return fieldCase{
			path: "server.telemetry.otlp." + name, value: value, with: "server: {telemetry: {otlp: {endpoint: 'http://before:4318'}}}",
			in: inDeployment, at: at, shows: shows,
		}
	}
	headers := func(field string) fieldCase {
		return fieldCase{
			path: "server.telemetry.otlp.headersFrom." + field, value: "after", without: "before",
			with: "server: {telemetry: {otlp: {endpoint: 'http://a:4318', headersFrom: {name: before, key: before}}}}",
			in:   inDeployment, at: variable("OTEL_EXPORTER_OTLP_HEADERS", "valueFrom.secretKeyRef."+field), shows: "after",
		}
	}
	endpoint := otlp("endpoint", "https://after:4318/", variable("OTEL_EXPORTER_OTLP_ENDPOINT", "value"), "https://after:4318")
	endpoint.without = "http://before:4318"
	return []fieldCase{
		{
			path: "server.telemetry.metrics.enabled", value: "true", with: "server: {telemetry: {metrics: {enabled: false}}}", without: "false",
			in: "Service -service", at: "{.spec.ports[?(@.name=='metrics')]['port','targetPort']}", shows: "9464 metrics",
		},
		{
			path: "server.telemetry.metrics.port", value: "9090", with: "server: {telemetry: {metrics: {enabled: true}}}",
			in: inPolicy, at: "{.spec.ingress[1].ports[*].port}", shows: "9090",
		},
		endpoint,
		otlp("protocol", "grpc", variable("OTEL_EXPORTER_OTLP_PROTOCOL", "value"), "grpc"),
		headers("name"),
		headers("key"),
		otlp("serviceName", "mine", variable("OTEL_SERVICE_NAME", "value"), "mine"),
		otlp("sampleRatio", "'0.5'", variable("OTEL_TRACES_SAMPLER_ARG", "value"), "0.5"),
		otlp("resourceAttributes", "{a: b}", variable("OTEL_RESOURCE_ATTRIBUTES", "value"), HavePrefix("a=b,service.namespace=")),
	}
}
