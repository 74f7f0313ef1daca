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
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Readiness and liveness", func() {
	probes := func(change func(spec *v1alpha1.ContainerSpec)) (*corev1.Probe, *corev1.Probe, *corev1.Probe) {
		one := container(changed(func(in *render.Input) { change(&in.Spec.Server.ContainerSpec) }))
		return one.StartupProbe, one.ReadinessProbe, one.LivenessProbe
	}

	It("are not probed unless the CR asks for it", func() {
		for _, name := range []string{"minimal", "storage", "userconfig", "openshift"} {
			Expect(container(scenario(name)).ReadinessProbe).To(BeNil(), name)
			Expect(container(scenario(name)).LivenessProbe).To(BeNil(), name)
		}
	})

	It("tolerate a server that is busy for a while", func() {
		_, ready, live := probes(func(spec *v1alpha1.ContainerSpec) {
			spec.ReadinessProbe, spec.LivenessProbe = &v1alpha1.Probe{}, &v1alpha1.Probe{}
		})

		health := corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/v1/health", Port: intstr.FromInt32(8321), Scheme: "HTTP"}}
		Expect(ready).To(Equal(&corev1.Probe{ProbeHandler: health, PeriodSeconds: 10, TimeoutSeconds: 30, FailureThreshold: 6}))
		Expect(live).To(Equal(&corev1.Probe{ProbeHandler: health, PeriodSeconds: 30, TimeoutSeconds: 30, FailureThreshold: 10}))
	})

	It("leave the startup probe alone", func() {
		start, _, _ := probes(func(spec *v1alpha1.ContainerSpec) {
			spec.ReadinessProbe, spec.LivenessProbe = &v1alpha1.Probe{TCPSocket: &v1alpha1.TCPSocketProbe{}}, &v1alpha1.Probe{PeriodSeconds: new(int32(1))}
		})

		Expect(start).To(Equal(container(scenario("minimal")).StartupProbe))
	})
})

var _ = Describe("A probe", func() {
	tcp := &v1alpha1.TCPSocketProbe{}
	get := &v1alpha1.HTTPGetProbe{Path: "/custom"}
	exec := &v1alpha1.ExecAction{Command: []v1alpha1.Argument{"/check", "me"}}

	DescribeTable("does one thing, the one that the CR chose or that the configuration leaves", func(config *render.UserConfig, chosen v1alpha1.Probe, want corev1.ProbeHandler) {
		one := container(changed(func(in *render.Input) {
			in.UserConfig = config
			startup := v1alpha1.StartupProbe(chosen)
			in.Spec.Server.ContainerSpec.StartupProbe = &startup
			in.Spec.Server.ContainerSpec.ReadinessProbe = &chosen
			in.Spec.Server.ContainerSpec.LivenessProbe = &chosen
		}))

		Expect(one.StartupProbe.ProbeHandler).To(Equal(want))
		Expect(one.ReadinessProbe.ProbeHandler).To(Equal(want))
		Expect(one.LivenessProbe.ProbeHandler).To(Equal(want))
	},
		Entry("of no configuration", nil, v1alpha1.Probe{}, httpGet("/v1/health", "HTTP")),
		Entry("of a configuration", &render.UserConfig{}, v1alpha1.Probe{}, httpGet("/v1/health", "HTTP")),
		Entry("of one with TLS", &render.UserConfig{TLS: true}, v1alpha1.Probe{}, httpGet("/v1/health", "HTTPS")),
		Entry("of one that no kubelet can ask", &render.UserConfig{TLS: true, TCPProbe: true}, v1alpha1.Probe{}, connect()),
		Entry("another path", nil, v1alpha1.Probe{HTTPGet: get}, httpGet("/custom", "HTTP")),
		Entry("another path, with TLS", &render.UserConfig{TLS: true}, v1alpha1.Probe{HTTPGet: get}, httpGet("/custom", "HTTPS")),
		Entry("the path that is the default", nil, v1alpha1.Probe{HTTPGet: &v1alpha1.HTTPGetProbe{}}, httpGet("/v1/health", "HTTP")),
		Entry("to ask although the configuration says that no kubelet can", &render.UserConfig{TCPProbe: true}, v1alpha1.Probe{HTTPGet: get}, httpGet("/custom", "HTTP")),
		Entry("to connect", nil, v1alpha1.Probe{TCPSocket: tcp}, connect()),
		Entry("to connect, with TLS", &render.UserConfig{TLS: true}, v1alpha1.Probe{TCPSocket: tcp}, connect()),
		Entry("a command", &render.UserConfig{TCPProbe: true}, v1alpha1.Probe{Exec: exec}, corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"/check", "me"}}}),
	)
})

// httpGet and connect are what probes of the default port do.
func httpGet(path, scheme string) corev1.ProbeHandler {
	return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8321), Scheme: corev1.URIScheme(scheme)}}
}

func connect() corev1.ProbeHandler {
	return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(8321)}}
}
