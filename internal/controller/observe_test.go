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

package controller_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A Service", func() {
	labels := map[string]string{"app": "llama-stack", "app.kubernetes.io/instance": "a"}
	why := func(spec corev1.ServiceSpec) string {
		deployment := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}}}
		return controller.Misdirected(&corev1.Service{Spec: spec}, deployment)
	}

	DescribeTable("is asked", func(address string) {
		Expect(why(corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: address, Selector: labels})).To(BeEmpty())
	},
		Entry("at an IPv4 address", "10.96.0.7"),
		Entry("at an IPv6 address", "fd00:10:96::7"),
	)

	DescribeTable("is not probed", func(spec corev1.ServiceSpec, says string) {
		Expect(why(spec)).To(ContainSubstring(says))
	},
		Entry("before it has an address", corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Selector: labels}, "no cluster IP"),
		Entry("without one", corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone, Selector: labels}, "no cluster IP"),
		Entry("under another name", corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "b.other.svc"}, "ExternalName"),
		Entry("with a wider selector", corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.7", Selector: map[string]string{"app": "llama-stack"},
		}, "selects other Pods"),
		Entry("without a selector", corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.7"}, "selects other Pods"),
	)
})

var _ = Describe("The problem of Pods", func() {
	It("includes how to get a certificate if they wait for one", func() {
		const missing = `FailedMount: MountVolume.SetUp failed for volume "serving-tls" : secret "mine" not found`
		serving := &render.Serving{SecretName: "mine"}
		Expect(controller.WithAdvice(missing, serving)).To(Equal(missing +
			": create Secret mine, which spec.server.tlsConfig.serving names, with the keys tls.crt and tls.key"))
		Expect(controller.WithAdvice(missing, nil)).To(Equal(missing))
		Expect(controller.WithAdvice("FailedMount: volume \"other\"", serving)).To(Equal("FailedMount: volume \"other\""))
	})
})
