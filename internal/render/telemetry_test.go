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

package render_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// reporting is the minimal input with telemetry.
func reporting(telemetry v1alpha1.TelemetrySpec) render.Input {
	GinkgoHelper()
	return changed(func(in *render.Input) {
		in.NetworkPolicy = true
		in.Spec.Server.Telemetry = &telemetry
	})
}

// valuesOf are the variables of the server by their names, without those that refer to something.
func valuesOf(in render.Input) map[string]string {
	GinkgoHelper()
	values := map[string]string{}
	for _, variable := range container(in).Env {
		values[variable.Name] = variable.Value
	}
	return values
}

var _ = Describe("The metrics of a server", func() {
	enabled := v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Enabled: true}}

	It("change nothing until they are enabled", func() {
		disabled := v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Port: new(int32(9090))}}
		without := changed(func(in *render.Input) { in.NetworkPolicy = true })

		Expect(rendered(reporting(disabled))).To(Equal(rendered(without)))
	})

	It("start no instrumentation, which a variable of OpenTelemetry would", func() {
		Expect(valuesOf(reporting(enabled))).NotTo(HaveKey(HavePrefix("OTEL_")))
	})

	It("are served by one process, whatever the configuration says", func() {
		Expect(valuesOf(reporting(enabled))).To(HaveKeyWithValue("OGX_WORKERS", "1"))
	})

	It("have a port that routes do not lead to", func() {
		in := reporting(enabled)
		in.Spec.Network = &v1alpha1.NetworkSpec{
			Ingress:   &v1alpha1.IngressSpec{},
			HTTPRoute: &v1alpha1.HTTPRouteSpec{ParentRefs: []v1alpha1.ParentRef{{Name: "gateway"}}},
			Route:     &v1alpha1.RouteSpec{},
		}
		objects := rendered(in)

		Expect(children.Find(objects, children.Service).Object).To(HaveKeyWithValue("spec", HaveKeyWithValue("ports", HaveLen(2))))
		for _, kind := range []string{children.Ingress, children.HTTPRoute, children.Route} {
			if route := children.Find(objects, kind); route != nil {
				text := string(document([]*unstructured.Unstructured{route}))
				Expect(text).To(Or(ContainSubstring("name: http\n"), ContainSubstring("port: 8321\n"), ContainSubstring("targetPort: http\n")), kind)
				Expect(text).NotTo(Or(ContainSubstring("metrics"), ContainSubstring("9464")), kind)
			}
		}
	})

	It("are admitted on their own port alone", func() {
		policy := children.Find(rendered(reporting(enabled)), children.NetworkPolicy)
		rules, _, err := unstructured.NestedSlice(policy.Object, "spec", "ingress")
		Expect(err).NotTo(HaveOccurred())

		Expect(rules).To(HaveLen(2))
		Expect(rules[0]).To(HaveKeyWithValue("ports", ConsistOf(HaveKeyWithValue("port", int64(8321)))))
		Expect(rules[1]).To(HaveKeyWithValue("ports", ConsistOf(HaveKeyWithValue("port", int64(9464)))))
		Expect(rules[1]).To(HaveKeyWithValue("from", ContainElement(HaveKeyWithValue("namespaceSelector",
			HaveKeyWithValue("matchLabels", HaveKeyWithValue(render.MetricsNamespaceLabel, render.MetricsNamespaceValue))))))
	})

	It("leave the labels of the Pods alone, by which one PodMonitor finds all servers", func() {
		Expect(podTemplate(reporting(enabled)).Labels).To(Equal(podTemplate(scenario("minimal")).Labels))
	})
})

var _ = Describe("The traces of a server", func() {
	otlp := func(change func(*v1alpha1.TelemetryOTLP)) render.Input {
		collector := v1alpha1.TelemetryOTLP{Endpoint: "http://collector:4318"}
		change(&collector)
		return reporting(v1alpha1.TelemetrySpec{OTLP: &collector})
	}
	plain := func(*v1alpha1.TelemetryOTLP) {}

	It("have the name of the server, and its namespace", func() {
		Expect(valuesOf(otlp(plain))).To(And(
			HaveKeyWithValue("OTEL_SERVICE_NAME", "example"),
			HaveKeyWithValue("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=apps"),
			HaveKeyWithValue("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
			Not(HaveKey("OTEL_EXPORTER_OTLP_HEADERS")),
			Not(HaveKey("OTEL_TRACES_SAMPLER")),
		))
	})

	It("go to an endpoint that servers can append a path to", func() {
		slash := otlp(func(t *v1alpha1.TelemetryOTLP) { t.Endpoint = "http://collector:4318/" })
		Expect(valuesOf(slash)).To(HaveKeyWithValue("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"))
	})

	It("are sent by servers with a telemetry provider, which knows these two destinations in each of its versions", func() {
		Expect(valuesOf(otlp(plain))).To(HaveKeyWithValue("TELEMETRY_SINKS", "otel_trace,otel_metric"))
	})

	It("have attributes of any value, and neither more of them nor a reference to a variable", func() {
		with := otlp(func(t *v1alpha1.TelemetryOTLP) {
			t.ResourceAttributes = map[string]v1alpha1.ResourceAttribute{"b": "x,c=y", "a": "$(HOME) $$", "service.namespace": "shop"}
		})
		Expect(valuesOf(with)).To(HaveKeyWithValue("OTEL_RESOURCE_ATTRIBUTES", "a=%24%28HOME%29%20%24%24,b=x%2Cc=y,service.namespace=shop"))
	})

	It("leave a variable of the user alone", func() {
		in := otlp(func(t *v1alpha1.TelemetryOTLP) { t.ServiceName = "declared" })
		in.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "OTEL_SERVICE_NAME", Value: "mine"}}
		Expect(valuesOf(in)).To(HaveKeyWithValue("OTEL_SERVICE_NAME", "mine"))
	})

	It("take their headers from the Secret, which the operator does not read", func() {
		with := otlp(func(t *v1alpha1.TelemetryOTLP) { t.HeadersFrom = &v1alpha1.SecretKey{Name: "s", Key: "k"} })
		Expect(container(with).Env).To(ContainElement(corev1.EnvVar{Name: "OTEL_EXPORTER_OTLP_HEADERS", ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k"},
		}}))
	})

	It("change the launcher only where there are any", func() {
		plain, traced := scenario("userconfig"), scenario("userconfig")
		traced.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{OTLP: &v1alpha1.TelemetryOTLP{Endpoint: "http://collector"}}

		Expect(container(plain).Command[2]).NotTo(ContainSubstring("opentelemetry"))
		Expect(container(traced).Command[2]).To(ContainSubstring("opentelemetry-instrument"))
		for _, in := range []render.Input{plain, traced} {
			Expect(container(in).Command[2]).NotTo(ContainSubstring("<" + "telemetry>"))
		}
	})
})
