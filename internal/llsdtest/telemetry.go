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

// What is said about the telemetry of a server, and where.
const (
	fieldTelemetry = "spec.server.telemetry"
	fieldMetrics   = fieldTelemetry + ".metrics"
	fieldOTLP      = fieldTelemetry + ".otlp"

	messageOneWorker  = "a server with several workers stops, because each of them opens the port of the metrics; set workers to 1 and use replicas, or disable metrics"
	messageOtherPort  = "the metrics need a port other than the server's; change port, or containerSpec.port"
	messageAttributes = "names are up to 128 letters, digits and the characters . _ / -, and start with a letter; use serviceName for service.name"
	maxAttributes     = 32
	maxEndpoint       = 512
)

func metrics(lines string) string { return server("telemetry: {metrics: {" + lines + "}}") }

// otlp is a spec with these lines about a collector.
func otlp(lines string) string {
	return server("telemetry: {otlp: {endpoint: 'http://collector:4318', " + lines + "}}")
}

// refusedTelemetry are about what a server cannot report.
func refusedTelemetry() []Case {
	endpoint := func(url string) string { return server("telemetry: {otlp: {endpoint: '" + url + "'}}") }
	const attributes = fieldOTLP + ".resourceAttributes"
	return []Case{
		{"telemetry of nothing", server("telemetry: {}"), fieldTelemetry, "should have at least 1 properties"},
		{"metrics that are neither enabled nor disabled", metrics(""), fieldMetrics + ".enabled", "Required value"},
		{"metrics of several workers", server("workers: 2, telemetry: {metrics: {enabled: true}}"), fieldMetrics, messageOneWorker},
		{"metrics on a privileged port", metrics("enabled: true, port: 80"), fieldMetrics + ".port", messageAtLeast},
		{"metrics on a port above 65535", metrics("enabled: true, port: 65536"), fieldMetrics + ".port", messageAtMost},
		{"metrics on the server's default port", metrics("enabled: true, port: 8321"), fieldMetrics, messageOtherPort},
		{"a server on the default port of the metrics", server("containerSpec: {port: 9464}, telemetry: {metrics: {enabled: true}}"), fieldMetrics, messageOtherPort},
		{"a collector without an endpoint", server("telemetry: {otlp: {}}"), fieldOTLP + ".endpoint", "Required value"},
		{"a collector without a scheme", endpoint("collector:4318"), fieldOTLP + ".endpoint", messagePattern},
		{"a collector with a password", endpoint("http://user:password@collector"), fieldOTLP + ".endpoint", messagePattern},
		{"a collector with a reference to a variable", endpoint("http://$(HOST):4318"), fieldOTLP + ".endpoint", messagePattern},
		{"a collector with too long an endpoint", endpoint("http://" + strings.Repeat("a", maxEndpoint)), fieldOTLP + ".endpoint", messageTooLong},
		{"an unknown protocol", otlp("protocol: http/json"), fieldOTLP + ".protocol", "Unsupported value"},
		{"headers of no key", otlp("headersFrom: {name: a}"), fieldOTLP + ".headersFrom.key", "Required value"},
		{"a service with a space", otlp("serviceName: a b"), fieldOTLP + ".serviceName", messagePattern},
		{"a service with too long a name", otlp("serviceName: " + strings.Repeat("a", 129)), fieldOTLP + ".serviceName", messageTooLong},
		{"more than all traces", otlp(`sampleRatio: "1.5"`), fieldOTLP + ".sampleRatio", messagePattern},
		{"too exact a part of the traces", otlp(`sampleRatio: "0.123456789"`), fieldOTLP + ".sampleRatio", messageTooLong},
		{"an attribute with a comma in its name", otlp("resourceAttributes: {'a,b': c}"), attributes, messageAttributes},
		{"the name of the service as an attribute", otlp("resourceAttributes: {service.name: a}"), attributes, messageAttributes},
		{"an attribute with too long a value", otlp("resourceAttributes: {a: " + strings.Repeat("a", 257) + "}"), attributes + ".a", messageTooLong},
		{"too many attributes", otlp("resourceAttributes: {" + items("a%d: b", maxAttributes+1) + "}"), attributes, messageTooMany},
	}
}

// acceptedTelemetry are at the edges of the same fields.
func acceptedTelemetry() []Case {
	return []Case{
		{Name: "metrics that are scraped", Spec: metrics("enabled: true")},
		{Name: "metrics of one worker", Spec: server("workers: 1, telemetry: {metrics: {enabled: true, port: 1024}}")},
		{Name: "several workers without metrics", Spec: server("workers: 2, telemetry: {metrics: {enabled: false, port: 8321}}")},
		{Name: "metrics on the default port of a server that has another one", Spec: server("containerSpec: {port: 9000}, telemetry: {metrics: {enabled: true, port: 8321}}")},
		{Name: "a collector at an IPv6 address", Spec: server("telemetry: {otlp: {endpoint: 'https://[fd00::1]:4318/v2/'}}")},
		{Name: "everything about a collector", Spec: otlp(`protocol: grpc, headersFrom: {name: a, key: b}, serviceName: team/a, sampleRatio: "0.25", ` +
			"resourceAttributes: {deployment.environment.name: 'a, b', empty: ''}")},
		{Name: "no traces, and all of them", Spec: otlp(`sampleRatio: "1.0"`)},
	}
}
