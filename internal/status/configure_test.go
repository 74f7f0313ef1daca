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

package status_test

import (
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The trouble of the init container configure", func() {
	said := func(name, message string) string {
		last := ended(1, "Error")
		last.Terminated.Message = message
		one := container(2, waiting("CrashLoopBackOff", ""), last)
		one.Name = name
		return status.PodTrouble(&corev1.Pod{Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{one}}}, status.Trouble{}).String()
	}
	const finding = `{"result":"Invalid","server":"1.5.0","findings":[
		{"severity":"error","path":"spec.server.config.providers[1].config.base_ur","message":"unknown key, did you mean base_url?"},
		{"severity":"warning","path":"spec.server.config.apis","message":"inference is added"},
		{"severity":"error","path":"","message":"no base"}],"omitted":3}`

	It("is what the program found, with its path in the spec", func() {
		Expect(said("configure", finding)).To(Equal("CrashLoopBackOff: the configuration cannot be used: " +
			"spec.server.config.providers[1].config.base_ur: unknown key, did you mean base_url?; no base; and 3 more"))
	})

	DescribeTable("is that of any container", func(name, message, want string) {
		Expect(said(name, message)).To(Equal("CrashLoopBackOff: the container ended with exit code 1 (Error): " + want))
	},
		Entry("where it is no report", "configure", "Traceback\nImportError: yaml\n", "Traceback | ImportError: yaml"),
		Entry("where it has no error", "configure", `{"findings":[]}`, `{"findings":[]}`),
		Entry("of another", "fetch", `{"findings":[{"severity":"error","message":"a"}]}`, `{"findings":[{"severity":"error","message":"a"}]}`),
	)

	It("is bounded", func() {
		long := strings.Replace(finding, "unknown key", strings.Repeat("x", 4096), 1)
		Expect(len(said("configure", long))).To(BeNumerically("<", 1200))
	})
})

// bounded stands for a text that is cut off.
const bounded = "…"

var _ = DescribeTable("The warnings of the init container configure", func(name string, code int32, message, want string, configured bool) {
	last := ended(code, "Completed")
	last.Terminated.Message = message
	one := corev1.ContainerStatus{Name: name, State: last}
	pod := &corev1.Pod{Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{Name: "fetch"}, one}}}
	found, done := status.ConfigureWarnings(pod)
	if want == bounded {
		Expect(len(found)).To(And(BeNumerically(">", 500), BeNumerically("<=", 1024)))
	} else {
		Expect(found).To(Equal(want))
	}
	Expect(done).To(Equal(configured))
},
	Entry("have their paths", "configure", int32(0), `{"findings":[{"severity":"warning","path":"spec.a","message":"left out"},
		{"severity":"warning","path":"","message":"b"}],"omitted":2}`, "spec.a: left out; b; and 2 more", true),
	Entry("are none", "configure", int32(0), `{"findings":[],"omitted":0}`, "", true),
	Entry("are none without a report", "configure", int32(0), "words", "", true),
	Entry("do not matter where it failed", "configure", int32(1), `{"findings":[{"severity":"warning","path":"","message":"b"}]}`, "", false),
	Entry("are those of no other", "proxy", int32(0), `{"findings":[{"severity":"warning","path":"","message":"b"}]}`, "", false),
	Entry("are bounded", "configure", int32(0), `{"findings":[{"severity":"warning","path":"","message":"`+strings.Repeat("x", 4096)+`"}]}`,
		bounded, true),
)

var _ = Describe("AuthenticationRequired", func() {
	declared := func(change func(*v1alpha1.NetworkSpec)) *fixture {
		return newFixture().spec(func(spec *v1alpha1.LlamaStackDistributionSpec) {
			spec.Server.Config = &v1alpha1.ServerConfig{}
			spec.Network = &v1alpha1.NetworkSpec{}
			change(spec.Network)
		})
	}
	ingress := func(n *v1alpha1.NetworkSpec) { n.Ingress = &v1alpha1.IngressSpec{} }

	DescribeTable("warns of a server that everyone can use", func(kind string, change func(*v1alpha1.NetworkSpec)) {
		got := condition(declared(change).compute(), v1alpha1.ConditionAuthenticationRequired)
		Expect(got.Status).To(Equal(metav1.ConditionFalse))
		Expect(got.Reason).To(Equal(string(v1alpha1.ReasonNoAuthentication)))
		Expect(got.Message).To(And(HavePrefix("The "+kind+" exposes the server"), ContainSubstring("Set spec.server.config.auth")))
	},
		Entry("by an Ingress", "Ingress", ingress),
		Entry("by the route of 0.9.0", "Ingress", func(n *v1alpha1.NetworkSpec) { n.ExposeRoute = true }),
		Entry("by an HTTPRoute", "HTTPRoute", func(n *v1alpha1.NetworkSpec) { n.HTTPRoute = &v1alpha1.HTTPRouteSpec{} }),
		Entry("by a Route", "Route", func(n *v1alpha1.NetworkSpec) { n.Route = &v1alpha1.RouteSpec{} }),
	)

	It("is True where the configuration requires it", func() {
		f := declared(ingress).with(func(in *status.Input) { in.Authenticated = true })
		got := condition(f.compute(), v1alpha1.ConditionAuthenticationRequired)
		Expect(got.Status).To(Equal(metav1.ConditionTrue))
		Expect(got.Reason).To(Equal(string(v1alpha1.ReasonAuthenticated)))
	})

	DescribeTable("is absent", func(f *fixture) {
		Expect(f.compute().Conditions).NotTo(ContainElement(HaveField("Type", "AuthenticationRequired")))
	},
		Entry("inside of the cluster", declared(func(*v1alpha1.NetworkSpec) {})),
		Entry("without a declared configuration", declared(ingress).spec(func(spec *v1alpha1.LlamaStackDistributionSpec) { spec.Server.Config = nil })),
	)
})
